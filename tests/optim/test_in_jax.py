"""Optimizers inside JAX's transformations, beside Optax's."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, UnsupportedOperation

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

PARAMS = {"w": jnp.ones((3, 4)), "b": jnp.zeros(4)}
ROWS = jnp.asarray(np.random.default_rng(0).normal(size=(10, 3)), jnp.float32)


def loss(params: Any) -> Any:
    return jnp.mean((ROWS @ params["w"] + params["b"] - jnp.sin(ROWS @ jnp.ones((3, 4)))) ** 2)


def chained(o: Any) -> Any:
    """Return the same optimizer, ours or Optax's."""
    rate = o.exponential_decay(0.1, 10, 0.9)
    return o.chain(o.clip_by_global_norm(1.0), o.adamw(rate, weight_decay=0.01))


def run(o: Any) -> tuple[Any, int]:
    """Return parameters after compiled steps of a scan, and how often they were traced."""
    optimizer, traced = chained(o), 0

    @jax.jit
    def steps(params: Any, state: Any) -> Any:
        nonlocal traced
        traced += 1

        def step(carry: Any, _: Any) -> Any:
            values, kept = carry
            updates, kept = optimizer.update(jax.grad(loss)(values), kept, values)
            return (o.apply_updates(values, updates), kept), None

        return jax.lax.scan(step, (params, state), None, length=20)[0]

    params, state = PARAMS, optimizer.init(PARAMS)
    for _ in range(3):
        params, state = steps(params, state)
    return params, traced


def test_steps_compile_once_and_are_optaxs() -> None:
    (ours, traced), (theirs, _) = run(optim), run(optax)
    assert traced == 1
    for name in PARAMS:
        assert isinstance(ours[name], jax.Array)
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5, atol=1e-6)


def test_a_compiled_update_has_no_more_equations_than_optaxs() -> None:
    def written(o: Any) -> Any:
        optimizer = chained(o)
        state = optimizer.init(PARAMS)
        return jax.make_jaxpr(optimizer.update)(PARAMS, state, PARAMS).eqns

    ours, theirs = written(optim), written(optax)
    assert len(ours) <= len(theirs)
    # Of whole arrays nothing is converted or copied.
    assert not [e for e in ours if "convert" in str(e.primitive) and e.invars[0].aval.shape]


def test_states_are_told_without_values() -> None:
    state = jax.eval_shape(optim.adam(0.1).init, PARAMS)[0]
    assert state.count.dtype == jnp.int32
    assert state.mu["w"].shape == (3, 4)


def test_derivatives_and_batches_go_through_an_update() -> None:
    def moved(o: Any, rate: Any) -> Any:
        optimizer = o.sgd(rate, momentum=0.9)
        return optimizer.update(PARAMS, optimizer.init(PARAMS))[0]["w"].sum()

    rates = jnp.arange(3.0)
    for transform in (jax.vmap, jax.jit, lambda f: jax.vmap(jax.grad(f))):
        if transform is jax.jit:
            assert transform(lambda r: moved(optim, r))(0.5) == moved(optax, 0.5)
            continue
        found, wanted = (transform(lambda r, o=o: moved(o, r))(rates) for o in (optim, optax))
        np.testing.assert_allclose(found, wanted)


def test_users_functions_get_jaxs_arrays() -> None:
    """Schedules, masks and transformations of one's own may be written in jax.numpy."""
    optimizer = optim.chain(
        optim.scale_by_schedule(lambda step: jnp.where(step < 2, 0.1, 0.01)),
        optim.GradientTransformation(
            lambda params: jax.tree.map(jnp.zeros_like, params),
            lambda updates, state, params=None: (
                jax.tree.map(lambda g, m: jnp.add(g, 0.9 * m), updates, state),
                updates,
            ),
        ),
        optim.masked(optim.adam(0.1), lambda p: jax.tree.map(lambda x: x.ndim > 1, p)),
        optim.stateless(lambda updates, params: jax.tree.map(jnp.negative, updates)),
    )
    update = jax.jit(optimizer.update)
    state = optimizer.init(PARAMS)
    for _ in range(3):
        updates, state = update(PARAMS, state, PARAMS)
    assert update._cache_size() == 1
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves((updates, state)))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn"])
def test_narrow_floats_keep_their_dtype(dtype: str) -> None:
    params = {"w": jnp.ones((2, 2), dtype)}
    for optimizer in (chained(optim), optim.sgd(0.1, momentum=0.5), optim.rmsprop(0.1)):
        updates, _ = optimizer.update(params, optimizer.init(params), params)
        assert updates["w"].dtype == dtype
        moved = optim.apply_updates(params, updates)["w"]
        assert moved.dtype == dtype
        assert bool(jnp.all(moved < 1))
        assert bool(jnp.all(moved > 0.5))


