"""Checkpoints of runs; and save and load, nested containers in one file that runs no code."""

from __future__ import annotations

import functools
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, make
from thalweg.errors import ArgumentError, CheckpointError, DtypeError
from thalweg.training import storage
from thalweg.training.inputs import Batches, whole_number
from thalweg.training.record import Record, Trees, read_record, record_of
from thalweg.training.result import Fit

Array = np.ndarray[Any, Any]

_PLAIN = (str, int, float, bool, type(None))

_MOST_BITS = 64

_DEEPEST = 100


def save(obj: Any, f: Any) -> None:
    """Write tensors, numbers and text, in dicts, lists and tuples, to a file that `load` reads.

    Args:
        obj: Such as a `state_dict()`, or a dict of several with the number of the epoch.
        f: A path, or a binary file that is open for writing. A file at a path is replaced whole
            or not at all.

    Raises:
        DtypeError: If something in it is of another type, such as a whole module.
        CheckpointError: If the file cannot be written.

    Example:
        >>> import os, tempfile
        >>> import thalweg as tw
        >>> import thalweg.torch as torch
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> model = torch.nn.Linear(2, 1)
        >>> tw.save({"model": model.state_dict(), "epoch": 3}, path)
        >>> found = tw.load(path)
        >>> found["epoch"], model.load_state_dict(found["model"])
        (3, <All keys matched successfully>)
    """
    arrays: list[Array] = []
    described = _describe(obj, "obj", arrays)
    named = {str(number): array for number, array in enumerate(arrays)}
    if hasattr(f, "write"):
        f.write(storage.pack(named, {"saved": described}))
    else:
        storage.write(f, named, {"saved": described})


def load(f: Any, map_location: Any = None, *, weights_only: bool | None = None) -> Any:
    """Read what `save`, `Fit.save` or a checkpoint wrote. Loading runs no code from the file.

    Args:
        f: A path, or a binary file that is open for reading.
        map_location: "cpu" or None, where tensors lie.
        weights_only: Accepted; a file holds nothing that could be run.

    Returns:
        What was saved; or the fit: parameters in the tree and kinds of arrays they were fitted
        in, the optimizer's state, the history. Named tuples of your own become dicts of their
        fields in a fit, and tuples in what `save` wrote.

    Raises:
        MissingFile: If there is no such file.
        CheckpointError: If it is damaged, or neither of the two.

    Example:
        >>> import os, tempfile
        >>> import numpy as np, thalweg as tw
        >>> fit = tw.fit(lambda b: (b - 3.0) ** 2, 0.0, None, optimizer=tw.optim.sgd(0.5))
        >>> path = os.path.join(tempfile.mkdtemp(), "fit.safetensors")
        >>> fit.save(path)
        >>> tw.load(path).params
        3.0
    """
    name = f if isinstance(f, (str, os.PathLike)) else getattr(f, "name", "The file")
    arrays, facts = storage.unpack(name, f.read()) if hasattr(f, "read") else storage.read(f)
    if isinstance(facts, dict) and "saved" in facts:
        try:
            return _rebuild(facts["saved"], arrays)
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(
                f"{name} is damaged: what it says of its structure does not fit ({error}). Save "
                "it again."
            ) from error
    return Fit(*record_of(name, arrays, facts))


def _describe(node: Any, place: str, arrays: list[Array], depth: int = 1) -> Any:
    """Return a value as JSON, its arrays put aside."""
    if isinstance(node, (Tensor, np.ndarray)):
        return _describe_array(node, place, arrays)
    if isinstance(node, np.generic) and not isinstance(node, np.longdouble | np.clongdouble):
        node = node.item()
    if isinstance(node, int) and node.bit_length() > _MOST_BITS:
        # JSON's decimal digits are limited by Python.
        return {"integer": hex(node)}
    if isinstance(node, _PLAIN):
        return {"value": node}
    if isinstance(node, complex):
        return {"real": node.real, "imag": node.imag}
    if depth > _DEEPEST:
        raise DtypeError(
            f"save got more than {_DEEPEST} containers one inside the other, or one that holds "
            "itself. Put what they hold into a flatter one."
        )
    inside = functools.partial(_describe, arrays=arrays, depth=depth + 1)
    if isinstance(node, Mapping):
        kind = "ordered" if isinstance(node, OrderedDict) else "dict"
        entries = [
            [inside(key, f"a key of {place}"), inside(value, f"{place}[{key!r}]")]
            for key, value in node.items()
        ]
        return {kind: entries}
    if isinstance(node, (list, tuple)):
        kind = "list" if isinstance(node, list) else "tuple"
        return {kind: [inside(value, f"{place}[{i}]") for i, value in enumerate(node)]}
    advice = "Convert it to one of these."
    if hasattr(node, "state_dict"):
        advice = "Save its state_dict(), and load it with load_state_dict()."
    raise DtypeError(
        f"save got a {type(node).__name__} at {place}; a file holds tensors, arrays, numbers, "
        f"text and None, in dicts, lists and tuples. {advice}"
    )


