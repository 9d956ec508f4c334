"""What a study found: its best trial, what each hyperparameter did, and where it may go on."""

from __future__ import annotations

import html as markup
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, did_you_mean, printable, shown
from thalweg.training.plots import data_url
from thalweg.training.storage import write_whole
from thalweg.tuning import diagnosis, plots
from thalweg.tuning.report import report
from thalweg.tuning.space import EDGE, Choice, Dimension, Space
from thalweg.tuning.trial import Result, spell

Floats = np.ndarray[Any, np.dtype[np.float64]]

# A few of the best trials must agree that the best is at a border.
NEAR_EDGE, LEADERS = 0.2, 5
# Bins of a scientific hyperparameter that is a number.
BINS = 5
RESAMPLES = 1000


@dataclass(frozen=True)
class Group:
    """The trials of one value of a scientific hyperparameter, the others tuned.

    Args:
        value: The value, or the middle of those in the bin.
        trials: How many there are.
        best: The best of them; None if all diverged.
        interval: Between what the best of so many trials lies in 8 of 10 draws, by bootstrap.
    """

    value: Any
    trials: int
    best: Result | None
    interval: tuple[float, float]


@dataclass(eq=False)
class Study:
    """The trials of a space.

    Args:
        space: What was searched.
        results: How the trials went, by their numbers.
        minimize: The name of what was minimized.
        facts: How it was searched, in plain values.

    Example:
        >>> import thalweg as tw
        >>> def train(config, trial):
        ...     return (config["x"] - 0.25) ** 2
        >>> study = tw.tune(train, {"x": tw.tuning.uniform(-1.0, 1.0)}, trials=32)
        >>> abs(study.best.config["x"] - 0.25) < 0.1
        True
    """

    space: Space
    results: list[Result]
    minimize: str = "val_loss"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> list[Result]:
        """The trials that were neither pruned nor diverged."""
        return [result for result in self.results if result.state == "complete"]

    @property
    def diverged(self) -> list[Result]:
        """The trials without a finite result."""
        return [result for result in self.results if result.state == "diverged"]

    @property
    def ranked(self) -> list[Result]:
        """The finished trials, the best one first."""
        return sorted(self.finished, key=lambda result: (result.value, result.number))

    @property
    def best(self) -> Result:
        """The finished trial of least value.

        Raises:
            ArgumentError: If there is none.
        """
        if not self.finished:
            states = [result.state for result in self.results]
            raise ArgumentError(
                f"No trial of {len(states)} finished ({states.count('diverged')} diverged, "
                f"{states.count('pruned')} pruned). Search smaller learning rates, or prune later."
            )
        return self.ranked[0]

    @property
    def seconds(self) -> float:
        """The time of all trials, one after another."""
        return sum(result.seconds for result in self.results)

    def searched(self, result: Result) -> str:
        """Return the hyperparameters of a trial that were searched, as a line."""
        values = ((k, v) for k, v in result.config.items() if k in self.space.dimensions)
        return ", ".join(f"{name} = {spell(value)}" for name, value in values)

    # ---- what each hyperparameter did

    def best_so_far(self) -> tuple[Floats, Floats]:
        """Return the numbers of trials, from 1 on, and the least value of a finished one by then.

        The value is infinite before the first.
        """
        values = [r.value if r.state == "complete" else math.inf for r in self.results]
        counts = np.arange(1.0, len(values) + 1)
        return counts, np.minimum.accumulate(np.asarray(values, np.float64))

    def border(self, name: str) -> str | None:
        """Return the end of a range that the best trials are at: "lower", "upper" or None.

        The best one must be in the outer tenth, and most of the best five in the outer fifth.

        Raises:
            ArgumentError: If nothing of that name was searched.
        """
        dimension = self.dimension(name)
        if isinstance(dimension, Choice):
            return None
        leaders = [r for r in self.ranked if name in r.config][:LEADERS]
        if not leaders or leaders[0] is not self.ranked[0]:
            return None
        places = [dimension.place(r.config[name]) for r in leaders]
        for end, distances in (("lower", places), ("upper", [1 - place for place in places])):
            near = sum(distance <= NEAR_EDGE for distance in distances)
            if distances[0] <= EDGE and near > len(distances) / 2:
                return end
        return None

    def isolate(self, name: str) -> list[Group]:
        """Return what each value of a scientific hyperparameter reaches, the others tuned.

        Numbers are put in five bins. How far the best of a group would be by other draws of as
        many trials is found by bootstrap.

        Raises:
            ArgumentError: If nothing of that name was searched.
        """
        dimension = self.dimension(name)
        found: dict[int, list[Result]] = {}
        for result in self.results:
            if name in result.config:
                found.setdefault(_bin(dimension, result.config[name]), []).append(result)
        return [_group(dimension, name, found[place]) for place in sorted(found)]

    def dimension(self, name: str) -> Dimension:
        """Return what was searched under a name.

        Raises:
            ArgumentError: If there is no such name.
        """
        known = self.space.dimensions
        if name not in known:
            raise ArgumentError(
                f"Nothing called {shown(name)} was searched.{did_you_mean(name, known)} "
                f"There are {', '.join(known)}."
            )
        return known[name]

    # ---- what it says

    def next_steps(self) -> list[str]:
        """Return what to look at or to try next, in sentences."""
        return diagnosis.next_steps(self)

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Draw the best value so far, or values against a hyperparameter; return the axes.

        Args:
            name: A hyperparameter, or None.
            ax: Matplotlib axes to draw on; by default new ones. Nothing is shown.

        Raises:
            ArgumentError: If nothing of that name was searched.
        """
        draw: Callable[..., Any] = plots.best_so_far
        if name is not None:
            scientific = name in self.space.scientific
            draw = partial(plots.isolation if scientific else plots.axis, name=name)
        return draw(self, ax=ax)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Write the report, a page of HTML that holds its pictures.

        Raises:
            CheckpointError: If it cannot be written.
        """
        write_whole(Path(path), report(self).encode())

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(f"  {printable(line)}" for line in self._lines())])

    def _title(self) -> str:
        states = [result.state for result in self.results]
        parts = [f"{len(states)} trials"]
        parts += [f"{states.count(s)} {s}" for s in ("pruned", "diverged") if s in states]
        return f"thalweg study: {', '.join(parts)}, {self.seconds:.3g} s of training"

    def _lines(self) -> list[str]:
        leaders = [
            f"{self.minimize} {result.value:.5g}  {self.searched(result)}"
            for result in self.ranked[:3]
        ]
        return [*leaders, *self.next_steps()]

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{markup.escape(printable(line))}</li>" for line in self._lines())
        picture = ""
        if self.finished:
            picture = f'<img alt="best so far" src="{data_url(self.plot().figure)}">'
        return f"<b>{markup.escape(self._title())}</b><ul>{lines}</ul>{picture}"


def _bin(dimension: Dimension, value: Any) -> int:
    if isinstance(dimension, Choice):
        return dimension.options.index(value)
    return min(int(dimension.place(value) * BINS), BINS - 1)


def _group(dimension: Dimension, name: str, results: list[Result]) -> Group:
    finished = [result for result in results if result.state == "complete"]
    if isinstance(dimension, Choice):
        value = results[0].config[name]
    else:
        value = dimension.at((_bin(dimension, results[0].config[name]) + 0.5) / BINS)
    if not finished:
        return Group(value, len(results), None, (math.inf, math.inf))
    values = np.array([result.value for result in finished])
    draws = np.random.default_rng(0).choice(values, (RESAMPLES, len(values))).min(axis=1)
    low, high = np.quantile(draws, (0.1, 0.9))
    best = min(finished, key=lambda result: (result.value, result.number))
    return Group(value, len(results), best, (float(low), float(high)))
