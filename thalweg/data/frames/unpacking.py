"""Packed files and standard input, as plain files that may be read more than once."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from thalweg.data.frames.kinds import Kind, kind_of
from thalweg.data.memory import require_room
from thalweg.errors import DataError

CHUNK_BYTES = 1 << 20

# How often the room for what a small file unpacks to is asked for: it has no end but memory's.
ASKED_BYTES = 1 << 26

# A packed file in a packed file is read, one in that is not.
DEEPEST = 2

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)


@contextmanager
def unpacked(path: Path, source: str) -> Iterator[tuple[Path, Kind]]:
    """Yield a plain file with the content of a file that may be packed, and its kind.

    Args:
        path: The file.
        source: What messages call it.

    Raises:
        DataError: If it is damaged, of a kind that is not read, or an archive of several files.
    """
    with tempfile.TemporaryDirectory(prefix="thalweg.") as folder:
        kind = kind_of(path, source)
        for depth in range(DEEPEST):
            if kind not in ("gzip", "bzip2", "xz", "zstd", "zip"):
                break
            plain = Path(folder, f"plain{depth}{_inner_suffix(path)}")
            _unpack(path, kind, plain, source)
            path, kind = plain, kind_of(plain, source)
        else:
            if kind in ("gzip", "bzip2", "xz", "zstd", "zip"):
                raise DataError(f"{source} is packed more than {DEEPEST} times; unpack it.")
        yield path, kind


def _inner_suffix(path: Path) -> str:
    """Return .tsv for data.tsv.gz: it tells the delimiter."""
    tabs = {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes}
    return ".tsv" if tabs else ""


def _unpack(path: Path, kind: Kind, plain: Path, source: str) -> None:
    with ExitStack() as stack:
        try:
            _copy(_opened(path, kind, stack, source), plain, source)
        except DAMAGED as error:
            raise _damaged(source, kind, error) from error
        except OSError as error:
            if error.errno is not None:
                raise DataError(
                    f"{source} cannot be unpacked: {error.strerror}; unpack it yourself."
                ) from error
            raise _damaged(source, kind, error) from error


def _damaged(source: str, kind: Kind, error: Exception) -> DataError:
    return DataError(
        f"{source}: the {kind} stream is damaged or cut short ({error}); copy the file again."
    )


def _copy(stream: IO[bytes] | Any, plain: Path, source: str) -> None:
    copied = 0
    with plain.open("wb") as target:
        while chunk := stream.read(CHUNK_BYTES):
            copied += len(chunk)
            if copied % ASKED_BYTES < len(chunk):
                require_room(copied, source)
            target.write(chunk)


def _opened(path: Path, kind: Kind, stack: ExitStack, source: str) -> Any:
    if kind == "gzip":
        return stack.enter_context(gzip.open(path, "rb"))
    if kind == "bzip2":
        return stack.enter_context(bz2.open(path, "rb"))
    if kind == "xz":
        return stack.enter_context(lzma.open(path, "rb"))
    if kind == "zstd":
        try:
            import pyarrow
        except ImportError as error:
            raise DataError(
                f"{source} is packed with zstd, which pyarrow reads. Install thalweg[files], or "
                "unpack it with zstd -d."
            ) from error
        return stack.enter_context(pyarrow.CompressedInputStream(str(path), "zstd"))
    archive = stack.enter_context(zipfile.ZipFile(path))
    members = [info for info in archive.infolist() if not _is_litter(info)]
    if len(members) != 1:
        names = ", ".join(info.filename for info in members[:5])
        raise DataError(
            f"{source} is a zip archive of {len(members)} files ({names}); unpack it and name one."
        )
    if members[0].flag_bits & 1:
        raise DataError(f"{source} is a zip archive with a password; unpack it.")
    return stack.enter_context(archive.open(members[0]))


def _is_litter(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder, or what macOS adds."""
    return info.is_dir() or info.filename.startswith("__MACOSX/")


@contextmanager
def standard_input() -> Iterator[Path]:
    """Yield a file with all that comes from standard input.

    Raises:
        DataError: If nothing comes, or a terminal is what it comes from.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise DataError("nothing comes from standard input; pipe a file in, or name one.")
    with tempfile.TemporaryDirectory(prefix="thalweg.") as folder:
        plain = Path(folder, "input")
        _copy(sys.stdin.buffer, plain, "standard input")
        yield plain
