"""Hyperparameters in the state."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim


def test_numbers_can_be_read_and_changed_between_steps() -> None:
    optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=0.1)
    state = optimizer.init([1.0])
    assert state.hyperparams["learning_rate"] == 0.1
    state.hyperparams["learning_rate"] = 0.7
    updates, state = optimizer.update([1.0], state)
    assert updates[0] == -0.7
    assert state.hyperparams["learning_rate"] == 0.7
    assert state.count == 1


def test_scheduled_numbers_show_their_current_value() -> None:
    optimizer = optim.inject_hyperparams(optim.adam)(optim.linear_schedule(1.0, 0.0, 10), b1=0.5)
    state = optimizer.init([1.0])
    for step in range(3):
        _, state = optimizer.update([1.0], state)
        assert state.hyperparams["learning_rate"] == pytest.approx(1.0 - step / 10)
    assert state.hyperparams["b1"] == 0.5
    assert state.hyperparams_states["learning_rate"].count == 3


def test_a_mask_function_is_no_schedule_when_named_static() -> None:
    def mask(tree: Any) -> Any:
        return tw.tree.map(lambda leaf: leaf.ndim > 0, tree)

    optimizer = optim.inject_hyperparams(optim.adamw, static_args="mask")(
        0.1, weight_decay=0.5, mask=mask
    )
    plain = optim.adamw(0.1, weight_decay=0.5, mask=mask)
    tree = [np.ones(2), np.array(1.0)]
    ours, _ = optimizer.update(tree, optimizer.init(tree), tree)
    theirs, _ = plain.update(tree, plain.init(tree), tree)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_numbers_are_kept_in_the_dtype_of_the_parameters() -> None:
    optimizer = optim.inject_hyperparams(optim.adam)(0.1)
    narrow = optimizer.init(np.ones(2, np.float32))
    assert narrow.hyperparams["b2"].dtype == np.float32
    wide = optim.inject_hyperparams(optim.adam, hyperparam_dtype="float64")(0.1)
    state = wide.init(np.ones(2, np.float32))
    assert state.hyperparams["b2"].dtype == np.float64
    updates, _ = wide.update(np.ones(2, np.float32), state)
    assert updates.dtype == np.float32


def test_injected_factories_compare_by_what_they_inject() -> None:
    inject = optim.inject_hyperparams
    assert inject(optim.sgd)(0.1) == inject(optim.sgd)(0.1)
    assert inject(optim.sgd)(0.1).structure == inject(optim.sgd)(0.2).structure
    assert inject(optim.sgd)(0.1).structure != inject(optim.sign_sgd)(0.1).structure
    assert inject(optim.sgd)(0.1).structure != optim.sgd(0.1).structure
    assert inject(optim.sgd, "nesterov") != inject(optim.sgd)


def test_schedules_with_a_state_of_their_own_see_extra_arguments() -> None:
    class OnPlateau:
        """Halves the rate whenever the loss has not fallen."""

        def init(self) -> Any:
            return {"best": np.float64(np.inf), "rate": np.float64(1.0)}

        def update(self, state: Any, *, value: Any, **_: Any) -> Any:
            better = value < state["best"]
            rate = tw.where(better, state["rate"], 0.5 * state["rate"])
            return {"best": tw.minimum(state["best"], value), "rate": rate}

        def __call__(self, state: Any, **_: Any) -> Any:
            return state["rate"]

    optimizer = optim.inject_hyperparams(optim.sgd)(learning_rate=OnPlateau())
    state = optimizer.init(np.zeros(1))
    rates = []
    for value in (3.0, 2.0, 2.5, 1.0, 1.0):
        updates, state = optimizer.update(np.ones(1), state, value=value)
        rates.append(-float(updates[0]))
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5]
    assert state.hyperparams_states["learning_rate"]["rate"] == 0.25


def test_the_older_name_warns_and_works() -> None:
    with pytest.warns(DeprecationWarning, match="use inject_hyperparams instead"):
        made = optim.inject_stateful_hyperparams(optim.sgd)(0.5)
    assert made == optim.inject_hyperparams(optim.sgd)(0.5)
    assert isinstance(optim.WrappedSchedule(optim.constant_schedule(1.0)), optim.StatefulSchedule)
    assert not isinstance(optim.constant_schedule(1.0), optim.StatefulSchedule)


def test_the_numbers_of_a_running_optimizer_are_read_and_set() -> None:
    rate = optim.inject_hyperparams(optim.scale_by_learning_rate)
    optimizer = optim.chain(optim.inject_hyperparams(optim.adam)(0.1, b1=0.5), rate(0.2))
    state = optimizer.init(np.zeros(2, np.float32))
    assert optim.get_hyperparams(state)["b1"] == 0.5
    assert {"[0].learning_rate", "[1].learning_rate"} <= optim.get_hyperparams(state).keys()
    one = optim.set_hyperparams(state, **{"[1].learning_rate": 0.5, "b1": 0.25})
    assert [one[i].hyperparams["learning_rate"] for i in (0, 1)] == [np.float32(0.1), 0.5]
    both = optim.set_hyperparams(state, learning_rate=0.5)
    assert [both[i].hyperparams["learning_rate"] for i in (0, 1)] == [0.5, 0.5]
    assert both[0].hyperparams["learning_rate"].dtype == np.float32
    assert state[1].hyperparams["learning_rate"] == np.float32(0.2)
    assert tw.tree.structure(both) == tw.tree.structure(state)


def test_names_that_are_not_there_or_follow_a_schedule_are_not_set() -> None:
    made = optim.inject_hyperparams(optim.sgd)(optim.exponential_decay(1.0, 5, 0.5), momentum=0.9)
    state = made.init([0.0])
    with pytest.raises(tw.errors.ArgumentError, match=r"'momentun', but .*Did you mean"):
        optim.set_hyperparams(state, momentun=0.1)
    with pytest.raises(tw.errors.ArgumentError, match="'learning_rate', which follows a schedule"):
        optim.set_hyperparams(state, learning_rate=0.1)
    with pytest.raises(tw.errors.ArgumentError, match="holds no hyperparameters"):
        optim.get_hyperparams(optim.sgd(0.1).init([0.0]))
