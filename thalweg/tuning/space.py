"""What is searched: hyperparameters by their part in the question, each with its range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from thalweg.errors import ArgumentError, did_you_mean, shown

Config = dict[str, Any]
Scale = Literal["linear", "log", "complement"]
Condition = tuple[tuple[str, tuple[Any, ...]], ...]

# Where places are even, as functions of the number.
_SCALES: dict[str, Callable[[float], float]] = {
    "linear": float,
    "log": math.log,
    "complement": lambda number: math.log(1 - number),
}

# A number is at the border in the outer tenth of its range.
EDGE = 0.1

PARTS = ("scientific", "nuisance", "fixed")
# What a line of JSON holds as it is.
_PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Dimension:
    """A hyperparameter that is searched.

    Args:
        only: The hyperparameters that must have one of the given values for this one to count.
    """

    only: Condition = ()

    kind: ClassVar[str]

    def when(self, **values: Any) -> Self:
        """Return it as one that counts only where others have given values.

        Args:
            values: For each other hyperparameter the value, or a tuple of values.

        Example:
            >>> from thalweg.tuning import uniform
            >>> uniform(0.0, 0.99).when(optimizer="sgd")
            uniform(0.0, 0.99).when(optimizer='sgd')
        """
        given = {k: v if isinstance(v, tuple) else (v,) for k, v in values.items()}
        return replace(self, only=(*self.only, *given.items()))

    def counts(self, config: Mapping[str, Any]) -> bool:
        """Tell whether it counts beside the hyperparameters chosen before it."""
        return all(name in config and config[name] in values for name, values in self.only)

    def at(self, u: float) -> Any:
        """Return the value at a place from 0 to less than 1."""
        raise NotImplementedError

    def place(self, value: Any) -> float:
        """Return the place of a value, from 0 to 1."""
        raise NotImplementedError

    def _conditioned(self, text: str) -> str:
        if not self.only:
            return text
        values = (f"{k}={v[0]!r}" if len(v) == 1 else f"{k}={v!r}" for k, v in self.only)
        return f"{text}.when({', '.join(values)})"


@dataclass(frozen=True, repr=False)
class Numeric(Dimension):
    """A number between two bounds, both of them included where it is whole.

    Args:
        low: The lower bound.
        high: The upper bound.
        scale: Where its places are even: in the number, its logarithm, or that of 1 minus it.
        whole: Whether it is an integer.
    """

    low: float = 0.0
    high: float = 1.0
    scale: Scale = "linear"
    whole: bool = False

    kind: ClassVar[str] = "numeric"

    def at(self, u: float) -> float:
        """Return the number at a place from 0 to less than 1."""
        if self.scale == "complement":
            # The place 0 is the low end, where 1 minus it is largest.
            return min(self.high, max(self.low, 1.0 - _between(1 - self.low, 1 - self.high, u)))
        low, high = self._ends()
        if self.scale == "log":
            value = _between(low, high, u)
        else:
            value = low + u * (high - low)
        if self.whole:
            return int(min(self.high, max(self.low, math.floor(value + 0.5))))
        return min(self.high, max(self.low, value))

    def place(self, value: Any) -> float:
        """Return the place of a number, from 0 to 1."""
        of = _SCALES[self.scale]
        low, high = map(of, self._ends())
        return (of(float(value)) - low) / (high - low)

    def _ends(self) -> tuple[float, float]:
        # A whole number has half a step on each side, so that all are equally likely.
        return (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)

    def __repr__(self) -> str:
        low, high = (f"{v:d}" if self.whole else f"{float(v)!r}" for v in (self.low, self.high))
        if self.whole:
            text = f"integers({low}, {high}{', log=True' if self.scale == 'log' else ''})"
        else:
            name = {"linear": "uniform", "log": "loguniform", "complement": "near_one"}
            text = f"{name[self.scale]}({low}, {high})"
        return self._conditioned(text)


def _between(low: float, high: float, u: float) -> float:
    return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))


@dataclass(frozen=True, repr=False)
class Choice(Dimension):
    """One of several values.

    Args:
        options: Numbers, texts, True, False or None.
    """

    options: tuple[Any, ...] = ()

    kind: ClassVar[str] = "choice"

    def at(self, u: float) -> Any:
        """Return the option at a place from 0 to less than 1."""
        return self.options[min(int(u * len(self.options)), len(self.options) - 1)]

    def place(self, value: Any) -> float:
        """Return the middle of an option's places."""
        return (self.options.index(value) + 0.5) / len(self.options)

    def __repr__(self) -> str:
        return self._conditioned(f"choice({', '.join(map(repr, self.options))})")


