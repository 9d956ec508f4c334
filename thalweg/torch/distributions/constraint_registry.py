"""Transforms from all real numbers onto what a constraint allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.errors import CallError
from thalweg.torch.distributions import constraints, transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]

Factory = Callable[[Any], Any]


class ConstraintRegistry:
    """Functions that make the transforms of constraints.

    Example:
        >>> import thalweg.torch as torch
        >>> transform_to(torch.distributions.constraints.positive)(torch.tensor(0.0))
        tensor(1.)
    """

    def __init__(self) -> None:
        self._registry: dict[type[Any], Factory] = {}

    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """Let a function make the transforms of a class of constraints.

        Args:
            constraint: The class, or one of it.
            factory: Given a constraint, returns its transform; if it is left out, what is returned
                decorates it.

        Raises:
            CallError: If it is no constraint.
        """
        if factory is None:
            return lambda given: self.register(constraint, given)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not (isinstance(kind, type) and issubclass(kind, constraints.Constraint)):
            raise CallError(
                "Expected constraint to be either a Constraint subclass or instance, but got "
                f"{constraint}. Give one of those."
            )
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        """Return the transform of a constraint."""
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def _both(*kinds: Any) -> Callable[[Factory], Factory]:
    def register(factory: Factory) -> Factory:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return register


@_both(constraints.real)
def _of_real(constraint: Any) -> Any:
    return transforms.identity_transform


def _of_independent(registry: ConstraintRegistry) -> Factory:
    def factory(constraint: Any) -> Any:
        base = registry(constraint.base_constraint)
        return transforms.IndependentTransform(base, constraint.reinterpreted_batch_ndims)

    return factory


@_both(constraints.positive, constraints.nonnegative)
def _of_lower_bound(constraint: Any) -> Any:
    bound = constraint.lower_bound
    exp = transforms.ExpTransform()
    if isinstance(bound, (int, float)) and bound == 0:
        return exp
    return transforms.ComposeTransform([exp, transforms.AffineTransform(bound, 1)])


@_both(constraints.less_than)
def _of_upper_bound(constraint: Any) -> Any:
    turned = transforms.AffineTransform(constraint.upper_bound, -1)
    return transforms.ComposeTransform([transforms.ExpTransform(), turned])


@_both(constraints.interval, constraints.half_open_interval)
def _of_interval(constraint: Any) -> Any:
    low, high = constraint.lower_bound, constraint.upper_bound
    sigmoid = transforms.SigmoidTransform()
    numbers = isinstance(low, (int, float)) and isinstance(high, (int, float))
    if numbers and (low, high) == (0, 1):
        return sigmoid
    return transforms.ComposeTransform([sigmoid, transforms.AffineTransform(low, high - low)])


@_both(constraints.corr_cholesky)
def _of_correlations(constraint: Any) -> Any:
    return transforms.CorrCholeskyTransform()


def _of_definite(constraint: Any) -> Any:
    return transforms.PositiveDefiniteTransform()


def _of_stretches(registry: ConstraintRegistry) -> Factory:
    return lambda constraint: transforms.CatTransform(
        [registry(c) for c in constraint.cseq], constraint.dim, constraint.lengths
    )


def _of_elements(registry: ConstraintRegistry) -> Factory:
    return lambda constraint: transforms.StackTransform(
        [registry(c) for c in constraint.cseq], constraint.dim
    )


for _registry in (biject_to, transform_to):
    _registry.register(constraints.independent, _of_independent(_registry))
    _registry.register(constraints.cat, _of_stretches(_registry))
    _registry.register(constraints.stack, _of_elements(_registry))
transform_to.register(
    constraints.lower_cholesky, lambda constraint: transforms.LowerCholeskyTransform()
)
transform_to.register(constraints.positive_definite, _of_definite)
transform_to.register(constraints.positive_semidefinite, _of_definite)
biject_to.register(constraints.simplex, lambda constraint: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: transforms.SoftmaxTransform())
