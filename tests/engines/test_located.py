"""Native programs in memory of the caller's."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compiler import shares
from thalweg.core.program import Program, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make
from thalweg.engines import located
from thalweg.engines.located import Located
from thalweg.errors import EngineError, IndexOutOfRange

Array = np.ndarray[Any, Any]


def traced(function: Callable[..., Any], *arrays: Array) -> Program:
    specs = [Spec(array.shape, array.dtype) for array in arrays]
    result, current, symbols = trace(lambda *given: function(*given), specs, make)
    return finish(current, symbols, [current.lift(tensor) for tensor in result])


def changed(
    function: Callable[..., Any], targets: list[int], *arrays: Array, threads: int = 1
) -> list[Array]:
    """Return arrays after a function's results were written over some of them."""
    memory = [array.copy() for array in arrays]
    program = traced(function, *arrays)
    Located(program, targets, threads).run([array.ctypes.data for array in memory], memory)
    return memory


x, y = np.arange(1.0, 8.0), np.arange(11.0, 18.0)


def test_arrays_are_exchanged() -> None:
    a, b = changed(lambda x, y: [y, x], [0, 1], x, y)
    np.testing.assert_array_equal([a, b], [y, x])


def test_one_result_for_two() -> None:
    a, b = changed(lambda x, y: [z := x + y, z], [0, 1], x, y)
    np.testing.assert_array_equal([a, b], [x + y, x + y])


def test_what_stays_is_left_alone() -> None:
    a, b = changed(lambda x, y: [x, x * y], [0, 1], x, y)
    np.testing.assert_array_equal([a, b], [x, x * y])


def test_an_array_is_read_in_another_order_than_it_is_written() -> None:
    square = np.arange(36.0).reshape(6, 6)
    (a,) = changed(lambda x: [tw.matrix_transpose(x)], [0], square)
    np.testing.assert_array_equal(a, square.T)
    (a,) = changed(lambda x: [x[::-1] + x], [0], x)
    np.testing.assert_array_equal(a, x[::-1] + x)
    (a,) = changed(lambda x: [tw.cumsum(x)], [0], x)
    np.testing.assert_array_equal(a, np.cumsum(x))
    (a,) = changed(lambda x: [tw.sort(-x)], [0], x)
    np.testing.assert_array_equal(a, np.sort(-x))
    (a,) = changed(lambda x: [x @ x], [0], square)
    np.testing.assert_allclose(a, square @ square)


def test_branches_and_loops_write_where_they_are_told() -> None:
    def stepped(x: Any, n: Any) -> list[Any]:
        grown = tw.fori_loop(0, 3, lambda i, v: v * 2.0, x)
        return [tw.cond(n > 0, lambda v: v + 1.0, lambda v: v - 1.0, grown), n - 1.0]

    a, n = changed(stepped, [0, 1], x, np.array(2.0))
    np.testing.assert_array_equal(a, 8.0 * x + 1.0)
    assert n == 1.0


def test_threads_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_LEAST", 2)
    monkeypatch.setattr(shares, "_LINE", 1)
    monkeypatch.setattr(located, "_FEW", 0)

    def step(p: Any, g: Any, count: Any) -> list[Any]:
        return [p - g / (tw.sqrt(tw.sum(g * g)) * count), count + 1.0]

    found = [changed(step, [0, 2], x, y, np.array(1.0), threads=n) for n in (1, 2, 4)]
    np.testing.assert_allclose(found[0][0], x - y / np.linalg.norm(y), rtol=1e-15)
    for other in found[1:]:
        assert all(map(np.array_equal, found[0], other))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
# JAX warns of forks wherever it was imported.
@pytest.mark.filterwarnings("ignore:os.fork")
def test_a_forked_process_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_LEAST", 2)
    monkeypatch.setattr(shares, "_LINE", 1)
    monkeypatch.setattr(located, "_FEW", 0)
    program = traced(lambda x: [x * 2.0], x)
    run = Located(program, [0], 2)
    memory = x.copy()
    run.run([memory.ctypes.data], memory)
    child = os.fork()
    if not child:
        run.run([memory.ctypes.data], memory)
        os._exit(0 if np.array_equal(memory, 4.0 * x) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_index_out_of_range_is_told() -> None:
    program = traced(lambda x, i: [tw.take(x, i)], x, np.zeros(7, np.int64))
    values, places = x.copy(), np.full(7, 9)
    with pytest.raises(IndexOutOfRange):
        Located(program, [0], 1).run([values.ctypes.data, places.ctypes.data], values)


def test_what_native_code_cannot_compute_is_refused() -> None:
    waves = np.zeros(4, complex)
    with pytest.raises(EngineError):
        Located(traced(lambda x: [tw.fft.fft(x)], waves), [0], 1)
