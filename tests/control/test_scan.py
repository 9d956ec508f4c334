"""scan, fori_loop, map: what they refuse, what they keep, and where their loops run."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import thalweg as tw
import thalweg.torch
from tests.compiler.programs import program_of, spec
from thalweg.core.program import nested
from thalweg.engines.llvm.kernels.whole import registers
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError

_random = np.random.default_rng(1)
X = _random.normal(size=(6, 3))

each_engine = pytest.mark.parametrize("engine", ["numpy", "native"])


# ---- what is refused


def test_a_carry_that_changes_its_shape_is_refused_with_both_shapes() -> None:
    message = r"scan's function got the carry as float64\[3\] and returned it as float64\[6\]"
    with pytest.raises(ShapeError, match=message):
        tw.scan(lambda c, x: (np.concatenate([c, x]), None), X[0], X)


def test_a_carry_that_changes_its_dtype_is_refused_and_named() -> None:
    message = r"the carry\['b'\] as int64\[\] and returned it as float64\[\].*astype"
    with pytest.raises(ShapeError, match=message):
        tw.scan(lambda c, _: ({"b": c["b"] * 0.5}, None), {"b": np.int64(1)}, None, length=3)


def test_a_body_that_returns_another_structure_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"returned a carry of structure .*, but got one of"):
        tw.scan(lambda c, x: ((c, c), None), X[0], X)
    with pytest.raises(ArgumentError, match=r"returned Tensor; it wants a pair \(carry, y\)"):
        tw.scan(lambda c, x: c + x, X[0], X)


def test_rows_of_different_numbers_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"arrays of shapes \[\(6, 3\), \(5, 3\)\]"):
        tw.scan(lambda c, x: (c, x), 0.0, (X, X[:5]))
    with pytest.raises(ShapeError, match="length=4"):
        tw.scan(lambda c, x: (c, x), 0.0, X, length=4)
    with pytest.raises(ArgumentError, match="neither rows nor a length"):
        tw.scan(lambda c, x: (c, x), 0.0)
    with pytest.raises(ShapeError, match="along axis 0"):
        tw.scan(lambda c, x: (c, x), 0.0, 3.0)


@each_engine
def test_an_index_outside_its_axis_is_refused_inside_of_a_body(engine: str) -> None:
    def looked_up(table: Any, places: Any) -> Any:
        return tw.scan(lambda c, i: (c + tw.take(table, i, 0), None), np.zeros(3), places)[0]

    run = tw.jit(looked_up, engine=engine)
    np.testing.assert_allclose(run(X, np.array([5, 0, -1])), X[5] + X[0] + X[-1])
    with pytest.raises(IndexOutOfRange):
        run(X, np.array([0, 6, 1]))
    with pytest.raises(IndexOutOfRange):
        tw.scan(lambda c, i: (c + tw.asarray(X)[i], None), np.zeros(3), np.array([7]))


@each_engine
def test_what_no_turn_computes_is_not_refused(engine: str) -> None:
    def looked_up(start: Any, table: Any, i: Any, last: Any) -> Any:
        def turn(carry: Any) -> Any:
            count, total, place = carry
            return count + 1, total + tw.take(table, place, 0), place

        return tw.while_loop(lambda c: c[0] < last, turn, (0, start, i))[1]

    run = tw.jit(looked_up, engine=engine)
    assert run(1.0, np.ones(3), 7, 0) == 1.0
    with pytest.raises(IndexOutOfRange):
        run(1.0, np.ones(3), 7, 1)


# ---- first carries, kinds of results


def test_a_python_number_takes_the_dtype_of_what_replaces_it() -> None:
    def total(c: Any, x: Any) -> Any:
        return c + x, None

    assert tw.scan(total, 0, np.arange(3.0))[0].dtype == np.float64
    assert tw.scan(total, 0, np.arange(3))[0].dtype == np.int64
    assert tw.scan(total, 0.0, np.arange(3, dtype=np.float32))[0].dtype == np.float32
    assert tw.scan(lambda c, x: (c + 1, x), 0, X)[0] == 6
    assert tw.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * 2.0), (0, 1)) == (3, 8.0)
    assert tw.fori_loop(0, 3, lambda i, c: c + np.float32(2), 0.0).dtype == np.float32
    mixed = tw.scan(lambda c, x: ((c[1], c[0] + x), None), (0, 0.0), np.arange(4.0))[0]
    assert mixed == (np.float64(2.0), np.float64(4.0))


def test_of_the_wings_tensors_come_the_wings_tensors() -> None:
    seen = []

    def turn(carry: Any, x: Any) -> Any:
        seen.append(type(carry))
        return torch.sin(carry) + x, carry.unsqueeze(0)

    torch = thalweg.torch
    x = torch.tensor(X.tolist(), dtype=torch.float32, requires_grad=True)
    last, rows = tw.scan(turn, torch.zeros(3, dtype=torch.float32), x)
    assert type(last) is type(rows) is torch.Tensor is seen[0]
    assert (rows.dtype, tuple(rows.shape)) == (torch.float32, (6, 1, 3))
    last.sum().backward()
    first = tw.grad(
        lambda x: np.sum(tw.scan(lambda c, x: (np.sin(c) + x, None), np.zeros(3), x)[0])
    )
    np.testing.assert_allclose(np.asarray(x.grad), first(X), 1e-5, 1e-6)


def test_backward_goes_through_a_loop() -> None:
    start, rows = tw.tensor(X[0], requires_grad=True), tw.tensor(X, requires_grad=True)
    weight = tw.tensor(2.0, requires_grad=True)
    last, ys = tw.scan(lambda c, x: (c * weight + x, c * c), start, rows)
    (tw.sum(last) + tw.sum(ys)).backward()
    unrolled, total = X[0], []
    for row in X:
        total.append(unrolled * unrolled)
        unrolled = unrolled * 2.0 + row
    np.testing.assert_allclose(last.detach().numpy(), unrolled)
    np.testing.assert_allclose(ys.detach().numpy(), total)

    def plain(start: Any, rows: Any, weight: Any) -> Any:
        c, found = start, 0.0
        for i in range(6):
            found = found + tw.sum(c * c)
            c = c * weight + rows[i]
        return tw.sum(c) + found

    wanted = tw.grad(plain, (0, 1, 2))(X[0], X, np.float64(2.0))
    for leaf, slope in zip((start, rows, weight), wanted, strict=True):
        np.testing.assert_allclose(leaf.grad.numpy(), slope, rtol=1e-12)


def test_a_loop_may_be_run_in_several_threads() -> None:
    run = tw.jit(lambda x: tw.scan(lambda c, x: (np.tanh(c + x), c), x[0], x), engine="native")
    wanted, found = run(X)[1], [None] * 4

    def work(i: int) -> None:
        for _ in range(20):
            found[i] = run(X)[1]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(one, wanted) for one in found)


def test_rows_of_any_layout_are_read() -> None:
    run = tw.jit(lambda c, x: tw.scan(lambda c, x: (c + x, c * x), c, x), engine="native")
    for width in (3, 40):
        whole = _random.normal(size=(2 * width, 12))
        for rows in (whole.T[::2, ::2], whole.T[::-1, :width], whole[:width].T):
            start = np.ones(2 * rows.shape[1])[::2]
            last, ys = run(start, rows)
            np.testing.assert_allclose(last, start + rows.sum(0), 1e-12)
            before = start + np.concatenate([np.zeros_like(rows[:1]), np.cumsum(rows, 0)[:-1]])
            np.testing.assert_allclose(ys, before * rows, 1e-12)


@each_engine
def test_bounds_that_are_known_at_run_time_are_not_compiled_for(engine: str) -> None:
    traced = []

    def doubled(x: Any, last: Any) -> Any:
        traced.append(1)
        return tw.fori_loop(0, last, lambda i, c: c * 2 + i, x)

    run = tw.jit(doubled, engine=engine)
    for last in (0, 1, 5, 9, -3):
        wanted = 1.0
        for i in range(last):
            wanted = wanted * 2 + i
        assert run(1.0, last) == wanted
    assert len(traced) == 1


def test_a_map_in_batches_is_the_map() -> None:
    wanted = np.sin(X).sum(1)
    np.testing.assert_allclose(tw.map(lambda x: np.sum(np.sin(x)), X, batch_size=4), wanted)
    np.testing.assert_allclose(tw.map(lambda x: np.sum(np.sin(x)), X), wanted)


# ---- what is written natively


def two_layers(start: Any, w: Any, x: Any) -> Any:
    def turn(carry: Any, x: Any) -> Any:
        h, count, seen = carry
        after = np.tanh(w @ h + x) * 0.5 + h[::-1]
        return (after, count + 1, seen | (after[0] > 0)), (np.max(after), after * count, seen)

    return tw.scan(turn, (start, 1, False), x)


ARGUMENTS = (X[0], _random.normal(size=(3, 3)), X)


@pytest.mark.parametrize("reverse_mode", [False, True])
def test_loops_in_registers_and_in_memory_give_the_same(
    reverse_mode: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loss(*arguments: Any) -> Any:
        (h, _, _), (top, rows, _) = two_layers(*arguments)
        return np.sum(h) + np.sum(top * np.sum(rows, 1))

    function = tw.grad(loss, (0, 1, 2)) if reverse_mode else two_layers
    program = program_of(
        lambda *x: tuple(tw.tree.leaves(two_layers(*x))), spec(3), spec(3, 3), spec(6, 3)
    )
    (equation,) = [e for e in program.equations if any(nested(e))]
    assert registers.is_small(equation)
    first = tw.jit(function, engine="native")(*ARGUMENTS)
    monkeypatch.setattr(registers, "_MOST_ROWS", -1)
    assert not registers.is_small(equation)
    monkeypatch.setenv("THALWEG_CACHE_DIR", "")
    second = tw.jit(lambda *x: function(*x), engine="native")(*ARGUMENTS)
    for one, other in zip(tw.tree.leaves(first), tw.tree.leaves(second), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, 1e-12, 1e-14)


@pytest.mark.parametrize("labels", ["ik,kj->ij", "ik,jk->ij", "ki,kj->ij", "ki,jk->ji", "bk,k->b"])
@pytest.mark.parametrize(("n", "k", "m"), [(4, 4, 4), (3, 2, 1), (1, 3, 2), (5, 1, 6), (2, 4, 1)])
def test_products_in_registers_are_numpys_however_they_are_turned(
    labels: str, n: int, k: int, m: int
) -> None:
    extents = {"i": n, "b": n, "k": k, "j": m}
    left, right = (
        _random.normal(size=(6, *(extents[label] for label in part)))
        for part in labels.split("->")[0].split(",")
    )

    def products(x: Any, y: Any) -> Any:
        return tw.scan(lambda c, rows: (c + 1, np.einsum(labels, *rows)), 0, (x, y))[1]

    program = program_of(products, spec(*left.shape), spec(*right.shape))
    (equation,) = [e for e in program.equations if any(nested(e))]
    assert registers.is_small(equation)
    found = tw.jit(products, engine="native")(left, right)
    expected = [np.einsum(labels, *pair) for pair in zip(left, right, strict=True)]
    np.testing.assert_allclose(found, expected, 1e-13, 1e-13)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_are_divided_in_registers_as_numpy_divides_them(dtype: Any) -> None:
    lowest = np.iinfo(dtype).min

    def divided(a: Any, x: Any) -> Any:
        return tw.scan(lambda c, x: (c // x, tw.remainder(x, c)), a, x)

    a = np.array([7, 9, -11, lowest, 5], dtype)
    x = np.array([[0, 2, 3, -1, -2], [2, 1, 0, -1, 3]], dtype)
    with np.errstate(all="ignore"):
        wanted = tw.jit(divided, engine="numpy")(a, x)
    found = tw.jit(divided, engine="native")(a, x)
    for one, other in zip(tw.tree.leaves(found), tw.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(one, other)


def test_bodies_with_empty_arrays_compile() -> None:
    def function(c: Any, x: Any) -> Any:
        return tw.scan(lambda c, x: (c + tw.sum(x), np.concatenate([x, x])), c, x)

    for shape in ((4, 0), (0, 3), (0, 0)):
        last, rows = tw.jit(function, engine="native")(1.5, np.ones(shape))
        assert last == 1.5 + np.prod(shape)
        assert rows.shape == (shape[0], 2 * shape[1])


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint8, np.int16, np.uint64])
def test_narrow_dtypes_are_carried_natively(dtype: Any) -> None:
    def total(a: Any, x: Any) -> Any:
        return tw.scan(lambda c, x: (c + x, c), a, x)

    rows = np.array([1, 2, 3], dtype)
    for engine in ("native", "numpy"):
        last, found = tw.jit(total, engine=engine, fallback="refuse")(dtype(1), rows)
        assert (last, last.dtype, found.tolist(), found.dtype) == (7, dtype, [1, 2, 4], dtype)


# ---- derivatives


def saved(function: Any) -> int:
    """Return how many numbers the loops of a gradient stack for the way back."""
    program = program_of(tw.grad(function), spec(6, 3))
    (first, *_) = [e for e in program.equations if e.primitive.name == "counted_loop"]
    return sum(p.size for p in first.output.spec.parts[first.params["carries"] :])


def test_a_checkpoint_keeps_less_of_each_turn() -> None:
    def step(c: Any, x: Any) -> Any:
        return np.tanh(np.exp(np.sin(np.exp(c * x)))) * np.tanh(np.exp(x) * c)

    def loss(turn: Any) -> Any:
        return lambda x: np.sum(tw.scan(lambda c, x: (turn(c, x), None), np.ones(3), x)[0])

    plain, again = loss(step), loss(tw.checkpoint(step))
    np.testing.assert_allclose(tw.grad(again)(X), tw.grad(plain)(X), rtol=1e-12)
    native = tw.jit(tw.grad(again), engine="native")
    np.testing.assert_allclose(native(X), tw.grad(plain)(X), rtol=1e-12)
    assert saved(again) < saved(plain)
    assert saved(again) <= X.size


def test_a_long_loop_costs_nothing_to_trace() -> None:
    def loss(x: Any) -> Any:
        return tw.scan(lambda c, x: (np.sin(c) + x, None), 0.0, x)[0]

    for length in (10, 100_000):
        assert len(program_of(tw.grad(loss), spec(length)).equations) < 40
    x = np.full(100_000, 0.1)
    assert np.isfinite(tw.jit(tw.grad(loss), engine="native")(x)).all()
