"""Hooks of modules: called around forward and backward, and around the state."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar, overload

import numpy as np

from thalweg.autodiff.hooks import Handle
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, CallError, StateError
from thalweg.lines import level_of_user
from thalweg.ops.creation.copying import clone
from thalweg.ops.shape.join import concatenate, split
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.tensors import TorchTensor

P = ParamSpec("P")

Result = TypeVar("Result")

Computed = TypeVar("Computed", covariant=True)

Gradients = tuple[Tensor | None, ...]

Args = tuple[Any, ...]

Kwargs = dict[str, Any]


class BackwardHooks:
    """The hooks around one call of a module.

    All inputs that require gradients are joined into one tensor and cut apart again, and so are
    the outputs. A hook on the joined tensor is told all their gradients at once.

    Args:
        module: What the hooks are given first.
        before: Called with the outputs' gradients, which they may replace.
        after: Called with the inputs' and the outputs' gradients; they may replace the former.
    """

    def __init__(self, module: Any, before: Hooks, after: Hooks) -> None:
        self._module = module
        self._before, self._after = list(before.values()), list(after.values())
        self._grad_output: Gradients = ()
        self._no_input: Gradients | None = None

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments, watched."""
        wanted = _places_of_tracked(args)
        if not wanted:
            self._no_input = (None,) * len(args)
        return _watch(args, wanted, self._at_inputs) if wanted and self._after else args

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
        wanted = _places_of_tracked(given)
        if not wanted:
            return result
        watched = _watch(given, wanted, self._at_outputs)
        return watched[0] if single else watched

    def _at_outputs(self, gradients: Gradients) -> Gradients:
        for hook in self._before:
            gradients = _replacement(hook(self._module, gradients), gradients, "grad_output")
        self._grad_output = gradients
        if self._no_input is not None:
            for hook in self._after:
                found = hook(self._module, self._no_input, gradients)
                if found is not None and any(g is not None for g in _as_tuple(found)):
                    raise StateError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients. Return None."
                    )
        return gradients

    def _at_inputs(self, gradients: Gradients) -> Gradients:
        for hook in self._after:
            found = hook(self._module, gradients, self._grad_output)
            gradients = _replacement(found, gradients, "grad_input")
        return gradients


def _places_of_tracked(values: Args) -> list[int]:
    tensors = enumerate(values) if is_recording() else ()
    return [i for i, v in tensors if isinstance(v, Tensor) and v.requires_grad]


def _watch(values: Args, wanted: list[int], told: Callable[[Gradients], Gradients]) -> Args:
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
    ends = np.cumsum([tensor.size for tensor in like])
    parts = zip(split(joined, ends[:-1]), like, strict=True)
    return [astype(reshape(part, tensor.shape), tensor.dtype) for part, tensor in parts]


def _replacement(found: Any, gradients: Gradients, what: str) -> Gradients:
    if found is None:
        return gradients
    given = _as_tuple(found)
    if len(given) != len(gradients):
        raise ArgumentError(
            f"Backward hook returned an invalid number of {what}, got {len(given)}, but expected "
            f"{len(gradients)}. Return one for each, or None."
        )
    return given


def _as_tuple(found: Any) -> tuple[Any, ...]:
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

    def after_forward(self, module: Any, args: Args, kwargs: Kwargs, result: Any) -> Any:
        """Call the function with what it asks for of a call and its result."""
        given = (args, kwargs) if self.with_kwargs else (args,)
        return self.function(module, *given, result)


class Computing(ABC):
    """A function called before `forward` that computes an attribute from parameters."""

    @property
    @abstractmethod
    def attribute(self) -> str:
        """The attribute's name."""

    @abstractmethod
    def computed(self, module: Any) -> Any:
        """Return the attribute's value as the parameters are now."""


Hooks = OrderedDict[int, Any]

# By kind, the hooks around every module's call.
_of_all: dict[str, Hooks] = {}


