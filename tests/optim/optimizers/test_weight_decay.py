"""Weight decay of every optimizer: by a schedule, under a mask, native, never compiled again."""

import inspect
import pickle
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest

import thalweg as tw
from tests.optim.contrib_samples import Names
from thalweg import optim
from thalweg.engines.registry import engine
from thalweg.errors import ArgumentError
from thalweg.optim import contrib

OURS = Names(optim)

# What else each needs to be made.
NEEDED: dict[str, dict[str, Any]] = {
    "adafactor": {"learning_rate": 0.1, "min_dim_size_to_factor": 2},
    "adadelta": {"learning_rate": 1.0},
    "mechanize": {"base_optimizer": optim.sgd(0.1), "s_init": 0.1},
    "sophia": {"learning_rate": 0.1},
    "prodigy": {"estim_lr0": 0.1},
    "dadapt_adamw": {"estim_lr0": 0.1},
    "schedule_free_sgd": {"learning_rate": 0.1},
    "momo": {"learning_rate": 0.1},
    "lars": {"learning_rate": 0.1, "trust_coefficient": 0.1},
    "galore": {"learning_rate": 0.1},
}
# It decays gradients of its own.
NOT_ALONE = {"with_weight_decay", "add_decayed_weights", "scale_by_novograd"}


def decaying() -> dict[str, str]:
    """Return the names of the optimizers that decay weights, with that of the argument."""
    found = {}
    for name in sorted({*dir(optim), *dir(contrib)} - NOT_ALONE):
        made = getattr(OURS, name)
        if name.startswith("_") or not inspect.isfunction(made):
            continue
        arguments = inspect.signature(made).parameters
        for argument in ("weight_decay", "weight_decay_rate"):
            if argument in arguments:
                found[name] = argument
    return found


DECAYING = decaying()


def make(name: str, **arguments: Any) -> Any:
    made = getattr(OURS, name)
    given = {"learning_rate": 0.1} if "learning_rate" in inspect.signature(made).parameters else {}
    return made(**{**given, **NEEDED.get(name, {}), **arguments})


def with_decay(name: str, decay: Any, mask: Any = None) -> Any:
    arguments = inspect.signature(getattr(OURS, name)).parameters
    masks = [n for n in ("mask", "weight_decay_mask") if n in arguments]
    assert len(masks) == 1, f"{name} has no mask for its weight decay"
    given = {} if mask is None else {masks[0]: mask}
    return make(name, **{DECAYING[name]: decay}, **given)


START = {"w": np.array([[1.0, -2.0], [0.5, 1.5]]), "b": np.array([1.0, -1.0])}


def loss(p: Any, x: Any) -> Any:
    return ((x @ p["w"] + p["b"] - 1.0) ** 2).mean()


X = np.random.default_rng(0).normal(size=(8, 2))


def trained(optimizer: Any, steps: int = 4, run: str = "numpy") -> Any:
    return tw.fit(
        loss, START, X, optimizer=optimizer, batch_size=4, steps=steps, seed=3, engine=run
    ).params


