"""The kinds of files that thalweg reads: how each is made, read, and what reading must give."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import math
import os
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import thalweg as tw
from tests.corrupt.damage import Damaged
from thalweg import torch as wing
from thalweg.cli.folder import predict
from thalweg.cli.settings import from_toml
from thalweg.data.frames import read_table
from thalweg.data.frames.delimited import MISSING
from thalweg.data.frames.dialect import examine
from thalweg.data.frames.numbers import LEADING_ZERO
from thalweg.data.frames.pages import _pages
from thalweg.data.reading import ReadOptions
from thalweg.data.table import Column, Table
from thalweg.engines.llvm.code import jit
from thalweg.errors import ArgumentError


class Kind(ABC):
    """One kind of file.

    Attributes:
        name: What it is called.
        files: The files that make one up, in a folder of the kind's name.
        sound: The folder that holds a sound one of every kind, each in a folder of its name.
    """

    name: str
    files: tuple[str, ...]
    sound: Path

    @abstractmethod
    def make(self, folder: Path) -> None:
        """Write a sound one."""

    @abstractmethod
    def read(self, folder: Path) -> Any:
        """Read it, as users do, into something that can be compared."""

    def may_differ(self, folder: Path, file: str, damage: Damaged, value: Any) -> bool:
        """Whether a value other than the sound file's is what the damaged file says."""
        return False

    def command(self, folder: Path) -> list[str] | None:
        """Return the arguments of the program that read it, if there are any."""
        return None


def loss(params: Any, x: Any, y: Any) -> Any:
    return np.mean((x @ params["w"] + params["b"] - y) ** 2)


def _bits(values: Any) -> list[tuple[str, tuple[int, ...], bytes]]:
    arrays = [np.asarray(value) for value in values]
    return [(array.dtype.str, array.shape, array.tobytes()) for array in arrays]


class Loaded(Kind):
    """What `tw.load` reads; a sound file of the other kind in its place is read as what it is."""

    def read(self, folder: Path) -> Any:
        found = tw.load(folder / self.files[0])
        if isinstance(found, tw.Fit):
            return _record(found)
        tensors = found.pop("model")
        return list(tensors), _bits(tensors.values()), _bits([found.pop("z")]), repr(found)

    def may_differ(self, folder: Path, file: str, damage: Damaged, value: Any) -> bool:
        sound = (
            self.sound / kind.name / kind.files[0] for kind in KINDS if isinstance(kind, Loaded)
        )
        return damage.content in [path.read_bytes() for path in sound]


def _record(fit: tw.Fit) -> Any:
    record = fit.record
    arrays = [*record.params, *record.state, *(record.best or ()), record.losses,
              record.validation, record.validation_step]  # fmt: skip
    facts = {name: value for name, value in vars(record).items() if np.isscalar(value)}
    return _bits(arrays), facts, record.layout, repr(fit.opt_state), repr(fit)


class Checkpoint(Loaded):
    name, files = "checkpoint", ("run.safetensors",)

    def make(self, folder: Path) -> None:
        x = np.random.default_rng(0).normal(size=(40, 3))
        tw.fit(
            loss, {"w": np.zeros(3), "b": 0.0}, (x, x.sum(1)), optimizer=tw.optim.adam(0.1),
            batch_size=10, epochs=5, validation=(x, x.sum(1)), checkpoint=folder / self.files[0],
        )  # fmt: skip


class Saved(Loaded):
    name, files = "saved state", ("state.safetensors",)

    def make(self, folder: Path) -> None:
        wing.manual_seed(0)
        model = wing.nn.Sequential(
            wing.nn.Linear(3, 4), wing.nn.BatchNorm1d(4), wing.nn.Linear(4, 1)
        )
        rest = {"epoch": 3, "z": np.array([1 + 2j]), "lr": [0.1, None, ("a", True)]}
        tw.save({"model": model.state_dict(), **rest}, folder / self.files[0])


TABLE = "table.csv"

# What a model is fitted on, and reads of a later file.
FEATURES = ("area", "rooms", "town")


