"""The bootstrap: how much estimates vary when the rows are drawn again, fitted all at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad
from thalweg.autodiff.jacobians import hessian
from thalweg.control.scan import fori_loop
from thalweg.engines.running import solve
from thalweg.errors import ArgumentError, shown
from thalweg.inference.covariance import Convention
from thalweg.inference.distributions import ReferenceDistribution
from thalweg.inference.newton import LossCurvature
from thalweg.inference.tall import squares

if TYPE_CHECKING:
    from thalweg.inference.result import Inference

Floats = NDArray[np.float64]

Kind = Literal["pairs", "residual", "parametric"]

# Newton's steps of each refit in the batch; those that need more take them one by one.
STEPS = 5

# Numbers that a batch of refits may hold at once.
MOST_NUMBERS = 2_000_000


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Estimates of resampled rows.

    Attributes:
        inference: What the rows themselves told.
        replicates: The estimates, shape (replicates, parameters); those without an optimum are
            left out.
        kind: How rows were drawn.
        failed: How many had no optimum.
    """

    inference: Inference
    replicates: Floats
    kind: str
    failed: int

    @property
    def covariance(self) -> Floats:
        """The covariance of the estimates."""
        return np.atleast_2d(np.cov(self.replicates, rowvar=False))

    @property
    def std_errors(self) -> Floats:
        """The standard deviation of the estimates."""
        return np.asarray(self.replicates.std(axis=0, ddof=1))

    def intervals(self, level: float | None = None, kind: str = "percentile") -> Floats:
        """Return the ends of confidence intervals, shape (parameters, 2).

        Args:
            level: How often such intervals cover; by default that of the inference.
            kind: "percentile": quantiles of the estimates; "basic": the same mirrored at the
                estimate; "normal": standard errors to either side.

        Raises:
            ArgumentError: If the kind is unknown.

        Source:
            Davison & Hinkley, "Bootstrap Methods and their Application", 1997, chapter 5.
        """
        chosen = self.inference.level if level is None else level
        ends = [(1 - chosen) / 2, (1 + chosen) / 2]
        # Of R estimates, the one of rank (R + 1) p is what a further one is below so often.
        tails = np.quantile(self.replicates, ends, axis=0, method="weibull").T
        center = self.inference.estimates[:, None]
        if kind == "percentile":
            return np.asarray(tails)
        if kind == "basic":
            return np.asarray(2.0 * center - tails[:, ::-1])
        if kind == "normal":
            reach = ReferenceDistribution(None).quantile(chosen) * self.std_errors[:, None]
            return np.asarray(center + np.array([-1.0, 1.0]) * reach)
        raise ArgumentError(
            f'kind={shown(kind)} was given; choose "percentile", "basic" or "normal".'
        )

    @property
    def table(self) -> Inference:
        """The inference with the bootstrap's covariance in place of its own."""
        formula = f"{self.kind}, {len(self.replicates):,} refits"
        notes = self.inference.notes
        if self.failed:
            notes = (*notes, f"{self.failed:,} further refits had no optimum and are left out.")
        convention = Convention("bootstrap", formula, ReferenceDistribution(None))
        return replace(
            self.inference, covariance=self.covariance, convention=convention, notes=notes
        )

    def __repr__(self) -> str:
        return repr(self.table)


class Resampled(ABC):
    """What was fitted, where it can be fitted again to rows drawn anew."""

    @abstractmethod
    def refits(self, inference: Inference) -> Refits:
        """Return what is fitted again.

        Raises:
            ArgumentError: If it cannot be.
        """

    def targets(self, kind: str, rng: np.random.Generator) -> Floats:
        """Return new targets for all rows, of the kind.

        Raises:
            ArgumentError: If there is no such kind for it.
        """
        raise ArgumentError(f'kind={shown(kind)} is for regressions; choose "pairs".')

    def bootstrap(
        self, inference: Inference, replicates: int, kind: str, clusters: Any, seed: int
    ) -> Bootstrap:
        """Fit again to resampled rows, as `Inference.bootstrap` says."""
        if kind not in get_args(Kind):
            raise ArgumentError(
                f"kind={shown(kind)} was given; choose one of {', '.join(get_args(Kind))}."
            )
        if replicates < 2:
            raise ArgumentError(f"replicates={replicates!r} was given; at least 2 tell of scatter.")
        clustered = inference.convention is not None and inference.convention.name == "clustered"
        if clustered and clusters is None:
            raise ArgumentError(
                "The inference is clustered: give clusters=… to bootstrap() too, so that whole "
                "clusters are drawn."
            )
        rng, targets = np.random.default_rng(seed), None
        refits = self.refits(inference)
        if kind == "pairs":
            weights = _drawn(rng, replicates, refits.rows, clusters)
        else:
            targets = np.stack([self.targets(kind, rng) for _ in range(replicates)])
            weights = np.ones((replicates, refits.rows))
        return _collected(inference, kind, refits, weights, targets)


