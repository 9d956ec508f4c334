"""PyTorch's `torch.special`: the functions of `thalweg.special`, and PyTorch's further ones."""

from thalweg import special as _below
from thalweg.torch.functions.special import bessel as _bessel
from thalweg.torch.functions.special import polynomials as _polynomials
from thalweg.torch.naming import speaking

_FUNCTIONS = {name: getattr(_below, name) for name in _below.__all__}
_FUNCTIONS |= {own.__name__: own for own in (*_bessel.FUNCTIONS, *_polynomials.POLYNOMIALS)}

__all__ = [*_FUNCTIONS]
globals().update({name: speaking(own) for name, own in _FUNCTIONS.items()})
