"""The checksums of a Parquet file's pages, which DuckDB does not look at."""

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from thalweg.errors import DataError

# The most that a page's header takes; statistics in it may hold two long texts.
HEADER_BYTES = 1 << 16

# Thrift's compact protocol: types of fields, and the numbers of those of a page's header.
TRUE, FALSE, BYTE, I64, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12

COMPRESSED_SIZE, CRC = 3, 4


def verify_pages(path: Path, chunks: Sequence[tuple[int, int]]) -> None:
    """Compare each page that has a checksum with it.

    Args:
        path: A Parquet file.
        chunks: Where each column's pages begin in it, and how many bytes they take.

    Raises:
        DataError: If a page is not what was written.

    Source:
        Apache Parquet, "Data Pages: Checksumming"; Apache Thrift, "Thrift Compact Protocol".
    """
    with path.open("rb") as file:
        last = file.seek(0, os.SEEK_END)
        for start, length in chunks:
            if not 0 <= start <= start + length <= last:
                continue  # no place in this file: DuckDB says so
            for at, size, checksum in _pages(file, start, start + length):
                file.seek(at)
                if checksum is not None and zlib.crc32(file.read(size)) != checksum:
                    raise DataError(
                        f"{path} is damaged: the page at byte {at:,} fails its checksum; copy the "
                        "file again."
                    )


def _pages(file: BinaryIO, at: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Yield where each page's data are, their size and their checksum if there is one."""
    while at < end:
        file.seek(at)
        fields = _Header(file.read(min(HEADER_BYTES, end - at)))
        try:
            numbers = fields.numbers()
        except (IndexError, RecursionError):
            return  # no header: DuckDB says what is wrong
        size = numbers.get(COMPRESSED_SIZE, -1)
        at += fields.at
        if size < 0 or at + size > end:
            return
        checksum = numbers.get(CRC)
        yield at, size, None if checksum is None else checksum & 0xFFFFFFFF
        at += size


class _Header:
    """A structure of Thrift's compact protocol, read from its first byte on."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def numbers(self) -> dict[int, int]:
        """Return the whole numbers among the fields, by the fields' numbers."""
        found: dict[int, int] = {}
        field = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            field = field + step if step else self._number()
            if BYTE < kind <= I64:
                found[field] = self._number()
            else:
                self._skip(kind)
        return found

    def _skip(self, kind: int) -> None:
        if kind in (TRUE, FALSE):
            return
        if kind == BYTE:
            self._byte()
        elif kind <= I64:
            self._number()
        elif kind == DOUBLE:
            self.at += 8
        elif kind == BINARY:
            length = self._unsigned()
            self.at += length
        elif kind in (LIST, SET):
            head = self._byte()
            for _ in range(self._unsigned() if head >> 4 == 15 else head >> 4):
                self._skip(BYTE if head & 15 in (TRUE, FALSE) else head & 15)
        elif kind == STRUCT:
            self.numbers()
        else:
            raise IndexError(kind)

    def _number(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise IndexError(self.at)

    def _byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]
