"""Hooks run when and with what PyTorch's run."""

import sys
from typing import Any

import pytest
import torch

from thalweg import torch as wing


def made(lib: Any) -> Any:
    p = lib.ones(2, requires_grad=True)
    p.grad = lib.ones(2)
    return lib.optim.SGD([p], lr=0.25)


def stepping(lib: Any) -> list[Any]:
    """Return what happens in three steps with hooks that come and go."""
    seen: list[Any] = []
    optimizer = made(lib)

    def before(given: Any, args: Any, kwargs: Any) -> None:
        seen.append(("before", given is optimizer, args[0] is optimizer, len(args), kwargs))

    first = optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", len(args))))
    module: Any = wing.optim if lib is wing else sys.modules["torch.optim.optimizer"]
    every = [
        module.register_optimizer_step_pre_hook(lambda o, a, k: seen.append("every before")),
        module.register_optimizer_step_post_hook(lambda o, a, k: seen.append("every after")),
    ]
    optimizer.step()
    optimizer.step(closure=None)
    first.remove()
    for handle in every:
        handle.remove()
    optimizer.step(None)
    return seen


def test_hooks_of_steps_run_as_those_of_torch() -> None:
    mine, reference = stepping(wing), stepping(torch)
    assert mine == reference
    assert len(mine) == 9


def test_a_hook_may_replace_the_arguments_of_a_step() -> None:
    calls: list[str] = []
    optimizer = made(wing)
    optimizer.register_step_pre_hook(
        lambda o, args, kwargs: ((o, lambda: calls.append("closure")), {})
    )
    optimizer.step()
    assert calls == ["closure"]


def test_a_hook_must_not_return_anything_else() -> None:
    optimizer = made(wing)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        optimizer.step()


def saving(lib: Any) -> list[Any]:
    """Return the order of hooks around saving and loading."""
    seen: list[Any] = []
    optimizer = made(lib)
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, saved: {**saved, "epoch": 3})
    optimizer.register_load_state_dict_pre_hook(lambda o, saved: seen.append(saved.get("epoch")))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    saved = optimizer.state_dict()
    optimizer.load_state_dict(saved)
    return [*seen, *saved]


def test_hooks_of_saving_and_loading_run_as_those_of_torch() -> None:
    assert saving(wing) == saving(torch)


def test_a_handle_leaves_with_its_block() -> None:
    seen: list[str] = []
    optimizer = made(wing)
    with optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("inside")):
        optimizer.step()
    optimizer.step()
    assert seen == ["inside"]


def test_a_step_that_calls_the_one_above_runs_hooks_once() -> None:
    class Twice(wing.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            super().step()
            return super().step(closure)

    seen: list[str] = []
    p = wing.ones(2, requires_grad=True)
    p.grad = wing.ones(2)
    optimizer = Twice([p], lr=0.25)
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
    optimizer.step()
    assert seen == ["after"]
    assert p.tolist() == [0.5, 0.5]


def test_a_failing_step_leaves_the_hooks_in_order() -> None:
    seen: list[str] = []
    optimizer = made(wing)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))

    def closure() -> Any:
        raise ArithmeticError

    for _ in range(2):
        with pytest.raises(ArithmeticError):
            optimizer.step(closure)
    assert seen == ["before", "before"]
