"""How a text file of columns is written: delimiter, names, first line; and whether it is text."""

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from thalweg.data.frames.unpacking import CHUNK_BYTES
from thalweg.data.table import check_unique
from thalweg.errors import DataError, shown

DELIMITERS = ",\t;|"

HEADER_CHARACTERS = 1 << 26

MAX_COLUMNS = 10_000

BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Lines looked at before the names are believed.
FIRST_LINES = 25


@dataclass(frozen=True)
class Dialect:
    """How one text file is written.

    Args:
        names: The names of the columns.
        delimiter: One of comma, tab, semicolon and vertical bar.
        skipped: How many lines stand before the names: comments, or one such as sep=;
        plain: Whether below the names there are only numbers with points, and delimiters.
    """

    names: tuple[str, ...]
    delimiter: str
    skipped: int = 0
    plain: bool = False


def examine(path: Path, source: str) -> Dialect:
    """Check that a file is text with a line of names, and find how it is written.

    The whole file is read once: a byte that is not UTF-8 or a NUL is found here, with its line,
    before any value is interpreted.

    Args:
        path: A plain file.
        source: What messages call it.

    Raises:
        DataError: If it is not such a file.
    """
    with path.open("rb") as stream:
        _check_text(stream, source)
    with path.open(encoding="utf-8-sig", newline="") as text:
        first = _first_lines(text, source)
    skipped, stated = _before_the_names(first, source)
    with path.open(encoding="utf-8-sig", newline="") as text:
        for _ in range(skipped):
            text.readline(HEADER_CHARACTERS)
        delimiter, fields = _header(text, source, skipped + 1, stated or _by_name(path, source))
        names = _names(source, skipped + 1, fields)
        _refuse_preamble(first[skipped:], delimiter, source, skipped + 1)
        _refuse_spaces(first[skipped:], names, source)
    with path.open("rb") as stream:
        plain = delimiter == "," and _only_numbers(stream, skipped)
    return Dialect(names, delimiter, skipped, plain)


def _by_name(path: Path, source: str) -> str | None:
    suffixes = {suffix.lower() for at in (path, Path(source)) for suffix in at.suffixes}
    return "\t" if {".tsv", ".tab"} & suffixes else None


# ---- is it text?


