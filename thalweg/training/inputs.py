"""Parameters and data as the caller gives them: checked once, converted without needless copies."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, DataError, DtypeError, ShapeError
from thalweg.optim import GradientTransformation
from thalweg.training.memory import require_memory

Array = np.ndarray[Any, Any]

# Rows are looked at this many elements at a time, to need little memory.
_BLOCK = 2**20


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
    leaves, definition = tree.flatten(params)
    arrays = [_parameter(leaf) for leaf in leaves]
    found = Parameters(arrays, definition, tuple(map(type, leaves)))
    if not leaves:
        raise ArgumentError(
            f"params={params!r} was given, which holds no array. "
            "Give a tree of arrays or numbers, such as np.zeros(3) or {'w': w, 'b': 0.0}."
        )
    for i, array in enumerate(arrays):
        if array.dtype.kind != "f" or not array.dtype.isnative:
            raise DtypeError(
                f"{found.paths()[i]} has dtype {array.dtype}, but parameters must be floating: "
                "an integer cannot move by a fraction. Convert it with astype(float), or write "
                "2.0 for 2."
            )
        if not is_finite(array):
            raise DataError(
                f"{found.paths()[i]} holds values that are not finite, but training starts from "
                "finite parameters. Replace the NaN or infinity there."
            )
    return found


def _parameter(leaf: Any) -> Array:
    if type(leaf) is np.ndarray and leaf.flags.c_contiguous:
        return leaf
    if isinstance(leaf, Tensor):
        leaf = leaf.numpy()
    try:
        return np.asarray(leaf, order="C")
    except (TypeError, ValueError) as error:
        raise DtypeError(
            f"params holds a {type(leaf).__name__}, which NumPy cannot read as an array "
            f"({error}). Give arrays or numbers."
        ) from error


def read_state(optimizer: GradientTransformation, params: Parameters) -> State:
    """Return the optimizer's initial state for parameters, as arrays, and its hyperparameters."""
    leaves, definition = tree.flatten(optimizer.init(params.tensors()))
    arrays = [leaf.numpy() if isinstance(leaf, Tensor) else np.asarray(leaf) for leaf in leaves]
    numbers = optimizer.hyperparameters
    scalars = np.array([float(value) for value in numbers.values()])
    return State(arrays, definition, scalars, list(numbers))


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


@dataclass(frozen=True, slots=True)
class Data:
    """The leaves of the caller's data, which share their first axis; `rows` is its length.

    `given` keeps the caller's own leaves, for the names of their columns.
    """

    arrays: list[Array]
    definition: tree.TreeDef
    rows: int
    given: list[Any]

    @property
    def specs(self) -> list[Spec]:
        """The shapes and dtypes of the leaves."""
        return [Spec(array.shape, array.dtype) for array in self.arrays]


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
    arrays = []
    for i, leaf in enumerate(leaves):
        if type(leaf) is np.ndarray and _is_ready(leaf):
            arrays.append(leaf)
        else:
            arrays.append(_converted(leaf, leaf_names(data, loss, name)[i]))
    rows = 1
    if arrays:
        rows = arrays[0].shape[0] if arrays[0].ndim else 0
    if any(not a.ndim or a.shape[0] != rows for a in arrays) or rows == 0:
        _refuse_lengths(arrays, leaf_names(data, loss, name))
    found = Data(arrays, definition, rows, leaves)
    for i, array in enumerate(arrays):
        if not is_finite(array):
            raise DataError(_not_finite(array, leaves[i], leaf_names(data, loss, name)[i]))
    return found


def arguments(data: Any) -> Any:
    """Return data as the loss's further arguments: a tuple, or a dict for keywords."""
    if data is None:
        return ()
    if isinstance(data, (tuple, dict)):
        return data
    if isinstance(data, list) and data and all(hasattr(item, "shape") for item in data):
        return tuple(data)
    return (data,) if not isinstance(data, list) else (np.asarray(data),)


def _is_ready(array: Array) -> bool:
    kind = array.dtype.kind in "fiub"
    return kind and array.flags.c_contiguous and array.dtype.isnative


