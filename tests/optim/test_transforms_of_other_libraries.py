"""Updates inside of derivatives and batches of JAX and PyTorch: as thalweg's own on NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import EXTRA, OPTIMIZERS, Sample, listed
from thalweg import optim

ROWS = 3

RANDOM = np.random.default_rng(5)
START = {"matrix": RANDOM.normal(size=(3, 2)), "vector": RANDOM.normal(size=4)}
START |= {"scalar": np.asarray(0.4), "layer": RANDOM.normal(size=(2, 1, 2))}
GRADIENT = tw.tree.map(lambda p: RANDOM.normal(size=p.shape), START)
BATCH = tw.tree.map(lambda p: RANDOM.normal(size=(ROWS, *p.shape)), START)

# One sample of a row; those that Optax deprecated are the others' twins.
SAMPLES = listed({k: v[len(v) // 2 :][:1] for k, v in OPTIMIZERS.items() if k != "optimistic_adam"})

each_optimizer = pytest.mark.parametrize("sample", SAMPLES)


def moved(sample: Sample) -> Callable[[Any, Any], Any]:
    """Return what a second step makes of parameters and a gradient: the updates."""
    optimizer = sample(optim)

    def updates(start: Any, gradient: Any) -> Any:
        state = optimizer.init(start)
        found, state = optimizer.update(gradient, state, start, **EXTRA)
        values = optim.apply_updates(start, found)
        return optimizer.update(gradient, state, values, **EXTRA)[0]

    return updates


def weighted(sample: Sample) -> Callable[[Any, Any], Any]:
    """Return a number made of the updates, of which there is a derivative."""

    def total(start: Any, gradient: Any) -> Any:
        leaves = tw.tree.leaves(moved(sample)(start, gradient))
        return sum((i + 1.0) * (leaf**2).sum() for i, leaf in enumerate(leaves))

    return total


def of_torch(tree: Any) -> Any:
    torch = pytest.importorskip("torch")
    return tw.tree.map(lambda x: torch.from_numpy(np.array(x)), tree)


def check(found: Any, wanted: Any) -> None:
    for x, y in zip(tw.tree.leaves(found), tw.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(x), y, rtol=1e-9, atol=1e-11)


@each_optimizer
def test_derivatives_in_pytorch(sample: Sample) -> None:
    torch = pytest.importorskip("torch")
    slopes = torch.func.grad(weighted(sample), (0, 1))(of_torch(START), of_torch(GRADIENT))
    check(slopes, tw.grad(weighted(sample), (0, 1))(START, GRADIENT))


@each_optimizer
def test_batches_in_pytorch(sample: Sample) -> None:
    torch = pytest.importorskip("torch")
    found = torch.func.vmap(moved(sample), (None, 0))(of_torch(START), of_torch(BATCH))
    rows = [moved(sample)(START, tw.tree.map(lambda x, i=i: x[i], BATCH)) for i in range(ROWS)]
    check(found, tw.tree.map(lambda *parts: np.stack(parts), *rows))


@pytest.mark.sampled(6)
@each_optimizer
def test_derivatives_and_batches_in_jax(sample: Sample) -> None:
    jax = pytest.importorskip("jax")

    @jax.jit
    def everything(start: Any, gradient: Any, batch: Any) -> Any:
        slopes = jax.grad(weighted(sample), (0, 1))(start, gradient)
        return slopes, jax.vmap(moved(sample), (None, 0))(start, batch)

    with jax.enable_x64():
        slopes, found = everything(START, GRADIENT, BATCH)
    check(slopes, tw.grad(weighted(sample), (0, 1))(START, GRADIENT))
    rows = [moved(sample)(START, tw.tree.map(lambda x, i=i: x[i], BATCH)) for i in range(ROWS)]
    check(found, tw.tree.map(lambda *parts: np.stack(parts), *rows))
