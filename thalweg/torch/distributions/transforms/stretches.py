"""Several transforms side by side, of stretches or elements of an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import sum_rightmost
from thalweg.torch.distributions.transforms.transform import Transform

__all__ = ["CatTransform", "StackTransform"]


class _Several(Transform):
    """Transforms of parts of an axis.

    Args:
        tseq: The transforms.
        dim: The axis.
        cache_size: As for `Transform`.
    """

    def __init__(self, tseq: Any, dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(transform, Transform) for transform in tseq):
            raise ArgumentError(
                f"{type(self).__name__} got {tseq!r}; it wants a sequence of transforms. Give one."
            )
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq]
        self.dim = dim

    bijective = property(lambda self: all(t.bijective for t in self.transforms))

    def _parts(self, value: Any) -> Iterator[Any]:
        raise NotImplementedError

    def _together(self, parts: list[Any], dim: int) -> Any:
        raise NotImplementedError

    def _of_each(self, function: Callable[..., Any], *values: Any) -> list[Any]:
        parts = (self._parts(value) for value in values)
        return [function(*group) for group in zip(self.transforms, *parts, strict=True)]

    def _call(self, x: Any) -> Any:
        return self._together(self._of_each(lambda t, part: t(part), x), self.dim)

    def _inverse(self, y: Any) -> Any:
        return self._together(self._of_each(lambda t, part: t.inv(part), y), self.dim)


class CatTransform(_Several):
    """Transforms of consecutive stretches of an axis.

    Args:
        tseq: The transforms.
        dim: The axis.
        lengths: How long each stretch is; by default 1.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> CatTransform([d.ExpTransform(), d.identity_transform], 0, [1, 2])(torch.zeros(3))
        tensor([1., 0., 0.])
    """

    def __init__(self, tseq: Any, dim: int = 0, lengths: Any = None, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise ArgumentError(
                f"CatTransform got {len(self.transforms)} transforms and {len(self.lengths)} "
                "lengths. Give a length for each."
            )

    @property
    def event_dim(self) -> Any:
        """The most axes that one of the transforms takes together."""
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The length of all stretches."""
        return sum(self.lengths)

    domain = property(
        lambda self: constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)
    )
    codomain = property(
        lambda self: constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)
    )

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transforms with caches of that size."""
        if self._cache_size == cache_size:
            return self
        return CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _parts(self, value: Any) -> Iterator[Any]:
        if value.shape[self.dim] != self.length:
            raise ArgumentError(
                f"CatTransform got {value.shape[self.dim]} elements along the axis {self.dim}; "
                f"its stretches have {self.length}. Give as many."
            )
        ends = np.cumsum([0, *self.lengths]).tolist()
        for start, length in zip(ends, self.lengths, strict=False):
            yield value.narrow(self.dim, start, length)

    def _together(self, parts: list[Any], dim: int) -> Any:
        return torch.cat(parts, dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return those of the stretches, side by side or, where the axis is of a value, added."""
        rank = self.event_dim
        parts = self._of_each(
            lambda t, before, after: sum_rightmost(
                t.log_abs_det_jacobian(before, after), rank - t.event_dim
            ),
            x,
            y,
        )
        dim = (self.dim if self.dim < 0 else self.dim - x.ndim) + rank
        return torch.cat(parts, dim) if dim < 0 else sum(parts)


class StackTransform(_Several):
    """Transforms of the elements along an axis, of each its own.

    Args:
        tseq: The transforms.
        dim: The axis.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> StackTransform([d.ExpTransform(), d.identity_transform])(torch.zeros(2))
        tensor([1., 0.])
    """

    domain = property(lambda self: constraints.stack([t.domain for t in self.transforms], self.dim))
    codomain = property(
        lambda self: constraints.stack([t.codomain for t in self.transforms], self.dim)
    )

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transforms with caches of that size."""
        if self._cache_size == cache_size:
            return self
        return StackTransform(self.transforms, self.dim, cache_size)

    def _parts(self, value: Any) -> Iterator[Any]:
        if value.shape[self.dim] != len(self.transforms):
            raise ArgumentError(
                f"StackTransform got {value.shape[self.dim]} elements along the axis {self.dim} "
                f"and {len(self.transforms)} transforms. Give as many."
            )
        return (value.select(self.dim, i) for i in range(len(self.transforms)))

    def _together(self, parts: list[Any], dim: int) -> Any:
        return torch.stack(parts, dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return those of the elements, along the axis."""
        of_part = lambda t, before, after: t.log_abs_det_jacobian(before, after)
        return torch.stack(self._of_each(of_part, x, y), self.dim)
