"""Loops and guards run as often as they should; instructions sit as shallow as they can."""

import numpy as np
import pytest

from tests.engines.llvm.kernels import run
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value


def emitter() -> tuple[Emitter, Value, Value]:
    e = Emitter(Target.host())
    return e, e.parameter("x", "ptr"), e.parameter("n", "i64")


@pytest.mark.parametrize("trip", [1, 2, 7])
def test_a_loop_of_known_length_carries_its_values(trip: int) -> None:
    e, x, _ = emitter()
    index, (total,) = e.begin_loop(trip, [e.constant(10, "i64")])
    (total,) = e.end_loop([e.add(total, index)])
    e.store(total, x)
    run(e, [x], got := np.zeros(1, np.int64))
    assert got[0] == 10 + sum(range(trip))


@pytest.mark.parametrize("trip", [-1, 0, 1, 5])
def test_a_loop_whose_length_is_a_value_may_not_run_at_all(trip: int) -> None:
    e, x, n = emitter()
    index, (total,) = e.begin_loop(n, [e.constant(10, "i64")])
    e.store(index, e.element(x, e.add(index, 1), "i64"))
    (total,) = e.end_loop([e.add(total, index)])
    e.store(total, x)
    run(e, [x, n], got := np.full(8, -1, np.int64), trip)
    assert got[0] == 10 + sum(range(trip))
    np.testing.assert_array_equal(got[1:], [*range(trip), *[-1] * (7 - max(trip, 0))])


@pytest.mark.parametrize("n", [-3, 0, 4, 9, 50])
def test_a_loop_may_be_left_before_its_trip_is_over(n: int) -> None:
    e, x, bound = emitter()
    index, (total,) = e.begin_loop(10, [e.constant(0, "i64")])
    (total,) = e.end_loop([e.add(total, 1)], going=e.compare("slt", e.add(index, 1), bound))
    e.store(total, x)
    run(e, [x, bound], got := np.zeros(1, np.int64), n)
    assert got[0] == min(max(n, 1), 10)


def test_nested_loops_and_guards_compose() -> None:
    e, x, n = emitter()
    i, (outer,) = e.begin_loop(4, [e.constant(0, "i64")])
    j, (inner,) = e.begin_loop(n, [outer])
    e.begin_if(e.compare("slt", j, i))
    e.store(e.add(e.multiply(i, 10), j), e.element(x, i, "i64"))
    e.end_if()
    (inner,) = e.end_loop([e.add(inner, e.multiply(i, j))])
    (outer,) = e.end_loop([inner])
    e.store(outer, e.element(x, 4, "i64"))
    run(e, [x, n], got := np.full(5, -1, np.int64), 3)
    assert got.tolist() == [-1, 10, 21, 32, sum(i * j for i in range(4) for j in range(3))]


@pytest.mark.parametrize("condition", [0, 1])
def test_a_guard_may_have_results(condition: int) -> None:
    e, x, n = emitter()
    e.begin_if(e.compare("ne", n, 0))
    inside = e.load(x, "i64", cse=False)
    (result,) = e.end_if([e.add(inside, 1)], [e.constant(-5, "i64")])
    e.store(result, x)
    run(e, [x, n], got := np.array([41]), condition)
    assert got[0] == (42 if condition else -5)


def test_invariant_instructions_leave_the_loop_and_equal_ones_are_shared() -> None:
    e, x, _ = emitter()
    index, _ = e.begin_loop(8)
    a = e.sqrt(e.load(x, "f64"))
    b = e.sqrt(e.load(x, "f64"))
    varying = e.multiply(index, 2)
    e.store(a, e.element(x, varying, "f64"))
    assert a is b
    assert (a.depth, varying.depth) == (0, 1)
    e.end_loop()
    assert e.text().index("llvm.sqrt") < e.text().index("loop")


def test_values_of_a_closed_region_are_not_shared_with_its_sibling() -> None:
    e, x, _ = emitter()
    for _ in range(2):
        index, _ = e.begin_loop(2)
        e.store(e.add(e.multiply(index, 3), 1), e.element(x, index, "i64"))
        e.end_loop()
    run(e, [x], got := np.zeros(2, np.int64))
    assert got.tolist() == [1, 4]


def test_regions_opened_while_hoisted_run_before_the_inner_loop() -> None:
    e, x, n = emitter()
    index, _ = e.begin_loop(3)
    with e.hoisted(0):
        e.begin_if(e.compare("sgt", n, 0))
        (value,) = e.end_if([e.add(n, 100)], [n])
    assert value.depth == 0
    e.store(e.add(value, index), e.element(x, index, "i64"))
    e.end_loop()
    run(e, [x, n], got := np.zeros(3, np.int64), 5)
    assert got.tolist() == [105, 106, 107]


def test_regions_must_be_closed_as_they_were_opened() -> None:
    e, _, n = emitter()
    e.begin_loop(2, [n])
    with pytest.raises(RuntimeError, match="still open"):
        e.text()
    with pytest.raises(RuntimeError, match="one value for each"):
        e.end_loop()
    e.begin_loop(2)
    with pytest.raises(RuntimeError, match="begin_if"):
        e.end_if()
