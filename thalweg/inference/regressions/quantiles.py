"""Quantile regression: its linear program's exact solution, and Powell's kernel covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError
from thalweg.inference.covariance import Convention
from thalweg.inference.distributions import ReferenceDistribution
from thalweg.inference.regressions.design import read_design, read_numbers, require_aligned
from thalweg.inference.regressions.interior import central_path, independent
from thalweg.inference.resampling import Refits, Resampled
from thalweg.inference.result import Inference
from thalweg.ops.stats.symmetric import norm

Floats = NDArray[np.float64]

MOST_STEPS = 200


@dataclass(frozen=True, eq=False)
class QuantileRows(Resampled):
    """Rows of a quantile regression.

    Args:
        q: The quantile.
        X: Columns that the rows determine, shape (rows, columns).
        y: The target, shape (rows,).
    """

    q: float
    X: Floats
    y: Floats

    def refits(self, inference: Inference) -> Refits:
        """Return what is fitted again: linear programs, one by one."""
        told = ~np.isnan(inference.estimates)

        def alone(weights: Floats, targets: Floats | None) -> Floats | None:
            drawn = np.repeat(np.arange(len(self.y)), weights.astype(np.int64))
            X = self.X[drawn]
            if np.linalg.matrix_rank(X) < X.shape[1]:
                return None
            return solved(QuantileRows(self.q, X, self.y[drawn]))

        def back(points: Floats) -> Floats:
            found = np.full((len(points), len(told)), np.nan)
            found[:, told] = points
            return found

        at, ones = inference.estimates[told], np.ones(len(self.y))
        return Refits(None, (), None, (self.y, self.X), at, 0.0, ones, back, alone)

    def loss(self, beta: Floats) -> float:
        """Return Σ max(q r, (q − 1) r) of the residuals r."""
        residuals = self.y - self.X @ beta
        return float(np.sum(np.maximum(self.q * residuals, (self.q - 1.0) * residuals)))


def quantile_regression(
    X: Any,
    y: Any,
    q: float = 0.5,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = True,
    params: Any = None,
    level: float = 0.95,
) -> Inference:
    """Return what rows tell of a quantile that is linear in the columns.

        min over β  Σᵢ max(q rᵢ, (q − 1) rᵢ),   r = y − Xβ

    The solution is that of the linear program. Its standard errors are robust ones, with the
    density of the residuals at 0 by Epanechnikov's kernel and Hall and Sheather's bandwidth:

        (X'X)⁻¹ X'DX (X'X)⁻¹,  d = (q/f̂)² where r > 0, ((1 − q)/f̂)² elsewhere

    These are the defaults of statsmodels (vcov="robust").

    Args:
        X: Columns, shape (rows, columns).
        y: The target, shape (rows,).
        q: The quantile, between 0 and 1.
        names: Of the columns.
        intercept: Whether a column of ones stands in front.
        params: What a fit had found; how far that is from the solution is then told, and the
            standard errors are those at the solution.
        level: Of intervals.

    Raises:
        ArgumentError: If q is not between 0 and 1.
        ShapeError: If shapes do not fit.
        DataError: If there are missing values.

    Source:
        Powell, "Estimation of monotonic regression models under quantile restrictions", 1991;
        Hall & Sheather, "On the distribution of a studentized quantile", 1988; Greene,
        "Econometric Analysis", 2008, section 7.3.2; Portnoy & Koenker, "The Gaussian hare and the
        Laplacian tortoise", 1997 (the interior-point method).

    Example:
        >>> x = np.arange(20.0)
        >>> found = quantile_regression({"x": x}, x + 0.1 * np.cos(7 * x), 0.5)
        >>> found.estimates.round(3)
        array([0.009, 1.002])
    """
    if not 0.0 < q < 1.0:
        raise ArgumentError(f"q={q!r} was given; a quantile is between 0 and 1, such as 0.9.")
    if isinstance(X, dict):
        names = list(X) if names is None else names
        X = np.column_stack([np.asarray(column) for column in X.values()])
    require_aligned(X=X, y=y)
    design = read_design(X, names, None, intercept)
    target = read_numbers("y", y, len(design.X))
    rows = QuantileRows(q, design.X[:, design.kept], target)
    size = len(design.names)
    estimates, matrix = np.full(size, np.nan), np.full((size, size), np.nan)
    whole = Inference(
        f"Quantile regression (q = {q:g})", design.names, estimates, matrix, None, len(target),
        {design.names[j]: why for j, why in design.left_out.items()}, level=level, model=rows,
        given=None if params is None else read_numbers("params", params, size),
    )  # fmt: skip
    return _completed(whole, rows, design.kept)


def _completed(whole: Inference, rows: QuantileRows, kept: Any) -> Inference:
    n, columns = rows.X.shape
    if n <= columns:
        why = f"There are {columns} coefficients and {n} rows. Give more rows or fewer columns."
        return replace(whole, why=why)
    beta = solved(rows)
    whole.estimates[kept] = beta
    residuals = rows.y - rows.X @ beta
    # Rows that are met exactly stand on neither side.
    residuals[np.abs(residuals) <= 1e-12 * np.abs(rows.y).max(initial=0.0)] = 0.0
    width = bandwidth(residuals, rows.y, rows.q)
    density = (
        0.0 if not width > 0.0 else float(np.sum(_epanechnikov(residuals / width)) / (n * width))
    )
    if not density > 0.0:
        why = (
            f"The density of the residuals at 0 cannot be estimated for q = {rows.q:g} from {n} "
            "rows: no bandwidth fits. Choose a quantile nearer the middle, give more rows, or use "
            "bootstrap()."
        )
        return replace(whole, why=why)
    whole.covariance[np.ix_(kept, kept)] = powell(rows, residuals, density)
    reference = ReferenceDistribution(float(n - columns))
    convention = Convention(
        "Powell's kernel", "(X'X)⁻¹ X'DX (X'X)⁻¹, Epanechnikov, Hall-Sheather", reference, "robust"
    )
    facts = {"density at 0": density, "bandwidth": width, "loss": rows.loss(beta)}
    return replace(whole, convention=convention, facts=facts)


def powell(rows: QuantileRows, residuals: Floats, density: float) -> Floats:
    """Return the covariance of the coefficients, given the density of the residuals at 0."""
    R = np.asarray(np.linalg.qr(rows.X)[1])
    Z = np.asarray(np.linalg.solve(R.T, rows.X.T).T)
    d = np.where(residuals > 0, (rows.q / density) ** 2, ((1.0 - rows.q) / density) ** 2)
    # Z'Z is the identity but for rounding.
    bread = np.linalg.inv(R) @ np.linalg.inv(Z.T @ Z)
    return np.asarray(bread @ (Z.T @ (d[:, None] * Z)) @ bread.T)


def bandwidth(residuals: Floats, y: Floats, q: float) -> float:
    """Return Hall and Sheather's bandwidth for the density of residuals at 0, as statsmodels does.

    It is not positive, or no number, where q is too near 0 or 1 for so few rows.
    """
    n, z = len(y), float(norm.ppf(q))
    share = 1.5 * float(norm.pdf(z)) ** 2 / (2.0 * z**2 + 1.0)
    h = n ** (-1 / 3) * float(norm.isf(0.025)) ** (2 / 3) * share ** (1 / 3)
    if not 0.0 < q - h < q + h < 1.0:
        return float("nan")
    low, high = np.quantile(residuals, [0.25, 0.75])
    scale = min(float(np.std(y)), float(high - low) / 1.34)
    return scale * float(norm.ppf(q + h) - norm.ppf(q - h))


def _epanechnikov(u: Floats) -> Floats:
    return np.where(np.abs(u) <= 1.0, 0.75 * (1.0 - u**2), 0.0)


def solved(rows: QuantileRows) -> Floats:
    """Return the coefficients of least loss: interior point, then the vertex that it leads to.

    Example:
        >>> rows = QuantileRows(0.5, np.ones((5, 1)), np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
        >>> solved(rows)
        array([4.])
    """
    unit = np.linalg.norm(rows.X, axis=0)
    scale = float(np.abs(rows.y).max()) or 1.0
    inner = QuantileRows(rows.q, rows.X / unit, rows.y / scale)
    levels, ones = np.full(len(inner.y), rows.q), np.ones(len(inner.y))
    near, _, _ = central_path(inner.X, inner.y, levels, ones, 1e-13, MOST_STEPS)
    beta = _vertex(inner, near)
    return np.asarray(beta * scale / unit)


def _vertex(rows: QuantileRows, near: Floats) -> Floats:
    """Return the best vertex beside a point: as many rows as columns are met exactly there.

    From the rows of the least residuals, rows are exchanged while that lowers the loss.
    """
    X, y, q = rows.X, rows.y, rows.q
    order = np.argsort(np.abs(y - X @ near), kind="stable")
    basis = np.array(independent(X, order, 1e-9), np.int64)
    for _ in range(50 * X.shape[1] + 100):
        inverse = np.asarray(np.linalg.inv(X[basis]), np.float64)
        beta = inverse @ y[basis]
        residuals = y - X @ beta
        residuals[basis] = 0.0
        met = np.abs(residuals) <= 1e-13
        # How fast the loss grows along each edge that leaves the vertex, both ways; rows that are
        # met there, but those of the basis, make it grow on either side.
        pulled = inverse.T @ (X.T @ np.where(met, 0.0, np.where(residuals > 0, q, q - 1.0)))
        met[basis] = False
        along = X[met] @ inverse
        forth, back = np.maximum(along, 0.0).sum(axis=0), np.maximum(-along, 0.0).sum(axis=0)
        rise = np.concatenate([
            (1.0 - q) * (1.0 + forth) + q * back - pulled,
            q * (1.0 + forth) + (1.0 - q) * back + pulled,
        ])  # fmt: skip
        worst = int(np.argmin(rise))
        if rise[worst] >= -1e-9:
            break
        k, sign = worst % len(pulled), 1.0 if worst < len(pulled) else -1.0
        residuals[met] = 0.0
        entering = _first_beyond(rows, residuals, sign * inverse[:, k], float(rise[worst]))
        if entering is None:
            break
        basis[k] = entering
    return beta if rows.loss(beta) <= rows.loss(near) * (1 + 1e-12) else near


def _first_beyond(rows: QuantileRows, residuals: Floats, edge: Floats, slope: float) -> int | None:
    """Return the row at which the loss stops falling along an edge: a weighted median."""
    along = rows.X @ edge
    with np.errstate(all="ignore"):
        times = np.where(np.abs(along) > 1e-12, residuals / along, np.inf)
    times = np.where(times > 0.0, times, np.inf)
    for row in np.argsort(times, kind="stable"):
        if not np.isfinite(times[row]):
            return None
        slope += abs(float(along[row]))
        if slope >= 0.0:
            return int(row)
    return None
