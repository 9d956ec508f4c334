"""Losses of real targets: distances of predictions from them, element by element, and angles."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.arithmetic import absolute, multiply, sqrt, square
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import exp, logaddexp
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_shapes
from thalweg.optim.losses.loss import loss

__all__ = [
    "absolute_error",
    "cosine_distance",
    "cosine_similarity",
    "huber_loss",
    "l2_loss",
    "log_cosh",
    "poisson_nll",
    "quantile_loss",
    "squared_error",
]


def _errors(predictions: Any, targets: Any) -> Tensor:
    # Differences of unsigned integers would wrap, and those of Booleans have no meaning.
    tensor = as_floating(predictions, None)
    return tensor if targets is None else tensor - targets


def refuse_outer(name: str, predictions: Any, targets: Any) -> None:
    """Refuse shapes that would make a table of all pairs, as (n,) and (n, 1) do.

    Raises:
        ShapeError: If they do.
    """
    shapes = tuple(as_tensor(predictions).shape), tuple(as_tensor(targets).shape)
    if tuple(broadcast_shapes(*shapes)) not in shapes:
        raise ShapeError(
            f"{name} got predictions of shape {shapes[0]} and targets of shape {shapes[1]}; it "
            "wants one target for each prediction. Reshape one of them."
        )


@loss
def squared_error(predictions: Any, targets: Any = None) -> Tensor:
    """Squared error: (ŷ - y)², without the factor ½ of `l2_loss`.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.

    Raises:
        ShapeError: If the shapes fit together in pairs only, as (n,) and (n, 1).

    Example:
        >>> import thalweg as tw
        >>> tw.losses.squared_error(tw.Tensor([1.0, 2.0]), tw.Tensor([1.0, 4.0]))
        tensor([0., 4.])
    """
    if targets is not None:
        refuse_outer("squared_error", predictions, targets)
    return square(_errors(predictions, targets))


@loss
def l2_loss(predictions: Any, targets: Any = None) -> Any:
    """Half the squared error: ½ (ŷ - y)².

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.

    Raises:
        ShapeError: If the shapes fit together in pairs only, as (n,) and (n, 1).

    Example:
        >>> import thalweg as tw
        >>> tw.losses.l2_loss(tw.Tensor([1.0, 2.0]), tw.Tensor([1.0, 4.0]))
        tensor([0., 2.])
    """
    return 0.5 * squared_error(predictions, targets)


@loss
def absolute_error(predictions: Any, targets: Any = None) -> Tensor:
    """Absolute error: |ŷ - y|; its derivative at 0 is 0.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.absolute_error(tw.Tensor([1.0, -2.0]))
        tensor([1., 2.])
    """
    return absolute(_errors(predictions, targets))


@loss
def huber_loss(predictions: Any, targets: Any = None, *, delta: Any = 1.0) -> Tensor:
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ), with e = ŷ - y.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.
        delta: Where the loss turns from square to linear, in units of the error; positive.

    Raises:
        ArgumentError: If `delta` is not positive.

    Source:
        Huber, "Robust Estimation of a Location Parameter", 1964.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.huber_loss(tw.Tensor([0.5, 3.0]))
        tensor([0.1250, 2.5000])
    """
    if isinstance(delta, (int, float)) and not delta > 0:
        raise ArgumentError(
            f"huber_loss got delta {delta}; it must be positive. Give the size of error from "
            "which on the loss is to be linear."
        )
    errors = _errors(predictions, targets)
    # Written so that the second derivative at 0 is 1, which |e| would lose.
    limited = clip(errors, -as_tensor(delta), delta)
    return limited * (errors - 0.5 * limited)


@loss
def log_cosh(predictions: Any, targets: Any = None) -> Tensor:
    """Logarithm of the hyperbolic cosine of the error: ln cosh(ŷ - y).

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.

    Source:
        Chen et al., "Log Hyperbolic Cosine Loss Improves Variational Auto-Encoder", 2019.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.log_cosh(tw.Tensor([0.0, 1000.0]))
        tensor([  0.0000, 999.3069])
    """
    errors = _errors(predictions, targets)
    return logaddexp(errors, -errors) - math.log(2.0)


@loss
def quantile_loss(predictions: Any, targets: Any = None, q: Any = 0.5) -> Tensor:
    """Pinball loss, least in the mean at the q-quantile: q e, or (q - 1) e where e = y - ŷ < 0.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.
        q: The quantile, between 0 and 1; 0.5 gives half the absolute error.

    Raises:
        ArgumentError: If `q` is outside 0 … 1.

    Source:
        Koenker & Bassett, "Regression Quantiles", 1978.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.quantile_loss(tw.Tensor([1.0, 3.0]), tw.Tensor([2.0, 2.0]), q=0.9)
        tensor([0.9000, 0.1000])
    """
    if isinstance(q, (int, float)) and not 0 <= q <= 1:
        raise ArgumentError(f"quantile_loss got q {q}; it must lie between 0 and 1.")
    errors = -_errors(predictions, targets)
    return maximum(q * errors, (q - 1) * errors)


@loss
def poisson_nll(predictions: Any, targets: Any) -> Tensor:
    """Negative log-likelihood of Poisson counts: e^ŷ - y ŷ, without the constant ln y!.

    Args:
        predictions: ŷ, the logarithm of the rate.
        targets: y, the counts.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.poisson_nll(tw.Tensor([0.0, 1.0]), tw.Tensor([2.0, 1.0]))
        tensor([1.0000, 1.7183])
    """
    tensor = as_floating(predictions, None)
    return exp(tensor) - multiply(targets, tensor)


# ---- angles


@loss
def cosine_similarity(
    predictions: Any, targets: Any, *, epsilon: Any = 0.0, axis: Any = -1, where: Any = None
) -> Tensor:
    """Cosine of the angle between vectors: Σ ŷ y / (√max(Σ ŷ², ε) √max(Σ y², ε)).

    Args:
        predictions: ŷ, of shape (…, dimension).
        targets: y, likewise; they broadcast.
        epsilon: ε, in [0, ∞): the least squared norm; with 0, a vector of zeros gives NaN.
        axis: The axis of the vectors, several, or None for all.
        where: A mask, broadcast, of the elements that take part.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.cosine_similarity(tw.Tensor([3.0, 0.0]), tw.Tensor([4.0, 3.0]))
        tensor(0.8000)
    """
    a, b = as_floating(predictions, None), as_floating(targets, None)
    return sum(_unit(a, epsilon, axis, where) * _unit(b, epsilon, axis, where), axis, where=where)


def _unit(x: Tensor, epsilon: Any, axis: Any, where: Any) -> Tensor:
    return x / sqrt(maximum(sum(square(x), axis, keepdims=True, where=where), epsilon))


@loss
def cosine_distance(
    predictions: Any, targets: Any, *, epsilon: Any = 0.0, axis: Any = -1, where: Any = None
) -> Any:
    """One minus the cosine of the angle between vectors: 1 - `cosine_similarity`.

    Args:
        predictions: ŷ, of shape (…, dimension).
        targets: y, likewise; they broadcast.
        epsilon: ε, in [0, ∞): the least squared norm; with 0, a vector of zeros gives NaN.
        axis: The axis of the vectors, several, or None for all.
        where: A mask, broadcast, of the elements that take part.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.cosine_distance(tw.Tensor([3.0, 0.0]), tw.Tensor([4.0, 3.0]))
        tensor(0.2000)
    """
    return 1.0 - cosine_similarity(predictions, targets, epsilon=epsilon, axis=axis, where=where)
