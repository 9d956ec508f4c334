"""Hooks around the calls of all modules, by PyTorch's names; they come before a module's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.autodiff.hooks import Handle
from thalweg.nn.hooks import Hook, register_for_all
from thalweg.nn.module import Module

__all__ = [
    "Module",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, args)` before every module's `forward`.

    What it returns, unless None, replaces the arguments.

    Example:
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> called = []
        >>> register = nn.modules.module.register_module_forward_pre_hook
        >>> with register(lambda module, args: called.append(type(module).__name__)):
        ...     _ = nn.Sequential(nn.Linear(2, 1), nn.ReLU())(tw.ones(2))
        >>> called
        ['Sequential', 'Linear', 'ReLU']
    """
    return register_for_all("forward_pre", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call a function after every module's `forward`.

    Args:
        hook: Called as `hook(module, args, output)`; what it returns, unless None, replaces the
            output. With keywords, `hook(module, args, kwargs, output)`.
        with_kwargs: Whether it is given the keyword arguments.
        always_call: Whether it is called even if the call fails.
    """
    return register_for_all("forward", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_output)` when the derivative of any module's output is known.

    What it returns, unless None, replaces `grad_output`.
    """
    return register_for_all("backward_pre", Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_input, grad_output)` when those of any module's arguments are known.

    What it returns, unless None, replaces `grad_input`.
    """
    return register_for_all("backward", Hook(hook))
