"""What kind of file this is, by its first bytes: one that is read, or what to do with it."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import Literal

from thalweg.errors import DataError, printable

Kind = Literal["text", "parquet", "arrow", "json", "excel", "gzip", "bzip2", "xz", "zstd", "zip"]

LOOKED_AT, FOOTER = 1024, 8

PACKED: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"FEA1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
)

AS_CSV = "save it as CSV"

# What is not read, and the remedy.
REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)", AS_CSV),
    (b"SQLite format 3\x00", "a SQLite database",
     'export a table: sqlite3 -header -csv FILE "SELECT * FROM name" > data.csv'),
    (b"\x89HDF", "an HDF5 file", "read it in Python and pass the data frame"),
    (b"\x93NUMPY", "a NumPy array without names of columns", "give tw.fit the array in Python"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"PK\x05\x06", "an empty zip archive", "name the file itself"),
    (b"%PDF", "a PDF document", "take the table from where it was made"),
    (b"\x89PNG", "a picture", "name the file of the numbers"),
    (b"\x80\x04", "a pickle, which runs code when it is read", AS_CSV),
    (b"\x80\x05", "a pickle, which runs code when it is read", AS_CSV),
    (b"$FL2", "an SPSS file", AS_CSV),
    (b"<stata_dta>", "a Stata file", AS_CSV),
    (b"RDX3", "an R data file", "write it with write.csv"),
    (b"RDX2", "an R data file", "write it with write.csv"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "run git lfs pull"),
)  # fmt: skip


def kind_of(path: Path, source: str) -> Kind:
    """Return what kind of file is to be read.

    Args:
        path: The file.
        source: What messages call it.

    Raises:
        DataError: If it is not there, may not be read, or is of a kind that is not read.
    """
    content = ends(path, source)
    if is_parquet(content):
        return "parquet"
    for start, what, remedy in REFUSED:
        if content.startswith(start):
            raise DataError(f"{source} is {what}; {remedy}.")
    if content[257:262] == b"ustar":
        raise DataError(f"{source} is a tar archive; unpack it and name a file of it.")
    found = next((kind for start, kind in PACKED if content.startswith(start)), None)
    if found == "zip":
        return _of_zip(path, source)
    return found or _of_text(content, source)


def _of_text(content: bytes, source: str) -> Kind:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = start[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<body")):
        raise DataError(
            f"{source} is a page of HTML, not a table: perhaps an error or a login was saved; "
            "download the file itself."
        )
    if lower.startswith(b"<?xml"):
        raise DataError(f"{source} is XML; {AS_CSV}.")
    if start[:1] == b"{" and start[1:].lstrip()[:1] in (b'"', b"}"):
        return "json"
    if start[:1] == b"[" and start[1:].lstrip()[:1] == b"{":
        return "json"
    return "text"


def _of_zip(path: Path, source: str) -> Kind:
    """Tell workbooks, which are zip archives, from others."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{source} is a damaged zip archive ({error}); copy it again.") from None
    if "xl/workbook.xml" in names:
        return "excel"
    if "xl/workbook.bin" in names:
        raise DataError(f"{source} is a binary Excel workbook (.xlsb); {AS_CSV}.")
    if {"content.xml", "mimetype"} <= names:
        raise DataError(f"{source} is an OpenDocument file; {AS_CSV}.")
    return "zip"


def is_parquet(content: bytes) -> bool:
    """Whether first and last bytes are those of a Parquet file."""
    # A column of a text may be called PAR1; but no text has a NUL, and every footer's length has.
    controlled = content[4:5] < b" " and content[4:5] not in (b"\t", b"\n", b"\r")
    return content.startswith(b"PAR1") and (controlled or b"\0" in content)


def ends(path: Path, source: str) -> bytes:
    """Return a file's first and last bytes, opening it far enough to know that it can be read.

    Raises:
        DataError: If it is not there, not a file, or may not be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # opening a pipe would wait for whoever writes to it
            raise DataError(
                f"{source} is a pipe or a device; save its content to a file first, or write - "
                "for standard input."
            )
        with path.open("rb") as stream:
            first = stream.read(LOOKED_AT)
            stream.seek(-min(len(first), FOOTER), os.SEEK_END)
            return first + stream.read(FOOTER)
    except FileNotFoundError as error:
        raise DataError(f"{source} does not exist; check its name and folder.") from error
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror}; check its rights.") from error
    except DataError:
        raise
    except ValueError as error:  # a NUL in the path
        raise DataError(f"{printable(source)!r} is no path: {error}; check it.") from error
