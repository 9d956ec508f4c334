"""Updates scaled by norms, of themselves or of the parameters, and centred."""

from __future__ import annotations

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, less_equal, logical_or, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.reduce.sums import mean
from thalweg.optim.moments import norm_or_least, stateless_in_single
from thalweg.optim.ranges import FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import global_norm
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    Params,
    Updates,
    each,
    needed,
)

__all__ = [
    "ScaleByTrustRatioState", "centralize", "normalize_by_update_norm",
    "scale_by_param_block_norm", "scale_by_param_block_rms", "scale_by_trust_ratio",
]  # fmt: skip

ScaleByTrustRatioState = EmptyState


@factory
def centralize() -> GradientTransformation:
    """Subtract from updates of two axes or more their mean over all axes but the first.

        u = g − mean(g)

    Source:
        Yong et al., "Gradient Centralization: A New Optimization Technique for Deep Neural
        Networks", 2020, equation 1. arXiv:2004.01461

    Example:
        >>> import thalweg as tw
        >>> tw.optim.centralize().update(tw.Tensor([[1.0, 3.0]]), tw.optim.EmptyState())[0]
        tensor([[-1.,  1.]])
    """

    def centred(g: Tensor) -> Tensor:
        return g - mean(g, axis=tuple(range(1, g.ndim)), keepdims=True) if g.ndim > 1 else g

    return stateless_in_single(lambda updates, params: each(centred, updates))


@factory
def normalize_by_update_norm(
    scale_factor: float = 1.0, eps: float = 1e-6
) -> GradientTransformation:
    """Divide updates by the norm of all leaves together.

        u = scale_factor · g / (‖g‖ + eps)

    Args:
        scale_factor: The norm afterwards, a finite number.
        eps: Added to the norm, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Example:
        >>> import thalweg as tw
        >>> unit = tw.optim.normalize_by_update_norm(eps=0.0)
        >>> unit.update(tw.Tensor([3.0, 4.0]), tw.optim.EmptyState())[0]
        tensor([0.6000, 0.8000])
    """
    FINITE.check(scale_factor=scale_factor)
    NON_NEGATIVE.check(eps=eps)

    def normalized(updates: Updates, params: Params) -> Updates:
        norm = (global_norm(updates) + eps) / scale_factor
        return each(lambda g: g / astype(norm, g.dtype), updates)

    return stateless_in_single(normalized)


@factory
def scale_by_param_block_norm(min_scale: float = 1e-3) -> GradientTransformation:
    """Multiply each leaf of updates by the norm of its parameter.

        u = g · max(‖p‖, min_scale)

    Args:
        min_scale: The smallest factor, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Example:
        >>> import thalweg as tw
        >>> scaled = tw.optim.scale_by_param_block_norm()
        >>> scaled.update([2.0], tw.optim.EmptyState(), [-3.0])[0]
        [np.float64(6.0)]
    """
    NON_NEGATIVE.check(min_scale=min_scale)

    def scaled(updates: Updates, params: Params) -> Updates:
        weights = needed(params, "scale_by_param_block_norm")
        return each(lambda g, p: g * norm_or_least(p, min_scale), updates, weights)

    return stateless_in_single(scaled)


@factory
def scale_by_param_block_rms(min_scale: float = 1e-3) -> GradientTransformation:
    """Multiply each leaf of updates by the root mean square of its parameter.

        u = g · max(√mean(p²), min_scale)

    Args:
        min_scale: The smallest factor, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        section 8. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> scaled = tw.optim.scale_by_param_block_rms()
        >>> scaled.update([2.0], tw.optim.EmptyState(), [-3.0])[0]
        [np.float64(6.0)]
    """
    NON_NEGATIVE.check(min_scale=min_scale)

    def size(p: Tensor) -> Tensor:
        squares = mean(squared_magnitude(p))
        small = less_equal(sqrt(squares), min_scale)
        return where(small, min_scale, sqrt(where(small, 1.0, squares)))

    def scaled(updates: Updates, params: Params) -> Updates:
        weights = needed(params, "scale_by_param_block_rms")
        return each(lambda g, p: g * size(p), updates, weights)

    return stateless_in_single(scaled)


@factory
def scale_by_trust_ratio(
    min_norm: float = 0.0, trust_coefficient: float = 1.0, eps: float = 0.0
) -> GradientTransformation:
    """Scale each leaf of updates to a share of the norm of its parameter.

        u = g · trust_coefficient · max(‖p‖, min_norm) / (max(‖g‖, min_norm) + eps)

    A leaf where one of the two norms is 0 stays as it is.

    Args:
        min_norm: The smallest norm, in [0, ∞).
        trust_coefficient: The share, a finite number.
        eps: Added to the norm of the update, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        You et al., "Large Batch Training of Convolutional Networks", 2017, equation 6.
        arXiv:1708.03888

    Example:
        >>> import thalweg as tw
        >>> trusted = tw.optim.scale_by_trust_ratio(trust_coefficient=0.1)
        >>> trusted.update([2.0], tw.optim.EmptyState(), [-30.0])[0]
        [np.float64(3.0)]
    """
    NON_NEGATIVE.check(min_norm=min_norm, eps=eps)
    FINITE.check(trust_coefficient=trust_coefficient)

    def trusted(g: Tensor, p: Tensor) -> Tensor:
        size, length = norm_or_least(p, min_norm), norm_or_least(g, min_norm)
        none = logical_or(equal(size, 0.0), equal(length, 0.0))
        ratio = trust_coefficient * size / where(none, 1.0, length + eps)
        return g * where(none, 1.0, ratio)

    def scaled(updates: Updates, params: Params) -> Updates:
        return each(trusted, updates, needed(params, "scale_by_trust_ratio"))

    return stateless_in_single(scaled)
