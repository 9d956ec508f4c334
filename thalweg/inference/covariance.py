"""Covariances of estimates: classical, robust and clustered, from scores and curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, ShapeError, did_you_mean, shown
from thalweg.inference.distributions import ReferenceDistribution
from thalweg.inference.tall import ScaledRows, squares

Floats = NDArray[np.float64]

Covariance = Literal["classical", "HC0", "HC1", "HC2", "HC3", "clustered"]

# Those that mind how much a row tells of itself.
LEVERAGED = ("HC2", "HC3")


@dataclass(frozen=True)
class Convention:
    """How standard errors were made, and what estimates are compared with.

    Args:
        name: The covariance.
        formula: What it is.
        reference: The distribution of an estimate in units of its standard error.
        elsewhere: What statsmodels calls it; empty if it has none such.

    Example:
        >>> Convention("HC0", "H⁻¹BH⁻¹", ReferenceDistribution(None)).text
        'HC0: H⁻¹BH⁻¹; z, the normal distribution'
    """

    name: str
    formula: str
    reference: ReferenceDistribution
    elsewhere: str = ""

    @property
    def text(self) -> str:
        """The convention in one line."""
        peer = f" (statsmodels: {self.elsewhere})" if self.elsewhere else ""
        return f"{self.name}: {self.formula}; {self.reference.text}{peer}"


@dataclass(frozen=True, eq=False)
class Contributions:
    """What a covariance is made of.

    Args:
        scores: The gradient of each row's loss at the optimum, shape (rows, parameters).
        hessian: The second derivatives of the sum of losses, shape (parameters, parameters).
        scale: What the inverse of the curvature is multiplied with in the classical covariance;
            None where the loss is neither a likelihood nor squares.
        leverages: The share of each row in its own estimate, shape (rows,); None if unknown.
        student: Whether estimates are compared with Student's distribution.
        least_squares: Whether scores are residuals times columns, for what that is called.
    """

    scores: Floats | ScaledRows
    hessian: Floats
    scale: float | None
    leverages: Floats | None
    student: bool = False
    least_squares: bool = False

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.scores)

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return len(self.hessian)

    def covariance(self, kind: str, clusters: Any = None) -> tuple[Floats, Convention]:
        """Return a covariance of the estimates, and what it is.

            H⁻¹ B H⁻¹,   H = Σᵢ ∂²ℓᵢ,   B = c Σᵢ sᵢ sᵢ',   sᵢ = ∂ℓᵢ

        HC0 has c = 1, HC1 c = n/(n − p); HC2 divides sᵢ by √(1 − hᵢ) and HC3 by 1 − hᵢ, with the
        leverages h; clustered adds up the scores of a cluster first, with c = G/(G − 1) ·
        (n − 1)/(n − p). The classical one is H⁻¹, times the variance where that is estimated.

        Raises:
            ArgumentError: If it is unknown, or means nothing here.

        Source:
            White, Econometrica 48, 1980; MacKinnon & White, Journal of Econometrics 29, 1985;
            Huber, Fifth Berkeley Symposium, 1967; Liang & Zeger, Biometrika 73, 1986.
        """
        if kind not in get_args(Covariance):
            raise ArgumentError(
                f"covariance={shown(kind)} was given."
                f"{did_you_mean(str(kind), get_args(Covariance))} Choose one of "
                f"{', '.join(get_args(Covariance))}."
            )
        if (kind == "clustered") != (clusters is not None):
            raise ArgumentError(
                'Clustered standard errors want covariance="clustered" and clusters=…, a label a '
                "row; give both, or neither."
            )
        bread = np.asarray(np.linalg.inv(self.hessian), np.float64)
        df = float(self.rows - self.parameters) if self.student else None
        if kind == "classical":
            return self._classical(bread, df)
        if kind == "clustered":
            return self._clustered(bread, np.asarray(clusters))
        scores, formula = self._leveraged(kind)
        found = bread @ squares(scores) @ bread
        factor = 1.0
        if kind == "HC1":
            factor = self.rows / (self.rows - self.parameters)
            formula += " · n/(n − p)"
        # statsmodels gives HC0 under all four names where the loss is no sum of squares.
        peer = kind if self.least_squares or kind == "HC0" else ""
        convention = Convention(kind, formula, ReferenceDistribution(df), peer)
        return factor * (found + found.T) / 2.0, convention

    def _classical(self, bread: Floats, df: float | None) -> tuple[Floats, Convention]:
        if self.scale is None:
            raise ArgumentError(
                'covariance="classical" was asked for, but the inverse of the curvature is the '
                "covariance of a likelihood's optimum alone, or of least squares'. Say "
                'loss_is="likelihood" or "squares" if the loss is one, or choose HC0.'
            )
        formula = "σ̂² H⁻¹" if self.student else "H⁻¹, the inverse information"
        formula = "σ̂² (X'WX)⁻¹" if self.least_squares else formula
        found = Convention("classical", formula, ReferenceDistribution(df), "nonrobust")
        return self.scale * bread, found

    def _leveraged(self, kind: str) -> tuple[Floats | ScaledRows, str]:
        if kind in ("HC0", "HC1"):
            return self.scores, "H⁻¹ (Σ ss') H⁻¹"
        if self.leverages is None:
            raise ArgumentError(
                f"{kind} needs leverages, which the loss does not tell. Choose HC0 or HC1."
            )
        left = 1.0 - self.leverages
        if (left <= 1e-12).any():
            row = int(np.argmin(left))
            raise ArgumentError(
                f"{kind} divides by 1 − h, and row {row} has leverage h = 1: a coefficient is "
                "its alone. Choose HC0 or HC1, or leave out the row and its column."
            )
        power, text = (0.5, "(1 − h)") if kind == "HC2" else (1.0, "(1 − h)²")
        return np.asarray(self.scores) / left[:, None] ** power, f"H⁻¹ (Σ ss'/{text}) H⁻¹"

    def _clustered(self, bread: Floats, clusters: NDArray[Any]) -> tuple[Floats, Convention]:
        sums = cluster_sums(np.asarray(self.scores), clusters)
        groups, rows, parameters = len(sums), self.rows, self.parameters
        factor = groups / (groups - 1.0) * (rows - 1.0) / (rows - parameters)
        spread = bread @ sums.T
        formula = f"H⁻¹ (Σ ss' over {groups:,} clusters) H⁻¹ · G/(G−1) · (n−1)/(n−p)"
        df = float(groups - 1) if self.student else None
        found = Convention("clustered", formula, ReferenceDistribution(df), "cluster")
        return factor * spread @ spread.T, found


def cluster_sums(scores: Floats, clusters: NDArray[Any]) -> Floats:
    """Return the sums of scores over clusters, shape (clusters, parameters).

    Raises:
        ShapeError: If there is not one label a row.
        ArgumentError: If there is one cluster alone.

    Example:
        >>> cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array(["a", "b", "a"]))
        array([[5.],
               [2.]])
    """
    if clusters.shape != (len(scores),):
        raise ShapeError(
            f"clusters has shape {clusters.shape}, and there are {len(scores)} rows; give a label "
            "a row."
        )
    labels, which = np.unique(clusters, return_inverse=True)
    if len(labels) < 2:
        raise ArgumentError(
            f"clusters has the label {shown(labels[0])} alone; at least 2 clusters are needed."
        )
    sums = np.zeros((len(labels), scores.shape[1]))
    np.add.at(sums, which, scores)
    return sums
