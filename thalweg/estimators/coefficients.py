"""The coefficients of a linear model, in the data's own units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding
from thalweg.estimators.models import Params

__all__ = ["Coefficients", "coefficients"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """A linear model's coefficients.

    Args:
        names: The intercept and the features.
        outputs: The classes they are for; one empty name if there is one score.
        values: In the columns' own units, shape (1 + features, outputs).
        standardized: For a change of one standard deviation, shape (1 + features, outputs).
        std_errors: Robust standard errors of the values, shape (1 + features,); None where a
            penalty, a loss with kinks or an unfinished run leaves them without meaning.

    Example:
        >>> from thalweg.estimators import fit_table
        >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
        >>> found = fit_table(columns, "y", holdout=0).coefficients
        >>> found.names, found.values[:, 0].round(6), found.std_errors.round(3)
        (('intercept', 'x'), array([0.5, 1.8]), array([0.529, 0.17 ]))
    """

    names: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats
    standardized: Floats
    std_errors: Floats | None = None

    def by_weight(self) -> list[int]:
        """Return the intercept's position and then the features', the largest effects first."""
        sizes = np.max(np.abs(self.standardized[1:]), axis=1)
        return [0, *(np.argsort(-sizes, kind="stable") + 1).tolist()]


def coefficients(encoding: Encoding, params: Params) -> Coefficients:
    """Return a linear model's coefficients, without standard errors.

    Args:
        encoding: How columns became features.
        params: The weights and biases of those, one a score.
    """
    target = encoding.target
    weights, bias = params["weights"][0] * target.scale, params["biases"][0] * target.scale
    slopes, intercept = encoding.original_units(weights, bias)
    outputs = target.classes if weights.ndim > 1 else ("",)
    shape = (-1, len(outputs))
    return Coefficients(
        ("intercept", *encoding.names),
        outputs,
        np.concatenate([intercept.reshape(shape) + target.mean, slopes.reshape(shape)]),
        np.concatenate([bias.reshape(shape) + target.mean, weights.reshape(shape)]),
    )
