"""PyTorch's `torch.special`: the functions of `thalweg.special`, and PyTorch's further ones."""

from thalweg import special as _below
from thalweg.torch.functions.special import bessel as _bessel
from thalweg.torch.functions.special import polynomials as _polynomials
from thalweg.torch.naming import of_tensors as _of_tensors
from thalweg.torch.naming import operands_by_name as _operands_by_name
from thalweg.torch.naming import speaking as _speaking

_FUNCTIONS = {name: getattr(_below, name) for name in _below.__all__}
_FUNCTIONS |= {own.__name__: own for own in (*_bessel.FUNCTIONS, *_polynomials.POLYNOMIALS)}

__all__ = [*_FUNCTIONS]
_OPERANDS = ("input",), ("other",)
# Whose order comes before what it is a function of, as in PyTorch.
_BY_ORDER = {"polygamma"}
globals().update(
    {
        name: _speaking(own)
        if name in _BY_ORDER
        else _of_tensors(f"special_{name}", _operands_by_name(_speaking(own), *_OPERANDS))
        for name, own in _FUNCTIONS.items()
    }
)
