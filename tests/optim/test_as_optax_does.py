"""What Optax's own tests found: on JAX's arrays, in the small print of its functions."""

import functools
import inspect
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import DtypeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
jnp = jax.numpy

PARAMS = {"w": jnp.ones((4, 4)), "b": jnp.zeros(4)}
HALVES = jax.tree.map(lambda x: x.astype("bfloat16"), PARAMS)


def test_none_among_parameters_stays() -> None:
    found = optim.apply_updates({"w": None, "b": np.ones(2)}, {"w": np.ones(3), "b": np.ones(2)})
    assert found["w"] is None
    assert found["b"].tolist() == [2, 2]
    assert optim.tree.add_scale(None, 1.0, np.ones(2)) is None
    assert optim.tree.update_moment([None], [np.ones(2)], 0.9, 2) == [None]


def test_a_trace_may_forget_nothing() -> None:
    summing = optim.trace(1.0)
    _, state = summing.update([1.0], summing.init([0.0]))
    assert summing.update([1.0], state)[0] == [2.0]


def test_steps_of_paths_are_jaxs() -> None:
    keys = jax.tree_util
    assert optim.tree_utils.DictKey("a") == keys.DictKey("a")
    assert optim.tree_utils.DictKey("b") != keys.DictKey("a")
    assert optim.tree_utils.SequenceKey(1) == keys.SequenceKey(1)
    assert optim.tree_utils.SequenceKey(1) != keys.DictKey(1)
    assert hash(keys.DictKey("a")) == hash(optim.tree_utils.DictKey("a"))


def test_a_user_s_init_in_jax_tells_what_belongs_to_parameters() -> None:
    own = optim.GradientTransformation(
        lambda params: (jax.tree.map(jnp.zeros_like, params), jnp.zeros(())),
        lambda updates, state, params=None: (updates, state),
    )
    state = own.init(PARAMS)
    found = optim.tree_map_params(own, lambda x: "p", state, transform_non_params=lambda x: "o")
    assert jax.tree.leaves(found) == ["p", "p", "o"]


@pytest.mark.parametrize("dtype", ["float8_e5m2", "bfloat16", "float16", "float32", "uint32"])
def test_counts_stop_at_the_largest_number(dtype: str) -> None:
    count = jax.jit(optim.safe_increment)
    assert count(jnp.asarray(3, dtype)) == 4
    info = jnp.iinfo(dtype) if dtype[0] == "u" else jnp.finfo(dtype)
    last = jnp.asarray(info.max, dtype)
    assert count(last) == last
    assert count(last).dtype == dtype
    with pytest.raises(ValueError, match="dtype bool"):
        optim.safe_increment(jnp.asarray(True))


@pytest.mark.parametrize(
    "make",
    [
        lambda o: o.adafactor(0.1, min_dim_size_to_factor=2),
        lambda o: o.sm3(0.1),
        lambda o: o.contrib.schedule_free_adamw(0.1, state_dtype=jnp.bfloat16),
        lambda o: o.contrib.prodigy(0.1),
        lambda o: o.contrib.dog(0.1),
        lambda o: o.inject_hyperparams(o.sgd)(0.1, momentum=0.9),
    ],
)
def test_states_of_bfloat16_are_optaxs(make: Any) -> None:
    def moved(o: Any) -> Any:
        return o.update(HALVES, o.init(HALVES), HALVES)

    found, wanted = (jax.jit(functools.partial(moved, make(o)))() for o in (optim, optax))
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)


@pytest.mark.parametrize("first", ["import jax, thalweg", "import thalweg, jax"])
def test_states_keep_bfloat16_whichever_package_was_imported_first(first: str) -> None:
    program = f"{first}\n" + (
        "import jax.numpy as jnp\n"
        "half, optimizer = jnp.ones(3, 'bfloat16'), thalweg.optim.sgd(0.1, momentum=0.9)\n"
        "updates, state = optimizer.update(half, optimizer.init(half))\n"
        "print({x.dtype.name for x in jax.tree.leaves((updates, state))})\n"
    )
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == "{'bfloat16'}"


def test_a_dtype_that_numpy_lacks_is_refused_without_such_arrays() -> None:
    with pytest.raises(DtypeError, match="arrays of JAX or PyTorch"):
        tw.zeros(2, dtype=jnp.bfloat16)


def test_a_state_of_shapes_alone_is_zeros_and_what_reads_values_is_refused() -> None:
    shapes = {"w": jax.ShapeDtypeStruct((2, 4), "float32")}
    ours, theirs = optim.adam(0.1).init(shapes), optax.adam(0.1).init(shapes)
    for x, y in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert isinstance(x, jax.Array)
    with pytest.raises(TypeError, match="ShapeDtypeStruct"):
        optim.contrib.dog(0.1).init(shapes)


