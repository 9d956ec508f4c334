"""Every optimizer descends, and keeps dtypes and trees."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import (
    DESCENDING,
    EXTRA,
    LABELS,
    OPTIMIZERS,
    TRANSFORMATIONS,
    Sample,
    listed,
    params,
)
from thalweg import optim

pytestmark = pytest.mark.sampled(4)


def along_the_parabola(p: Any) -> tuple[float, Any]:
    """Return (x − 1)² + 3 (y + 2)² and its gradient."""
    x, y = p[0] - 1.0, p[1] + 2.0
    return x * x + 3.0 * y * y, np.array([2.0 * x, 6.0 * y])


def along_rosenbrock(p: Any) -> tuple[float, Any]:
    """Return (1 − x)² + 10 (y − x²)² and its gradient."""
    rest, valley = 1.0 - p[0], p[1] - p[0] ** 2
    gradient = np.array([-2.0 * rest - 40.0 * p[0] * valley, 20.0 * valley])
    return rest * rest + 10.0 * valley * valley, gradient


def test_every_optimizer_is_tried_on_descents() -> None:
    assert DESCENDING.keys() == OPTIMIZERS.keys()


@pytest.mark.parametrize("name", DESCENDING)
@pytest.mark.parametrize(
    ("gradient", "minimum"), [(along_the_parabola, (1.0, -2.0)), (along_rosenbrock, (1.0, 1.0))]
)
def test_every_optimizer_descends(name: str, gradient: Any, minimum: Any) -> None:
    optimizer = DESCENDING[name](optim, 0.002)
    p: Any = tw.Tensor([-0.5, 0.5])
    state = optimizer.init(p)
    for _ in range(2000):
        value, slope = gradient(p.numpy())
        updates, state = optimizer.update(slope, state, p, value=value)
        p = optim.apply_updates(p, updates)
    np.testing.assert_allclose(p.numpy(), minimum, atol=0.05)


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_float32_parameters_states_and_updates_stay_float32(sample: Sample) -> None:
    made = sample(optim)
    values = params(np.float32)
    state = made.init(values)
    specs = [(s.shape, s.dtype) for s in map(np.asarray, tw.tree.leaves(state))]
    for _ in range(3):
        updates, state = made.update(tw.tree.map(np.cos, values), state, values, **EXTRA)
        values = optim.apply_updates(values, updates)
    assert {np.asarray(leaf).dtype for leaf in tw.tree.leaves((values, updates))} == {
        np.dtype("float32")
    }
    assert [(s.shape, s.dtype) for s in map(np.asarray, tw.tree.leaves(state))] == specs


@pytest.mark.parametrize("sample", listed(OPTIMIZERS))
def test_numbers_of_numpy_do_not_widen_float32_parameters(sample: Sample) -> None:
    made = sample(optim)
    wide = made.rebuild([np.float64(v) for v in made.hyperparameters.values()])
    values = params(np.float32)
    updates, _ = wide.update(values, wide.init(values), values, **EXTRA)
    assert {leaf.dtype for leaf in tw.tree.leaves(updates)} == {np.dtype("float32")}


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_updates_have_the_structure_of_the_gradients(sample: Sample) -> None:
    made = sample(optim)
    updates, _ = made.update(params(), made.init(params()), params(), **EXTRA)
    assert tw.tree.structure(updates) == tw.tree.structure(params())
    assert isinstance(updates["layer"], type(LABELS["layer"]))


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_unknown_extra_arguments_are_accepted(sample: Sample) -> None:
    made = sample(optim)
    made.update(params(), made.init(params()), params(), value=1.0, anything="else")


@pytest.mark.parametrize(
    "leaf",
    [1.5, np.float64(1.5), np.array([1.5]), tw.Tensor([1.5])],
    ids=lambda v: type(v).__name__,
)
def test_python_numbers_arrays_and_tensors_are_parameters(leaf: Any) -> None:
    optimizer = optim.adamw(0.1)
    state = optimizer.init(leaf)
    updates, state = optimizer.update(leaf, state, leaf)
    updates, _ = optimizer.update(updates, state, leaf)
    after = optim.apply_updates(leaf, updates)
    assert type(after) is type(leaf)
    assert np.shape(after) == np.shape(leaf)
    assert tw.tensor(after).dtype == np.float64


def test_inputs_are_left_as_they_were() -> None:
    optimizer = optim.chain(optim.clip(0.1), optim.adam(0.1))
    values, gradient = params(), params()
    state = optimizer.init(values)
    before = [np.array(leaf) for leaf in tw.tree.leaves(state)]
    optimizer.update(gradient, state, values)
    for a, b in zip(
        tw.tree.leaves((values, gradient)), tw.tree.leaves((params(), params())), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(tw.tree.leaves(state), before, strict=True):
        np.testing.assert_array_equal(np.asarray(a), b)


def test_a_nan_in_the_gradient_reaches_the_parameters() -> None:
    for sample in (s for name, row in OPTIMIZERS.items() if name != "lion" for s in row):
        optimizer = sample(optim)
        values = params()
        broken = tw.tree.map(lambda p: np.full_like(p, np.nan), values)
        updates, state = optimizer.update(broken, optimizer.init(values), values, **EXTRA)
        if repr(optimizer).startswith("rprop"):  # whose updates come a step late
            updates, _ = optimizer.update(broken, state, values)
        assert all(np.isnan(leaf).all() for leaf in tw.tree.leaves(updates))


def test_derivatives_flow_through_an_update() -> None:
    def after(rate: Any) -> Any:
        optimizer = optim.sgd(rate)
        updates, _ = optimizer.update(tw.Tensor([2.0, 3.0]), optimizer.init(tw.Tensor([0.0, 0.0])))
        return optim.apply_updates(tw.Tensor([1.0, 1.0]), updates).sum()

    assert tw.grad(after)(0.1) == -5.0
