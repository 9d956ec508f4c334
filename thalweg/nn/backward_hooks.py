"""Hooks around a module's backward: what flows into its outputs and out of its inputs.

All inputs that require gradients are joined into one tensor and cut apart again, and so are the
outputs. A hook on the joined tensor is told all their gradients at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from thalweg.core.program import level_of_user
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, StateError
from thalweg.ops.creation.copying import clone
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape

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
            gradients = _replaced(hook(self._module, gradients), gradients, "grad_output")
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
            gradients = _replaced(found, gradients, "grad_input")
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


def _replaced(found: Any, gradients: Gradients, what: str) -> Gradients:
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
