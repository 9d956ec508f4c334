"""Programs of a block of rows as universal functions: any number of rows, wherever they lie."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.spec import Spec
from thalweg.engines.blocks import Blocks

RANDOM = np.random.default_rng(3)


def _elements(count: int) -> Any:
    shape = Spec((count,), np.dtype(np.float32))
    shared = Spec((), np.dtype(np.float32))
    found = Blocks(lambda x, y, c: x * c - y, [shape, shape, shared], [False, False, True], count)
    assert found.universal is not None
    return found.universal


def _rows(count: int, width: int) -> Any:
    spec = Spec((count, width), np.dtype(np.float64))
    found = Blocks(lambda x, y: tw.cumsum(x, -1) + tw.max(y, -1, keepdims=True), [spec, spec],
                   [False, False], count)  # fmt: skip
    assert found.universal is not None
    return found.universal


def _wanted(x: Any, y: Any) -> Any:
    return np.cumsum(x, -1) + y.max(-1, keepdims=True)


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 33])
def test_any_number_of_elements_and_rows(rows: int) -> None:
    x, y = RANDOM.standard_normal((2, rows)).astype(np.float32)
    c = np.float32(1.5)
    np.testing.assert_array_equal(_elements(8)(x, y, c), x * c - y)
    a, b = RANDOM.standard_normal((2, rows, 3))
    np.testing.assert_allclose(_rows(8, 3)(a, b), _wanted(a, b), rtol=1e-14)


def test_rows_that_do_not_follow_each_other() -> None:
    wide = RANDOM.standard_normal((40, 2, 3))
    x, y = wide[:, 0], wide[::-1, 1]
    np.testing.assert_allclose(_rows(8, 3)(x, y), _wanted(x, y), rtol=1e-14)
    plain = RANDOM.standard_normal((20, 30)).astype(np.float32)
    half = plain[:, ::2]
    found = _elements(8)(half, plain[:, :1], plain[0, 0])
    np.testing.assert_array_equal(found, half * plain[0, 0] - plain[:, :1])


def test_a_result_may_take_the_place_of_an_operand() -> None:
    x, y = RANDOM.standard_normal((2, 21)).astype(np.float32)
    wanted = x * np.float32(2) - y
    _elements(8)(x, y, np.float32(2), out=x)
    np.testing.assert_array_equal(x, wanted)


def test_an_axis_of_another_extent_is_refused() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        _rows(8, 3)(np.zeros((4, 5)), np.zeros((4, 5)))


def test_rows_without_room_on_the_stack_are_done_one_by_one() -> None:
    spec = Spec((1, 100_000), np.dtype(np.float64))
    blocks = Blocks(lambda x: tw.cumsum(x, -1), [spec], [False], 1)
    x = RANDOM.standard_normal((3, 100_000))
    assert blocks.universal is None
    np.testing.assert_allclose(blocks([x], 3), np.cumsum(x, -1), atol=1e-9)


def test_many_threads_call_at_the_same_time() -> None:
    run, found = _rows(8, 3), {}
    operands = [RANDOM.standard_normal((2, 5000, 3)) for _ in range(4)]

    def work(number: int) -> None:
        found[number] = [run(*operands[number]) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, (x, y) in enumerate(operands):
        for mine in found[number]:
            np.testing.assert_allclose(mine, _wanted(x, y), rtol=1e-14)
