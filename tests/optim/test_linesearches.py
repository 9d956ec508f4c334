"""Line searches and L-BFGS: Optax's steps, states and failures."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.optimize

import thalweg as tw
from tests.optim.samples import SEARCHING, Sample, listed, params
from thalweg import optim
from thalweg.errors import ArgumentError, CallError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


class Problem(NamedTuple):
    """A loss, of a library's functions and parameters, and where to begin."""

    loss: Callable[[Any, Any], Any]
    start: Any


def rosenbrock(np_: Any, w: Any) -> Any:
    return np_.sum(100.0 * (w[1:] - w[:-1] ** 2) ** 2 + (1.0 - w[:-1]) ** 2)


PROBLEMS = {
    "rosenbrock": Problem(rosenbrock, np.array([-1.2, 1.0, 0.3])),
    "tree": Problem(
        lambda np_, w: np_.sum((w["a"] - 3.0) ** 4) + np_.cosh(w["b"][0] - 1.0),
        {"a": np.array([0.0, 1.0]), "b": [np.float64(3.0)]},
    ),
    "domain": Problem(lambda np_, w: np_.sum(w - np_.log(w)), np.array([0.05, 4.0])),
    "below": Problem(lambda np_, w: -np_.sum(w), np.array([1.0, 2.0])),
}

STEPS = 6

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "backtracking": lambda o: o.chain(o.sgd(1.0), o.scale_by_backtracking_linesearch(15)),
    "backtracking, kept": lambda o: o.chain(
        o.sgd(0.5),
        o.scale_by_backtracking_linesearch(
            4, 0.3, 0.5, 2.0, max_learning_rate=3.0, atol=1e-3, rtol=1e-4, store_grad=True
        ),
    ),
    "zoom": lambda o: o.chain(o.sgd(1.0), o.scale_by_zoom_linesearch(15)),
    "zoom, strict": lambda o: o.chain(
        o.sgd(1.0),
        o.scale_by_zoom_linesearch(
            25, 4.0, 1e-6, 3.0, 1e-3, 0.01, None, 1e-7, initial_guess_strategy="one"
        ),
    ),
    "zoom, short": lambda o: o.chain(
        o.sgd(0.01), o.scale_by_zoom_linesearch(2, curv_rtol=1e-3, stepsize_precision=10.0)
    ),
    "zoom, wrong way": lambda o: o.chain(o.scale(1.0), o.scale_by_zoom_linesearch(3)),
    "lbfgs": lambda o: o.lbfgs(),
    "lbfgs, two": lambda o: o.lbfgs(0.7, memory_size=2, scale_init_precond=False),
    "lbfgs, backtracking": lambda o: o.lbfgs(
        memory_size=3, linesearch=o.scale_by_backtracking_linesearch(20)
    ),
}

PAIRS = [
    *((name, "rosenbrock") for name in OPTIMIZERS),
    *((name, "tree") for name in ("backtracking, kept", "zoom", "lbfgs")),
    *((name, "domain") for name in ("backtracking", "zoom, strict")),
    *((name, "below") for name in ("zoom, strict", "zoom")),
]


def optax_course(name: str, problem: Problem) -> list[Any]:
    """Return parameters and states of Optax after each step."""
    solver = OPTIMIZERS[name](optax)

    def loss(w: Any) -> Any:
        return problem.loss(jax.numpy, w)

    @jax.jit
    def step(w: Any, state: Any) -> Any:
        value, grad = jax.value_and_grad(loss)(w)
        updates, state = solver.update(grad, state, w, value=value, grad=grad, value_fn=loss)
        return optax.apply_updates(w, updates), state

    w = jax.tree.map(jax.numpy.asarray, problem.start)
    state, found = solver.init(w), []
    for _ in range(STEPS):
        w, state = step(w, state)
        found.append((w, state))
    return found


