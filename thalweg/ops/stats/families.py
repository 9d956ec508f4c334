"""Families of distributions: what one standard distribution is, for every location and scale.

A family is a class of standard functions, of z = (x - loc) / scale inside of its support; here is
all that families have in common: arguments as SciPy has them, what is outside of the support, what
is no distribution at all, and the kind of the result.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.elementwise.rounding import floor

Number = (bool, int, float)


def same_kind(found: Tensor, *operands: Any) -> Any:
    """Return a result as an array where no operand is a tensor."""
    if found.is_symbolic or any(isinstance(operand, Tensor) for operand in operands):
        return found
    return found.numpy()[()]


def of_call(method: Callable[..., Tensor]) -> Callable[..., Any]:
    """Make a method of numbers and a list of parameters one of a user's call, as SciPy has it."""
    _, name, _ = inspect.signature(method).parameters
    kinds = inspect.Parameter
    shown = [
        kinds("self", kinds.POSITIONAL_OR_KEYWORD),
        kinds(name, kinds.POSITIONAL_OR_KEYWORD),
        kinds("args", kinds.VAR_POSITIONAL),
        kinds("kwds", kinds.VAR_KEYWORD),
    ]

    @functools.wraps(method)
    def called(self: Family, *args: Any, **kwds: Any) -> Any:
        if not args and name not in kwds:
            raise ArgumentError(f"{self!r} was given no {name}; it wants {name} first.")
        x, *rest = (kwds.pop(name), *args) if name in kwds else args
        found = method(self, as_floating(x), self.values(tuple(rest), kwds))
        return same_kind(found, x, *rest, *kwds.values())

    called.__dict__["__signature__"] = inspect.Signature(shown)
    return called


def both(*conditions: Any) -> Any:
    """Return whether all conditions hold, Python's alone where they are Python's."""
    result: Any = True
    for condition in conditions:
        if condition is not True:
            result = condition if result is True else result & condition
    return result


def at_least(x: Any, bound: float) -> Any:
    """Return x ≥ a bound; of a number, as Python has it."""
    return x >= bound if isinstance(x, Number) else as_tensor(x) >= bound


def at_most(x: Any, bound: float) -> Any:
    """Return x ≤ a bound; of a number, as Python has it."""
    return x <= bound if isinstance(x, Number) else as_tensor(x) <= bound


def above(x: Any, bound: float) -> Any:
    """Return x > a bound; of a number, as Python has it."""
    return x > bound if isinstance(x, Number) else as_tensor(x) > bound


def typed(shapes: Any, x: Tensor) -> list[Any]:
    """Return shapes of which Python's numbers have the dtype of x, also in functions of theirs."""
    if x.weak:
        return list(shapes)
    return [as_tensor(np.asarray(v, x.dtype)) if isinstance(v, Number) else v for v in shapes]


def where_valid(valid: Any, found: Any) -> Any:
    """Return a result where there is such a distribution, and NaN elsewhere."""
    return found if valid is True else where(valid, found, math.nan)


def log_of_either(share: Any, rest: Any) -> Any:
    """Return the logarithm of a probability: by the other one, where that is the smaller."""
    large = share > 0.5
    return where(large, log1p(-where(large, rest, 0.5)), log(where(large, 0.5, share)))


class Family:
    """What all families share.

    Attributes:
        shapes: The names of the shape parameters, before `loc` and, if there is one, `scale`.
        support: The ends of the standard distribution's support.
        inside: A number inside of it.
    """

    shapes: ClassVar[tuple[str, ...]] = ()
    scaled: ClassVar[tuple[str, ...]] = ("loc",)
    support: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    inside: ClassVar[float] = 0.0

    def _valid(self, *shapes: Any) -> Any:
        """Return where the shapes are those of a distribution: by default where positive."""
        return both(*[above(shape, 0.0) for shape in shapes])

    def values(self, args: tuple[Any, ...], kwds: dict[str, Any]) -> list[Any]:
        """Return shapes, location and scale of a call, as tensors or Python's numbers."""
        names = (*self.shapes, *self.scaled)
        given = dict(zip(names, args, strict=False))
        wrong = [name for name in kwds if name not in names or name in given]
        missing = [name for name in self.shapes if name not in given and name not in kwds]
        if wrong or missing or len(args) > len(names):
            said = f"lacks {', '.join(missing)}" if missing else f"got {', '.join(wrong) or 'more'}"
            raise ArgumentError(
                f"{self!r} {said}; it wants x, then {', '.join(names)}, by position or by name."
            )
        given = {"loc": 0, "scale": 1} | given | kwds
        values = (given[name] for name in names)
        return [v if isinstance(v, (*Number, Tensor)) else as_tensor(v) for v in values]

    def __repr__(self) -> str:
        return f"<distribution {type(self).__name__.lower()}>"


