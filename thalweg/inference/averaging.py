"""Standard errors of an average of stochastic steps: Polyak and Ruppert's, by batch means."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg import tree
from thalweg.errors import ArgumentError, DataError
from thalweg.inference.covariance import Convention
from thalweg.inference.distributions import ReferenceDistribution
from thalweg.inference.losses import names_of
from thalweg.inference.result import Inference

Floats = NDArray[np.float64]

FEWEST_BATCHES = 5

NOTE = (
    "The errors are those of the steps' own noise. After one pass over the rows, without repeating "
    "any, that is the statistical error; after several passes it is the optimization error alone, "
    "and the statistical one is told by m_estimation."
)


class Iterates:
    """A callback of `tw.fit` that keeps the parameters of every evaluation.

    With `evaluate_every=1` these are all iterates; with more, every so many-th, whose average
    scatters as much as long as neighbours are alike.

    Example:
        >>> import thalweg as tw
        >>> loss, y = lambda m, y: np.mean((y - m) ** 2), np.arange(8.0)
        >>> kept = Iterates()
        >>> fit = tw.fit(loss, 0.0, y, optimizer=tw.optim.sgd(0.1), batch_size=1, steps=8,
        ...              evaluate_every=1, callbacks=kept)
        >>> len(kept.params)
        8
    """

    def __init__(self) -> None:
        self.params: list[Any] = []

    def __call__(self, info: Any) -> None:
        """Keep the run's parameters."""
        self.params.append(info.params)


def batch_means(
    iterates: Any,
    *,
    decay: float = 0.5,
    batches: int | None = None,
    burn_in: float = 0.1,
    level: float = 0.95,
) -> Inference:
    """Return the average of a stochastic run's iterates with its standard errors.

        Σ̂ = M⁻¹ Σₖ nₖ (x̄ₖ − x̄)(x̄ₖ − x̄)',   Cov(x̄) = Σ̂ / n

    x̄ₖ are means of M successive batches, so long that they hardly depend on one another: they grow
    as the steps shrink, batch k ending at a share ((k + 1)/(M + 1))^(1/(1 − decay)) of the run. An
    average is compared with Student's distribution of M − 1 degrees.

    Args:
        iterates: Parameters after successive steps: an array (steps, parameters), a list of trees,
            or what `Iterates` kept.
        decay: a, where the learning rate falls as t^(−a), 0.5 to below 1; 0 for a constant one.
        batches: M; by default about the cube root of the number of steps, at least 5.
        burn_in: The share of the run that is left out at its beginning, besides a first batch.
        level: Of intervals.

    Raises:
        ArgumentError: If there are too few iterates for so many batches, or a number is out of
            range.
        DataError: If an iterate is not finite.

    Source:
        Chen, Lee, Tong & Zhang, "Statistical inference for model parameters in stochastic gradient
        descent", Annals of Statistics 48, 2020. arXiv:1610.08637; Polyak & Juditsky, "Acceleration
        of stochastic approximation by averaging", 1992.

    Example:
        >>> steps = np.random.default_rng(0).normal(2.0, 1.0, size=10_000)
        >>> found = batch_means(steps, decay=0.0)
        >>> bool(abs(found.std_errors[0] - 0.01) < 0.004)
        True
    """
    if not 0.0 <= decay < 1.0 or not 0.0 <= burn_in < 1.0:
        raise ArgumentError(
            f"decay={decay!r} and burn_in={burn_in!r} were given; each is at least 0 and below 1."
        )
    matrix, names = _read_iterates(iterates)
    total = len(matrix)
    matrix = matrix[int(burn_in * total) :]
    count = max(FEWEST_BATCHES, round(len(matrix) ** (1 / 3))) if batches is None else batches
    shares = (np.arange(1, count + 2) / (count + 1)) ** (1.0 / (1.0 - decay))
    ends = np.round(shares * len(matrix)).astype(int)
    sizes = np.diff(ends)
    if count < 2 or (sizes < 2).any():
        raise ArgumentError(
            f"{total} iterates are too few for {count} batches of growing length. Keep more steps, "
            "or ask for fewer batches (at least 2)."
        )
    means = np.stack([matrix[a:b].mean(axis=0) for a, b in itertools.pairwise(ends)])
    used = int(sizes.sum())
    average = matrix[ends[0] :].mean(axis=0)
    off = (means - average) * np.sqrt(sizes)[:, None]
    # The batches' mean is known by themselves, which takes one of their M degrees.
    covariance = off.T @ off / (count - 1) / used
    formula = f"Σ nₖ (x̄ₖ − x̄)(x̄ₖ − x̄)' / (M − 1) / n over {count} batches of {used:,} iterates"
    convention = Convention("batch means", formula, ReferenceDistribution(float(count - 1)))
    return Inference(
        "Average of stochastic steps", names, average, covariance, convention, used,
        level=level, notes=(NOTE,),
    )  # fmt: skip


def _read_iterates(iterates: Any) -> tuple[Floats, tuple[str, ...]]:
    given = iterates.params if isinstance(iterates, Iterates) else iterates
    if isinstance(given, (list, tuple)) and given:
        names = names_of(given[0])
        rows = [
            np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in tree.leaves(each)])
            for each in given
        ]
        matrix = np.stack(rows)
    else:
        matrix = np.asarray(given, np.float64)
        matrix = matrix.reshape(len(matrix), -1) if matrix.ndim else matrix.reshape(0, 0)
        names = tuple(f"params[{i}]" for i in range(matrix.shape[1]))
    if not np.isfinite(matrix).all():
        row = int(np.argwhere(~np.isfinite(matrix))[0][0])
        raise DataError(f"The iterate of step {row} is not finite: the run diverged.")
    return matrix, names
