"""Sample operands and parameters: one row a primitive. A primitive without a row fails a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.special

from tests import meanings
from tests.draws import (
    FLOATS,
    NUMBERS,
    SPECIAL,
    Array,
    Draw,
    Row,
    Sample,
    above_one,
    along_axis,
    binary,
    boolean,
    cast,
    distinct,
    positive,
    real,
    shaping,
    unary,
)
from tests.matrices import MATRICES, MATRIX_ORACLES, complex_numbers, inside
from tests.positions import POSITION_ORACLES, POSITIONS
from tests.sliding import WINDOWS, contractions, keys, overlaps
from tests.special_rows import SPECIAL_ORACLES, SPECIAL_ROWS
from thalweg import Tensor
from thalweg.control import branches, conditional, custom, loops  # noqa: F401 (their primitives)
from thalweg.core.apply import apply
from thalweg.core.primitive import PRIMITIVES, Primitive
from thalweg.core.tensor import as_tensor


def call(primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Tensor:
    """Apply a primitive without the casts and checks of a user's call."""
    return apply(primitive, tuple(as_tensor(operand) for operand in operands), params)


def samples(name: str, seed: int = 0) -> list[Sample]:
    """Return the samples of a primitive, the same for the same seed."""
    return list(ROWS[name](np.random.default_rng(seed)))


