"""Empty trees, None, complex and half-precision leaves in the transformations of this folder."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

MAKERS: dict[str, Callable[[Any], Any]] = {
    "adaptive_grad_clip": lambda o: o.adaptive_grad_clip(0.1),
    "zero_nans": lambda o: o.zero_nans(),
    "keep_params_nonnegative": lambda o: o.keep_params_nonnegative(),
    "apply_if_finite": lambda o: o.apply_if_finite(o.trace(0.9), 2),
    "conditionally_mask": lambda o: o.conditionally_mask(o.trace(0.9), lambda step: step > 0),
    "conditionally_transform": lambda o: o.conditionally_transform(
        o.trace(0.9), lambda step: step > 0
    ),
    "MultiSteps": lambda o: o.MultiSteps(o.trace(0.9), 2, accumulator_dtype=None),
    "freeze": lambda o: o.freeze(True),
    "selective_transform": lambda o: o.selective_transform(o.trace(0.9), freeze_mask=False),
    "flatten": lambda o: o.flatten(o.trace(0.9)),
    "monitor": lambda o: o.monitor({"norm": o.tree.norm}),
}


def steps(made: Any, leaves: Any, convert: Callable[[Any], Any] = lambda x: x) -> list[Any]:
    tree = convert(leaves)
    state, found = made.init(tree), []
    for _ in range(3):
        updates, state = made.update(tree, state, tree)
        found.append(updates)
    return found


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("leaves", [{}, (), {"w": None}], ids=repr)
def test_empty_trees_pass(name: str, leaves: Any) -> None:
    assert steps(MAKERS[name](optim), leaves) == [leaves] * 3


# There are no negative complex numbers, and Optax's accumulator drops the imaginary part.
COMPLEX = MAKERS.keys() - {"MultiSteps", "keep_params_nonnegative"}


@pytest.mark.parametrize("name", sorted(COMPLEX))
def test_complex_leaves_are_treated_as_by_optax(name: str) -> None:
    leaves = {"z": np.array([3.0 + 4.0j, -1.0j]), "none": None}
    ours = steps(MAKERS[name](optim), leaves)
    with jax.enable_x64(True):
        theirs = steps(
            MAKERS[name](optax), leaves, lambda tree: jax.tree.map(jax.numpy.asarray, tree)
        )
        for a, b in zip(tw.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            assert np.asarray(a).dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", MAKERS)
def test_half_precision_stays_half_precision(name: str) -> None:
    leaves = {"w": np.array([0.5, 2.0], np.float16), "s": np.float16(1.0)}
    for updates in steps(MAKERS[name](optim), leaves):
        assert {np.asarray(leaf).dtype for leaf in tw.tree.leaves(updates)} == {
            np.dtype(np.float16)
        }
