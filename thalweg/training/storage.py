"""Files that are complete or absent: arrays as safetensors, facts as JSON, checksums for both.

Reading one runs no code. Every array is stored contiguous and native, with a BLAKE2b checksum of
its bytes, dtype and shape in the header, so that a damaged file is reported and never half read.
The structure of a tree is JSON too, a tree of numbers that tell where in a list of arrays each
leaf stands; nothing that it names is imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from thalweg import optim, tree
from thalweg.errors import CheckpointError, DtypeError, MissingFile, printable


def describe(node: Any) -> Any:
    """Return a tree of numbers as JSON.

    Raises:
        CheckpointError: If a key of a dict is none that JSON can hold.
    """
    if type(node) is int:
        return node
    if node is None:
        return {"none": []}
    if isinstance(node, dict):
        return {"dict": [[_key(key), describe(value)] for key, value in node.items()]}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        items = {f: describe(v) for f, v in zip(node._fields, node, strict=True)}
        return {"named": type(node).__name__, "items": items}
    if isinstance(node, (list, tuple)):
        return {"list" if isinstance(node, list) else "tuple": [describe(i) for i in node]}
    return {"dict": [[_key(key), describe(part)] for key, part in tree.children(node)]}


def _key(key: Any) -> Any:
    if isinstance(key, (str, int, float, bool)):
        return key
    raise CheckpointError(
        f"params has a dict with the key {key!r}, which cannot be written to a file. "
        "Use strings or numbers for keys."
    )


def rebuild(description: Any, count: int) -> Any:
    """Return the tree of numbers of a description.

    Named tuples are those of thalweg's optimizers; any other one becomes a dict of its fields.

    Raises:
        CheckpointError: If it means nothing, or has other numbers than 0 … count - 1.
    """
    found = _rebuild_node(description)
    if sorted(tree.leaves(found)) != list(range(count)):
        raise CheckpointError("The structure of the parameters in the file does not fit them.")
    return found


def _rebuild_node(description: Any) -> Any:
    match description:
        case bool():
            pass
        case int():
            return description
        case {"none": []}:
            return None
        case {"dict": [*items]}:
            return {key: _rebuild_node(value) for key, value in items}
        case {"list": [*items]}:
            return [_rebuild_node(item) for item in items]
        case {"tuple": [*items]}:
            return tuple(_rebuild_node(item) for item in items)
        case {"named": str(name), "items": dict(items)}:
            return _make_named(name, {field: _rebuild_node(v) for field, v in items.items()})
    raise CheckpointError("The structure of the parameters in the file means nothing.")


def _make_named(name: str, items: Mapping[str, Any]) -> Any:
    known = getattr(optim, name, None) if name in optim.__all__ else None
    if isinstance(known, type) and getattr(known, "_fields", None) == tuple(items):
        return known(**items)
    return dict(items)


Array = np.ndarray[Any, Any]

# A file of the second puts its long text beside its arrays: a header has a greatest length.
PLAIN, VERSION = 1, 2

_PREFIX = 8

_MOST_HEADER = 100_000_000

_LONG = 1 << 20

_TEXT = "thalweg"

_STORED = "?bBhHiIlLqQefdF"

# How a zip archive and a pickle begin.
_OF_OTHERS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def write(path: str | os.PathLike[str], arrays: Mapping[str, Array], facts: Any) -> None:
    """Write arrays and facts to a file.

    Raises:
        CheckpointError: If the folder is missing or cannot be written.
        DtypeError: If an array is of numbers that the format does not know.
    """
    write_whole(path, pack(arrays, facts))


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file whole: after a crash there is the old one or the new one.

    Raises:
        CheckpointError: If the folder is missing or cannot be written.
    """
    target = Path(os.path.realpath(path))
    # A name of its own: the target's may be as long as names can be.
    temporary = target.with_name(f".thalweg.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        _write_through(temporary, content)
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise CheckpointError(
            f"{printable(path)} cannot be written: {error.strerror or error}. What was there is "
            "unharmed. Give a path in a folder that exists, can be written and has space."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def pack(arrays: Mapping[str, Array], facts: Any) -> bytes:
    """Return the bytes of a file.

    Raises:
        DtypeError: If an array is of numbers that the format does not know.
        CheckpointError: If there are more arrays than the format can name.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    ready = {name: _as_stored(name, array) for name, array in arrays.items()}
    checksums = {name: _checksum(array) for name, array in ready.items()}
    text = json.dumps(
        {"version": PLAIN, "facts": facts, "checksums": checksums}, sort_keys=True
    ).encode()
    if len(text) > _LONG:
        ready[_TEXT] = np.frombuffer(text, np.uint8)
        text = json.dumps({"version": VERSION, "text": _checksum(ready[_TEXT])}).encode()
    # One entry: safetensors writes several in an order of its own, another one each time.
    metadata = {"thalweg": f"{_digest(text)}\n{text.decode()}"}
    try:
        return save(ready, metadata)
    except SafetensorError as error:
        raise CheckpointError(
            f"{len(arrays):,} arrays were given, more than a file can hold ({error}). Stack those "
            "of one shape, or write several files."
        ) from error


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Array], Any]:
    """Return the arrays and the facts of a file.

    Raises:
        CheckpointError: If it is missing, damaged, or no file of thalweg's.
    """
    try:
        with open(path, "rb") as file:
            return unpack(path, _content(path, file))
    except OSError as error:
        kind = MissingFile if isinstance(error, FileNotFoundError) else CheckpointError
        raise kind(
            f"{printable(path)} cannot be read: {error.strerror or error}. Give the path of a file "
            "that save or checkpoint wrote."
        ) from error
    except MemoryError as error:
        raise CheckpointError(
            f"{printable(path)} does not fit in memory. Free some, or read it on another machine."
        ) from error


def _content(path: Any, file: BinaryIO) -> bytes:
    """Read a file whole if it is as long as its header says, so that no claim costs memory."""
    status = os.fstat(file.fileno())
    content = file.read(_PREFIX)
    content += file.read(min(int.from_bytes(content, "little"), _MOST_HEADER))
    _, end = _header(path, content)
    if stat.S_ISREG(status.st_mode) and status.st_size != end:
        raise _damage(path, f"it has {status.st_size:,} bytes and not {end:,}")
    return content + file.read()


def unpack(path: Any, content: bytes) -> tuple[dict[str, Array], Any]:
    """Return the arrays and the facts in the bytes of a file, and raise what `read` does."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    metadata, end = _header(path, content)
    if len(content) != end:
        raise _damage(path, f"it has {len(content):,} bytes and not {end:,}")
    try:
        arrays = load(content)
    except (SafetensorError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _damage(path, str(error)) from error
    checksum, _, text = metadata.partition("\n")
    if not checksum:
        raise CheckpointError(
            f"{printable(path)} was not written by thalweg. Read it with safetensors itself, and "
            "give its arrays to fit as params."
        )
    if checksum != _digest(text.encode("utf-8", "surrogatepass")):
        raise _damage(path, "its header fails its checksum")
    header = _parse_header(path, text)
    if _TEXT in arrays and header["version"] == VERSION:
        long = arrays.pop(_TEXT)
        _verify(path, {"the text": long}, {"the text": header.get("text")})
        header = _parse_header(path, long.tobytes())
    checksums = header.get("checksums")
    if "facts" not in header or not isinstance(checksums, dict):
        raise _damage(path, "its header lacks what it should hold")
    _verify(path, arrays, checksums)
    return arrays, header["facts"]


def _header(path: Any, content: bytes) -> tuple[str, int]:
    """Return the text that thalweg put in a header, and how long the file must be.

    Whether these are bytes of another format is asked only when they are none of this one: any
    two bytes may begin a length.
    """
    length = int.from_bytes(content[:_PREFIX], "little")
    text = content[_PREFIX : _PREFIX + length]
    try:
        if len(content) < _PREFIX or length > _MOST_HEADER or len(text) < length:
            raise ValueError(f"{length:,} bytes of header in {len(content):,}")
        entries = json.loads(text)
        metadata = entries.pop("__metadata__", {}).get("thalweg", "").removeprefix("")
        ends = [int(entry["data_offsets"][1]) for entry in entries.values()]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        if content.startswith(_OF_OTHERS):
            raise CheckpointError(
                f"{printable(path)} was written by another library's save, in a format whose "
                "loading can run code. Load it there, and save its tensors as arrays, with "
                "safetensors for example."
            ) from error
        raise _damage(path, f"no safetensors header: {error}") from error
    return metadata, _PREFIX + length + max(ends, default=0)


def _parse_header(path: Any, text: str | bytes) -> dict[str, Any]:
    """Return what a header describes, of a version that can be read."""
    try:
        header = json.loads(text)
        version = int(header["version"])
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise _damage(path, str(error)) from error
    if version > VERSION:
        raise CheckpointError(
            f"{printable(path)} has format {version}, and this thalweg reads up to {VERSION}. "
            "Install a newer thalweg."
        )
    return dict(header)


def _damage(path: Any, reason: str) -> CheckpointError:
    return CheckpointError(
        f"{printable(path)} is damaged or no safetensors file ({reason}). Use an earlier "
        "checkpoint, or train again."
    )


def _verify(path: Any, arrays: Mapping[str, Array], checksums: Mapping[str, Any]) -> None:
    if set(arrays) != set(checksums):
        odd = ", ".join(map(repr, sorted(set(arrays) ^ set(checksums))))
        raise _damage(path, f"its arrays {odd} are lost or added")
    for name, array in arrays.items():
        if _checksum(array) != checksums[name]:
            raise _damage(path, f"{name} fails its checksum")


def _as_stored(name: str, array: Array) -> Array:
    if array.dtype.char not in _STORED:
        raise DtypeError(
            f"The array {name!r} is of {array.dtype}, which files of this format do not hold. "
            "Convert it, to float64 for example."
        )
    # safetensors stores the bytes of other layouts in the wrong order without a word.
    return np.array(array, array.dtype.newbyteorder("="), order="C", copy=True, subok=False)


def _checksum(array: Array) -> str:
    return _digest(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder's files."""
    # The new name is on disk once its folder is; not every system can open folders.
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
