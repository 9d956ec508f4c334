"""Gradients of parameters, clipped."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from thalweg.core.tape import SparseDerivative, set_recording
from thalweg.core.tensor import Tensor
from thalweg.errors import GradientError, UnsupportedOption
from thalweg.lines import level_of_user
from thalweg.ops.elementwise.comparison import minimum
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.linalg.norms import norm
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.dtypes import TORCH
from thalweg.torch.functions.short.layers import clipped
from thalweg.torch.functions.short.road import tries
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.parameter import copy_into

__all__ = [
    "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_",
    "get_total_norm",
]  # fmt: skip

Tensors = Tensor | Iterable[Tensor]


@tries(clipped)
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of all parameters so that their norm together is at most `max_norm`.

    Each is multiplied by min(1, max_norm / (norm + 10⁻⁶)).

    Args:
        parameters: Those whose `.grad` is scaled; one without is left out.
        max_norm: The largest norm allowed.
        norm_type: The order p of the norm; `inf` for the largest element.
        error_if_nonfinite: Whether a norm that is not finite is an error.
        foreach: Accepted as in PyTorch; it has no meaning here.

    Returns:
        The norm before.

    Raises:
        GradientError: If the norm is not finite and that is an error.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> weight = nn.Parameter(torch.ones(2))
        >>> (3.0 * weight[0] + 4.0 * weight[1]).backward()
        >>> norm = nn.utils.clip_grad_norm_([weight], 1.0)
        >>> norm.item(), [round(g, 4) for g in weight.grad.tolist()]
        (5.0, [0.6, 0.8])
    """
    given = _as_list(parameters)
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Clip as `clip_grad_norm_` does, whose older name this is; it warns."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=level_of_user(),
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Return the norm of all elements of all tensors; the arguments are as in `clip_grad_norm_`.

    Raises:
        GradientError: If the norm is not finite and that is an error.
    """
    order = float(norm_type)
    with set_recording(False):
        norms = [norm(reshape(t.detach(), (-1,)), order) for t in _as_list(tensors)]
        if not norms:
            return as_tensor(np.zeros((), TORCH.default))
        total = norm(stack(norms), order)
    if error_if_nonfinite and not np.isfinite(total.item()):
        raise GradientError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite "
            "norm anyway, set `error_if_nonfinite=False`."
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients of parameters by min(1, max_norm / (total_norm + 10⁻⁶))."""
    with set_recording(False):
        factor = minimum(float(max_norm) / (total_norm + 1e-6), 1.0)
        for gradient in _gradients(parameters):
            copy_into(gradient, gradient * factor)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clip every element of the parameters' gradients to ±clip_value."""
    limit = float(clip_value)
    with set_recording(False):
        for gradient in _gradients(parameters):
            copy_into(gradient, clip(gradient, -limit, limit))


def _as_list(tensors: Any) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    found = [p.grad for p in _as_list(parameters) if p.grad is not None]
    if any(isinstance(g, SparseDerivative) for g in found):
        raise UnsupportedOption(
            "A sparse gradient was to be clipped, which PyTorch cannot either. Leave sparse=True "
            "out, or clip parameters with dense gradients alone."
        )
    return found
