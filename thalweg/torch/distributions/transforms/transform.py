"""What all transforms have in common, and transforms made of others."""

from __future__ import annotations

import weakref
from typing import Any

from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import sum_rightmost
from thalweg.torch.size import TorchSize as Size

__all__ = ["ComposeTransform", "IndependentTransform", "Transform", "identity_transform"]


class Transform:
    """A function of tensors whose derivative has a determinant that can be computed.

    Args:
        cache_size: 1 to keep the last value with its result, so that the inverse gives it back
            as it was; 0 not to.

    Attributes:
        domain: The constraint of what it takes.
        codomain: The constraint of what it gives.
        bijective: Whether it has an inverse.
        sign: Whether it increases, 1, or decreases, -1.

    Raises:
        ArgumentError: If the cache is of another size.

    Example:
        >>> import thalweg.torch as torch
        >>> t = torch.distributions.ExpTransform()
        >>> t.inv(t(torch.tensor(2.0)))
        tensor(2.)
    """

    domain: Any
    codomain: Any
    bijective: Any = False

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ArgumentError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._inv: Any = None
        self._cached: tuple[Any, Any] = (None, None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the inverse out, which is known by a weak reference."""
        return {**self.__dict__, "_inv": None}

    @property
    def event_dim(self) -> Any:
        """The number of axes that are transformed together."""
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim
        raise ArgumentError("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Any:
        """The inverse, whose inverse is the transform itself."""
        found = None if self._inv is None else self._inv()
        if found is None:
            found = _InverseTransform(self)
            self._inv = weakref.ref(found)
        return found

    @property
    def sign(self) -> Any:
        """1 if the transform increases, -1 if it decreases."""
        raise NotImplementedError

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same transform."""
        return self is other

    __hash__ = object.__hash__

    def __call__(self, x: Any) -> Any:
        """Return the transformed value."""
        if self._cache_size and x is self._cached[0]:
            return self._cached[1]
        y = self._call(x)
        return self._kept(x, y)[1]

    def _inv_call(self, y: Any) -> Any:
        if self._cache_size and y is self._cached[1]:
            return self._cached[0]
        x = self._inverse(y)
        return self._kept(x, y)[0]

    def _kept(self, x: Any, y: Any) -> tuple[Any, Any]:
        if self._cache_size and not getattr(y, "is_symbolic", False):
            self._cached = x, y
        return x, y

    def _call(self, x: Any) -> Any:
        raise NotImplementedError

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ln |det dy/dx| at x, whose transform is y."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the name."""
        return f"{self.__class__.__name__}()"

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape that values of a shape are transformed to."""
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """Return the shape that values of a shape are transformed from."""
        return shape


class _InverseTransform(Transform):
    """The inverse of a transform."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._inv: Any = transform

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    domain = property(lambda self: self._inv.codomain)
    codomain = property(lambda self: self._inv.domain)
    bijective = property(lambda self: self._inv.bijective)
    sign = property(lambda self: self._inv.sign)
    inv = property(lambda self: self._inv)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self.inv.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and bool(self._inv == other._inv)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self._inv!r})"

    def __call__(self, x: Any) -> Any:
        return self._inv._inv_call(x)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self._inv.forward_shape(shape)


def _widened(constraint: Any, rank: int) -> Any:
    """Return a constraint of values with so many axes more."""
    return constraints.independent(constraint, rank) if rank else constraint


