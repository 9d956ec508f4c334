"""Hooks around every module are called as PyTorch's are, and leave no trace when removed."""

from typing import Any

import numpy as np
import pytest

from tests.torch.nn.libraries import Library, fill, plain, same
from thalweg import torch as wing
from thalweg.torch import nn


def model(lib: Library) -> Any:
    return lib.nn.Sequential(fill(lib.nn.Linear(2, 3), lib), lib.nn.Tanh())


def test_they_come_before_a_modules_own_and_may_replace_what_they_see() -> None:
    def code(lib: Library) -> Any:
        told: list[Any] = []
        module, every = model(lib), lib.nn.modules.module
        module[0].register_forward_pre_hook(lambda m, args: told.append(("own pre", plain(args))))
        module[0].register_forward_hook(lambda m, args, out: told.append(("own", plain(out))))

        def before(m: Any, args: Any) -> Any:
            told.append(("pre", type(m).__name__, plain(args)))
            return args[0] * 2 if type(m).__name__ == "Linear" else None

        def after(m: Any, args: Any, out: Any) -> Any:
            told.append(("after", type(m).__name__, plain(args), plain(out)))
            return out + 1 if type(m).__name__ == "Linear" else None

        handles = [
            every.register_module_forward_pre_hook(before),
            every.register_module_forward_hook(after),
        ]
        results = [module(lib.range(1, 2))]
        for handle in handles:
            handle.remove()
        results.append(module(lib.range(1, 2)))
        return told, results

    same(code)


def test_keywords_and_failures_are_told_if_asked_for() -> None:
    def code(lib: Library) -> Any:
        class Failing(lib.nn.Module):  # type: ignore[name-defined,misc]
            def forward(self, x: Any, *, by: float) -> Any:
                if by > 3.0:
                    raise ValueError("no")
                return x * by

        told: list[Any] = []
        register = lib.nn.modules.module.register_module_forward_hook
        with register(lambda m, args, kwargs, out: told.append(kwargs), with_kwargs=True):
            Failing()(lib.ones(2), by=3.0)
        always = register(lambda m, args, out: told.append(out), always_call=True)
        with always, pytest.raises(ValueError, match="no"):
            Failing()(lib.ones(2), by=4.0)
        return told

    same(code)


def test_derivatives_are_told_and_may_be_replaced() -> None:
    def code(lib: Library) -> Any:
        told: list[Any] = []
        module, every = model(lib), lib.nn.modules.module
        module[0].register_full_backward_hook(
            lambda m, given, got: told.append(("own", plain(given), plain(got)))
        )

        def before(m: Any, got: Any) -> Any:
            told.append(("pre", type(m).__name__, plain(got)))
            return (got[0] * 2,) if type(m).__name__ == "Linear" else None

        def after(m: Any, given: Any, got: Any) -> Any:
            told.append(("after", type(m).__name__, plain(given), plain(got)))
            return (given[0] * 3,) if type(m).__name__ == "Linear" else None

        x = lib.range(4, 2).requires_grad_()
        with (
            every.register_module_full_backward_pre_hook(before),
            every.register_module_full_backward_hook(after),
        ):
            module(x).sum().backward()
        return told, x.grad, [p.grad for p in module.parameters()]

    same(code)


def test_without_any_a_call_is_forward_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with nn.modules.module.register_module_forward_hook(lambda m, args, out: None):
        pass
    monkeypatch.setattr(nn.Linear, "_call_with_hooks", None)
    assert nn.Linear(2, 1)(wing.ones(2)).shape == (1,)
    assert np.isfinite(nn.Linear(2, 1)(wing.ones(2)).item())
