"""Backwards of one's own that cannot be differentiated again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg.core.tape import Node, is_recording, set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import GradientError

__all__ = ["once_differentiable"]


class _Refusal:
    """Stands for the derivative of a derivative that was declared to have none."""

    kind, additive, identity, view = "general", False, False, False
    variadic = together = None
    name = "once_differentiable"

    def rule(self, position: int) -> Any:
        """Return a rule that refuses."""

        def refused(g: Tensor, *rest: Any) -> Tensor:
            raise GradientError(
                "trying to differentiate twice a function that was marked with "
                "@once_differentiable. Write its backward in tensor operations, and leave the "
                "mark out."
            )

        return refused


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a backward that cannot itself be differentiated; asking for that is refused."""

    @functools.wraps(backward)
    def run(ctx: Any, *cotangents: Any) -> Any:
        with set_recording(False):
            found = backward(ctx, *cotangents)
        depends = [g for g in cotangents if isinstance(g, Tensor) and g.node is not None]
        if not is_recording() or not depends:
            return found
        several = isinstance(found, (tuple, list))
        marked = [
            make(g.array, Node(_Refusal(), (depends[0],), {}, g.array))  # type: ignore[arg-type]
            if isinstance(g, Tensor)
            else g
            for g in (found if several else (found,))
        ]
        return tuple(marked) if several else marked[0]

    return run
