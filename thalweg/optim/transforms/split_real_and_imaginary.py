"""Complex leaves transformed as two real ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg import tree
from thalweg.ops.creation.creation import asarray, complex_of, spec_of
from thalweg.ops.elementwise.complex import imag, real
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
)
from thalweg.tree import Tree

__all__ = ["SplitRealAndImaginaryState", "split_real_and_imaginary"]


class SplitRealAndImaginaryArrays(NamedTuple):
    """A complex leaf as two real ones."""

    real: Any
    imaginary: Any


class SplitRealAndImaginaryState(NamedTuple):
    """The state of `split_real_and_imaginary`."""

    inner_state: OptState


def _is_complex(leaf: Any) -> bool:
    return spec_of(leaf).dtype.kind == "c"


def _split(leaves: Tree) -> Tree:
    return tree.map(
        lambda x: SplitRealAndImaginaryArrays(real(x), imag(x)) if _is_complex(x) else x, leaves
    )


@factory
def split_real_and_imaginary(inner: GradientTransformation) -> GradientTransformation:
    """Transform the real and the imaginary part of complex leaves as two leaves.

    Args:
        inner: The transformation, which sees real leaves alone.

    Raises:
        ArgumentError: If it is no transformation.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> apart = tw.optim.contrib.split_real_and_imaginary(tw.optim.clip(1.0))
        >>> g = np.array([3.0 - 0.5j])
        >>> apart.update(g, apart.init(g))[0]
        array([1.-0.5j])
    """
    transformation = as_transformation(inner)

    def init(params: Params) -> SplitRealAndImaginaryState:
        return SplitRealAndImaginaryState(transformation.init(_split(params)))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        parts = None if params is None else _split(params)
        moved, inner_state = transformation.update(
            _split(updates), state.inner_state, parts, **extra
        )
        rest = iter(tree.leaves(moved))
        found = tree.map(
            lambda g: (
                complex_of(asarray(next(rest)), asarray(next(rest)))
                if _is_complex(g)
                else next(rest)
            ),
            updates,
        )
        return found, SplitRealAndImaginaryState(inner_state)

    return GradientTransformation(init, update)
