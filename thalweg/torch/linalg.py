"""PyTorch's `torch.linalg`: the functions of `thalweg.linalg`."""

from thalweg import linalg as _below
from thalweg.torch.naming import speaking

# Names of SciPy's.
_OTHERS = {"cho_factor", "cho_solve", "expm"}

__all__ = [name for name in _below.__all__ if name not in _OTHERS]
globals().update({name: speaking(getattr(_below, name)) for name in __all__})