def register_for_all(kind: str, hook: Hook) -> Handle:
    """Let a function be called around every module's forward or backward, before its own hooks."""
    return Handle(_of_all.setdefault(kind, OrderedDict()), hook)


def hooks_of_all() -> dict[str, Hooks]:
    """Return these functions, by the kind of hook."""
    return _of_all


class WithForward(Protocol[P, Computed]):
    """What can be called, by its method `forward`."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> Computed:
        """Compute the result."""


class Hooked:
    """What can be called, with the hooks around the call, and with those around its state."""

    _hooks: dict[str, Hooks]

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's result; each module defines its own."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function. Define '
            "forward(self, ...) in the class."
        )

    @overload
    def __call__(
        self: WithForward[P, Tensor], *args: P.args, **kwargs: P.kwargs
    ) -> TorchTensor: ...
    @overload
    def __call__(self: WithForward[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `forward` returns, with the hooks around it."""
        hooks = self._hooks
        if not (hooks or _of_all) or not (any(hooks.values()) or any(_of_all.values())):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: Args, kwargs: Kwargs) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._before_forward(args, kwargs)
            before, after = self._hooks_of("backward_pre"), self._hooks_of("backward")
            watch = BackwardHooks(self, before, after) if before or after else None
            if watch is not None:
                args = watch.inputs(args)
            result = self.forward(*args, **kwargs)
            for number, hook in list(self._hooks_of("forward").items()):
                called.add(number)
                given = hook.after_forward(self, args, kwargs, result)
                result = result if given is None else given
            return result if watch is None else watch.outputs(result)
        except Exception:
            for number, hook in self._hooks_of("forward").items():
                if hook.always_call and number not in called:
                    try:
                        hook.after_forward(self, args, kwargs, result)
                    except Exception as error:
                        _warn_of(error)
            raise

    def _before_forward(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        for hook in list(self._hooks_of("forward_pre").values()):
            given = hook(self, args, kwargs) if hook.with_kwargs else hook(self, args)
            if given is None:
                continue
            if not hook.with_kwargs:
                args = _as_tuple(given)
            elif isinstance(given, tuple) and len(given) == 2:
                args, kwargs = given
            else:
                raise CallError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {given}. Return both, changed or not."
                )
        return args, kwargs

    def _hooks_of(self, kind: str) -> Hooks:
        own, others = self._hooks.get(kind) or OrderedDict(), _of_all.get(kind)
        return OrderedDict((*others.items(), *own.items())) if others else own

    def _register(self, kind: str, hook: Hook, prepend: bool = False) -> Handle:
        hooks = self._hooks.setdefault(kind, OrderedDict())
        handle = Handle(hooks, hook)
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    @property
    def _forward_pre_hooks(self) -> OrderedDict[int, Any]:
        """The functions called before `forward`, as tutorials on pruning print them."""
        hooks: dict[int, Hook] = self._hooks.get("forward_pre") or {}
        return OrderedDict((number, hook.function) for number, hook in hooks.items())

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


Caller = TypeVar("Caller")


def pre_hooks_of(module: Hooked, kind: type[Caller]) -> list[Caller]:
    """Return the functions of a class that are called before a module's `forward`."""
    return [hook for hook in module._forward_pre_hooks.values() if isinstance(hook, kind)]


def computing_hooks(module: Hooked) -> list[Computing]:
    """Return the functions called before `forward` that compute attributes."""
    return [hook for hook in module._forward_pre_hooks.values() if isinstance(hook, Computing)]


def remove_pre_hook(module: Hooked, function: Callable[..., Any]) -> None:
    """Take a function away that is called before a module's `forward`."""
    hooks = module._hooks.get("forward_pre", OrderedDict())
    for number in [number for number, hook in hooks.items() if hook.function is function]:
        del hooks[number]


def _warn_of(error: Exception) -> None:
    warnings.warn(
        f"A forward hook with always_call=True raised {error!r} after another error, which is the "
        "one that is reported.",
        RuntimeWarning,
        stacklevel=level_of_user(),
    )
