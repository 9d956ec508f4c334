"""Batches of distributions taken as one."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg.errors import ArgumentError
from thalweg.torch.distributions import constraints
from thalweg.torch.distributions.distribution import Distribution, sum_rightmost

__all__ = ["Independent"]


class Independent(Distribution):
    """A batch of distributions whose last axes are taken to be one sample of independent numbers.

    Args:
        base_distribution: The batch.
        reinterpreted_batch_ndims: How many of its axes become axes of a sample.
        validate_args: Whether arguments are checked.

    Raises:
        ArgumentError: If the batch has fewer axes.

    Example:
        >>> import thalweg.torch as torch
        >>> d = torch.distributions
        >>> d.Independent(d.Normal(torch.zeros(3), 1.0), 1).log_prob(torch.zeros(3))
        tensor(-2.7568)
    """

    arg_constraints: ClassVar[Any] = {}

    def __init__(
        self,
        base_distribution: Any,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        rank = len(base_distribution.batch_shape)
        if reinterpreted_batch_ndims > rank:
            raise ArgumentError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {rank}"
            )
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        shape = base_distribution.batch_shape + base_distribution.event_shape
        cut = rank - reinterpreted_batch_ndims
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    def _expanded_parts(self, shape: Any) -> dict[str, Any]:
        rank = self.reinterpreted_batch_ndims
        base = self.base_dist.expand(shape + self.event_shape[:rank])
        return {"base_dist": base, "reinterpreted_batch_ndims": rank}

    has_rsample = property(lambda self: self.base_dist.has_rsample)
    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)

    @property
    def has_enumerate_support(self) -> Any:
        """Whether there are finitely many samples that are listed."""
        return self.reinterpreted_batch_ndims == 0 and self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self) -> Any:
        """The base's, of whole samples."""
        found, rank = self.base_dist.support, self.reinterpreted_batch_ndims
        return constraints.independent(found, rank) if rank else found

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw samples, without derivatives."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw samples that change with the parameters."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        """Return the sum of the logarithms of the densities."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        """Return the sum of the entropies."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all samples, if no axis became one of a sample."""
        if self.reinterpreted_batch_ndims > 0:
            raise NotImplementedError(
                "Enumeration over cartesian product is not implemented: Independent got "
                f"{self.reinterpreted_batch_ndims} axes. Enumerate the base."
            )
        return self.base_dist.enumerate_support(expand=expand)

    def __repr__(self) -> str:
        """Return the base and the number of axes."""
        name = self.__class__.__name__
        return f"{name}({self.base_dist!r}, {self.reinterpreted_batch_ndims})"
