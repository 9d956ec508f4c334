"""The command that searches hyperparameters."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Thalweg
from thalweg.estimators import load_model
from thalweg.tuning import read_log


def test_it_searches_fits_and_writes(thalweg: Thalweg, files: Path) -> None:
    ran = thalweg(
        "tune", files / "diabetes.csv", "-y", "target", "--compare",
        "l2=choice(0.1, 10.0)", "--search", "learning_rate=loguniform(1e-3, 1e-1)", "--trials", 4,
        "--folds", 2, "--epochs", 2,
    )  # fmt: skip
    assert (ran.status, ran.err) == (0, "")
    assert "4 trials" in ran.out
    assert "each with the others tuned" in ran.out
    folder = Path("diabetes.thalweg")
    names = {path.name for path in folder.iterdir()}
    assert {"model.json", "report.html", "run.toml", "tuning.html"} <= names
    facts, results = read_log("diabetes.trials.jsonl")
    assert facts["space"]["scientific"] == {"l2": "choice(0.1, 10.0)"}
    assert facts["space"]["fixed"]["epochs"] == 2
    best = min(results, key=lambda result: result.value)
    assert f"learning_rate={best.config['learning_rate']!r}" in (folder / "run.toml").read_text()
    assert load_model(folder).predict(str(files / "diabetes.csv")).shape == (442,)
    # The fit is repeated by its file.
    ran = thalweg("fit", "--run", folder / "run.toml", "--json", "--out", "again")
    assert json.loads(ran.out)["target"] == "target"
    assert (folder / "model.json").read_bytes() == Path("again/model.json").read_bytes()


def test_it_tells_more_or_nothing(thalweg: Thalweg, files: Path) -> None:
    search = ("tune", files / "diabetes.csv", "-y", "target", "--trials", 2, "--folds", 2)
    ran = thalweg(*search, "--quiet")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    told = thalweg(*search, "--verbose", "--log", "other.jsonl").err.splitlines()
    assert told[0].endswith("354 rows to train on, 88 held out, 10 features")
    assert [line.split(":")[1] for line in told[1:3]] == [" trial 0", " trial 1"]
    assert told[-1] == "thalweg: wrote the model and its report to diabetes.thalweg"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--search", "l2"), "is no range. Write a name"),
        (("--search", "l2=logunifrm(1, 2)"), "perhaps loguniform"),
        (("--search", "l2=loguniform(2, 1)"), "the lower one first"),
        (("--search", "l2=3"), "is no range"),
        (("--search", "rate=uniform(0, 1)"), "cannot be searched"),
        (("--sampler", "sobel"), "Did you mean 'sobol'"),
        (("--workers", "0"), "workers"),
    ],
)
def test_mistakes_are_told_in_a_line(
    thalweg: Thalweg, files: Path, options: tuple[str, ...], message: str
) -> None:
    ran = thalweg("tune", files / "diabetes.csv", "-y", "target", *options)
    assert ran.status == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert not Path("diabetes.thalweg/model.json").exists()