def assert_close(one: Any, other: Any, tolerance: float = 1e-11) -> None:
    for a, b in zip(*map(tw.tree.leaves, (one, other)), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_those_that_decay_weights_are_looked_at() -> None:
    assert {"adamw", "novograd", "prodigy", "momo", "soap", "muon", "mechanize"} <= {*DECAYING}
    assert len(DECAYING) >= 28


# What sees curvature calls the loss of its own, which a fit has not.
of_all = pytest.mark.parametrize("name", sorted(DECAYING.keys() - {"sophia"}))
pytestmark = pytest.mark.filterwarnings("ignore:The loss rose")


@of_all
def test_a_schedule_that_is_constant_is_the_number(name: str) -> None:
    number, schedule = (with_decay(name, d) for d in (0.3, optim.constant_schedule(0.3)))
    assert_close(trained(number), trained(schedule))


@of_all
def test_a_schedule_counts_the_steps(name: str) -> None:
    # No decay but in the first two steps is not the same as none in them.
    early = trained(with_decay(name, lambda step: 0.3 * (step < 2)))
    plain, whole = trained(with_decay(name, 0.0)), trained(with_decay(name, 0.3))
    assert not np.allclose(early["w"], plain["w"], rtol=1e-9)
    assert not np.allclose(early["w"], whole["w"], rtol=1e-9)
    first = with_decay(name, lambda step: 0.3 * (step < 2))
    assert_close(trained(first, 2), trained(with_decay(name, 0.3), 2))


@of_all
def test_a_mask_of_all_is_none_and_of_nothing_is_no_decay(name: str) -> None:
    assert_close(
        trained(with_decay(name, 0.3, {"w": True, "b": True})), trained(with_decay(name, 0.3))
    )
    none = {"w": False, "b": False}
    assert_close(trained(with_decay(name, 0.3, none)), trained(with_decay(name, 0.0)))


@of_all
@pytest.mark.parametrize("mask", ["w", {"w": True, "b": False}, lambda p: {"w": True, "b": False}])
def test_a_mask_is_a_tree_a_function_or_a_pattern(name: str, mask: Any) -> None:
    found = trained(with_decay(name, 0.3, mask), 3)
    assert_close(found, trained(with_decay(name, 0.3, optim.matching(excluding="b")), 3))
    assert not np.allclose(found["w"], trained(with_decay(name, 0.0), 3)["w"], rtol=1e-9)


@of_all
def test_a_pattern_that_matches_nothing_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match=r"'\*\*.weight' matches no parameter"):
        with_decay(name, 0.3, "**.weight").init(START)


@of_all
def test_it_is_native_and_another_number_compiles_nothing(name: str) -> None:
    def made(decay: float) -> Any:
        return with_decay(name, optim.linear_schedule(decay, 0.0, 5), "w")

    assert_close(trained(made(0.3)), trained(made(0.3), run="native"), 1e-8)
    other = made(0.25)
    assert other.structure == made(0.3).structure
    assert pickle.loads(pickle.dumps(other)) == other
    native = engine("native")
    with mock.patch.object(type(native), "compile_loop", side_effect=AssertionError):
        again = trained(other, run="native")
    assert_close(again, trained(other), 1e-8)


# ---- what has none of its own


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("mask", [None, "w", {"w": False, "b": True}])
def test_adam_with_decay_is_adamw(nesterov: bool, mask: Any) -> None:
    rate, decay = optim.linear_schedule(0.1, 0.01, 4), optim.exponential_decay(0.3, 2, 0.5)
    mine = optim.with_weight_decay(optim.adam(rate, nesterov=nesterov), decay, mask)
    theirs = optim.adamw(rate, weight_decay=decay, mask=mask, nesterov=nesterov)
    assert_close(trained(mine), trained(theirs))
    assert_close(trained(mine, run="native"), trained(theirs, run="native"), 1e-9)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda adam: optim.chain(optim.clip_by_global_norm(0.5), adam),
        lambda adam: optim.named_chain(("clip", optim.clip_by_global_norm(0.5)), ("step", adam)),
        lambda adam: optim.chain(optim.chain(optim.clip_by_global_norm(0.5)), optim.chain(adam)),
    ],
)
def test_the_rate_of_a_chain_is_that_of_its_last_link(wrap: Callable[[Any], Any]) -> None:
    for made in (optim.adam, optim.inject_hyperparams(optim.adam)):
        mine = optim.with_weight_decay(wrap(made(0.1)), 0.3, "w")
        want = optim.chain(optim.clip_by_global_norm(0.5), optim.adamw(0.1, weight_decay=0.3,
                                                                       mask="w"))  # fmt: skip
        assert_close(trained(mine), trained(want))


def test_the_rate_that_is_set_in_the_state_is_the_decay_s_too() -> None:
    made = optim.with_weight_decay(optim.inject_hyperparams(optim.sgd)(0.1), 0.5)
    params = {"w": np.array(2.0)}
    state = optim.set_hyperparams(made.init(params), learning_rate=0.01)
    updates, state = made.update({"w": np.array(0.0)}, state, params)
    np.testing.assert_allclose(updates["w"], -0.01 * 0.5 * 2.0)
    scheduled = optim.inject_hyperparams(optim.sgd)(optim.linear_schedule(0.1, 0.0, 2))
    made = optim.with_weight_decay(scheduled, 0.5)
    state, found = made.init(params), []
    for _ in range(3):
        updates, state = made.update({"w": np.array(0.0)}, state, params)
        found.append(float(updates["w"]))
    np.testing.assert_allclose(found, [-0.1, -0.05, 0.0])


