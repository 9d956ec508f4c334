"""Inference for any smooth loss in plain NumPy: M-estimation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, shown
from thalweg.inference.covariance import LEVERAGED, Contributions
from thalweg.inference.losses import RowLosses, read_losses
from thalweg.inference.newton import CONVERGED, Optimum, descend
from thalweg.inference.resampling import Refits, Resampled, chance_of
from thalweg.inference.result import Inference

Floats = NDArray[np.float64]

Meaning = Literal["likelihood", "squares"]

# More numbers than this make matrices of gigabytes.
MOST_PARAMETERS, MOST_NUMBERS = 3000, 2e8

# A curvature below this share of the largest, in units of its parameters, is none.
FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class FittedLosses(Resampled):
    """A loss at its optimum.

    Args:
        losses: The loss.
        optimum: Where it is least.
        basis: Directions in which it curves, as columns, shape (parameters, directions).
    """

    losses: RowLosses
    optimum: Optimum
    basis: Floats

    def refits(self, inference: Inference) -> Refits:
        """Return what is fitted again."""
        losses, optimum = self.losses, self.optimum
        if self.basis.shape[1] < len(optimum.at):
            raise ArgumentError(
                "Parameters that the rows do not determine move at will from refit to refit. Fix "
                "them first."
            )
        if not losses.count:
            raise ArgumentError("Without data there are no rows to draw. Give data=….")

        def alone(weights: Floats, targets: Floats | None) -> Floats | None:
            found = descend(
                lambda at: losses.value(at, weights),
                lambda at: losses.curvature(at, weights),
                optimum.at,
            )
            return found.at if found.converged else None

        chance, ones = chance_of(optimum.curvature), np.ones(losses.count)
        users, arrays = (losses.loss,), losses.arrays
        same = lambda points: points
        return Refits(losses.rows, users, losses.key, arrays, optimum.at, chance, ones, same, alone)


def m_estimation(
    loss: Callable[..., Any],
    params: Any,
    data: Any = None,
    *,
    loss_is: Meaning | None = None,
    covariance: str | None = None,
    clusters: Any = None,
    level: float = 0.95,
) -> Inference:
    """Return what rows tell of the parameters of any smooth loss.

        √n (θ̂ − θ) → N(0, A⁻¹BA⁻¹),   A = E ∂²ℓ,   B = E ∂ℓ ∂ℓ'

    From `params` Newton's steps lead to the optimum; where they do not, there are no standard
    errors, and the reason is told. Derivatives are exact. A penalty in a loss that is a mean counts
    as a part of every row's; intervals are then around the penalized optimum.

    Args:
        loss: Called as `loss(params, *data)`; returns one loss a row, or their mean or sum, which
            is found out by comparing. Plain NumPy, twice differentiable.
        params: What a fit found: a tree of arrays and numbers.
        data: An array, or a tuple or dict of arrays that share axis 0. None, if the loss holds its
            data itself: then it returns one loss a row, or is minus the logarithm of the
            likelihood of all.
        loss_is: "likelihood", if it is minus the logarithm of one (up to a constant); "squares", if
            it is squared residuals. Classical standard errors are for those alone.
        covariance: "classical", "HC0" (the sandwich), "HC1", "HC2", "HC3" or "clustered"; by
            default classical if `loss_is` is given, else HC0.
        clusters: A label a row, for clustered ones.
        level: Of intervals.

    Raises:
        ArgumentError: If an option is unknown, or rows of the loss do not add up.
        ShapeError: If data differ in their number of rows.
        DataError: If parameters are not finite.

    Source:
        Huber, "The behavior of maximum likelihood estimates under nonstandard conditions", 1967;
        White, "Maximum likelihood estimation of misspecified models", Econometrica 50, 1982.

    Example:
        >>> y = np.array([0.2, 1.0, 1.4, 2.2, 3.7, 9.0])
        >>> def soft_absolute(center, y):
        ...     return np.mean(np.sqrt(1 + (y - center) ** 2))
        >>> found = m_estimation(soft_absolute, 1.0, y)
        >>> found.estimates.round(4), found.std_errors.round(4)
        (array([1.9781]), array([0.8255]))
    """
    if loss_is not in (None, "likelihood", "squares"):
        raise ArgumentError(
            f'loss_is={shown(loss_is)} was given. It wants "likelihood", "squares" or None.'
        )
    losses, start = read_losses(loss, params, data)
    kind = covariance or ("classical" if loss_is or losses.form == "whole" else "HC0")
    if losses.form == "whole" and (kind, loss_is) != ("classical", "likelihood"):
        raise ArgumentError(
            "Without data no row has a score of its own. Give data=…, or say "
            'loss_is="likelihood" if the loss is minus the logarithm of a likelihood.'
        )
    title = f"M-estimation of {getattr(loss, '__name__', type(loss).__name__)}"
    size = len(start)
    whole = Inference(
        title, losses.names, np.full(size, np.nan), np.full((size, size), np.nan), None,
        losses.count, level=level,
    )  # fmt: skip
    if size > MOST_PARAMETERS or size * max(size, losses.count) > MOST_NUMBERS:
        why = (
            f"{size:,} parameters and {losses.count:,} rows make matrices too large for standard "
            "errors of each. Use bootstrap fits of the quantity you want, or fewer parameters."
        )
        return replace(whole, why=why)
    optimum = descend(losses.value, losses.curvature, start)
    return replace(_told(whole, losses, optimum, loss_is, kind, clusters), given=start)


def _told(
    whole: Inference, losses: RowLosses, optimum: Optimum, loss_is: Any, kind: str, clusters: Any
) -> Inference:
    basis, flat, values = _directions(optimum.curvature.hessian)
    likelihood = -losses.value(optimum.at) if loss_is == "likelihood" else None
    # A lowest point that its own rows do not tell from others has no place of its own.
    level = not (np.abs(values) > 0.0).any()
    if level or optimum.distance > CONVERGED or (values < -FLAT * np.abs(values).max()).any():
        return replace(whole, why=_no_minimum(optimum, values))
    left_out = {
        whole.names[j]: f"not determined: it can move with {_partners(whole.names, flat, j)}"
        for j in np.flatnonzero(np.abs(flat).max(axis=1, initial=0.0) > 1e-6).tolist()
    }
    whole.estimates[:] = optimum.at
    fitted = FittedLosses(losses, optimum, basis)
    whole = replace(whole, left_out=left_out, model=fitted)
    for name in left_out:
        whole.estimates[whole.names.index(name)] = np.nan
    if basis.shape[1] >= losses.count > 0:
        why = (
            f"{basis.shape[1]} parameters are determined by {losses.count} rows, so that nothing "
            "is left to tell their scatter. Give more rows or fewer parameters."
        )
        return replace(whole, why=why)
    parts = _contributions(fitted, loss_is, kind)
    found, convention = parts.covariance(kind, clusters)
    told = [name not in left_out for name in whole.names]
    place = np.ix_(told, told)
    whole.covariance[place] = (basis @ found @ basis.T)[place]
    facts = {}
    if likelihood is not None:
        rows, size = max(losses.count, 1), basis.shape[1]
        facts = {"log-likelihood": likelihood, "AIC": 2.0 * size - 2.0 * likelihood}
        if losses.count:
            facts["BIC"] = float(np.log(rows)) * size - 2.0 * likelihood
    return replace(whole, convention=convention, facts=facts)


def _directions(hessian: Floats) -> tuple[Floats, Floats, Floats]:
    """Return directions in which a loss curves, those in which it does not, and all curvatures."""
    unit = np.sqrt(np.abs(np.diag(hessian)))
    unit[unit == 0.0] = 1.0
    values, vectors = np.linalg.eigh(hessian / np.outer(unit, unit))
    curved = values > FLAT * np.abs(values).max(initial=1e-300)
    return vectors[:, curved] / unit[:, None], vectors[:, ~curved], values


def _partners(names: tuple[str, ...], flat: Floats, j: int) -> str:
    together = np.abs(flat[:, np.abs(flat[j]) > 1e-6]).max(axis=1) > 1e-6
    others = [name for i, name in enumerate(names) if together[i] and i != j]
    if not others:
        return "no change of the loss"
    return ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")


def _no_minimum(optimum: Optimum, values: Floats) -> str:
    if not (np.abs(values) > 0.0).any():
        return (
            "The loss has no curvature where the parameters are, as one with kinks, such as "
            "absolute values. Use quantile_regression for those, or a smooth loss."
        )
    if optimum.distance <= CONVERGED:
        return (
            "The loss is level where the parameters lead, but no minimum: it falls along "
            f"{int((values < 0).sum())} direction(s). Train on from elsewhere."
        )
    return (
        f"The parameters are not at an optimum, and {optimum.steps} of Newton's steps led to none: "
        f"it is still {optimum.distance:.2g} times the statistical error away, or there is none. "
        "Train longer, or check that the loss is smooth and has a minimum."
    )


def _contributions(fitted: FittedLosses, loss_is: Any, kind: str) -> Contributions:
    losses, basis, bend = fitted.losses, fitted.basis, fitted.optimum.curvature
    hessian = basis.T @ bend.hessian @ basis
    rows, size = losses.count, basis.shape[1]
    scale = 1.0 if loss_is == "likelihood" else None
    if loss_is == "squares":
        # Of squares, half of the curvature is that of a sum of ½r²/σ² with σ² = RSS/(n − p).
        scale = 2.0 * losses.value(fitted.optimum.at) / (rows - size)
    leverages = None
    if kind in LEVERAGED and rows * len(bend.hessian) ** 2 <= MOST_NUMBERS:
        each = losses.hessians(fitted.optimum.at)
        inverse = basis @ np.linalg.inv(hessian) @ basis.T
        leverages = np.einsum("ijk,kj->i", each, inverse)
    scores = np.asarray(bend.scores) @ basis
    return Contributions(scores, hessian, scale, leverages, loss_is == "squares")
