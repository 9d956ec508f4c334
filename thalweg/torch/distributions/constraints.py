"""Constraints: sets of values, of which each can be asked whether a value is in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.errors import ArgumentError

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent",
    "dependent_property", "greater_than", "greater_than_eq", "half_open_interval", "independent",
    "integer_interval", "interval", "is_dependent", "less_than", "lower_cholesky",
    "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot", "positive",
    "positive_definite", "positive_integer", "positive_semidefinite", "real", "real_vector",
    "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip


class Constraint:
    """A set of values.

    Attributes:
        is_discrete: Whether the set is discrete.
        event_dim: The number of last axes that make up one value.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.constraints.positive.check(torch.tensor([1.0, -1.0]))
        tensor([ True, False])
    """

    is_discrete: Any = False
    event_dim: Any = 0

    def check(self, value: Any) -> Any:
        """Return a Boolean for each value: whether it is in the set."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the name, and the parameters there are."""
        return f"{self.__class__.__name__[1:]}()"


class _Dependent(Constraint):
    """A set that depends on other values, so that nothing can be asked of it.

    Args:
        is_discrete: Whether it is discrete, if that is known.
        event_dim: Its number of axes, if that is known.
    """

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented):
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self) -> Any:
        """Whether the set is discrete."""
        return _known(self._is_discrete, ".is_discrete")

    @property
    def event_dim(self) -> Any:
        """The number of axes of one value."""
        return _known(self._event_dim, ".event_dim")

    def __call__(
        self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented
    ) -> Any:
        """Return such a constraint of which more is known."""
        kept = self._is_discrete if is_discrete is NotImplemented else is_discrete
        rank = self._event_dim if event_dim is NotImplemented else event_dim
        return _Dependent(is_discrete=kept, event_dim=rank)

    def check(self, x: Any) -> Any:
        """Refuse: only the distribution knows the set.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError("Cannot determine validity of dependent constraint")


def _known(value: Any, name: str) -> Any:
    if value is NotImplemented:
        raise NotImplementedError(f"{name} cannot be determined statically")
    return value


def is_dependent(constraint: Any) -> bool:
    """Tell whether a constraint depends on other values.

    Example:
        >>> is_dependent(dependent), is_dependent(real)
        (True, False)
    """
    return isinstance(constraint, _Dependent)


class _DependentProperty(property, _Dependent):
    """A property whose value is a constraint, and which is a dependent one of the class itself."""

    def __init__(
        self,
        fn: Callable[[Any], Any] | None = None,
        *,
        is_discrete: Any = NotImplemented,
        event_dim: Any = NotImplemented,
    ) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Any) -> Any:  # type: ignore[override]
        """Return the property that a function computes."""
        return _DependentProperty(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


class _IndependentConstraint(Constraint):
    """A constraint of each element of arrays, whose last axes are taken to be one value."""

    def __init__(self, base_constraint: Any, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> Any:
        """Whether the set is discrete."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        """The number of axes of one value."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Any) -> Any:
        """Return whether all elements of a value are in the base set."""
        found, rank = self.base_constraint.check(value), self.reinterpreted_batch_ndims
        if found.ndim < rank:
            raise ArgumentError(
                f"Expected value.dim() >= {self.base_constraint.event_dim + rank} but got "
                f"{value.ndim}. Give values with their axes."
            )
        return _all_of(found, rank)

    def __repr__(self) -> str:
        """Return the base and the number of axes."""
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


def _all_of(found: Any, rank: int) -> Any:
    """Return whether all are true along the last so many axes."""
    return found if rank == 0 else found.flatten(found.ndim - rank).all(-1)


class MixtureSameFamilyConstraint(Constraint):
    """The set of a mixture's values: those of its components, which have one axis more.

    Args:
        base_constraint: The components' constraint.

    Example:
        >>> MixtureSameFamilyConstraint(real)
        MixtureSameFamilyConstraint(Real())
    """

    def __init__(self, base_constraint: Any) -> None:
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> Any:
        """Whether the set is discrete."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        """The number of axes of one value."""
        return self.base_constraint.event_dim

    def check(self, value: Any) -> Any:
        """Return whether a value is in the sets of all components."""
        rank = self.event_dim
        if value.ndim < rank:
            raise ArgumentError(
                f"Expected value.dim() >= {rank} but got {value.ndim}. Give values with their axes."
            )
        found = self.base_constraint.check(value.unsqueeze(value.ndim - rank))
        return _all_of(found, found.ndim - (value.ndim - rank))

    def __repr__(self) -> str:
        """Return the components' constraint."""
        return f"MixtureSameFamilyConstraint({self.base_constraint!r})"


# ---- numbers


