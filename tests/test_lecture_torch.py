"""The lecture's second half, slide after slide, by the names of this library alone."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing

datasets = pytest.importorskip("sklearn.datasets")

EXPECTED = json.loads(
    Path(__file__).with_name("lecture").joinpath("expected.json").read_text(encoding="utf-8")
)


def tensors(found: dict[str, Any]) -> None:
    """Run the slides on tensors, their random stream from its seed on."""
    found["T01"], found["T02"], found["T03"] = (
        wing.zeros(3),
        wing.ones(3, 2),
        wing.empty(2, 2, 2).shape,
    )
    wing.manual_seed(1234)
    found["T05"] = wing.rand(2, 2, 2, 2)
    found["T06"], found["T07"] = wing.from_numpy(np.eye(3, 3)), wing.from_numpy(np.array([1, 2, 3]))
    found["T08"] = wing.rand(2, 3)
    found["T09"] = wing.ones(2, 2, dtype=tw.int64)
    a = wing.rand(2, 2)
    found["T10a"] = a.clone()
    found["T10b"] = wing.exp(a)
    assert wing.exp_(a) is a
    found["T10d"] = a
    a, b = wing.ones(2, 2), wing.rand(2, 2)
    found["T11b"], found["T11c"], found["T11d"] = b, a + b, a.clone()
    assert a.add_(b) is a
    found["T11e"] = a
    x = wing.zeros(3, 2)
    y = x.view(2, 3)
    found["T12a"] = y.clone()
    x.fill_(1)
    found["T12b"] = y
    x = wing.zeros(3, 2)
    y = x.t()
    found["T13a"] = x.view(6).clone()
    with pytest.raises(RuntimeError, match=r"view size is not compatible .* Use \.reshape"):
        y.view(6)
    found["T13b"] = None
    z = y.reshape(6)
    x.fill_(1)
    found["T13c"], found["T13d"] = y, z


def derivatives(found: dict[str, Any]) -> None:
    """Run the slides on the tape."""
    x = wing.linspace(0, 2, steps=21, requires_grad=True)
    y = (3 * x + 2).sum()
    y.backward()
    found["T15a"], found["T15b"] = x, x.grad
    x = wing.linspace(2, 1, steps=11, requires_grad=True)
    y = wing.linspace(1, 2, steps=11, requires_grad=True)
    z = tw.log(x * y)
    found["T16a"], found["T16b"], found["T16c"] = x, y, z
    below = z.grad_fn.next_functions
    deeper = below[0][0].next_functions
    found["T17"] = (
        [z.grad_fn.name(), [f.name() for f, _ in below], [f.name() for f, _ in deeper]],
        [[i for _, i in below], [i for _, i in deeper]],
    )
    out = z.sum()
    out.backward()
    found["T18a"], found["T18b"], found["T18c"] = out, y.grad, x.grad
    with pytest.warns(UserWarning, match=r"The \.grad attribute of a Tensor that is not a leaf"):
        found["T18d"] = z.grad
    x = wing.linspace(0, 2, steps=21, requires_grad=True)
    m = wing.rand(21, requires_grad=True)
    y = m * x + 2
    y.backward(wing.ones(21))
    found["T19a"], found["T19b"] = x.grad, m.grad

    def f(x: Any, y: Any) -> Any:
        return 3 * x + 1 + 2 * y**2 + x * y

    for x0 in (0.0, 1.0):
        for y0 in (0.0, 1.0):
            at = (wing.tensor([x0]), wing.tensor([y0]))
            found[f"T20 x={x0} y={y0}"] = wing.autograd.functional.jacobian(f, at)
    for x0 in (0.0, 1.0):
        at = (wing.tensor([x0]), wing.tensor([x0]))
        found[f"T21 x=y={x0}"] = wing.autograd.functional.hessian(f, at)


class Model(wing.nn.Module):
    def __init__(self, k: int, beta: Any = None) -> None:
        super().__init__()
        beta = wing.zeros(k, dtype=tw.float64) if beta is None else beta
        beta.requires_grad = True
        self.beta = wing.nn.Parameter(beta)

    def forward(self, X: Any) -> Any:
        return X @ self.beta

    def fit(self, X: Any, y: Any, opt: Any, n: int = 30) -> list[float]:
        losses = []
        for _ in range(n):
            loss = (self(X) - y).pow(2).sum()
            loss.backward()
            opt.step()
            opt.zero_grad()
            losses.append(loss.item())
        return losses


def regression(found: dict[str, Any]) -> None:
    """Run the slides on linear regression, by hand and with a module."""
    from sklearn.linear_model import LinearRegression

    X, y, coef = datasets.make_regression(
        n_samples=10000, n_features=20, n_informative=4, bias=3, noise=1, random_state=1234,
        coef=True,
    )  # fmt: skip
    X = np.c_[np.ones(len(y)), X]
    lm = LinearRegression(fit_intercept=False).fit(X, y)
    found["T22"], found["T22b"], found["T22c"] = ((y - X @ lm.coef_) ** 2).sum(), lm.coef_, coef
    Xt, yt = wing.from_numpy(np.array(X)), wing.from_numpy(y)
    k = Xt.shape[1]
    found["T23"] = [repr(Xt.shape), repr(yt.shape)]
    bt = wing.zeros(k, dtype=tw.float64, requires_grad=True)
    losses = []
    for i in range(31):
        loss = (Xt @ bt - yt).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        if i == 0:
            found["T24a"], found["T24b"] = loss.item(), bt.grad.clone()
        with tw.no_grad():
            bt -= 1e-5 * bt.grad
            bt.grad = None
        if i == 0:
            found["T24c"] = bt.detach().clone()
    found["T24d"], found["T25"] = losses[1], losses
    found["T26a"], found["T26b"] = bt.detach(), (Xt @ bt - yt).pow(2).sum().item()
    m = Model(k, wing.zeros(k, dtype=tw.float64))
    opt = wing.optim.SGD(m.parameters(), lr=1e-5)
    found["T28b"] = m.fit(Xt, yt, opt, n=30)
    found["T28a"], found["T28c"] = m.beta, opt
    found["T28d"] = [repr(m), [n for n, _ in m.named_parameters()], list(m.state_dict())]
    for rate, last in ((1e-7, 53246584.818), (1e-6, 18305951.391), (5e-5, 10105.859508383423)):
        m = Model(k)
        assert m.fit(Xt, yt, wing.optim.SGD(m.parameters(), lr=rate))[-1] == pytest.approx(last)


@pytest.fixture(scope="module")
def replayed() -> Iterator[dict[str, Any]]:
    """Everything the slides show, in their order, with PyTorch's default dtype."""
    before = wing.get_default_dtype()
    found: dict[str, Any] = {}
    wing.set_default_dtype(wing.float32)
    tw.set_printoptions(precision=5, linewidth=200)
    try:
        with warnings.catch_warnings():
            tensors(found)
            derivatives(found)
            regression(found)
        shown = {name: (value, repr(value)) for name, value in found.items()}
        yield shown
    finally:
        wing.set_default_dtype(before)
        tw.set_printoptions(profile="default")


