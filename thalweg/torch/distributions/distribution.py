"""What all distributions have in common: shapes, parameters that are checked, what is derived."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from thalweg import torch
from thalweg.autodiff.functional import vjp
from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.utils import is_certain, lazy_property
from thalweg.torch.size import TorchSize as Size

__all__ = ["Distribution", "ExponentialFamily"]


def _unstated(documentation: str) -> Any:
    """Return a property that a subclass has yet to state."""

    def refuse(self: Any) -> Any:
        raise NotImplementedError

    return property(refuse, doc=documentation)


class Distribution:
    """A probability distribution, or a batch of them.

    Args:
        batch_shape: The shape of a batch of distributions.
        event_shape: The shape of one of its samples.
        validate_args: Whether parameters and arguments are checked; by default as
            `set_default_validate_args` says.

    Raises:
        ArgumentError: If a parameter is not within its constraint.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.distributions.Normal(torch.zeros(3), 1.0).batch_shape
        torch.Size([3])
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: bool = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """State whether distributions made from now on check their arguments."""
        if value not in [True, False]:
            raise ArgumentError(
                f"set_default_validate_args got {value!r}; it wants True or False. Give one."
            )
        Distribution._validate_args = value

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._validate_parameters()

    def _validate_parameters(self) -> None:
        try:
            stated: dict[str, Any] = self.arg_constraints
        except NotImplementedError:
            stated = {}
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = "
                "{}` or initialize the distribution with `validate_args=False` to turn off "
                "validation.",
                stacklevel=4,
            )
        for name, constraint in stated.items():
            computed = isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(constraint) or (computed and name not in self.__dict__):
                continue
            value = getattr(self, name)
            if not is_certain(constraint.check(value)):
                raise ArgumentError(
                    f"Expected parameter {name} ({_kind(value)} of shape {tuple(value.shape)}) of "
                    f"distribution {self!r} to satisfy the constraint {constraint!r}, but found "
                    f"invalid values:\n{value}"
                )

    # ---- what subclasses state

    arg_constraints: ClassVar[Any] = _unstated("The constraint of each parameter, by name.")
    support: Any = _unstated("The constraint of samples.")
    mean: Any = _unstated("The mean.")
    mode: Any = _unstated("The most probable value.")
    variance: Any = _unstated("The variance.")

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw samples that change with the parameters: they have derivatives."""
        raise NotImplementedError

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density, or of the probability, of a value."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all values of a distribution of finitely many, along a new first axis."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """Return the entropy, in nats."""
        raise NotImplementedError

    # ---- what follows

    @property
    def batch_shape(self) -> Any:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Any:
        """The shape of one sample."""
        return self._event_shape

    stddev: Any = property(lambda self: self.variance.sqrt(), doc="The standard deviation.")

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples, without derivatives; shape (*sample_shape, *batch_shape, *event_shape)."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def sample_n(self, n: int) -> Any:
        """Draw n samples."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.",
            FutureWarning,
            stacklevel=2,
        )
        return self.sample((n,))

    def perplexity(self) -> Any:
        """Return e to the entropy."""
        return self.entropy().exp()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """Return the distribution with its batch of another shape, to which it broadcasts.

        Raises:
            NotImplementedError: If a subclass has a constructor of its own and no `expand`.
        """
        own = next(c for c in type(self).__mro__ if c.__module__.startswith(_HERE))
        if own in (Distribution, ExponentialFamily):
            raise NotImplementedError
        new: Self = self._get_checked_instance(own, _instance)
        shape = Size(batch_shape)
        new.__dict__.update(self._expanded_parts(shape))
        Distribution.__init__(new, shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _expanded_parts(self, shape: Size) -> dict[str, Any]:
        """Return the attributes of the distribution expanded to a batch shape: its parameters."""
        return expanded(self, self.arg_constraints, shape)

    def _get_checked_instance(self, cls: type[Any], _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ is not cls.__init__:
            raise NotImplementedError(
                f"Subclass {self.__class__.__name__} of {cls.__name__} that defines a custom "
                "__init__ method must also define a custom .expand() method."
            )
        return object.__new__(type(self)) if _instance is None else _instance

    def _extended_shape(self, sample_shape: Any = ()) -> Any:
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def _validate_sample(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentError("The value argument to log_prob must be a Tensor")
        first = value.ndim - len(self._event_shape)
        if value.shape[first:] != self._event_shape:
            raise ArgumentError(
                "The right-most size of value must match event_shape: "
                f"{value.shape!r} vs {self._event_shape!r}."
            )
        shape = value.shape
        expected = self._batch_shape + self._event_shape
        for ours, theirs in zip(reversed(shape), reversed(expected), strict=False):
            if ours != 1 and theirs != 1 and ours != theirs:
                raise ArgumentError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{shape!r} vs {expected!r}."
                )
        self._require_supported(value)

    def _require_supported(self, value: Any) -> None:
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{self.__class__} does not define `support` to enable sample validation. Please "
                "initialize the distribution with `validate_args=False` to turn off validation.",
                stacklevel=4,
            )
            return
        if not is_certain(support.check(value)):
            raise ArgumentError(
                f"Expected value argument ({_kind(value)} of shape {tuple(value.shape)}) to be "
                f"within the support ({support!r}) of the distribution {self!r}, but found "
                f"invalid values:\n{value}"
            )

    def _checked(self, value: Any) -> Any:
        """Return an argument of `log_prob`, `cdf` or `icdf` after checks, if they are wanted."""
        if self._validate_args:
            self._validate_sample(value)
        return value

    def __repr__(self) -> str:
        """Return the parameters that were given: numbers, or the shapes of tensors."""
        names = [name for name in self.arg_constraints if name in self.__dict__]
        parts = [f"{name}: {_shown(self.__dict__[name])}" for name in names]
        return f"{self.__class__.__name__}({', '.join(parts)})"


def expanded(distribution: Distribution, stated: dict[str, Any], shape: Any) -> dict[str, Any]:
    """Return the parameters that a distribution was given, expanded to a batch shape."""
    parts: dict[str, Any] = {}
    for name, constraint in stated.items():
        if name in distribution.__dict__:
            value, rank = getattr(distribution, name), constraint.event_dim
            parts[name] = value.expand(Size(shape) + value.shape[value.ndim - rank :])
    return parts


_HERE = __name__.rpartition(".")[0]


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "Tensor" if name == "TorchTensor" else name


def _shown(value: Any) -> Any:
    return value.item() if value.numel() == 1 and not value.is_symbolic else repr(value.shape)


class ExponentialFamily(Distribution):
    """A distribution of density h(x) exp(θ·T(x) - A(θ)), which states its natural parameters θ.

    The entropy follows: A(θ) - θ·∇A(θ) - E[ln h(x)], as ∇A(θ) is the mean of T(x).

    Source:
        Nielsen and Nock, "Entropies and cross-entropies of exponential families", ICIP 2010.
    """

    _mean_carrier_measure: Any = _unstated("The mean of ln h(x).")
    _natural_params: Any = _unstated("The natural parameters.")

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    def entropy(self) -> Any:
        """Return the entropy, by the derivative of the logarithm of the normalizer."""
        natural = self._natural_params
        rank = len(self.event_shape)
        value, means = value_and_slopes(self._log_normalizer, natural)
        found = value - self._mean_carrier_measure
        for parameter, mean in zip(natural, means, strict=True):
            found = found - sum_rightmost(parameter * mean, rank)
        return found


def value_and_slopes(
    function: Callable[..., Any], parameters: tuple[Any, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """Return a function's value, and the derivatives of its sum, which have derivatives too."""
    value, pull = vjp(function, *parameters)
    slopes = pull(torch.ones_like(value))
    return value, tuple(slopes) if isinstance(slopes, (tuple, list)) else (slopes,)


def sum_rightmost(value: Any, rank: int) -> Any:
    """Return sums over the last so many axes."""
    return value if rank == 0 else value.sum(tuple(range(-rank, 0)))


def shape_of(*tensors: Any) -> tuple[int, ...]:
    """Return the shape that tensors have together."""
    return np.broadcast_shapes(*(tensor.shape for tensor in tensors))
