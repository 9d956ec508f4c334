"""Programs that JAX wrote, a jaxpr's equations, computed in thalweg's operations.

So what is written for JAX can be traced, differentiated and compiled here. JAX itself is not needed
for it: a jaxpr is read by its attributes. What each equation gives is compared with what the jaxpr
states of it, and an equation of which nothing is known is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.control.branches import switch
from thalweg.control.conditional import while_loop
from thalweg.control.scan import scan
from thalweg.core.operation import op
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import UnsupportedOperation
from thalweg.foreign import dtype_of, library_of
from thalweg.random.keyed import erf_inverse, key, uniform
from thalweg.random.keyed import split as split_key

Rule = Callable[..., Any]


def evaluate(closed: Any, operands: Sequence[Any]) -> list[Tensor]:
    """Return what a closed jaxpr computes of its operands.

    Keys are two 32-bit integers along a last axis, as everywhere here.

    Args:
        closed: The jaxpr, with the constants it reads.
        operands: One a variable that it takes.

    Raises:
        UnsupportedOperation: If there is no rule for one of its primitives.
    """
    return _run(closed.jaxpr, closed.consts, operands)


def _run(jaxpr: Any, constants: Sequence[Any], operands: Sequence[Any]) -> list[Tensor]:
    values: dict[Any, Tensor] = {}
    given = [*map(_constant, constants), *map(as_tensor, operands)]
    for variable, value in zip([*jaxpr.constvars, *jaxpr.invars], given, strict=True):
        dtype = variable.aval.dtype
        is_key = str(dtype).startswith("key<")
        values[variable] = value if is_key else astype(value, np.dtype(dtype))

    def read(atom: Any) -> Tensor:
        if hasattr(atom, "val"):  # a literal
            return as_tensor(np.asarray(atom.val, atom.aval.dtype))
        return values[atom]

    for equation in jaxpr.eqns:
        found = _apply(equation, [*map(read, equation.invars)])
        for variable, value in zip(equation.outvars, found, strict=True):
            values[variable] = _checked(equation, variable.aval, value)
    return [*map(read, jaxpr.outvars)]


def _constant(value: Any) -> Tensor:
    """Return what a jaxpr holds, as a tensor of NumPy's; a key as its words."""
    library = library_of(value)
    if library is None or not str(value.dtype).startswith("key<"):
        return as_tensor(np.asarray(value))
    return as_tensor(np.asarray(library.key_words(library.wrap(value))))


def _seeded(seed: Tensor, *, impl: Any) -> Any:
    # What has 32 bits has no sign in a key.
    return key(op.astype(seed, np.uint32) if seed.dtype.itemsize < 8 else seed)


def _apply(equation: Any, operands: list[Tensor]) -> list[Tensor]:
    name, params = equation.primitive.name, equation.params
    if name in RULES:
        return [as_tensor(RULES[name](*operands, **params))]
    if name in OF_PROGRAMS:
        found: list[Tensor] = OF_PROGRAMS[name](operands, **params)
        return found
    inner = params.get("jaxpr") or params.get("call_jaxpr") or params.get("fun_jaxpr")
    if inner is None:
        raise UnsupportedOperation(
            f"JAX's primitive {name} was met, for which there is no operation here. Compute it of "
            "others, or outside of what is traced."
        )
    if _is_uniform(params.get("name"), inner):
        out = equation.outvars[0].aval
        return [uniform(operands[0], out.shape, np.dtype(out.dtype), *operands[1:])]
    return _called(inner, operands)


def _called(inner: Any, operands: Sequence[Any]) -> list[Tensor]:
    """Run the jaxpr of a call, closed or not."""
    return _run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), operands)


def _is_uniform(name: Any, inner: Any) -> bool:
    """Tell whether a call draws uniform numbers, which JAX makes of the bits of integers."""
    equations = getattr(inner, "jaxpr", inner).eqns
    return name == "_uniform" and any(e.primitive.name == "random_bits" for e in equations)


