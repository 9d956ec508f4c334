"""Errors and results go from one process to another with all they carry."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg import errors

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ [1.0, -2.0, 3.0]


def squared(w: Any, x: Any, y: Any) -> Any:
    return np.mean((x @ w - y) ** 2)


def fitted(rate: float, **options: Any) -> tw.Fit:
    given = {"optimizer": tw.optim.sgd(rate), "steps": 400, **options}
    return tw.fit(squared, np.zeros(3), (X, Y), engine="numpy", **given)


def kinds(owner: type = errors.ThalwegError) -> Iterator[type]:
    yield owner
    for kind in owner.__subclasses__():
        yield from kinds(kind)


def made(kind: Any) -> Any:
    if kind is errors.TrainingDiverged:
        return kind("message", step=3, params={"w": np.ones(2)}, fit="the fit")
    return kind("message")


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_every_error_is_pickled_whole(kind: Any, protocol: int) -> None:
    error = made(kind)
    error.note = "a note"
    error.add_note("another")
    for back in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(back) is kind
        assert str(back) == "message"
        assert vars(back).keys() == vars(error).keys()
        assert (back.note, back.__notes__) == ("a note", ["another"])


# Other libraries' threads are not used by the new process.
forking = [
    pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def marked(function: Any) -> Any:
    for mark in forking:
        function = mark(function)
    return function


@marked
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_returns_the_error_of_a_run_that_diverged(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        with pytest.raises(errors.TrainingDiverged, match="learning rate") as caught:
            pool.submit(fitted, 5.0).result(timeout=60)
        fine = pool.submit(fitted, 0.1).result(timeout=60)
    here = caught.value
    with pytest.raises(errors.TrainingDiverged) as direct:
        fitted(5.0)
    assert here.step == direct.value.step == here.fit.steps
    np.testing.assert_array_equal(here.params, direct.value.params)
    np.testing.assert_array_equal(here.fit.history.loss, direct.value.fit.history.loss)
    np.testing.assert_array_equal(fine.params, fitted(0.1).params)


@marked
def test_pool_map_does_not_hang() -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool, pytest.raises(errors.TrainingDiverged):
        pool.map_async(fitted, [0.1, 5.0]).get(timeout=60)


class Line(NamedTuple):
    slope: Any
    intercept: Any


def straight(p: Line, x: Any, y: Any) -> Any:
    return np.mean((x @ p.slope + p.intercept - y) ** 2)


def test_a_fit_is_pickled_and_continued() -> None:
    schedule = tw.optim.sgd(lambda step: 0.1 / (1 + 0.01 * step))
    options: dict[str, Any] = {"batch_size": 8, "engine": "numpy", "validation": (X, Y)}
    start = Line(tw.zeros(3), 0.0)
    for optimizer in (tw.optim.adam(0.1), schedule):
        given = {**options, "optimizer": optimizer}
        found = tw.fit(straight, start, (X, Y), epochs=2, **given)
        back = pickle.loads(pickle.dumps(found))
        assert type(back.params) is Line
        assert repr(back) == repr(found)
        for name in ("params", "best_params", "opt_state"):
            mine, theirs = getattr(found, name), getattr(back, name)
            assert tw.tree.structure(mine) == tw.tree.structure(theirs)
            for a, b in zip(tw.tree.leaves(mine), tw.tree.leaves(theirs), strict=True):
                np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
        np.testing.assert_array_equal(back.history.validation, found.history.validation)
        one = tw.fit(straight, start, (X, Y), epochs=1, resume=back, **given)
        other = tw.fit(straight, start, (X, Y), epochs=1, resume=found, **given)
        np.testing.assert_array_equal(one.history.loss, other.history.loss)


def test_an_interruption_carries_its_fit() -> None:
    def stop(info: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        fitted(0.1, callbacks=stop, evaluate_every=10)
    back = pickle.loads(pickle.dumps(caught.value))
    np.testing.assert_array_equal(back.fit.params, caught.value.fit.params)