class ComposeTransform(Transform):
    """Transforms one after the other.

    Args:
        parts: The transforms, the first one first.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> two = torch.distributions.AffineTransform(0.0, 2.0)
        >>> ComposeTransform([two, two])(torch.tensor(1.0))
        tensor(4.)
    """

    def __init__(self, parts: list[Any], cache_size: int = 0) -> None:
        if cache_size:
            parts = [part.with_cache(cache_size) for part in parts]
        super().__init__(cache_size=cache_size)
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        """Tell whether the parts are equal."""
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    __hash__ = object.__hash__

    @property
    def domain(self) -> Any:
        """What the first transform takes, with as many axes as the parts need."""
        if not self.parts:
            return constraints.real
        domain = self.parts[0].domain
        rank = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            rank += part.domain.event_dim - part.codomain.event_dim
            rank = max(rank, part.domain.event_dim)
        return _widened(domain, rank - domain.event_dim)

    @property
    def codomain(self) -> Any:
        """What the last transform gives, with as many axes as the parts need."""
        if not self.parts:
            return constraints.real
        codomain = self.parts[-1].codomain
        rank = self.parts[0].domain.event_dim
        for part in self.parts:
            rank += part.codomain.event_dim - part.domain.event_dim
            rank = max(rank, part.codomain.event_dim)
        return _widened(codomain, rank - codomain.event_dim)

    @property
    def bijective(self) -> Any:
        """Whether all parts have inverses."""
        return all(part.bijective for part in self.parts)

    @property
    def sign(self) -> Any:
        """The product of the parts' signs."""
        sign: Any = 1
        for part in self.parts:
            sign = sign * part.sign
        return sign

    @property
    def inv(self) -> Any:
        """The inverses in the opposite order."""
        found = None if self._inv is None else self._inv()
        if found is None:
            found = ComposeTransform([part.inv for part in reversed(self.parts)])
            self._inv = weakref.ref(found)
            found._inv = weakref.ref(self)
        return found

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transforms with caches of that size."""
        same = self._cache_size == cache_size
        return self if same else ComposeTransform(self.parts, cache_size=cache_size)

    def __call__(self, x: Any) -> Any:
        """Return the value transformed by one part after the other."""
        for part in self.parts:
            x = part(x)
        return x

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the sum of the parts'."""
        if not self.parts:
            return x * 0
        values = [x]
        for part in self.parts[:-1]:
            values.append(part(values[-1]))
        values.append(y)
        total: Any = 0
        rank = self.domain.event_dim
        for part, before, after in zip(self.parts, values, values[1:], strict=False):
            own = part.log_abs_det_jacobian(before, after)
            total = total + sum_rightmost(own, rank - part.domain.event_dim)
            rank += part.codomain.event_dim - part.domain.event_dim
        return total

    def forward_shape(self, shape: Any) -> Any:
        """Return the shape after all parts."""
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """Return the shape before all parts."""
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __repr__(self) -> str:
        """Return the parts, one a line."""
        parts = ",\n    ".join(map(repr, self.parts))
        return f"{self.__class__.__name__}(\n    {parts}\n)"


identity_transform = ComposeTransform([])


class IndependentTransform(Transform):
    """A transform whose last axes of a batch are taken to be one value.

    Args:
        base_transform: The transform.
        reinterpreted_batch_ndims: How many axes.
        cache_size: As for `Transform`.

    Example:
        >>> import thalweg.torch as torch
        >>> t = IndependentTransform(torch.distributions.ExpTransform(), 1)
        >>> t.log_abs_det_jacobian(torch.ones(3), torch.ones(3).exp())
        tensor(3.)
    """

    def __init__(
        self, base_transform: Any, reinterpreted_batch_ndims: int, cache_size: int = 0
    ) -> None:
        super().__init__(cache_size=cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    domain = property(
        lambda self: constraints.independent(
            self.base_transform.domain, self.reinterpreted_batch_ndims
        )
    )
    codomain = property(
        lambda self: constraints.independent(
            self.base_transform.codomain, self.reinterpreted_batch_ndims
        )
    )
    bijective = property(lambda self: self.base_transform.bijective)
    sign = property(lambda self: self.base_transform.sign)

    def with_cache(self, cache_size: int = 1) -> Any:
        """Return the transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        return IndependentTransform(
            self.base_transform, self.reinterpreted_batch_ndims, cache_size=cache_size
        )

    def _call(self, x: Any) -> Any:
        _require_axes(x, self.domain.event_dim)
        return self.base_transform(x)

    def _inverse(self, y: Any) -> Any:
        _require_axes(y, self.codomain.event_dim)
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the base's, added up over the axes."""
        found = self.base_transform.log_abs_det_jacobian(x, y)
        return sum_rightmost(found, self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        """Return the base and the number of axes."""
        name = self.__class__.__name__
        return f"{name}({self.base_transform!r}, {self.reinterpreted_batch_ndims})"

    def forward_shape(self, shape: Any) -> Any:
        """Return the base's."""
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        """Return the base's."""
        return self.base_transform.inverse_shape(shape)


def _require_axes(value: Any, rank: int) -> None:
    if value.ndim < rank:
        raise ArgumentError("Too few dimensions on input")


def require_rank(shape: Any, rank: int) -> None:
    """Refuse a shape with fewer axes."""
    if len(shape) < rank:
        raise ArgumentError("Too few dimensions on input")


def reshaped(shape: Any, tail: Any, new_tail: Any) -> Any:
    """Return a shape with its end, which it must have, changed."""
    require_rank(shape, len(tail))
    cut = len(shape) - len(tail)
    if tuple(shape[cut:]) != tuple(tail):
        raise ArgumentError(
            f"Shape mismatch: expected {tuple(shape[cut:])} but got {tuple(tail)}. Reshape it."
        )
    return Size((*shape[:cut], *new_tail))
