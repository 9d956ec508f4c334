"""Files that are complete or absent: arrays as safetensors, facts as JSON, checksums for both.

Reading one runs no code. Every array is stored contiguous and native, with a BLAKE2b checksum of
its bytes, dtype and shape in the header, so that a damaged file is reported and never half read.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.errors import CheckpointError, MissingFile

Array = np.ndarray[Any, Any]

VERSION = 1


def write(path: str | os.PathLike[str], arrays: Mapping[str, Array], facts: Any) -> None:
    """Write a file whole: after a crash there is the old one or the new one.

    Raises:
        CheckpointError: If the folder is missing or cannot be written.
    """
    content = packed(arrays, facts)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        _write_through(temporary, content)
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written: {error.strerror or error}. What was there before is "
            "unharmed. Give a path in a folder that exists, can be written and has space."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def packed(arrays: Mapping[str, Array], facts: Any) -> bytes:
    """Return the bytes of a file."""
    from safetensors.numpy import save

    ready = {name: _plain(array) for name, array in arrays.items()}
    content = json.dumps(
        {
            "version": VERSION,
            "facts": facts,
            "checksums": {name: _checksum(array) for name, array in ready.items()},
        },
        sort_keys=True,
    )
    # One entry: safetensors writes several in an order of its own, another one each time.
    metadata = {"thalweg": f"{_digest(content.encode())}\n{content}"}
    return save(ready, metadata)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Array], Any]:
    """Return the arrays and the facts of a file.

    Raises:
        CheckpointError: If it is missing, damaged, or no file of thalweg's.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        kind = MissingFile if isinstance(error, FileNotFoundError) else CheckpointError
        raise kind(
            f"{path} cannot be read: {error.strerror or error}. Give the path of a file that "
            "save or checkpoint wrote."
        ) from error
    return unpacked(path, content)


def unpacked(path: Any, content: bytes) -> tuple[dict[str, Array], Any]:
    """Return the arrays and the facts in the bytes of a file, and raise what `read` does."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if content[:2] in (b"PK", b"\x80\x02"):
        raise CheckpointError(
            f"{path} was written by another library's save, in a format whose loading can run "
            "code. Load it there, and save its tensors as arrays, with safetensors for example."
        )
    try:
        arrays = load(content)
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is damaged or no safetensors file ({error}). {_ADVICE}"
        ) from error
    checksum, _, text = metadata.get("thalweg", "").partition("\n")
    if not checksum:
        raise CheckpointError(
            f"{path} was not written by thalweg. Read it with safetensors itself, and give its "
            "arrays to fit as params."
        )
    if checksum != _digest(text.encode()):
        raise CheckpointError(f"{path} is damaged: its header fails its checksum. {_ADVICE}")
    header = json.loads(text)
    if header["version"] > VERSION:
        raise CheckpointError(
            f"{path} has format {header['version']}, and this thalweg reads up to {VERSION}. "
            "Install a newer thalweg."
        )
    _verify(path, arrays, header["checksums"])
    return arrays, header["facts"]


_ADVICE = "Use an earlier checkpoint, or train again."


def _verify(
    path: str | os.PathLike[str], arrays: Mapping[str, Array], checksums: Mapping[str, str]
) -> None:
    if set(arrays) != set(checksums):
        odd = ", ".join(sorted(set(arrays) ^ set(checksums)))
        raise CheckpointError(f"{path} is damaged: its arrays {odd} are lost or added. {_ADVICE}")
    for name, array in arrays.items():
        if _checksum(array) != checksums[name]:
            raise CheckpointError(f"{path} is damaged: {name} fails its checksum. {_ADVICE}")


def _plain(array: Array) -> Array:
    # safetensors stores the bytes of other layouts in the wrong order without a word.
    return np.array(array, array.dtype.newbyteorder("="), order="C", copy=True)


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


def _sync_folder(folder: Path) -> None:
    # The new name is on disk once its folder is; not every system can open folders.
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