def _converted(leaf: Any, name: str) -> Array:
    """Return a leaf as a contiguous array of numbers; refuse before a copy that does not fit."""
    if isinstance(leaf, Tensor):
        leaf = leaf.numpy()
    if hasattr(leaf, "tocsr"):
        size = math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize
        require_memory(size, f"{name} is sparse, and trained on densely it")
        leaf = leaf.toarray()
    try:
        array = np.asarray(leaf)
    except (TypeError, ValueError) as error:
        raise DtypeError(
            f"{name} is a {type(leaf).__name__}, which NumPy cannot read as an array ({error}). "
            "Give arrays of numbers."
        ) from error
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
    known = _parameter_names(loss) if name == "data" else []
    names = []
    for position, value in enumerate(args):
        whole = f"{name}[{position}]" if isinstance(data, (tuple, list)) else name
        for path in tree.paths(value):
            label = f" ({known[position]}{path})" if position < len(known) else ""
            names.append(f"{whole}{path}{label}")
    return names


def _parameter_names(loss: Callable[..., Any]) -> list[str]:
    """Return the names of a loss's positional parameters after the first."""
    try:
        parameters = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional][1:]


def _refuse_lengths(arrays: list[Array], names: list[str]) -> None:
    for array, name in zip(arrays, names, strict=True):
        if array.ndim == 0:
            raise ShapeError(
                f"{name} is a single number, but data are arrays of rows. Put constants into the "
                "loss itself: lambda params, X: loss(params, X, 0.5)."
            )
    lengths = {array.shape[0] for array in arrays}
    if len(lengths) > 1:
        shapes = ", ".join(f"{n} {a.shape}" for n, a in zip(names, arrays, strict=True))
        raise ShapeError(
            f"The data differ in their number of rows: {shapes}. "
            "All arrays must be equally long along axis 0; check how they were split or filtered."
        )
    empty = ", ".join(f"{n} {a.shape}" for n, a in zip(names, arrays, strict=True))
    raise DataError(
        f"The data have no rows: {empty}. A fit needs at least one row; check the filter or the "
        "file they come from."
    )


# ---- values that are not finite


def is_finite(array: Array) -> bool:
    """Tell whether all values are finite."""
    if array.dtype.kind != "f":
        return True
    if array.size <= _BLOCK:
        return bool(np.isfinite(array).all())
    flat = array.reshape(-1)
    blocks = range(0, flat.size, _BLOCK)
    return all(bool(np.isfinite(flat[i : i + _BLOCK]).all()) for i in blocks)


def _not_finite(array: Array, given: Any, name: str) -> str:
    """Say where an array is not finite: its first bad column and that column's first rows."""
    table = array.reshape(len(array), -1)
    rows_per_block = max(1, _BLOCK // max(1, table.shape[1]))
    bad_rows: list[int] = []
    column = -1
    count = 0
    for start in range(0, len(table), rows_per_block):
        rows, columns = np.nonzero(~np.isfinite(table[start : start + rows_per_block]))
        if column < 0 and columns.size:
            column = int(columns.min())
        rows = rows[columns == column] + start
        count += rows.size
        bad_rows += [int(row) for row in rows[: 3 - len(bad_rows)]]
    values = sorted({_spelt(table[row, column]) for row in bad_rows})
    where = f"column {_column_name(given, column)}, " if array.ndim > 1 else ""
    listed = ", ".join(map(str, bad_rows))
    more = f" and {count - len(bad_rows)} more" if count > len(bad_rows) else ""
    plural = "row" if count == 1 else "rows"
    return (
        f"{name} holds {' and '.join(values)} in {where}{plural} {listed}{more}, but training "
        "needs finite numbers: one such value makes every parameter NaN. Drop those rows, or "
        "fill them in, for example with the column's mean."
    )


def _spelt(value: float) -> str:
    return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _column_name(given: Any, column: int) -> str:
    names = getattr(given, "columns", None)
    if names is not None and len(names) > column:
        return f"{column} ({str(names[column])!r})"
    return str(column)