def test_limits_of_bfloat16_are_told_and_used() -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = tw.finfo(HALVES["w"].dtype), torch.finfo(torch.bfloat16)
    for name in ("bits", "eps", "max", "min", "resolution", "smallest_normal", "tiny"):
        assert getattr(ours, name) == getattr(theirs, name)
    with pytest.raises(DtypeError, match="whose limits are not known"):
        tw.finfo(jnp.zeros((), "float8_e4m3fn").dtype)
    x, labels = jnp.eye(4, 3, dtype="bfloat16") + 1, jnp.array([0, 0, 1, 1])
    found, whole = (optim.losses.ntxent(a, labels) for a in (x, x.astype("float32")))
    assert found.dtype == x.dtype
    assert abs(found - whole) <= 4 * ours.eps * whole


@pytest.mark.parametrize("ord", ["nuc", 2, -2, "fro", 1])
def test_norms_of_matrices_have_a_derivative_at_zero(ord: Any) -> None:
    norm = functools.partial(optim.safe_norm, min_norm=0.0, ord=ord)
    np.testing.assert_array_equal(jax.jacfwd(norm)(jnp.zeros((3, 4))), np.zeros((3, 4)))
    x = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_allclose(norm(x), np.linalg.norm(x, ord), rtol=1e-12)


# ---- hyperparameters in the state


def test_a_dtype_is_no_number() -> None:
    optimizer = optim.inject_hyperparams(optim.sgd)(0.1, 0.9, accumulator_dtype=np.dtype("float32"))
    assert optimizer.init(PARAMS).hyperparams.keys() == {"learning_rate", "momentum"}


def test_a_number_with_a_dtype_of_its_own_keeps_it() -> None:
    rates = {"b1": jnp.array(0.9, jnp.float32), "b2": jnp.asarray(0.95, jnp.bfloat16)}
    for o in (optim, optax):
        optimizer = o.inject_hyperparams(o.scale_by_adam)(**rates, eps=jnp.asarray(0.1))
        for params in (PARAMS, HALVES):
            found = jax.jit(optimizer.init)(params).hyperparams
            assert (found["b1"].dtype, found["b2"].dtype) == (jnp.float32, jnp.bfloat16)
            assert found["eps"].dtype == params["w"].dtype


class Total(NamedTuple):
    total: Any


class Growing:
    """A schedule with a state of its own."""

    def init(self) -> Total:
        return Total(jnp.zeros([], jnp.float32))

    def update(self, state: Total, **extra: Any) -> Total:
        return Total(jnp.add(state.total, extra["more"]))

    def __call__(self, state: Total, **extra: Any) -> Any:
        return jnp.asarray(state.total)


def test_schedules_with_states_of_jaxs_run_compiled() -> None:
    optimizer = optim.inject_hyperparams(optim.scale)(step_size=Growing())
    state, update = jax.jit(optimizer.init)(PARAMS), jax.jit(optimizer.update)
    for _ in range(2):
        _, state = update(PARAMS, state, PARAMS, more=0.5)
    assert state.hyperparams["step_size"] == 0.5
    assert state.hyperparams_states["step_size"].total == 1.0


@pytest.mark.parametrize("make", [jax.random.key, jax.random.PRNGKey])
@pytest.mark.parametrize("compiled", [True, False])
def test_keys_of_leaves_are_keys_as_the_one_given(make: Any, compiled: bool) -> None:
    split = optim.tree.split_key_like
    found = (jax.jit(split) if compiled else split)(make(3), PARAMS)
    expected = optax.tree.split_key_like(make(3), PARAMS)
    for key, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        assert (key.shape, key.dtype) == (other.shape, other.dtype)
        np.testing.assert_array_equal(jax.random.normal(key, 3), jax.random.normal(other, 3))
    sampled = optim.tree.random_like(make(3), PARAMS, jax.random.uniform)
    other = optax.tree.random_like(make(3), PARAMS, jax.random.uniform)
    for one, leaf in zip(*map(jax.tree.leaves, (sampled, other)), strict=True):
        np.testing.assert_array_equal(one, leaf)


def test_jaxs_keys_are_numbers_to_no_one() -> None:
    def noisy(key: Any, scale: Any) -> Any:
        return optax.GradientTransformation(
            lambda params: (key, scale),
            lambda updates, state, params=None: (
                jax.tree.map(
                    lambda g: g + state[1] * jax.random.normal(state[0], g.shape), updates
                ),
                (jax.random.split(state[0])[0], state[1]),
            ),
        )

    def moved(o: Any) -> Any:
        optimizer = o.inject_hyperparams(noisy)(jax.random.key(7), 0.5)
        return optimizer.update(PARAMS, optimizer.init(PARAMS), PARAMS)[0]

    found, wanted = (jax.jit(functools.partial(moved, o))() for o in (optim, optax))
    np.testing.assert_allclose(found["w"], wanted["w"], rtol=1e-6)
    seeds = (optim.noisy_sgd(0.1, key=key) for key in (7, jax.random.key(7), jax.random.PRNGKey(7)))
    first, *others = (o.update(PARAMS, o.init(PARAMS), PARAMS)[0]["w"] for o in seeds)
    for other in others:
        np.testing.assert_array_equal(first, other)


# ---- functions of the user's, and memory


