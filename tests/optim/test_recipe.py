"""Transformations and schedules know how they were made."""

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import (
    EXTRA,
    MASK,
    OPTIMIZERS,
    OWN_SCHEDULES,
    SCHEDULES,
    TRANSFORMATIONS,
    Sample,
    listed,
    params,
)
from thalweg import optim
from thalweg.core.program import Program, evaluate, finish, trace
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError
from thalweg.optim.recipe import Recipe

EVERYTHING = listed(OPTIMIZERS | TRANSFORMATIONS | SCHEDULES | OWN_SCHEDULES)


def holds_a_function(text: str) -> bool:
    return any(name in text for name in ("lambda", "mask_of", "upper_bounded"))


# ---- printing


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (optim.adam(0.1), "adam(learning_rate=0.1)"),
        (optim.adam(learning_rate=1, b1=0.9), "adam(learning_rate=1.0)"),
        (optim.sgd(0.5, 0.9, True), "sgd(learning_rate=0.5, momentum=0.9, nesterov=True)"),
        (optim.nadam(0.1), "nadam(learning_rate=0.1)"),
        (optim.identity(), "identity()"),
        (
            optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1)),
            "chain(clip_by_global_norm(max_norm=1.0), adam(learning_rate=0.1))",
        ),
        (
            optim.named_chain(("clip", optim.clip(1.0))),
            "named_chain(('clip', clip(max_delta=1.0)))",
        ),
        (
            optim.sgd(optim.exponential_decay(1.0, 100, 0.9)),
            "sgd(learning_rate=exponential_decay("
            "init_value=1.0, transition_steps=100, decay_rate=0.9))",
        ),
        (
            optim.masked(optim.sgd(0.1), {"w": True}),
            "masked(inner=sgd(learning_rate=0.1), mask={'w': True})",
        ),
        (
            optim.trace(0.9, accumulator_dtype=np.float32),
            "trace(decay=0.9, accumulator_dtype=float32)",
        ),
        (optim.stateless(abs), "stateless(f=abs)"),
        (
            optim.join_schedules([optim.constant_schedule(1.0)], ()),
            "join_schedules(schedules=[constant_schedule(value=1.0)], boundaries=())",
        ),
        (optim.GradientTransformation(len, abs), "GradientTransformation(init=len, update=abs)"),
        (optim.Schedule(abs), "Schedule(function=abs)"),
    ],
)
def test_a_recipe_prints_as_the_call_that_made_it(made: Recipe, text: str) -> None:
    assert repr(made) == text


@pytest.mark.parametrize("sample", EVERYTHING)
def test_what_is_printed_makes_an_equal_recipe(sample: Sample) -> None:
    made = sample(optim)
    if holds_a_function(repr(made)):
        assert made == made.rebuild(list(made.hyperparameters.values()))
        return
    names = {name: getattr(optim, name) for name in optim.__all__}
    assert eval(repr(made), {**names, "Layer": type(params()["layer"])}) == made


# ---- comparing and pickling


@pytest.mark.parametrize("sample", EVERYTHING)
def test_a_recipe_made_twice_is_equal_and_hashes_alike(sample: Sample) -> None:
    one, two = sample(optim), sample(optim)
    if not holds_a_function(repr(one)):
        assert one == two
        assert hash(one) == hash(two)
        assert one.structure == two.structure
    assert one != optim.scale(0.123456)


@pytest.mark.parametrize("sample", EVERYTHING)
def test_a_recipe_survives_pickling(sample: Sample) -> None:
    made = sample(optim)
    if "lambda" not in repr(made):
        loaded = pickle.loads(pickle.dumps(made))
        assert loaded == made
        assert repr(loaded) == repr(made)


def test_recipes_of_other_numbers_differ() -> None:
    assert optim.adam(0.1) != optim.adam(0.2)
    assert optim.adam(0.1) == optim.adam(0.1, b1=0.9)
    assert len({optim.adam(0.1), optim.adam(0.1), optim.adam(0.3)}) == 2


