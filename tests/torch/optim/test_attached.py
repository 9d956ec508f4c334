"""Any transformation, attached to parameters: its numbers, masks, schedules and refusals."""

import warnings
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.fitting import assert_equal, differ, leaves, loss_of, train, values
from thalweg import torch as wing


def chained(rate: float = 0.1) -> Any:
    o = tw.optim
    return o.chain(o.clip_by_global_norm(0.5), o.add_decayed_weights(0.1), o.adam(rate))


def functional(transformation: Any, steps: int) -> list[Any]:
    w, b, x = leaves()
    params = {"w": w.detach(), "b": b.detach()}
    state = transformation.init(params)
    for _ in range(steps):
        gradients = tw.grad(lambda p: loss_of(p["w"], p["b"], x))(params)
        updates, state = transformation.update(gradients, state, params)
        params = tw.optim.apply_updates(params, updates)
    return values(params["w"], params["b"])


@pytest.mark.parametrize("named", [False, True])
def test_any_transformation_steps_its_parameters_as_the_functional_habit_does(named: bool) -> None:
    w, b, x = leaves()
    given = [("w", w), ("b", b)] if named else [w, b]
    optimizer = wing.optim.Optimizer(given, chained())
    train(optimizer, (w, b, x), 5)
    for found, expected in zip(values(w, b), functional(chained(), 5), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_the_numbers_of_a_transformation_are_options_read_at_every_step() -> None:
    w, b, x = leaves()
    optimizer = wing.optim.Optimizer([w, b], chained())
    assert optimizer.defaults["lr"] == 0.1
    assert optimizer.param_groups[0]["[0].max_norm"] == 0.5
    optimizer.param_groups[0]["lr"] = 0.3
    train(optimizer, (w, b, x), 5)
    for found, expected in zip(values(w, b), functional(chained(0.3), 5), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_masks_and_labels_of_a_transformation_name_parameters() -> None:
    w, b, x = leaves()
    frozen = tw.optim.partition(
        {"fit": tw.optim.sgd(0.01), "keep": tw.optim.set_to_zero()}, {"w": "fit", "b": "keep"}
    )
    optimizer = wing.optim.Optimizer([("w", w), ("b", b)], frozen)
    before = values(w, b)
    train(optimizer, (w, b, x), 2)
    assert_equal(before[1:], values(b))
    assert differ(before[:1], values(w))


def test_a_parameter_without_a_gradient_keeps_its_state_beside_others() -> None:
    w, b, x = leaves()
    optimizer = wing.optim.Optimizer([w, b], tw.optim.adam(0.1))
    train(optimizer, (w, b, x), 2)
    kept, before = values(optimizer.state[b]["mu"]), values(b)
    loss_of(w, b, x).backward()
    b.grad = None
    optimizer.step()
    assert_equal(kept + before, values(optimizer.state[b]["mu"], b))
    assert optimizer.state[w]["count"].item() == 3


def test_a_schedule_counts_the_steps() -> None:
    p = wing.ones((), requires_grad=True)
    optimizer = wing.optim.Optimizer([p], tw.optim.sgd(tw.optim.linear_schedule(1.0, 0.0, 2)))
    seen = []
    for _ in range(3):
        p.grad = wing.ones(())
        optimizer.step()
        seen.append(p.item())
    assert seen == [0.0, -0.5, -0.5]


def test_a_class_of_ones_own_may_bring_its_rule_or_its_step() -> None:
    class Descent(wing.optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def transformation(self, options: Any) -> Any:
            return tw.optim.sgd(options["lr"])

    class Stepping(wing.optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def step(self, closure: Any = None) -> None:
            with wing.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p -= group["lr"] * p.grad

    for kind in (Descent, Stepping):
        p = wing.ones(2, requires_grad=True)
        p.grad = wing.ones(2)
        kind([p], 0.25).step()
        assert p.tolist() == [0.75, 0.75]


def test_options_without_a_rule_are_refused_at_the_step() -> None:
    p = wing.ones(2, requires_grad=True)
    p.grad = wing.ones(2)
    with pytest.raises(tw.errors.ArgumentError, match="no rule"):
        wing.optim.Optimizer([p], {"lr": 0.1}).step()


def test_no_warning_is_given_where_gradients_overflow() -> None:
    p = wing.ones(2, requires_grad=True)
    p.grad = wing.tensor([1e300, 1e-300])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wing.optim.Adam([p]).step()
    assert p.numpy(force=True)[0] == 1.0
