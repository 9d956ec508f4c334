"""Clipping unit by unit and example by example."""

import functools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, ShapeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

RNG = np.random.default_rng(0)


def assert_same(ours: Any, theirs: Any) -> None:
    for a, b in zip(tw.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "shape", [(), (3,), (3, 1), (3, 2), (2, 3, 2), (2, 1, 3, 2), (1, 2, 2, 1, 3)]
)
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_norms_of_units_are_those_of_optax(shape: tuple[int, ...], axis: Any) -> None:
    if axis is not None and len(shape) <= np.max(axis):
        return
    x = RNG.normal(size=shape)
    with jax.enable_x64(True):
        expected = optax.transforms.unitwise_norm(jax.numpy.asarray(x), axis)
        assert_same(optim.transforms.unitwise_norm(x, axis), expected)


def test_units_of_arrays_of_many_axes_have_to_be_told() -> None:
    with pytest.raises(ArgumentError, match="Expected parameter with shape"):
        optim.transforms.unitwise_norm(np.ones((2, 2, 2, 2, 2, 2)))


def test_a_unit_is_clipped_as_by_optax() -> None:
    g, norms, most = RNG.normal(size=(3, 4)), RNG.random((3, 4)), RNG.random((3, 4))
    with jax.enable_x64(True):
        expected = optax.transforms.unitwise_clip(*map(jax.numpy.asarray, (norms, most, g)))
        assert_same(optim.transforms.unitwise_clip(norms, most, g), expected)
    with pytest.raises(ShapeError, match="Give all the same"):
        optim.transforms.unitwise_clip(norms[0], most, g)


GRADIENTS = {
    "w": RNG.normal(size=(5, 3, 2)), "b": RNG.normal(size=(5, 2)), "s": np.zeros(5)
}  # fmt: skip


@pytest.mark.parametrize("most", [0.1, 2.0, 2.5, 1e9])
@pytest.mark.parametrize(
    "name", ["per_example_global_norm_clip", "per_example_layer_norm_clip", "weighted"]
)
def test_examples_are_clipped_as_by_optax(name: str, most: float) -> None:
    def of(module: Any) -> Any:
        if name == "weighted":
            return functools.partial(module.per_example_layer_norm_clip, uniform=False)
        return getattr(module, name)

    with jax.enable_x64(True):
        expected = of(optax)(jax.tree.map(jax.numpy.asarray, GRADIENTS), most)
        assert_same(of(optim)(GRADIENTS, most), expected)


def test_gradients_without_an_axis_of_examples_are_refused() -> None:
    for clip in (optim.per_example_global_norm_clip, optim.per_example_layer_norm_clip):
        with pytest.raises(ShapeError, match="batch dimension in the 0th axis"):
            clip({"w": np.ones((2, 3)), "b": np.ones(3)}, 1.0)
