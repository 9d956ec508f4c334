"""Parameters as the caller gives them, and the optimizer's state for them, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, DataError, DtypeError, GradientError
from thalweg.optim import GradientTransformation
from thalweg.training.checks.finite import is_finite

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Parameters:
    """The leaves of the caller's parameters, and what the caller had in their places."""

    arrays: list[Array]
    definition: tree.TreeDef
    kinds: tuple[type, ...]

    @property
    def specs(self) -> list[Spec]:
        """The shapes and dtypes of the leaves."""
        return [Spec(array.shape, array.dtype) for array in self.arrays]

    def tensors(self) -> Any:
        """Return the tree with tensors for leaves."""
        return tree.unflatten(self.definition, [make(array) for array in self.arrays])

    def paths(self) -> list[str]:
        """Name each leaf as Python would reach it: `params['w'][0]`."""
        return [f"params{path}" for path in tree.paths(self.tensors())]


def read_parameters(params: Any) -> Parameters:
    """Flatten parameters into contiguous floating arrays.

    Raises:
        DtypeError: If a leaf is not floating.
        ArgumentError: If there is no leaf.
        DataError: If a value is not finite.
    """
    leaves, definition = tree.flatten_parameters(params)
    arrays = [_parameter(leaf) for leaf in leaves]
    found = Parameters(arrays, definition, tuple(map(type, leaves)))
    if not leaves:
        raise ArgumentError(
            f"params={params!r} was given, which holds no array. "
            "Give a tree of arrays or numbers, such as np.zeros(3) or {'w': w, 'b': 0.0}."
        )
    for i, array in enumerate(arrays):
        if array.dtype.kind == "O":
            raise DtypeError(
                f"{found.paths()[i]} is a {type(leaves[i]).__name__}, which is neither an array "
                "nor a tree that is known. Put arrays and numbers into dicts, lists, tuples or "
                "named tuples, register their class with optree, or make it a data class."
            )
        if array.dtype.kind != "f" or array.dtype.itemsize > 8:
            why = ": an integer cannot move by a fraction" if array.dtype.kind in "iub" else ""
            why = ", of at most 64 bits" if array.dtype.kind == "f" else why
            raise DtypeError(
                f"{found.paths()[i]} has dtype {array.dtype}, but parameters must be floating"
                f"{why}. Convert it with astype(float), or write 2.0 for 2. A field of a data "
                'class that is no parameter is declared by field(metadata={"static": True}).'
            )
        if not is_finite(array):
            raise DataError(
                f"{found.paths()[i]} holds values that are not finite, but training starts from "
                "finite parameters. Replace the NaN or infinity there."
            )
    return found


def _parameter(leaf: Any) -> Array:
    if type(leaf) is np.ndarray and leaf.flags.c_contiguous and leaf.dtype.isnative:
        return leaf
    if isinstance(leaf, Tensor):
        require_no_gradient(leaf, "a parameter to start from")
        leaf = leaf.numpy()
    try:
        array = np.asarray(leaf, order="C")
    except (TypeError, ValueError, RuntimeError) as error:
        raise DtypeError(
            f"params holds a {type(leaf).__name__}, which NumPy cannot read as an array "
            f"({error}). Give arrays or numbers."
        ) from error
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def require_no_gradient(tensor: Tensor, role: str) -> None:
    """Refuse a tensor whose gradient is wanted where a run takes it as a constant.

    Raises:
        GradientError: If the tensor requires gradients.
    """
    if tensor.requires_grad:
        raise GradientError(
            f"fit got a tensor that requires grad as {role}, but a run is not differentiated: the "
            "gradient would be lost in it. Give x.detach(); or, to differentiate a training run, "
            "write its steps with optimizer.update and tw.grad inside the function."
        )


def read_state(optimizer: GradientTransformation, params: Parameters) -> State:
    """Return the optimizer's initial state for parameters, as arrays, and its hyperparameters."""
    leaves, definition = tree.flatten(optimizer.init(params.tensors()))
    arrays = [leaf.numpy() if isinstance(leaf, Tensor) else np.asarray(leaf) for leaf in leaves]
    numbers = optimizer.hyperparameters
    for name, number in numbers.items():
        if isinstance(number, Tensor):
            require_no_gradient(number, f"the optimizer's {name}")
    scalars = np.array([float(value) for value in numbers.values()])
    return State(arrays, definition, scalars, list(numbers))


def with_carried(state: State, carried: Any) -> State:
    """Return the state of an optimizer followed by that of the loss, a tree of arrays."""
    both = (tree.unflatten(state.definition, state.arrays), carried)
    leaves, definition = tree.flatten(both)
    return State([np.asarray(leaf) for leaf in leaves], definition, state.scalars, state.names)


@dataclass(frozen=True, slots=True)
class State:
    """The leaves of an optimizer's state, and its numbers with their names."""

    arrays: list[Array]
    definition: tree.TreeDef
    scalars: Array
    names: list[str]

    @property
    def specs(self) -> list[Spec]:
        """The shapes and dtypes of the leaves."""
        return [Spec(array.shape, array.dtype) for array in self.arrays]
