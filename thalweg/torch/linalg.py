"""PyTorch's `torch.linalg`: the functions of `thalweg.linalg`, and PyTorch's further ones."""

from thalweg import linalg as _below
from thalweg.errors import NoResult as LinAlgError
from thalweg.torch.functions import vectors as _vectors
from thalweg.torch.functions.matrices import checked as _checked
from thalweg.torch.functions.matrices import householder as _householder
from thalweg.torch.functions.matrices import ldl as _ldl
from thalweg.torch.functions.matrices import lu as _lu
from thalweg.torch.functions.matrices import older as _older
from thalweg.torch.functions.short.road import trying as _trying
from thalweg.torch.functions.short.sums import whole_length as _whole_length
from thalweg.torch.naming import operands_by_name as _operands_by_name
from thalweg.torch.naming import speaking as _speaking

# Names of SciPy's.
_OTHERS = {"cho_factor", "cho_solve", "expm"}
_OWN = [
    _checked.cholesky_ex, _checked.inv_ex, _checked.solve_ex, _householder.householder_product,
    _ldl.ldl_factor, _ldl.ldl_factor_ex, _ldl.ldl_solve, _lu.lu, _lu.lu_factor, _lu.lu_factor_ex,
    _lu.lu_solve, _older.lstsq, _vectors.linalg_cross,
]  # fmt: skip
_FUNCTIONS = {name: getattr(_below, name) for name in _below.__all__ if name not in _OTHERS}
_FUNCTIONS |= {own.__name__: own for own in _OWN}

__all__ = [*_FUNCTIONS, "LinAlgError"]
_OPERANDS = ("A", "input"), ("B", "b", "other")
globals().update(
    {
        name: _operands_by_name(_speaking(own, prefix="linalg_"), *_OPERANDS)
        for name, own in _FUNCTIONS.items()
    }
)
norm = _trying(_whole_length, globals()["norm"])
vector_norm = _trying(_whole_length, globals()["vector_norm"])