# ---- how they are written


def uniform(low: float, high: float) -> Numeric:
    """Return a number between bounds, all equally likely.

    Raises:
        ArgumentError: If the bounds are not finite, or not in order.

    Example:
        >>> uniform(0.0, 0.5).at(0.5)
        0.25
    """
    return Numeric((), *_bounds(low, high))


def loguniform(low: float, high: float) -> Numeric:
    """Return a positive number whose logarithm is uniform: learning rates, penalties.

    Raises:
        ArgumentError: If the bounds are not positive, finite and in order.

    Example:
        >>> round(loguniform(1e-4, 1.0).at(0.5), 6)
        0.01
    """
    low, high = _bounds(low, high)
    if low <= 0:
        raise ArgumentError(
            f"loguniform was given the lower bound {low!r}, which has no logarithm. Give a "
            "positive one, or take uniform."
        )
    return Numeric((), low, high, "log")


def near_one(low: float, high: float) -> Numeric:
    """Return a number below 1 of which 1 minus it is log-uniform: momentum, b1, b2.

    Source:
        Godbole, Dahl, Gilmer, Shallue and Nado, "Deep Learning Tuning Playbook", 2023.

    Raises:
        ArgumentError: If the bounds are not in order, or not below 1.

    Example:
        >>> round(near_one(0.9, 0.999).at(0.5), 6)
        0.99
    """
    low, high = _bounds(low, high)
    if high >= 1:
        raise ArgumentError(
            f"near_one was given the upper bound {high!r}. Give one below 1, such as 0.999."
        )
    return Numeric((), low, high, "complement")


def integers(low: int, high: int, *, log: bool = False) -> Numeric:
    """Return a whole number between bounds, both of which it may be.

    Args:
        low: The least.
        high: The greatest.
        log: Whether its logarithm is uniform, as for widths.

    Raises:
        ArgumentError: If the bounds are not whole, or not in order, or not positive for `log`.

    Example:
        >>> [integers(1, 4).at(u) for u in (0.0, 0.3, 0.6, 0.99)]
        [1, 2, 3, 4]
    """
    for value in (low, high):
        if isinstance(value, bool) or int(value) != value:
            raise ArgumentError(
                f"integers was given the bound {value!r}. Give a whole number, or take uniform."
            )
    low, high = map(int, _bounds(low, high))
    if log and low <= 0:
        raise ArgumentError(
            f"integers was given the lower bound {low} with log=True. Give a positive one."
        )
    return Numeric((), low, high, "log" if log else "linear", True)


def choice(*options: Any) -> Choice:
    """Return one of several values: numbers, texts, True, False or None.

    Raises:
        ArgumentError: If there are none, two are equal, or one is nothing that a log can hold.

    Example:
        >>> choice("adam", "sgd").at(0.7)
        'sgd'
    """
    for option in options:
        _require_plain(option, "choice was given the option")
    if not options or len(set(options)) < len(options):
        raise ArgumentError(
            f"choice was given {', '.join(map(repr, options)) or 'nothing'}. Give different "
            "values, as in choice('adam', 'sgd')."
        )
    return Choice((), options)


def _bounds(low: Any, high: Any) -> tuple[float, float]:
    try:
        low, high = float(low), float(high)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ArgumentError(
            f"A range was given the bounds {low!r} and {high!r}. Give two finite numbers, the "
            "lower one first."
        )
    return low, high


def _require_plain(value: Any, what: str) -> None:
    if type(value) not in _PLAIN:
        raise ArgumentError(
            f"{what} {shown(value)}, which a log of trials cannot hold. Give a number, a text, "
            "True, False or None, and look up in train what it stands for."
        )


# ---- the space


