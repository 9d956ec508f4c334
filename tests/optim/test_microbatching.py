"""A batch computed a part at a time gives what Optax gives, and what the whole batch gives."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, DtypeError, ShapeError, UnsupportedOperation
from thalweg.optim import microbatching

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(12, 3)), RNG.normal(size=12), RNG.normal(size=3)

KINDS = ["MEAN", "SUM", "RUNNING_MEAN", "CONCAT"]


def assert_same(ours: Any, theirs: Any) -> None:
    for a, b in zip(tw.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_parts_of_a_batch_are_those_of_optax(axis: int) -> None:
    x = RNG.normal(size=(6, 6))
    if axis >= 0:
        expected = optax.microbatching.reshape_batch_axis(jax.numpy.asarray(x), 2, axis)
        found = microbatching.reshape_batch_axis(x, 2, axis)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    with pytest.raises(ShapeError, match="divisible"):
        microbatching.reshape_batch_axis(x, 4, axis)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("real", [None, 2])
def test_results_of_parts_become_one_as_by_optax(kind: str, real: int | None) -> None:
    def run(module: Any, x: Any, y: Any, w: Any) -> Any:
        def loss(w: Any, x: Any, *, y: Any) -> Any:
            residual = x @ w - y
            parts = {"a": residual, "b": x * 2.0}
            return parts if kind == "CONCAT" else {"a": (residual**2).sum(), "b": x.sum(0)}

        accumulator = getattr(module.AccumulationType, kind)
        part = module.microbatch(loss, 1, 4, accumulator, argnames="y", num_real_microbatches=real)
        return part(w, x, y=y)

    with jax.enable_x64(True):
        expected = run(optax.microbatching, *map(jax.numpy.asarray, (X, Y, W)))
        assert_same(run(microbatching, X, Y, W), expected)


def test_several_accumulators_may_be_a_prefix_of_the_result() -> None:
    kinds = microbatching.AccumulationType
    part = microbatching.microbatch(
        lambda x: (x.sum(), {"mean": x.mean(0), "rows": x}), 0, 3,
        (kinds.SUM, {"mean": kinds.MEAN, "rows": kinds.CONCAT}),
    )  # fmt: skip
    total, rest = part(X)
    np.testing.assert_allclose(total, X.sum(), rtol=1e-13)
    np.testing.assert_allclose(rest["mean"], X.mean(0), rtol=1e-13)
    np.testing.assert_array_equal(rest["rows"], X)


def test_an_accumulator_of_ones_own_serves_too() -> None:
    largest = microbatching.Accumulator(
        init=lambda x: x - np.inf,
        update=lambda carry, x, _: np.maximum(carry, x),
        finalize=lambda x: x,
        aggregate=lambda x: x.max(0),
    )
    part = microbatching.microbatch(lambda x: x.max(), 0, 4, largest)
    assert part(X) == X.max()


def test_gradients_flow_through_a_batch_computed_in_parts() -> None:
    def loss(w: Any, x: Any) -> Any:
        return ((x @ w) ** 2).sum()

    part = microbatching.microbatch(loss, 1, 4)
    np.testing.assert_allclose(tw.grad(part)(W, X), tw.grad(loss)(W, X), rtol=1e-12)


def test_it_is_traced_and_compiled() -> None:
    part = microbatching.microbatch(lambda w, x: ((x @ w) ** 2).sum(), 1, 4)
    compiled = tw.jit(part, fallback="refuse")
    np.testing.assert_allclose(compiled(W, X), ((X @ W) ** 2).sum(), rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [None, 4])
def test_examples_are_mapped_as_by_optax(kind: str, size: int | None) -> None:
    def run(module: Any, w: Any, x: Any, y: Any) -> Any:
        mapped = module.micro_vmap(
            lambda w, x, *, y: (x @ w - y) ** 2,
            (None, 0),
            microbatch_size=size,
            accumulator=getattr(module.AccumulationType, kind),
        )
        return mapped(w, x, y=y)

    with jax.enable_x64(True):
        expected = run(optax.microbatching, *map(jax.numpy.asarray, (W, X, Y)))
        assert_same(run(microbatching, W, X, Y), expected)


@pytest.mark.parametrize("size", [None, 3])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("aux", [True, False])
def test_gradients_of_examples_are_those_of_optax(size: int | None, keep: bool, aux: bool) -> None:
    def run(o: Any, sign: Any, w: Any, x: Any, y: Any) -> Any:
        def loss(w: Any, x: Any, y: Any) -> Any:
            value = ((x @ w - y) ** 2).sum()
            return (value, {"seen": y}) if aux else value

        gradient = o.microbatching.micro_grad(
            loss, aux, 0, batch_argnums=(1, 2), keep_batch_dim=keep, microbatch_size=size,
            transform_fn=lambda g: sign(g), metrics_fn=lambda g: {"norm": o.tree.norm(g)},
        )  # fmt: skip
        total, rest = gradient(w, x, y)
        return total, rest.values, rest.metrics, rest.aux

    with jax.enable_x64(True):
        arrays = [jax.numpy.asarray(a) for a in (W, X, Y)]
        expected = run(optax, jax.numpy.sign, *arrays)
        assert_same(run(optim, np.sign, W, X, Y), expected)


def test_what_cannot_be_is_refused() -> None:
    part = microbatching.microbatch(lambda x, y: x.sum() + y.sum(), (0, 1), 5)
    with pytest.raises(ShapeError, match="divisible"):
        part(X, Y)
    with pytest.raises(ShapeError, match="equal-size batch axes"):
        part(X, Y[:10])
    mean = microbatching.AccumulationType.MEAN
    with pytest.raises(DtypeError, match="require floating-point values"):
        microbatching.microbatch(lambda x: x.sum(), 0, 2, mean)(np.arange(4))
    with pytest.raises(ArgumentError, match="Unknown accumulator: 3"):
        microbatching.microbatch(lambda x: x.sum(), 0, 2, 3)(X)
    with pytest.raises(UnsupportedOperation, match="out_axes=1"):
        microbatching.micro_vmap(lambda x: x, out_axes=1)


@pytest.mark.parametrize("kind", ["MEAN", "CONCAT"])
def test_a_loss_computed_in_parts_is_fitted_natively(kind: str) -> None:
    def squares(w: Any, x: Any, y: Any) -> Any:
        found = (x @ w - y) ** 2
        return found if kind == "CONCAT" else found.mean()

    def parted(w: Any, x: Any, y: Any) -> Any:
        accumulator = microbatching.AccumulationType[kind]
        return microbatching.microbatch(squares, (1, 2), 4, accumulator)(w, x, y).mean()

    found, whole = (
        tw.fit(loss, np.zeros(3), (X, Y), optimizer=optim.sgd(0.1), steps=5, fallback="refuse")
        for loss in (parted, lambda w, x, y: ((x @ w - y) ** 2).mean())
    )
    np.testing.assert_allclose(found.params, whole.params, rtol=1e-12)


def test_examples_are_clipped_inside_of_a_compiled_function() -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        return ((x @ w - y) ** 2).mean()

    clipped = microbatching.micro_grad(
        loss, batch_argnums=(1, 2), microbatch_size=4,
        transform_fn=lambda g: g / np.maximum(1.0, optim.tree.norm(g)),
    )  # fmt: skip
    found = tw.jit(lambda w, x, y: clipped(w, x, y)[0], fallback="refuse")(W, X, Y)
    examples = tw.vmap(tw.grad(loss), (None, 0, 0))(W, X[:, None], Y[:, None])
    expected, _ = optim.per_example_global_norm_clip(examples, 1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
