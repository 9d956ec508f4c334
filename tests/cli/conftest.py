"""Files to fit, and the program run inside this process."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from thalweg.cli import main
from thalweg.estimators.evaluation.parts import stratified_part

LOADERS = {"diabetes": load_diabetes, "cancer": load_breast_cancer, "digits": load_digits}


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    status: int
    out: str
    err: str


Thalweg = Callable[..., Ran]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with scikit-learn's data as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("files")
    for name, load in LOADERS.items():
        frame = load(as_frame=True).frame
        frame.to_csv(folder / f"{name}.csv", index=False)
        frame.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture
def thalweg(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Thalweg:
    """Return the program as a function; it works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    # In thalweg itself nothing may go wrong quietly.
    monkeypatch.setenv("THALWEG_TRACEBACK", "1")

    def run(*arguments: object) -> Ran:
        status = main([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return run


def training_rows(rows: int, classes: Any = None) -> Any:
    """Return the rows that a fit trains on by default, of classes each alike."""
    held = round(0.2 * rows)
    if classes is None:
        return np.sort(np.random.default_rng(0).permutation(rows)[held:])
    return np.setdiff1d(np.arange(rows), stratified_part(classes, held, 0))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