class Space:
    """The hyperparameters of a study, by what one wants to know of them.

    Args:
        scientific: Those whose effect is asked about.
        nuisance: Those that must be tuned again for each value of the scientific ones, so that
            the comparison is fair.
        fixed: Those that stay as they are: numbers, texts, True, False or None. What is found
            holds for these values only.

    Raises:
        ArgumentError: If a name is given twice, a range is no range, or nothing is searched.

    Source:
        Godbole, Dahl, Gilmer, Shallue and Nado, "Deep Learning Tuning Playbook", 2023.

    Example:
        >>> from thalweg.tuning import Space, choice, loguniform
        >>> space = Space(
        ...     scientific={"width": choice(16, 64)},
        ...     nuisance={"learning_rate": loguniform(1e-4, 1e-1)},
        ...     fixed={"epochs": 20},
        ... )
        >>> config = space.config([0.9, 0.0])
        >>> config["width"], config["epochs"]
        (64, 20)
    """

    def __init__(
        self,
        scientific: Mapping[str, Dimension] | None = None,
        nuisance: Mapping[str, Dimension] | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.scientific = dict(scientific or {})
        self.nuisance = dict(nuisance or {})
        self.fixed = dict(fixed or {})
        names = [*self.scientific, *self.nuisance, *self.fixed]
        for name in names:
            if not isinstance(name, str) or names.count(name) > 1:
                raise ArgumentError(
                    f"The space has the hyperparameter {name!r} more than once, or its name is no "
                    "text. Give each one name, in one of scientific, nuisance and fixed."
                )
        for name, dimension in self.dimensions.items():
            _require_dimension(name, dimension, names)
        for name, value in self.fixed.items():
            if isinstance(value, Dimension):
                raise ArgumentError(
                    f"The fixed hyperparameter {name!r} is the range {value}. Give its value, or "
                    "make it a nuisance one."
                )
            _require_plain(value, f"The fixed hyperparameter {name!r} is")
        if not self.dimensions:
            raise ArgumentError(
                "The space has no range to search. Give one, such as "
                "{'learning_rate': tw.tuning.loguniform(1e-4, 1.0)}."
            )

    @classmethod
    def of(cls, space: Space | Mapping[str, Any]) -> Space:
        """Return a space as it is; of a plain dict, ranges are nuisance and values are fixed.

        Example:
            >>> from thalweg.tuning import loguniform
            >>> Space.of({"learning_rate": loguniform(1e-4, 1.0), "epochs": 5}).fixed
            {'epochs': 5}
        """
        if isinstance(space, Space):
            return space
        if not isinstance(space, Mapping):
            raise ArgumentError(
                f"The space is {shown(space)}. Give tw.tuning.Space(…), or a dict such as "
                "{'learning_rate': tw.tuning.loguniform(1e-4, 1.0)}."
            )
        ranges = {name: d for name, d in space.items() if isinstance(d, Dimension)}
        return cls({}, ranges, {name: v for name, v in space.items() if name not in ranges})

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """All that is searched, the scientific ones first."""
        return {**self.scientific, **self.nuisance}

    def config(self, point: Sequence[float]) -> Config:
        """Return the hyperparameters at a point of the unit cube; those that do not count are out.

        Args:
            point: A place from 0 to less than 1 for each dimension.
        """
        values = zip(self.dimensions.items(), point, strict=True)
        return self.counting({name: d.at(float(u)) for (name, d), u in values})

    def counting(self, values: Mapping[str, Any]) -> Config:
        """Return values for all dimensions without those that do not count, and the fixed ones."""
        found: Config = dict(self.fixed)
        left = dict(self.dimensions)
        while ready := [n for n, d in left.items() if not any(k in left for k, _ in d.only)]:
            found |= {name: values[name] for name in ready if left[name].counts(found)}
            for name in ready:
                del left[name]
        order = [*self.scientific, *self.nuisance, *self.fixed]
        return {name: found[name] for name in order if name in found}

    def plain(self) -> dict[str, dict[str, Any]]:
        """Return it as texts and numbers, which a log holds and compares."""
        return {
            "scientific": {name: str(d) for name, d in self.scientific.items()},
            "nuisance": {name: str(d) for name, d in self.nuisance.items()},
            "fixed": dict(self.fixed),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self.plain() == other.plain()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = ((part, getattr(self, part)) for part in PARTS)
        return f"Space({', '.join(f'{part}={found!r}' for part, found in parts if found)})"


def _require_dimension(name: str, dimension: Any, names: Sequence[str]) -> None:
    if not isinstance(dimension, Dimension):
        raise ArgumentError(
            f"The hyperparameter {name!r} is to be searched, and {shown(dimension)} is no range. "
            "Give one, such as loguniform(1e-4, 1.0) or choice('a', 'b'), or put it in fixed."
        )
    for other, _ in dimension.only:
        if other not in names or other == name:
            raise ArgumentError(
                f"The hyperparameter {name!r} counts only for values of {other!r}, which the "
                f"space lacks.{did_you_mean(other, names)}"
            )