def _check_text(stream: BinaryIO, source: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    first = True
    while chunk := stream.read(CHUNK_BYTES):
        if first and chunk.startswith(BYTE_ORDER_MARKS):
            raise DataError(f"{source} is UTF-16 text; save it as UTF-8.")
        first = False
        if (at := chunk.find(0)) >= 0:
            line = lines + chunk.count(b"\n", 0, at)
            raise DataError(
                f"{source}, line {line}: a NUL byte; this is not a text file, or it is UTF-16: "
                "save it as UTF-8 text."
            )
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            # the decoder puts what it kept of the last chunk in front: count from the end
            at = len(chunk) - (len(error.object) - error.start)
            line = lines + chunk.count(b"\n", 0, max(at, 0))
            raise DataError(
                f"{source}, line {line}: byte 0x{error.object[error.start]:02X} is not UTF-8 "
                "(the file may be Latin-1 or Windows-1252); save it as UTF-8."
            ) from error
        lines += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise DataError(
            f"{source}, line {lines}: the last character is cut off; copy the file again."
        )


# Of all digits only zero is told apart, and the ends of values are alike; signs are left out.
_CLASSES, _SIGNS = bytes.maketrans(b"123456789,\n", b"ddddddddd;;"), b"+-"

# How a value with a leading zero begins.
_LEADING = (b";0d", b";00")


def _only_numbers(stream: BinaryIO, skipped: int) -> bool:
    """Whether all below the names is plain numbers, or nothing, between commas.

    A number with a leading zero is not plain: it may be a code.
    """
    for _ in range(skipped + 1):
        line = stream.readline(HEADER_CHARACTERS)
    if b"\r" in line.rstrip(b"\r\n"):
        return False  # lines that end as on old Macs
    before = b"\n"
    while chunk := stream.read(CHUNK_BYTES):
        if chunk.translate(None, b"0123456789+-.eE,\r\n"):
            return False
        kinds = (before + chunk).translate(_CLASSES, _SIGNS)
        if any(lead in kinds for lead in _LEADING):
            return False
        before = chunk[-4:]
    return True


# ---- what stands before the names?


def _first_lines(text: TextIO, source: str) -> list[str]:
    lines = [line for _ in range(FIRST_LINES) if (line := text.readline(HEADER_CHARACTERS))]
    if not "".join(lines).strip() and not text.read(HEADER_CHARACTERS).strip():
        raise DataError(f"{source} is empty; it needs a line of column names and rows of values.")
    return lines


def _before_the_names(lines: Sequence[str], source: str) -> tuple[int, str | None]:
    """Return how many lines to skip, and the delimiter if a line says it."""
    stated = re.fullmatch(r"sep=(.)\s*", lines[0], re.IGNORECASE)
    if stated:
        if stated[1] not in DELIMITERS:
            raise DataError(
                f"{source}, line 1: columns separated by {shown(stated[1])}; separate them by "
                "commas, tabs, semicolons or vertical bars."
            )
        return 1, stated[1]
    skipped = len(list(itertools.takewhile(lambda line: line.startswith("#"), lines)))
    if 0 < skipped < len(lines):
        _refuse_names_in_comments(lines[skipped - 1], lines[skipped], source, skipped)
    elif skipped:
        raise DataError(
            f"{source}: the first {skipped} lines are comments; put the columns' names below them."
        )
    return skipped, None


def _refuse_names_in_comments(comment: str, line: str, source: str, at: int) -> None:
    """Refuse a comment that may be the line of names: it has as many fields as what follows."""
    delimiter = _delimiter(line)
    fields = line.count(delimiter)
    if fields and comment.count(delimiter) == fields:
        raise DataError(
            f"{source}, line {at} begins with # and has {fields + 1} fields as the line after it: "
            "if it names the columns, delete the #; if it is a comment, delete the line."
        )


def _refuse_preamble(lines: Sequence[str], delimiter: str, source: str, at: int) -> None:
    """Refuse a title or notes in the names' place: the lines below have more fields, all alike."""
    counts = [line.count(delimiter) for line in lines if '"' not in line]
    if len(counts) < len(lines) or len(lines) < 3 or counts[0]:
        return
    most = max(range(len(DELIMITERS)), key=lambda i: lines[-1].count(DELIMITERS[i]))
    fields = [line.count(DELIMITERS[most]) for line in lines]
    below = next((i for i, n in enumerate(fields) if n), len(fields))
    if below + 2 <= len(fields) and len(set(fields[below:])) == 1:
        raise DataError(
            f"{source}, line {at} is {shown(lines[0].strip())} alone, and from line {at + below} "
            f"on there are {fields[below] + 1} fields a line; delete what stands before the line "
            "of the columns' names."
        )


def _refuse_spaces(lines: Sequence[str], names: Sequence[str], source: str) -> None:
    """Refuse columns that are separated by spaces."""
    counts = [len(line.split()) for line in lines if line.strip()]
    if len(names) == 1 and len(counts) > 1 and counts[0] > 1 and len(set(counts)) == 1:
        raise DataError(
            f"{source}: {counts[0]} columns seem to be separated by spaces; separate them by "
            "commas or tabs, such as with: tr -s ' ' ',' < FILE"
        )


# ---- what are its columns?


def _header(text: TextIO, source: str, line: int, stated: str | None) -> tuple[str, list[str]]:
    """Return the delimiter and the fields of the first record, which may span lines in quotes."""
    first = text.readline(HEADER_CHARACTERS)
    if not first.strip():
        raise DataError(
            f"{source}: the first line is blank; it must name the columns. Delete it."
            if line == 1
            else f"{source}, line {line} is blank; the columns' names must follow what is skipped."
        )
    if len(first) == HEADER_CHARACTERS:
        raise DataError(f"{source}: the first line has no end; it must name the columns.")
    delimiter = stated or _delimiter(first)
    records = csv.reader(itertools.chain([first], text), delimiter=delimiter, strict=True)
    try:
        return delimiter, next(records)
    except csv.Error as error:
        raise DataError(
            f"{source}, line {line}: {error}; the first line must name the columns."
        ) from error


def _delimiter(line: str) -> str:
    counts = Counter(re.sub(r'"[^"]*("|$)', "", line))
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _names(source: str, line: int, fields: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in fields]
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"{source} has {len(names)} columns, and at most {MAX_COLUMNS} are read; "
            "keep those that matter, or store rows and columns the other way round."
        )
    for position, name in enumerate(names, start=1):
        if not name:
            raise DataError(
                f"{source}, line {line}: column {position} of {len(names)} has no name; name it, "
                "or leave it out if it only numbers the rows."
            )
    check_unique(source, names)
    if all(map(_is_number, names)) and not _are_positions(names):
        raise DataError(
            f"{source}, line {line}: numbers ({shown(names[0])}, …) where the columns' names "
            "should be; put a line of names first."
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
