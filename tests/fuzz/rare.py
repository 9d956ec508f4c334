"""What one program in five is made of too: special functions, linear algebra, complex numbers.

Operands lie where functions are well conditioned, and matrices are so: otherwise rounding would
decide all of a result. Vectors that are known up to a sign appear in what does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.growth import Growth
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.tensor import Tensor

# What functions of one operand are given most of the time: its least and its largest.
_RANGES = {
    **dict.fromkeys(("erfc", "j0", "j1", "i0e", "i1e"), (-9.0, 9.0)),
    **dict.fromkeys(("erfcx", "i0", "i1"), (-4.0, 4.0)),
    **dict.fromkeys(("digamma", "lgamma", "gamma"), (0.1, 9.0)),
    **{"erfinv": (-0.9, 0.9), "ndtri": (0.05, 0.95)},
}


def _within(x: Any, low: float, high: float) -> Any:
    return tw.clip(tw.where(tw.equal(x, x), x, 0.5), low, high)


def special(g: Growth) -> Tensor:
    name = g.choose(tuple(_RANGES))
    x: Any = g.pick()
    return g.primitive(name, _within(x, *_RANGES[name]) if g.chance(0.8) else x)


_PARAMETER, _SHARE = (0.2, 9.0), (0.05, 0.95)
# The ranges of several operands, and how many of the first have no derivative, or no second one.
_OF_SEVERAL = {
    **dict.fromkeys(("zeta", "zeta_by_order"), (((1.5, 4.0), _PARAMETER), 1)),
    **dict.fromkeys(("gammainc", "gammaincc"), ((_PARAMETER, _PARAMETER), 1)),
    "gammainc_by_shape": ((_PARAMETER, _PARAMETER), 1),
    "betainc": ((_PARAMETER, _PARAMETER, _SHARE), 2),
    **dict.fromkeys(("betainc_by_a", "betainc_by_b"), ((_PARAMETER, _PARAMETER, _SHARE), 2)),
    **dict.fromkeys(("gammaincinv", "gammainccinv"), ((_PARAMETER, _SHARE), 1)),
    **dict.fromkeys(("betaincinv", "betainccinv"), ((_PARAMETER, _PARAMETER, _SHARE), 2)),
}


def special_of_several(g: Growth) -> Tensor:
    name = g.choose(tuple(_OF_SEVERAL))
    ranges, constant = _OF_SEVERAL[name]
    x = g.pick("f", (0, 3))
    operands: list[Any] = [tw.reshape(x, (-1,))[:200]]
    for _ in ranges[1:]:
        shape = np.broadcast_shapes(*(o.shape for o in operands))
        if np.prod(shape) > 1_000:
            return x
        operands.append(g.partner(shape, "f", literals=False))
    g.random.shuffle(operands)  # type: ignore[arg-type]
    tamed = [_within(o, *limits) for o, limits in zip(operands, ranges, strict=True)]
    held = [tw.stop_gradient(o) for o in tamed[:constant]]
    found: Tensor = PRIMITIVES[name](*held, *tamed[constant:])
    return found


# ---- matrices


def _matrix(g: Growth, rows: int, columns: int) -> Any:
    """Return matrices whose diagonals outweigh the rest: no two singular values are close."""
    batch = g.choose(((), (), (2,), (3, 1)))
    dtype = g.choose([d for d in g.dtypes if d.kind == "f"] or [np.dtype(float)])
    x = g.of_shape((*batch, rows, columns), dtype, "f")
    x = tw.tanh(tw.where(tw.equal(x, x), x, 0.5))
    # A column below the diagonal whose squares vanish may count as 0 or turn a sign.
    x = tw.where(tw.abs(x) < 1e-15, 0.0, x)
    most = max(rows, columns)
    return x + np.eye(rows, columns, dtype=dtype) * (3 * most * np.arange(1, columns + 1)).astype(
        dtype
    )


def _square(g: Growth) -> Any:
    n = g.integer(1, 6)
    return _matrix(g, n, n)


def _turned(x: Any) -> Any:
    return tw.swapaxes(x, -1, -2)


def _symmetric(g: Growth) -> Any:
    x = _square(g)
    return 0.5 * (x + _turned(x))


def _tall(g: Growth) -> Any:
    return _matrix(g, g.integer(1, 6), g.integer(1, 6))


def _solved(g: Growth) -> Any:
    a = _square(g)
    b = g.of_shape((a.shape[-1], g.integer(1, 4)), a.dtype, "f")
    how = g.integer(0, 3)
    if how == 0:
        return tw.linalg.solve(a, b)
    b = tw.broadcast_to(b, (*a.shape[:-2], *b.shape))
    if how == 1:
        return tw.linalg.solve_triangular(a, b, g.integer(0, 2), g.chance(0.5), g.chance(0.2))
    definite = 0.5 * (a + _turned(a))
    return tw.linalg.cho_solve(tw.linalg.cho_factor(definite, g.chance(0.5)), b)


def _again(values: Any, vectors: Any, others: Any) -> Any:
    """Return a matrix with the same vectors and other values: signs of vectors do not matter."""
    values = tw.expand_dims(values / (1.0 + values * values), -2)
    return tw.matmul(vectors * values, others)


def _of_eigenvectors(g: Growth) -> Any:
    values, vectors = tw.linalg.eigh(_symmetric(g), g.choose("LU"))
    return g.choose((values, _again(values, vectors, _turned(vectors))))


def _of_singular_vectors(g: Growth) -> Any:
    u, values, vh = tw.linalg.svd(_tall(g), full_matrices=False)
    return g.choose((values, _again(values, u, vh)))


def _of_orthogonal(g: Growth) -> Any:
    x = _tall(g)
    if g.chance(0.5):
        return g.choose(tw.linalg.qr(x))
    # Columns beyond the matrix' own are known by the space that they span.
    q = tw.linalg.qr(x, mode="complete")[0][..., min(x.shape[-2:]) :]
    return tw.matmul(q, _turned(q))


def _inverted(g: Growth) -> Any:
    return g.choose((tw.linalg.inv, lambda x: tw.linalg.matrix_power(x / 9.0, -2)))(_square(g))


def _determinant(g: Growth) -> Any:
    x = _square(g)
    sign, size = tw.linalg.slogdet(x)
    x = x / (3.0 * x.shape[-1])
    return g.choose((tw.linalg.det(x), sign, size, g.primitive("cofactors_of", x)))


def _minors(g: Growth) -> Any:
    x = _square(g)
    x = x / (3.0 * x.shape[-1])
    return g.primitive("minors_along", x, tw.flip(x, axis=-1))


def _exponential(g: Growth) -> Any:
    x = _square(g)
    return tw.linalg.expm(x / (3.0 * x.shape[-1] ** 2))


def _of_eigen(g: Growth) -> Any:
    x = _square(g)
    if g.chance(0.7):
        return tw.sort(tw.real(tw.linalg.eigvals(x)), axis=-1)
    vectors = tw.linalg.eig(tw.stop_gradient(x)).eigenvectors
    return tw.square(tw.real(vectors))


_LINEAR_ALGEBRA: tuple[Callable[[Growth], Any], ...] = (
    *(_solved, _solved, _inverted, _determinant, _of_eigenvectors, _of_singular_vectors),
    *(_of_orthogonal, _exponential, _of_eigen, _minors),
    lambda g: tw.linalg.cholesky(_symmetric(g)),
    lambda g: tw.linalg.pinv(_tall(g)),
)


def linear_algebra(g: Growth) -> Tensor:
    found: Tensor = g.choose(_LINEAR_ALGEBRA)(g)
    return found


# ---- what native code calls back for


def complex_numbers(g: Growth) -> Tensor:
    x = g.pick("f", (1, 3), empty=False)
    y = tw.fft.fft(tw.tanh(x), axis=-1)
    if g.chance(0.5):
        y = y * tw.conj(y) if g.chance(0.5) else y * (0.5 - 1j)
    if g.chance(0.3):
        y = g.primitive("complex_of", tw.imag(y), tw.real(y))
    found: Tensor = g.choose((tw.real, tw.imag, lambda y: tw.real(tw.fft.ifft(y, axis=-1))))(y)
    return found


def in_memory(g: Growth) -> Tensor:
    """Return what is read by its place in memory, or on a diagonal, or written there."""
    x = g.pick(ranks=(2, 3), empty=False)
    if g.chance(0.3):
        # What a written array is traced as: its values, and the derivative of what it was.
        return g.primitive("with_derivative_of", x, g.of_shape(x.shape, x.dtype, x.dtype.kind))
    if g.chance(0.3):
        # No two places are the same.
        rows = g.random.permutation(len(x))[: g.integer(1, len(x) + 1)]
        places = g.given(rows if g.chance(0.7) else np.asarray(rows[0]))
        row = g.of_shape((*places.shape, *x.shape[1:]), x.dtype, x.dtype.kind)
        return g.primitive("put_slices", x, places, row, axis=0)
    if g.chance(0.5):
        return g.primitive("last_diagonal", x, offset=g.integer(-1, 2))
    n = min(x.size, 40)
    size, step = g.integer(1, n + 1), g.integer(1, 3)
    layout = tuple(int(np.prod(x.shape[a + 1 :])) for a in range(x.ndim))
    shape = (1 + (n - size) // step, size)
    shown = {"shape": shape, "stride": (step, 1), "offset": g.integer(0, x.size - n + 1)}
    return g.primitive("strided", g.primitive("duplicate", x), layout=layout, **shown)


RARE: tuple[Callable[[Growth], Tensor], ...] = (
    *(special, special, special_of_several, linear_algebra, linear_algebra, complex_numbers),
    in_memory,
)