def stepper(name: str, problem: Problem) -> tuple[Any, Callable[..., Any]]:
    """Return an optimizer of ours and its step."""
    solver = OPTIMIZERS[name](optim)

    def loss(w: Any) -> Any:
        return problem.loss(tw, w)

    def step(w: Any, state: Any) -> Any:
        value, grad = tw.value_and_grad(loss)(w)
        updates, state = solver.update(grad, state, w, value=value, grad=grad, value_fn=loss)
        return optim.apply_updates(w, updates), state

    return solver, step


def assert_same(ours: Any, theirs: Any, tolerance: float) -> None:
    mine, others = tw.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(mine) == len(others)
    for a, b in zip(mine, others, strict=True):
        assert np.asarray(a).dtype == b.dtype
        np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "problem"), PAIRS)
def test_steps_are_those_of_optax(name: str, problem: str) -> None:
    with jax.enable_x64(True):
        expected = optax_course(name, PROBLEMS[problem])
    solver, step = stepper(name, PROBLEMS[problem])
    compiled = tw.jit(step, engine="native", fallback="refuse")
    w = PROBLEMS[problem].start
    state = solver.init(w)
    for theirs in expected:
        w, state = compiled(w, state)
        # Steps to a minimum of a cubic or by a difference of gradients lose digits.
        assert_same((w, state), theirs, 1e-8)


@pytest.mark.parametrize("name", ["backtracking, kept", "zoom", "lbfgs, two"])
def test_eager_steps_are_the_compiled_ones(name: str) -> None:
    solver, step = stepper(name, PROBLEMS["tree"])
    compiled = tw.jit(step)
    w = PROBLEMS["tree"].start
    here, there = (w, solver.init(w)), (w, solver.init(w))
    for _ in range(3):
        here, there = step(*here), compiled(*there)
    for a, b in zip(tw.tree.leaves(here), tw.tree.leaves(there), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)


def test_states_have_the_fields_of_optax() -> None:
    for name in (
        *("ScaleByBacktrackingLinesearchState", "ScaleByZoomLinesearchState"),
        *("ScaleByLBFGSState", "ZoomLinesearchInfo"),
    ):
        assert getattr(optim, name)._fields == getattr(optax, name)._fields


def test_lbfgs_finds_a_minimum_in_few_steps() -> None:
    solver, step = stepper("lbfgs", PROBLEMS["rosenbrock"])
    w = PROBLEMS["rosenbrock"].start
    state, compiled = solver.init(w), tw.jit(step)
    for _ in range(80):
        w, state = compiled(w, state)
    np.testing.assert_allclose(w, np.ones(3), atol=1e-9)


def test_a_fit_searches_along_the_loss_of_its_batch() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5))
    y = (x @ np.arange(5.0) + rng.logistic(size=200) > 0).astype(float)

    def loss(beta: Any, x: Any, y: Any) -> Any:
        errors = tw.losses.sigmoid_binary_cross_entropy(x @ beta, y)
        return tw.mean(errors) + 1e-3 * tw.sum(beta**2)

    least = scipy.optimize.minimize(loss, np.zeros(5), (x, y), jac=tw.grad(loss), tol=1e-10)
    for search in (optim.scale_by_zoom_linesearch(20), optim.scale_by_backtracking_linesearch(15)):
        solver = optim.lbfgs(linesearch=search)
        fit = tw.fit(loss, np.zeros(5), (x, y), optimizer=solver, epochs=20)
        np.testing.assert_allclose(fit.params, least.x, atol=1e-6)
    halves = tw.fit(loss, np.zeros(5), (x, y), optimizer=optim.lbfgs(), batch_size=100, epochs=1)
    assert np.isfinite(halves.params).all()


def test_a_fit_of_a_module_searches_too() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3)).astype(np.float32)
    y = x @ np.array([[1.0], [2.0], [-1.0]], np.float32) + 0.5
    model = tw.torch.nn.Linear(3, 1)
    loss = tw.torch.nn.MSELoss()
    tw.fit(model, (x, y), loss=loss, optimizer=optim.lbfgs(), epochs=8)
    np.testing.assert_allclose(model.weight.detach().numpy(), [[1.0, 2.0, -1.0]], atol=1e-3)


