"""Optax's transformations as ours and ours as Optax's: equal to the originals, wherever they go."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import params
from thalweg import optim
from thalweg.errors import ArgumentError, GradientError, UnsupportedOperation

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from thalweg.bridges.jax import from_optax, to_optax  # noqa: E402

jnp, lax = jax.numpy, jax.lax

PARAMS = {"w": jnp.ones((3, 4)), "b": jnp.zeros(4)}
ROWS = jnp.asarray(np.random.default_rng(0).normal(size=(10, 3)), jnp.float32)


def loss(params: Any) -> Any:
    return jnp.mean((ROWS @ params["w"] + params["b"] - jnp.sin(ROWS @ jnp.ones((3, 4)))) ** 2)


# ---- ours in Optax's places


def bridged(o: Any) -> Any:
    """Return an optimizer, all of Optax's, or with links of ours in Optax's own wrappers."""
    ours = optax if o is optax else Ours()
    labels = {"w": "adam", "b": "momentum"}
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.multi_transform({"adam": ours.adam(0.05), "momentum": ours.sgd(0.1, 0.9)}, labels),
        optax.masked(ours.add_decayed_weights(0.01), {"w": True, "b": False}),
    )


class Ours:
    """Optax's names; ours, as Optax's."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: to_optax(getattr(optim, name)(*args, **kwargs))


def trained(optimizer: Any, steps: int = 200) -> Any:
    @jax.jit
    def run(params: Any) -> Any:
        def step(carry: Any, _: Any) -> Any:
            values, state = carry
            updates, state = optimizer.update(jax.grad(loss)(values), state, values)
            return (optax.apply_updates(values, updates), state), None

        return lax.scan(step, (params, optimizer.init(params)), None, length=steps)[0]

    return run(PARAMS)


def test_ours_in_chains_and_groups_of_optax_take_its_200_steps() -> None:
    (found, state), (wanted, theirs) = trained(bridged(optim)), trained(bridged(optax))
    for name in PARAMS:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4, atol=1e-6)
    assert [x.shape for x in jax.tree.leaves(state)] == [x.shape for x in jax.tree.leaves(theirs)]
    assert [x.dtype for x in jax.tree.leaves(state)] == [x.dtype for x in jax.tree.leaves(theirs)]


@pytest.mark.parametrize("name", ["adamw", "lion", "rmsprop", "lamb"])
def test_in_64_bits_they_are_equal_to_rounding(name: str) -> None:
    def moved(optimizer: Any) -> Any:
        with jax.enable_x64(True):
            values = jax.tree.map(jnp.asarray, params())
            state, update = optimizer.init(values), jax.jit(optimizer.update)
            for _ in range(200):
                updates, state = update(jax.tree.map(jnp.sin, values), state, values)
                values = optax.apply_updates(values, updates)
            return values

    found, wanted = moved(getattr(Ours(), name)(0.01)), moved(getattr(optax, name)(0.01))
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12), found, wanted
    )


def test_a_rate_is_injected_and_changed_without_compiling_anew() -> None:
    tuned = optax.inject_hyperparams(lambda rate: to_optax(optim.adam(rate)))(rate=0.1)
    update, state = jax.jit(tuned.update), tuned.init(PARAMS)
    first, state = update(PARAMS, state, PARAMS)
    state.hyperparams["rate"] = jnp.asarray(0.2, jnp.float32)
    second, _ = update(PARAMS, state, PARAMS)
    np.testing.assert_allclose(second["w"], 2 * first["w"], rtol=1e-5)
    assert update._cache_size() == 1


def test_rates_are_mapped_over() -> None:
    def moved(rate: Any, o: Any) -> Any:
        optimizer = o(rate)
        return optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS)[0]["w"].sum()

    rates = jnp.array([0.1, 0.5])
    found = jax.vmap(lambda rate: moved(rate, lambda r: to_optax(optim.rmsprop(r))))(rates)
    wanted = jax.vmap(lambda rate: moved(rate, optax.rmsprop))(rates)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


class TrainState(NamedTuple):
    """What Flax's users keep: parameters, and an optimizer with its state."""

    params: Any
    opt_state: Any
    step: Any


def test_a_train_state_is_stepped_and_restored_from_leaves() -> None:
    optimizer = to_optax(optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1)))
    state = TrainState(PARAMS, optimizer.init(PARAMS), 0)

    @jax.jit
    def step(state: TrainState) -> TrainState:
        gradient = jax.grad(loss)(state.params)
        updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
        return TrainState(optax.apply_updates(state.params, updates), opt_state, state.step + 1)

    before = loss(state.params)
    for _ in range(5):
        leaves, definition = jax.tree.flatten(state)
        state = step(jax.tree.unflatten(definition, [np.asarray(x) for x in leaves]))
    assert loss(state.params) < before
    assert step._cache_size() == 1