def _checked(equation: Any, wanted: Any, value: Any) -> Tensor:
    """Return a value of the shape and the dtype that the jaxpr states; keys have words."""
    tensor = as_tensor(value)
    name = str(wanted.dtype)
    if name.startswith("key<"):
        fits = tuple(tensor.shape) == (*wanted.shape, 2)
    else:
        if tensor.dtype != dtype_of(wanted.dtype) and name != "float0":
            tensor = op.astype(tensor, np.dtype(wanted.dtype))
        fits = tuple(tensor.shape) == tuple(wanted.shape)
    if not fits:
        raise UnsupportedOperation(
            f"JAX's primitive {equation.primitive.name} gives shape {tuple(wanted.shape)} with "
            f"{equation.params}, which here gives {tuple(tensor.shape)}: that use of it is not "
            "known. Compute it of others, or outside of what is traced."
        )
    return tensor


# ---- arithmetic


def _divide(x: Tensor, y: Tensor) -> Any:
    if x.dtype.kind == "f" or x.dtype.kind == "c":
        return op.divide(x, y)
    # Of whole numbers it rounds to zero.
    return op.floor_divide(x - op.fmod(x, y), y)


def _integer_power(x: Tensor, *, y: int) -> Any:
    """Return a product of squares, as XLA multiplies."""
    found, square, left = None, x, abs(y)
    while left:
        if left % 2:
            found = square if found is None else found * square
        square, left = square * square if left > 1 else square, left // 2
    if found is None:
        return op.ones_like(x)
    return 1 / found if y < 0 else found


def _select(which: Tensor, *cases: Tensor) -> Any:
    if which.dtype == np.bool_:
        return op.where(which, cases[1], cases[0])
    found: Any = cases[-1]
    for i in reversed(range(len(cases) - 1)):
        found = op.where(op.less_equal(which, i), cases[i], found)
    return found


def _round(x: Tensor, *, rounding_method: Any) -> Any:
    if int(rounding_method) == 1:
        return op.rint(x)
    return op.copysign(op.floor(op.absolute(x) + 0.5), x)


def _not(x: Tensor) -> Any:
    return op.logical_not(x) if x.dtype == np.bool_ else op.invert(x)


def _bitcast(x: Tensor, *, new_dtype: Any) -> Any:
    wanted = np.dtype(new_dtype)
    if x.dtype.kind not in "iu" or wanted.kind not in "iu" or x.dtype.itemsize != wanted.itemsize:
        raise UnsupportedOperation(
            f"JAX's bitcast_convert_type was met from {x.dtype} to {wanted}. It is known between "
            "whole numbers of one size."
        )
    return op.astype(x, wanted)


def _bits(logical: Rule, bitwise: Rule) -> Rule:
    def both(x: Tensor, y: Tensor) -> Any:
        return (logical if x.dtype == np.bool_ else bitwise)(x, y)

    return both


def _plain(function: Rule) -> Rule:
    """Return an operation without what JAX says of accuracy and devices."""
    return lambda *operands, **params: function(*operands)


# ---- shapes


def _broadcast(x: Tensor, *sizes: Any, shape: Any, broadcast_dimensions: Any, **rest: Any) -> Any:
    extents = [1] * len(shape)
    for axis, extent in zip(broadcast_dimensions, x.shape, strict=False):
        extents[axis] = extent
    return op.broadcast_to(op.reshape(x, tuple(extents)), tuple(shape))


def _slice(x: Tensor, *, start_indices: Any, limit_indices: Any, strides: Any) -> Any:
    steps = strides or (1,) * len(start_indices)
    return x[tuple(map(slice, start_indices, limit_indices, steps))]


def _reshape(x: Tensor, *, new_sizes: Any, dimensions: Any, **rest: Any) -> Any:
    return op.reshape(x if dimensions is None else op.transpose(x, dimensions), tuple(new_sizes))


def _iota(*, dtype: Any, shape: Any, dimension: int, **rest: Any) -> Any:
    extents = [shape[axis] if axis == dimension else 1 for axis in range(len(shape))]
    numbers = op.reshape(op.arange(shape[dimension], dtype=np.dtype(dtype)), tuple(extents))
    return op.broadcast_to(numbers, tuple(shape))


