"""Complex leaves, trees without leaves, missing parameters: as Optax has them, or said plainly."""

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import EXTRA, OPTIMIZERS, TRANSFORMATIONS, Sample, listed, params
from tests.optim.test_agreement_with_optax import assert_equal
from thalweg import optim
from thalweg.errors import ArgumentError, CallError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

# Optax compares, clips or refuses them, has complex distances, or complex hyperparameters.
OF_REAL = (
    *("rprop", "scale_by_rprop", "clip", "sm3", "scale_by_sm3", "inject_hyperparams"),
    *("scale_by_distance_over_gradients", "MultiSteps"),
)
OF_COMPLEX = {k: v[:1] for k, v in (OPTIMIZERS | TRANSFORMATIONS).items() if k not in OF_REAL}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("sample", listed(OF_COMPLEX))
def test_complex_leaves_are_treated_as_by_optax(sample: Sample) -> None:
    values = tw.tree.map(lambda p: p * (1.0 + 0.5j), params())
    made, theirs = sample(optim), optax.with_extra_args_support(sample(optax))
    state = made.init(values)
    with jax.enable_x64(True):
        other = jax.tree.map(jax.numpy.asarray, values)
        expected = theirs.init(other)
        for step in range(3):
            slope = tw.tree.map(lambda p, t=step: p * np.exp(1j * t), values)
            updates, state = made.update(slope, state, values, **EXTRA)
            given = jax.tree.map(jax.numpy.asarray, slope)
            wanted, expected = theirs.update(given, expected, other, **EXTRA)
            assert_equal(updates, wanted)
        assert_equal(state, expected)


def test_injected_numbers_of_complex_parameters_are_real() -> None:
    values = np.array([1.0 + 2.0j])
    made, plain = optim.inject_hyperparams(optim.adam)(0.1), optim.adam(0.1)
    state = made.init(values)
    assert state.hyperparams["learning_rate"].dtype == np.float64
    updates, _ = made.update(values, state, values)
    np.testing.assert_allclose(updates, plain.update(values, plain.init(values), values)[0])


NEED_PARAMS = [
    *(optim.scale_by_trust_ratio(), optim.scale_by_param_block_norm(), optim.novograd(0.1)),
    *(optim.scale_by_param_block_rms(), optim.scale_by_factored_rms(), optim.lamb(0.1)),
    optim.scale_by_distance_over_gradients(),
]


@pytest.mark.parametrize("made", NEED_PARAMS, ids=repr)
def test_parameters_that_are_needed_are_asked_for(made: Any) -> None:
    with pytest.raises(ArgumentError, match=r"was updated without parameters.*update\(updates"):
        made.update(np.ones(2), made.init(np.ones(2)))


def has_no_mask(sample: Sample) -> bool:
    text = repr(sample(optim))
    return not any(word in text for word in ("mask", "partition", "snapshot"))


ANY_TREE = {k: [*filter(has_no_mask, v)] for k, v in (OPTIMIZERS | TRANSFORMATIONS).items()}


@pytest.mark.parametrize("sample", listed(ANY_TREE))
@pytest.mark.parametrize("empty", [{}, [], {"a": None, "b": ()}], ids=repr)
def test_trees_without_leaves_stay_as_they_are(sample: Sample, empty: Any) -> None:
    made = sample(optim)
    updates, state = made.update(empty, made.init(empty), empty, **EXTRA)
    assert updates == empty
    assert tw.tree.structure(state) == tw.tree.structure(made.init(empty))


def test_polyaks_step_wants_the_loss() -> None:
    made = optim.polyak_sgd()
    with pytest.raises(CallError, match=r"without the loss.*value=loss"):
        made.update(1.0, made.init(1.0), 1.0)


def test_polyaks_step_ends_in_a_minimum() -> None:
    made = optim.scale_by_polyak()
    updates, _ = made.update(np.zeros(2), made.init(np.zeros(2)), np.zeros(2), value=1.0)
    np.testing.assert_array_equal(updates, [0.0, 0.0])


def test_the_old_optimistic_adam_says_so_and_takes_no_schedule() -> None:
    with pytest.warns(DeprecationWarning, match="use `optimistic_adam_v2` instead") as caught:
        optim.optimistic_adam(0.1)
    assert caught[0].filename == __file__
    schedule: Any = optim.constant_schedule(0.1)
    with (
        pytest.warns(DeprecationWarning, match="use `optimistic_adam_v2`"),
        pytest.raises(ArgumentError, match="does not support learning rate schedules"),
    ):
        optim.optimistic_adam(schedule)