def test_functions_of_the_user_s_get_jaxs_arrays() -> None:
    scores, labels = jnp.array([[1.0, 3.0, 2.0]]), jnp.array([[0.0, 0.0, 1.0]])
    found = optim.losses.ranking_softmax_loss(scores, labels, reduce_fn=jnp.sum)
    wanted = optax.losses.ranking_softmax_loss(scores, labels, reduce_fn=jnp.sum)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    gradient = functools.partial(jax.tree.map, jnp.cos)
    updates = []
    for o in (optim, optax):
        climbing = o.contrib.sam(
            o.sgd(0.1), o.chain(o.contrib.normalize(), o.sgd(0.05)), 2, opaque_mode=True
        )
        update = jax.jit(functools.partial(climbing.update, grad_fn=lambda p, i: gradient(p)))
        updates.append(update(gradient(PARAMS), climbing.init(PARAMS), PARAMS)[0]["w"])
    np.testing.assert_allclose(*updates, rtol=1e-6)


# What a search is made with, in binary fractions, which are the same in every dtype.
SEARCHES: dict[str, dict[str, float]] = {
    "scale_by_backtracking_linesearch": {
        "slope_rtol": 0.125, "decrease_factor": 0.5, "increase_factor": 2.0,
        "max_learning_rate": 8.0, "atol": 0.0, "rtol": 0.0,
    },
    "scale_by_zoom_linesearch": {
        "tol": 0.0, "increase_factor": 2.0, "slope_rtol": 0.125, "curv_rtol": 0.5,
        "approx_dec_rtol": 0.0, "stepsize_precision": 0.0625,
    },
}  # fmt: skip


@pytest.mark.parametrize("numbers", ["bfloat16", "float64"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("name", SEARCHES)
def test_numbers_of_a_search_are_arrays_of_any_dtype(name: str, dtype: str, numbers: str) -> None:
    make, given = getattr(optim, name), SEARCHES[name]

    def searched(search: Any, values: Any) -> Any:
        return search.update(
            *(-values, search.init(values), values),
            value=5.0,
            grad=2 * values,
            value_fn=lambda w: (w**2).sum().astype(numbers),
        )

    with jax.enable_x64(True):
        arrays = {key: jnp.asarray(x, numbers) for key, x in given.items()}
        values = jnp.asarray([1.0, 2.0], dtype)
        # Traced beside what is known: numbers that a function makes anew, and Python's.
        updates, state = jax.jit(lambda x: searched(make(6, **arrays), x))(values)
        plain_updates, plain_state = searched(make(6, **given), values)
        first = make(6, **arrays).init(values)
        assert jax.tree.map(lambda x: x.dtype, state) == jax.tree.map(lambda x: x.dtype, first)
        assert updates.dtype == values.dtype
        np.testing.assert_array_equal(updates, plain_updates)
        for found, expected in zip(*map(jax.tree.leaves, (state, plain_state)), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_functions_of_the_user_s_in_a_partial_function_of_ours_get_jaxs_arrays() -> None:
    def loss(x: Any) -> Any:
        return jnp.sum(jnp.cos(x))

    sophia = optim.contrib.sophia(0.1, update_interval=1)
    given = functools.partial(sophia.update, obj_fn=loss)
    once = optim.MultiSteps(optim.GradientTransformationExtraArgs(sophia.init, given), 1)
    x = jnp.array([1.0, 2.0])
    found, _ = jax.jit(once.update)(jax.grad(loss)(x), once.init(x), x)
    expected, _ = sophia.update(jax.grad(loss)(x), sophia.init(x), x, obj_fn=loss)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_interval_of_sophia_may_be_in_the_state() -> None:
    def loss(x: Any) -> Any:
        return jnp.sum(jnp.cos(x))

    plain = optim.contrib.sophia(0.1, update_interval=2)
    injected = optim.inject_hyperparams(optim.contrib.sophia)(0.1, update_interval=2)
    x = jnp.array([1.0, 2.0])
    state, other = plain.init(x), injected.init(x)
    step = jax.jit(functools.partial(injected.update, obj_fn=loss))
    for _ in range(3):
        expected, state = plain.update(jax.grad(loss)(x), state, x, obj_fn=loss)
        found, other = step(jax.grad(loss)(x), other, x)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        x = x + found


def test_memory_of_parameters_and_state_may_be_handed_over() -> None:
    optimizer = optim.contrib.schedule_free_sgd(0.1)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(params: Any, state: Any) -> Any:
        updates, state = optimizer.update(params, state, params)
        return optim.apply_updates(params, updates), state

    start = jax.tree.map(jnp.copy, PARAMS)
    params, _ = step(start, optimizer.init(start))
    assert params["w"].shape == (4, 4)


def test_what_moved_to_contrib_is_found_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="use thalweg.optim.contrib.dpsgd"):
        assert optim.dpsgd is optim.contrib.dpsgd


@pytest.mark.parametrize("name", ["adam", "sgd", "lion", "lamb", "yogi"])
def test_signatures_tell_which_arguments_may_be_schedules(name: str) -> None:
    given = inspect.signature(getattr(optim, name)).parameters["learning_rate"]
    assert given.annotation == optim.ScalarOrSchedule
