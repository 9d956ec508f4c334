"""Muon: updates of matrices replaced by the orthogonal matrix nearest to them."""

from __future__ import annotations

import math
from collections.abc import Callable

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ShapeError
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, each, stateless

__all__ = ["orthogonalize", "scale_by_shape"]


@factory
def orthogonalize(
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
    ns_steps: int = 5,
    eps: float = 1e-7,
) -> GradientTransformation:
    """Bring the singular values of matrices near to 1, by Newton-Schulz iterations.

        x = g / max(‖g‖, eps)
        x ← a x + (b x xᵀ + c (x xᵀ)²) x        ns_steps times
        u = x

    Each result is rounded to the eight bits that a bfloat16 carries, as PyTorch computes it; so
    the two agree to about two digits.

    Args:
        ns_coefficients: a, b and c.
        ns_steps: How many iterations.
        eps: The smallest norm that is divided by, in [0, ∞).

    Raises:
        ArgumentError: If `eps` is negative.
        ShapeError: By `update`, if an update is no matrix.

    Source:
        Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024.

    Example:
        >>> import thalweg as tw
        >>> flat = tw.optim.orthogonalize()
        >>> updates, _ = flat.update([tw.Tensor([[9.0, 0.0], [0.0, 1.0]])], flat.init([0.0]))
        >>> [0.6 < x < 1.3 for x in (updates[0][0, 0].item(), updates[0][1, 1].item())]
        [True, True]
    """
    a, b, c = ns_coefficients
    FINITE.check(a=a, b=b, c=c)
    NON_NEGATIVE.check(eps=eps)

    def iterated(g: Tensor) -> Tensor:
        rows, columns = _extents(g)
        x = _rounded(astype(g, "float32"))
        x = x.T if rows > columns else x
        x = _rounded(x / maximum(_rounded(sqrt(total(square(x)))), eps))
        for _ in range(ns_steps):
            gram = _rounded(matmul(x, x.T))
            both = _rounded(b * gram + c * matmul(gram, gram))
            x = _rounded(a * x + matmul(both, x))
        return astype(x.T if rows > columns else x, g.dtype)

    return stateless(lambda updates, params: each(iterated, updates))


def _rounded(x: Tensor) -> Tensor:
    """Round a float32 tensor to the precision of bfloat16, to nearest."""
    # 2¹⁶ + 1 times x has the bits to drop at its end, and loses them (Veltkamp's splitting).
    carried = 65537.0 * x
    return carried - (carried - x)


def _extents(x: Tensor) -> tuple[int, int]:
    if x.ndim != 2:
        raise ShapeError(
            f"A tensor of shape {x.shape} was to be made orthogonal; only matrices can be. Give "
            "the other parameters to another optimizer."
        )
    return x.shape[0], x.shape[1]


_ADJUSTMENTS: dict[str, Callable[[int, int], float]] = {
    "original": lambda rows, columns: math.sqrt(max(1.0, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


@factory
def scale_by_shape(adjustment: str = "original") -> GradientTransformation:
    """Scale orthogonal updates of matrices by their extents.

        u = √max(1, rows / columns) · g    or    0.2 √max(rows, columns) · g

    Args:
        adjustment: "original": √max(1, rows / columns); "match_rms_adamw": 0.2 √max(rows, columns),
            which gives updates the size that AdamW's have.

    Raises:
        ArgumentError: If the adjustment is unknown.
        ShapeError: By `update`, if an update is no matrix.

    Source:
        Jordan, "Muon", 2024; Liu et al., "Muon is Scalable for LLM Training", 2025.
        arXiv:2502.16982

    Example:
        >>> import thalweg as tw
        >>> scaled = tw.optim.scale_by_shape()
        >>> updates, _ = scaled.update([tw.ones((4, 1))], scaled.init([0.0]))
        >>> updates[0][0, 0].item()
        2.0
    """
    check_choice(_ADJUSTMENTS, adjustment=adjustment)
    factor = _ADJUSTMENTS[adjustment]
    return stateless(lambda updates, params: each(lambda u: factor(*_extents(u)) * u, updates))
