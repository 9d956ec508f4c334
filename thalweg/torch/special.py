"""PyTorch's `torch.special`: the functions of `thalweg.special`."""

from thalweg import special as _below
from thalweg.torch.naming import speaking

__all__ = [*_below.__all__]
globals().update({name: speaking(getattr(_below, name)) for name in __all__})
