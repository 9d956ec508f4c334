"""Where the next trials are: points of the unit cube by SciPy, or Optuna's samplers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.tuning.space import Choice, Config, Numeric, Space
from thalweg.tuning.trial import Result

POINTS = ("sobol", "halton", "random")
MODELS = {"tpe": "TPESampler", "gp": "GPSampler", "cmaes": "CmaEsSampler"}


class Asking(Protocol):
    """What proposes hyperparameters.

    Attributes:
        text: What it is, for the log.
        learns: Whether its proposals depend on results.
    """

    text: str
    learns: bool

    def ask(self, count: int) -> list[Config]:
        """Return the hyperparameters of the next trials."""
        ...

    def tell(self, results: Sequence[Result]) -> None:
        """Take note of how the trials went that were asked for last, in their order."""
        ...


def sampler_of(sampler: Any, space: Space, seed: int) -> Asking:
    """Return what a user's choice of sampler proposes by.

    Args:
        sampler: "sobol", "halton" or "random"; "tpe", "gp" or "cmaes", or a sampler of Optuna's;
            or an object with `ask(count)` and `tell(results)`.
        space: What is searched.
        seed: What draws follow from.

    Raises:
        ArgumentError: If it is none of these, or the library it needs is missing.
    """
    if sampler in POINTS:
        return Points(sampler, space, seed)
    if isinstance(sampler, str):
        if sampler not in MODELS:
            known = [*POINTS, *MODELS]
            raise ArgumentError(
                f"sampler is {shown(sampler)}.{did_you_mean(sampler, known)} Choose one of "
                f"{', '.join(known)}, or give a sampler of Optuna's."
            )
        made = getattr(_optuna().samplers, MODELS[sampler])(seed=seed)
        return OfOptuna(made, space, sampler)
    if hasattr(sampler, "sample_relative"):
        return OfOptuna(sampler, space, type(sampler).__name__)
    if hasattr(sampler, "ask") and hasattr(sampler, "tell"):
        return OfUser(sampler, space)
    raise ArgumentError(
        f"sampler is {shown(sampler)}. Give one of {', '.join([*POINTS, *MODELS])}, a sampler of "
        "Optuna's, or an object with ask(count) and tell(results)."
    )


class Points:
    """Points that fill the unit cube evenly, or at random; they do not depend on results.

    The first points of a longer sequence are those of a shorter one.

    Source:
        Sobol', "On the distribution of points in a cube", 1967, scrambled as by Owen; Halton,
        1960. Bousquet et al., "Critical Hyper-Parameters: No Random, No Cry", 2017 (why they are
        preferred to random points). arXiv:1706.03200
    """

    learns = False

    def __init__(self, kind: str, space: Space, seed: int) -> None:
        self.text = kind
        self._space = space
        self._seed = seed
        self._given = 0

    def ask(self, count: int) -> list[Config]:
        """Return the hyperparameters at the next points."""
        first, self._given = self._given, self._given + count
        points = self._points(self._given)
        return [self._space.config(point) for point in points[first:]]

    def tell(self, results: Sequence[Result]) -> None:
        """Learn nothing."""

    def _points(self, count: int) -> Any:
        dimensions = len(self._space.dimensions)
        if self.text == "random":
            return np.random.default_rng(self._seed).random((count, dimensions))
        try:
            from scipy.stats import qmc
        except ImportError as error:
            raise ArgumentError(
                f"The sampler {self.text!r} is SciPy's, which is not installed. Install it by "
                'pip install "thalweg[tune]", or take sampler="random".'
            ) from error
        made = {"sobol": qmc.Sobol, "halton": qmc.Halton}[self.text](
            dimensions, scramble=True, rng=np.random.default_rng(self._seed)
        )
        if self.text == "sobol":
            # As many as a power of two at once, else it warns that they are not balanced.
            return made.random_base2(max(1, count - 1).bit_length())[:count]
        return made.random(count)


class OfOptuna:
    """A sampler of Optuna's, which is asked for some trials and then told of them."""

    learns = True

    def __init__(self, sampler: Any, space: Space, text: str) -> None:
        optuna = _optuna()
        self.text = f"optuna {text}"
        self._space = space
        self._states = optuna.trial.TrialState
        self._wanted = {name: self._distribution(d) for name, d in space.dimensions.items()}
        self._open: list[Any] = []
        loud = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            self._study = optuna.create_study(sampler=sampler)
        finally:
            optuna.logging.set_verbosity(loud)

    def ask(self, count: int) -> list[Config]:
        """Return what Optuna proposes."""
        self._open = [self._study.ask(self._wanted) for _ in range(count)]
        return [self._config(trial.params) for trial in self._open]

    def tell(self, results: Sequence[Result]) -> None:
        """Tell Optuna how the trials went."""
        for trial, result in zip(self._open, results, strict=True):
            if result.state == "diverged":
                self._study.tell(trial, state=self._states.FAIL)
            elif result.state == "pruned":
                for i, (_, value) in enumerate(result.reports):
                    trial.report(value, i)
                self._study.tell(trial, state=self._states.PRUNED)
            else:
                self._study.tell(trial, result.value)

    def _config(self, values: Any) -> Config:
        dimensions = self._space.dimensions
        found = {}
        for name, value in values.items():
            dimension = dimensions[name]
            turned = isinstance(dimension, Numeric) and dimension.scale == "complement"
            found[name] = 1.0 - value if turned else value
        return self._space.counting(found)

    def _distribution(self, dimension: Any) -> Any:
        made = _optuna().distributions
        if isinstance(dimension, Choice):
            return made.CategoricalDistribution(dimension.options)
        low, high, log = dimension.low, dimension.high, dimension.scale != "linear"
        if dimension.scale == "complement":
            low, high = 1.0 - high, 1.0 - low
        if dimension.whole:
            return made.IntDistribution(int(low), int(high), log=log)
        return made.FloatDistribution(low, high, log=log)


class OfUser:
    """An object of the user's with `ask(count)`, which returns dicts, and `tell(results)`."""

    def __init__(self, sampler: Any, space: Space) -> None:
        self._sampler = sampler
        self._space = space
        self.text = type(sampler).__name__
        self.learns = bool(getattr(sampler, "learns", True))

    def ask(self, count: int) -> list[Config]:
        """Return what it proposes; it must say all that the space searches."""
        asked = [dict(values) for values in self._sampler.ask(count)]
        for values in asked:
            if values.keys() != self._space.dimensions.keys() or len(asked) != count:
                raise ArgumentError(
                    f"The sampler {self.text} proposed {shown(values)}, and {count} dicts with "
                    f"{', '.join(self._space.dimensions)} are wanted."
                )
        return [self._space.counting(values) for values in asked]

    def tell(self, results: Sequence[Result]) -> None:
        """Tell it how the trials went."""
        self._sampler.tell(results)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ArgumentError(
            "That sampler is Optuna's, which is not installed. Install it by "
            'pip install "thalweg[tune]", or take sampler="sobol".'
        ) from error
    return optuna