class _Boolean(Constraint):
    """0 and 1."""

    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    """Vectors of zeros and a single 1."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & value.sum(-1).eq(1)


class _Bounded(Constraint):
    """Numbers within bounds, which it prints.

    Args:
        bounds: The lower or the upper bound, or both, as `names` says.
    """

    names: tuple[str, ...] = ("lower_bound", "upper_bound")

    def __init__(self, *bounds: Any, **named: Any) -> None:
        given = {**dict(zip(self.names, bounds, strict=False)), **named}
        if set(given) != set(self.names) or len(bounds) > len(self.names):
            raise TypeError(
                f"{self.__class__.__name__} got {bounds or named}; it wants "
                f"{' and '.join(self.names)}."
            )
        self.__dict__.update(given)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self!r} has no attribute {name!r}.")

    def __repr__(self) -> str:
        parts = (f"{name}={self.__dict__[name]}" for name in self.names)
        return f"{self.__class__.__name__[1:]}({', '.join(parts)})"


class _IntegerInterval(_Bounded):
    """Whole numbers from a lower to an upper bound."""

    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class _IntegerLessThan(_Bounded):
    """Whole numbers up to a bound."""

    is_discrete = True
    names = ("upper_bound",)

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (value <= self.upper_bound)


class _IntegerGreaterThan(_Bounded):
    """Whole numbers from a bound."""

    is_discrete = True
    names = ("lower_bound",)

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Real(Constraint):
    """Numbers, which are equal to themselves."""

    def check(self, value: Any) -> Any:
        return value == value


class _GreaterThan(_Bounded):
    """Numbers above a bound."""

    names = ("lower_bound",)

    def check(self, value: Any) -> Any:
        return self.lower_bound < value


class _GreaterThanEq(_Bounded):
    """Numbers from a bound."""

    names = ("lower_bound",)

    def check(self, value: Any) -> Any:
        return self.lower_bound <= value


class _LessThan(_Bounded):
    """Numbers below a bound."""

    names = ("upper_bound",)

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


class _Interval(_Bounded):
    """Numbers from a lower to an upper bound."""

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Bounded):
    """Numbers from a lower to below an upper bound."""

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value < self.upper_bound)


# ---- vectors


class _Simplex(Constraint):
    """Vectors of numbers that are not negative and add up to 1."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Multinomial(_Bounded):
    """Vectors of whole numbers that are not negative and add up to a bound."""

    is_discrete = True
    event_dim = 1
    names = ("upper_bound",)

    def check(self, x: Any) -> Any:
        return (x >= 0).all(-1) & (x.sum(-1) <= self.upper_bound)

    def __repr__(self) -> str:
        return "Multinomial()"


# ---- matrices


class _LowerTriangular(Constraint):
    """Matrices whose elements above the diagonal are 0."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        return _all_of(value.tril() == value, 2)


class _LowerCholesky(Constraint):
    """Lower triangular matrices whose diagonals are above 0."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        return _all_of(value.tril() == value, 2) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(Constraint):
    """Lower triangular matrices with diagonals above 0 and rows of length 1."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        # Each row's sum of squares is rounded as often as there are columns.
        tolerance = float(np.finfo(value.dtype).eps) * value.shape[-1] * 10
        unit = (value.square().sum(-1) - 1).abs() < tolerance
        return unit.all(-1) & lower_cholesky.check(value)


class _Square(Constraint):
    """Square matrices."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        is_square = value.shape[-2] == value.shape[-1]
        return torch.full(tuple(value.shape[:-2]), is_square, dtype=torch.bool)


class _Symmetric(_Square):
    """Matrices equal to their transposes, to 1e-6."""

    def check(self, value: Any) -> Any:
        square = super().check(value)
        if not square.all():
            return square
        return _all_of(torch.isclose(value, value.mT, atol=1e-6), 2)


class _PositiveSemidefinite(_Symmetric):
    """Symmetric matrices whose eigenvalues are not negative."""

    def check(self, value: Any) -> Any:
        found = super().check(value)
        if not (found.is_symbolic or found.all()):
            return found
        return found & (torch.linalg.eigvalsh(value) >= 0).all(-1)


class _PositiveDefinite(_Symmetric):
    """Symmetric matrices whose eigenvalues are above 0."""

    def check(self, value: Any) -> Any:
        found = super().check(value)
        if not (found.is_symbolic or found.all()):
            return found
        return found & (torch.linalg.eigvalsh(value) > 0).all(-1)


# ---- several together


class _Cat(Constraint):
    """Constraints of consecutive stretches of an axis.

    Args:
        cseq: The constraints.
        dim: The axis, of the batch.
        lengths: How long each stretch is; by default 1.
    """

    def __init__(self, cseq: Any, dim: int = 0, lengths: Any = None) -> None:
        self.cseq, self.dim = list(cseq), dim
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)

    @property
    def is_discrete(self) -> Any:
        """Whether one of the sets is discrete."""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The most axes that one value has."""
        return max(c.event_dim for c in self.cseq)

    def check(self, value: Any) -> Any:
        """Return whether each stretch is in its set."""
        ends = np.cumsum([0, *self.lengths]).tolist()
        parts = [
            c.check(value.narrow(self.dim, start, length))
            for c, start, length in zip(self.cseq, ends, self.lengths, strict=False)
        ]
        return torch.cat(parts, self.dim)


class _Stack(Constraint):
    """Constraints of the elements along an axis.

    Args:
        cseq: The constraints.
        dim: The axis, of the batch.
    """

    def __init__(self, cseq: Any, dim: int = 0) -> None:
        self.cseq, self.dim = list(cseq), dim

    @property
    def is_discrete(self) -> Any:
        """Whether one of the sets is discrete."""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The most axes that one value has, and one more where the new axis is one of them."""
        rank = max(c.event_dim for c in self.cseq)
        return rank + 1 if self.dim + rank < 0 else rank

    def check(self, value: Any) -> Any:
        """Return whether each element is in its set."""
        parts = [c.check(value.select(self.dim, i)) for i, c in enumerate(self.cseq)]
        return torch.stack(parts, self.dim)


dependent = _Dependent()
dependent_property = _DependentProperty
independent = _IndependentConstraint
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
