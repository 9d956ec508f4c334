"""Transformations of some of the leaves."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.errors import ArgumentError
from thalweg.ops.numpy.libraries import of_users
from thalweg.optim.naming.patterns import MaskedNode, NameMask, read_mask
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
)
from thalweg.optim.tree_utils.states import ParamsPlaceholder
from thalweg.tree import Tree

__all__ = [
    "MaskedNode", "MaskedState", "MultiTransformState", "PartitionState", "masked",
    "multi_transform", "partition",
]  # fmt: skip


class MaskedState(NamedTuple):
    """The state of `masked`."""

    inner_state: OptState


@factory
def masked(
    inner: GradientTransformation, mask: Any, *, mask_compatible_extra_args: bool = False
) -> GradientTransformation:
    """Transform only the leaves a mask selects; the others' updates pass through unchanged.

    Args:
        inner: The transformation of the selected leaves.
        mask: A tree of booleans of the parameters' structure or a prefix of it, or a function
            from parameters to one, or a pattern of names as `matching` has them.
        mask_compatible_extra_args: Whether extra arguments of the updates' structure are masked.

    Raises:
        ShapeError: By `init` or `update`, if the mask does not fit the tree.
        ArgumentError: By `init`, if a pattern matches no parameter.

    Example:
        >>> import thalweg as tw
        >>> halve_weights = tw.optim.masked(tw.optim.scale(0.5), {"w": True, "b": False})
        >>> updates = {"w": tw.Tensor(1.0), "b": tw.Tensor(1.0)}
        >>> halve_weights.update(updates, halve_weights.init(updates))[0]
        {'w': tensor(0.5000), 'b': tensor(1.)}
    """
    transformation = as_transformation(inner)
    mask = read_mask(mask)

    def selected(leaves: Tree, chosen: Tree) -> Tree:
        return tree.map(lambda keep, leaf: leaf if keep else MaskedNode(), chosen, leaves)

    def init(params: Params) -> MaskedState:
        if isinstance(params, ParamsPlaceholder):
            return MaskedState(transformation.init(params))
        return MaskedState(transformation.init(selected(params, resolved(mask, params))))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        chosen = chosen_among(mask, updates)
        if mask_compatible_extra_args:
            whole = tree.structure(updates)
            fits = {name for name, value in extra.items() if tree.structure(value) == whole}
            extra = {n: selected(v, chosen) if n in fits else v for n, v in extra.items()}
        inner_params = None if params is None else selected(params, chosen)
        found, inner_state = transformation.update(
            selected(updates, chosen), state.inner_state, inner_params, **extra
        )
        merged = tree.map(lambda keep, new, old: new if keep else old, chosen, found, updates)
        return merged, MaskedState(inner_state)

    return GradientTransformationExtraArgs(init, update)


def resolved(mask: Any, leaves: Tree) -> Tree:
    """Return the tree of booleans that a mask is for parameters."""
    mask = read_mask(mask)
    return of_users(mask)(leaves) if is_function(mask) else mask


def chosen_among(mask: Any, updates: Updates) -> Tree:
    """Return the tree of booleans that a mask is for updates, some of which may be None."""
    mask = read_mask(mask)
    return mask.of(updates) if isinstance(mask, NameMask) else resolved(mask, updates)


def is_function(mask: Any) -> bool:
    """Tell whether a mask is a function of parameters, and no tree that is callable itself."""
    marks = tree.flatten_known(mask)[0]
    return bool(marks) and all(map(callable, marks))


class PartitionState(NamedTuple):
    """The state of `partition`."""

    inner_states: Mapping[Hashable, OptState]  # by label


@factory
def partition(
    transforms: Mapping[Any, GradientTransformation],
    param_labels: Any,
    *,
    mask_compatible_extra_args: bool = False,
) -> GradientTransformation:
    """Transform groups of leaves differently.

    Args:
        transforms: A transformation for each label.
        param_labels: A tree of labels of the parameters' structure or a prefix of it, or a
            function from parameters to one.
        mask_compatible_extra_args: Whether extra arguments of the updates' structure are split
            like them.

    Raises:
        ArgumentError: By `init`, if a label has no transformation.

    Example:
        >>> import thalweg as tw
        >>> groups = tw.optim.partition(
        ...     {"fast": tw.optim.sgd(1.0), "frozen": tw.optim.set_to_zero()},
        ...     {"w": "fast", "b": "frozen"},
        ... )
        >>> gradients = {"w": tw.Tensor(2.0), "b": tw.Tensor(2.0)}
        >>> groups.update(gradients, groups.init(gradients))[0]
        {'w': tensor(-2.), 'b': tensor(0.)}
    """
    inner = {label: as_transformation(each) for label, each in transforms.items()}

    def group(labels: Tree, label: Any) -> GradientTransformation:
        mask = tree.map(lambda found: bool(found == label), labels)
        return masked(inner[label], mask, mask_compatible_extra_args=mask_compatible_extra_args)

    def init(params: Params) -> PartitionState:
        labels = of_users(param_labels)(params) if callable(param_labels) else param_labels
        unknown = [label for label in tree.leaves(labels) if label not in inner]
        if unknown:
            raise ArgumentError(
                f"partition got a parameter labelled {unknown[0]!r}, but transformations for "
                f"{', '.join(map(repr, inner))}. Add one for {unknown[0]!r} or change the label."
            )
        return PartitionState({label: group(labels, label).init(params) for label in inner})

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        labels = of_users(param_labels)(updates) if callable(param_labels) else param_labels
        states = {}
        for label in inner:
            updates, states[label] = group(labels, label).update(
                updates, state.inner_states[label], params, **extra
            )
        return updates, PartitionState(states)

    return GradientTransformationExtraArgs(init, update)


# Optax's older names.
multi_transform = partition

MultiTransformState = PartitionState
