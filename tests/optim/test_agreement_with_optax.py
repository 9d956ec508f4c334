"""Every optimizer, transformation and schedule computes what Optax computes, step by step."""

import functools
import inspect
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import (
    EXTRA,
    OF_PAIRS,
    OPTIMIZERS,
    OWN_SCHEDULES,
    OWN_TRANSFORMATIONS,
    SCHEDULES,
    SEARCHING,
    TRANSFORMATIONS,
    Sample,
    listed,
    params,
)
from thalweg import optim

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

pytestmark = pytest.mark.sampled(5)

STEPS = 200


def power_decay(step: Any, exponent: Any) -> Any:
    """Return what Adafactor keeps of its averages, which Optax computes in float32."""
    return 1.0 - jax.numpy.asarray(step + 1, jax.numpy.float64) ** -exponent


@pytest.fixture(autouse=True)
def adafactor_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    factorized = optax._src.factorized
    made = functools.partial(optax.scale_by_factored_rms, decay_rate_fn=power_decay)
    monkeypatch.setattr(factorized, "scale_by_factored_rms", made)


class Oracle:
    """Optax, with schedules computed in float64: on an int32 count it computes in float32."""

    def __getattr__(self, name: str) -> Any:
        made = getattr(optax, name)
        if name == "scale_by_factored_rms":
            return optax._src.factorized.scale_by_factored_rms
        if name not in SCHEDULES:
            return made

        def schedule(*args: Any, **kwargs: Any) -> Any:
            function = made(*args, **kwargs)
            return lambda step: function(jax.numpy.asarray(step, jax.numpy.float64))

        return schedule


def gradients(tree: Any) -> Any:
    """Return a tree with the gradients of all steps along a new first axis."""
    rng = np.random.default_rng(1)
    return tw.tree.map(lambda p: rng.normal(size=(STEPS, *p.shape)).astype(p.dtype), tree)


def run_optax(transformation: Any) -> tuple[Any, Any]:
    """Return the updates of all steps along a new first axis, and the last state."""
    accepting = optax.with_extra_args_support(transformation)

    def step(carry: Any, gradient: Any) -> Any:
        values, state = carry
        updates, state = accepting.update(gradient, state, values, **EXTRA)
        return (optax.apply_updates(values, updates), state), updates

    start = jax.tree.map(jax.numpy.asarray, params())
    (_, state), updates = jax.lax.scan(step, (start, transformation.init(start)), gradients(start))
    return updates, state


def plain(leaf: Any) -> Any:
    """Return an array; of a key its two words, which are signed here."""
    if not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    return np.asarray(jax.random.key_data(leaf)).view(np.int32)


def assert_equal(ours: Any, theirs: Any, message: str = "") -> None:
    mine, other = tw.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(mine) == len(other)
    for a, leaf in zip(mine, other, strict=True):
        b = plain(leaf)
        assert np.asarray(a).dtype == b.dtype
        # float32 accumulators round differently where a product and a sum are fused.
        rtol = 1e-12 if b.dtype == np.float64 else 1e-6
        np.testing.assert_allclose(np.asarray(a), b, rtol=rtol, atol=1e-14, err_msg=message)


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_every_transformation_equals_optax_step_by_step(sample: Sample) -> None:
    with jax.enable_x64(True):
        expected, expected_state = run_optax(sample(Oracle()))
        rough = any(leaf.dtype == np.float32 for leaf in jax.tree.leaves(expected_state))
    transformation = sample(optim)
    values = params()
    state = transformation.init(values)
    everything, every = gradients(values), []
    for step in range(STEPS):
        gradient = tw.tree.map(lambda g, t=step: g[t], everything)
        updates, state = transformation.update(gradient, state, values, **EXTRA)
        values = optim.apply_updates(values, updates)
        every.append(tw.tree.leaves(updates))
    # The first variance that is rectified is a small difference of numbers 400 times as large.
    close = 1e-11 if "radam" in repr(transformation) else 1e-12
    # All steps at once: to look at an array of JAX's takes as long as a step.
    for ours, theirs in zip(zip(*every, strict=True), tw.tree.leaves(expected), strict=True):
        assert np.shape(ours) == theirs.shape
        np.testing.assert_allclose(
            np.stack(ours), theirs, rtol=1e-6 if rough else close, atol=1e-7 if rough else 1e-14
        )
    assert_equal(state, expected_state)


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_states_have_the_structure_and_field_names_of_optax(sample: Sample) -> None:
    with jax.enable_x64(True):
        theirs = sample(Oracle()).init(jax.tree.map(jax.numpy.asarray, params()))
        ours = sample(optim).init(params())
        assert described(ours) == described(theirs)
        assert_equal(ours, theirs)