def _log_scale(found: Any, scale: Any) -> Any:
    """Return a logarithm of a density less that of the scale."""
    if isinstance(scale, Number):
        return found - math.log(scale) if scale > 0 and scale != 1 else found
    return found - log(scale)


def _with_ends(q: Any, found: Any, ends: tuple[Any, Any]) -> Any:
    """Return a quantile, with those of no and of all probability."""
    return where(equal(q, 0), ends[0], where(equal(q, 1), ends[1], found))


class Continuous(Family):
    """A family with densities, a location and a scale.

    A class of it defines `_log_density`, `_below` (the distribution function), `_quantile` and,
    where they are more than what follows from these, `_above` (its complement) and
    `_upper_quantile`, of standard arguments.
    """

    scaled = ("loc", "scale")
    # Whether the lower end of the support is none of its points.
    is_open: ClassVar[bool] = False

    def _log_density(self, z: Any, *shapes: Any) -> Any:
        """Return the logarithm of the standard density, inside of the support."""
        raise NotImplementedError

    def _below(self, z: Any, *shapes: Any) -> Any:
        """Return the standard distribution function, inside of the support."""
        raise NotImplementedError

    def _above(self, z: Any, *shapes: Any) -> Any:
        """Return the complement of the distribution function, accurate where it is small."""
        return 1.0 - self._below(z, *shapes)

    def _log_below(self, z: Any, *shapes: Any) -> Any:
        """Return the logarithm of the distribution function."""
        return log_of_either(self._below(z, *shapes), self._above(z, *shapes))

    def _log_above(self, z: Any, *shapes: Any) -> Any:
        """Return the logarithm of its complement."""
        return log_of_either(self._above(z, *shapes), self._below(z, *shapes))

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        """Return the inverse of the distribution function, between 0 and 1."""
        raise NotImplementedError

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        """Return the inverse of the complement, between 0 and 1."""
        return self._quantile(1.0 - q, *shapes)

    def _standard(self, x: Any, values: list[Any]) -> tuple[Any, list[Any], Any, Any]:
        *shapes, loc, scale = values
        z = x if isinstance(loc, Number) and loc == 0 else x - loc
        z = z if isinstance(scale, Number) and scale == 1 else z / scale
        return z, typed(shapes, z), scale, both(self._valid(*shapes), above(scale, 0.0))

    @of_call
    def logpdf(self, x: Any, values: list[Any]) -> Any:
        """Logarithm of the density at x; -∞ outside of the support, NaN of no distribution."""
        z, shapes, scale, valid = self._standard(x, values)
        lower, upper = self.support
        # Infinity is outside: the density is 0 there.
        start = z <= lower if self.is_open or lower == -math.inf else z < lower
        outside = start | (z >= upper if upper == math.inf else z > upper)
        found = _log_scale(self._log_density(where(outside, self.inside, z), *shapes), scale)
        return where_valid(valid, where(outside, -math.inf, found))

    @of_call
    def pdf(self, x: Any, values: list[Any]) -> Any:
        """Density at x."""
        return exp(self.logpdf(x, *values))

    def _integral(
        self, function: Callable[..., Any], ends: tuple[float, float], x: Any, values: list[Any]
    ) -> Any:
        """Return a function inside of the support, and what it is beyond the ends of it."""
        z, shapes, _, valid = self._standard(x, values)
        before, after = z <= self.support[0], z >= self.support[1]
        found = function(where(before | after, self.inside, z), *shapes)
        found = where(before, ends[0], where(after, ends[1], found))
        return where_valid(valid, found)

    @of_call
    def cdf(self, x: Any, values: list[Any]) -> Any:
        """Distribution function: the probability of at most x."""
        return self._integral(self._below, (0.0, 1.0), x, values)

    @of_call
    def sf(self, x: Any, values: list[Any]) -> Any:
        """Survival function: the probability of more than x, accurate where it is small."""
        return self._integral(self._above, (1.0, 0.0), x, values)

    @of_call
    def logcdf(self, x: Any, values: list[Any]) -> Any:
        """Logarithm of the distribution function."""
        return self._integral(self._log_below, (-math.inf, 0.0), x, values)

    @of_call
    def logsf(self, x: Any, values: list[Any]) -> Any:
        """Logarithm of the survival function."""
        return self._integral(self._log_above, (0.0, -math.inf), x, values)

    def _inverse(
        self, function: Callable[..., Any], ends: tuple[float, float], q: Any, values: list[Any]
    ) -> Any:
        *shapes, loc, scale = values
        inside = (q > 0) & (q < 1)
        found = function(where(inside, q, 0.5), *typed(shapes, q))
        found = _with_ends(q, where(inside, found, math.nan), ends)
        found = found if isinstance(scale, Number) and scale == 1 else found * scale
        found = found if isinstance(loc, Number) and loc == 0 else found + loc
        valid = both(self._valid(*shapes), above(scale, 0.0))
        return where_valid(valid, found)

    @of_call
    def ppf(self, q: Any, values: list[Any]) -> Any:
        """Quantile: the inverse of `cdf`; NaN outside of 0 … 1."""
        return self._inverse(self._quantile, self.support, q, values)

    @of_call
    def isf(self, q: Any, values: list[Any]) -> Any:
        """Upper quantile: the inverse of `sf`."""
        ends = (self.support[1], self.support[0])
        return self._inverse(self._upper_quantile, ends, q, values)