def test_further_arguments_go_to_the_loss() -> None:
    def loss(w: Any, target: Any) -> Any:
        return tw.sum((w - target) ** 2)

    w, target = np.zeros(2), np.array([1.0, 2.0])
    value, grad = tw.value_and_grad(loss)(w, target)
    for search in (optim.scale_by_zoom_linesearch(9), optim.scale_by_backtracking_linesearch(9)):
        given = {"value": value, "grad": grad, "value_fn": loss}
        others = {"obj_fn": loss, "grad_fn": tw.grad(loss)}  # for other transformations of a chain
        updates, _ = search.update(-0.5 * grad, search.init(w), w, **given, target=target, **others)
        np.testing.assert_allclose(updates, target)
        with pytest.raises(CallError, match="Unexpected keyword arguments passed to"):
            search.update(-grad, search.init(w), w, **given, target=target, others=1.0)


def test_a_failed_search_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    w = np.array([1.0, 2.0])
    value, grad = tw.value_and_grad(lambda w: tw.sum(w**2))(w)
    given = {"value": value, "grad": grad, "value_fn": lambda w: tw.sum(w**2)}
    search = optim.scale_by_zoom_linesearch(3, verbose=True)
    search.update(grad, search.init(w), w, **given)
    assert "not a descent direction" in capsys.readouterr().out
    other = optim.scale_by_backtracking_linesearch(3, verbose=True)
    other.update(grad, other.init(w), w, **given)
    assert "failed to find a stepsize" in capsys.readouterr().out
    other.update(-0.5 * grad, other.init(w), w, **given)
    assert capsys.readouterr().out == ""


def test_arguments_outside_their_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="memory_size must be >= 1"):
        optim.scale_by_lbfgs(0)
    with pytest.raises(ArgumentError, match="initial_guess_strategy='two'"):
        optim.scale_by_zoom_linesearch(3, initial_guess_strategy="two")
    with pytest.raises(ArgumentError, match="increase_factor=0"):
        optim.scale_by_backtracking_linesearch(3, increase_factor=0.0)


@pytest.mark.parametrize("sample", listed({"scale_by_lbfgs": SEARCHING["scale_by_lbfgs"]}))
def test_directions_are_those_of_optax(sample: Sample) -> None:
    rng, ours = np.random.default_rng(1), sample(optim)
    values = params()
    state = ours.init(values)
    step = tw.jit(ours.update, engine="native", fallback="refuse")
    with jax.enable_x64(True):
        theirs = sample(optax)
        update, others = jax.jit(theirs.update), jax.tree.map(jax.numpy.asarray, values)
        expected = theirs.init(others)
        for _ in range(8):
            gradient = tw.tree.map(lambda p: rng.normal(size=p.shape), values)
            updates, state = step(gradient, state, values)
            found, expected = update(gradient, expected, others)
            assert_same((updates, state), (found, expected), 1e-10)
            assert type(state).__name__ == type(expected).__name__
            values = optim.apply_updates(values, updates)
            others = optax.apply_updates(others, found)


@pytest.mark.parametrize("sample", listed(SEARCHING))
def test_they_print_compare_and_are_pickled(sample: Sample) -> None:
    made = sample(optim)
    names = {name: getattr(optim, name) for name in optim.__all__}
    assert eval(repr(made), names) == made == pickle.loads(pickle.dumps(made))
    assert made.rebuild(list(made.hyperparameters.values())) == made


@pytest.mark.parametrize("name", SEARCHING)
def test_arguments_are_those_of_optax(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(o, name)).parameters for o in (optim, optax))
    assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]
    for mine, other in zip(ours.values(), theirs.values(), strict=True):
        assert mine.name == "linesearch" or mine.default == other.default


def test_they_print_as_they_were_made() -> None:
    assert repr(optim.lbfgs(memory_size=3)) == "lbfgs(memory_size=3)"
    search = optim.scale_by_zoom_linesearch(max_linesearch_steps=5, tol=0.1)
    assert repr(search) == "scale_by_zoom_linesearch(max_linesearch_steps=5, tol=0.1)"
