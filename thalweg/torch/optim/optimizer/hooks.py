"""Functions that run before and after an optimizer's steps, saving and loading."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from thalweg.autodiff.hooks import Handle
from thalweg.errors import ArgumentError

__all__ = ["register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]


Hook = Callable[..., Any]

Hooks = OrderedDict[int, Hook]

_BEFORE_EVERY_STEP: Hooks = OrderedDict()

_AFTER_EVERY_STEP: Hooks = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> Handle:
    """Run `hook(optimizer, args, kwargs)` before every step of every optimizer.

    Example:
        >>> import thalweg.torch as torch
        >>> hook = lambda optimizer, args, kwargs: print("now")
        >>> handle = torch.optim.register_optimizer_step_pre_hook(hook)
        >>> p = torch.tensor([1.0], requires_grad=True)
        >>> torch.optim.SGD([p], lr=0.1).step()
        now
        >>> handle.remove()
    """
    return Handle(_BEFORE_EVERY_STEP, hook)


def register_optimizer_step_post_hook(hook: Hook) -> Handle:
    """Run `hook(optimizer, args, kwargs)` after every step of every optimizer."""
    return Handle(_AFTER_EVERY_STEP, hook)


class HookedOptimizer:
    """The hooks of one optimizer."""

    def __init__(self) -> None:
        self._forget_hooks()

    def _forget_hooks(self) -> None:
        self._before_step: Hooks = OrderedDict()
        self._after_step: Hooks = OrderedDict()
        self._before_saving: Hooks = OrderedDict()
        self._after_saving: Hooks = OrderedDict()
        self._before_loading: Hooks = OrderedDict()
        self._after_loading: Hooks = OrderedDict()
        self._inside_hooks = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        step = cls.__dict__.get("step")
        if step is not None and not hasattr(step, "hooked"):
            cls.step = _with_hooks(step)  # type: ignore[attr-defined]

    def register_step_pre_hook(self, hook: Hook) -> Handle:
        """Run `hook(optimizer, args, kwargs)` before each step.

        It may return new `(args, kwargs)` for the step; `args` begin with the optimizer.
        """
        return Handle(self._before_step, hook)

    def register_step_post_hook(self, hook: Hook) -> Handle:
        """Run `hook(optimizer, args, kwargs)` after each step."""
        return Handle(self._after_step, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Run `hook(optimizer)` before `state_dict()`."""
        return Handle(self._before_saving, hook, prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Run `hook(optimizer, state_dict)` after `state_dict()`; it may return another one."""
        return Handle(self._after_saving, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Run `hook(optimizer, state_dict)` before loading; it may return another state."""
        return Handle(self._before_loading, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> Handle:
        """Run `hook(optimizer)` after loading."""
        return Handle(self._after_loading, hook, prepend)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step that runs the hooks, once if one class's step calls another's."""

    @functools.wraps(step)
    def run(self: HookedOptimizer, *args: Any, **kwargs: Any) -> Any:
        nothing = not (self._before_step or self._after_step)
        if (nothing and not (_BEFORE_EVERY_STEP or _AFTER_EVERY_STEP)) or self._inside_hooks:
            return step(self, *args, **kwargs)
        self._inside_hooks = True
        try:
            given: tuple[Any, ...] = (self, *args)
            for hook in [*_BEFORE_EVERY_STEP.values(), *self._before_step.values()]:
                given, kwargs = _arguments_after(hook(self, given, kwargs), given, kwargs)
            result = step(*given, **kwargs)
            for hook in [*self._after_step.values(), *_AFTER_EVERY_STEP.values()]:
                hook(self, given, kwargs)
        finally:
            self._inside_hooks = False
        return result

    run.hooked = True  # type: ignore[attr-defined]
    return run


def _arguments_after(answer: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    if answer is None:
        return args, kwargs
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer
    raise ArgumentError(
        f"A step's pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
        f"{answer!r}. Return nothing to leave the arguments as they are."
    )