class Counting(Family):
    """A family on whole numbers, with a location.

    A class of it defines `_log_mass`, `_below` and `_above`, of whole numbers in the support, and
    `_quantile` and `_upper_quantile`, of probabilities.
    """

    support = (0.0, math.inf)

    def _last(self, *shapes: Any) -> Any:
        """Return the last number of the support."""
        return self.support[1]

    def _log_mass(self, k: Any, *shapes: Any) -> Any:
        """Return the logarithm of the probability of a whole number inside of the support."""
        raise NotImplementedError

    def _below(self, k: Any, *shapes: Any) -> Any:
        """Return the probability of at most a whole number before the last."""
        raise NotImplementedError

    def _above(self, k: Any, *shapes: Any) -> Any:
        """Return the probability of more than a whole number before the last."""
        raise NotImplementedError

    def _count(self, x: Any, values: list[Any]) -> tuple[Any, list[Any], Any]:
        *shapes, loc = values
        k = x if isinstance(loc, Number) and loc == 0 else x - loc
        return k, typed(shapes, k), self._valid(*shapes)

    @of_call
    def logpmf(self, k: Any, values: list[Any]) -> Any:
        """Logarithm of the probability of k; -∞ where k is not whole or outside of the support."""
        count, shapes, valid = self._count(k, values)
        last = self._last(*shapes)
        outside = (count < self.support[0]) | (count > last) | (count >= math.inf)
        outside = outside | (floor(count) != count) & (count == count)
        safe = where(outside, self.support[0], count)
        found = where(outside, -math.inf, self._log_mass(safe, *shapes))
        return where_valid(valid, found)

    @of_call
    def pmf(self, k: Any, values: list[Any]) -> Any:
        """Probability of k."""
        return exp(self.logpmf(k, *values))

    def _sum(
        self, function: Callable[..., Any], ends: tuple[float, float], k: Any, values: list[Any]
    ) -> Any:
        count, shapes, valid = self._count(k, values)
        whole = floor(count)
        before, after = whole < self.support[0], whole >= self._last(*shapes)
        safe = where(before | after, self.support[0], whole)
        found = where(before, ends[0], where(after, ends[1], function(safe, *shapes)))
        return where_valid(valid, found)

    @of_call
    def cdf(self, k: Any, values: list[Any]) -> Any:
        """Distribution function: the probability of at most k."""
        return self._sum(self._below, (0.0, 1.0), k, values)

    @of_call
    def sf(self, k: Any, values: list[Any]) -> Any:
        """Survival function: the probability of more than k, accurate where it is small."""
        return self._sum(self._above, (1.0, 0.0), k, values)

    @of_call
    def logcdf(self, k: Any, values: list[Any]) -> Any:
        """Logarithm of the distribution function."""
        return log_of_either(self.cdf(k, *values), self.sf(k, *values))

    @of_call
    def logsf(self, k: Any, values: list[Any]) -> Any:
        """Logarithm of the survival function."""
        return log_of_either(self.sf(k, *values), self.cdf(k, *values))

    def _quantile(self, q: Any, *shapes: Any) -> Any:
        """Return the smallest whole number up to which there is a probability between 0 and 1."""
        raise NotImplementedError

    def _upper_quantile(self, q: Any, *shapes: Any) -> Any:
        """Return the smallest one beyond which there is at most a probability between 0 and 1."""
        raise NotImplementedError

    def _inverse(self, function: Callable[..., Any], lower: bool, q: Any, values: list[Any]) -> Any:
        *shapes, loc = values
        kept = typed(shapes, q)
        inside = (q > 0) & (q < 1)
        found = function(where(inside, q, 0.5), *kept)
        before, last = self.support[0] - 1.0, self._last(*kept)
        ends = (before, last) if lower else (last, before)
        found = _with_ends(q, where(inside, found, math.nan), ends)
        found = found if isinstance(loc, Number) and loc == 0 else found + loc
        return where_valid(self._valid(*shapes), found)

    @of_call
    def ppf(self, q: Any, values: list[Any]) -> Any:
        """Quantile: the smallest whole number whose `cdf` is at least q; NaN outside of 0 … 1."""
        return self._inverse(self._quantile, True, q, values)

    @of_call
    def isf(self, q: Any, values: list[Any]) -> Any:
        """Upper quantile: the smallest whole number whose `sf` is at most q, which may be small."""
        return self._inverse(self._upper_quantile, False, q, values)
