"""A transformation's state among the states that PyTorch keeps of each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from thalweg import tree
from thalweg.errors import ArgumentError

# What is remembered of one parameter.
State = dict[str, Any]


class ParameterName(str):
    """The name of a parameter in a transformation's trees, unlike any key of its own."""

    __slots__ = ()


class Remembered(NamedTuple):
    """One leaf of a transformation's state."""

    owner: int | None  # the position of its parameter; None if it belongs to all of a group
    name: str  # its key in the state of a parameter


class StateLayout:
    """How the state of a transformation is parted among parameters that it sees together.

    A leaf below the name of a parameter is kept with that parameter, under the name of its field.
    What belongs to all, such as a count of steps, is one tensor, kept with each of them.

    Args:
        state: What `init` returned for the parameters.
        names: Their names.
    """

    def __init__(self, state: Any, names: Sequence[ParameterName]) -> None:
        self.structure = tree.structure(state)
        owners = {name: position for position, name in enumerate(names)}
        paths = [_described(accessor, owners) for accessor in self.structure.accessors()]
        lasts = [(owner, fields[-1]) for owner, fields in paths]
        # A field that several have goes by the whole way to it, with all parameters alike.
        repeated = {field for owner, field in lasts if lasts.count((owner, field)) > 1}
        repeated |= {f for o, f in lasts if o is not None and (None, f) in lasts}
        self.leaves = [
            Remembered(owner, ".".join(fields) if fields[-1] in repeated else fields[-1])
            for owner, fields in paths
        ]

    def missing(self, states: Sequence[State]) -> bool:
        """Tell whether the states of parameters lack anything."""
        return any(
            leaf.name not in state
            for leaf in self.leaves
            for state in (states if leaf.owner is None else [states[leaf.owner]])
        )

    def begin(self, state: Any, states: Sequence[State], all_states: Sequence[State]) -> None:
        """Fill in what the states of parameters lack, from what `init` returned for them.

        Args:
            state: What `init` returned.
            states: The states of the parameters that are stepped.
            all_states: Those of the whole group; what belongs to all is there if any has it.
        """
        for leaf, value in zip(self.leaves, tree.leaves(state), strict=True):
            if leaf.owner is not None:
                states[leaf.owner].setdefault(leaf.name, value)
                continue
            known = next((s[leaf.name] for s in all_states if leaf.name in s), value)
            for each in (*states, *(s for s in all_states if s)):
                each[leaf.name] = known

    def read(self, states: Sequence[State]) -> list[Any]:
        """Return the leaves of the transformation's state."""
        return [states[leaf.owner or 0][leaf.name] for leaf in self.leaves]

    def keep(
        self, leaves: Sequence[Any], states: Sequence[State], all_states: Sequence[State]
    ) -> None:
        """Take the leaves of the transformation's new state."""
        for leaf, value in zip(self.leaves, leaves, strict=True):
            if leaf.owner is not None:
                states[leaf.owner][leaf.name] = value
                continue
            for each in all_states:
                if each:
                    each[leaf.name] = value


def _described(
    accessor: Any, owners: Mapping[ParameterName, int]
) -> tuple[int | None, tuple[str, ...]]:
    """Return whose a leaf is, and the way to it."""
    owner, fields = None, []
    for step in accessor:
        if isinstance(step.entry, ParameterName):
            owner = owners[step.entry]
        else:
            fields.append(str(getattr(step, "field", step.entry)))
    return owner, tuple(fields) or ("state",)


def restored(saved: State, begun: State, device: torch.device) -> State:
    """Return a parameter's state as it was saved: copies on its device, in the dtypes it has.

    Floating numbers take the dtype that the state has of itself for this parameter; all else,
    as counts and random bits, stays what it was.

    Args:
        saved: What was saved.
        begun: What the transformation begins with for this parameter.
        device: The parameter's device.

    Raises:
        ArgumentError: If something is missing.
    """
    missing = begun.keys() - saved.keys()
    if missing:
        raise ArgumentError(
            f"The saved state of a parameter has {', '.join(map(str, saved))}; this optimizer "
            f"remembers {', '.join(begun)}. Load it into one of the same transformation."
        )
    return {name: _restored(value, begun.get(name), device) for name, value in saved.items()}


def _restored(value: Any, like: Any, device: torch.device) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    floating = isinstance(like, torch.Tensor) and value.is_floating_point()
    dtype = like.dtype if floating and like.is_floating_point() else value.dtype
    return value.detach().to(device=device, dtype=dtype, copy=True)