def numbers(value: Any) -> np.ndarray[Any, Any]:
    return np.asarray(value.detach() if isinstance(value, wing.Tensor) else value)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_slide_shows_what_it_showed(name: str, replayed: dict[str, Any]) -> None:
    want, (value, text) = EXPECTED[name], replayed[name]
    if name == "T17":
        assert value == (want["names"], want["indices"])
    elif name in ("T13b", "T18d"):
        assert value is None
    elif name in ("T23", "T28d"):
        assert value == want["repr"]
    elif "bits" in want:
        array = numbers(value).ravel()
        exact = np.array(
            [int(b, 16) for b in want["bits"]], np.uint32 if array.itemsize == 4 else np.uint64
        ).view(array.dtype)
        # Reductions and logarithms round by the machine; all else is exact.
        np.testing.assert_allclose(array, exact, rtol=1e-12 if array.itemsize == 8 else 5e-7)
    elif "values" in want:
        np.testing.assert_allclose(numbers(value).ravel(), want["values"], rtol=1e-12, atol=1e-12)
    elif "value" in want:
        assert value == pytest.approx(want["value"], rel=1e-12)
    if "repr" in want and name not in ("T22", "T22b", "T23", "T24a", "T24d", "T26b", "T28d"):
        assert text == want["repr"]
    if "printed" in want:
        lines = [f"Step: {i},\tloss: {value[i]:.4f}" for i in range(0, 31, 5)]
        assert lines == want["printed"]


@pytest.mark.parametrize("name", ["T05", "T08", "T10a", "T11b", "T15a", "T19a", "T19b"])
def test_the_stream_and_the_spacing_are_exact(name: str, replayed: dict[str, Any]) -> None:
    found = numbers(replayed[name][0]).ravel().view(np.uint32)
    assert [f"{b:x}" for b in found.tolist()] == EXPECTED[name]["bits"]