class Delimited(Kind):
    name, files = "CSV", (TABLE,)

    def content(self) -> bytes:
        rng = np.random.default_rng(0)
        lines = ["area,rooms,town,price"]
        for number in range(60):
            area, rooms = rng.normal(100, 30), rng.integers(1, 6)
            town = ["Como", '"Locarno, TI"', "Zürich", ""][number % 4]
            lines.append(f"{area:.3f},{rooms},{town},{area * 2 + rooms:.2f}")
        return ("\n".join(lines) + "\n").encode()

    def make(self, folder: Path) -> None:
        (folder / self.files[0]).write_bytes(self.content())

    def read(self, folder: Path) -> Any:
        return _cells(read_table(folder / self.files[0], ReadOptions(only=FEATURES)))

    def may_differ(self, folder: Path, file: str, damage: Damaged, value: Any) -> bool:
        if damage.content.startswith(b"PAR1"):
            return True  # a file of that kind instead
        # Another text is another table: but it must be the one that the text is.
        return bool(value == _by_python(folder / file, damage.content))

    def command(self, folder: Path) -> list[str] | None:
        return ["predict", str(self.sound / Folder.name), str(folder / self.files[0])]


class Gzipped(Delimited):
    name, files = "gzipped CSV", ("table.csv.gz",)

    def content(self) -> bytes:
        return gzip.compress(super().content(), mtime=0)

    def may_differ(self, folder: Path, file: str, damage: Damaged, value: Any) -> bool:
        # Two sound streams, one after the other, are a sound file.
        if damage.content[:2] != b"\x1f\x8b":
            return super().may_differ(folder, file, damage, value)
        return bool(value == _by_python(folder / file, gzip.decompress(damage.content)))


def _cells(table: Table) -> Any:
    return [(column.name, column.numeric, _plain(column)) for column in table.columns]


def _plain(column: Column) -> list[Any]:
    if not column.numeric:
        return list(column.texts())
    return [None if m else v for v, m in zip(column.values.tolist(), column.missing, strict=True)]


def _by_python(path: Path, content: bytes) -> Any:
    """Read a table with Python's own reader of CSV."""
    plain = path.with_name("plain.csv")
    plain.write_bytes(content)
    dialect = examine(plain, str(plain))
    plain.unlink()
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    rows = list(csv.reader(text, delimiter=dialect.delimiter, strict=True))[1 + dialect.skipped :]
    rows = [row for row in rows if row] if len(dialect.names) > 1 else [row or [""] for row in rows]
    if any(len(row) != len(dialect.names) for row in rows):
        return None
    comma = dialect.delimiter == ";"
    columns = []
    for name, cells in zip(dialect.names, zip(*rows, strict=True), strict=True):
        values: list[Any] = [None if _is_missing(cell) else cell.strip(" ") for cell in cells]
        numbers = [None if value is None else _number(value, comma) for value in values]
        numeric = all(n is not None for n, v in zip(numbers, values, strict=True) if v is not None)
        found = [None if n is None or math.isnan(n) else n for n in numbers] if numeric else values
        columns.append((name, numeric, found))
    return [column for column in columns if column[0] in FEATURES]


def _is_missing(cell: str) -> bool:
    return re.fullmatch(rf"\s*{MISSING}\s*", cell, re.ASCII) is not None


def _number(text: str, comma: bool) -> float | None:
    if re.fullmatch(LEADING_ZERO, text) or "_" in text:
        return None
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        return None


