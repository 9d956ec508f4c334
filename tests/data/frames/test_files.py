"""Files that are not text, and what is no file at all."""

import os
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thalweg.data.frames import read_table
from thalweg.data.reading import ReadOptions
from thalweg.errors import DataError


def parquet(folder: Path, **columns: object) -> Path:
    path = folder / "file.parquet"
    pq.write_table(pa.table(columns), path)
    return path


# ---- what is no file


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv does not exist"):
        read_table(tmp_path / "nowhere.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)


def test_a_file_taken_for_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="cannot be read: Not a directory"):
        read_table(tmp_path / "a.csv" / "b.csv")


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="is a pipe or a device"):
        read_table(tmp_path / "pipe.csv")


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)  # a superuser may read whatever the mode says
    with pytest.raises(DataError, match="Permission denied; check its rights"):
        read_table(path)


def test_an_impossible_path_is_refused() -> None:
    with pytest.raises(DataError, match="is no path"):
        read_table("a\0b.csv")


def test_only_the_named_file_is_read_where_its_name_is_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "f[12].csv").write_text("a\n0\n")
    (tmp_path / "f1.csv").write_text("a\n1\n")
    (tmp_path / "f2.csv").write_text("a\n2\n")
    assert read_table(tmp_path / "f[12].csv")["a"].values.tolist() == [0]


# ---- columns read as texts on request


def test_numbers_are_read_as_texts_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,y\n01,1\n2.0,2\n")
    table = read_table(path, ReadOptions(text=("code",)))
    assert table["code"].texts() == ["01", "2.0"]
    assert table["y"].numeric
    stored = parquet(tmp_path, code=[1.0, 2.5, None], y=[1, 2, 3])
    assert read_table(stored, ReadOptions(text=("code",)))["code"].texts() == ["1", "2.5", None]


# ---- Parquet


def test_parquet_columns_keep_their_numbers_texts_and_gaps(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        i=pa.array([1, None, -3], pa.int8()),
        u=pa.array([1, 2, 2**63], pa.uint64()),
        f=pa.array([0.1, float("nan"), None], pa.float64()),
        d=pa.array([Decimal("1.50"), Decimal("2.25"), None]),
        s=pa.array(["x", None, "y"]),
        c=pa.array(["x", None, "y"]).dictionary_encode(),
        b=pa.array([True, False, None]),
    )
    table = read_table(path)
    np.testing.assert_array_equal(table["i"].values, [1, np.nan, -3])
    np.testing.assert_array_equal(table["u"].values, [1, 2, 2.0**63])
    np.testing.assert_array_equal(table["f"].values, [0.1, np.nan, np.nan])
    np.testing.assert_array_equal(table["f"].missing, [False, True, True])
    np.testing.assert_array_equal(table["d"].values, [1.5, 2.25, np.nan])
    assert table["s"].texts() == table["c"].texts() == ["x", None, "y"]
    assert table["b"].texts() == ["True", "False", None]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([date(2024, 1, 1)]),
        pa.array([[1, 2]]),
        pa.array([{"x": 1, "y": 2}]),
        pa.array([b"ab"]),
    ],
    ids=["dates", "lists", "records", "bytes"],
)
def test_a_parquet_column_of_another_kind_is_named(values: pa.Array, tmp_path: Path) -> None:
    path = parquet(tmp_path, odd=values, y=[1])
    with pytest.raises(DataError, match=r"column 'odd' holds .*, neither numbers nor texts"):
        read_table(path)


@pytest.mark.parametrize(
    "text", ["PAR1\n1\n", "PAR1,y\na,1\n", "PAR1\nPAR1\nPAR1", "PAR1 x;b\n1,5;2\n"]
)
def test_a_column_may_be_called_as_parquet_files_begin(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert read_table(path).names[0].startswith("PAR1")


def test_parquet_names_may_not_repeat(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataError, match=r"columns 1 and 2 are both called 'a'"):
        read_table(path)


def test_parquet_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        read_table(parquet(tmp_path, a=pa.array([], pa.float64())))


@pytest.mark.parametrize("kept", [5, 40, 200])
def test_a_parquet_file_cut_short_is_refused(kept: int, tmp_path: Path) -> None:
    path = parquet(tmp_path, a=list(range(100)))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match=r"file\.parquet cannot be read"):
        read_table(path)


def test_a_damaged_parquet_file_is_refused_or_read_but_never_crashes(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=list(range(100)), s=["x"] * 100)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(4, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with suppress(DataError):
            read_table(path)
