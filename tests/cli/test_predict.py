"""`thalweg predict`: what a stored model says about new rows."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.cli.conftest import Ran, Thalweg, training_rows


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_regression_predicts_as_least_squares(thalweg: Thalweg, files: Path) -> None:
    assert thalweg("fit", files / "diabetes.csv", "-y", "target", "--out", "m").status == 0
    ran = thalweg("predict", "m", files / "diabetes.parquet")
    assert ran.status == 0
    X, y = load_diabetes(return_X_y=True)
    rows = training_rows(len(y))
    expected = LinearRegression().fit(X[rows], y[rows]).predict(X)
    assert_allclose([float(row["target"]) for row in parsed(ran.out)], expected, rtol=1e-9)


def test_classes_are_predicted_by_name_with_probabilities(thalweg: Thalweg, tmp_path: Path) -> None:
    iris = load_iris(as_frame=True)
    frame = iris.frame.assign(species=iris.target_names[iris.target]).drop(columns="target")
    frame.to_csv(tmp_path / "iris.csv", index=False)
    assert thalweg("fit", "iris.csv", "-y", "species", "--out", "m", "--holdout", 0).status == 0
    # Other columns, in another order, without the target.
    new = frame.drop(columns="species").iloc[:, ::-1].assign(note="x")
    new.to_csv(tmp_path / "new.csv", index=False)
    ran = thalweg("predict", "m", "new.csv", "--out", "p.csv")
    assert (ran.status, ran.out) == (0, "")
    X = frame.drop(columns="species").to_numpy()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    oracle = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(Z, frame.species)
    found = parsed((tmp_path / "p.csv").read_text())
    assert [row["species"] for row in found] == oracle.predict(Z).tolist()
    shares = [[float(row[f"probability of {name}"]) for name in oracle.classes_] for row in found]
    assert_allclose(shares, oracle.predict_proba(Z), atol=1e-6)


def test_two_classes_have_probabilities_that_sum_to_one(thalweg: Thalweg, files: Path) -> None:
    assert thalweg("fit", files / "cancer.csv", "-y", "target", "--out", "m").status == 0
    found = parsed(thalweg("predict", "m", files / "cancer.csv").out)
    shares = np.array([[float(r["probability of 0"]), float(r["probability of 1"])] for r in found])
    assert_allclose(shares.sum(axis=1), 1.0)
    taken = [str(int(share[1] > share[0])) for share in shares]
    assert [row["target"] for row in found] == taken


def test_a_loss_without_probabilities_gives_scores(thalweg: Thalweg, files: Path) -> None:
    fit = ("fit", files / "cancer.csv", "-y", "target", "--loss", "hinge", "--epochs", 20)
    assert thalweg(*fit, "--out", "m").status == 0
    found = parsed(thalweg("predict", "m", files / "cancer.csv").out)
    assert list(found[0]) == ["target", "score"]
    assert all((float(row["score"]) > 0) == (row["target"] == "1") for row in found)


def test_a_network_predicts_what_it_was_judged_by(thalweg: Thalweg, files: Path) -> None:
    import json

    fit = ("fit", files / "diabetes.csv", "-y", "target", "--model", "mlp:8", "--holdout", 0)
    judged = json.loads(thalweg(*fit, "--out", "m", "--json").out)["losses"]["training"]
    _, y = load_diabetes(return_X_y=True)
    found = [float(row["target"]) for row in parsed(thalweg("predict", "m", fit[1]).out)]
    assert_allclose(np.mean((y - found) ** 2), judged["loss"], rtol=1e-9)


def test_missing_values_take_the_mean_of_the_training_rows(
    thalweg: Thalweg, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, np.nan], "y": [2.0, 4, 6, 8, 10, 12, 7.5]})
    frame.to_csv(tmp_path / "d.csv", index=False)
    fit = ("fit", "d.csv", "-y", "y", "--missing", "mean", "--holdout", 0, "--out", "m")
    assert thalweg(*fit).status == 0
    (tmp_path / "new.csv").write_text("x,z\n,1\n3.5,2\n")
    found = [float(row["y"]) for row in parsed(thalweg("predict", "m", "new.csv").out)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_intervals_are_columns_beside_the_predictions(thalweg: Thalweg, files: Path) -> None:
    import statsmodels.formula.api as smf

    data = pd.read_csv(files / "diabetes.csv")
    fit = ("fit", files / "diabetes.csv", "--formula", "log(target) ~ bmi * C(sex) + bp")
    assert thalweg(*fit, "--out", "m", "--holdout", 0).status == 0
    ran = thalweg("predict", "m", files / "diabetes.csv", "--intervals", 0.9, "--id", "age")
    found = pd.DataFrame(parsed(ran.out)).astype(float)
    oracle = smf.ols("np.log(target) ~ bmi * C(sex) + bp", data).fit(cov_type="HC1", use_t=True)
    expected = oracle.get_prediction(data).summary_frame(alpha=0.1)
    assert list(found) == ["age", "log(target)", *expected.columns[1:]]
    assert_allclose(found["log(target)"], expected["mean"], rtol=1e-8)
    assert_allclose(found.iloc[:, 2:], expected.iloc[:, 1:], rtol=1e-8)


def test_intervals_of_classes_are_those_of_the_second_s_probability(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    fit = ("fit", files / "cancer.csv", "-y", "target", "--features", "mean texture", "--out", "m")
    assert thalweg(*fit).status == 0
    ran = thalweg("predict", "m", files / "cancer.csv", "--intervals", 0.95)
    assert ran.status == 2
    assert "The penalty (l2 = 1)" in ran.err
    assert thalweg(*fit, "--l2", 0).status == 0
    found = parsed(thalweg("predict", "m", files / "cancer.csv", "--intervals", 0.95).out)
    low, at, high = (
        np.array([float(row[f"probability of 1{end}"]) for row in found])
        for end in (" lower", "", " upper")
    )
    assert ((low > 0) & (low < at) & (at < high) & (high < 1)).all()


def test_rows_without_a_prediction_have_no_interval(thalweg: Thalweg, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i},{i + i % 3}\n" for i in range(9)))
    assert thalweg("fit", "d.csv", "-y", "y", "--task", "regression", "--holdout", 0).status == 0
    (tmp_path / "new.csv").write_text("x\n1\nNA\n3\n")
    ran = thalweg("predict", "d.thalweg", "new.csv", "--missing", "drop", "--intervals", 0.95)
    found = parsed(ran.out)
    assert set(found[1].values()) == {""}
    assert all(row["obs_ci_upper"] for row in (found[0], found[2]))
    ran = thalweg("predict", "d.thalweg", "new.csv", "--missing", "mean", "--intervals", 0.95)
    imputed = parsed(ran.out)
    assert imputed[1]["y"]
    assert imputed[1]["mean_ci_lower"] == imputed[1]["obs_ci_upper"] == ""
    assert imputed[2] == found[2]


def test_it_tells_more_or_nothing(thalweg: Thalweg, files: Path) -> None:
    fit = ("fit", files / "diabetes.csv", "-y", "target", "--out", "m", "--quiet")
    assert thalweg(*fit) == Ran(0, "", "")
    told = thalweg("predict", "m", files / "diabetes.csv", "--verbose", "--out", "p.csv")
    assert told.err.splitlines()[0].startswith("thalweg: read 442 rows of 10 columns from ")
    assert told.err.splitlines()[1] == "thalweg: wrote the predictions to p.csv"
    quiet = thalweg("predict", "m", files / "diabetes.csv", "--quiet", "--out", "p.csv")
    assert quiet == Ran(0, "", "")
    both = thalweg("predict", "m", files / "diabetes.csv", "--quiet", "--verbose")
    assert both.status == 2
    assert "exclude each other" in both.err


# ---- damage


@pytest.fixture
def fitted(thalweg: Thalweg, files: Path, tmp_path: Path) -> Path:
    thalweg("fit", files / "diabetes.csv", "-y", "target", "--out", "m")
    return tmp_path / "m"


def refused(thalweg: Thalweg, files: Path) -> str:
    ran = thalweg("predict", "m", files / "diabetes.csv")
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    return ran.err


def test_a_changed_number_in_the_model_is_noticed(
    thalweg: Thalweg, files: Path, fitted: Path
) -> None:
    content = bytearray((fitted / "model.safetensors").read_bytes())
    content[-3] ^= 1
    (fitted / "model.safetensors").write_bytes(content)
    assert "checksum" in refused(thalweg, files)


def test_files_of_different_fits_are_not_mixed(
    thalweg: Thalweg, files: Path, fitted: Path, tmp_path: Path
) -> None:
    thalweg("fit", files / "diabetes.csv", "-y", "target", "--seed", 1, "--out", "other")
    (tmp_path / "other" / "model.safetensors").replace(fitted / "model.safetensors")
    assert "different fits" in refused(thalweg, files)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "thalweg model 1"}'])
def test_a_damaged_description_is_refused(
    thalweg: Thalweg, files: Path, fitted: Path, text: str
) -> None:
    (fitted / "model.json").write_text(text)
    assert "fit again" in refused(thalweg, files)


def test_a_missing_model_is_refused(thalweg: Thalweg, files: Path, fitted: Path) -> None:
    (fitted / "model.safetensors").unlink()
    assert "cannot be read" in refused(thalweg, files)


def test_every_digit_of_the_description_is_held_by_its_checksum(
    thalweg: Thalweg, files: Path, fitted: Path
) -> None:
    path = fitted / "model.json"
    text = path.read_text()
    places = [i for i, character in enumerate(text) if character.isdigit()]
    for place in places[:: max(1, len(places) // 40)]:
        other = str((int(text[place]) + 1) % 10)
        changed = text[:place] + other + text[place + 1 :]
        path.write_text(changed)
        # The last of 17 digits may say nothing.
        if json.loads(changed) != json.loads(text):
            refused(thalweg, files)
    # How it is laid out is free.
    path.write_text(json.dumps(json.loads(text)))
    assert thalweg("predict", "m", files / "diabetes.csv").status == 0


def test_a_description_without_end_or_depth_is_refused(
    thalweg: Thalweg, files: Path, fitted: Path
) -> None:
    (fitted / "model.json").write_text("[" * 100_000)
    assert "fit again" in refused(thalweg, files)
    with (fitted / "model.json").open("wb") as file:
        file.truncate(2**43)
    assert "8.0 TiB of values or more" in refused(thalweg, files)