def _pad(x: Tensor, value: Tensor, *, padding_config: Any) -> Any:
    if any(inner or low < 0 or high < 0 for low, high, inner in padding_config):
        raise UnsupportedOperation("JAX's pad was met with gaps or cuts. Use slices.")
    widths = [(low, high) for low, high, _ in padding_config]
    found = op.pad(x, widths)
    inside = op.pad(op.ones_like(x, dtype=np.bool_), widths)
    return op.where(inside, found, value)


def _dot(x: Tensor, y: Tensor, *, dimension_numbers: Any, **rest: Any) -> Any:
    (left, right), (left_batch, right_batch) = dimension_numbers
    names = iter(range(x.ndim + y.ndim))
    of_x = [next(names) for _ in range(x.ndim)]
    of_y = [next(names) for _ in range(y.ndim)]
    for i, j in (*zip(left, right, strict=True), *zip(left_batch, right_batch, strict=True)):
        of_y[j] = of_x[i]
    batch = [of_x[i] for i in left_batch]
    free = [of_x[i] for i in range(x.ndim) if i not in (*left, *left_batch)]
    free += [of_y[j] for j in range(y.ndim) if j not in (*right, *right_batch)]
    return op.einsum(x, of_x, y, of_y, [*batch, *free])


def _reduction(function: Rule) -> Rule:
    return lambda x, *, axes, **rest: function(x, axis=tuple(axes))


def _position(function: Rule) -> Rule:
    def found(x: Tensor, *, axes: Any, index_dtype: Any) -> Any:
        return op.astype(function(x, axis=axes[0]), np.dtype(index_dtype))

    return found


def _running(along: Rule) -> Rule:
    def found(x: Tensor, *, axis: int, reverse: bool) -> Any:
        if not reverse:
            return along(x, axis=axis)
        return op.flip(along(op.flip(x, axis=axis), axis=axis), axis=axis)

    return found


_SAME = {
    "add": op.add, "add_any": op.add, "sub": op.subtract, "mul": op.multiply,
    "neg": op.negative, "sign": op.sign, "abs": op.absolute, "floor": op.floor, "ceil": op.ceil,
    "max": op.maximum, "min": op.minimum, "pow": op.power, "square": op.square, "sqrt": op.sqrt,
    "cbrt": op.cbrt, "exp": op.exp, "exp2": op.exp2, "expm1": op.expm1, "log": op.log,
    "log1p": op.log1p, "sin": op.sin, "cos": op.cos, "tan": op.tan, "asin": op.arcsin,
    "acos": op.arccos, "atan": op.arctan, "sinh": op.sinh, "cosh": op.cosh, "tanh": op.tanh,
    "asinh": op.arcsinh, "acosh": op.arccosh, "atanh": op.arctanh, "atan2": op.arctan2,
    "logistic": op.sigmoid, "erf": op.erf, "erfc": op.erfc, "lgamma": op.gammaln,
    "digamma": op.digamma, "eq": op.equal, "ne": op.not_equal, "lt": op.less,
    "le": op.less_equal, "gt": op.greater, "ge": op.greater_equal, "is_finite": op.isfinite,
    "nextafter": op.nextafter, "rem": op.fmod, "real": op.real, "imag": op.imag,
    "conj": op.conj,
}  # fmt: skip

