"""States of optimizers in files, by name: of the transformation, its field and the parameter."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import CheckpointError, printable
from thalweg.lines import level_of_user
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import admitted
from thalweg.optim.naming.states import named_state, with_named
from thalweg.training import storage
from thalweg.tree import Tree

Array = np.ndarray[Any, Any]

_BEFORE = "state/"

# How many names of a kind an account lists.
_MOST = 20


def save_state(path: str | os.PathLike[str], state: Tree) -> None:
    """Write the state of an optimizer to a file by names, which `load_state` reads.

    Args:
        path: The file, by custom named *.safetensors. It is replaced whole or not at all. Its
            arrays have the names of `optim.named_state`, with `state/` before them.
        state: What `init` or `update` returned, of NumPy's, thalweg's, JAX's or PyTorch's arrays.
            A dict of parameters and state is one tree too.

    Raises:
        ArgumentError: If two leaves have one name.
        DtypeError: If an array is of numbers that the file does not hold, such as bfloat16.
        CheckpointError: If the file cannot be written.

    Example:
        >>> import os, tempfile
        >>> import thalweg as tw
        >>> path = os.path.join(tempfile.mkdtemp(), "adam.safetensors")
        >>> optimizer = tw.optim.adam(0.1)
        >>> tw.save_state(path, optimizer.init({"w": 1.0}))
        >>> tw.load_state(path, optimizer.init({"w": 1.0})) == optimizer.init({"w": 1.0})
        True
    """
    arrays = {_BEFORE + name: _to_array(leaf) for name, leaf in named_state(state).items()}
    pairs = [name for name, array in arrays.items() if array.dtype.char == "D"]
    for name in pairs:  # safetensors does not know these
        arrays[name] = np.stack([arrays[name].real, arrays[name].imag], -1)
    storage.write(path, arrays, {"state": {"complex": pairs}})


def load_state(path: str | os.PathLike[str], like: Tree, *, strict: bool = True) -> Tree:
    """Read the state of an optimizer from a file of `save_state`, each leaf by its name.

    Where in the tree a parameter stands means nothing, nor what stands beside it.

    Args:
        path: The file.
        like: A state of the structure wanted, as `init` returns it: kinds of arrays, devices and
            dtypes are its.
        strict: Whether names that are in one of the two alone are refused. If not, what the file
            lacks stays as it is in `like`, what else the file has is left out, and a warning
            accounts for both.

    Raises:
        MissingFile: If there is no such file.
        CheckpointError: If the file is damaged or none of a state; if shapes or dtypes differ; or,
            with `strict`, names.

    Example:
        >>> import os, tempfile, textwrap, warnings
        >>> import thalweg as tw
        >>> path = os.path.join(tempfile.mkdtemp(), "momentum.safetensors")
        >>> optimizer = tw.optim.trace(0.9)
        >>> _, state = optimizer.update({"w": 3.0}, optimizer.init({"w": 0.0}))
        >>> tw.save_state(path, state)
        >>> deeper = optimizer.init({"new": 0.0, "w": 0.0})
        >>> with warnings.catch_warnings(record=True, action="always") as told:
        ...     tw.load_state(path, deeper, strict=False)
        TraceState(trace={'new': np.float64(0.0), 'w': np.float64(3.0)})
        >>> print(textwrap.fill(str(told[0].message), 88))
        The state in momentum.safetensors is not the one wanted. Not in the file, as in `like`:
        TraceState.trace.new.
    """
    found = _arrays_of(path, *storage.read(path))
    wanted = named_state(like)
    missing = [name for name in wanted if name not in found]
    extra = [name for name in sorted(found) if name not in wanted]
    both = {name: found[name] for name in wanted if name in found}
    other = [
        f"{name} ({_spec(both[name])} in the file, {_spec(leaf)} wanted)"
        for name, leaf in wanted.items()
        if name in both and _spec(both[name]) != _spec(leaf)
    ]
    title = f"The state in {printable(os.path.basename(path))} is not the one wanted."
    if other or (strict and (missing or extra)):
        rows = _account([("Not in the file", missing), ("In the file alone", extra),
                         ("Of another shape or dtype", other)])  # fmt: skip
        raise CheckpointError(
            f"{title}{rows} Give, as `like`, what init returns for the parameters and the "
            "optimizer that it was saved of; or strict=False, where names alone differ."
        )
    if missing or extra:
        rows = _account([("Not in the file, as in `like`", missing), ("Left out", extra)])
        warnings.warn(title + rows, stacklevel=level_of_user())
    return with_named(like, {name: _as(wanted[name], array) for name, array in both.items()})


def _account(rows: list[tuple[str, list[str]]]) -> str:
    lines = []
    for what, names in rows:
        more = f", … ({len(names):,} in all)" if len(names) > _MOST else ""
        if names:
            lines.append(f" {what}: {printable(', '.join(names[:_MOST]))}{more}.")
    return "".join(lines)


def _arrays_of(path: Any, arrays: Mapping[str, Array], facts: Any) -> dict[str, Array]:
    """Return the arrays of a file by the names of their leaves.

    Raises:
        CheckpointError: If it is no file of a state.
    """
    described = facts.get("state") if isinstance(facts, dict) else None
    pairs = described.get("complex") if isinstance(described, dict) else None
    if not isinstance(pairs, list) or not all(name.startswith(_BEFORE) for name in arrays):
        raise CheckpointError(
            f"{printable(path)} holds no state that save_state wrote. What save wrote, and a fit, "
            "is read by load."
        )
    return {
        name.removeprefix(_BEFORE): array.view(np.complex128)[..., 0] if name in pairs else array
        for name, array in arrays.items()
    }


def _to_array(leaf: Any) -> Array:
    held = admitted(leaf)
    return held.numpy(force=True) if isinstance(held, Tensor) else np.asarray(held)


def _spec(leaf: Any) -> str:
    if isinstance(leaf, (bool, int, float, complex)) and not isinstance(leaf, np.generic):
        leaf = np.asarray(leaf)
    held = admitted(leaf)
    return f"{getattr(held.dtype, 'name', held.dtype)}{list(held.shape)}"


def _as(like: Any, array: Array) -> Any:
    """Return an array as what stands in its place."""
    if isinstance(like, np.ndarray):
        return array
    if type(like) in (bool, int, float, complex):
        return type(like)(array)
    return on_tensors(lambda old, new: astype(as_tensor(new), old.dtype))(like, array)
