"""How a text file of columns is written: compression, delimiter, names; and whether it is text."""

import codecs
import csv
import gzip
import io
import itertools
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from thalweg.data.memory import require_room
from thalweg.data.table import check_unique
from thalweg.errors import DataError, shown

DELIMITERS = ",\t;|"

CHUNK_BYTES = 1 << 20

ASKED_BYTES = 1 << 26

HEADER_CHARACTERS = 1 << 26

MAX_COLUMNS = 10_000

BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Dialect:
    """How one text file is written.

    Args:
        names: The names of the columns, from the first line.
        delimiter: One of comma, tab, semicolon and vertical bar.
        compressed: Whether the file is gzipped.
    """

    names: tuple[str, ...]
    delimiter: str
    compressed: bool


def examine(path: Path) -> Dialect:
    """Check that a file is text with a line of names, and find how it is written.

    The whole file is read once: a byte that is not UTF-8, a NUL or a damaged gzip stream is found
    here, with its line, before any value is interpreted.

    Raises:
        DataError: If it is not such a file.
    """
    with path.open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    try:
        with _open(path, compressed) as stream:
            _check_text(stream, path)
        with io.TextIOWrapper(_open(path, compressed), "utf-8-sig", newline="") as text:
            delimiter, fields = _header(text, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: the gzip stream is damaged or cut short ({error}); copy the file again."
        ) from error
    return Dialect(_names(path, fields), delimiter, compressed)


def _open(path: Path, compressed: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if compressed else path.open("rb")


# ---- is it text?


def _check_text(stream: BinaryIO, path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    first = True
    read = 0
    while chunk := stream.read(CHUNK_BYTES):
        read += len(chunk)
        if read % ASKED_BYTES < len(chunk):
            # what a small file unpacks to has no end but memory's
            require_room(read, str(path))
        if first and chunk.startswith(BYTE_ORDER_MARKS):
            raise DataError(f"{path} is UTF-16 text; save it as UTF-8.")
        first = False
        if (at := chunk.find(0)) >= 0:
            line = lines + chunk.count(b"\n", 0, at)
            raise DataError(
                f"{path}, line {line}: a NUL byte; this is not a text file, or it is UTF-16: "
                "save it as UTF-8 text."
            )
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            # the decoder puts what it kept of the last chunk in front: count from the end
            at = len(chunk) - (len(error.object) - error.start)
            line = lines + chunk.count(b"\n", 0, max(at, 0))
            raise DataError(
                f"{path}, line {line}: byte 0x{error.object[error.start]:02X} is not UTF-8 "
                "(the file may be Latin-1 or Windows-1252); save it as UTF-8."
            ) from error
        lines += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise DataError(
            f"{path}, line {lines}: the last character is cut off; copy the file again."
        )


# ---- what are its columns?


def _header(text: TextIO, path: Path) -> tuple[str, list[str]]:
    """Return the delimiter and the fields of the first record, which may span lines in quotes."""
    first = text.readline(HEADER_CHARACTERS)
    if not first.strip():
        if text.read(HEADER_CHARACTERS).strip():
            raise DataError(f"{path}: the first line is blank; it must name the columns.")
        raise DataError(f"{path} is empty; it needs a line of column names and rows of values.")
    if len(first) == HEADER_CHARACTERS:
        raise DataError(f"{path}: the first line has no end; it must name the columns.")
    delimiter = _delimiter(path, first)
    records = csv.reader(itertools.chain([first], text), delimiter=delimiter, strict=True)
    try:
        return delimiter, next(records)
    except csv.Error as error:
        raise DataError(
            f"{path}, line 1: {error}; the first line must name the columns."
        ) from error


def _delimiter(path: Path, line: str) -> str:
    if {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes}:
        return "\t"
    counts = Counter(re.sub(r'"[^"]*("|$)', "", line))
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _names(path: Path, fields: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in fields]
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"{path} has {len(names)} columns, and at most {MAX_COLUMNS} are read; "
            "keep those that matter, or store rows and columns the other way round."
        )
    for position, name in enumerate(names, start=1):
        if not name:
            raise DataError(
                f"{path}, line 1: column {position} of {len(names)} has no name; name it, or leave "
                "it out if it only numbers the rows."
            )
    check_unique(str(path), names)
    if all(map(_is_number, names)) and not _are_positions(names):
        raise DataError(
            f"{path}, line 1: numbers ({shown(names[0])}, …) where the columns' names should be; "
            "put a line of names first."
        )
    return tuple(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _are_positions(names: list[str]) -> bool:
    """Whether the names count 0, 1, 2, … or 1, 2, 3, …, as unnamed columns are saved."""
    return any(names == [str(i + start) for i in range(len(names))] for start in (0, 1))