def test_what_belongs_to_parameters_is_told_by_optax() -> None:
    optimizer = to_optax(optim.chain(optim.masked(optim.adam(0.1), {"w": True, "b": False})))
    state = optimizer.init(PARAMS)
    mapped = optax.tree_map_params(
        optimizer, lambda x: "parameter", state, transform_non_params=lambda x: "other"
    )
    leaves = jax.tree.leaves(mapped)
    assert leaves.count("other") == 1
    assert leaves.count("parameter") == len(leaves) - 1 >= 2


def test_states_are_told_without_values_and_numbers_become_jaxs() -> None:
    optimizer = to_optax(optim.adam(0.1))
    shapes = jax.eval_shape(optimizer.init, PARAMS)
    assert jax.tree.leaves(shapes)[1].shape == (4,)
    state = optimizer.init({"w": np.ones(2), "b": 0.5})
    assert all(isinstance(x, jax.Array) for x in jax.tree.leaves(state))
    updates, _ = optimizer.update({"w": np.ones(2), "b": 0.5}, state)
    assert all(isinstance(x, jax.Array) for x in jax.tree.leaves(updates))


def test_extra_arguments_reach_ours_and_others_are_ignored() -> None:
    polyak = optax.chain(optax.scale(1.0), to_optax(optim.polyak_sgd()))
    updates, _ = polyak.update(PARAMS, polyak.init(PARAMS), PARAMS, value=0.7, other=None)
    wanted, _ = optax.polyak_sgd().update(
        PARAMS, optax.polyak_sgd().init(PARAMS), PARAMS, value=0.7
    )
    np.testing.assert_allclose(updates["w"], wanted["w"], rtol=1e-6)


def test_what_is_no_transformation_is_refused() -> None:
    for bridge in (to_optax, from_optax):
        with pytest.raises(ArgumentError, match="init and update"):
            bridge("adam")


# ---- Optax's in our places


def eager(optimizer: Any, start: Any, steps: int) -> Any:
    values, state = start, optimizer.init(start)
    for _ in range(steps):
        gradient = tw.tree.map(np.sin, values)
        updates, state = optimizer.update(gradient, state, values, value=0.7)
        values = optim.apply_updates(values, updates)
    return values


def in_optax(optimizer: Any, start: Any, steps: int) -> Any:
    with jax.enable_x64(True):
        theirs = optax.with_extra_args_support(optimizer)
        values = jax.tree.map(jnp.asarray, start)
        state, update = theirs.init(values), jax.jit(theirs.update)
        for _ in range(steps):
            updates, state = update(jax.tree.map(jnp.sin, values), state, values, value=0.7)
            values = optax.apply_updates(values, updates)
        return values


def close(found: Any, wanted: Any, tolerance: float) -> None:
    for x, y in zip(tw.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(x), y, rtol=tolerance, atol=tolerance)


def test_optaxs_on_numpys_arrays_take_its_200_steps() -> None:
    for theirs in (optax.adamw(0.1), optax.noisy_sgd(0.1, key=jax.random.key(3))):
        start = params()
        found = eager(optim.chain(optim.clip(0.5), from_optax(theirs)), start, 200)
        assert isinstance(found["matrix"], np.ndarray)
        close(found, in_optax(optax.chain(optax.clip(0.5), theirs), start, 200), 1e-12)


def test_kinds_and_dtypes_are_kept() -> None:
    optimizer = from_optax(optax.adam(0.1))
    for make in (np.asarray, jnp.asarray, tw.Tensor):
        start = {"w": make(np.ones(2, np.float32))}
        updates, state = optimizer.update(start, optimizer.init(start), start)
        assert type(updates["w"]) is type(start["w"])
        assert updates["w"].dtype == state[0].mu["w"].dtype == np.float32
    torch = pytest.importorskip("torch")
    start = {"w": torch.ones(2)}
    assert isinstance(optimizer.update(start, optimizer.init(start), start)[0]["w"], torch.Tensor)


def test_a_number_beside_arrays_gives_way_to_their_dtype() -> None:
    polyak = from_optax(optax.polyak_sgd())
    for dtype in (np.float32, np.float64):
        start = {"w": np.ones(2, dtype)}
        updates, _ = polyak.update(start, polyak.init(start), start, value=0.5)
        assert updates["w"].dtype == dtype
        fit = tw.fit(lambda p: np.sum(p["w"] ** 2), start, optimizer=polyak, steps=3)
        assert fit.params["w"].dtype == dtype


