"""Data and parameters as the caller gives them, checked once, and how a run goes through rows."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from thalweg import tree
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, make
from thalweg.data.memory import require_memory
from thalweg.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    GradientError,
    ShapeError,
    did_you_mean,
    shown,
)
from thalweg.optim import GradientTransformation
from thalweg.training.checks.finite import FINITE, column_name, is_finite, require_finite

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaves of a tree as arrays, and its structure."""

    arrays: list[Array]
    definition: tree.TreeDef

    @property
    def specs(self) -> list[Spec]:
        """The shapes and dtypes of the leaves."""
        return [Spec(array.shape, array.dtype) for array in self.arrays]


@dataclass(frozen=True, slots=True)
class Data(Leaves):
    """The leaves of the caller's data, which share their first axis; `rows` is its length.

    `given` keeps the caller's own leaves, for the names of their columns.
    """

    rows: int
    given: list[Any]


def read_data(data: Any, loss: Callable[..., Any], name: str = "data") -> Data:
    """Flatten data into contiguous arrays that share axis 0.

    Args:
        data: None, an array, or a tuple or dict of (trees of) arrays.
        loss: The function they are for; its parameters name them in errors.
        name: What to call the whole in errors.

    Raises:
        DataError: If there are no rows, or one holds NaN or an infinity, or a needed copy does
            not fit in memory.
        ShapeError: If the arrays differ in length.
        DtypeError: If an array does not hold numbers.
    """
    leaves, definition = tree.flatten(arguments(data))
    _require_aligned(leaves, data, loss, name)
    arrays = []
    for i, leaf in enumerate(leaves):
        if type(leaf) is np.ndarray and _is_ready(leaf):
            arrays.append(leaf)
        else:
            arrays.append(_read_leaf(leaf, leaf_names(data, loss, name)[i]))
    rows = 1
    if arrays:
        rows = arrays[0].shape[0] if arrays[0].ndim else 0
    if any(not a.ndim or a.shape[0] != rows for a in arrays) or rows == 0:
        _refuse_lengths(arrays, leaf_names(data, loss, name))
    found = Data(arrays, definition, rows, leaves)
    if not all(FINITE.holds(array) or is_finite(array) for array in arrays):
        require_finite(arrays, leaves, leaf_names(data, loss, name))
    for array in arrays:
        FINITE.note(array)
    return found


def _require_aligned(leaves: list[Any], data: Any, loss: Callable[..., Any], name: str) -> None:
    """Refuse pandas objects whose rows are labelled differently: they would meet by position."""
    labelled = [(i, leaf.index) for i, leaf in enumerate(leaves) if hasattr(leaf, "iloc")]
    for i, index in labelled[1:]:
        first, labels = labelled[0]
        # Another length is refused where lengths are compared.
        if len(index) != len(labels) or index.equals(labels):
            continue
        names = leaf_names(data, loss, name)
        both = list(zip(labels.tolist(), index.tolist(), strict=True))
        row = next((k for k, (a, b) in enumerate(both) if a != b), 0)
        raise DataError(
            f"{names[first]} and {names[i]} have different indexes: row {row} is "
            f"{shown(both[row][0])} in the one and {shown(both[row][1])} in the other, and "
            "training goes by position. Bring them into one order, as by y.loc[X.index]; or give "
            "them by position, as by y.to_numpy()."
        )


def arguments(data: Any) -> Any:
    """Return data as the loss's further arguments: a tuple, or a dict for keywords.

    A list of arrays stands for the tuple of them, a list of numbers for an array.
    """
    if data is None:
        return ()
    if isinstance(data, dict):
        return {name: _array_of(value) for name, value in data.items()}
    if isinstance(data, list):
        data = _array_of(data)
    if isinstance(data, (tuple, list)):
        return tuple(map(_array_of, data))
    return (data,)


def _array_of(value: Any) -> Any:
    """Return a list of numbers, or of rows of numbers, as an array; anything else as it is."""
    if type(value) is not list or not _is_table(value):
        return value
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ShapeError(
            f"A list of data is no table ({error}). Give rows of equal length, or arrays."
        ) from error


def _is_table(value: list[Any]) -> bool:
    rest = [item for item in value if not isinstance(item, (int, float))]
    if any(isinstance(item, (dict, tuple)) for item in rest):
        return False
    return all(_is_table(i) if type(i) is list else np.ndim(i) == 0 for i in rest)


def _is_ready(array: Array) -> bool:
    numbers = array.dtype.kind in "fiub"
    return numbers and array.flags.c_contiguous and array.dtype.isnative


