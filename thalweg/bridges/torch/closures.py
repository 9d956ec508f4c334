"""A closure as a function of the parameters' values, for line searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

Tensor = Any  # PyTorch's

Closure = Callable[[], Any]


def value_function(
    closure: Closure, names: Sequence[Any], params: Sequence[Tensor], shown: Sequence[Tensor]
) -> Callable[[Mapping[Any, Tensor]], Tensor]:
    """Return the loss as a function of parameters, whose derivative is what the closure finds.

    Parameters have the values asked for while the closure runs, and their own before and after.

    Args:
        closure: Computes the loss and its gradients.
        names: The parameters' names.
        params: The parameters.
        shown: Their memory, as a transformation sees them.
    """

    def evaluated(*values: Tensor) -> list[Tensor]:
        kept = [(tensor.clone(), param.grad) for tensor, param in zip(shown, params, strict=True)]
        try:
            for tensor, value in zip(shown, values, strict=True):
                tensor.copy_(value)
            with torch.enable_grad():
                loss = closure()
            return [torch.as_tensor(loss).detach().clone(), *map(_gradient, params)]
        finally:
            for tensor, param, (value, gradient) in zip(shown, params, kept, strict=True):
                tensor.copy_(value)
                param.grad = gradient

    class ClosureRun(torch.autograd.Function):
        """A run of the closure."""

        @staticmethod
        def forward(*values: Tensor) -> tuple[Tensor, ...]:
            with torch.no_grad():
                return tuple(evaluated(*values))

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.mark_non_differentiable(*output[1:])
            ctx.save_for_backward(*output[1:])

        @staticmethod
        def backward(ctx: Any, cotangent: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
            return tuple(cotangent * gradient for gradient in ctx.saved_tensors)

    def value(values: Mapping[Any, Tensor]) -> Tensor:
        found: Tensor = ClosureRun.apply(*(values[name] for name in names))[0]
        return found

    return value


def _gradient(param: Tensor) -> Tensor:
    gradient = torch.zeros_like(param) if param.grad is None else param.grad.detach().clone()
    return torch.view_as_real(gradient.resolve_conj()) if gradient.is_complex() else gradient