CHAINS: dict[str, Callable[[Any], Any]] = {
    "adamw": lambda o: o.adamw(o.cosine_decay_schedule(0.1, 100), weight_decay=0.1),
    "noise": lambda o: o.noisy_sgd(0.1, key=jax.random.key(7) if o is optax else 7),
    "factored": lambda o: o.adafactor(0.1, min_dim_size_to_factor=2),
    "finite": lambda o: o.chain(o.clip_by_global_norm(1.0), o.apply_if_finite(o.rprop(0.1), 3)),
    "prodigy": lambda o: o.contrib.prodigy(),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_fit_compiles_optaxs_and_takes_our_steps(name: str) -> None:
    target = np.random.default_rng(0).normal(size=(3, 3))

    def distance(p: Any) -> Any:
        return np.sum((p["w"] - target) ** 2) + 3 * np.sum((p["b"] - 1) ** 2)

    start = {"w": np.zeros((3, 3)), "b": np.zeros(2)}
    fits = [
        tw.fit(distance, start, optimizer=optimizer, steps=200)
        for optimizer in (from_optax(CHAINS[name](optax)), CHAINS[name](optim))
    ]
    assert fits[0].engine == "native"
    close(fits[0].params, fits[1].params, 1e-10)


def by_sorting() -> Any:
    """Return a transformation with a primitive that is not known here."""

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        return jax.tree.map(lambda g: -0.1 * g.at[jnp.argmin(g)].set(0.0), updates), state

    return optax.GradientTransformation(optax.init_empty_state, update)


def test_what_cannot_be_compiled_is_called_back_and_that_is_said() -> None:
    with pytest.warns(UserWarning, match="calls JAX back.*scatter"):
        fit = tw.fit(
            lambda x: np.sum((x - 1) ** 2), np.zeros(3), optimizer=from_optax(by_sorting()), steps=9
        )
    wanted = np.zeros(3)
    for _ in range(9):
        g = 2 * (wanted - 1)
        g[np.argmin(g)] = 0.0
        wanted = wanted - 0.1 * g
    np.testing.assert_allclose(fit.params, wanted, rtol=1e-12)


def test_a_line_search_of_optaxs_is_refused_in_a_fit() -> None:
    with pytest.raises(UnsupportedOperation, match="the loss as a function"):
        tw.fit(
            lambda x: np.sum((x - 1) ** 2),
            np.zeros(3),
            optimizer=from_optax(optax.lbfgs()),
            steps=3,
        )


def test_an_update_is_differentiated_and_mapped() -> None:
    optimizer = from_optax(optax.adam(0.1, eps_root=1e-3))
    x = np.array([0.3, -2.0])

    def moved(g: Any) -> Any:
        return tw.sum(optimizer.update(g, optimizer.init(np.zeros(2)), None)[0] ** 2)

    with jax.enable_x64(True):
        theirs = optax.adam(0.1, eps_root=1e-3)
        wanted = jax.grad(
            lambda g: jnp.sum(theirs.update(g, theirs.init(jnp.zeros(2)), None)[0] ** 2)
        )(jnp.asarray(x))
    np.testing.assert_allclose(tw.grad(moved)(x), wanted, rtol=1e-12)
    rows = np.stack([x, 2 * x])
    np.testing.assert_allclose(tw.vmap(moved)(rows), [moved(row) for row in rows], rtol=1e-12)
    with pytest.raises((GradientError, UnsupportedOperation)):
        tw.grad(lambda g: tw.sum(from_optax(by_sorting()).update(g, (), None)[0]))(x)


class Line(NamedTuple):
    slope: Any
    nothing: Any


def test_data_classes_and_states_of_ones_own_go_through() -> None:
    import dataclasses

    @tw.tree.register_dataclass
    @dataclasses.dataclass
    class Net:
        weights: Any

    def init(params: Any) -> Any:
        return {"seen": 0, "sum": jax.tree.map(jnp.zeros_like, params)}

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        if float(jax.tree.leaves(updates)[0].sum()) > 1e6:  # looks at a value
            return updates, state
        total = jax.tree.map(jnp.add, updates, state["sum"])
        return total, {"seen": state["seen"] + 1, "sum": total}

    optimizer = from_optax(optax.GradientTransformation(init, update))
    start = Line(Net(np.ones(2)), None)
    state = optimizer.init(start)
    for count in (1, 2):
        updates, state = optimizer.update(start, state, start)
        assert updates.slope.weights.tolist() == [count, count]
    assert state["seen"] == 2


def test_it_compares_by_what_it_was_made_of() -> None:
    theirs = optax.adam(0.1)
    assert from_optax(theirs) == from_optax(theirs) != from_optax(optax.adam(0.1))
    assert repr(from_optax(theirs)).startswith("from_optax(transformation=")
