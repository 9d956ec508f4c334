"""Every transformation, attached to parameters, does what it does in the functional habit."""

from typing import Any

import numpy as np
import pytest

from tests.optim.samples import OPTIMIZERS, TRANSFORMATIONS, Sample, listed
from thalweg import optim
from thalweg import torch as wing

STEPS = 6
# Its labels are of the nested parameters of the other tests; the others want the loss.
LEFT_OUT = ("partition", "polyak_sgd", "scale_by_polyak")
FLAT = {k: v for k, v in (OPTIMIZERS | TRANSFORMATIONS).items() if k not in LEFT_OUT}


def values() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shapes = {"matrix": (3, 2), "vector": (4,), "scalar": (), "layer": (2, 1, 2)}
    return {name: np.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}


def gradients(params: dict[str, Any], step: int) -> dict[str, Any]:
    return {name: p * np.cos(step + p) for name, p in params.items()}


@pytest.mark.parametrize("sample", listed(FLAT))
def test_an_attached_transformation_steps_as_the_functional_one(sample: Sample) -> None:
    transformation = sample(optim)
    params: Any = values()
    state = transformation.init(params)
    attached = {name: wing.tensor(p, requires_grad=True) for name, p in params.items()}
    optimizer = wing.optim.Optimizer(attached.items(), transformation)
    for step in range(STEPS):
        found = {name: p.numpy(force=True) for name, p in attached.items()}
        for name, g in gradients(found, step).items():
            attached[name].grad = wing.tensor(g)
        optimizer.step()
        updates, state = transformation.update(gradients(params, step), state, params)
        new = optim.apply_updates(params, updates)
        params = {name: np.asarray(p) for name, p in new.items()}
    for name, p in attached.items():
        np.testing.assert_allclose(p.numpy(force=True), params[name], rtol=1e-12, atol=1e-14)
