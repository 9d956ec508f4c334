"""PyTorch's `torch.linalg`: the functions of `thalweg.linalg`, and PyTorch's further ones."""

from thalweg import linalg as _below
from thalweg.torch.functions.matrices.householder import householder_product
from thalweg.torch.naming import speaking

# Names of SciPy's.
_OTHERS = {"cho_factor", "cho_solve", "expm"}
_OWN = [householder_product]

__all__ = [name for name in _below.__all__ if name not in _OTHERS]
globals().update({name: speaking(getattr(_below, name)) for name in __all__})
globals().update({own.__name__: speaking(own) for own in _OWN})
__all__ += [own.__name__ for own in _OWN]
