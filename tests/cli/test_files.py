"""Files of people: which columns, what is missing, dates and categories; where a fit is written."""

import csv
import errno
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression

from tests.cli.conftest import Ran, Thalweg
from thalweg.training import storage


def frame(rows: int = 60) -> pd.DataFrame:
    """Return y = 2 a − 3 b + 1 exactly."""
    rng = np.random.default_rng(4)
    found = pd.DataFrame(rng.integers(1, 900, (rows, 2)), columns=["a", "b"])
    return found.assign(y=2 * found.a - 3 * found.b + 1)


def fitted(ran: Ran) -> dict[str, float]:
    assert ran.status == 0, ran.err
    return json.loads(ran.out)["coefficients"]


def refused(ran: Ran, status: int = 2) -> str:
    assert (ran.status, ran.out) == (status, "")
    return ran.err


EXACT = {"intercept": 1.0, "a": 2.0, "b": -3.0}


@pytest.mark.parametrize("mark", [".", ",", "'"])
def test_thousands_marks_leave_the_coefficients_as_they_are(
    thalweg: Thalweg, tmp_path: Path, mark: str
) -> None:
    data = frame()
    data["b"] *= 1000  # the target too has marks
    data["y"] = 2 * data.a - 3 * data.b + 1
    delimiter = "," if mark == "," else ";"
    texts = data.map(lambda value: f"{value:,}".replace(",", mark))
    texts.to_csv(tmp_path / "d.csv", sep=delimiter, index=False)
    ran = thalweg("fit", "d.csv", "-y", "y", "--holdout", 0, "--json")
    assert_allclose([*fitted(ran).values()], [1, 2, -3], rtol=1e-6)