def _describe_array(node: Tensor | Array, place: str, arrays: list[Array]) -> dict[str, Any]:
    array = node.numpy(force=True) if isinstance(node, Tensor) else node
    kind = "tensor" if isinstance(node, Tensor) else "array"
    if array.dtype.kind not in "biufc" or array.dtype.char in "gG":
        raise DtypeError(
            f"{place} is an array of {array.dtype}; a file holds numbers of at most 64 bits, "
            "complex ones of 128. Convert it."
        )
    if isinstance(array, np.ma.MaskedArray):
        raise DtypeError(
            f"{place} is a masked array, whose mask would be lost. Save its data and its mask."
        )
    complex_numbers = array.dtype.char == "D"
    # safetensors does not know these.
    arrays.append(np.stack([array.real, array.imag], -1) if complex_numbers else array)
    wanted = isinstance(node, Tensor) and node.requires_grad and node.is_leaf
    return {kind: len(arrays) - 1, "requires_grad": wanted, "complex": complex_numbers}


def _rebuild(described: Any, arrays: Mapping[str, Array]) -> Any:
    match described:
        case {"tensor": int(number), "requires_grad": bool(wanted)}:
            return make(_array(arrays[str(number)], described)).requires_grad_(wanted)
        case {"array": int(number)}:
            return _array(arrays[str(number)], described)
        case {"value": value}:
            return value
        case {"integer": str(digits)}:
            return int(digits, 16)
        case {"real": float(real), "imag": float(imag)}:
            return complex(real, imag)
        case {"dict": [*entries]}:
            return {_rebuild(key, arrays): _rebuild(value, arrays) for key, value in entries}
        case {"ordered": [*entries]}:
            pairs = [(_rebuild(key, arrays), _rebuild(value, arrays)) for key, value in entries]
            return OrderedDict(pairs)
        case {"list": [*items]}:
            return [_rebuild(item, arrays) for item in items]
        case {"tuple": [*items]}:
            return tuple(_rebuild(item, arrays) for item in items)
    raise CheckpointError("What the file says of its structure means nothing. Save it again.")


