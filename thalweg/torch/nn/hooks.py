"""Hooks around a module's backward: what flows into its outputs and out of its inputs.

All inputs that require gradients are joined into one tensor and cut apart again, and so are the
outputs. A hook on the joined tensor is told all their gradients at once.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thalweg.autodiff.hooks import Handle
from thalweg.core.program import level_of_user
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, CallError, StateError
from thalweg.ops.creation.copying import clone
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.nn.walking import Walking

Gradients = tuple[Tensor | None, ...]


class BackwardHooks:
    """The hooks around one call of a module.

    Args:
        module: What the hooks are given first.
        before: Called with the outputs' gradients, which they may replace.
        after: Called with the inputs' and the outputs' gradients; they may replace the former.
    """

    def __init__(
        self, module: Any, before: list[Callable[..., Any]], after: list[Callable[..., Any]]
    ) -> None:
        self._module = module
        self._before = before
        self._after = after
        self._grad_output: Gradients = ()
        self._no_input: Gradients | None = None

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments, watched."""
        wanted = _requiring(args)
        if not wanted:
            self._no_input = (None,) * len(args)
            return args
        if not self._after:
            return args
        return _watched(args, wanted, self._at_inputs)

    def outputs(self, result: Any) -> Any:
        """Return the result, watched."""
        single = isinstance(result, Tensor)
        if not single and not isinstance(result, tuple):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}. Return one of these from forward.",
                UserWarning,
                stacklevel=level_of_user(),
            )
            return result
        given = (result,) if single else result
        wanted = _requiring(given)
        if not wanted:
            return result
        watched = _watched(given, wanted, self._at_outputs)
        return watched[0] if single else watched

    def _at_outputs(self, gradients: Gradients) -> Gradients:
        for hook in self._before:
            gradients = _grads_replaced(hook(self._module, gradients), gradients, "grad_output")
        self._grad_output = gradients
        if self._no_input is not None:
            for hook in self._after:
                found = hook(self._module, self._no_input, gradients)
                if found is not None and any(g is not None for g in _tupled(found)):
                    raise StateError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients. Return None."
                    )
        return gradients

    def _at_inputs(self, gradients: Gradients) -> Gradients:
        for hook in self._after:
            found = hook(self._module, gradients, self._grad_output)
            gradients = _grads_replaced(found, gradients, "grad_input")
        return gradients


def _requiring(values: tuple[Any, ...]) -> list[int]:
    if not is_recording():
        return []
    return [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]


def _watched(
    values: tuple[Any, ...], wanted: list[int], told: Callable[[Gradients], Gradients]
) -> tuple[Any, ...]:
    """Return the values, those wanted cut out of one tensor whose gradient is told."""
    tensors = [values[i] for i in wanted]
    joined = clone(concatenate([reshape(tensor, (-1,)) for tensor in tensors]))

    def hook(gradient: Tensor) -> Tensor:
        given = dict(zip(wanted, _cut(gradient, tensors), strict=True))
        found = told(tuple(given.get(i) for i in range(len(values))))
        parts = [given[i] * 0 if (g := found[i]) is None else g for i in wanted]
        return concatenate([reshape(part, (-1,)) for part in parts])

    joined.register_hook(hook)
    replaced = dict(zip(wanted, _cut(joined, tensors), strict=True))
    return tuple(replaced.get(i, value) for i, value in enumerate(values))


def _cut(joined: Tensor, like: list[Tensor]) -> list[Tensor]:
    """Cut a vector into tensors of the shapes and dtypes of others."""
    parts = []
    start = 0
    for tensor in like:
        stop = start + int(tensor.size)
        part = reshape(joined[start:stop], tensor.shape)
        parts.append(part if part.dtype == tensor.dtype else astype(part, tensor.dtype))
        start = stop
    return parts


def _grads_replaced(found: Any, gradients: Gradients, what: str) -> Gradients:
    if found is None:
        return gradients
    given = _tupled(found)
    if len(given) != len(gradients):
        raise ArgumentError(
            f"Backward hook returned an invalid number of {what}, got {len(given)}, but expected "
            f"{len(gradients)}. Return one for each, or None."
        )
    return given


def _tupled(found: Any) -> Gradients:
    return found if isinstance(found, tuple) else (found,)


@dataclass(frozen=True)
class Hook:
    """A function to be called, and how."""

    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        return self.function(*args)


Hooks = OrderedDict[int, Any]

# By kind, the hooks around every module's call.
_of_all: dict[str, Hooks] = {}


def register_for_all(kind: str, hook: Hook) -> Handle:
    """Let a function be called around every module's forward or backward, before its own hooks."""
    return Handle(_of_all.setdefault(kind, OrderedDict()), hook)


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
        hooks = self._hooks
        if not (hooks or _of_all) or not (any(hooks.values()) or any(_of_all.values())):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._before_forward(args, kwargs)
            watch = self._backward_hooks()
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
                given = hook(self, args)
                if given is not None:
                    args = given if isinstance(given, tuple) else (given,)
                continue
            given = hook(self, args, kwargs)
            if given is None:
                continue
            if not (isinstance(given, tuple) and len(given) == 2):
                raise CallError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {given}. Return both, changed or not."
                )
            args, kwargs = given
        return args, kwargs

    def _backward_hooks(self) -> BackwardHooks | None:
        before, after = self._hooked("backward_pre"), self._hooked("backward")
        if not before and not after:
            return None
        return BackwardHooks(self, list(before.values()), list(after.values()))

    def _hooked(self, kind: str) -> Hooks:
        own, others = self._hooks.get(kind) or OrderedDict(), _of_all.get(kind)
        return OrderedDict((*others.items(), *own.items())) if others else own

    def _register(self, kind: str, hook: Hook, prepend: bool = False) -> Handle:
        hooks = self._hooks.setdefault(kind, OrderedDict())
        handle = Handle(hooks, hook)
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    # ---- registering

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
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
    ) -> Handle:
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
    ) -> Handle:
        """Call a function when the derivative with respect to the output is known.

        Args:
            hook: Called as `hook(module, grad_output)`; what it returns, unless None, replaces
                `grad_output`.
            prepend: Whether it is called before the hooks that are there already.
        """
        return self._register("backward_pre", Hook(hook), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> Handle:
        """Call a function when the derivatives with respect to the positional arguments are known.

        Args:
            hook: Called as `hook(module, grad_input, grad_output)`; what it returns, unless None,
                replaces `grad_input`.
            prepend: Whether it is called before the hooks that are there already.
        """
        return self._register("backward", Hook(hook), prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects the module."""
        return self._register("state_dict_pre", Hook(hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, state_dict, prefix, metadata)` after `state_dict` collected it.

        The hook changes the dictionary in place and returns None.
        """
        return self._register("state_dict_post", Hook(hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call a function before `load_state_dict` reads the module's own entries.

        Args:
            hook: Called as `hook(module, state_dict, prefix, metadata, strict, missing_keys,
                unexpected_keys, error_messages)`; it may change all of these in place.
        """
        return self._register("load_pre", Hook(hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, incompatible_keys)` after the module's entries were loaded.

        The hook changes `missing_keys` and `unexpected_keys` in place and returns None.
        """
        return self._register("load_post", Hook(hook))


def _after_forward(
    module: Hooked, hook: Hook, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> Any:
    if hook.with_kwargs:
        return hook(module, args, kwargs, result)
    return hook(module, args, result)


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
            stacklevel=level_of_user(),
        )
