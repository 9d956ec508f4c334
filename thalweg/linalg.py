"""Linear algebra: the Array API's extension, and PyTorch's further names.

>>> import thalweg as tw
>>> tw.linalg.det(tw.tensor([[2.0, 1.0], [1.0, 2.0]]))
tensor(3.0000)
"""

from thalweg.ops import linalg as _files

_PLACES = {
    _files.matrices: [
        "cho_factor", "cho_solve", "cholesky", "cond", "det", "eig", "eigh", "eigvals", "eigvalsh",
        "inv", "lstsq", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "pinv",
        "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals",
    ],
    _files.matrix_functions: ["matrix_exp", "tensorinv", "tensorsolve"],
    _files.norms: ["matrix_norm", "vector_norm"],
    _files.products: ["cross", "matmul", "tensordot", "vecdot"],
}  # fmt: skip
_FUNCTIONS = {name: getattr(place, name) for place, names in _PLACES.items() for name in names}
_FUNCTIONS |= {
    "expm": _files.matrix_functions.matrix_exp,
    "diagonal": _files.products.diagonals,
    "norm": _files.norms.norm_of,
    "outer": _files.products.outer_product,
    "trace": _files.products.traces,
    "vander": _files.matrix_functions.powers_of,
}
__all__ = [*_FUNCTIONS]
globals().update(_FUNCTIONS)
