"""Distributions of transformed samples."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg.autodiff.modes import no_grad
from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.combined.independent import Independent
from thalweg.torch.distributions.distribution import Distribution, sum_rightmost
from thalweg.torch.distributions.transforms.transform import ComposeTransform, Transform

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of samples of another one after transforms.

    The density of y = f(x) is that of x by |det dy/dx|.

    Args:
        base_distribution: The distribution of x.
        transforms: A transform, or several, the first one first.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If there are no transforms, or the base has too few axes for them.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> logistic = d.TransformedDistribution(d.Uniform(0.0, 1.0), d.SigmoidTransform().inv)
        >>> logistic.log_prob(torch.tensor(0.0))
        tensor(-1.3863)
    """

    arg_constraints: ClassVar[Any] = {}

    def __init__(
        self, base_distribution: Any, transforms: Any, validate_args: bool | None = None
    ) -> None:
        self.transforms = _as_list(transforms)
        shape = base_distribution.batch_shape + base_distribution.event_shape
        whole = ComposeTransform(self.transforms)
        if len(shape) < whole.domain.event_dim:
            raise ArgumentError(
                f"base_distribution needs to have shape with size at least "
                f"{whole.domain.event_dim}, but got {shape!r}."
            )
        given = whole.inverse_shape(whole.forward_shape(shape))
        if shape != given:
            first = len(given) - len(base_distribution.event_shape)
            base_distribution = base_distribution.expand(given[:first])
        more = whole.domain.event_dim - len(base_distribution.event_shape)
        if more > 0:
            base_distribution = Independent(base_distribution, more)
        self.base_dist = base_distribution
        batch_shape, event_shape = self._shapes(whole)
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def _shapes(self, whole: Any) -> tuple[Any, Any]:
        """Return the shapes of the batch and of a sample."""
        base = self.base_dist
        shape = whole.forward_shape(base.batch_shape + base.event_shape)
        change = whole.codomain.event_dim - whole.domain.event_dim
        rank = max(whole.codomain.event_dim, len(base.event_shape) + change)
        cut = len(shape) - rank
        return shape[:cut], shape[cut:]

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        own = super()._expanded_parts(shape)
        whole = ComposeTransform(self.transforms)
        base = self.base_dist
        before = whole.inverse_shape(shape + self.event_shape)
        cut = len(before) - len(base.event_shape)
        return {**own, "base_dist": base.expand(before[:cut]), "transforms": self.transforms}

    @property
    def has_rsample(self) -> Any:
        """Whether the base's samples have derivatives."""
        return self.base_dist.has_rsample

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        """What the last transform gives."""
        if not self.transforms:
            return self.base_dist.support
        found = self.transforms[-1].codomain
        more = len(self.event_shape) - found.event_dim
        return constraints.independent(found, more) if more > 0 else found

    def _forward(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples of the base, and transform them, without derivatives."""
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw samples of the base, and transform them."""
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        y = self._checked(value)
        rank = len(self.event_shape)
        total: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            rank += transform.domain.event_dim - transform.codomain.event_dim
            own = transform.log_abs_det_jacobian(x, y)
            total = total - sum_rightmost(own, rank - transform.domain.event_dim)
            y = x
        more = rank - len(self.base_dist.event_shape)
        return total + sum_rightmost(self.base_dist.log_prob(y), more)

    def _falls(self) -> Any:
        """Return the sign of the transforms together."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return sign

    def _monotonize_cdf(self, value: Any) -> Any:
        """Return probabilities, counted from the other end where the transforms decrease."""
        sign = self._falls()
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Any) -> Any:
        """Return the probability of values up to one."""
        self._checked(value)
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self.base_dist._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonize_cdf(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        """Return the value up to which samples are with a probability."""
        return self._forward(self.base_dist.icdf(self._monotonize_cdf(value)))


def _as_list(transforms: Any) -> list[Any]:
    if isinstance(transforms, Transform):
        return [transforms]
    if not isinstance(transforms, list):
        raise ArgumentError(f"transforms must be a Transform or list, but was {transforms}")
    if not all(isinstance(t, Transform) for t in transforms):
        raise ArgumentError("transforms must be a Transform or a list of Transforms")
    return transforms