def _choices(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in (*NUMBERS, np.bool_):
        for shapes in (
            ((3,), (3,), (3,)),
            ((3, 1), (4,), ()),
            ((), (2, 0), (1,)),
            ((5,), (), (5,)),
        ):
            condition = boolean(random, shapes[0])
            x, y = (cast(real(random, shape), dtype) for shape in shapes[1:])
            yield Sample((condition, x, y), smooth=dtype is np.float64)


def over_axes(draw: Draw = distinct, dtypes: tuple[Any, ...] = NUMBERS, empty: bool = True) -> Row:
    """Return a row of reductions over every kind of axes."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
            ((), ()),
            ((1,), (0,)),
            ((7,), (0,)),
            ((3, 5), (0,)),
            ((3, 5), (1,)),
            ((3, 5), (0, 1)),
            ((2, 3, 4), (0, 2)),
            ((0, 3), (1,)),
        ]
        if empty:
            cases += [((0,), (0,)), ((0, 3), (0,)), ((2, 3), ())]
        for dtype in dtypes:
            for shape, axis in cases:
                operand = cast(draw(random, shape), dtype)
                yield Sample((operand,), {"axis": axis}, smooth=dtype is np.float64)
            if np.dtype(dtype).kind == "f":
                column = np.array(SPECIAL, dtype)
                yield Sample((np.stack([column, column[::-1]]),), {"axis": (0,)}, smooth=False)

    return row


def _concatenations(random: np.random.Generator) -> Iterator[Sample]:
    cases: tuple[tuple[int, tuple[tuple[int, ...], ...]], ...] = (
        (0, ((3,),)),
        (0, ((3,), (0,), (1,))),
        (1, ((2, 3), (2, 1), (2, 4))),
        (0, ((2, 3), (1, 3))),
        (2, ((2, 0, 1), (2, 0, 3))),
    )
    for dtype in (*NUMBERS, np.bool_):
        for axis, shapes in cases:
            operands = tuple(cast(real(random, shape), dtype) for shape in shapes)
            yield Sample(operands, {"axis": axis}, smooth=dtype is np.float64)


def _matmuls(random: np.random.Generator) -> Iterator[Sample]:
    cases = (
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((4, 2, 3), (3,)),
        ((3,), (4, 3, 2)),
        ((2, 3), (3, 4)),
        ((2, 2, 3), (3, 5)),
        ((2, 3), (4, 3, 5)),
        ((2, 1, 2, 3), (4, 3, 1)),
        ((2, 0), (0,)),
    )
    for dtype in FLOATS:
        for shapes in cases:
            x, y = (cast(real(random, shape), dtype) for shape in shapes)
            yield Sample((x, y), smooth=dtype is np.float64)


def _products(random: np.random.Generator) -> Iterator[Sample]:
    cases = (
        ((1, 1), (1, 1)),
        ((2, 3), (3, 4)),
        ((1, 7), (7, 1)),
        ((5, 1), (1, 5)),
        ((2, 0), (0, 3)),
        ((0, 2), (2, 3)),
        ((2, 2, 3), (2, 3, 5)),
        ((2, 1, 2, 3), (2, 1, 3, 1)),
        ((17, 9), (9, 33)),
    )
    for dtype in NUMBERS:
        for shapes in cases:
            x, y = (cast(real(random, shape), dtype) for shape in shapes)
            yield Sample((x, y), smooth=dtype is np.float64 and x.size < 100)


# ---- positions: x and axis, the shape of the indices

PLACES: tuple[tuple[tuple[int, ...], int, tuple[int, ...]], ...] = (
    ((5,), 0, ()),
    ((5,), 0, (3,)),
    ((5,), 0, (2, 4)),
    ((4, 3), 0, (6,)),
    ((4, 3), 1, (2, 2)),
    ((2, 3, 4), 1, (5,)),
    ((4, 0), 0, (3,)),
    ((3, 2), 0, (0,)),
)


def _indices(random: np.random.Generator, extent: int, shape: tuple[int, ...], dtype: Any) -> Array:
    """Draw positions, also repeated and negative ones."""
    return np.asarray(random.integers(-extent, extent, shape), dtype)


def _taken(with_updates: bool) -> Row:
    def row(random: np.random.Generator) -> Iterator[Sample]:
        for dtype, index_dtype in zip(
            NUMBERS, (np.int64, np.int32, np.int32, np.int64), strict=True
        ):
            for shape, axis, positions in PLACES:
                x = cast(real(random, shape), dtype)
                operands = [x, _indices(random, shape[axis], positions, index_dtype)]
                if with_updates:
                    updated = (*shape[:axis], *positions, *shape[axis + 1 :])
                    operands.append(cast(real(random, updated), dtype))
                yield Sample(tuple(operands), {"axis": axis}, smooth=dtype is np.float64)

    return row


def _replaced(random: np.random.Generator) -> Iterator[Sample]:
    for dtype, index_dtype in zip(NUMBERS, (np.int64, np.int32, np.int32, np.int64), strict=True):
        for shape, axis, positions in PLACES:
            extent, count = shape[axis], int(np.prod(positions, dtype=int))
            if count <= extent:
                apart = random.permutation(extent)[:count]
                signs = extent * random.integers(0, 2, count)
                indices = np.asarray((apart - signs).reshape(positions), index_dtype)
                updated = (*shape[:axis], *positions, *shape[axis + 1 :])
                x, updates = (cast(real(random, s), dtype) for s in (shape, updated))
                operands = (x, indices, updates)
                yield Sample(operands, {"axis": axis}, smooth=dtype is np.float64)


def _along(with_updates: bool) -> Row:
    def row(random: np.random.Generator) -> Iterator[Sample]:
        cases = (((5,), 0, 3), ((3, 4), 1, 2), ((3, 4), 0, 5), ((2, 3, 4), 1, 1), ((3, 2), 1, 0))
        for dtype, index_dtype in zip(
            NUMBERS, (np.int64, np.int32, np.int32, np.int64), strict=True
        ):
            for shape, axis, count in cases:
                positions = (*shape[:axis], count, *shape[axis + 1 :])
                x = cast(real(random, shape), dtype)
                operands = [x, _indices(random, shape[axis], positions, index_dtype)]
                if with_updates:
                    operands.append(cast(real(random, positions), dtype))
                yield Sample(tuple(operands), {"axis": axis}, smooth=dtype is np.float64)

    return row


def _conversions(random: np.random.Generator) -> Iterator[Sample]:
    for source in (*NUMBERS, np.bool_):
        for target in (*NUMBERS, np.bool_):
            for shape in ((), (5,), (0,), (2, 3)):
                operand = cast(real(random, shape), source)
                # Differences of float32 results are too coarse, integers have no derivative.
                smooth = source is np.float64 and target is np.float64
                yield Sample((operand,), {"dtype": np.dtype(target)}, smooth=smooth)


def _iotas(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in NUMBERS:
        for shape, axis in (((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 0), 1)):
            params = {"shape": shape, "dtype": np.dtype(dtype), "axis": axis}
            yield Sample((), params, smooth=False)


# ---- the rows

LOGIC = binary(dtypes=(np.bool_,))


def _put(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in FLOATS:
        for shape, places in (((5,), (3,)), ((2, 3), (2, 2)), ((4,), (0,)), ((3, 1), ())):
            indices = random.permutation(int(np.prod(shape)))[: int(np.prod(places))].reshape(
                places
            )
            yield Sample(
                (
                    random.normal(size=shape).astype(dtype),
                    indices,
                    random.normal(size=places).astype(dtype),
                ),
                smooth=dtype is np.float64,
            )


COMPARISON = binary(dtypes=(*NUMBERS, np.bool_))
BITS = binary(dtypes=(np.int32, np.int64))
SHIFTS = binary(left=positive, right=positive, dtypes=(np.int32, np.int64))

# What the native engine calls NumPy for, and what of it is complex. It computes all else itself.
COMPLEX = {
    "complex_of": "the result",
    "conjugate": "operand and result",
    "real_part": "the operand",
    "imaginary_part": "the operand",
    "fourier": "operand and result",
    "eigenvalues_of": "the result: a general real matrix has complex eigenvalues",
    "eigenvectors_of": "the result, as the eigenvalues",
}

# Primitives that run programs, or give bundles or take them: no array says what they mean. They are
# tested with the functions that are made of them, in tests/control.
OF_PROGRAMS = {
    "chosen_branch": "cond", "conditional_loop": "while_loop", "counted_loop": "scan",
    "packed": "vmap", "part": "scan", "with_rule": "custom_vjp", "callback": "pure_callback",
    "fused": "torch.nn.functional.linear",
}  # fmt: skip

# Whose vectors are known up to their signs: tests/engines/llvm/matrices.
UP_TO_SIGN = {"eigen_parts", "singular_parts"}


def _of_two_values(random: np.random.Generator) -> Iterator[Sample]:
    # The derivative is, on purpose, that of another value.
    for dtype in NUMBERS:
        for shape in ((), (3,), (2, 3), (0, 2)):
            x, other = (cast(real(random, shape), dtype) for _ in range(2))
            yield Sample((x, other), smooth=False)


ROWS: dict[str, Row] = {
    "add": binary(dtypes=(*NUMBERS, np.bool_)),
    "subtract": binary(),
    "multiply": binary(dtypes=(*NUMBERS, np.bool_)),
    "divide": binary(dtypes=FLOATS),
    "floor_divide": binary(right=positive),
    "remainder": binary(right=positive),
    "negative": unary(dtypes=NUMBERS),
    "absolute": unary(dtypes=NUMBERS),
    "sign": unary(dtypes=NUMBERS),
    "square": unary(dtypes=NUMBERS),
    "sqrt": unary(positive),
    "power": binary(left=positive, dtypes=FLOATS),
    "exp": unary(),
    "expm1": unary(),
    "log": unary(positive),
    "log1p": unary(positive),
    "logaddexp": binary(dtypes=FLOATS),
    "sigmoid": unary(),
    "sin": unary(),
    "cos": unary(),
    "tan": unary(),
    "arctan": unary(),
    "tanh": unary(),
    "erf": unary(),
    "floor": unary(),
    "ceil": unary(),
    "maximum": binary(apart=True),
    "minimum": binary(apart=True),
    "where": _choices,
    **dict.fromkeys(("equal", "not_equal", "less", "less_equal"), COMPARISON),
    **dict.fromkeys(("greater", "greater_equal"), COMPARISON),
    **dict.fromkeys(("logical_and", "logical_or"), LOGIC),
    "logical_not": unary(dtypes=(np.bool_,)),
    "reshape": shaping(
        ((), {"shape": (1, 1)}),
        ((6,), {"shape": (2, 3)}),
        ((2, 3, 4), {"shape": (4, 6)}),
        ((1, 3), {"shape": (3,)}),
        ((0, 3), {"shape": (2, 0)}),
    ),
    "transpose": shaping(
        ((), {"axes": ()}),
        ((5,), {"axes": (0,)}),
        ((3, 4), {"axes": (1, 0)}),
        ((2, 3, 4), {"axes": (2, 0, 1)}),
        ((2, 0, 4), {"axes": (1, 2, 0)}),
    ),
    "broadcast_to": shaping(
        ((), {"shape": (3,)}),
        ((1,), {"shape": (0,)}),
        ((3, 1), {"shape": (2, 3, 4)}),
        ((4,), {"shape": (3, 4)}),
        ((3,), {"shape": (3,)}),
    ),
    "reduce_sum": over_axes(),
    "reduce_max": over_axes(empty=False),
    "reduce_min": over_axes(empty=False),
    "reduce_prod": over_axes(draw=real),
    "index_of_max": along_axis(empty=False),
    "index_of_min": along_axis(empty=False),
    "cumulative_sum": along_axis(empty=True),
    "cumulative_product": along_axis(empty=True),
    "concatenate": _concatenations,
    "flip": shaping(
        ((5,), {"axis": (0,)}),
        ((3, 4), {"axis": (1,)}),
        ((3, 4), {"axis": (0, 1)}),
        ((2, 0), {"axis": (0,)}),
        ((3,), {"axis": ()}),
    ),
    "slice_": shaping(
        ((), {"bounds": ()}),
        ((7,), {"bounds": ((1, 6, 2),)}),
        ((7,), {"bounds": ((3, 3, 1),)}),
        ((4, 5), {"bounds": ((0, 4, 1), (2, 3, 1))}),
        ((4, 5, 2), {"bounds": ((0, 4, 3), (1, 5, 2), (0, 2, 1))}),
    ),
    "pad_with_zeros": shaping(
        ((), {"low": (), "high": (), "interior": ()}),
        ((3,), {"low": (1,), "high": (2,), "interior": (0,)}),
        ((3,), {"low": (0,), "high": (0,), "interior": (2,)}),
        ((2, 3), {"low": (1, 0), "high": (0, 2), "interior": (1, 3)}),
        ((0, 2), {"low": (2, 0), "high": (1, 1), "interior": (1, 0)}),
    ),
    "astype": _conversions,
    "stop_gradient": unary(dtypes=NUMBERS),
    "with_derivative_of": _of_two_values,
    "take": _taken(with_updates=False),
    "scatter_add": _taken(with_updates=True),
    "put_slices": _replaced,
    "take_along_axis": _along(with_updates=False),
    "scatter_add_along_axis": _along(with_updates=True),
    "matmul": _matmuls,
    "matrix_product": _products,
    "iota": _iotas,
    "windows": shaping(*WINDOWS),
    "overlap_add": overlaps,
    "contract": contractions,
    "fold_in": keys(folded=True),
    "random_bits": keys(folded=False),
    "duplicate": unary(dtypes=(*NUMBERS, np.bool_)),
    "put_at": _put,
    **dict.fromkeys(("arccos", "arcsin", "arctanh"), unary(inside)),
    **dict.fromkeys(("cbrt", "cosh", "exp2", "rint", "sinh"), unary()),
    **dict.fromkeys(("log2", "log10"), unary(positive)),
    **dict.fromkeys(("and_bits", "or_bits", "xor_bits"), BITS),
    "invert_bits": unary(dtypes=(np.int32, np.int64)),
    **dict.fromkeys(("shift_left", "shift_right"), SHIFTS),
    **dict.fromkeys(("gcd", "lcm"), BITS),
    "fmod": binary(right=positive),
    "nextafter": binary(dtypes=FLOATS),
    **dict.fromkeys(("arctan2", "hypot"), binary(dtypes=FLOATS)),
    "arcsinh": unary(),
    "arccosh": unary(above_one),
    "sign_bit": unary(dtypes=(*NUMBERS, np.bool_)),
    **dict.fromkeys(("real_part", "imaginary_part", "conjugate"), complex_numbers()),
    "fourier": complex_numbers({"axis": 0, "inverse": False}, {"axis": 1, "inverse": True}),
    **MATRICES,
    **POSITIONS,
    **SPECIAL_ROWS,
}


def test_every_primitive_has_a_row_of_samples() -> None:
    assert set(ROWS) == set(PRIMITIVES) - set(OF_PROGRAMS)


# What gives the same value, where NumPy has no function of the primitive's name and arguments.
ORACLES: dict[str, Callable[..., Any]] = {
    **MATRIX_ORACLES,
    **POSITION_ORACLES,
    **SPECIAL_ORACLES,
    "floor_divide": meanings.floor_divide,
    "astype": lambda x, dtype: x.astype(dtype),
    "sigmoid": scipy.special.expit,
    "erf": scipy.special.erf,
    "reduce_sum": lambda x, axis: np.sum(x, axis, x.dtype),
    "reduce_max": np.max,
    "reduce_min": np.min,
    "reduce_prod": lambda x, axis: np.prod(x, axis, x.dtype),
    "index_of_max": np.argmax,
    "index_of_min": np.argmin,
    "cumulative_sum": lambda x, axis: np.cumsum(x, axis, x.dtype),
    "cumulative_product": lambda x, axis: np.cumprod(x, axis, x.dtype),
    "concatenate": lambda *arrays, axis: np.concatenate(arrays, axis),
    "slice_": lambda x, bounds: x[tuple(slice(*bound) for bound in bounds)],
    "pad_with_zeros": meanings.pad_with_zeros,
    "sign_bit": np.signbit,
    "stop_gradient": lambda x: x,
    "with_derivative_of": lambda x, other: x,
    "scatter_add": meanings.scatter_add,
    "scatter_add_along_axis": meanings.scatter_add_along_axis,
    "put_slices": meanings.put_slices,
    "matrix_product": np.matmul,
    "windows": meanings.windows,
    "fold_in": meanings.fold_in,
    "random_bits": meanings.random_bits,
    "overlap_add": meanings.overlap_add,
    "contract": lambda x, y, labels: np.einsum(labels, x, y),
    "duplicate": np.copy,
    "put_at": meanings.put,
    "iota": meanings.iota,
}
