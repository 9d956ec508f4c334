"""Transformations, schedules, losses on other libraries' arrays: as on NumPy's, and of their kind.

What is compared is thalweg with itself: that it computes the right thing is told elsewhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import (
    OPTIMIZERS,
    OWN_SCHEDULES,
    OWN_TRANSFORMATIONS,
    SCHEDULES,
    TRANSFORMATIONS,
    Sample,
    listed,
    params,
)
from thalweg import optim

STEPS = 4

TOLERANCE = {"float32": 3e-5, "float64": 1e-11}

OF_MATRICES = ("orthogonalize", "scale_by_shape")

ROUGH = {
    "orthogonalize": 2e-2,  # it rounds to eight bits
    # A user's function of the step, in which PyTorch computes by its own rules, in float32.
    "sgd(learning_rate=<lambda>": 1e-6,
    "scale_by_schedule(step_size_fn=<lambda>": 1e-6,
}


class Kind(NamedTuple):
    """Arrays of a library in a dtype."""

    module: str
    dtype: str
    array: Callable[[Any], Any]
    kind: type


@pytest.fixture(
    params=["jax-float32", "jax-float64", "torch-float32", "torch-float64", "strict-float64"],
    scope="module",
)
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Yield one kind of arrays after another."""
    name, _, dtype = request.param.partition("-")
    module = pytest.importorskip("array_api_strict" if name == "strict" else name)
    wide = module.enable_x64() if request.param == "jax-float64" else contextlib.nullcontext()
    with wide:
        if name == "jax":
            yield Kind(name, dtype, module.numpy.asarray, module.Array)
        elif name == "torch":
            yield Kind(name, dtype, lambda x: module.from_numpy(np.array(x)), module.Tensor)
        else:
            yield Kind(name, dtype, module.asarray, type(module.ones(1)))


def run(transformation: Any, array: Callable[[Any], Any], start: Any) -> tuple[Any, Any, Any]:
    """Return the first state, the parameters after some steps, and the state then."""
    rng = np.random.default_rng(1)
    values = tw.tree.map(array, start)
    first = state = transformation.init(values)
    for _ in range(STEPS):
        gradient: Any = tw.tree.map(lambda p: rng.normal(size=p.shape).astype(p.dtype), start)
        updates, state = transformation.update(tw.tree.map(array, gradient), state, values)
        values = optim.apply_updates(values, updates)
    return first, values, state


def check(found: Any, wanted: Any, kind: Kind, loose: float = 0.0) -> None:
    """Fail unless a tree has the values of another one, and all its arrays are of the kind."""
    pairs = zip(tw.tree.leaves(found), tw.tree.leaves(wanted), strict=True)
    for x, y in pairs:
        assert isinstance(x, kind.kind), type(x)
        assert str(x.dtype).rpartition(".")[2] == narrowed(y.dtype.name, kind)
        close = max(TOLERANCE[kind.dtype], loose) if y.dtype.kind == "f" else 0
        np.testing.assert_allclose(np.asarray(x), y, rtol=close, atol=close)


def narrowed(dtype: str, kind: Kind) -> str:
    """Return the dtype that the library has in place of one: JAX has no 64 bits of its own."""
    return dtype.replace("64", "32") if (kind.module, kind.dtype) == ("jax", "float32") else dtype


@pytest.mark.parametrize(
    "sample", [*listed(OPTIMIZERS), *listed(TRANSFORMATIONS), *listed(OWN_TRANSFORMATIONS)]
)
def test_transformation(sample: Sample, kind: Kind) -> None:
    """A transformation gives on arrays of each kind what it gives on NumPy's."""
    transformation = sample(optim)
    start = params(kind.dtype)
    name = repr(transformation)
    if name.startswith(OF_MATRICES):
        start = {"matrix": start["matrix"]}
    loose = [rough for made, rough in ROUGH.items() if name.startswith(made)]
    wanted = run(transformation, np.asarray, start)
    found = run(transformation, kind.array, start)
    for one, other in zip(found, wanted, strict=True):
        check(one, other, kind, *loose)
    if kind.module == "jax":
        # A compiled step serves all further ones: what is carried over keeps its types.
        import jax

        first, values, _ = found
        then = jax.eval_shape(transformation.update, values, first, values)[1]
        assert jax.tree.map(typed, then) == jax.tree.map(typed, first)


def typed(x: Any) -> Any:
    """Return what a compiled function of JAX's tells arrays apart by."""
    return x.shape, x.dtype, x.weak_type


@pytest.mark.parametrize("sample", [*listed(SCHEDULES), *listed(OWN_SCHEDULES)])
def test_schedule(sample: Sample, kind: Kind) -> None:
    """A schedule maps counts of each kind to numbers of that kind."""
    schedule = sample(optim)
    steps = np.arange(0, 160, 9, dtype=np.int32)
    found, wanted = schedule(kind.array(steps)), schedule(steps)
    assert isinstance(found, kind.kind)
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(optim.losses.__all__))
def test_loss(name: str, kind: Kind) -> None:
    """A loss of arrays of each kind is of that kind; of other libraries' it is a tensor."""
    loss = getattr(optim.losses, name)
    random = np.random.default_rng(3)
    predictions = random.normal(size=(5, 4)).astype(kind.dtype)
    targets = random.dirichlet(np.ones(4), 5).astype(kind.dtype)
    labels = random.integers(0, 4, 5)
    given = labels if "integer" in name else targets
    found, wanted = loss(kind.array(predictions), kind.array(given)), loss(predictions, given)
    if kind.module in ("jax", "torch"):
        assert isinstance(found, kind.kind)
    np.testing.assert_allclose(np.asarray(found), wanted.numpy(), rtol=TOLERANCE[kind.dtype])
