"""Programs in shares: each computes a part, and together they compute the whole."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compiler import shares
from thalweg.compiler.shares import Shares, shared
from thalweg.core.program import Program, evaluate, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_LEAST", 4)
    monkeypatch.setattr(shares, "_LINE", 1)


def traced(function: Callable[..., Any], *arrays: Array) -> Program:
    specs = [Spec(array.shape, array.dtype) for array in arrays]
    result, current, symbols = trace(lambda *given: function(*given), specs, make)
    return finish(current, symbols, [current.lift(tensor) for tensor in result])


def changed(parted: Shares, arrays: list[Array]) -> list[Array]:
    """Run shares, those of a stage in any order, on copies of arrays."""
    memory = [array.copy() for array in arrays]
    memory += [np.zeros(spec.shape, spec.dtype) for spec in parted.exchanged]
    for stage in parted.stages:
        for share in reversed(stage):
            views = []
            for place, symbol in zip(share.places, share.program.inputs, strict=True):
                flat = memory[place.array].reshape(-1)
                views.append(flat[place.start : place.start + symbol.spec.size])
            given = [v.reshape(s.shape) for v, s in zip(views, share.program.inputs, strict=True)]
            found = evaluate(share.program, given)
            share.program.check()
            for value, target in zip(found, share.into, strict=True):
                views[target][:] = np.ravel(value)
    for target, number in parted.finals:
        memory[target][...] = memory[len(arrays) + number]
    return memory[: len(arrays)]


def moved(p: Any, q: Any, g: Any, h: Any, count: Any) -> list[Any]:
    """A step of the length of the whole gradient."""
    norm = tw.sqrt(tw.sum(g * g) + tw.sum(h * h))
    rate = 1.0 / (count + 1.0)
    return [p - rate * g / norm, q - rate * h / norm, count + 1.0]


ARRAYS = [
    np.arange(12.0).reshape(3, 4),
    np.arange(5.0),
    np.linspace(1.0, 2.0, 12).reshape(3, 4),
    np.linspace(-1.0, 1.0, 5),
    np.array(3.0),
]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_shares_compute_the_whole(count: int) -> None:
    program = traced(moved, *ARRAYS)
    parted = shared(program, [0, 1, 4], count)
    assert parted is not None
    assert len(parted.stages) == 2
    assert len(parted.stages[1]) == min(count, 5)
    found = changed(parted, ARRAYS)
    wanted = evaluate(program, ARRAYS)
    for got, target in zip(wanted, (0, 1, 4), strict=True):
        np.testing.assert_allclose(found[target], got, rtol=1e-15)


def test_the_number_of_shares_changes_no_bit() -> None:
    program = traced(moved, *ARRAYS)
    found = [changed(shared(program, [0, 1, 4], n) or Shares(), ARRAYS) for n in (1, 2, 5)]
    for other in found[1:]:
        assert all(map(np.array_equal, found[0], other))


def test_what_is_written_is_written_in_the_last_stage() -> None:
    """A share that is still in an earlier stage reads what was there."""
    program = traced(moved, *ARRAYS)
    parted = shared(program, [0, 1, 4], 3)
    assert parted is not None
    first = [share.places[into].array for share in parted.stages[0] for into in share.into]
    assert min(first) >= len(ARRAYS)
    # A number is handed on to the very end: other shares read it in the last stage.
    assert [target for target, _ in parted.finals] == [4]


def test_stages_follow_each_other() -> None:
    def twice(p: Any, g: Any) -> list[Any]:
        scaled = g / tw.sum(g)
        return [p - scaled / tw.max(tw.abs(scaled - tw.mean(scaled)))]

    arrays = ARRAYS[0], ARRAYS[2]
    program = traced(twice, *arrays)
    parted = shared(program, [0], 2)
    assert parted is not None
    assert len(parted.stages) == 4
    np.testing.assert_allclose(
        changed(parted, list(arrays))[0], evaluate(program, arrays)[0], rtol=1e-14
    )


def test_rows_and_columns_stay_together() -> None:
    def normalized(p: Any, g: Any, v: Any) -> list[Any]:
        rows = tw.sum(g * g, axis=1)
        return [p - g / tw.sqrt(rows)[:, None], v * 2.0]

    arrays = [ARRAYS[0], ARRAYS[2], ARRAYS[1]]
    parted = shared(traced(normalized, *arrays), [0, 2], 2)
    assert parted is not None
    (stage,) = parted.stages
    assert (3, 4) in [s.shape for share in stage for s in share.program.inputs]
    found = changed(parted, arrays)
    np.testing.assert_allclose(
        found[0], evaluate(traced(normalized, *arrays), arrays)[0], rtol=1e-15
    )


def test_what_is_dear_is_not_computed_again() -> None:
    def costly(p: Any, g: Any) -> list[Any]:
        product = g @ tw.matrix_transpose(g) @ g
        return [p - product / tw.sum(product)]

    arrays = ARRAYS[0], ARRAYS[2]
    assert shared(traced(costly, *arrays), [0], 2) is None
    parted = shared(traced(lambda p, g: [p - g @ tw.matrix_transpose(g) @ g], *arrays), [0], 2)
    assert parted is not None
