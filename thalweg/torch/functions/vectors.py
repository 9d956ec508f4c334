"""Vectors and matrices by PyTorch's names: products, norms, distances, spreads and means."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from thalweg.autodiff.reverse import stretches
from thalweg.core.operation import op
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.arithmetic import add, multiply
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.index.take import take
from thalweg.ops.linalg import diagonals, products
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.linalg.products import matmul, outer
from thalweg.ops.reduce import statistics, sums
from thalweg.ops.reduce.extremes import amax, amin
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axes
from thalweg.ops.shape.broadcast import broadcast_to, meshgrid
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import axis_of, expand_dims, ravel
from thalweg.torch.functions.viewing import extents
from thalweg.torch.naming import as_tensor, function, method, variant_of


def _operands(name: str, x: Any, y: Any, axes: tuple[int, int]) -> tuple[Tensor, Tensor]:
    one, other = as_tensor(x), as_tensor(y)
    if (one.ndim, other.ndim) != axes:
        raise ShapeError(
            f"{name} expects tensors with {axes[0]} and {axes[1]} axes; it got shapes {one.shape} "
            f"and {other.shape}. Use matmul, which broadcasts."
        )
    if one.dtype != other.dtype:
        raise DtypeError(
            f"{name} expected both tensors to have the same dtype, but got {one.dtype} and "
            f"{other.dtype}. Convert one with astype."
        )
    if axes == (3, 3) and one.shape[0] != other.shape[0]:
        raise ShapeError(
            f"{name}: Expected size for first two dimensions of batch2 tensor to be those of "
            f"batch1; the shapes are {one.shape} and {other.shape}."
        )
    return one, other


@method
def mm(x: Any, mat2: Any) -> Tensor:
    """Product of two matrices."""
    return matmul(*_operands("mm", x, mat2, (2, 2)))


@method
def bmm(x: Any, mat2: Any) -> Tensor:
    """Products of two stacks of matrices, of as many."""
    return matmul(*_operands("bmm", x, mat2, (3, 3)))


@method
def mv(x: Any, vec: Any) -> Tensor:
    """Product of a matrix and a vector."""
    return matmul(*_operands("mv", x, vec, (2, 1)))


def _add_product(name: str, x: Any, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    start = as_tensor(x)
    if start.dtype != product.dtype and not start.weak:
        raise DtypeError(
            f"{name}: expected input of dtype {product.dtype} but got {start.dtype}. Convert it."
        )
    scaled = product if type(alpha) is int and alpha == 1 else multiply(product, alpha)
    # What is multiplied by zero is ignored, NaN too.
    if type(beta) in (int, float) and beta == 0:
        return scaled
    try:
        whole = broadcast_to(start, product.shape)
    except ShapeError:
        raise ShapeError(
            f"{name} got an input of shape {start.shape}, which does not broadcast to the "
            f"product's shape {product.shape}."
        ) from None
    return add(whole if type(beta) is int and beta == 1 else multiply(whole, beta), scaled)


@method(inplace=True)
def addmm(x: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add a product of matrices: β x + α A B.

    Raises:
        ShapeError: If A and B are no matrices, or x does not broadcast to their product.
    """
    return _add_product("addmm", x, mm(mat1, mat2), beta, alpha)


