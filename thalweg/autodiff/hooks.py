"""What users asked to be told, or to change, while the walk goes back along the tape."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import ref

from thalweg.core.operation import method, op
from thalweg.core.tape import Node, PartDerivatives, set_recording, watched
from thalweg.core.tensor import Tensor, make
from thalweg.core.writing import inplace
from thalweg.errors import CallError, GradientError, ShapeError

_numbers = itertools.count()


class Handle:
    """What a registrar returns: `remove()`, or leaving a `with` block, takes the hook away."""

    def __init__(
        self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any], prepend: bool = False
    ) -> None:
        self._hooks, self.id = hooks, next(_numbers)
        hooks[self.id] = hook
        if prepend and isinstance(hooks, OrderedDict):
            hooks.move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def run_hooks(node: Node, g: Tensor, create_graph: bool) -> Tensor:
    """Return a step's cotangent as its hooks leave it, and keep it where that was asked for."""
    asked = node.watched
    if asked is None:
        return g
    for hook in list(asked.hooks.values()):
        found = hook(g)
        if found is not None:
            if not isinstance(found, Tensor):
                raise CallError(
                    f"A hook returned a {type(found).__name__} in place of a gradient. Return "
                    "None, or a tensor of the gradient's shape."
                )
            if found.shape != g.shape:
                raise ShapeError(
                    f"A hook returned a gradient of shape {tuple(found.shape)} in place of one of "
                    f"shape {tuple(g.shape)}. Return None, or a gradient of the same shape."
                )
            g = found
    kept = asked.retained() if asked.retained is not None else None
    if kept is not None:
        store(kept, g, create_graph)
    return g


def run_prehooks(node: Node, g: Tensor) -> Tensor:
    """Call the hooks that come before a step's rule; they may replace its cotangent."""
    for hook in list(node.watched.before.values()) if node.watched else []:
        found = hook((g,))
        if found is not None:
            g = found[0] if isinstance(found, tuple) else found
    return g


def run_posthooks(node: Node, passed: list[Tensor | None], g: Tensor) -> list[Tensor | None]:
    """Call the hooks that come after a step's rule; they may replace the operands' cotangents."""
    for hook in list(node.watched.after.values()) if node.watched else []:
        found = hook(tuple(passed), (g,))
        if found is not None:
            passed = list(found) if isinstance(found, tuple) else [found]
    return passed


def refuse_nan(node: Node, passed: list[Tensor | None]) -> None:
    """Refuse cotangents with NaN, naming the step and the line that made it.

    Raises:
        GradientError: If there is a NaN in one.
    """
    with set_recording(False):
        parts = [g.values() if isinstance(g, PartDerivatives) else [g] for g in passed]
        for g in itertools.chain(*parts):
            if g is None or g.is_symbolic or bool((g == g).all()):
                continue
            name = node.primitive.name if node.primitive is not None else "a step"
            line = f" (made at {node.watched.line})" if node.watched and node.watched.line else ""
            raise GradientError(
                f"The derivative rule of {name} returned nan values{line}. "
                "Look at its operands there: a division by zero, the root of zero or the "
                "logarithm of zero are the usual causes."
            )


def store(tensor: Tensor, g: Tensor, create_graph: bool = False) -> None:
    """Add a cotangent to a tensor's `.grad`."""
    held = tensor._grad
    if held is None:
        # Another leaf may have been given the same array, and users change .grad in place.
        if create_graph:
            tensor._grad = op.clone(g)
        else:
            held = g.array if g.is_symbolic else g.array.copy()
            tensor._grad = make(held, kind=tensor.results)
    elif create_graph or held.is_symbolic or g.is_symbolic:
        tensor._grad = held + g if create_graph else (held + g)._bare()
    else:
        with set_recording(False):
            inplace(op.add, held, g)


@method
def retain_grad(tensor: Tensor) -> None:
    """Ask that `backward()` stores this tensor's gradient though it is no leaf."""
    if tensor.node is None:
        raise GradientError(
            "can't retain_grad on Tensor that has requires_grad=False. Set requires_grad first."
        )
    if tensor.node.leaf is None:
        watched(tensor.node).retained = ref(tensor)


@method
def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Handle:
    """Call a function with this tensor's cotangent in every walk back; it may replace it."""
    if tensor.node is None:
        raise GradientError(
            "cannot register a hook on a tensor that doesn't require gradient. Set "
            "requires_grad first."
        )
    return Handle(watched(tensor.node).hooks, hook)


@method
def register_post_accumulate_grad_hook(tensor: Tensor, hook: Callable[[Tensor], None]) -> Handle:
    """Call a function with this leaf after each time its `.grad` was added to."""
    if tensor.node is None or tensor.node.leaf is None:
        raise GradientError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors. Register the "
            "hook on a leaf that requires grad."
        )
    return Handle(watched(tensor.node).stored, hook)
