"""Parameters that stay where they are."""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.optim.masking import masked, partition, resolved
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, Params, set_to_zero
from thalweg.tree import Tree

__all__ = ["freeze", "selective_transform"]


@factory
def freeze(mask: Any) -> GradientTransformation:
    """Set the updates of some parameters to zero; the others' pass through.

    Args:
        mask: A tree of booleans of the parameters' structure or a prefix of it, True where they
            stay where they are; or a function from parameters to one, or a pattern of names as
            `matching` has them.

    Raises:
        ShapeError: By `init` or `update`, if the mask does not fit the tree.
        ArgumentError: By `init`, if a pattern matches no parameter.

    Example:
        >>> import thalweg as tw
        >>> frozen = tw.optim.freeze({"w": False, "b": True})
        >>> frozen.update({"w": 1.0, "b": 1.0}, frozen.init({"w": 0.0, "b": 0.0}))[0]
        {'w': 1.0, 'b': np.float64(0.0)}
    """
    return masked(set_to_zero(), mask)


@factory
def selective_transform(
    optimizer: GradientTransformation, *, freeze_mask: Any
) -> GradientTransformation:
    """Let an optimizer see some parameters alone; the others stay where they are, without a state.

    Args:
        optimizer: The optimizer of the parameters that move.
        freeze_mask: A tree of booleans of the parameters' structure or a prefix of it, True where
            they stay where they are; or a function from parameters to one, or a pattern of names
            as `matching` has them.

    Raises:
        ShapeError: By `init` or `update`, if the mask does not fit the tree.
        ArgumentError: By `init`, if a pattern matches no parameter.

    Example:
        >>> import thalweg as tw
        >>> half = tw.optim.selective_transform(tw.optim.sgd(1.0), freeze_mask=[False, True])
        >>> half.update([1.0, 1.0], half.init([0.0, 0.0]))[0]
        [np.float64(-1.0), np.float64(0.0)]
    """

    def labels(params: Params) -> Tree:
        chosen = resolved(freeze_mask, params)
        return tree.map(lambda frozen: "freeze" if frozen else "train", chosen)

    return partition({"train": optimizer, "freeze": set_to_zero()}, labels)
