"""Every transformation of this folder runs inside the native loop, without a call back."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import OWN_TRANSFORMATIONS, TRANSFORMATIONS
from thalweg import optim

SAMPLES = {
    f"{name}-{i}": sample
    for name in (
        "MultiSteps", "adaptive_grad_clip", "apply_if_finite", "conditionally_mask",
        "conditionally_transform", "flatten", "freeze", "keep_params_nonnegative", "monitor",
        "selective_transform", "snapshot", "zero_nans",
    )
    for i, sample in enumerate((TRANSFORMATIONS | OWN_TRANSFORMATIONS)[name])
}  # fmt: skip

X = np.random.default_rng(0).normal(size=(12, 3))


def loss(p: Any, x: Any) -> Any:
    out = x @ p["matrix"] + p["vector"][:2] + p["scalar"]
    return (out**2).mean() + (p["layer"] ** 2).sum()


def start() -> Any:
    rng = np.random.default_rng(1)
    shapes = {"matrix": (3, 2), "vector": (4,), "scalar": (), "layer": (2, 1)}
    return {name: np.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}


@pytest.mark.filterwarnings("ignore:The loss rose")  # not every sample descends
@pytest.mark.parametrize("name", SAMPLES)
def test_a_native_fit_equals_the_reference(name: str) -> None:
    def fitted(engine: str) -> Any:
        return tw.fit(
            loss, start(), (X,), optimizer=SAMPLES[name](optim), batch_size=4, epochs=4,
            shuffle=False, engine=engine, fallback="refuse",
        )  # fmt: skip

    native, reference = fitted("native"), fitted("numpy")
    pairs = zip(
        tw.tree.leaves((native.params, native.opt_state)),
        tw.tree.leaves((reference.params, reference.opt_state)),
        strict=True,
    )
    rtol = 1e-6 if "MultiSteps-2" in name else 1e-11
    for a, b in pairs:
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=1e-12)
