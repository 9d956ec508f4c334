"""What a fit says of itself: answer first, valid JSON, tables that fit, as much as asked."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Thalweg
from thalweg.cli.notes import answer, notes
from thalweg.cli.pictures import columns
from thalweg.cli.report import report
from thalweg.cli.screen import blocks
from thalweg.cli.tables import Grid, data
from thalweg.estimators import fit_table


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({
        "area": random.normal(120.0, 30.0, 600),
        "town": random.choice(["Basel", "Bern", "Chur"], 600),
        "street": [f"s{i // 6}" for i in range(600)],
        "day": pd.date_range("2020-01-01", periods=600).strftime("%Y-%m-%d"),
    })  # fmt: skip
    frame["price"] = 2000.0 * frame.area + 5e4 * (frame.town == "Bern")
    frame["price"] += random.normal(0.0, 4e4, 600).round()
    frame["sold"] = np.where(frame.price + random.normal(0, 4e4, 600) > 2.5e5, "yes", "no")
    frame["empty"] = 1.0
    frame.to_csv(tmp_path / "houses.csv", index=False)
    return tmp_path / "houses.csv"


LEFT = ("--drop", "sold", "--drop", "street", "--drop", "day")


def test_the_answer_comes_first(thalweg: Thalweg, houses: Path, tmp_path: Path) -> None:
    ran = thalweg("fit", houses, "-y", "price", *LEFT)
    page = (tmp_path / "houses.thalweg" / "report.html").read_text(encoding="utf-8")
    said = re.search(r'<p class="answer">(.*?)</p>', page)
    assert said is not None
    assert said[1] in " ".join(ran.out.split())
    found = re.fullmatch(
        r"On 120 rows it has not seen the typical error is ([\d,]+) \(root mean square\); "
        r"R² (0\.\d{4})\.",
        said[1],
    )
    assert found is not None
    fit = fit_table(houses, "price", drop=("sold", "street", "day"))
    judged = fit.judgments["held out"]
    error = np.sqrt(np.mean((judged.actual - judged.predicted) ** 2))
    assert found[1] == f"{error:,.0f}"
    assert page.index("answer") < page.index("The data") < page.index("How well it predicts")
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert page.count("<svg") == 4


@pytest.mark.parametrize("target", ["price", "sold", "town"])
def test_a_network_s_report_shows_what_columns_do(houses: Path, target: str) -> None:
    drop = ("street", "day", "empty")
    frame = pd.read_csv(houses)
    # Nearly all rows have one value of it, and the rest many.
    random = np.random.default_rng(1)
    frame["garden"] = np.where(random.random(600) < 0.8, 0.0, random.random(600))
    fit = fit_table(frame, target, model="mlp:4", epochs=5, batch_size=100, drop=drop)
    pictures = columns(fit)
    importance = fit.permutation_importance()
    order = np.argsort(-importance.importances_mean)
    assert [re.search(r'aria-label="(.*?)"', drawn)[1] for drawn, _ in pictures] == [
        "permutation importance",
        *(f"partial dependence on {importance.columns[i]}" for i in order),
    ]
    told = {"price": "price, predicted", "sold": "probability of yes", "town": "probability"}
    for drawn, _ in pictures[1:]:
        assert told[target] in drawn
        assert ("Chur" in drawn) == ("dependence on town" in drawn or target == "town")
    assert pictures[1][1].startswith("Partial dependence")
    page = report(
        fit,
        {
            "target": target,
            "data": houses,
            "model": "mlp:4",
            "loss": "squared",
            "optimizer": "adam(0.003)",
        },
        "run",
    )
    assert all(drawn in page for drawn, _ in pictures)


def test_a_constant_column_has_no_partial_dependence(houses: Path) -> None:
    drop = ("street", "day", "sold", "town")
    fit = fit_table(houses, "price", model="mlp:4", epochs=2, batch_size=200, drop=drop)
    assert [below.startswith("Partial") for _, below in columns(fit)] == [False, True]


def test_json_is_valid_and_complete(thalweg: Thalweg, houses: Path) -> None:
    drop = ("--drop", "price", "--drop", "street", "--drop", "day")
    ran = thalweg("fit", houses, "-y", "sold", "--l2", 0, *drop, "--json")

    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    found = json.loads(ran.out, parse_constant=refuse)
    assert found["classes"] == ["no", "yes"]
    assert (found["model"], found["loss"], found["seed"]) == ("linear", "logistic", 0)
    assert set(found["metrics"]["held out"]) == {
        "accuracy", "balanced accuracy", "AUC", "log loss",
    }  # fmt: skip
    assert set(found["by class"]["held out"]["yes"]) == {"precision", "recall", "rows"}
    area = found["inference"]["parameters"]["area"]
    assert area["low"] < found["coefficients"]["area"] < area["high"]
    # A constant column has no standard error: null, never NaN.
    assert found["inference"]["parameters"]["empty"]["std_error"] is None
    assert len(found["data"]["fingerprint"]) == len(found["data"]["digest"]) == 32
    assert found["answer"].startswith("On 120 rows it has not seen it names ")


def test_classes_and_reference_levels_are_named(houses: Path) -> None:
    fit = fit_table(houses, "sold", drop=("price", "street", "day"))
    said = " ".join(notes(fit))
    assert "probabilities are those of 'yes', not 'no'" in said
    assert "compared with 'Basel' in 'town'" in said
    assert "120 of 600 rows were held out at random, each class alike." in said


def test_how_rows_were_held_out_is_said(thalweg: Thalweg, houses: Path) -> None:
    left = ("--drop", "sold", "--out", "m", "--force")
    ran = thalweg("fit", houses, "-y", "price", "--groups", "street", "--drop", "day", *left)
    assert "held out at random, no 'street' in two parts" in ran.out
    ran = thalweg("fit", houses, "-y", "price", "--time", "day", "--drop", "street", *left)
    assert "120 of 600 rows were held out, the latest by 'day'" in ran.out
    ran = thalweg("fit", houses, "-y", "price", *LEFT, "--folds", 4, "--out", "m", "--force")
    assert "On 600 rows, each predicted by a model that has not seen it, the typical" in ran.out
    assert re.search(r"error is [\d,]+ ± [\d,]+ \(root", ran.out)
    again = thalweg("fit", "--run", "m/run.toml", "--out", "m2", "--json")
    assert len(json.loads(again.out)["folds"]) == 4


def test_a_model_that_learnt_nothing_says_so() -> None:
    random = np.random.default_rng(1)
    table = {f"x{i}": random.normal(size=60) for i in range(30)} | {"y": random.normal(size=60)}
    assert "it has learnt nothing of use" in answer(fit_table(table, "y"))
    assert "was not tried" in answer(fit_table(table, "y", holdout=0))


def test_the_overview_tells_types_gaps_and_constants(houses: Path) -> None:
    frame = pd.read_csv(houses).drop(columns=["sold", "street", "day"])
    frame.loc[[3, 4], "area"] = np.nan
    grid = data(fit_table(frame, "price", missing="mean"))
    rows = {row[0]: row[1:] for row in grid.rows}
    assert rows["area"][2] == "2, mean taken"
    assert rows["empty"][1] == "always 1"
    assert rows["town"][0] == "3 categories"


@pytest.mark.parametrize("width", [60, 80])
def test_no_digit_is_cut_on_a_narrow_screen(
    thalweg: Thalweg, houses: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = thalweg("fit", houses, "-y", "price", *LEFT, "--folds", 3)
    assert "…" not in ran.out
    tables = [line for line in ran.out.splitlines() if re.match(r" +\S+ .*\d  ", line)]
    assert tables
    assert max(map(len, tables)) <= width
    for title in ("coefficient", "97.5 %", "for one std. dev.", "null model", "cross-validated"):
        assert title in ran.out


def test_blocks_have_every_column_once() -> None:
    header = ["", *(f"c{i}" for i in range(9))]
    grid = Grid("said", header, [["name", *("9" * i for i in range(1, 10))]])
    found = blocks(grid, 30)
    assert [name for block in found for name in block.header[1:]] == header[1:]
    assert [block.caption for block in found] == ["said", *[""] * (len(found) - 1)]
    assert all(block.rows[0][0] == "name" for block in found)


def test_as_much_is_told_as_is_asked_for(thalweg: Thalweg, houses: Path) -> None:
    command = ("fit", houses, "-y", "price", *LEFT)
    ran = thalweg(*command, "--quiet")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    ran = thalweg(*command, "--quiet", "--json")
    assert json.loads(ran.out)["target"] == "price"
    ran = thalweg(*command, "--verbose")
    for said in ("480 rows to train on, 120 held out", "fitted linear", "wrote the model"):
        assert said in ran.err
    assert "fitted linear" not in thalweg(*command).err
    ran = thalweg(*command, "--quiet", "--verbose")
    assert ran.status == 2
    assert "exclude each other" in ran.err


def test_the_library_logs_under_its_name(logged: list[logging.LogRecord]) -> None:
    fit_table({"x": [1.0, 2.0, 3.0, 5.0], "y": [1.0, 2.5, 3.0, 4.0]}, "y", holdout=0)
    assert any("fitted linear" in record.getMessage() for record in logged)
    assert {record.name for record in logged} == {"thalweg"}