# How JAX's primitives that give one array are computed here, by their names.
RULES: dict[str, Rule] = {
    **{name: _plain(ours) for name, ours in _SAME.items()},
    "and": _bits(op.logical_and, op.bitwise_and),
    "argmax": _position(op.argmax),
    "argmin": _position(op.argmin),
    "bitcast_convert_type": _bitcast,
    "broadcast_in_dim": _broadcast,
    "clamp": lambda low, x, high: op.minimum(op.maximum(x, low), high),
    "concatenate": lambda *parts, dimension: op.concatenate(parts, axis=dimension),
    "convert_element_type": lambda x, *, new_dtype, **rest: op.astype(x, np.dtype(new_dtype)),
    "copy": lambda x: x,
    "copy_p": lambda x: x,
    "cummax": _running(np.maximum.accumulate),
    "cummin": _running(np.minimum.accumulate),
    "cumprod": _running(np.cumprod),
    "cumsum": _running(np.cumsum),
    "div": _divide,
    "dot_general": _dot,
    "erf_inv": lambda x: erf_inverse(x),
    "integer_pow": _integer_power,
    "iota": _iota,
    "not": _not,
    "or": _bits(op.logical_or, op.bitwise_or),
    "pad": _pad,
    "random_fold_in": lambda key, number: op.fold_in(key, number),
    "random_seed": _seeded,
    "random_split": lambda key, *, shape: split_key(key, tuple(shape)),
    "random_unwrap": lambda key: op.astype(key, np.uint32),
    "random_wrap": lambda words, *, impl: op.astype(words, np.int32),
    "reduce_and": _reduction(op.all),
    "reduce_max": _reduction(op.amax),
    "reduce_min": _reduction(op.amin),
    "reduce_or": _reduction(op.any),
    "reduce_prod": _reduction(op.prod),
    "reduce_sum": _reduction(op.sum),
    "reshape": _reshape,
    "rev": lambda x, *, dimensions: op.flip(x, axis=tuple(dimensions)),
    "round": _round,
    "rsqrt": lambda x, **rest: 1 / op.sqrt(x),
    "select_n": _select,
    "slice": _slice,
    "squeeze": lambda x, *, dimensions: op.squeeze(x, axis=tuple(dimensions)),
    "stack": lambda *parts, axis: op.stack(parts, axis=axis),
    "stop_gradient": _plain(op.stop_gradient),
    "transpose": lambda x, *, permutation: op.transpose(x, tuple(permutation)),
    "xor": _bits(op.logical_xor, op.bitwise_xor),
}


# ---- what runs programs, or gives several arrays


def _cond(operands: list[Tensor], *, branches: Any, **rest: Any) -> list[Tensor]:
    index, *values = operands
    functions = [lambda *given, b=b: tuple(evaluate(b, given)) for b in branches]
    return list(switch(op.astype(index, np.int32), functions, *values))


def _while(
    operands: list[Tensor],
    *,
    cond_jaxpr: Any,
    body_jaxpr: Any,
    cond_nconsts: int,
    body_nconsts: int,
) -> list[Tensor]:
    of_test, rest = operands[:cond_nconsts], operands[cond_nconsts:]
    of_body, start = rest[:body_nconsts], rest[body_nconsts:]
    return list(
        while_loop(
            lambda carried: evaluate(cond_jaxpr, [*of_test, *carried])[0],
            lambda carried: tuple(evaluate(body_jaxpr, [*of_body, *carried])),
            tuple(start),
        )
    )


def _scan(
    operands: list[Tensor],
    *,
    jaxpr: Any,
    length: int,
    reverse: bool,
    num_consts: int,
    num_carry: int,
    **rest: Any,
) -> list[Tensor]:
    constants, start = operands[:num_consts], operands[num_consts : num_consts + num_carry]
    rows = operands[num_consts + num_carry :]

    def body(carried: Any, row: Any) -> Any:
        found = evaluate(jaxpr, [*constants, *carried, *(row or ())])
        return tuple(found[:num_carry]), tuple(found[num_carry:])

    last, stacked = scan(body, tuple(start), tuple(rows) or None, length, reverse=reverse)
    return [*last, *stacked]


def _split(operands: list[Tensor], *, sizes: Any, axis: int) -> list[Tensor]:
    return list(op.split(operands[0], [int(n) for n in np.cumsum(sizes)[:-1]], axis=axis))


def _sort(operands: list[Tensor], *, dimension: int, num_keys: int, **rest: Any) -> list[Tensor]:
    if num_keys != 1:
        raise UnsupportedOperation("JAX's sort was met with several keys. Sort by one of them.")
    if len(operands) == 1:
        return [op.sort(operands[0], axis=dimension)]
    order = op.argsort(operands[0], axis=dimension, stable=True)
    return [op.take_along_axis(x, order, axis=dimension) for x in operands]


OF_PROGRAMS: dict[str, Callable[..., list[Tensor]]] = {
    "cond": _cond,
    "optimization_barrier": lambda operands, **rest: operands,
    "scan": _scan,
    "sort": _sort,
    "split": _split,
    "while": _while,
}