def _read_leaf(leaf: Any, name: str) -> Array:
    """Return a leaf as a contiguous array of numbers; refuse before a copy that does not fit."""
    if isinstance(leaf, Tensor):
        require_no_gradient(leaf, name)
        leaf = leaf.numpy()
    if hasattr(leaf, "tocsr"):
        size = math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize
        require_memory(size, f"{name} is sparse, and trained on densely it")
        leaf = leaf.toarray()
    if isinstance(leaf, np.ma.MaskedArray) and np.ma.is_masked(leaf):
        raise DataError(
            f"{name} is a masked array with {int(leaf.mask.sum())} masked values, but training "
            "needs a number in each place. Drop those rows, or fill them in with filled(value)."
        )
    try:
        array = np.asarray(leaf)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DtypeError(
            f"{name} is a {type(leaf).__name__}, which NumPy cannot read as an array ({error}). "
            "Give arrays of numbers."
        ) from error
    if array.dtype.kind == "O":
        array = as_numbers(array, leaf, name)
    if array.dtype.kind not in "fiub":
        raise DtypeError(
            f"{name} has dtype {array.dtype}, but a loss works on real numbers. "
            "Encode text, dates and objects as numbers first."
        )
    if not _is_ready(array):
        require_memory(array.nbytes, f"{name}, of shape {array.shape}, is not contiguous; its copy")
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    # A subclass such as np.memmap is read through its plain view.
    return array.view(np.ndarray)


def leaf_names(data: Any, loss: Callable[..., Any], name: str = "data") -> list[str]:
    """Name each array: by the loss's parameter or the dict's key, and its place below that."""
    args = arguments(data)
    if isinstance(args, dict):
        return [f"{name}{path}" for path in tree.paths(args)]
    known = parameter_names(loss)[1:] if name == "data" else []
    names = []
    for position, value in enumerate(args):
        whole = f"{name}[{position}]" if isinstance(data, (tuple, list)) else name
        for path in tree.paths(value):
            label = f" ({known[position]}{path})" if position < len(known) else ""
            names.append(f"{whole}{path}{label}")
    return names


def parameter_names(loss: Callable[..., Any]) -> list[str]:
    """Return the names of a loss's positional parameters, if it tells them."""
    try:
        parameters = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional]


def _refuse_lengths(arrays: list[Array], names: list[str]) -> None:
    for array, name in zip(arrays, names, strict=True):
        if array.ndim == 0:
            advice = "Put constants into the loss itself: lambda params, X: loss(params, X, 0.5)."
            if name == "validation":
                advice = (
                    "Hold out rows yourself: data=(X[:80], y[:80]), validation=(X[80:], y[80:])."
                )
            raise ShapeError(f"{name} is a single number, but data are arrays of rows. {advice}")
    shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(names, arrays, strict=True))
    if len({array.shape[0] for array in arrays}) > 1:
        raise ShapeError(
            f"The data differ in their number of rows: {shapes}. "
            "All arrays must be equally long along axis 0; check how they were split or filtered."
        )
    raise DataError(
        f"The data have no rows: {shapes}. A fit needs at least one row; check the filter or the "
        "file they come from."
    )


Shuffle = Literal["epoch", "once", False]

_INT32 = np.dtype(np.int32)

