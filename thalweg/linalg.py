"""Linear algebra: the Array API's extension, and PyTorch's further names.

>>> import thalweg as tw
>>> tw.linalg.det(tw.tensor([[2.0, 1.0], [1.0, 2.0]]))
tensor(3.0000)
"""

from thalweg.ops.linalg.eigenvalues import eig, eigvals
from thalweg.ops.linalg.least_squares import lstsq
from thalweg.ops.linalg.matrices import (
    cholesky,
    cond,
    det,
    eigh,
    eigvalsh,
    inv,
    matrix_power,
    matrix_rank,
    matrix_transpose,
    multi_dot,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
)
from thalweg.ops.linalg.matrix_functions import matrix_exp, tensorinv, tensorsolve
from thalweg.ops.linalg.matrix_functions import powers_of as vander
from thalweg.ops.linalg.norms import matrix_norm, vector_norm
from thalweg.ops.linalg.norms import norm_of as norm
from thalweg.ops.linalg.products import diagonals as diagonal
from thalweg.ops.linalg.products import matmul, tensordot, vecdot
from thalweg.ops.linalg.products import outer_product as outer
from thalweg.ops.linalg.products import traces as trace
from thalweg.ops.torch.products import cross

__all__ = [
    "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv",
    "lstsq", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank",
    "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace",
    "vander", "vecdot", "vector_norm",
]  # fmt: skip
