"""Writes and sums at positions, running sums, products and extremes, recurrences."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.loops import check_loop, spec_of
from tests.fuzz.guard import Guarded
from thalweg.engines.llvm.code.assembly import Assembly
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target
from thalweg.errors import IndexOutOfRange, UnsupportedOperation
from thalweg.ops.index.items import put_at
from thalweg.ops.index.take import combine_at, scatter_add, scatter_add_along_axis
from thalweg.ops.reduce.scans import index_of_running_extreme
from thalweg.ops.reduce.sums import cumulative_product, recurrence
from thalweg.testing import check_engines_agree, check_gradients

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("columns", [1, 3, 8, 9, 65])
def test_rows_are_added_in_order_also_where_they_repeat(columns: int, dtype: Any) -> None:
    x, u = (RANDOM.integers(-9, 9, (n, columns)).astype(dtype) for n in (6, 20))
    i = RANDOM.integers(-6, 6, 20)
    check_engines_agree(
        lambda x, i, u: (
            scatter_add(x, i, u, axis=0),
            scatter_add(x * x, i, u + u, axis=0),
            scatter_add(x.T, i, u.T, axis=1),
            scatter_add(x[:, 0], i, u[:, 0], axis=0),
            scatter_add(x, i[3], u[0], axis=0),
        ),
        x,
        i,
        u,
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_with_positions_of_any_shape(axis: int) -> None:
    x = RANDOM.normal(size=(3, 4, 5))
    i = RANDOM.integers(0, 3, (2, 7))
    u = RANDOM.normal(size=(*x.shape[:axis], 2, 7, *x.shape[axis + 1 :]))
    check_engines_agree(lambda x, i, u: scatter_add(x, i, u, axis=axis), x, i, u)
    along = RANDOM.integers(-3, 3, (*x.shape[:axis], 6, *x.shape[axis + 1 :]))
    v = RANDOM.normal(size=along.shape)
    check_engines_agree(lambda x, i, u: scatter_add_along_axis(x, i, u, axis=axis), x, along, v)


def test_a_position_out_of_range_adds_nothing_outside() -> None:
    program = program_of(
        lambda x, i, u: (scatter_add(x, i, u, axis=0), x + 1.0),
        *map(spec_of, (np.zeros(4), np.zeros(2, int), np.zeros(2))),
    )
    compiled = NativeEngine().compile(program)
    for wrong in (4, -5, 2**40):
        with pytest.raises(IndexOutOfRange):
            compiled(np.zeros(4), np.array([0, wrong]), np.ones(2))
    assert compiled(np.zeros(4), np.array([0, -1]), np.ones(2))[0].tolist() == [1.0, 0, 0, 1.0]


@pytest.mark.parametrize("shape", [(40, 8), (40, 3), (40,)])
def test_a_table_learns_at_the_rows_it_was_read(shape: tuple[int, ...]) -> None:
    def step(E: Any, items: Any, y: Any, rate: Any, rows: Any) -> Any:
        def loss(E: Any) -> Any:
            return np.mean((E[items[rows]].reshape((len(rows), -1)).sum(1) - y[rows]) ** 2)

        value, gradient = tw.value_and_grad(loss)(E)
        return E - rate * gradient, value

    E, items, y = RANDOM.normal(size=shape), RANDOM.integers(-40, 40, 90), RANDOM.normal(size=90)
    check_loop(step, [E], [items, y], [0.1], rows=90, batch=8, steps=30, rtol=1e-10)


@pytest.mark.parametrize("shape", [(1,), (9,), (200,), (5, 1), (1, 5), (3, 33), (4, 5, 17), (0, 3)])
def test_running_sums_and_extremes_along_each_axis(shape: tuple[int, ...]) -> None:
    x = RANDOM.normal(size=shape)
    # Ties: the first one counts.
    i = RANDOM.integers(0, 3, shape)
    for axis in range(len(shape)):
        if shape[axis]:
            check_engines_agree(
                lambda x, i, axis=axis: (
                    np.cumsum(x, axis),
                    np.cumsum(np.exp(x) + i, axis),
                    np.argmax(x, axis),
                    np.argmin(x * x, axis),
                    np.argmax(i, axis),
                    np.argmin(i > 1, axis),
                ),
                x,
                i,
            )
    check_engines_agree(lambda x: (np.argmax(x), np.argmin(x), np.cumsum(x)), RANDOM.normal(size=9))


def test_the_first_nan_is_the_extreme() -> None:
    x = RANDOM.normal(size=(4, 20))
    x[0, 3] = x[0, 7] = x[1, 0] = x[2, 19] = np.nan
    for axis in (0, 1):
        check_engines_agree(
            lambda x, axis=axis: (np.argmax(x, axis), np.argmin(x, axis), np.cumsum(x, axis)), x
        )


KINDS = [np.float64, np.float32, np.int64, np.int32, np.bool_, np.float16, np.uint8]


@pytest.mark.parametrize("dtype", KINDS)
def test_elements_are_replaced_and_combined_in_order_wherever_their_places_say(dtype: Any) -> None:
    for shape, places in (((7,), (20,)), ((3, 5), (2, 9)), ((1,), ()), ((4, 1, 3), (0,))):
        x, v = (RANDOM.integers(0, 4, s).astype(dtype) for s in (shape, places))
        size = int(np.prod(shape))
        i = RANDOM.integers(-size, size, places)

        def changed(x: Any, i: Any, v: Any) -> Any:
            found = [put_at(x, i, v), put_at(x, i[..., None][..., 0], v)]
            return [*found, *(combine_at(x, i, v, how=how) for how in COMBINING)]

        check_engines_agree(changed, x, i, v)
        put = x.copy().ravel()
        for place, value in zip(i.ravel(), v.ravel(), strict=True):
            put[place] = value
        found = tw.jit(put_at, engine="native")(x, i, v)
        np.testing.assert_array_equal(found, put.reshape(shape))


COMBINING = ("multiply", "maximum", "minimum")


def test_nan_and_infinities_are_combined_as_numpy_does() -> None:
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5])
    x, v = np.repeat(special, 6), np.tile(special, 6)
    for how in COMBINING:
        combined = functools.partial(combine_at, how=how)
        found = tw.jit(combined, engine="native")(x, np.arange(36), v)
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(found, getattr(np, how)(x, v))


@pytest.mark.parametrize("write", [put_at, functools.partial(combine_at, how="maximum")])
def test_a_place_out_of_range_writes_nothing_outside(write: Any) -> None:
    compiled = tw.jit(lambda x, i, v: write(x, i, v) + 1.0, engine="native")
    for wrong in (6, -7, 2**40):
        for engine in ("numpy", "native"):
            with pytest.raises(IndexOutOfRange):
                tw.jit(write, engine=engine)(np.zeros((2, 3)), np.array([0, wrong]), np.ones(2))
    found = compiled(np.zeros((2, 3)), np.array([0, -1]), np.ones(2))
    assert found.ravel().tolist() == [2.0, 1, 1, 1, 1, 2.0]


def test_writes_touch_no_memory_but_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = Guarded()
    guarded.engine(monkeypatch)
    for n in (1, 3, 8, 65):
        x, v, i = RANDOM.normal(size=n), RANDOM.normal(size=2 * n), RANDOM.integers(-n, n, 2 * n)
        given = list(map(guarded.copy, (x, i, v)))
        check_engines_agree(
            lambda x, i, v: (put_at(x, i, v), combine_at(x, i, v, how="multiply"), np.cumprod(x)),
            *given,
        )


def test_writes_one_after_another_change_one_array_in_place() -> None:
    def changed(x: Any, i: Any, v: Any) -> Any:
        y = np.exp(x)
        for k in range(5):
            y[i[k]] = v[k]
            np.maximum.at(y, i[k + 1], v[k])
        return y

    x, v, i = RANDOM.normal(size=30), RANDOM.normal(size=9), RANDOM.integers(-30, 30, 9)
    check_engines_agree(changed, x, i, v)
    program = program_of(changed, *map(spec_of, (x, i, v)))
    assembly = Assembly(Target.host())
    step = assembly.step(program, {}, 0, {}, False)
    written = [e.output for e in step.program.equations if e.primitive.role == "scatter"]
    assert len(written) == 10
    assert len({step.storage.offsets[symbol] for symbol in written}) == 1


def test_what_is_read_after_a_write_is_not_overwritten_by_it() -> None:
    def changed(x: Any, i: Any, v: Any) -> Any:
        y = np.exp(x)
        z = put_at(y, i, v)
        w = put_at(z, i + 1, v)
        return np.sum(y) + z, put_at(w, i[:2], w[i[:2] * 0]), w[::-1] * y

    x, v, i = RANDOM.normal(size=30), RANDOM.normal(size=9), RANDOM.integers(0, 29, 9)
    check_engines_agree(changed, x, i, v)


def test_a_loop_writes_one_element_a_step_into_its_state() -> None:
    def step(x: Any, y: Any, rate: Any, rows: Any) -> Any:
        x = put_at(x, rows, y[rows] * rate)
        x = combine_at(x, rows[:2], y[rows[:2]] - 1.0, how="minimum")
        return x, np.sum(x)

    y = RANDOM.normal(size=90)
    check_loop(step, [np.zeros(90)], [y], [0.5], rows=90, batch=8, steps=30, rtol=1e-12)


def test_derivatives_of_writes_compile_and_so_in_batches() -> None:
    i = np.array([3, 0, 3, -1, 2])

    def put(x: Any, v: Any, i: Any) -> Any:
        y = x * x
        y[i] = v * v
        y[i[0], 0] = v[1, 1] * 2.0
        return np.sin(y)

    def combined(x: Any, v: Any, i: Any) -> Any:
        y = x * 1.0
        np.multiply.at(y, i, v)
        np.add.at(y, (i, 1), v[:, 0])
        z = x + 0.0
        np.maximum.at(z, i[:2], 0.1 * v[:2])
        np.put_along_axis(z, np.abs(i[None, :2] % 2), v[:1, :2], axis=1)
        return y * np.cos(z)

    x, v = RANDOM.normal(size=(5, 2)), RANDOM.normal(size=(5, 2))
    weight = np.cos(np.arange(10.0)).reshape(5, 2)
    for function in (put, combined):

        def loss(x: Any, v: Any, i: Any, function: Any = function) -> Any:
            return np.sum(weight * function(x, v, i))

        slopes = tw.grad(loss, argnums=(0, 1))
        check_engines_agree(slopes, x, v, i)
        check_gradients(lambda x, v, loss=loss: loss(x, v, tw.Tensor(i)), x, v)
        curve = tw.grad(lambda x, v, i, s=slopes: np.sum(s(x, v, i)[0] ** 2), argnums=(0, 1))
        check_engines_agree(curve, x, v, i, rtol=1e-11)
        several = np.stack([i, i[::-1], np.zeros_like(i)])
        batch = np.stack([x, -x, 2 * x])
        check_engines_agree(tw.vmap(function), batch, np.stack([v, v, -v]), several)
        found = tw.jit(tw.vmap(function), engine="native")(batch, np.stack([v, v, -v]), several)
        np.testing.assert_allclose(found[1], function(tw.Tensor(-x), tw.Tensor(v), i[::-1]))


def test_a_traced_mask_is_written_where_it_holds() -> None:
    def rectified(x: Any, row: Any) -> Any:
        y = x * 2.0
        y[y < 0] = 0.25
        y[np.sum(y, 1) > 1.0] = row
        y[y[:, 0] > 0.3] = row[None] * 2.0
        return y

    x, row = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=3)
    wanted = rectified(x, row)
    for function in (tw.jit(rectified, engine="native"), tw.jit(rectified, engine="numpy")):
        np.testing.assert_allclose(function(x, row), wanted)
    check_engines_agree(tw.grad(lambda r, x: np.sum(rectified(x, r) ** 2)), row, x)

    def each(x: Any) -> Any:
        x = x * 1.0
        x[x > 0] = np.arange(3.0)
        return x

    with pytest.raises(UnsupportedOperation, match="mask"):
        tw.jit(each)(row)


@pytest.mark.parametrize("shape", [(1,), (9,), (70,), (3, 33), (4, 5, 17), (0, 3), (2, 0)])
def test_running_products_extremes_and_recurrences_along_each_axis(shape: tuple[int, ...]) -> None:
    x, a = RANDOM.normal(size=shape), RANDOM.normal(size=shape)
    i = RANDOM.integers(0, 3, shape)
    if x.size:
        x.ravel()[RANDOM.integers(0, x.size, 1 + x.size // 9)] = np.nan
    for axis in range(len(shape)):
        check_engines_agree(
            lambda x, i, a, axis=axis: [
                cumulative_product(x, axis=axis),
                cumulative_product(i, axis=axis),
                recurrence(np.cos(a), x, axis=axis),
                recurrence(np.cos(a), a, axis=axis)[::-1],
                *(
                    index_of_running_extreme(y, axis=axis, largest=largest)
                    for y in (x, i, i > 0, a)
                    for largest in (True, False)
                ),
            ],
            x,
            i,
            a,
        )
