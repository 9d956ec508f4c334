"""Kullback–Leibler divergences."""

from thalweg.torch.distributions.kl import families, numbers, vectors
from thalweg.torch.distributions.kl.registry import kl_divergence, register_kl

__all__ = ["kl_divergence", "register_kl"]