def test_a_rate_may_be_given() -> None:
    cautious = contrib.cautious(optim.sgd(0.1))
    made = optim.with_weight_decay(cautious, 0.5, learning_rate=optim.linear_schedule(0.2, 0.0, 2))
    state, params = made.init(2.0), 2.0
    first, state = made.update(0.0, state, params)
    second, _ = made.update(0.0, state, params)
    np.testing.assert_allclose([first, second], [-0.2, -0.1])


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_dtypes_stay(dtype: Any) -> None:
    for decay in (0.1, optim.constant_schedule(0.1)):
        for rate in (0.1, optim.constant_schedule(0.1)):
            made = optim.with_weight_decay(optim.adam(rate), decay)
            x = np.ones(3, dtype)
            updates, _ = made.update(x, made.init(x), x)
            assert updates.dtype == dtype


@pytest.mark.parametrize(
    ("optimizer", "text"),
    [
        (lambda: optim.adamw(0.1), r"takes weight decay itself, in adamw\. Give it there"),
        (lambda: optim.chain(optim.clip(1.0), optim.lion(0.1)), "itself, in lion"),
        (lambda: contrib.prodigy(), "itself, in prodigy"),
        (lambda: optim.MultiSteps(optim.adam(0.1), 2), "belongs to what it wraps"),
        (lambda: contrib.schedule_free(optim.sgd(0.1), 0.1), "belongs to what it wraps"),
        (lambda: optim.chain(optim.adam(0.1), optim.scale(2.0)), "is not known"),
        (lambda: optim.chain(optim.chain(optim.sgd(0.1)), optim.sgd(0.1)), "is not known"),
        (lambda: optim.scale_by_learning_rate(0.1, flip_sign=False), "is not known"),
        (lambda: optim.scale_by_adam(), "Give learning_rate= too"),
        (lambda: optim.asgd(0.1), "Give learning_rate= too"),
        (lambda: optim.chain(), "is not known"),
        (lambda: optim.adadelta(), "itself, in adadelta"),
    ],
)
def test_where_the_decay_belongs_elsewhere_it_is_refused(optimizer: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        optim.with_weight_decay(optimizer(), 0.1)


def test_numbers_are_in_their_ranges() -> None:
    with pytest.raises(ArgumentError, match="weight_decay=inf"):
        optim.with_weight_decay(optim.sgd(0.1), np.inf)
    with pytest.raises(ArgumentError, match=r"learning_rate=-1\.0"):
        optim.with_weight_decay(optim.scale(-1.0), 0.1, learning_rate=-1.0)
    made = optim.with_weight_decay(optim.sgd(0.1), 0.1)
    with pytest.raises(ArgumentError, match="was updated without parameters"):
        made.update(1.0, made.init(1.0))


@pytest.mark.parametrize("adam", [False, True])
def test_momo_under_a_mask_goes_to_the_bound_of_its_model(adam: bool) -> None:
    rate, decay, value = 0.5, 0.4, 0.1
    make_it = contrib.momo_adam if adam else contrib.momo
    made = make_it(rate, weight_decay=decay, mask="w")
    p = {"b": np.array([1.0, -1.0]), "w": np.array([2.0, 0.5])}
    g = {"b": np.array([3.0, 1.0]), "w": np.array([-1.0, 4.0])}
    updates, _ = made.update(g, made.init(p), p, value=value)
    # c is 1 where weights do not decay; in the first step all averages are of one.
    c = np.array([1.0, 1.0, 1 + rate * decay, 1 + rate * decay])
    at, m = np.concatenate([*p.values()]), np.concatenate([*g.values()])
    direction = m / (np.abs(m) + 1e-8) if adam else m
    length = (value - m @ at + m @ (at / c)) / (m @ (direction / c))
    want = -(c - 1) / c * at - max(length, 0.0) * direction
    np.testing.assert_allclose(np.concatenate([*updates.values()]), want, rtol=1e-12)
