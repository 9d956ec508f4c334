"""Random operations: each takes what grew so far and returns one value more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.growth import LARGEST, Growth
from tests.fuzz.values import filled, laid_out
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor

_FLOATING = (
    *("sqrt", "exp", "expm1", "log", "log1p", "sigmoid", "sin", "cos", "tan", "arctan", "tanh"),
    *("arcsin", "arccos", "arctanh", "arcsinh", "arccosh", "sinh", "cosh", "cbrt", "erf"),
    *("exp2", "log2", "log10"),
)
_TAMED: dict[str, Callable[[Any], Any]] = {
    "sqrt": lambda x: tw.absolute(x) + 0.1,
    "log": lambda x: tw.absolute(x) + 0.1,
    "log1p": lambda x: tw.absolute(x),
    **dict.fromkeys(("log2", "log10"), lambda x: tw.absolute(x) + 0.1),
    "arccosh": lambda x: tw.absolute(x) + 1.1,
    **dict.fromkeys(("exp", "expm1", "exp2"), lambda x: tw.minimum(x, 3.0)),
    **dict.fromkeys(("sinh", "cosh"), lambda x: tw.clip(x, -3.0, 3.0)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), lambda x: tw.clip(x, -0.9, 0.9)),
}


def function(g: Growth) -> Tensor:
    name = g.choose(_FLOATING)
    x: Any = g.pick()
    if g.chance(0.7):
        x = _TAMED.get(name, lambda x: x)(x)
    return g.primitive(name, x)


_UNARY = (
    *("negative", "absolute", "sign", "square", "floor", "ceil", "stop_gradient", "rint"),
    "sign_bit",
)


def unary(g: Growth) -> Tensor:
    name = g.choose(_UNARY)
    kinds = "fib" if name in ("absolute", "stop_gradient") else "fi"
    x = g.pick(kinds)
    if name == "sign_bit":
        x = tw.where(tw.equal(x, x), x, tw.zeros_like(x))  # the sign of NaN means nothing
    return g.primitive(name, x)


def arithmetic(g: Growth) -> Tensor:
    name = g.choose(
        (
            *("add", "subtract", "multiply", "divide", "maximum", "minimum") * 3,
            *("logaddexp", "hypot", "arctan2"),
        )
    )
    x = g.pick()
    y = g.partner(x.shape)
    if g.chance(0.3):
        x, y = y, x
    if name == "subtract" and all(_is_boolean(v) for v in (x, y)):
        name = "add"
    return getattr(tw, name)(x, y)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, Tensor) and value.dtype.kind == "b")


def division(g: Growth) -> Tensor:
    name = g.choose(("floor_divide", "remainder", "fmod"))
    x = g.pick("fi")
    y = g.partner(x.shape, x.dtype.kind)
    return getattr(tw, name)(*((x, y) if g.chance(0.7) else (y, x)))


_OF_INTEGERS = ("and_bits", "or_bits", "xor_bits", "shift_left", "shift_right", "gcd", "lcm")


def integers(g: Growth) -> Tensor:
    x = g.pick("i")
    if g.chance(0.2):
        return g.primitive("invert_bits", x)
    return g.primitive(g.choose(_OF_INTEGERS), x, g.partner(x.shape, "i"))


def neighbour(g: Growth) -> Tensor:
    x = g.pick("f")
    return tw.nextafter(x, g.partner(x.shape, "f"))


def power(g: Growth) -> Tensor:
    x = g.pick("fi")
    if x.dtype.kind == "i":
        exponent = g.partner(x.shape, "i")
        exponent = abs(exponent) if isinstance(exponent, int) else tw.remainder(exponent, 5)
        return tw.power(x, exponent)
    if g.chance(0.4):
        return x ** g.choose((2, 3, 0.5, -1, -0.5, 1, 0, 2.5, -2, 1.0, 2.0))
    base = tw.absolute(x) + 0.1 if g.chance(0.6) else x
    return tw.power(base, g.partner(x.shape, "f"))


def comparison(g: Growth) -> Tensor:
    name = g.choose(("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"))
    x = g.pick()
    return getattr(tw, name)(x, g.partner(x.shape))


def logic(g: Growth) -> Tensor:
    x = g.pick("b")
    if g.chance(0.3):
        return tw.logical_not(x)
    return getattr(tw, g.choose(("logical_and", "logical_or")))(x, g.partner(x.shape, "b"))


def choice(g: Growth) -> Tensor:
    x = g.pick()
    condition = comparison(g)
    if not g._meets(condition.shape, x.shape):
        condition = g.partner(x.shape, "b", literals=False)
    shape = np.broadcast_shapes(condition.shape, x.shape)
    y = g.partner(shape)
    return tw.where(condition, *((x, y) if g.chance(0.5) else (y, x)))


def conversion(g: Growth) -> Tensor:
    x = g.pick()
    dtype = np.dtype(g.choose(("float64", "float32", "int64", "int32", "bool", "float32")))
    return tw.astype(g.integral(x) if dtype.kind == "i" else x, dtype)


_NARROW: tuple[Callable[[Any, Any], Any], ...] = (
    lambda x, y: x,
    lambda x, y: x + y,
    lambda x, y: x * y - 3,
    lambda x, y: tw.maximum(x, y),
    lambda x, y: tw.where(x > y, x, 2),
    lambda x, y: tw.reshape(x, (x.size,)),
    lambda x, y: tw.flip(x) if x.ndim else -x,
    lambda x, y: tw.concatenate((tw.reshape(y, (y.size,)), tw.reshape(x, (x.size,)))),
    lambda x, y: tw.square(x) == y,
)


def narrow(g: Growth) -> Tensor:
    """Return what is computed from numbers of one or two bytes, as wider ones."""
    dtype = np.dtype(g.choose(("int8", "uint8", "int16", "uint16", "uint32", "float16")))
    shape = g.shape(0, 3)
    arrays = [laid_out(g.random, filled(g.random, Spec(shape, dtype), g.wild)) for _ in "xy"]
    found = g.choose(_NARROW)(*map(g.given, arrays))
    found = tw.astype(found, np.float32) if dtype.kind == "f" else found
    wide = np.dtype(g.choose(("float64", "float32", "int64", "int32")))
    return tw.astype(g.integral(found) if wide.kind == "i" else found, wide)


# ---- views


def reshape(g: Growth) -> Tensor:
    x = g.pick()
    style = g.integer(0, 4)
    if style == 0:
        return tw.reshape(x, (x.size,))
    if style == 1:
        at = g.integer(0, x.ndim + 1)
        return tw.reshape(x, (*x.shape[:at], 1, *x.shape[at:]))
    if style == 2 and x.ndim > 1:
        at = g.integer(0, x.ndim - 1)
        return tw.reshape(x, (*x.shape[:at], x.shape[at] * x.shape[at + 1], *x.shape[at + 2 :]))
    if x.ndim and x.size:
        at = g.integer(0, x.ndim)
        part = g.choose([k for k in range(1, x.shape[at] + 1) if x.shape[at] % k == 0])
        return tw.reshape(x, (*x.shape[:at], part, x.shape[at] // part, *x.shape[at + 1 :]))
    return tw.squeeze(x)


def transpose(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9))
    return tw.transpose(x, tuple(int(a) for a in g.random.permutation(x.ndim)))


def spread(g: Growth) -> Tensor:
    x = g.pick(ranks=(0, 4))
    shape = [g.extent() if n == 1 and g.chance(0.6) else n for n in x.shape]
    while g.chance(0.4):
        shape.insert(0, g.extent())
    return tw.broadcast_to(x, tuple(shape)) if np.prod(shape) <= LARGEST else x


def flip(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9))
    return g.primitive("flip", x, axis=g.subset(range(x.ndim)) or (0,))


def cut(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9))
    bounds = []
    for n in x.shape:
        start = g.integer(0, n + 1) if g.chance(0.5) else 0
        stop = g.integer(start, n + 1) if g.chance(0.5) else n
        if start == stop and g.chance(0.8):
            start, stop = 0, n
        bounds.append((start, stop, g.choose((1, 1, 1, 2, 3))))
    return g.primitive("slice_", x, bounds=tuple(bounds))


def item(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9), empty=False)
    options = (slice(None), slice(None, None, -1), slice(None, None, -2), None, 0, -1)
    key: list[Any] = []
    for n in x.shape:
        chosen = g.choose(options)
        key.append(chosen)
        if chosen is None:
            key.append(slice(0, n))
    return x[tuple(key)]


def padding(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4))
    low, high = (tuple(g.choose((0, 0, 1, 2, 5)) for _ in x.shape) for _ in "lh")
    interior = tuple(g.choose((0, 0, 0, 1, 2)) for _ in x.shape)
    return g.primitive("pad_with_zeros", x, low=low, high=high, interior=interior)


def joining(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4))
    axis = g.integer(0, x.ndim)
    parts = [x]
    for _ in range(g.integer(1, 4)):
        shape = [*x.shape]
        shape[axis] = g.choose((shape[axis], g.extent(), 1, 1))
        parts.append(g.of_shape(tuple(shape)) if np.prod(shape) <= LARGEST else x)
    g.random.shuffle(parts)  # type: ignore[arg-type]
    return tw.concatenate(parts, axis)


# ---- reading and adding at positions


def taking(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4))
    axis = g.integer(0, x.ndim)
    positions = g.positions(g.shape(0, 3), x.shape[axis])
    if x.size * positions.size > LARGEST * max(1, x.shape[axis]):
        positions = g.positions((), x.shape[axis])
    return tw.take(x, positions, axis)


def taking_along(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 4))
    axis = g.integer(0, x.ndim)
    shape = [*x.shape]
    shape[axis] = g.choose((1, 1, 3, shape[axis])) if shape[axis] else 0
    return tw.take_along_axis(x, g.positions(tuple(shape), x.shape[axis]), axis)


def _base(g: Growth, ranks: tuple[int, int]) -> Tensor:
    x = g.pick("fi", ranks)
    return tw.zeros_like(x) if g.chance(0.4) else x


def scattering(g: Growth) -> Tensor:
    x = _base(g, (1, 3))
    axis = g.integer(0, x.ndim)
    positions = g.positions(g.shape(0, 3), x.shape[axis])
    shape = (*x.shape[:axis], *positions.shape, *x.shape[axis + 1 :])
    if np.prod(shape) > LARGEST:
        return x
    return g.primitive("scatter_add", x, positions, g.of_shape(shape, x.dtype), axis=axis)


def scattering_along(g: Growth) -> Tensor:
    x = _base(g, (1, 3))
    axis = g.integer(0, x.ndim)
    shape = [*x.shape]
    shape[axis] = g.choose((1, 1, 4)) if shape[axis] else 0
    positions = g.positions(tuple(shape), x.shape[axis])
    updates = g.of_shape(tuple(shape), x.dtype)
    return g.primitive("scatter_add_along_axis", x, positions, updates, axis=axis)


def putting(g: Growth) -> Tensor:
    """Return a value with others put where positions among all its elements say."""
    x = _base(g, (1, 3))
    positions = g.positions(g.shape(0, 3), x.size)
    values = g.of_shape(positions.shape, x.dtype)
    if g.chance(0.5):
        return g.primitive("put_at", x, positions, values)
    how = g.choose(("multiply", "maximum", "minimum"))
    return g.primitive("combine_at", x, positions, values, how=how)


def overlapping_along(g: Growth) -> Tensor:
    """Return windows along an axis, side by side."""
    x = g.pick(ranks=(1, 3), empty=False)
    axis = g.integer(0, x.ndim)
    size, step = g.integer(1, min(6, x.shape[axis] + 1)), g.integer(1, 4)
    if x.size * size > LARGEST:
        return x
    return g.primitive("windows_along", x, axis=axis, size=size, step=step)


# ---- reductions, scans, products


def reduction(g: Growth) -> Tensor:
    name = g.choose(("reduce_sum", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod"))
    x = g.pick()
    axes = g.subset(range(x.ndim)) if g.chance(0.7) else tuple(range(x.ndim))
    if name in ("reduce_max", "reduce_min"):
        axes = tuple(a for a in axes if x.shape[a])
    return g.primitive(name, x, axis=axes)


def statistic(g: Growth) -> Tensor:
    name = g.choose(("sum", "mean", "var", "std", "any", "all", "prod", "logsumexp", "norm"))
    x = g.pick(ranks=(1, 4), empty=False)
    axis = g.choose((None, g.integer(0, x.ndim)))
    if name == "norm":
        return tw.linalg.norm(tw.astype(x, float), axis=axis)
    return getattr(tw, name)(x, axis=axis, keepdims=g.chance(0.3))


def position(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9), empty=False)
    return g.primitive(g.choose(("index_of_max", "index_of_min")), x, axis=g.integer(0, x.ndim))


def running_sum(g: Growth) -> Tensor:
    x = g.pick(ranks=(1, 9))
    axis, style = g.integer(0, x.ndim), g.integer(0, 4)
    if style < 2 or x.dtype.kind == "b":
        return g.primitive("cumulative_sum", x, axis=axis)
    if style == 2:
        return g.primitive("cumulative_product", x, axis=axis)
    return g.primitive("recurrence", g.of_shape(x.shape, x.dtype), x, axis=axis)


def ordering(g: Growth) -> Tensor:
    """Return positions of what is in order or extreme so far, or the elements there."""
    x = g.pick(ranks=(1, 9), empty=False)
    axis = g.integer(0, x.ndim)
    if g.chance(0.6):
        order = g.primitive("order_along", x, axis=axis, descending=g.chance(0.5))
    else:
        order = g.primitive("index_of_running_extreme", x, axis=axis, largest=g.chance(0.5))
    return tw.take_along_axis(x, order, axis) if g.chance(0.6) else order


def product(g: Growth) -> Tensor:
    batch = g.shape(0, 3) if g.chance(0.3) else ()
    seen = [t.shape[-2:] for t in g.pool if t.ndim >= 2]
    rows, inner = g.choose(seen) if seen and g.chance(0.5) else (g.extent(), g.extent())
    columns = g.extent()
    if np.prod(batch) * max(rows * inner, inner * columns, rows * columns) > LARGEST:
        batch, columns = (), 1
    x = _factor(g, batch, rows, inner)
    y = _factor(g, batch, inner, columns, x.dtype)
    return g.primitive("matrix_product", x, y)


def _factor(g: Growth, batch: Any, rows: int, columns: int, dtype: Any = None) -> Tensor:
    kinds = "fib" if dtype is None else dtype.kind
    if g.chance(0.35):
        return tw.swapaxes(g.of_shape((*batch, columns, rows), dtype, kinds), -1, -2)
    return g.of_shape((*batch, rows, columns), dtype, kinds)


def application(g: Growth) -> Tensor:
    """Return a matrix or vector times a matrix or vector, as NumPy multiplies them."""
    x = g.pick("fi", (1, 3))
    y = g.of_shape((x.shape[-1],) if g.chance(0.5) else (x.shape[-1], g.extent()), None, "fi")
    return tw.matmul(x, y) if x.size // max(1, x.shape[-1]) * y.size <= 1_000_000 else x


def counting(g: Growth) -> Tensor:
    shape = g.shape(1, 4)
    dtype = np.dtype(g.choose(("int64", "int32", "float64", "float32")))
    return g.primitive("iota", shape=shape, dtype=dtype, axis=g.integer(0, len(shape)))


def row(g: Growth) -> Tensor:
    """Return what rows are compared with: their sums, means and extremes, and the rest."""
    x = g.pick("f", (1, 3), empty=False)
    axes = g.subset(range(x.ndim)) or (x.ndim - 1,)
    name = g.choose(("sum", "mean", "max", "min", "logsumexp", "var", "std"))
    found = getattr(tw, name)(x, axis=axes, keepdims=True)
    return g.choose(_BESIDE)(x, found)


_BESIDE: tuple[Callable[[Any, Any], Any], ...] = (
    lambda x, y: x - y,
    lambda x, y: x / (1.0 + tw.absolute(y)),
    lambda x, y: tw.exp(tw.minimum(x - y, 1.0)),
    lambda x, y: tw.where(x >= y, x, 0.0) + y,
    lambda x, y: y,
)


def composed(g: Growth) -> Tensor:
    x = g.pick("f", (1, 3), empty=False)
    return g.choose(_COMPOSED)(x)


_COMPOSED: tuple[Callable[[Any], Any], ...] = (
    tw.softmax,
    tw.log_softmax,
    tw.gelu,
    tw.softplus,
    tw.relu,
    tw.silu,
    lambda x: tw.clip(x, -0.5, 1.5),
    lambda x: tw.roll(x, 1, axis=0),
    lambda x: tw.diff(x, axis=-1),
    lambda x: tw.cumsum(x, axis=-1),
    lambda x: x - tw.mean(x, axis=-1, keepdims=True),
    lambda x: x / (1.0 + tw.max(tw.absolute(x), axis=0, keepdims=True)),
    lambda x: tw.losses.huber_loss(x, 0.5),
    lambda x: tw.round(x * 3.0),
    lambda x: tw.repeat(x, 2, axis=0),
    lambda x: tw.one_hot(tw.argmax(x, axis=-1), x.shape[-1]),
    lambda x: tw.einsum("...i,...i->...", x, x),
)
