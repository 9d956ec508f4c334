"""Functions smoothed by noise, and what the noise is drawn from: Optax's names."""

from thalweg.optim.perturbations.perturbed import Gumbel, Normal, make_perturbed_fun

__all__ = ["Gumbel", "Normal", "make_perturbed_fun"]
