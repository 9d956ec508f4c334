"""Nested tensors in a file: what `tw.save` writes, such as a module's state, and `tw.load` reads.

Every array stands once, however often it occurs; around them is JSON, so reading runs no code.
"""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.core.size import Size
from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, TracingError
from thalweg.nn.parameter import Buffer, Parameter
from thalweg.training import storage

Array = np.ndarray[Any, Any]

# The name in a file, and how a tensor of the kind is made.
_KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "tensor": lambda tensor: tensor,
    "parameter": lambda tensor: Parameter(tensor),
    "buffer": lambda tensor: Buffer(tensor),
}


def save(obj: Any, f: str | os.PathLike[str]) -> None:
    """Write nested tensors to a file, such as `model.state_dict()` or an optimizer's.

    After a crash there is the file that was there before, or the new one.

    Args:
        obj: Tensors, arrays, numbers, text, None and dtypes, in any nesting of dictionaries,
            lists and tuples. Tensors on the same memory are so again when they are read.
        f: The path of the file, a safetensors file.

    Raises:
        ArgumentError: If something else is inside.
        CheckpointError: If the file cannot be written.

    Example:
        >>> import os, tempfile
        >>> import thalweg as tw
        >>> model = tw.nn.Linear(2, 1)
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> tw.save(model.state_dict(), path)
        >>> tw.nn.Linear(2, 1).load_state_dict(tw.load(path))
        <All keys matched successfully>
    """
    if not isinstance(f, (str, os.PathLike)):
        raise ArgumentError(
            f"save got {f!r} as the file; it wants a path, as it writes the file whole or not at "
            "all. Give its name."
        )
    writer = _Writer()
    facts = {"saved": writer.written(obj, "")}
    storage.write(f, writer.arrays, facts)


def rebuilt(arrays: Mapping[str, Array], facts: Any) -> Any:
    """Return what `save` wrote."""
    return _read(facts["saved"], arrays)


class _Writer:
    """What stands for an object in a file, and the arrays it consists of."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._known: dict[Any, str] = {}
        self._held: list[Array] = []

    def written(self, value: Any, where: str) -> Any:
        """Return JSON for a value; `where` it is tells of what cannot be written."""
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, np.generic):
            return _number(value)
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
            kind = "array" if isinstance(value, np.ndarray) else "scalar"
            return _held(kind, self._named(np.asarray(value)), dtype=value.dtype.name)
        if isinstance(value, Mapping):
            kind = "ordered" if isinstance(value, OrderedDict) else "dict"
            items = value.items()
            return _held(
                kind,
                [[self.written(k, where), self.written(v, f"{where}[{k!r}]")] for k, v in items],
            )
        if isinstance(value, (list, tuple)):
            kind = (
                "size"
                if isinstance(value, Size)
                else "list"
                if isinstance(value, list)
                else "tuple"
            )
            return _held(kind, [self.written(v, f"{where}[{i}]") for i, v in enumerate(value)])
        if isinstance(value, complex):
            return _held("complex", [_number(value.real), _number(value.imag)])
        if isinstance(value, np.dtype) or (
            isinstance(value, type) and issubclass(value, np.generic)
        ):
            return _held("dtype", np.dtype(value).name)
        raise ArgumentError(
            f"save got a {type(value).__name__}{where and f' at {where}'}; it wants tensors, "
            "arrays, numbers, text and None in dictionaries, lists and tuples. Of a model or an "
            "optimizer give state_dict()."
        )

    def _tensor(self, tensor: Tensor) -> dict[str, Any]:
        if tensor.is_symbolic:
            raise TracingError(
                "save got a tensor that is being traced, which has no values yet. Save it outside "
                "the traced function."
            )
        kind = "tensor"
        if isinstance(tensor, (Parameter, Buffer)):
            kind = "parameter" if isinstance(tensor, Parameter) else "buffer"
        name = self._named(tensor.array)
        return _held(kind, name, dtype=tensor.dtype.name, grad=tensor.requires_grad)

    def _named(self, array: Array) -> str:
        place = array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str
        key = place if array.size else object()
        if key not in self._known:
            name = self._known[key] = str(len(self.arrays))
            self._held.append(array)
            # safetensors knows no complex128: pairs of real numbers stand for complex ones.
            real = np.stack([array.real, array.imag], -1) if array.dtype.kind == "c" else array
            self.arrays[name] = real
        return self._known[key]


def _held(kind: str, value: Any, **facts: Any) -> dict[str, Any]:
    return {"kind": kind, "held": value, **facts}


def _number(value: float) -> Any:
    whole = isinstance(value, int) or math.isfinite(value)
    return value if whole else _held("float", repr(value))


def _read(facts: Any, arrays: Mapping[str, Array], known: dict[str, Array] | None = None) -> Any:
    known = {} if known is None else known
    if not isinstance(facts, dict):
        return facts

    def parts(given: Any) -> list[Any]:
        return [_read(part, arrays, known) for part in given]

    kind, held = facts["kind"], facts["held"]
    if kind in ("dict", "ordered"):
        pairs = [tuple(parts(pair)) for pair in held]
        return OrderedDict(pairs) if kind == "ordered" else dict(pairs)
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](parts(held))
    if kind == "float":
        return float(held)
    if kind == "complex":
        return complex(*parts(held))
    if kind == "dtype":
        return np.dtype(held)
    if held not in known:
        found = arrays[held].copy()
        wide = np.dtype(facts["dtype"])
        known[held] = found.view(wide)[..., 0] if wide.kind == "c" else found
    array = known[held]
    if kind in ("array", "scalar"):
        return array if kind == "array" else array[()]
    tensor = _KINDS[kind](make(array))
    tensor.requires_grad = facts["grad"]
    return tensor


_SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {"list": list, "size": Size, "tuple": tuple}