@jax.tree_util.register_pytree_node_class
class Net:
    """A node that only JAX knows."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def tree_flatten(self) -> Any:
        return (self.weights,), None

    @classmethod
    def tree_unflatten(cls, known: Any, parts: Any) -> Any:
        return cls(*parts)


class Pair(NamedTuple):
    net: Any
    bias: Any


def test_jaxs_nodes_are_nodes() -> None:
    params = Pair(Net(jnp.ones(3)), jnp.zeros(()))
    optimizer = optim.adam(0.1)
    updates, state = jax.jit(optimizer.update)(params, optimizer.init(params))
    moved = optim.apply_updates(params, updates)
    assert isinstance(state[0].mu.net, Net)
    np.testing.assert_allclose(moved.net.weights, 0.9, rtol=1e-6)


@jax.tree_util.register_pytree_with_keys_class
class Layer:
    """A module as Flax and Equinox have them: a function of arrays, with a field that is none."""

    def __init__(self, weights: Any, activation: Any) -> None:
        self.weights, self.activation = weights, activation

    def __call__(self, x: Any) -> Any:
        return self.activation(self.weights @ x)

    def tree_flatten_with_keys(self) -> Any:
        return ((jax.tree_util.GetAttrKey("weights"), self.weights),), self.activation

    @classmethod
    def tree_unflatten(cls, activation: Any, parts: Any) -> Any:
        return cls(*parts, activation)


@dataclasses.dataclass
class Line:
    """A data class that JAX knows, with a field that is part of the structure."""

    slope: Any
    degree: int


jax.tree_util.register_dataclass(Line, ["slope"], ["degree"])


@pytest.mark.parametrize("params", [Layer(jnp.ones((2, 2)), jnp.tanh), Line(jnp.ones(3), 1)])
def test_modules_are_trees(params: Any) -> None:
    def loss(params: Any) -> Any:
        return jnp.sum(params(jnp.ones(2)) if callable(params) else params.slope**2)

    optimizer = chained(optim)
    state = optimizer.init(params)
    updates, state = jax.jit(optimizer.update)(jax.grad(loss)(params), state, params)
    moved = optim.apply_updates(params, updates)
    assert jax.tree.structure(moved) == jax.tree.structure(params)
    theirs = chained(optax)
    wanted, _ = theirs.update(jax.grad(loss)(params), theirs.init(params), params)
    for ours, other in zip(jax.tree.leaves(updates), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-5)
    assert isinstance(optim.tree.norm(params), jax.Array)


def test_samplers_of_jax_get_its_keys() -> None:
    like = {"w": jnp.zeros(3), "b": jnp.zeros(())}
    for key in (jax.random.key(3), jax.random.PRNGKey(3)):
        ours = optim.tree.random_like(key, like, jax.random.normal)
        wanted = optax.tree.random_like(key, like, jax.random.normal)
        for x, y in zip(jax.tree.leaves(ours), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_array_equal(x, y)


def test_python_is_called_from_compiled_functions() -> None:
    def summed(x: Any) -> Any:
        stated = jax.ShapeDtypeStruct((3,), jnp.float32)
        return tw.pure_callback(np.cumsum, stated, 2 * x, vmap_method="sequential")

    x = jnp.array([1.0, 2.0, 3.0], jnp.float32)
    np.testing.assert_array_equal(jax.jit(summed)(x), [2.0, 6.0, 12.0])
    np.testing.assert_array_equal(jax.vmap(summed)(jnp.stack([x, -x]))[1], [-2.0, -6.0, -12.0])


def test_operations_give_jaxs_arrays() -> None:
    x = jnp.arange(1.0, 4.0)
    assert isinstance(tw.sqrt(x), jax.Array)
    assert isinstance(tw.concatenate([x, np.ones(2)]), jax.Array)
    np.testing.assert_allclose(jax.grad(lambda v: tw.sum(tw.log(v) * v))(x), 1 + jnp.log(x))
    np.testing.assert_allclose(jax.jit(tw.softmax)(x), jax.nn.softmax(x), rtol=1e-6)
    assert isinstance(tw.Tensor(np.ones(3)) + x, tw.Tensor)


def test_functions_of_functions_run_in_jax() -> None:
    x = jnp.arange(3.0, dtype=jnp.float32)

    @jax.jit
    def found(x: Any) -> Any:
        return (
            tw.value_and_grad(lambda v: jnp.sum(jnp.sin(v)))(x),
            tw.cond(x[0] > 0, jnp.sin, jnp.cos, x),
            tw.scan(lambda total, row: (total + row, total), jnp.float32(0), x),
            tw.while_loop(lambda v: v < 100, lambda v: 2 * v, x[1]),
            tw.vmap(jnp.square)(x),
            tw.jvp(jnp.sin, (x,), (tw.jit(jnp.negative)(-x),)),
        )

    (value, gradient), chosen, (total, rows), doubled, squares, (_, tangent) = found(x)
    np.testing.assert_allclose(value, jnp.sum(jnp.sin(x)))
    np.testing.assert_allclose(gradient, jnp.cos(x))
    np.testing.assert_allclose(chosen, jnp.cos(x))
    np.testing.assert_allclose((total, *rows), (3, 0, 0, 1))
    assert doubled == 128
    np.testing.assert_allclose(squares, x**2)
    np.testing.assert_allclose(tangent, x * jnp.cos(x))


def test_keys_are_jaxs() -> None:
    for key in (jax.random.key(7), jax.random.PRNGKey(7)):
        step = tw.random.fold_in(key, 3)
        found = tw.random.uniform(step, (4,), tw.float32)
        wanted = jax.random.uniform(jax.random.fold_in(key, 3), (4,), jnp.float32)
        np.testing.assert_array_equal(found, wanted)


def test_arrays_of_two_libraries_are_refused() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ArgumentError, match="jax and of torch"):
        optim.apply_updates({"w": jnp.ones(2)}, {"w": torch.ones(2)})


def test_derivatives_of_ones_own_are_known_to_jax() -> None:
    @tw.custom_vjp
    def clipped(x: Any) -> Any:
        return 1.0 * x

    clipped.defvjp(lambda x: (1.0 * x, None), lambda _, g: (jnp.clip(g, -1, 1),))
    found = jax.grad(lambda x: jnp.sum(5 * clipped(x)))(jnp.zeros(2))
    np.testing.assert_array_equal(found, [1.0, 1.0])
    torch = pytest.importorskip("torch")
    with pytest.raises(UnsupportedOperation, match="custom_vjp"):
        clipped(torch.ones(2))
