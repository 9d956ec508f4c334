"""scikit-learn, joblib and pools of processes take functions and results as they are."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

joblib = pytest.importorskip("joblib")
sklearn = pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, RegressorMixin, clone  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402
from sklearn.metrics import make_scorer, mean_squared_error  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def joblib_leaves_no_processes() -> Iterator[None]:
    """End joblib's pool, which would stay for as long as the interpreter and its other tests."""
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


RNG = np.random.default_rng(5)
X = RNG.normal(size=(90, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.3
POINTS = list(RNG.normal(size=(4, 3)) + 3.0)


class Ridge(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A line through the data, with a penalty, found by `fit`."""

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha = alpha

    def fit(self, X: Any, y: Any) -> Ridge:
        def loss(p: Any, X: Any, y: Any) -> Any:
            return np.mean((y - X @ p["w"] - p["b"]) ** 2) + self.alpha * np.sum(p["w"] ** 2)

        start = {"w": np.zeros(X.shape[1]), "b": 0.0}
        found = tw.fit(loss, start, (X, y), optimizer=tw.optim.adam(0.1), epochs=100)
        self.coef_, self.intercept_ = found.params["w"], found.params["b"]
        return self

    def predict(self, X: Any) -> Any:
        return X @ self.coef_ + self.intercept_


def test_an_estimator_over_fit_is_cross_validated_and_searched() -> None:
    found = cross_validate(Ridge(), X, Y, cv=3)["test_score"]
    wanted = cross_validate(LinearRegression(), X, Y, cv=3)["test_score"]
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    assert GridSearchCV(Ridge(), {"alpha": [0.0, 1.0]}, cv=2).fit(X, Y).best_params_["alpha"] == 0.0
    fitted = pickle.loads(pickle.dumps(clone(Ridge(0.1)).fit(X, Y)))
    assert type(fitted.coef_) is np.ndarray


@pytest.mark.parametrize("compiled", [lambda f: f, tw.jit], ids=["eager", "jit"])
def test_functions_are_transformers_and_scorers(compiled: Any) -> None:
    powers = compiled(tw.vmap(lambda row: np.concatenate([row, row**2])))
    line = make_pipeline(FunctionTransformer(powers, validate=True), StandardScaler(), Ridge())
    assert clone(line).fit(X, Y).score(X, Y) == pytest.approx(1.0, abs=1e-3)
    error = compiled(lambda y, predicted: np.mean((y - predicted) ** 2))
    scorer = make_scorer(error, greater_is_better=False)
    found = cross_validate(LinearRegression(), X, Y**2, cv=3, scoring=scorer)["test_score"]
    wanted = cross_validate(
        LinearRegression(), X, Y**2, cv=3, scoring="neg_mean_squared_error"
    )["test_score"]  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_results_and_tensors_go_into_estimators() -> None:
    slopes = tw.vmap(tw.grad(lambda x: np.sum(np.sin(x))))(X)
    found = LinearRegression().fit(slopes, tw.jit(np.tanh)(Y))
    wanted = LinearRegression().fit(np.cos(X), np.tanh(Y))
    np.testing.assert_allclose(found.coef_, wanted.coef_, rtol=1e-10)
    of_tensors = LinearRegression().fit(tw.Tensor(X), tw.Tensor(Y))
    np.testing.assert_allclose(of_tensors.coef_, [1.0, -2.0, 0.5], rtol=1e-10)
    assert mean_squared_error(tw.Tensor(Y), tw.Tensor(Y) + 1) == pytest.approx(1.0)
    assert [len(part) for part in train_test_split(tw.Tensor(X), Y, test_size=30)] == [60, 30] * 2


@tw.jit
def decorated(x: Any) -> Any:
    """Sum of squares."""
    return np.sum(x**2)


TRANSFORMED = [
    tw.grad(np.linalg.norm),
    tw.value_and_grad(np.linalg.norm),
    tw.jacobian(np.cumprod),
    tw.jacfwd(np.cumprod),
    tw.hessian(np.linalg.norm),
    tw.vmap(np.tanh),
    tw.jit(np.tanh),
    tw.jit(tw.value_and_grad(np.linalg.norm)),
    tw.grad(tw.jit(np.linalg.norm), has_aux=False),
    wing.func.grad_and_value(np.linalg.norm),
    decorated,
]


@pytest.mark.parametrize("function", TRANSFORMED)
def test_transformed_functions_are_pickled_by_what_made_them(function: Any) -> None:
    again = pickle.loads(pickle.dumps(function))
    for one, other in zip(
        tw.tree.leaves(again(POINTS[0])), tw.tree.leaves(function(POINTS[0])), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert copy.deepcopy(function) is function
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_a_transformed_function_is_a_method_where_it_stands_in_a_class() -> None:
    class Scaled:
        factor = 3.0

        @tw.jit
        def times(self, x: Any) -> Any:
            return self.factor * x

    assert Scaled().times(X).tolist() == (3.0 * X).tolist()


# JAX, where another test imported it, warns of every fork.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_pools_of_processes_map_functions_over_arrays(how: str) -> None:
    both = tw.value_and_grad(np.linalg.norm)
    with multiprocessing.get_context(how).Pool(2) as pool:
        found = pool.map_async(both, POINTS).get(60)
        compiled = pool.map_async(tw.jit(both), [tw.Tensor(point) for point in POINTS]).get(60)
    for (value, gradient), (other, slope), point in zip(found, compiled, POINTS, strict=True):
        assert value == pytest.approx(np.linalg.norm(point), rel=1e-14)
        np.testing.assert_allclose(gradient, point / np.linalg.norm(point), rtol=1e-14)
        assert type(gradient) is np.ndarray
        assert type(other) is type(slope) is tw.Tensor


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_runs_functions_and_returns_results(backend: str) -> None:
    both = tw.jit(tw.value_and_grad(np.linalg.norm))
    calls = (joblib.delayed(both)(point) for point in POINTS)
    for (value, gradient), point in zip(
        joblib.Parallel(2, backend=backend)(calls), POINTS, strict=True
    ):
        assert value == pytest.approx(np.linalg.norm(point), rel=1e-14)
        assert type(gradient) is np.ndarray