def test_a_recipe_compares_with_anything() -> None:
    assert optim.adam(0.1) != "adam"
    assert optim.sgd(0.1) != optim.adam(0.1)


# ---- structure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (optim.adam(0.1), optim.adam(0.7, b1=0.5, eps=1e-3)),
        (optim.adam(1), optim.adam(0.5)),
        (optim.sgd(np.float64(0.1)), optim.sgd(np.float32(0.5))),
        (optim.sgd(np.asarray(0.1)), optim.sgd(Tensor(0.1))),
        (optim.sgd(0.1, momentum=0.9), optim.sgd(0.1, momentum=0.0)),
        (
            optim.adam(optim.exponential_decay(1.0, 9, 0.5)),
            optim.adam(optim.exponential_decay(2, 9, 0)),
        ),
        (
            optim.masked(optim.sgd(1.0), MASK),
            optim.masked(optim.sgd(2.0), dict(reversed(MASK.items()))),
        ),
        (
            optim.piecewise_constant_schedule(1.0, {5: 0.1, 9: 1}),
            optim.piecewise_constant_schedule(2.0, {9: 0.5, 5: 0.3}),
        ),
        (
            optim.masked(optim.clip(1.0), np.array([True])),
            optim.masked(optim.clip(1.0), np.array([True])),
        ),
        (
            optim.masked(optim.clip(1.0), Tensor([True])),
            optim.masked(optim.clip(1.0), Tensor([True])),
        ),
    ],
)
def test_recipes_that_differ_in_numbers_share_their_structure(one: Recipe, other: Recipe) -> None:
    assert one.structure == other.structure
    assert hash(one.structure) == hash(other.structure)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (optim.sgd(0.1), optim.sgd(0.1, momentum=0.9)),
        (optim.sgd(0.1), optim.sign_sgd(0.1)),
        (optim.adam(0.1), optim.adam(0.1, nesterov=True)),
        (optim.adam(0.1), optim.adam(optim.constant_schedule(0.1))),
        (
            optim.adam(optim.exponential_decay(1.0, 9, 0.5)),
            optim.adam(optim.exponential_decay(1.0, 8, 0.5)),
        ),
        (optim.sgd(abs), optim.sgd(float)),
        (optim.masked(optim.sgd(1.0), {"w": True}), optim.masked(optim.sgd(1.0), {"w": False})),
        (optim.masked(optim.sgd(1.0), {"w": True}), optim.masked(optim.sgd(1.0), {"w": 1})),
        (optim.masked(optim.sgd(1.0), [True]), optim.masked(optim.sgd(1.0), (True,))),
        (
            optim.masked(optim.clip(1.0), np.array([True])),
            optim.masked(optim.clip(1.0), np.array([False])),
        ),
        (optim.masked(optim.clip(1.0), {"w": {1}}), optim.masked(optim.clip(1.0), {"w": {1}})),
        (optim.chain(optim.clip(1.0)), optim.chain(optim.clip(1.0), optim.clip(1.0))),
        (optim.trace(0.9), optim.trace(0.9, accumulator_dtype="float32")),
    ],
)
def test_recipes_that_differ_in_more_than_numbers_differ_in_structure(
    one: Recipe, other: Recipe
) -> None:
    assert one.structure != other.structure


# ---- hyperparameters


def test_hyperparameters_are_named_by_where_they_stand() -> None:
    made = optim.chain(
        optim.clip_by_global_norm(1),
        optim.sgd(optim.exponential_decay(1.0, 100, 0.9), momentum=0.5),
        optim.partition({"a": optim.scale(2.0)}, "a"),
        optim.scale_by_schedule(optim.piecewise_constant_schedule(3.0, {7: 0.5})),
    )
    assert made.hyperparameters == {
        "[0].max_norm": 1.0,
        "[1].learning_rate.init_value": 1.0,
        "[1].learning_rate.decay_rate": 0.9,
        "[1].momentum": 0.5,
        "[2].transforms['a'].step_size": 2.0,
        "[3].step_size_fn.init_value": 3.0,
        "[3].step_size_fn.boundaries_and_scales[7]": 0.5,
    }
    assert all(type(value) is float for value in made.hyperparameters.values())


