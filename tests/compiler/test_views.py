from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import arguments_for, body, program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.rewrites.views import keeps_values
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.shape.cut import pad_with_zeros, slice_

astype = tw.Tensor.astype
take = tw.Tensor.take


def padded(x: Any, low: int, high: int, gap: int = 0) -> Any:
    return pad_with_zeros(x, (low,), (high,), (gap,))


# What is traced, on operands of which specs, and the equations that remain.
CASES: dict[str, tuple[Any, tuple[Any, ...], list[str]]] = {
    "reshapes compose": (
        lambda x: np.reshape(np.reshape(x, (6,)), (3, 2)),
        (spec(2, 3),),
        ["b = reshape(a, shape=(3, 2))", "return b"],
    ),
    "reshapes cancel": (
        lambda x: np.reshape(np.reshape(x, (6,)), (2, 3)),
        (spec(2, 3),),
        ["return a"],
    ),
    "repetition composes": (
        lambda x: np.broadcast_to(np.broadcast_to(x, (2, 3)), (4, 2, 3)),
        (spec(3),),
        ["b = broadcast_to(a, shape=(4, 2, 3))", "return b"],
    ),
    "repetition absorbs leading ones": (
        lambda x: np.broadcast_to(np.reshape(x, (1, 3)), (2, 3)),
        (spec(3),),
        ["b = broadcast_to(a, shape=(2, 3))", "return b"],
    ),
    "repetition keeps inner ones": (
        lambda x: np.broadcast_to(np.reshape(x, (3, 1)), (3, 2)),
        (spec(3),),
        ["b = reshape(a, shape=(3, 1))", "c = broadcast_to(b, shape=(3, 2))", "return c"],
    ),
    "leading ones of what repeats": (
        lambda x: np.reshape(np.broadcast_to(x, (1, 2, 3)), (2, 3)),
        (spec(3),),
        ["b = broadcast_to(a, shape=(2, 3))", "return b"],
    ),
    "one copy is a reshape": (
        lambda x: np.broadcast_to(x, (1, 3)),
        (spec(3),),
        ["b = reshape(a, shape=(1, 3))", "return b"],
    ),
    "transposes compose": (
        lambda x: np.transpose(np.transpose(x, (1, 2, 0)), (1, 0, 2)),
        (spec(2, 3, 4),),
        ["b = transpose(a, axes=(2, 1, 0))", "return b"],
    ),
    "transposes cancel": (lambda x: x.T.T, (spec(2, 3),), ["return a"]),
    "a transposed column is a reshape": (
        lambda x: x.T,
        (spec(5, 1),),
        ["b = reshape(a, shape=(1, 5))", "return b"],
    ),
    "flips cancel": (lambda x: x[::-1][::-1], (spec(5),), ["return a"]),
    "flips compose": (
        lambda x: np.flip(np.flip(x, (0, 1)), 0),
        (spec(4, 5),),
        ["b = flip(a, axis=(1,))", "return b"],
    ),
    "an axis of extent one has no order": (lambda x: x[::-1], (spec(1, 5),), ["return a"]),
    "slices compose": (
        lambda x: x[1::2][1:3],
        (spec(9),),
        ["b = slice_(a, bounds=((3, 6, 2),))", "return b"],
    ),
    "slices of everything": (lambda x: slice_(x + 0.0, ((0, 9, 1),)), (spec(9),), ["return a"]),
    "slices of repetitions": (
        lambda x: np.broadcast_to(x, (4, 3))[1:3],
        (spec(3),),
        ["b = broadcast_to(a, shape=(2, 3))", "return b"],
    ),
    "slices across what is repeated": (
        lambda x: np.broadcast_to(x, (4, 3))[:, 1:],
        (spec(3),),
        [
            "b = broadcast_to(a, shape=(4, 3))",
            "c = slice_(b, bounds=((0, 4, 1), (1, 3, 1)))",
            "return c",
        ],
    ),
    "slices of one part": (
        lambda x, y: np.concatenate((x, y))[4:6],
        (spec(3), spec(4)),
        ["c = slice_(b, bounds=((1, 3, 1),))", "return c"],
    ),
    "slices that give a part back": (
        lambda x, y: np.concatenate((x, y))[3:],
        (spec(3), spec(4)),
        ["return b"],
    ),
    "slices across parts": (
        lambda x, y: np.concatenate((x, y))[2:4],
        (spec(3), spec(4)),
        ["c = concatenate(a, b, axis=0)", "d = slice_(c, bounds=((2, 4, 1),))", "return d"],
    ),
    "slices undo paddings": (lambda x: padded(x, 1, 2, 1)[1:6:2], (spec(3),), ["return a"]),
    "slices beside the padded": (
        lambda x: padded(x, 1, 2)[:3],
        (spec(3),),
        [
            "b = pad_with_zeros(a, low=(1,), high=(2,), interior=(0,))",
            "c = slice_(b, bounds=((0, 3, 1),))",
            "return c",
        ],
    ),
    "paddings of nothing": (lambda x: padded(x, 0, 0), (spec(3),), ["return a"]),
    "paddings of zeros": (
        lambda x: x + padded(np.zeros_like(x), 1, 0)[:3],
        (spec(3),),
        ["return a"],
    ),
    "paddings alike": (
        lambda x, y: padded(x, 1, 0) - padded(y, 1, 0),
        (spec(3), spec(3)),
        [
            "c = subtract(a, b)",
            "d = pad_with_zeros(c, low=(1,), high=(0,), interior=(0,))",
            "return d",
        ],
    ),
    "one part alone": (lambda x: np.concatenate((x,)), (spec(3),), ["return a"]),
    "empty parts": (lambda x: np.concatenate((x[:0], x)), (spec(3),), ["return a"]),
    "parts alike": (
        lambda x: x * np.concatenate((np.ones_like(x[:1]), np.ones_like(x[1:]))),
        (spec(3),),
        ["return a"],
    ),
    "conversions without loss": (
        lambda x: astype(astype(x, np.float64), np.float32),
        (spec(3, dtype=np.float32),),
        ["return a"],
    ),
    "conversions with loss": (
        lambda x: astype(astype(x, np.float32), np.float64),
        (spec(3),),
        ["b = astype(a, dtype=float32)", "c = astype(b, dtype=float64)", "return c"],
    ),
    "conversions before repetition": (
        lambda x: astype(np.broadcast_to(x, (2, 3)), np.float32),
        (spec(3),),
        ["b = astype(a, dtype=float32)", "c = broadcast_to(b, shape=(2, 3))", "return c"],
    ),
    "conversions of a number": (
        lambda x: astype(x, np.float32) * astype(np.ones_like(x), np.float32),
        (spec(3),),
        ["b = astype(a, dtype=float32)", "return b"],
    ),
    "stopped gradients": (lambda x: stop_gradient(x), (spec(3),), ["return a"]),
    "signs come after reshapes": (
        lambda x, y: y + np.reshape(-x, (3, 2)),
        (spec(2, 3), spec(3, 2)),
        ["c = reshape(a, shape=(3, 2))", "d = subtract(b, c)", "return d"],
    ),
    "a number keeps its value however it is arranged": (
        lambda x: x + np.zeros_like(x).T[::-1][:, ::-1].T[:2, :3],
        (spec(2, 3),),
        ["return a"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rearrangements(case: str) -> None:
    function, specs, wanted = CASES[case]
    program = program_of(function, *specs)
    optimized = optimize(program)
    optimized.check()
    assert body(optimized) == wanted
    given = arguments_for(specs, hostile=True)
    np.testing.assert_array_equal(run(optimized, *given)[0], run(program, *given)[0])


def test_a_read_of_equal_numbers_is_one_only_if_another_refuses_bad_indices() -> None:
    def alone(x: Any, i: Any) -> Any:
        return take(np.ones_like(x), i, 0)

    def checked(x: Any, i: Any) -> Any:
        return take(x, i, 0) * alone(x, i)

    specs = (spec(5), spec(2, dtype=int))
    assert "take" in body(optimize(program_of(alone, *specs)))[1]
    assert body(optimize(program_of(checked, *specs))) == ["c = take(a, b, axis=0)", "return c"]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("bool", "float32", True),
        ("int16", "float32", True),
        ("int32", "float32", False),
        ("int32", "float64", True),
        ("int64", "float64", False),
        ("float32", "float64", True),
        ("float64", "float32", False),
        ("int32", "int64", True),
        ("uint32", "int32", False),
    ],
)
def test_conversions_that_keep_every_value(before: str, after: str, kept: bool) -> None:
    assert keeps_values(np.dtype(before), np.dtype(after)) is kept
