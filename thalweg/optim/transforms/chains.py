"""Transformations applied one after another."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError
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

__all__ = ["chain", "named_chain"]


@factory
def chain(*args: GradientTransformation) -> GradientTransformation:
    """Apply transformations one after another; the state is the tuple of their states.

        u = fₙ(… f₂(f₁(g)) …)

    Args:
        args: Transformations, the first one nearest to the gradient.

    Raises:
        ArgumentError: If an argument is no transformation; by `update`, if the state is another's.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.adam(0.1))
        chain(clip_by_global_norm(max_norm=1.0), adam(learning_rate=0.1))
    """
    return _join(dict(enumerate(args)), lambda states: tuple(states.values()))


@factory
def named_chain(*args: tuple[str, GradientTransformation]) -> GradientTransformation:
    """Apply transformations one after another; the state is a dict of theirs by name.

    Args:
        args: Pairs of a name and a transformation.

    Raises:
        ArgumentError: If a name is given twice.

    Example:
        >>> import thalweg as tw
        >>> named = tw.optim.named_chain(
        ...     ("momentum", tw.optim.trace(0.9)), ("rate", tw.optim.scale(-1.0))
        ... )
        >>> list(named.init([0.0]))
        ['momentum', 'rate']
    """
    links = dict(args)
    if len(links) != len(args):
        raise ArgumentError(
            f"named_chain got the names {', '.join(repr(name) for name, _ in args)}. "
            "Give each transformation a name of its own."
        )
    return _join(links, OrderedDict)


def _join(
    given: dict[Any, GradientTransformation], packed: Callable[[dict[Any, OptState]], OptState]
) -> GradientTransformation:
    """Apply transformations one after another; `packed` makes a state of theirs by key."""
    links = {key: as_transformation(link) for key, link in given.items()}

    def init(params: Params) -> OptState:
        return packed({key: link.init(params) for key, link in links.items()})

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        if len(state) != len(links):
            raise ArgumentError(
                f"A chain of {len(links)} transformations got a state of {len(state)}. "
                "Give the state that its own init returned."
            )
        states = {}
        for key, link in links.items():
            updates, states[key] = link.update(updates, state[key], params, **extra)
        return updates, packed(states)

    return GradientTransformationExtraArgs(init, update)
