"""What every class promises: groups, gradients, closures, copies, and steps that move."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from tests.optim.fitting import assert_equal, differ, leaves, loss_of, train, values
from tests.torch.optim.torch_configurations import CLASSES, STEPPED
from thalweg import torch as wing

each_class = pytest.mark.parametrize("name", CLASSES)
each_stepped = pytest.mark.parametrize("name", STEPPED)
# Rprop reads its rate at the first step alone, ASGD reads a new one a step late.
each_rated = pytest.mark.parametrize("name", [n for n in STEPPED if n not in ("Rprop", "ASGD")])


def make(name: str, params: Any, **options: Any) -> Any:
    return getattr(wing.optim, name)(params, **options)


@each_class
def test_it_is_an_optimizer_and_says_so(name: str) -> None:
    w, b, _ = leaves()
    optimizer = make(name, [w, b])
    assert isinstance(optimizer, wing.optim.Optimizer)
    assert repr(optimizer).startswith(f"{name} (\nParameter Group 0\n")


@each_class
def test_parameters_may_come_from_a_generator_or_with_names(name: str) -> None:
    w, b, x = leaves()
    assert make(name, (p for p in (w, b))).param_groups[0]["params"] == [w, b]
    named = make(name, [("w", w), ("b", b)])
    assert named.param_groups[0]["param_names"] == ["w", "b"]
    assert named.param_groups[0]["params"][0] is w
    train(named, (w, b, x), 2)


@each_class
def test_the_loss_falls(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    before = loss_of(w, b, x).item()
    train(optimizer, (w, b, x), 30)
    after = loss_of(w, b, x).item()
    assert np.isfinite(after)
    assert after < before


@each_stepped
def test_a_step_without_a_closure_returns_none_and_moves(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    loss_of(w, b, x).backward()
    before = values(w, b)
    assert optimizer.step() is None
    assert differ(before, values(w, b))


@each_class
def test_a_closure_records_even_inside_no_grad_and_its_loss_is_returned(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    with wing.no_grad():
        (loss,) = train(optimizer, (w, b, x), 1)
    assert loss.item() == loss_of(*leaves()).item()


@each_class
def test_parameters_keep_identity_memory_and_requires_grad(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    memory = [p.numpy(force=True) for p in (w, b)]
    train(optimizer, (w, b, x), 2)
    assert all(p.requires_grad and p.is_leaf for p in (w, b))
    assert_equal(memory, values(w, b))


@each_stepped
def test_a_step_bumps_the_version_and_stale_tapes_refuse(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    loss = loss_of(w * w, b, x)
    loss_of(w, b, x).backward()
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"modified|changed"):
        loss.backward()


@each_stepped
def test_parameters_without_a_gradient_stay(name: str) -> None:
    w, b, _ = leaves()
    optimizer = make(name, [w, b])
    before = values(w, b)
    optimizer.step()
    assert_equal(before, values(w, b))
    if name != "Adagrad":
        assert not any(optimizer.state.values())
    w.grad = wing.ones_like(w.detach())
    optimizer.step()
    assert_equal(before[1:], values(b))
    assert differ(before[:1], values(w))


@each_stepped
def test_zero_gradients_do_not_move_parameters_that_do_not_decay(name: str) -> None:
    w, b, _ = leaves()
    options = {"weight_decay": 0} if "weight_decay" in make(name, [w]).defaults else {}
    options |= {"lambd": 0} if name == "ASGD" else {}
    optimizer = make(name, [w, b], **options)
    before = values(w, b)
    for _ in range(3):
        for p in (w, b):
            p.grad = wing.zeros_like(p.detach())
        optimizer.step()
    assert_equal(before, values(w, b))


@each_rated
def test_a_group_with_rate_zero_stays(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [{"params": [w]}, {"params": [b], "lr": 0.0}])
    before = values(w, b)
    train(optimizer, (w, b, x), 3)
    assert_equal(before[1:], values(b))
    assert differ(before[:1], values(w))


@each_rated
def test_a_rate_set_to_zero_stops_the_parameters(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    train(optimizer, (w, b, x), 2)
    optimizer.param_groups[0]["lr"] = 0.0
    before = values(w, b)
    train(optimizer, (w, b, x), 2)
    assert_equal(before, values(w, b))


@each_stepped
def test_a_group_added_midway_is_stepped(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w])
    train(optimizer, (w, b, x), 2)
    optimizer.add_param_group({"params": b})
    before = values(b)
    train(optimizer, (w, b, x), 2)
    assert len(optimizer.param_groups) == 2
    assert optimizer.param_groups[1].keys() == optimizer.param_groups[0].keys()
    assert differ(before, values(b))


@each_stepped
def test_maximizing_climbs(name: str) -> None:
    w = leaves()[0]
    if "maximize" not in make(name, [w]).defaults:
        return
    down, up = leaves()[:2], leaves()[:2]
    optimizers = make(name, list(down)), make(name, list(up), maximize=True)
    for _ in range(4):
        for p, q in zip(down, up, strict=True):
            p.grad = (p.detach() * 0.3 + 1).detach()
            q.grad = -p.grad
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(values(*down), values(*up), strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-14)


@each_class
def test_gradients_are_dropped_or_set_to_zero(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    loss_of(w, b, x).backward()
    optimizer.zero_grad(set_to_none=False)
    assert (w.grad.numpy() == 0).all()
    optimizer.zero_grad()
    assert w.grad is None


@each_class
def test_a_deep_copy_steps_alike_and_apart(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    train(optimizer, (w, b, x), 3)
    twin = copy.deepcopy(optimizer)
    v, c = twin.param_groups[0]["params"]
    before = values(w, b)
    train(twin, (v, c, x), 3)
    assert_equal(before, values(w, b))
    train(optimizer, (w, b, x), 3)
    assert_equal(values(v, c), values(w, b))


@each_class
def test_a_pickled_optimizer_steps_alike(name: str) -> None:
    w, b, x = leaves()
    optimizer = make(name, [w, b])
    train(optimizer, (w, b, x), 3)
    loaded = pickle.loads(pickle.dumps(optimizer))
    v, c = loaded.param_groups[0]["params"]
    train(optimizer, (w, b, x), 3)
    train(loaded, (v, c, x), 3)
    assert_equal(values(v, c), values(w, b))


@each_class
def test_float32_parameters_stay_float32(name: str) -> None:
    w, b, x = leaves(np.float32)
    optimizer = make(name, [w, b])
    train(optimizer, (w, b, x), 3)
    assert {p.dtype for p in (w, b)} == {np.dtype("float32")}
    shaped = [v for v in optimizer.state[w].values() if getattr(v, "shape", ()) == (6, 4)]
    assert {v.dtype for v in shaped} <= {np.dtype("float32")}


@each_stepped
def test_steps_inside_a_hook_of_the_backward_pass_work(name: str) -> None:
    w, b, x = leaves()
    optimizers = {p: make(name, [p]) for p in (w, b)}

    def step(p: Any) -> None:
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in (w, b):
        p.register_post_accumulate_grad_hook(step)
    before = values(w, b)
    loss_of(w, b, x).backward()
    assert differ(before[:1], values(w))
    assert w.grad is None


def test_an_option_that_appears_later_starts_its_state_then() -> None:
    w, b, x = leaves()
    optimizer = make("SGD", [w, b])
    train(optimizer, (w, b, x), 1)
    assert not optimizer.state[w]
    optimizer.param_groups[0]["momentum"] = 0.9
    train(optimizer, (w, b, x), 1)
    assert list(optimizer.state[w]) == ["momentum_buffer"]


def test_a_changed_rate_needs_no_new_trace() -> None:
    w, b, x = leaves()
    optimizer = make("Adam", [w, b])
    train(optimizer, (w, b, x), 1)
    before = optimizer._runners[0]._updates
    optimizer.param_groups[0]["lr"] = 0.5
    train(optimizer, (w, b, x), 1)
    assert optimizer._runners[0]._updates is before


def test_groups_are_printed_apart_as_pytorch_s() -> None:
    shown = []
    for lib in (wing, torch):
        layer = lib.nn.Linear(2, 1)
        groups = [{"params": [layer.weight]}, {"params": [layer.bias], "lr": 0.01}]
        shown.append(repr(lib.optim.SGD(groups, lr=0.1)))
    assert shown[0] == shown[1]