def described(state: Any) -> Any:
    """Return the names and fields of a state, without its arrays."""
    if hasattr(state, "_fields"):
        fields = tuple((f, described(getattr(state, f))) for f in state._fields)
        return type(state).__name__, fields
    if isinstance(state, dict):
        return {key: described(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [described(value) for value in state]
    return None if state is None else "leaf"


@pytest.mark.parametrize("sample", listed(SCHEDULES))
def test_every_schedule_equals_optax_at_every_step(sample: Sample) -> None:
    schedule = sample(optim)
    with jax.enable_x64(True):
        theirs = sample(Oracle())
        expected = [float(theirs(step)) for step in range(STEPS)]
    ours = [schedule(step) for step in range(STEPS)]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-15)
    together = schedule(np.arange(STEPS))
    assert together.dtype == np.float64
    # NumPy's vectorised power rounds differently from its scalar one.
    np.testing.assert_allclose(together, ours, rtol=1e-15)
    assert schedule(np.int32(3)) == schedule(tw.Tensor(3)) == ours[3]


def factories(result: str) -> set[str]:
    public = {name: getattr(optim, name) for name in optim.__all__}
    functions = {name: f for name, f in public.items() if inspect.isfunction(f)}
    return {
        f.__name__ for f in functions.values() if result == inspect.signature(f).return_annotation
    }


def test_every_optimizer_and_transformation_has_a_row() -> None:
    tables = OPTIMIZERS | TRANSFORMATIONS | OWN_TRANSFORMATIONS | OF_PAIRS | SEARCHING
    rows = tables.keys() - {"inject_hyperparams", "MultiSteps"}
    assert factories("GradientTransformation") == rows


def test_every_schedule_has_a_row() -> None:
    assert factories("Schedule") == SCHEDULES.keys() | OWN_SCHEDULES.keys()


# The keywords for PyTorch's forms and masks, after Optax's arguments.
KEYWORDS: dict[str, dict[str, Any]] = {
    "novograd": {"mask": None},
    "scale_by_novograd": {"mask": None},
    "scale_by_amsgrad": {"max_before_correction": False},
    "scale_by_radam": {"eps_before_correction": False},
    "scale_by_rprop": {"delayed": True},
    "scale_by_rss": {"eps_in_sqrt": True},
}


def default(parameter: inspect.Parameter) -> Any:
    """Return a default that can be compared: functions do the same, but are not the same."""
    value = parameter.default
    return "a function" if inspect.isfunction(value) else value


@pytest.mark.parametrize("name", sorted(OPTIMIZERS | TRANSFORMATIONS | SCHEDULES))
def test_every_factory_has_the_arguments_and_defaults_of_optax(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(o, name)).parameters for o in (optim, optax))
    further = [
        (keyword, inspect.Parameter.KEYWORD_ONLY, default)
        for keyword, default in KEYWORDS.get(name, {}).items()
    ]
    assert [(p.name, p.kind, default(p)) for p in ours.values()] == [
        *((p.name, p.kind, default(p)) for p in theirs.values()),
        *further,
    ]


def test_every_public_name_of_optax_here_is_the_public_name_there() -> None:
    own = {"Schedule", "ScalarOrSchedule", "factory", *OWN_SCHEDULES}
    own |= OWN_TRANSFORMATIONS.keys() - TRANSFORMATIONS.keys()
    own |= {"absolute_error", "poisson_nll", "quantile_loss"}
    own |= {
        "account",
        "get_hyperparams",
        "loss_scale",
        "matching",
        "named_state",
        "set_hyperparams",
    }
    # In the submodules alone there.
    own |= {"ConditionFn", "numerics", "unitwise_clip", "unitwise_norm"}
    states = {name for name in optim.__all__ if name.endswith(("State", "Schedule", "Node"))}
    own |= {name for name in optim.losses.__all__ if hasattr(optax.losses, name)}
    assert not [n for n in set(optim.__all__) - own - states if not hasattr(optax, n)]