_ROWS_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Batches:
    """The layout of an epoch.

    Attributes:
        rows: How many rows the data have.
        batch_size: The rows of a batch; 0 if each step uses the data whole.
        remainder: The rows of an epoch's last, smaller batch; 0 if there is none.
        shuffle: "epoch", "once" or False.
        seed: What the order follows from.
    """

    rows: int
    batch_size: int
    remainder: int
    shuffle: Shuffle
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch."""
        if self.batch_size == 0:
            return 1
        return self.rows // self.batch_size + (self.remainder > 0)

    @property
    def reshuffled(self) -> bool:
        """Whether each epoch has an order of its own."""
        return self.shuffle == "epoch" and self.batch_size > 0

    def specs(self) -> list[Spec]:
        """Return the specs of the row numbers of a full batch and of the remainder."""
        sizes = [size for size in (self.batch_size, self.remainder) if size]
        return [Spec((size,), _INT32) for size in sizes]

    def order(self) -> Array | None:
        """Return the order of the rows, or None where each epoch draws its own."""
        if self.batch_size == 0 or self.reshuffled:
            return None
        order = np.arange(self.rows)
        if self.shuffle == "once":
            np.random.default_rng(self.seed).shuffle(order)
        return order.astype(_INT32)


def read_batches(
    rows: int, batch_size: Any, shuffle: Any, seed: Any, drop_last: bool, has_data: bool
) -> Batches:
    """Check the arguments that lay out an epoch.

    Raises:
        ArgumentError: If one is outside its range.
        DataError: If the rows cannot be numbered in 32 bits.
    """
    if shuffle not in ("epoch", "once") and shuffle is not False:
        guess = did_you_mean(shuffle, ("epoch", "once")) if isinstance(shuffle, str) else ""
        raise ArgumentError(
            f"shuffle={shuffle!r} was given.{guess} It wants 'epoch' (a new order each epoch), "
            "'once' (one order for all) or False (the order of the data)."
        )
    seed = whole_number("seed", seed, 0, "It is a whole number, such as 0.")
    if batch_size is None:
        return Batches(rows, 0, 0, shuffle, seed)
    advice = "Choose one from 1 to the number of rows, or None to use all rows at each step."
    size = whole_number("batch_size", batch_size, 1, advice)
    if not has_data:
        raise ArgumentError(
            f"batch_size={size} was given, but data is None: there are no rows to draw from. "
            "Leave batch_size out."
        )
    if size > rows:
        raise ArgumentError(
            f"batch_size={size} was given, but the data have only {rows} rows. {advice}"
        )
    if rows > _ROWS_LIMIT:
        raise DataError(
            f"The data have {rows} rows, but batches are drawn from at most {_ROWS_LIMIT}. "
            "Train on a part of them, or set batch_size=None."
        )
    return Batches(rows, size, 0 if drop_last else rows % size, shuffle, seed)


def whole_number(name: str, value: Any, low: int, advice: str) -> int:
    """Return a whole number as an int.

    Raises:
        ArgumentError: If it is something else, or less than `low`.
    """
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < low:
        raise ArgumentError(
            f"{name}={value!r} was given, but {name} must be a whole number of at least {low}. "
            f"{advice}"
        )
    return number


def as_numbers(array: Array, given: Any, name: str) -> Array:
    """Return an array of objects as float64, if all of them are numbers.

    Args:
        array: The objects, of any shape.
        given: What the caller gave; the names of its columns are told.
        name: What to call it.

    Raises:
        DataError: If a value is missing.
        DtypeError: If one is no number.
    """
    for place in np.ndindex(array.shape):
        value = array[place]
        if isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
            continue
        where = f" in column {column_name(given, place[1])}" if len(place) > 1 else ""
        row = f", row {place[0]}" if place else ""
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            raise DataError(
                f"{name} lacks a value{where}{row}, but training needs a number in each place. "
                "Drop those rows, or fill them in, for example with the column's mean."
            )
        raise DtypeError(
            f"{name} has dtype object and holds {_short(value)}{where}{row}, but a loss works on "
            "real numbers. Encode text, dates and objects as numbers first."
        )
    return array.astype(np.float64)


def _short(value: Any) -> str:
    text = repr(value)
    return f"{text[:40]}…" if len(text) > 40 else text


@dataclass(frozen=True, slots=True)
class Parameters(Leaves):
    """The leaves of the caller's parameters, and what the caller had in their places."""

    kinds: tuple[type, ...]

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


def read_state(optimizer: GradientTransformation, params: Parameters) -> StateLeaves:
    """Return the optimizer's initial state for parameters, as arrays, and its hyperparameters."""
    leaves, definition = tree.flatten(optimizer.init(params.tensors()))
    arrays = [leaf.numpy() if isinstance(leaf, Tensor) else np.asarray(leaf) for leaf in leaves]
    numbers = optimizer.hyperparameters
    for name, number in numbers.items():
        if isinstance(number, Tensor):
            require_no_gradient(number, f"the optimizer's {name}")
    scalars = np.array([float(value) for value in numbers.values()])
    return StateLeaves(arrays, definition, scalars, list(numbers))


def with_carried(state: StateLeaves, carried: Any) -> StateLeaves:
    """Return the state of an optimizer followed by that of the loss, a tree of arrays."""
    both = (tree.unflatten(state.definition, state.arrays), carried)
    leaves, definition = tree.flatten(both)
    return replace(state, arrays=[np.asarray(leaf) for leaf in leaves], definition=definition)


@dataclass(frozen=True, slots=True)
class StateLeaves(Leaves):
    """The leaves of an optimizer's state, and its numbers with their names."""

    scalars: Array
    names: list[str]