class Parquet(Kind):
    name, files = "Parquet", ("table.parquet",)
    checksums = True

    def make(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        columns = {
            "area": rng.normal(100, 30, 60),
            "rooms": rng.integers(1, 6, 60),
            "town": [["Como", "Locarno", "Zürich", None][i % 4] for i in range(60)],
            "price": rng.normal(200, 60, 60),
        }
        pq.write_table(
            pa.table(columns), folder / self.files[0], write_page_checksum=self.checksums,
            row_group_size=40,
        )  # fmt: skip
        self.pages = self._data(folder / self.files[0])

    def _data(self, path: Path) -> list[tuple[int, int]]:
        """Return where the pages' data are: what lies there has a checksum."""
        groups, found = pq.ParquetFile(path).metadata, []
        with path.open("rb") as file:
            for group in range(groups.num_row_groups):
                for column in range(groups.num_columns):
                    chunk = groups.row_group(group).column(column)
                    start = chunk.dictionary_page_offset or chunk.data_page_offset
                    end = start + chunk.total_compressed_size
                    found += [(at, at + size) for at, size, _ in _pages(file, start, end)]
        return found

    def read(self, folder: Path) -> Any:
        return _cells(read_table(folder / self.files[0], ReadOptions(only=FEATURES)))

    def may_differ(self, folder: Path, file: str, damage: Damaged, value: Any) -> bool:
        # What stands outside of pages, names and counts for example, has no checksum.
        if not self.checksums or damage.touched is None:
            return True
        pages = self._data(self.sound / self.name / file)
        start, end = damage.touched
        return not any(at <= start and end <= stop for at, stop in pages)

    def command(self, folder: Path) -> list[str] | None:
        return ["predict", str(self.sound / Folder.name), str(folder / self.files[0])]


class BareParquet(Parquet):
    name, files = "Parquet without checksums", ("table.parquet",)
    checksums = False


class Folder(Kind):
    name, files = "model folder", ("model.json", "model.safetensors")

    def make(self, folder: Path) -> None:
        from thalweg.cli import main

        table = self.sound / Delimited.name / TABLE
        arguments = ["fit", str(table), "-y", "price", "--missing", "mean", "--out", str(folder)]
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(arguments) == 0

    def read(self, folder: Path) -> Any:
        return predict(folder, str(self.sound / Delimited.name / TABLE))

    def command(self, folder: Path) -> list[str] | None:
        return ["predict", str(folder), str(self.sound / Delimited.name / TABLE)]


class Run(Kind):
    name, files = "run.toml", ("run.toml",)

    def make(self, folder: Path) -> None:
        content = (self.sound / Folder.name / "run.toml").read_bytes()
        (folder / "run.toml").write_bytes(content)

    def read(self, folder: Path) -> Any:
        settings, facts = from_toml(folder / "run.toml")
        if facts.get("edited"):
            # The program says so, and goes on.
            raise ArgumentError("the run to repeat was edited since a fit wrote it.")
        return settings


class Cached(Kind):
    name, files = "cache of programs", ()

    def make(self, folder: Path) -> None:
        self.compute(folder)

    def compute(self, folder: Path) -> Any:
        before = os.environ.get("THALWEG_CACHE_DIR")
        os.environ["THALWEG_CACHE_DIR"] = str(folder)
        jit.compile_object.cache_clear()
        try:
            found = tw.jit(lambda x: np.sum(np.exp(x) * np.tanh(x)) + np.mean(x))(np.arange(9.0))
            return _bits([found])
        finally:
            del os.environ["THALWEG_CACHE_DIR"]
            if before is not None:
                os.environ["THALWEG_CACHE_DIR"] = before

    def read(self, folder: Path) -> Any:
        found = self.compute(folder)
        assert sorted(path.name for path in (folder / "native").iterdir()) == sorted(self.entries)
        return found

    @property
    def entries(self) -> tuple[str, ...]:
        return tuple(path.rpartition("/")[2] for path in self.files)


KINDS: list[Kind] = [
    Delimited(), Gzipped(), Parquet(), BareParquet(), Checkpoint(), Saved(), Folder(), Run(),
    Cached(),
]  # fmt: skip


def make(folder: Path) -> None:
    """Write a sound one of every kind."""
    for kind in KINDS:
        kind.sound = folder
        (folder / kind.name).mkdir(parents=True)
        kind.make(folder / kind.name)


def prepare(folder: Path) -> None:
    """Take the sound ones that another process wrote."""
    for kind in KINDS:
        kind.sound = folder
        if isinstance(kind, Cached):
            entries = sorted((folder / kind.name / "native").iterdir())
            kind.files = tuple(f"native/{entry.name}" for entry in entries)
