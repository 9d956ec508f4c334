"""`torch.load`: of files that `torch.save` wrote here, and of those that PyTorch wrote."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from thalweg.errors import CheckpointError, DamagedFile, RefusedPickle, ThalwegError, printable
from thalweg.lines import level_of_user
from thalweg.torch.naming import adopted
from thalweg.torch.serialization.archives import Archive
from thalweg.training import saving

__all__ = ["load"]

_ZIP = b"PK\x03\x04"

# How pickles of protocols 2 to 5 begin, and an old tar archive goes on.
_LEGACY = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
) -> Any:
    """Read a file that `torch.save` wrote, here or in PyTorch. Loading runs no code from it.

    Of PyTorch's files it reads zip archives of tensors, parameters, numbers, text, dtypes and
    sizes in dicts, lists, tuples and sets; tensors that shared a storage share memory again.
    bfloat16 becomes float32, in which every value is exact, with a warning.

    Args:
        f: A path, or a binary file that is open for reading.
        map_location: "cpu", a dictionary of devices or a function of (storage, location), for
            tensors that were on another device; they lie on the CPU.
        pickle_module: None: no module reads pickles.
        weights_only: Accepted; a file is read as weights alone also if False is given.
        mmap: Accepted as in PyTorch; the file is read into memory.

    Raises:
        MissingFile: If there is no such file.
        RefusedPickle: If the file asks for anything but plain data, which is named.
        DamagedFile: If it is damaged, or of a device that is not here.
        DtypeError: If a tensor is of a dtype that is not here.

    Example:
        >>> import os, tempfile
        >>> import thalweg.torch as torch
        >>> path = os.path.join(tempfile.mkdtemp(), "model.pt")
        >>> torch.save({"weight": torch.ones(2), "epoch": 3}, path)
        >>> torch.load(path)["epoch"]
        3
    """
    if pickle_module is not None:
        raise RefusedPickle(
            "Can not safely load weights when explicit pickle_module is specified: loading runs "
            "no code. Leave pickle_module out."
        )
    if _is_path(f) and not Path(f).is_file():
        # A pipe, which is read once; or nothing, which is an error of its own.
        return adopt_all(saving.load(f, map_location, weights_only=weights_only))
    with _opened(f) as file:
        begin = file.read(len(_ZIP))
        file.seek(-len(begin), os.SEEK_CUR)
        if begin == _ZIP:
            return _load_archive(file, map_location)
        if begin[:2] in _LEGACY:
            raise RefusedPickle(
                f"{_name_of(f)} is in PyTorch's legacy format, or a pickle; only its zip archives "
                "are read, as loading runs no code. In PyTorch, write it anew: "
                "torch.save(torch.load(path), path)."
            )
        given = f if _is_path(f) else file
        return adopt_all(saving.load(given, map_location, weights_only=weights_only))


def _is_path(f: Any) -> bool:
    return isinstance(f, (str, os.PathLike))


def _name_of(f: Any) -> str:
    return printable(os.fspath(f) if _is_path(f) else getattr(f, "name", "The file"))


@contextmanager
def _opened(f: Any) -> Iterator[BinaryIO]:
    """Yield a file that can be read from where it is, and again."""
    if not _is_path(f):
        seekable = getattr(f, "seekable", None)
        yield f if seekable is not None and seekable() else _Named(f)
        return
    try:
        file = Path(f).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CheckpointError(
            f"{_name_of(f)} cannot be read: {error.strerror or error}. Give the path of a file "
            "that save wrote."
        ) from error
    with file:
        yield file


class _Named(io.BytesIO):
    """What a file that is read once holds."""

    def __init__(self, file: Any) -> None:
        super().__init__(file.read())
        self.name = _name_of(file)


def _load_archive(file: BinaryIO, location: Any) -> Any:
    try:
        archive = Archive(file, location)
        found = archive.read()
    except ThalwegError:
        raise
    except zipfile.BadZipFile as error:
        raise DamagedFile(
            f"PytorchStreamReader failed reading zip archive: {printable(str(error))}. The file is "
            "damaged or incomplete; copy or save it again."
        ) from error
    except Exception as error:
        # Whatever else a damaged file makes fail in reading it, it is the file that is wrong.
        raise DamagedFile(
            f"The file is damaged: it cannot be read ({printable(str(error))}). Copy or save it "
            "again."
        ) from error
    if archive.widened:
        warnings.warn(
            "The file has tensors of bfloat16; they are float32 here, with the same values.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    return found


def adopt_all(found: Any) -> Any:
    """Let tensors in plain containers be tensors of the wing."""
    if isinstance(found, (dict, list, tuple)):
        for part in found.values() if isinstance(found, dict) else found:
            adopt_all(part)
        return found
    return adopted(found)