def test_flags_counts_and_names_are_no_hyperparameters() -> None:
    assert optim.scale_by_rms(eps_in_sqrt=False).hyperparameters.keys() == {
        "decay",
        "eps",
        "initial_scale",
    }
    assert optim.linear_schedule(1.0, 0.0, 10).hyperparameters.keys() == {"init_value", "end_value"}


@optim.factory
def custom(rate, count, *, table: Mapping[str, float], flag: bool = False):  # type: ignore[no-untyped-def]
    del count, flag
    return optim.chain(*(optim.scale(rate * factor) for factor in table.values()))


def test_a_factory_of_ones_own_is_remembered_too() -> None:
    made = custom(0.5, 3, table=OrderedDict(a=1, b=2.0))
    assert made.hyperparameters == {"rate": 0.5, "table['a']": 1.0, "table['b']": 2.0}
    other = made.rebuild([2.0, 3.0, 4.0])
    assert other.update(Tensor(1.0), other.init(0.0))[0] == 48.0
    assert other.structure == made.structure
    assert custom(0.5, 4, table=OrderedDict(a=1, b=2.0)).structure != made.structure
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_factory_keeps_its_name_and_signature() -> None:
    assert optim.adam.__name__ == "adam"
    with pytest.raises(TypeError, match=r"adam: missing .*'learning_rate'. Its arguments are .*b1"):
        optim.adam()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"adam got an unknown argument 'lr'. Here it is"):
        optim.adam(0.1, lr=0.1)  # type: ignore[call-arg]


def test_a_factory_that_returns_its_argument_does_not_rename_it() -> None:
    @optim.factory
    def same(inner: optim.GradientTransformation) -> optim.GradientTransformation:
        return inner

    inner = optim.adam(0.1)
    assert "same" in repr(same(inner))
    assert repr(inner) == "adam(learning_rate=0.1)"


# ---- rebuilding


def run(transformation: Any, steps: int = 5) -> Any:
    values = params()
    state = transformation.init(values)
    for step in range(steps):
        gradient = tw.tree.map(lambda p, t=step: p * np.cos(t + p), params())
        updates, state = transformation.update(gradient, state, values, **EXTRA)
        values = optim.apply_updates(values, updates)
    return tw.tree.leaves((values, state))


@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_rebuilding_with_the_same_numbers_gives_the_same_bits(sample: Sample) -> None:
    made = sample(optim)
    again = made.rebuild(list(made.hyperparameters.values()))
    assert again == made
    for a, b in zip(run(made), run(again), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rebuilding_with_other_numbers_is_making_it_with_them() -> None:
    made = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(optim.linear_schedule(1, 0, 9)))
    names = list(made.hyperparameters)
    values = [made.hyperparameters[name] for name in names]
    values[names.index("[1].b1")] = 0.5
    values[names.index("[1].learning_rate.end_value")] = 0.1
    assert made.rebuild(values) == optim.chain(
        optim.clip_by_global_norm(1.0), optim.adam(optim.linear_schedule(1, 0.1, 9), b1=0.5)
    )


def test_rebuilding_with_too_few_numbers_names_them() -> None:
    with pytest.raises(ArgumentError, match=r"1 values for 2 hyper.*learning_rate, momentum"):
        optim.sgd(0.1, momentum=0.9).rebuild([0.1])


def test_rebuilding_checks_the_numbers() -> None:
    with pytest.raises(ArgumentError, match=r"momentum|decay=2.0"):
        optim.sgd(0.1, momentum=0.9).rebuild([0.1, 2.0])


# ---- rebuilding with traced numbers


