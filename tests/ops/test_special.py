"""SciPy's functions on tensors: values, and derivatives by differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from scipy.optimize import minimize

import thalweg as tw
from thalweg.testing import check_gradients

P = np.array([0.2, 0.5, 0.9])
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "expit": (scipy.special.expit, (P,)),
    "log_expit": (scipy.special.log_expit, (P,)),
    "logit": (scipy.special.logit, (P,)),
    "xlogy": (scipy.special.xlogy, (np.array([0.5, 1.0, 2.0]), P)),
    "erf": (scipy.special.erf, (P,)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_scipy_work_on_tensors(name: str) -> None:
    function, operands = FUNCTIONS[name]
    found = function(*map(tw.Tensor, operands))
    np.testing.assert_allclose(found.numpy(), function(*operands), rtol=1e-14)
    check_gradients(lambda *xs: np.sum(function(*xs)), *operands)


def test_nothing_times_the_logarithm_of_nothing_is_nothing() -> None:
    found, gradient = tw.value_and_grad(lambda y: np.sum(scipy.special.xlogy(tw.zeros(2), y)))(
        np.array([0.0, -1.0])
    )
    assert found.item() == 0.0
    assert gradient.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("method", ["BFGS", "CG", "L-BFGS-B", "trust-ncg"])
def test_gradients_and_hessians_serve_scipys_minimizers(method: str) -> None:
    def rosenbrock(x: Any) -> Any:
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    gradient, hessian = tw.grad(rosenbrock), None
    if method == "L-BFGS-B":  # its compiled part takes NumPy's arrays alone
        gradient = lambda x: np.asarray(tw.grad(rosenbrock)(x))
    if method == "trust-ncg":
        hessian = tw.hessian(rosenbrock)
    found = minimize(rosenbrock, np.zeros(3), jac=gradient, hess=hessian, method=method, tol=1e-9)
    np.testing.assert_allclose(found.x, 1.0, rtol=1e-4)


def test_a_compiled_value_and_gradient_serve_scipys_minimizers() -> None:
    both = tw.jit(tw.value_and_grad(lambda x: np.sum((x - 1.0) ** 4)))
    found = minimize(both, np.zeros(3), jac=True, method="BFGS", tol=1e-12)
    np.testing.assert_allclose(found.x, 1.0, rtol=1e-3)


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(tw.errors.ShapeError, match=r"weights of shape \(2,\) .* \(2, 3\) and axis"):
        np.average(tw.ones((2, 3)), weights=np.ones(2))


def test_arrays_are_equal_in_shape_and_elements() -> None:
    x = tw.Tensor([1.0, np.nan])
    assert not np.array_equal(x, x)
    assert np.array_equal(x[:1], np.array([1.0]))
    assert not np.array_equal(x[:1], np.ones((1, 1)))
