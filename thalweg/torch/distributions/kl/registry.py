"""Which function computes the divergence of two distributions."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from thalweg.errors import CallError
from thalweg.torch.distributions.distribution import Distribution

__all__ = ["kl_divergence", "register_kl"]

Function = TypeVar("Function", bound=Callable[..., Any])

Pair = tuple[type[Distribution], type[Distribution]]

_FUNCTIONS: dict[Pair, Callable[..., Any]] = {}


def register_kl(type_p: type[Any], type_q: type[Any]) -> Callable[[Function], Function]:
    """Let a function compute `kl_divergence` of two classes and their subclasses.

    Args:
        type_p: The class of the first distribution.
        type_q: The class of the second one.

    Raises:
        CallError: If they are no classes of distributions.

    Example:
        >>> import thalweg.torch as torch
        >>> class Shift(torch.distributions.Normal):
        ...     pass
        >>> @register_kl(Shift, Shift)
        ... def kl_of_shifts(p, q):
        ...     return (p.loc - q.loc) ** 2 / 2
        >>> torch.distributions.kl_divergence(Shift(0.0, 1.0), Shift(2.0, 1.0))
        tensor(2.)
    """
    for name, given in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(given, type) and issubclass(given, Distribution)):
            raise CallError(
                f"Expected {name} to be a Distribution subclass but got {given}. Give the class."
            )

    def register(function: Function) -> Function:
        _FUNCTIONS[type_p, type_q] = function
        _found.cache_clear()
        return function

    return register


def _distance(given: Pair, stated: Pair) -> tuple[int, int]:
    """Return how far up in the classes' orders those are that a function was registered for."""
    return given[0].__mro__.index(stated[0]), given[1].__mro__.index(stated[1])


@functools.cache
def _found(type_p: type[Any], type_q: type[Any]) -> Callable[..., Any] | None:
    """Return the function of the nearest classes."""
    given = type_p, type_q
    fitting = [pair for pair in _FUNCTIONS if all(map(issubclass, given, pair))]
    if not fitting:
        return None
    by_first = min(fitting, key=lambda pair: _distance(given, pair))
    by_second = min(fitting, key=lambda pair: _distance(given, pair)[::-1])
    if _FUNCTIONS[by_first] is not _FUNCTIONS[by_second]:
        shown = [f"kl_divergence({p.__name__}, {q.__name__})" for p, q in (given, by_first)]
        warnings.warn(
            f"Ambiguous {shown[0]}. Please register_kl({by_first[0].__name__}, "
            f"{by_second[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _FUNCTIONS[by_first]


def kl_divergence(p: Any, q: Any) -> Any:
    """Return ∫ p(x) ln(p(x)/q(x)) dx, of each of a batch.

    Args:
        p: A distribution.
        q: A distribution on the same values; where it has none of p's, the divergence is infinite.

    Raises:
        NotImplementedError: If no function is registered for their classes.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> kl_divergence(d.Normal(0.0, 1.0), d.Normal(1.0, 1.0))
        tensor(0.5000)
    """
    function: Any = _found(type(p), type(q))  # type: ignore[arg-type]
    if function is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {p.__class__.__name__} and q type "
            f"{q.__class__.__name__}. Register one with register_kl."
        )
    return function(p, q)
