"""Numbers that leave a function being differentiated: refused, so that no derivative is lost."""

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import GradientError
from thalweg.torch import nn

LEAVING: dict[str, Callable[[Any], Any]] = {
    "item": lambda x: x.item() * x,
    "float": lambda x: float(x) * x,
    "complex": lambda x: complex(x).real * x,
    "tolist": lambda x: x.tolist() * x,
    "numpy by force": lambda x: x.numpy(force=True) * x,
    "numpy": lambda x: x.numpy() * x,
    "np.array": lambda x: np.array(x) * x,
    "np.asarray of a list": lambda x: np.asarray([x, x]).sum() * x,
    "np.float64": lambda x: np.float64(x) * x,
    "math.exp": lambda x: math.exp(x) * x,
    "math.floor": lambda x: math.floor(x) * x,
    "Tensor": lambda x: tw.Tensor(x) * x,
    "tensor": lambda x: tw.tensor(x) * x,
    "tensor of a list": lambda x: tw.tensor([x, x]).sum() * x,
    "new_tensor": lambda x: wing.ones(1).new_tensor(x) * x,
    "scalar_tensor": lambda x: wing.scalar_tensor(x) * x,
    "Parameter": lambda x: nn.Parameter(x) * x,
    "Buffer": lambda x: nn.Buffer(x) * x,
    "copy": lambda x: copy.copy(x) * x,
    "deepcopy": lambda x: copy.deepcopy(x) * x,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)) * x,
    "dlpack": lambda x: tw.from_dlpack(x) * x,
    "NumPy's dlpack": lambda x: np.from_dlpack(x) * x,
    "bits": lambda x: wing.stack([x]).view(np.int64).view(np.float64),
    "arange": lambda x: tw.arange(x).sum() * x,
    "normal": lambda x: wing.normal(x, 1.0),
    "a view of memory written since": lambda x: _through_memory(x),
    "an inner function's value": lambda x: float(tw.value_and_grad(lambda y: y * x)(3.0)[0]) * x,
    "an element of an array": lambda x: _into_array(x),
}


def _through_memory(x: Any) -> Any:
    memory = tw.zeros(2)
    shown = memory[:1]
    memory += x
    return shown.item() * x


def _into_array(x: Any) -> Any:
    out = np.zeros(2)
    out[0] = float(x)
    return out.sum() * x


@pytest.mark.parametrize("name", LEAVING)
def test_a_number_that_would_lose_the_derivative_is_refused(name: str) -> None:
    function = LEAVING[name]
    with pytest.raises(GradientError, match=r"lost|leaves"):
        tw.grad(function)(2.5)
    with pytest.raises(GradientError):
        tw.vjp(function, 2.5)
    with pytest.raises(GradientError):
        tw.jvp(function, (2.5,), (1.0,))


STAYING: dict[str, tuple[Callable[[Any], Any], float]] = {
    "a comparison": (lambda x: x * x if x > 1 else x, 5.0),
    "a truth value": (lambda x: 2 * x if x else x, 2.0),
    "what is printed": (lambda x: 3 * x if repr(x) and str(x) else x, 3.0),
    "formatting": (lambda x: x * len(f"{x:.3f}") if f"{x}" else x, 5.0),
    "what is cut off": (lambda x: int(x) * x, 2.0),
    "a detached number": (lambda x: x.detach().item() * x, 2.5),
    "a number where nothing is recorded": (lambda x: _unrecorded(x) * x, 2.5),
    "asarray": (lambda x: tw.asarray(x) * x, 5.0),
    "array": (lambda x: tw.array([x, x]).sum() * x, 10.0),
    "where it sorts": (lambda x: x * np.searchsorted(tw.tensor([1.0, 2.0]), x), 2.0),
    "places": (lambda x: x * tw.argwhere(tw.stack([x, 0 * x])).size, 1.0),
    "a number of another's": (lambda x: tw.tensor(3.0).item() * x, 3.0),
}


def _unrecorded(x: Any) -> Any:
    with tw.no_grad():
        return x.item()


@pytest.mark.parametrize("name", STAYING)
def test_what_needs_no_derivative_stays_possible(name: str) -> None:
    function, slope = STAYING[name]
    assert float(tw.grad(function)(2.5)) == slope


def test_where_backward_will_be_called_numbers_may_be_taken_as_in_torch() -> None:
    x = tw.tensor(2.5, requires_grad=True)
    y = x * x
    assert (y.item(), float(y), y.tolist(), y.numpy(force=True)) == (6.25, 6.25, 6.25, 6.25)
    assert not tw.tensor(y).requires_grad
    (y * y.item()).backward()
    assert x.grad is not None
    assert x.grad.item() == 5 * 6.25


def test_after_the_function_has_ended_its_values_are_numbers() -> None:
    seen: list[Any] = []
    tw.grad(lambda x: seen.append(x * 2) or x**2)(2.5)
    assert seen[0].item() == 5.0


# ---- training runs

X = np.arange(12.0).reshape(6, 2) / 10
Y = X @ [1.0, 2.0]


def squared(params: Any, X: Any, Y: Any) -> Any:
    return np.mean((Y - X @ params) ** 2)


def run(params: Any = None, data: Any = None, rate: Any = 0.1, loss: Any = squared) -> Any:
    start = np.zeros(2) if params is None else params
    optimizer = tw.optim.sgd(rate)
    given = (X, Y) if data is None else (data, Y)
    return np.sum(
        np.asarray(tw.fit(loss, start, given, optimizer=optimizer, steps=2, progress=False).params)
    )


RUNS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "parameters": (lambda p: run(params=p), np.ones(2)),
    "data": (lambda x: run(data=x), X),
    "a rate": (lambda rate: run(rate=rate), 0.1),
    "a schedule's rate": (lambda rate: run(rate=lambda step: rate / (1 + step)), 0.1),
    "a penalty": (lambda c: run(loss=lambda p, X, Y: squared(p, X, Y) + c * np.sum(p**2)), 0.1),
    "a part of what is read": (
        lambda c: run(loss=lambda p, X, Y: squared(p, X, Y) + np.sum(p**2) * (c * 2)[0]),
        np.ones(2),
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_training_run_is_not_differentiated_and_says_so(name: str) -> None:
    function, at = RUNS[name]
    for _ in range(2):
        function(at)
        with pytest.raises(GradientError, match="a run is not differentiated"):
            tw.grad(function)(at)
        leaf = tw.tensor(at, requires_grad=True)
        with pytest.raises(GradientError, match="a run is not differentiated"):
            function(leaf * 1.0)


def test_a_module_that_is_not_trained_may_be_read_by_a_loss() -> None:
    teacher = nn.Linear(2, 1).double()

    def distilled(params: Any, X: Any, Y: Any) -> Any:
        return np.mean((X @ params - teacher(X)[:, 0]) ** 2)

    with pytest.warns(UserWarning, match=r"teacher\.weight"):
        assert np.isfinite(run(loss=distilled))


def test_a_run_written_out_is_differentiated() -> None:
    def trained(rate: Any) -> Any:
        optimizer, params = tw.optim.adam(rate), np.zeros(2)
        state = optimizer.init(params)
        for _ in range(3):
            gradient = tw.grad(lambda p: squared(p, X, Y))(params)
            updates, state = optimizer.update(gradient, state, params)
            params = tw.optim.apply_updates(params, updates)
        return np.sum(params)

    slope = (float(trained(0.1 + 1e-6)) - float(trained(0.1 - 1e-6))) / 2e-6
    assert float(tw.grad(trained)(0.1)) == pytest.approx(slope, 1e-6)
