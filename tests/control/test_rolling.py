"""Loops of plain Python: the compiler finds them, and they mean what they meant unrolled."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.control.loops import counted_loop
from thalweg.control.repetition import periods
from thalweg.control.rolling import roll
from thalweg.core.program import Program, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make
from thalweg.engines.numpy import NumpyEngine
from thalweg.training.prepare import EVALUATIONS, STEPS

RNG = np.random.default_rng(7)
T = 128


def traced(function: Callable[..., Any], *arrays: np.ndarray[Any, Any]) -> Program:
    """Return the program of a function, rolled as all programs are."""
    specs = [Spec(array.shape, array.dtype) for array in arrays]
    result, current, symbols = trace(function, specs, make)
    return finish(current, symbols, [current.lift(as_tensor(result))])


def loops(program: Program) -> list[Any]:
    return [e for e in program.equations if e.primitive is counted_loop]


def first_order(w, y):
    h, total = 0.0, 0.0
    for t in range(len(y)):
        h = np.tanh(w[0] * h + w[1] * y[t])
        total = total + h * h
    return total


def three_lags(w, y):
    total = 0.0
    for t in range(3, len(y)):
        e = y[t] - w[0] * y[t - 1] - w[1] * y[t - 2] - w[2] * y[t - 3]
        total = total + e * e
    return total


def carried_lags(w, y):
    a, b, c, total = 0.1, 0.2, 0.3, 0.0
    for t in range(len(y)):
        a, b, c = np.tanh(w[0] * a + w[1] * b + w[2] * c + y[t]), a, b
        total = total + a
    return total


def exchanged(w, y):
    a, b = w[0], w[1]
    for t in range(len(y)):
        a, b = b + y[t], np.sin(a)
    return a * b


def stacked(w, y):
    h, found = w[0], []
    for t in range(len(y)):
        h = np.cos(h) * y[t]
        found.append(h)
    return np.sum(np.stack(found) * np.arange(len(y))) + np.mean(np.stack(found[3:]))


def summed_list(w, y):
    h, found = w[0], []
    for t in range(len(y)):
        h = np.cos(h) * y[t]
        found.append(h * h)
    return sum(found)


def some_results(w, y):
    h, found = w[0], []
    for t in range(len(y)):
        h = np.cos(h) * y[t]
        found.append(h)
    return found[3] * found[7] + found[-1] * found[-2] + found[0]


def counting(w, y):
    total = w[0]
    for t in range(len(y)):
        total = total * 0.5 + np.sin(y[t] * t) / (t + 1)
    return total


def backwards(w, y):
    h = w[0]
    for t in reversed(range(len(y))):
        h = np.tanh(h + w[1] * y[t])
    return h


def windows(w, y):
    total = 0.0
    for t in range(3, len(y)):
        total = total + np.tanh(np.sum(y[t - 3 : t] * w))
    return total


def strides(w, y):
    total = 0.0
    for t in range(0, len(y) - 1, 2):
        total = total + np.exp(-y[t] * w[0]) * y[t + 1]
    return total


def columns(w, y):
    x = np.reshape(y, (4, -1))
    h = np.zeros(4)
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] + w[0] * h)
    return np.sum(h)


def matrices(w, y):
    m = np.eye(2)
    x = np.reshape(y, (-1, 2, 2))
    for t in range(len(x)):
        m = m @ x[t] / 2 + w[0]
    return np.sum(m)


def invariant(w, y):
    h = 1.0
    for t in range(len(y)):
        h = np.exp(w[0]) * h / (1 + np.exp(w[1]) * h) + y[t] * np.sum(w)
    return h


def fixed_point(w, y):
    x = 1.0
    for _ in range(30):
        x = x - (x * x - w[0] ** 2 - 2) / (2 * x)
    return x * np.sum(y)


def peeled(w, y):
    h = 0.0
    for t in range(len(y)):
        h = y[0] if t == 0 else np.sin(h) + w[1] * y[t]
    return h


def held_numbers(w, y):
    numbers = np.cos(np.arange(len(y)) ** 2.0)
    h = w[0]
    for t in range(len(y)):
        h = np.tanh(h + numbers[t] * y[t])
    return h


ROLLED = [
    first_order, three_lags, carried_lags, exchanged, stacked, summed_list, some_results, counting,
    backwards, windows, strides, columns, matrices, invariant, fixed_point, peeled, held_numbers,
]  # fmt: skip


@pytest.mark.parametrize("loss", ROLLED, ids=lambda loss: loss.__name__)
def test_a_loop_of_python_becomes_a_loop_of_the_same_value(loss: Callable[..., Any]) -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=T)
    rolled = traced(loss, w, y)
    assert loops(rolled)
    assert len(rolled.equations) < 64
    wanted = loss(w, y)
    specs = [Spec(array.shape, array.dtype) for array in (w, y)]
    for engine in ("numpy", "native"):
        found = tw.jit(loss, engine=engine)(w, y)
        np.testing.assert_allclose(found, wanted, rtol=1e-13)
    del specs


@pytest.mark.parametrize("loss", ROLLED, ids=lambda loss: loss.__name__)
def test_derivatives_of_a_rolled_loop_are_those_of_the_turns(loss: Callable[..., Any]) -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=T)
    wanted = tw.value_and_grad(loss, argnums=(0, 1))(w, y)  # eagerly, turn by turn
    for engine in ("numpy", "native"):
        value, found = tw.jit(tw.value_and_grad(loss, argnums=(0, 1)), engine=engine)(w, y)
        np.testing.assert_allclose(value, wanted[0], rtol=1e-13)
        for mine, theirs in zip(found, wanted[1], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-12)


def test_a_gradient_has_the_loop_of_its_loss() -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=T)
    assert len(loops(traced(lambda w, y: tw.grad(first_order)(w, y)[0], w, y))) >= 2


@pytest.mark.parametrize("loss", [first_order, three_lags, columns, stacked])
def test_the_code_does_not_grow_with_the_turns(loss: Callable[..., Any]) -> None:
    w = RNG.normal(size=3)
    lengths = [len(traced(loss, w, RNG.normal(size=n)).equations) for n in (128, 256, 512)]
    assert lengths[0] == lengths[1] == lengths[2]


def test_second_derivatives_and_batches_of_a_rolled_loop() -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=T)
    wanted = tw.hessian(first_order)(w, y)
    np.testing.assert_allclose(tw.jit(tw.hessian(first_order))(w, y), wanted, rtol=1e-10)
    rows = RNG.normal(size=(5, T))
    batch = tw.jit(tw.vmap(tw.grad(first_order), in_axes=(None, 0)))(w, rows)
    each = np.stack([tw.grad(first_order)(w, row) for row in rows])
    np.testing.assert_allclose(batch, each, rtol=1e-11)


def growing(w, y):
    found = [w[0]]
    for t in range(12):
        found.append(np.sum(np.stack(found)) * y[t])
    return found[-1]


def shuffled(w, y):
    order = np.random.default_rng(0).permutation(T)
    h = w[0]
    for t in order:
        h = np.sin(h + y[t])
    return h


def alternating(w, y):
    h = w[0]
    for t in range(T):
        h = np.sin(h + y[t]) if (t * t) % 3 else np.cos(h - y[t])
    return h


@pytest.mark.parametrize("loss", [growing, shuffled, alternating])
def test_what_is_no_loop_stays_and_means_the_same(loss: Callable[..., Any]) -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=T)
    np.testing.assert_allclose(tw.jit(loss, engine="native")(w, y), loss(w, y), rtol=1e-13)
    wanted = tw.grad(loss)(w, y)
    np.testing.assert_allclose(tw.jit(tw.grad(loss), engine="native")(w, y), wanted, rtol=1e-11)


def other_of_the_same_value(v, x, y):
    h, total = 0.0, 0.0
    for t in range(len(y)):
        h = np.tanh(v * h + x * y[t])
        total = total + h * h
    return total


def detached(v, x, y):
    h, total = v * 0.1, 0.0
    for t in range(len(y)):
        h = np.tanh(v * h.detach() + v * y[t])
        total = total + h * h
    return total


def partly_unrecorded(v, x, y):
    h, total = v * 0.1, 0.0
    for t in range(len(y)):
        with tw.no_grad():
            g = np.sin(v) * h
        h = np.tanh(v * g + v * y[t])
        total = total + h * h
    return total


def unrecorded(v, x, y):
    with tw.no_grad():
        total = first_order([v, x], y)
    return total + v


def constant_to_derivatives(v, x, y):
    h, total = v * 0.1, 0.0
    for t in range(len(y)):
        h = np.tanh(v * tw.stop_gradient(h) + v * y[t])
        total = total + h * h
    return total


@pytest.mark.parametrize(
    "loss",
    [other_of_the_same_value, detached, partly_unrecorded, unrecorded, constant_to_derivatives],
)
def test_derivatives_are_cut_where_the_tape_was(loss: Callable[..., Any]) -> None:
    y = RNG.normal(size=T)

    def slope(x: Any) -> Any:
        # The loss uses the point both as its variable and as a value of outside.
        return tw.grad(lambda v: loss(v, x, y))(x)

    wanted = float(slope(tw.tensor(0.7)))
    for engine in ("numpy", "native"):
        np.testing.assert_allclose(tw.jit(slope, engine=engine)(0.7), wanted, rtol=1e-11)


def test_few_turns_are_left_unrolled() -> None:
    w, y = RNG.normal(size=3), RNG.normal(size=6)
    assert not loops(traced(first_order, w, y))


def test_a_loss_with_a_loop_of_python_is_fitted_natively() -> None:
    y = np.sin(np.arange(60) * 0.7)

    def loss(w, y):
        total = 0.0
        for t in range(2, len(y)):
            total = total + (y[t] - w[0] * y[t - 1] - w[1] * y[t - 2]) ** 2
        return total / len(y)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = tw.fit(loss, np.zeros(2), (y,), optimizer=tw.optim.adam(0.1), steps=2000)
    past = np.stack([y[1:-1], y[:-2]], axis=1)
    wanted = np.linalg.lstsq(past, y[2:], rcond=None)[0]
    np.testing.assert_allclose(fit.params, wanted, atol=1e-6)


def test_rolling_a_program_twice_changes_nothing() -> None:
    program = traced(three_lags, RNG.normal(size=3), RNG.normal(size=T))
    _, current, _ = trace(lambda: tw.zeros(()), [], make)
    assert roll(program, current) is program or len(roll(program, current).equations) <= len(
        program.equations
    )
    (found,) = NumpyEngine().compile(program)(np.ones(3), np.arange(float(T)))
    assert np.isfinite(found)


# ---- constants made in a turn


def of_eye(w: Any) -> Any:
    for _ in range(40):
        eye = np.eye(3)
        w = np.tanh(w @ (eye * 0.5)) + eye
    return np.sum(w)


def of_zeros(w: Any) -> Any:
    for _ in range(40):
        start = np.zeros((3, 3))
        start = start + w * 0.1
        w = np.tanh(start) * 0.5 + np.sin(w)
    return np.sum(w)


def of_jitter(w: Any) -> Any:
    total = 0.0
    for i in range(40):
        factor = np.linalg.cholesky((1.0 + 0.1 * i) * (w @ w.T) + 1e-3 * np.eye(3))
        total = total + np.sum(factor * np.ones((2, 3, 3))[0].T)
    return total


MAKING = [of_eye, of_zeros, of_jitter]
W = RNG.normal(size=(3, 3))


@pytest.mark.parametrize("loss", MAKING)
def test_a_loop_that_makes_constants_is_rolled(loss: Callable[..., Any]) -> None:
    program = traced(loss, W)
    both = traced(tw.grad(loss), W)
    assert len(loops(program)) == 1
    assert len(loops(both)) == 2
    assert len(program.inputs) <= 4
    for engine in ("native", "numpy"):
        np.testing.assert_allclose(tw.jit(loss, engine=engine)(W), loss(W), rtol=1e-12)
        found = tw.jit(tw.grad(loss), engine=engine)(W)
        np.testing.assert_allclose(found, tw.grad(loss)(W), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", MAKING)
def test_a_fit_whose_loss_makes_constants_in_a_loop_is_that_of_the_reference(
    loss: Callable[..., Any],
) -> None:
    run = {"optimizer": tw.optim.sgd(1e-3), "steps": 3}
    found, wanted = (tw.fit(loss, W, engine=engine, **run) for engine in ("native", "numpy"))
    np.testing.assert_allclose(found.params, wanted.params, rtol=1e-10)


def test_equal_arrays_that_somebody_else_has_stay_apart() -> None:
    kept = [np.zeros(3) for _ in range(40)]
    made: list[Any] = []

    def of_others(w: Any) -> Any:
        for array in kept:
            made.append(np.zeros(3))
            w = np.tanh(w + array) + made[-1]
        return np.sum(w)

    f = tw.jit(of_others, engine="native")
    x = np.array([0.1, -0.2, 0.3])
    f(x)
    kept[5] += 1.0
    made[7] += 2.0
    wanted = x
    for i in range(40):
        wanted = np.tanh(wanted + kept[i]) + made[i]
    np.testing.assert_allclose(f(x), np.sum(wanted), rtol=1e-12)


def test_constants_of_other_bits_stay_apart() -> None:
    def signs(w: Any) -> Any:
        total = 0.0
        for i in range(40):
            zero = np.full(3, -0.0 if i % 2 else 0.0)
            total = total + np.sum(np.copysign(w, zero)) * (i + 1.0)
        return total

    for engine in ("native", "numpy"):
        assert tw.jit(signs, engine=engine)(np.ones(3)) == signs(np.ones(3))


def _fitted(loss: Callable[..., Any], steps: int) -> int:
    """Return how many equations a step of a fit has, and see to it that it is right."""
    w, y = np.array([0.3, 0.2, 0.1]), RNG.normal(size=steps)
    fit = tw.fit(loss, w, (y,), optimizer=tw.optim.sgd(0.01), steps=1, progress=False)
    expected = tw.grad(loss)(w, y)
    np.testing.assert_allclose(fit.params, w - 0.01 * expected, rtol=1e-12)
    return len(STEPS.values()[-1].loop.step.equations)


@pytest.mark.parametrize("loss", [three_lags, carried_lags])
def test_a_fit_holds_nothing_of_the_turns_that_were_rolled_up(loss):
    assert _fitted(loss, 40) == _fitted(loss, 160) < 100


@pytest.mark.parametrize("loss", [three_lags, carried_lags])
def test_the_loss_of_validation_data_is_rolled_up_too(loss):
    w, y, other = np.array([0.3, 0.2, 0.1]), *RNG.normal(size=(2, T))
    fit = tw.fit(
        loss, w, (y,), validation=(other,), optimizer=tw.optim.sgd(0.0), steps=1, progress=False
    )
    assert fit.history.validation[-1] == pytest.approx(loss(w, other), rel=1e-12)
    assert len(EVALUATIONS.values()[-1].program.equations) < 64


@pytest.mark.parametrize("kinds", ["few", "many"])
def test_periods_are_those_that_counting_finds(kinds):
    rng = np.random.default_rng(3)
    for length in (0, 1, 5, 40, 200):
        found = rng.integers(0, 4 if kinds == "few" else 2000, length)
        if kinds == "many" and length == 200:
            found = np.tile(found[:23], 9)
        counts: Counter[int] = Counter()
        for size in (1, 3, 6):
            last: dict[tuple[int, ...], int] = {}
            for i in range(len(found) - size):
                window = tuple(found[i : i + size])
                if window in last:
                    counts[i - last[window]] += 1
                last[window] = i
        expected = [p for p, _ in counts.most_common(12) if p <= len(found) // 8]
        assert periods(found) == expected


# ---- series of numbers, of which some are equal by chance


@pytest.mark.parametrize("kind", ["array", "list"])
@pytest.mark.parametrize("rate", [0.3, 5.0, 1e6])
def test_a_loop_over_numbers_is_rolled_where_some_are_equal(kind: str, rate: float) -> None:
    counts = np.random.default_rng(2).poisson(rate, 120).astype(float)
    y = counts if kind == "array" else counts.tolist()

    def loss(w: Any) -> Any:
        total = 0.0
        for t in range(2, len(y)):
            e = y[t] - w[0] - w[1] * y[t - 1] - w[2] * y[t - 2]
            total = total + e * e
        return total

    w = np.array([0.3, 0.2, 0.1])
    program = traced(loss, w)
    assert len(loops(program)) == 1
    assert len(program.equations) < 24
    found = tw.jit(tw.value_and_grad(loss))(w)
    expected = tw.value_and_grad(loss)(w)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-10)
