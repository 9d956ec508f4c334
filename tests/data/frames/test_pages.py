"""The checksums of Parquet's pages are honoured, and counts are not believed."""

from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thalweg.data import memory
from thalweg.data.frames import read_table
from thalweg.data.frames.pages import verify_pages
from thalweg.errors import DataError

ROWS = 3000
RANDOM = np.random.default_rng(0)
TABLE = pa.table({
    "x": RANDOM.normal(size=ROWS),
    "gaps": pa.array([None if i % 7 == 0 else i for i in range(ROWS)], pa.int64()),
    "text": pa.array(RANDOM.choice(["red", "green", "µ" * 300], ROWS)),
})  # fmt: skip


@pytest.fixture(params=["NONE", "snappy", "gzip", "zstd"])
def compression(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(path: Path, compression: str, version: str, dictionary: bool) -> Path:
    pq.write_table(
        TABLE, path, compression=compression, write_page_checksum=True, use_dictionary=dictionary,
        data_page_version=version, data_page_size=4096, row_group_size=1000,
    )  # fmt: skip
    return path


def ranges(path: Path) -> list[tuple[int, int]]:
    """Return where columns are, by PyArrow."""
    groups = pq.ParquetFile(path).metadata
    found = []
    for group in range(groups.num_row_groups):
        for column in range(groups.num_columns):
            chunk = groups.row_group(group).column(column)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            found.append((start, chunk.total_compressed_size))
    return found


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_damaged_page_is_noticed_wherever_it_is(
    compression, version, dictionary, tmp_path
) -> None:
    path = written(tmp_path / "x.parquet", compression, version, dictionary)
    whole = read_table(path)
    assert whole["x"].values.tolist() == TABLE["x"].to_pylist()
    assert whole["text"].texts() == TABLE["text"].to_pylist()
    content = path.read_bytes()
    random = np.random.default_rng(1)
    refused = 0
    for start, length in ranges(path):
        damaged = bytearray(content)
        # Within the last page of the column; its header comes before.
        damaged[start + length - 1 - int(random.integers(min(20, length // 4)))] ^= 16
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"fails its checksum|cannot be read"):
            read_table(path)
        with pytest.raises(DataError, match="fails its checksum"):
            verify_pages(path, [(start, length)])
        refused += 1
    assert refused == 9


def test_pages_without_a_checksum_are_read_as_they_are(compression: str, tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "x.parquet", compression=compression)
    assert read_table(tmp_path / "x.parquet")["x"].values.tolist() == TABLE["x"].to_pylist()


def test_any_bytes_for_pages_are_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for seed in range(300):
        content = np.random.default_rng(seed).bytes(200)
        path.write_bytes(content + b"\x1c" * seed)
        # Such bytes may even be a header with a checksum.
        with contextlib.suppress(DataError):
            verify_pages(path, [(0, 200 + seed), (150, 10**6)])
    path.write_bytes(b"\x1c" * 60_000)
    verify_pages(path, [(0, 60_000)])


def test_places_outside_of_the_file_are_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(100))
    edges = [-(2**63), -5, 0, 50, 99, 100, 101, 2**31, 2**63 - 1]
    verify_pages(path, [(start, length) for start in edges for length in edges])


def test_rows_that_memory_cannot_hold_are_refused_before_they_are_made(
    tmp_path, monkeypatch
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": np.zeros(20_000_000)}), path)
    assert path.stat().st_size < 2**20
    monkeypatch.setattr(memory, "available_memory", lambda: 2**27)
    with pytest.raises(DataError, match=r"152\.6 MiB of values or more, but 128\.0 MiB"):
        read_table(path)


def test_text_that_memory_cannot_hold_is_refused_while_it_is_unpacked(
    tmp_path, monkeypatch
) -> None:
    path = tmp_path / "x.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"x,y\n")
        for _ in range(220):
            file.write(b"1,2\n" * 2**18)
    assert path.stat().st_size < 2**21
    monkeypatch.setattr(memory, "available_memory", lambda: 2**27)
    with pytest.raises(DataError, match=r"holds 192\.0 MiB of values or more"):
        read_table(path)


def test_an_absurd_footer_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", "snappy", "1.0", True)
    content = path.read_bytes()
    for length in (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1):
        path.write_bytes(content[:-8] + struct.pack("<I", length) + b"PAR1")
        with pytest.raises(DataError, match="cannot be read"):
            read_table(path)
