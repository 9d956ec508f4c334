"""Statistics of float16 kept in float32: squares of small float16 are 0, those of large ones ∞."""

from __future__ import annotations

from typing import Any

from thalweg import tree
from thalweg.core.spec import FLOAT16, FLOAT32
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import spec_of
from thalweg.optim.leaves import cast_like, each
from thalweg.optim.transformation import GradientTransformation, OptState, Params, Updates
from thalweg.tree import Tree


def in_single(init: Any, update: Any) -> GradientTransformation:
    """Return a transformation that computes with float16 leaves in float32.

    An eps of 10⁻⁸ is 0 in float16 too, so that an average of zeros divided by its root would be
    NaN. The state is float32; updates have the gradients' dtype.
    """

    def init_widened(params: Params) -> OptState:
        return init(_widened(params))

    def update_widened(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        wide = _widened(updates)
        if wide is updates:
            found: tuple[Updates, OptState] = update(updates, state, params, **extra)
            return found
        computed, kept = update(wide, state, _widened(params), **extra)
        return cast_like(computed, updates), kept

    return GradientTransformation(init_widened, update_widened)


def _widened(leaves: Tree) -> Tree:
    """Return a tree with float32 in place of float16; the tree itself if there is none."""
    if all(spec_of(leaf).dtype != FLOAT16 for leaf in tree.leaves(leaves)):
        return leaves

    def widened(x: Tensor) -> Tensor:
        return astype(x, FLOAT32) if x.dtype == FLOAT16 else x

    return each(widened, leaves)