def test_an_unusable_column_is_left_out_before_it_is_looked_at(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    data = frame().assign(odd="26 kg", name=[f"n{i}" for i in range(60)])
    data.to_csv(tmp_path / "d.csv", index=False)
    assert "'26 kg'" in refused(thalweg("fit", "d.csv", "-y", "y"))
    out = ("--json", "--holdout", 0)
    dropped = thalweg("fit", "d.csv", "-y", "y", "--drop", "odd", "--drop", "name", *out)
    assert fitted(dropped) == pytest.approx(EXACT)
    chosen = thalweg("fit", "d.csv", "-y", "y", "--features", "a", "--features", "b", *out)
    assert fitted(chosen) == pytest.approx(EXACT)


def test_parquet_with_moments_records_and_lists_is_fitted_by_the_others(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    data = frame()
    table = pa.Table.from_pandas(data)
    for name, values in {
        "when": pa.array(pd.date_range("2024-01-01", periods=60)),
        "record": pa.array([{"x": 1}] * 60),
        "list": pa.array([[1, 2]] * 60),
    }.items():
        table = table.append_column(name, values)
    pq.write_table(table, tmp_path / "d.parquet")
    assert "--date when" in refused(thalweg("fit", "d.parquet", "-y", "y"))
    drop = [part for name in ("when", "record", "list") for part in ("--drop", name)]
    ran = thalweg("fit", "d.parquet", "-y", "y", *drop, "--holdout", 0, "--json")
    assert fitted(ran) == pytest.approx(EXACT)


def test_several_files_and_standard_input_are_one_table(
    thalweg: Thalweg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = frame()
    options = ("-y", "y", "--holdout", 0, "--json", "--out", "m", "--force")
    for part in range(3):
        some = data.iloc[20 * part : 20 * part + 20]
        some.to_csv(tmp_path / f"part{part}.csv", index=False)
        (tmp_path / "parts" / f"half={part}").mkdir(parents=True)
        some.to_parquet(tmp_path / "parts" / f"half={part}" / "p.parquet")
    assert fitted(thalweg("fit", "part*.csv", *options)) == pytest.approx(EXACT)
    assert fitted(thalweg("fit", "parts", *options)) == pytest.approx(EXACT | {"half": 0}, abs=1e-6)
    data.to_csv(tmp_path / "d.csv", index=False)
    with (tmp_path / "d.csv").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert fitted(thalweg("fit", "-", *options)) == pytest.approx(EXACT)
    with (tmp_path / "d.csv").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert "with --out" in refused(thalweg("fit", "-", "-y", "y"))
    assert "curl -L" in refused(thalweg("fit", "https://example.org/d.csv", "-y", "y"))
    (tmp_path / "part2.csv").write_text("a,c,y\n1,2,3\n")
    assert "'b', 'c'" in refused(thalweg("fit", "part*.csv", *options))


# ---- what is missing


@pytest.fixture
def gaps(tmp_path: Path) -> pd.DataFrame:
    data = frame().astype(float)
    data.loc[3, "a"] = data.loc[7, "y"] = np.nan
    data.to_csv(tmp_path / "d.csv", index=False)
    return data


def test_rows_with_missing_values_are_dropped_and_counted(
    thalweg: Thalweg, gaps: pd.DataFrame
) -> None:
    assert "--missing drop" in refused(thalweg("fit", "d.csv", "-y", "y"))
    ran = thalweg("fit", "d.csv", "-y", "y", "--missing", "drop", "--holdout", 0, "--json")
    assert fitted(ran) == pytest.approx(EXACT)
    assert "2 of 60 rows have a missing value and were left out" in ran.err
    kept = gaps[gaps.y.notna()]
    filled = kept[["a", "b"]].fillna(kept.mean())
    ran = thalweg("fit", "d.csv", "-y", "y", "--missing", "mean", "--holdout", 0, "--json")
    expected = LinearRegression().fit(filled, kept.y).coef_
    assert_allclose([*fitted(ran).values()][1:], expected, rtol=1e-9)
    assert "1 of 60 rows have no target" in ran.err


def test_a_value_far_from_all_else_is_pointed_out_and_may_mean_missing(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    data = frame()
    data.loc[[5, 9], "a"] = -99999
    data.to_csv(tmp_path / "d.csv", index=False)
    ran = thalweg("fit", "d.csv", "-y", "y", "--holdout", 0, "--json")
    assert "'a' has -99999 in 2 rows" in ran.err
    assert "--na -99999" in ran.err
    assert "'a' has -99999" in " ".join(json.loads(ran.out)["notes"])
    na = ("--na=-99999", "--missing", "drop")
    ran = thalweg("fit", "d.csv", "-y", "y", *na, "--holdout", 0, "--json")
    assert fitted(ran) == pytest.approx(EXACT)


def test_codes_of_regions_are_pointed_out_and_may_be_categories(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    data = frame(200)
    data["region"] = np.arange(200) % 5 + 1
    data["y"] = data.a + np.array([0, 10, -5, 3, 40])[data.region - 1]
    data.drop(columns="b").to_csv(tmp_path / "d.csv", index=False)
    ran = thalweg("fit", "d.csv", "-y", "y", "--holdout", 0, "--json")
    assert "'region' has few different whole numbers" in ran.err
    ran = thalweg("fit", "d.csv", "-y", "y", "--category", "region", "--holdout", 0, "--json")
    found = fitted(ran)
    assert ran.err == ""
    effects = [found[f"region={code}"] for code in (2, 3, 4, 5)]
    assert_allclose(effects, [10, -5, 3, 40], atol=1e-8)


def test_dates_are_refused_with_the_remedy_and_taken_apart(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    days = pd.date_range("2022-01-01", periods=730)
    weekend = days.day_of_week >= 5
    pd.DataFrame(
        {"day": days.strftime("%Y-%m-%d"), "y": np.arange(730) * 0.5 + 7.0 * weekend}
    ).to_csv(tmp_path / "d.csv", index=False)
    assert "holds dates, such as '2022-01-01'" in refused(thalweg("fit", "d.csv", "-y", "y"))
    ran = thalweg("fit", "d.csv", "-y", "y", "--date", "day", "--holdout", 0, "--json")
    found = fitted(ran)
    assert found["day.elapsed"] == pytest.approx(0.5, rel=1e-6)
    assert found["day.weekday=Sat"] == pytest.approx(7, rel=1e-6)
    assert found["day.weekday=Wed"] == pytest.approx(0, abs=1e-6)
    (tmp_path / "new.csv").write_text("day\n2024-03-02\n")
    (row,) = rows(thalweg("predict", "d.thalweg", "new.csv").out)
    assert float(row["y"]) == pytest.approx(0.5 * 791 + 7, rel=1e-6)


# ---- predicting


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def model(thalweg: Thalweg, tmp_path: Path) -> None:
    data = frame().assign(town=["Como", "Lugano", "Varese"] * 20)
    data["y"] += 100.0 * (data.town == "Varese")
    data.to_csv(tmp_path / "d.csv", index=False)
    assert thalweg("fit", "d.csv", "-y", "y", "--holdout", 0, "--out", "m").status == 0


@pytest.mark.usefixtures("model")
def test_only_the_columns_of_the_model_are_read_and_names_are_carried_along(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text(
        'id,odd,town,a,b,y\n007,"1,5",Como,1,2,\n008,$3,Varese,3,4,x\n'
    )
    found = rows(thalweg("predict", "m", "new.csv", "--id", "id", "--id", "town").out)
    assert [row["id"] for row in found] == ["007", "008"]
    assert [row["town"] for row in found] == ["Como", "Varese"]
    assert_allclose([float(row["y"]) for row in found], [-3, 95], rtol=1e-6)
    assert "name of what is predicted" in refused(thalweg("predict", "m", "new.csv", "--id", "y"))
    assert "no column 'name'" in refused(thalweg("predict", "m", "new.csv", "--id", "name"))


@pytest.mark.usefixtures("model")
def test_missing_values_at_prediction_are_refused_filled_or_left_empty(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text("town,a,b\nComo,1,2\nComo,,2\nVarese,3,4\n")
    assert "'a' is missing in row 2" in refused(thalweg("predict", "m", "new.csv"))
    dropped = rows(thalweg("predict", "m", "new.csv", "--missing", "drop", "--id", "a").out)
    assert [row["y"] == "" for row in dropped] == [False, True, False]
    filled = rows(thalweg("predict", "m", "new.csv", "--missing", "mean").out)
    expected = 2 * frame().a.mean() - 3 * 2 + 1
    assert float(filled[1]["y"]) == pytest.approx(expected, rel=1e-6)
    assert [filled[i]["y"] for i in (0, 2)] == [dropped[i]["y"] for i in (0, 2)]


@pytest.mark.usefixtures("model")
def test_unknown_categories_are_refused_or_taken_as_missing(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text("town,a,b\nComo,1,2\nBern,1,2\n")
    assert "--unknown ignore" in refused(thalweg("predict", "m", "new.csv"))
    found = rows(thalweg("predict", "m", "new.csv", "--unknown", "ignore").out)
    assert_allclose([float(row["y"]) for row in found], [-3, -3 + 100 / 3], rtol=1e-6)


# ---- what can be learnt


def test_a_class_of_rows_held_out_only_is_named_before_training(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    held = np.random.default_rng(0).permutation(60)[0]
    kinds = np.where(np.arange(60) == held, "rare", np.where(np.arange(60) % 2, "x", "z"))
    frame().drop(columns="y").assign(kind=kinds).to_csv(tmp_path / "d.csv", index=False)
    said = refused(thalweg("fit", "d.csv", "-y", "kind", "--folds", 3))
    assert "class 'rare' of target 'kind' has no training row" in said
    assert not (tmp_path / "d.thalweg").exists()
    frame().assign(kind=kinds).to_csv(tmp_path / "d.csv", index=False)
    assert "'kind' has 'rare' in rows held out only" in thalweg("fit", "d.csv", "-y", "y").err


def test_a_single_class_a_constant_and_more_columns_than_rows(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    frame().assign(kind="x").to_csv(tmp_path / "d.csv", index=False)
    assert "'x' in every row" in refused(thalweg("fit", "d.csv", "-y", "kind"))
    constant = frame().assign(same=4, twice=lambda f: 2 * f.a)
    constant.to_csv(tmp_path / "c.csv", index=False)
    found = fitted(thalweg("fit", "c.csv", "-y", "y", "--holdout", 0, "--json"))
    assert found["same"] == 0.0
    assert found["a"] + 2 * found["twice"] == pytest.approx(2, rel=1e-9)
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(20, 40))).add_prefix("x").assign(y=rng.normal(size=20))
    wide.to_csv(tmp_path / "w.csv", index=False)
    found = fitted(thalweg("fit", "w.csv", "-y", "y", "--holdout", 0, "--json"))
    X = wide.drop(columns="y")
    scale = X.std(ddof=0)
    shortest = np.linalg.pinv(((X - X.mean()) / scale).to_numpy()) @ (wide.y - wide.y.mean())
    assert_allclose([*found.values()][1:], shortest / scale, rtol=1e-6)


# ---- where it is written


def test_a_refit_on_a_full_disk_leaves_the_old_model_whole(
    thalweg: Thalweg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame().to_csv(tmp_path / "d.csv", index=False)
    assert thalweg("fit", "d.csv", "-y", "y").status == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "d.thalweg").iterdir()}

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_write_through", full)
        assert "No space left" in refused(thalweg("fit", "d.csv", "-y", "y", "--l2", 3))
    assert {p.name: p.read_bytes() for p in (tmp_path / "d.thalweg").iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"d.csv", "d.thalweg"}
    # What is whole is replaced as a whole: a network has no coefficients.csv.
    assert thalweg("fit", "d.csv", "-y", "y", "--model", "mlp:2", "--epochs", 1).status == 0
    assert not (tmp_path / "d.thalweg" / "coefficients.csv").exists()


def test_a_model_of_other_data_is_replaced_only_by_force(thalweg: Thalweg, tmp_path: Path) -> None:
    for name in ("d.csv", "e.csv"):
        frame().to_csv(tmp_path / name, index=False)
    assert thalweg("fit", "d.csv", "-y", "y", "--out", "m").status == 0
    assert thalweg("fit", "d.csv", "-y", "y", "--out", "m").status == 0
    said = refused(thalweg("fit", "e.csv", "-y", "y", "--out", "m"))
    assert "holds another model" in said
    assert "--force" in said
    assert thalweg("fit", "e.csv", "-y", "y", "--out", "m", "--force").status == 0


def test_a_run_is_repeated_where_file_and_folder_were_moved_together(
    thalweg: Thalweg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "data").mkdir(parents=True)
    frame().to_csv(tmp_path / "here" / "data" / "d.csv", index=False)
    options = ("-y", "y", "--out", "here/m", "--date", "when", "--missing", "drop")
    assert "'when'" in refused(thalweg("fit", "here/data/d.csv", *options))
    assert thalweg("fit", "here/data/d.csv", "-y", "y", "--out", "here/m").status == 0
    assert '"../data/d.csv"' in (tmp_path / "here" / "m" / "run.toml").read_text()
    (tmp_path / "here").rename(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there" / "data")
    ran = thalweg("fit", "--run", "../m/run.toml", "--out", "again", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert (Path("again") / "run.toml").read_text().count('data = "../d.csv"') == 1