@dataclass(frozen=True, eq=False)
class Refits:
    """What is fitted again.

    Args:
        losses: Maps a point and the data to one loss a row; it is traced. None if it is not
            smooth: then each is fitted alone.
        users: The functions of the user that it calls.
        key: What else it depends on.
        data: The arrays, the targets first.
        at: The optimum of the rows themselves.
        chance: What chance makes of g'H⁻¹g there.
        weights: What each row's loss is multiplied with besides how often it was drawn.
        back: Maps points to the estimates.
        alone: Fits once more, of weights and targets, by searched steps; None if it fails.
    """

    losses: Callable[..., Any] | None
    users: tuple[Any, ...]
    key: Hashable
    data: tuple[NDArray[Any], ...]
    at: Floats
    chance: float
    weights: Floats
    back: Callable[[Floats], Floats]
    alone: Callable[[Floats, Floats | None], Floats | None]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.weights)


def chance_of(bend: LossCurvature) -> float:
    """Return what chance alone makes of g'H⁻¹g at an optimum."""
    return float(np.sum(np.linalg.pinv(bend.hessian) * squares(bend.scores)))


def _drawn(rng: np.random.Generator, replicates: int, rows: int, clusters: Any) -> Floats:
    """Return how often each row is drawn, shape (replicates, rows)."""
    units, which = rows, None
    if clusters is not None:
        labels = np.asarray(clusters)
        if labels.shape != (rows,):
            raise ArgumentError(f"clusters has shape {labels.shape}; there are {rows} rows.")
        which = np.unique(labels, return_inverse=True)[1]
        units = int(which.max()) + 1
    found = np.empty((replicates, rows))
    for row in found:
        counts = np.bincount(rng.integers(units, size=units), minlength=units)
        row[:] = counts if which is None else counts[which]
    return found


def _collected(
    inference: Inference, kind: str, refits: Refits, weights: Floats, targets: Floats | None
) -> Bootstrap:
    size = len(refits.at)
    batch = int(np.clip(MOST_NUMBERS // (refits.rows * (size + 1)), 1, len(weights)))
    points = np.empty((len(weights), size))
    for first in range(0, len(weights), batch):
        # The last batch begins earlier rather than being smaller: one program serves all.
        start = min(first, len(weights) - batch)
        part = slice(start, start + batch)
        drawn = refits.weights * weights[part]
        given = None if targets is None else targets[part]
        points[part] = np.nan if refits.losses is None else _batch(refits, drawn, given)
    for row in np.flatnonzero(np.isnan(points).any(axis=1)):
        again = refits.alone(weights[row], None if targets is None else targets[row])
        if again is not None:
            points[row] = again
    good = np.asarray(np.isfinite(points).all(axis=1))
    if good.sum() < 2:
        raise ArgumentError(
            f"Of {len(good):,} refits {len(good) - good.sum():,} have no optimum: the rows are too "
            "few to be drawn again. Use the covariance of the inference itself."
        )
    return Bootstrap(inference, refits.back(points[good]), kind, int((~good).sum()))


def _batch(refits: Refits, weights: Floats, targets: Floats | None) -> Floats:
    """Return where Newton's steps lead in each refit; NaN where they did not arrive."""
    shared = refits.data if targets is None else refits.data[1:]
    losses = refits.losses
    assert losses is not None

    def one(at: Any, weight: Any, own: tuple[Any, ...], shared: tuple[Any, ...]) -> Any:
        def total(point: Any) -> Any:
            return np.sum(weight * losses(point, *own, *shared))

        def step(_: Any, point: Any) -> Any:
            return point - np.linalg.solve(hessian(total)(point), grad(total)(point))

        end = fori_loop(0, STEPS, step, at)
        return end, grad(total)(end), hessian(total)(end)

    def every(values: Any) -> Any:
        at, weights, own, shared = values
        return vmap(one, in_axes=(None, 0, 0, None))(at, weights, own, shared)

    own = () if targets is None else (targets,)
    values = (refits.at, weights, own, shared)
    with np.errstate(all="ignore"):
        found = solve(every, values, refits.users, ("bootstrap", STEPS, refits.key))
        points, gradients, hessians = (np.asarray(x) for x in found)
        good = np.isfinite(points).all(axis=1) & np.isfinite(hessians).all(axis=(1, 2))
        good[good] = np.linalg.eigvalsh(hessians[good]).min(axis=1) > 0.0
        steps = np.linalg.solve(hessians[good], gradients[good][:, :, None])[:, :, 0]
        good[good] = np.sum(steps * gradients[good], axis=1) <= 1e-12 * refits.chance
    return np.where(good[:, None], points, np.nan)
