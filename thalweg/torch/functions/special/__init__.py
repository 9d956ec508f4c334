"""Special functions by PyTorch's names: polynomials, Bessel's and Airy's, incomplete gamma."""

from thalweg.torch.functions.special import gamma
