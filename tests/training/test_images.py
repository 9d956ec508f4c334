"""Networks of images train natively, and as PyTorch trains them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.random import keyed
from thalweg.torch.functions.pooling import avg_pool2d, max_pool2d
from thalweg.torch.functions.windows import conv2d

torch: Any = pytest.importorskip("torch")
functional: Any = pytest.importorskip("torch.nn.functional")

SHAPES = {"a": (4, 1, 3, 3), "b": (4,), "c": (6, 4, 3, 3), "d": (6,), "e": (5, 24), "f": (5,)}


def drawn() -> tuple[dict[str, Any], Any, Any]:
    rng = np.random.default_rng(0)
    params = {name: 0.3 * rng.normal(size=shape) for name, shape in SHAPES.items()}
    return params, rng.normal(size=(50, 1, 8, 8)), rng.integers(0, 5, 50)


def classified(z: Any, y: Any) -> Any:
    return -tw.mean(tw.take_along_axis(tw.log_softmax(z, axis=1), y[:, None], axis=1))


@pytest.mark.parametrize("batch_size", [5, 10])
def test_a_small_lenet_trains_as_by_pytorch(batch_size: int, engine: str) -> None:
    params, X, y = drawn()

    def loss(p: Any, X: Any, y: Any) -> Any:
        h = max_pool2d(tw.tanh(conv2d(X, p["a"], p["b"], padding=1)), 2)
        h = avg_pool2d(tw.relu(conv2d(h, p["c"], p["d"], padding=1)), 2)
        return classified(tw.reshape(h, (h.shape[0], -1)) @ p["e"].T + p["f"], y)

    fitted = tw.fit(
        loss, params, (X, y), optimizer=tw.optim.sgd(0.1, momentum=0.9), epochs=2,
        batch_size=batch_size, shuffle=False, engine=engine,
    )  # fmt: skip
    p = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    sgd = torch.optim.SGD(p.values(), lr=0.1, momentum=0.9)
    for start in [*range(0, 50, batch_size)] * 2:
        rows = slice(start, start + batch_size)
        h = functional.conv2d(torch.tensor(X[rows]), p["a"], p["b"], padding=1)
        h = functional.conv2d(functional.max_pool2d(torch.tanh(h), 2), p["c"], p["d"], padding=1)
        h = functional.avg_pool2d(torch.relu(h), 2).flatten(1)
        sgd.zero_grad()
        functional.cross_entropy(h @ p["e"].T + p["f"], torch.tensor(y[rows])).backward()
        sgd.step()
    for name, value in p.items():
        found = np.asarray(fitted.params[name])
        np.testing.assert_allclose(found, value.detach().numpy(), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("batch_size", [4, 16])
def test_normalised_batches_and_dropped_pixels_train_natively(batch_size: int) -> None:
    params, X, y = drawn()
    params |= {"g": np.ones(4)}

    def loss(p: Any, X: Any, y: Any) -> Any:
        h = conv2d(X, p["a"], padding="same")
        h = h - tw.mean(h, axis=(0, 2, 3), keepdims=True)
        h = h / tw.sqrt(tw.mean(h**2, axis=(0, 2, 3), keepdims=True) + 1e-5)
        h = tw.relu(h * tw.reshape(p["g"], (4, 1, 1)) + tw.reshape(p["b"], (4, 1, 1)))
        kept = keyed.bernoulli(keyed.fold_in(keyed.key(1), 3), 0.9, h.shape)
        h = max_pool2d(tw.where(kept, h / 0.9, 0.0), 3, 2, 1)
        h = tw.relu(conv2d(h, p["c"], p["d"], stride=2, padding=1))
        h = tw.reshape(h, (h.shape[0], -1))
        return classified(h @ p["e"].T + p["f"], y)

    def fitted(engine: str) -> Any:
        found = tw.fit(
            loss, params, (X, y), optimizer=tw.optim.adam(1e-2), epochs=2,
            batch_size=batch_size, engine=engine,
        )  # fmt: skip
        return found.params

    native, reference = fitted("native"), fitted("numpy")
    for name in params:
        found, wanted = np.asarray(native[name]), np.asarray(reference[name])
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-11)