def test_sm3_keeps_a_vector_an_axis_and_refuses_complex_numbers() -> None:
    made = optim.scale_by_sm3()
    state = made.init({"m": np.ones((2, 3, 4)), "v": np.ones(5), "s": np.ones(())})
    shapes = {name: [np.shape(v) for v in covers] for name, covers in state.mu.items()}
    assert shapes == {"m": [(2,), (3,), (4,)], "v": [(5,)], "s": [()]}
    with pytest.raises(ArgumentError, match="does not support complex parameters"):
        made.init(np.ones(2, complex))


def test_a_scalar_of_sm3_is_a_vector_of_itself() -> None:
    made = optim.sm3(0.1)
    found = []
    for shape in ((), (1,)):
        p = np.full(shape, 2.0)
        state = made.init(p)
        for _ in range(3):
            updates, state = made.update(p, state, p)
        found.append(np.asarray(updates).item())
    assert found[0] == found[1]


def test_long_axes_are_factored_and_others_are_not() -> None:
    values = {"long": np.ones((130, 3, 128)), "short": np.ones((127, 500))}
    state = optim.scale_by_factored_rms().init(values)
    assert state.v_row["long"].shape == (3, 128)
    assert state.v_col["long"].shape == (130, 3)
    assert state.v["long"].shape == state.v_row["short"].shape == (1,)
    assert state.v["short"].shape == (127, 500)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: optim.scale_by_adan(b3=1.0), r"b3=1.0.*\[0, 1\)"),
        (lambda: optim.scale_by_sm3(b2=1.1), r"b2=1.1.*\[0, 1\]"),
        (lambda: optim.scale_by_polyak(variant="spss"), "Did you mean 'sps'"),
        (lambda: optim.apply_every(0), "k=0"),
        (lambda: optim.yogi(-0.1), "learning_rate=-0.1"),
        (lambda: optim.fromage(float("inf")), "learning_rate=inf"),
        (lambda: optim.adafactor(0.1, clipping_threshold=0.0), "threshold=0.0"),
        (lambda: optim.add_noise(-1.0, 0.5, 0), "eta=-1.0"),
        (lambda: optim.lookahead(optim.sgd(0.1), 2, float("nan")), "slow_step_size=nan"),
    ],
)
def test_numbers_out_of_range_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make()


# ---- updates that are None, and functions that take more or less


@pytest.mark.parametrize(
    "make",
    [lambda: optim.adamw(0.1), lambda: optim.sgd(0.1, momentum=0.9), lambda: optim.lamb(0.1)],
)
def test_updates_that_are_none_stay_so_with_what_is_kept_of_them(make: Any) -> None:
    values = {"a": np.ones(2), "b": {"c": np.ones(3)}}
    slope = {"a": np.ones(2), "b": None}
    made, alone = make(), make()
    state, other = made.init(values), alone.init(values["a"])
    for _ in range(2):
        updates, after = made.update(slope, state, values)
        expected, other = alone.update(slope["a"], other, values["a"])
        assert updates["b"] is None
        np.testing.assert_array_equal(updates["a"], expected)
        assert tw.tree.structure(after) == tw.tree.structure(state)
        state = after


def test_trees_that_differ_in_more_than_none_are_refused() -> None:
    made = optim.adam(0.1)
    state = made.init({"a": 1.0, "b": 1.0})
    with pytest.raises(tw.errors.ShapeError, match="differ in structure"):
        made.update({"a": None, "c": 1.0}, state)


def test_an_update_without_parameters_is_called_without_them() -> None:
    seen = []

    def update(updates: Any, state: Any, *, log: Any = None, **extra: Any) -> Any:
        seen.append((log, extra))
        return updates, state

    made = optim.GradientTransformationExtraArgs(lambda params: (), update)
    made.update(1.0, (), 2.0, log="rate", value=3.0)
    optim.chain(made).update(1.0, ((),), log="once more")
    assert seen == [("rate", {"value": 3.0}), ("once more", {})]


def test_what_takes_extra_arguments_is_told_from_what_does_not() -> None:
    plain = optim.GradientTransformation(
        lambda params: (), lambda u, state, params=None: (u, state)
    )
    assert not isinstance(plain, optim.GradientTransformationExtraArgs)
    accepting = optim.with_extra_args_support(plain)
    assert isinstance(accepting, optim.GradientTransformationExtraArgs)
    assert accepting.update(1.0, (), anything=2.0) == (1.0, ())
    for made in (optim.adam(0.1), optim.polyak_sgd(), optim.with_extra_args_support(accepting)):
        assert isinstance(made, optim.GradientTransformationExtraArgs)
    supported = optim.with_extra_args_support(optim.scale(2.0))
    assert repr(supported) == "with_extra_args_support(tx=scale(step_size=2.0))"
    assert pickle.loads(pickle.dumps(supported)) == supported