def _array(array: Array, described: Mapping[str, Any]) -> Array:
    # The same bits: a sum would change infinities and the signs of zeros.
    return array.view(np.complex128)[..., 0] if described.get("complex") else array


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a run writes itself to a file; it does at its end in any case.

    Args:
        path: The file. It is replaced whole: after a crash it is the old one or the new one.
        steps: Write after every so many steps.
        seconds: Write when so much time has passed since the last; by default 10 s, unless
            `steps` is given.

    Raises:
        ArgumentError: If steps or seconds is not positive.
    """

    path: str | os.PathLike[str]
    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            whole_number("steps", self.steps, 1, "It is the number of steps between two files.")
        elif self.seconds is None:
            object.__setattr__(self, "seconds", 10.0)
        if self.seconds is not None and not self.seconds > 0:
            raise ArgumentError(
                f"seconds={self.seconds!r} was given, but the time between two checkpoints must "
                "be positive. Give one such as 10.0."
            )


def read_checkpoint(checkpoint: Any) -> Checkpoint | None:
    """Return the checkpoint argument of `fit` as a Checkpoint.

    Raises:
        ArgumentError: If it is neither a path nor a Checkpoint.
        CheckpointError: If its folder is missing.
    """
    if checkpoint is None:
        return None
    if isinstance(checkpoint, (str, os.PathLike)):
        checkpoint = Checkpoint(checkpoint)
    if not isinstance(checkpoint, Checkpoint):
        raise ArgumentError(
            f"checkpoint={checkpoint!r} was given; it wants a path, or Checkpoint(path, …)."
        )
    folder = Path(os.path.realpath(checkpoint.path)).parent
    if not folder.is_dir():
        raise CheckpointError(
            f"checkpoint={os.fspath(checkpoint.path)!r} was given, but the folder {folder} does "
            "not exist. Create it first."
        )
    return checkpoint


def read_resume(resume: Any, checkpoint: Checkpoint | None) -> tuple[Record, Trees] | None:
    """Return the record to continue from, and the trees around its arrays.

    A missing file is an error, unless the run writes its checkpoints to that same file: so a
    script that is started again after a crash starts from the beginning or from where it was.

    Raises:
        ArgumentError: If it is neither a path nor a Fit.
        CheckpointError: If the file is missing or damaged.
    """
    if resume is None:
        return None
    if isinstance(resume, Fit):
        return resume.record, resume.trees
    if not isinstance(resume, (str, os.PathLike)):
        raise ArgumentError(
            f"resume={resume!r} was given; it wants the path of a checkpoint, or a Fit."
        )
    own = checkpoint is not None and os.path.realpath(resume) == os.path.realpath(checkpoint.path)
    if own and not Path(resume).exists():
        return None
    return read_record(resume)


# How to call what is no argument of fit.
_LABELS = {
    "rows": "The number of rows",
    "remainder": "The size of an epoch's smaller last batch (see drop_last)",
}


def require_same(
    record: Record,
    kept: Trees,
    given: Trees,
    params: list[Array],
    state: list[Array],
    layout: Batches,
    optimizer: object,
) -> None:
    """Refuse to continue a run with something else than it was begun with.

    Numbers of the optimizer, such as its learning rate, may differ.

    Raises:
        CheckpointError: If parameters, names, optimizer state or the layout of epochs differ.
    """
    for name, mine_of, theirs_of in (
        ("parameters", params, record.params),
        ("optimizer's state", state, record.state),
    ):
        mine = [(array.shape, array.dtype.name) for array in mine_of]
        theirs = [(array.shape, array.dtype.name) for array in theirs_of]
        if mine != theirs:
            whose = f" of {optimizer}" if mine_of is state else ""
            kept_by = f", of {record.optimizer}" if mine_of is state else ""
            raise CheckpointError(
                f"The {name}{whose} would be {_list_specs(mine)}, but the run to resume has "
                f"{_list_specs(theirs)}{kept_by}. Resume with the params and the optimizer it was "
                "begun with, or start a new run from its params."
            )
    _require_same_names(kept, given)
    for field in fields(Batches):
        mine, theirs = getattr(layout, field.name), getattr(record.layout, field.name)
        if mine != theirs:
            raise CheckpointError(
                f"{_LABELS.get(field.name, field.name)} is {_text_of(field.name, mine)} here, but "
                f"{_text_of(field.name, theirs)} in the run to resume; its order "
                "of rows could not go on. Resume with the data and batches it was begun with, or "
                "start a new run from its params."
            )


def _require_same_names(kept: Trees, given: Trees) -> None:
    """Refuse to continue a run with parameters of other names, whose values would be mixed up.

    Raises:
        CheckpointError: If a name differs.
    """
    theirs, mine = kept.names(), given.names()
    for old, new in zip(theirs, mine, strict=False):
        if old != new:
            raise CheckpointError(
                f"The parameters are {', '.join(mine)}, but the run to resume has "
                f"{', '.join(theirs)}: {old} would go on as {new}. Resume with the params it was "
                "begun with, or start a new run from its params, each under its new name."
            )


def _text_of(name: str, value: Any) -> str:
    return "None (all rows)" if name == "batch_size" and value == 0 else repr(value)


def _list_specs(specs: list[Any]) -> str:
    listed = ", ".join(f"{dtype}{list(shape)}" for shape, dtype in specs[:6])
    return listed + (", …" if len(specs) > 6 else "") if specs else "nothing"