def traced(made: Any, values: Any, gradient: Any, state: Any) -> tuple[Program, list[Any]]:
    """Return the program of one update, whose last inputs are the hyperparameters."""
    numbers = list(made.hyperparameters.values())
    leaves, definition = tw.tree.flatten((values, gradient, state))
    arrays = [np.asarray(leaf) for leaf in leaves]

    def step(*inputs: Any) -> Any:
        p, g, s = tw.tree.unflatten(definition, inputs[: len(leaves)])
        updates, after = made.rebuild(inputs[len(leaves) :]).update(g, s, p, **EXTRA)
        return optim.apply_updates(p, updates), after

    specs = [Spec(a.shape, a.dtype) for a in arrays]
    specs += [Spec((), FLOAT64, weak=True) for _ in numbers]
    result, current, symbols = trace(step, specs, lambda s: make(s, None, s.spec.weak))
    outputs = [
        current.lift(Tensor(r) if not isinstance(r, Tensor) else r) for r in tw.tree.leaves(result)
    ]
    program = finish(current, symbols, outputs)
    program.check()
    captured = [t.numpy() for t, _ in current.captured.values()]
    return program, [*arrays, *map(np.asarray, numbers), *captured]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sample", listed(OPTIMIZERS | TRANSFORMATIONS))
def test_a_step_traced_with_its_numbers_as_inputs_equals_the_eager_step(
    sample: Sample, dtype: Any
) -> None:
    made = sample(optim)
    values = params(dtype)
    gradient = tw.tree.map(lambda p: np.cos(3 * p), values)
    state = made.init(values)
    for _ in range(2):
        _, state = made.update(gradient, state, values, **EXTRA)
    program, arguments = traced(made, values, gradient, state)
    updates, after = made.update(gradient, state, values, **EXTRA)
    expected = tw.tree.leaves((optim.apply_updates(values, updates), after))
    for ours, eager in zip(evaluate(program, arguments), expected, strict=True):
        assert ours.dtype == np.asarray(eager).dtype
        # A power of a constant exponent is computed as a square; of a traced one, as a power.
        np.testing.assert_allclose(
            ours, np.asarray(eager), rtol=1e-15 if dtype is np.float64 else 1e-6
        )


@pytest.mark.parametrize("sample", listed(SCHEDULES | OWN_SCHEDULES))
def test_a_schedule_traced_with_its_numbers_as_inputs_equals_the_eager_one(sample: Sample) -> None:
    made = sample(optim)
    numbers = list(made.hyperparameters.values())
    specs = [Spec((), np.dtype("int32")), *(Spec((), FLOAT64, weak=True) for _ in numbers)]

    def value(step: Any, *inputs: Any) -> Any:
        return made.rebuild(inputs)(step)

    result, current, symbols = trace(value, specs, lambda s: make(s, None, s.spec.weak))
    program = finish(current, symbols, [current.lift(result)])
    program.check()
    for step in range(0, 200, 7):
        arguments = [np.asarray(step, np.int32), *map(np.asarray, numbers)]
        np.testing.assert_allclose(
            evaluate(program, arguments)[0], made(step), rtol=1e-14, atol=1e-16
        )


def test_a_program_computes_with_the_numbers_it_is_given() -> None:
    made = optim.adam(optim.exponential_decay(1.0, 100, 0.9))
    values = params()
    gradient = tw.tree.map(np.cos, values)
    program, arguments = traced(made, values, gradient, made.init(values))
    names = list(made.hyperparameters)
    other = made.rebuild(
        [
            0.5 if name == "learning_rate.init_value" else v
            for name, v in made.hyperparameters.items()
        ]
    )
    arguments[len(arguments) - len(names) + names.index("learning_rate.init_value")] = np.asarray(
        0.5
    )
    updates, _ = other.update(gradient, other.init(values), values)
    expected = tw.tree.leaves(optim.apply_updates(values, updates))
    for ours, theirs in zip(evaluate(program, arguments), expected, strict=False):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-14)