@method(inplace=True)
def addmv(x: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add a product of a matrix and a vector: β x + α A v."""
    return _add_product("addmv", x, mv(mat, vec), beta, alpha)


@method(inplace=True)
def addr(x: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add an outer product: β x + α u vᵀ."""
    u, v = as_tensor(vec1), as_tensor(vec2)
    if u.ndim != 1 or v.ndim != 1:
        raise ShapeError(f"addr: Expected 1-D vectors, but got shapes {u.shape} and {v.shape}.")
    return _add_product("addr", x, outer(u, v), beta, alpha)


@method(inplace=True)
def baddbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add the products of two stacks of matrices: β x + α A B."""
    return _add_product("baddbmm", x, bmm(batch1, batch2), beta, alpha)


@method(inplace=True)
def addbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add the sum of the products of two stacks of matrices: β x + α Σ A B."""
    return _add_product("addbmm", x, sum(bmm(batch1, batch2), 0), beta, alpha)


@function
def chain_matmul(*matrices: Any) -> Tensor:
    """Product of several matrices, from left to right."""
    given = [as_tensor(matrix) for matrix in matrices]
    if not given:
        raise ArgumentError("chain_matmul: Expected one or more matrices; it got none.")
    result = given[0]
    for matrix in given[1:]:
        result = mm(result, matrix)
    return result if len(given) > 1 else op.clone(result)


def linalg_cross(x: Any, y: Any, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements along an axis; the others broadcast.

    Raises:
        ShapeError: If the axis has another extent, or one tensor has more axes.
    """
    if (first := as_tensor(x)).ndim != (other := as_tensor(y)).ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions, not {first.ndim} and "
            f"{other.ndim}."
        )
    return products.cross(first, other, axis)


linalg_cross.__name__ = "cross"


@method
def trace(x: Any) -> Tensor:
    """Sum of the diagonal of a matrix.

    Raises:
        ShapeError: If it has another number of axes.
    """
    if (given := as_tensor(x)).ndim != 2:
        raise ShapeError(
            f"trace: expected a matrix, but got tensor with dim {given.ndim}. Sum "
            "torch.diagonal(x, 0, -2, -1) of many."
        )
    return diagonals.trace(given)


@method
def mean(
    x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, where: Any = None
) -> Tensor:
    """Arithmetic mean over some axes; by default over all.

    Raises:
        DtypeError: If neither it nor the dtype that is asked for is floating or complex.
    """
    _require_inexact("mean(): could not infer output dtype. Input dtype must be either a", x, dtype)
    return sums.mean(x, axis, dtype, keepdims, where=where)


@method
def nanmean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Mean of what is not NaN over some axes; by default over all.

    Raises:
        DtypeError: If it, or the dtype that is asked for, is neither floating nor complex.
    """
    _require_inexact("nanmean(): expected input to have", x, None)
    if dtype is not None:
        _require_inexact(
            "nanmean(): could not infer output dtype. Input dtype must be either a", x, dtype
        )
    found: Tensor = op.nanmean(x, axis, dtype, keepdims)
    return found


def _require_inexact(said: str, x: Any, dtype: Any) -> None:
    kind = as_tensor(x).array.dtype if dtype is None else np.dtype(dtype)
    if kind.kind not in "fc":
        said = said if dtype is None else said.replace("Input", "Optional")
        raise DtypeError(
            f"{said} floating point or complex dtype. Got: {kind.name}. Convert it with .float(), "
            "or give dtype=torch.float32."
        )


@method
def cross(x: Any, other: Any, dim: int | None = None) -> Tensor:
    """Cross products along an axis, by default along the first of extent 3."""
    tensor = as_tensor(x)
    if dim is not None:
        return products.cross(tensor, other, dim)
    shape = np.broadcast_shapes(tensor.shape, as_tensor(other).shape)
    places = [i for i, n in enumerate(shape) if n == 3]
    if not places:
        raise ShapeError(f"no dimension of size 3 in input of shape {shape}; cross wants one.")
    return products.cross(tensor, other, places[0])


@method
def sum_to_size(x: Any, *size: Any) -> Tensor:
    """Sum over axes so that the shape becomes one that broadcasts to it.

    Raises:
        ShapeError: If it does not.
    """
    tensor = as_tensor(x)
    shape = extents(size)
    if not stretches(shape, tensor.shape):
        raise ShapeError(
            f"size {list(shape)} is not expandable to size {list(tensor.shape)}. Give a shape that "
            "broadcasts to it."
        )
    found: Tensor = op.sum_to(tensor, shape)
    return found


@function
def cartesian_prod(*tensors: Any) -> Tensor:
    """Return all choices of one element of each vector, as rows; the last changes fastest.

    Raises:
        ShapeError: If one is no vector.
    """
    vectors = [as_tensor(item) for item in tensors]
    if any(vector.ndim != 1 for vector in vectors):
        raise ShapeError("Expect a 1D vector; cartesian_prod got tensors of other shapes.")
    if len(vectors) == 1:
        return vectors[0]
    return stack([ravel(grid) for grid in meshgrid(*vectors, indexing="ij")], axis=1)


@function
def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all choices of r elements of a vector, as rows, in the order of their positions.

    Raises:
        ShapeError: If it is no vector.
        ArgumentError: If r is negative.
    """
    tensor = as_tensor(x)
    if tensor.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {tensor.shape}. Use ravel.")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}.")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(tensor.size), r)) if r else []
    return take(tensor, np.asarray(rows, np.int64).reshape(len(rows), r), axis=0)


@method
def norm(
    x: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """Norm of the elements over some axes, by default of all.

    Args:
        x: A tensor.
        p: A number, for (Σ |x|ᵖ)^(1/p); "fro" for 2; "nuc" for the sum of singular values.
        dim: An axis, several, or None for all.
        keepdim: Whether reduced axes stay, with extent 1.
        dtype: What to compute in.

    Raises:
        ArgumentError: If there is no norm of that name.
    """
    tensor = as_floating(x, dtype)
    if p == "nuc":
        found: Tensor = op.matrix_norm(tensor, ord="nuc", keepdims=keepdim)
        return found
    if isinstance(p, str) and p != "fro":
        raise ArgumentError(f"norm got p={p!r}; it wants a number, 'fro' or 'nuc'.")
    if isinstance(dim, bool):
        raise TypeError(
            f"norm(): argument 'dim' (position 3) must be tuple of ints, but found bool {dim}. "
            "Give dim before keepdim."
        )
    axes = normalize_axes("norm", _axes(dim), tensor.ndim)
    return norm_of_vectors(tensor, 2.0 if p in ("fro", None) else float(p), axes, keepdim)


@method
def dist(x: Any, y: Any, p: float = 2.0) -> Tensor:
    """Norm of a difference: (Σ |x - y|ᵖ)^(1/p) over all elements."""
    difference = as_floating(x, None) - as_tensor(y)
    return norm_of_vectors(difference, float(p), tuple(range(difference.ndim)), False)


@function
def cdist(
    x: Any, y: Any, p: float = 2.0, compute_mode: str | None = None, *, x1: Any = None
) -> Tensor:
    """Distances between every row of x and every row of y, in stacks of matrices.

    Args:
        x: Rows of shape (…, m, k).
        y: Rows of shape (…, n, k); the leading axes broadcast.
        p: The order of the norm.
        compute_mode: Always by differences, which cancel nothing.
        x1: PyTorch's name of x.

    Raises:
        ShapeError: If the rows have different extents, or there are no rows.
    """
    a, b = as_tensor(x), as_tensor(y)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            f"cdist: X1 and X2 must have the same number of columns and two axes at least; the "
            f"shapes are {a.shape} and {b.shape}."
        )
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, and {p} was given.")
    difference = expand_dims(a, -2) - expand_dims(b, -3)
    if not difference.shape[-1]:
        return sum(difference, -1)
    return norm_of_vectors(difference, float(p), (difference.ndim - 1,), False)


@function
def pdist(x: Any, p: float = 2.0) -> Tensor:
    """Distances of the rows of a matrix from all later rows: of n rows n (n - 1) / 2.

    Raises:
        ShapeError: If x is no matrix.
    """
    rows = as_tensor(x)
    if rows.ndim != 2:
        raise ShapeError(
            f"pdist only supports 2D tensors, got: {rows.ndim}D. Give a matrix of one row a point."
        )
    one, other = np.triu_indices(rows.shape[0], 1)
    difference = take(rows, one, axis=0) - take(rows, other, axis=0)
    return norm_of_vectors(difference, float(p), 1, False)


@method(inplace=True)
def renorm(x: Any, p: float, axis: int, maxnorm: float) -> Tensor:
    """Scale the slices along an axis down to norms of at most `maxnorm`.

    Raises:
        ArgumentError: If the order or the largest norm is not positive.
        ShapeError: If there are fewer than two axes.
    """
    tensor = as_tensor(x)
    if p <= 0 or maxnorm < 0:
        raise ArgumentError(
            f"renorm: non-positive-norm not supported; it got p={p} and maxnorm={maxnorm}."
        )
    if tensor.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {tensor.ndim}.")
    place = axis_of("renorm", axis, tensor.ndim)
    others = tuple(i for i in range(tensor.ndim) if i != place)
    norms = norm_of_vectors(tensor, float(p), others, True)
    factor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    return tensor * factor


def _axes(dim: Any) -> Any:
    return None if dim in ((), []) else dim


def _spread(
    name: str, deviation: bool, input: Any, dim: Any = None, unbiased: Any = None,
    keepdim: bool = False, *, correction: Any = None,
) -> Tensor:  # fmt: skip
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    less = 1.0 if unbiased is None and correction is None else float(unbiased or correction or 0)
    found = statistics.var(input, _axes(dim), correction=less, keepdims=keepdim)
    return statistics.root(found) if deviation else found


def _spread_and_mean(
    name: str, spread: Any, input: Any, dim: Any = None, unbiased: Any = None,
    keepdim: bool = False, *, correction: Any = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    centre = sums.mean(input, None if isinstance(dim, bool) else _axes(dim), keepdims=keepdim)
    return spread(input, dim, unbiased, keepdim, correction=correction), centre


@method
@variant_of(_spread, False)
def var() -> None:
    """Variance over some axes, by default of all; 1 is subtracted from the number by default.

    Args:
        input: A tensor.
        dim: An axis, several, or None for all.
        unbiased: Whether 1 is subtracted.
        keepdim: Whether reduced axes stay, with extent 1.
        correction: How much is subtracted.
    """


@method
@variant_of(_spread, True)
def std() -> None:
    """Standard deviation over some axes; arguments as for `var`."""


@function
@variant_of(_spread_and_mean, var)
def var_mean() -> None:
    """Variance and mean over some axes; arguments as for `var`."""


@function
@variant_of(_spread_and_mean, std)
def std_mean() -> None:
    """Standard deviation and mean over some axes; arguments as for `var`."""


class Extremes(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor


@method
def aminmax(x: Any, *, axis: int | None = None, keepdims: bool = False) -> Extremes:
    """Return the smallest and the largest element along an axis, by default of all."""
    if axis is not None:
        axis_of("aminmax", axis, as_tensor(x).ndim)
    return Extremes(amin(x, axis, keepdims), amax(x, axis, keepdims))
