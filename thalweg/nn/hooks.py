"""Hooks: what users ask a module to call before and after its own forward and backward."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import ref

from thalweg.errors import CallError
from thalweg.nn.walking import Walking

_numbers = itertools.count()


class Hook(NamedTuple):
    """A function to be called, and how."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


Hooks = OrderedDict[int, Hook]


class RemovableHandle:
    """What registering a hook returns: `remove()` takes it away, as does leaving its `with` block.

    Example:
        >>> from thalweg import nn
        >>> import numpy as np
        >>> layer = nn.Identity()
        >>> with layer.register_forward_hook(lambda module, args, output: 2 * output):
        ...     doubled = layer(np.ones(2))
        >>> float(doubled[0]), float(layer(np.ones(2))[0])
        (2.0, 1.0)
    """

    def __init__(self, hooks: Hooks) -> None:
        self.id = next(_numbers)
        self._hooks = ref(hooks)

    def remove(self) -> None:
        """Take the hook away; doing so again does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Hooked(Walking):
    """Members that can be called, with the hooks around the call."""

    _hooks: dict[str, Hooks]

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["_hooks"] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's result; each module defines its own."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function. Define '
            "forward(self, ...) in the class."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `forward` returns, with the hooks around it."""
        if not self._hooks:
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._before_forward(args, kwargs)
            watch = self._backward_watch()
            if watch is not None:
                args = watch.inputs(args)
            result = self.forward(*args, **kwargs)
            for number, hook in list(self._hooked("forward").items()):
                called.add(number)
                result = _replaced(_after_forward(self, hook, args, kwargs, result), result)
            return result if watch is None else watch.outputs(result)
        except Exception:
            for number, hook in self._hooked("forward").items():
                if hook.always_call and number not in called:
                    _call_whatever_happens(self, hook, args, kwargs, result)
            raise

    def _before_forward(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for hook in list(self._hooked("forward_pre").values()):
            if not hook.with_kwargs:
                given = hook.function(self, args)
                if given is not None:
                    args = given if isinstance(given, tuple) else (given,)
                continue
            given = hook.function(self, args, kwargs)
            if given is None:
                continue
            if not (isinstance(given, tuple) and len(given) == 2):
                raise CallError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {given}. Return both, changed or not."
                )
            args, kwargs = given
        return args, kwargs

    def _backward_watch(self) -> Any:
        return None

    def _hooked(self, kind: str) -> Hooks:
        return self._hooks.get(kind) or OrderedDict()

    def _register(self, kind: str, hook: Hook, prepend: bool = False) -> RemovableHandle:
        hooks = self._hooks.setdefault(kind, OrderedDict())
        handle = RemovableHandle(hooks)
        hooks[handle.id] = hook
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    # ---- registering

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call a function before `forward`.

        Args:
            hook: Called as `hook(module, args)`; what it returns, unless None, replaces the
                arguments. With keywords, `hook(module, args, kwargs)`, which returns both.
            prepend: Whether it is called before the hooks that are there already.
            with_kwargs: Whether it is given the keyword arguments.
        """
        return self._register("forward_pre", Hook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call a function after `forward`.

        Args:
            hook: Called as `hook(module, args, output)`; what it returns, unless None, replaces
                the output. With keywords, `hook(module, args, kwargs, output)`.
            prepend: Whether it is called before the hooks that are there already.
            with_kwargs: Whether it is given the keyword arguments.
            always_call: Whether it is called even if the call fails.
        """
        return self._register("forward", Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call a function when the derivative with respect to the output is known.

        Args:
            hook: Called as `hook(module, grad_output)`; what it returns, unless None, replaces
                `grad_output`.
            prepend: Whether it is called before the hooks that are there already.
        """
        return self._register("backward_pre", Hook(hook), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call a function when the derivatives with respect to the positional arguments are known.

        Args:
            hook: Called as `hook(module, grad_input, grad_output)`; what it returns, unless None,
                replaces `grad_input`.
            prepend: Whether it is called before the hooks that are there already.
        """
        return self._register("backward", Hook(hook), prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects the module."""
        return self._register("state_dict_pre", Hook(hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` after `state_dict` collected it.

        The hook changes the dictionary in place and returns None.
        """
        return self._register("state_dict_post", Hook(hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a function before `load_state_dict` reads the module's own entries.

        Args:
            hook: Called as `hook(module, state_dict, prefix, metadata, strict, missing_keys,
                unexpected_keys, error_messages)`; it may change all of these in place.
        """
        return self._register("load_pre", Hook(hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after the module's entries were loaded.

        The hook changes `missing_keys` and `unexpected_keys` in place and returns None.
        """
        return self._register("load_post", Hook(hook))


def _after_forward(
    module: Hooked, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Any:
    if hook.with_kwargs:
        return hook.function(module, args, kwargs, result)
    return hook.function(module, args, result)


def _replaced(new: Any, old: Any) -> Any:
    return old if new is None else new


def _call_whatever_happens(
    module: Hooked, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> None:
    try:
        _after_forward(module, hook, args, kwargs, result)
    except Exception as error:
        warnings.warn(
            f"A forward hook with always_call=True raised {error!r} after another error, which "
            "is the one that is reported.",
            RuntimeWarning,
            stacklevel=2,
        )
