"""`thalweg fit`: what it finds agrees with scikit-learn, and what it writes is complete."""

import io
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rich.console import Console
from safetensors.numpy import load_file
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor
from sklearn.metrics import log_loss

from tests.cli.conftest import Thalweg, read_csv, training_rows
from thalweg.cli.screen import _show_coefficients
from thalweg.cli.tables import coefficients as coefficients_grid
from thalweg.estimators import fit_table

KINDS = pytest.mark.parametrize("kind", ["csv", "parquet"])


def standardized(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    scale = X[rows].std(axis=0)
    return (X - X[rows].mean(axis=0)) / np.where(scale > 0, scale, 1.0)


def coefficients(folder: Path, prefix: str) -> np.ndarray:
    """Return the columns of a file of coefficients, shape (1 + features, outputs)."""
    table = read_csv(folder / "coefficients.csv")
    columns = [name for name in table[0] if name.startswith(prefix)]
    return np.array([[float(row[name]) for name in columns] for row in table])


@KINDS
def test_a_regression_agrees_with_least_squares(
    thalweg: Thalweg, files: Path, tmp_path: Path, kind: str
) -> None:
    ran = thalweg("fit", files / f"diabetes.{kind}", "--target", "target")
    assert ran.status == 0
    assert "'target' is a regression target" in ran.out
    assert "Converged" in ran.out
    X, y = load_diabetes(return_X_y=True)
    rows = training_rows(len(y))
    oracle = LinearRegression().fit(X[rows], y[rows])
    found = coefficients(tmp_path / "diabetes.thalweg", "coefficient")[:, 0]
    assert_allclose(found[1:], oracle.coef_, rtol=1e-9)
    assert_allclose(found[0], oracle.intercept_, rtol=1e-9)


@KINDS
def test_two_classes_agree_with_logistic_regression(
    thalweg: Thalweg, files: Path, tmp_path: Path, kind: str
) -> None:
    ran = thalweg("fit", files / f"cancer.{kind}", "--target", "target")
    assert ran.status == 0
    assert "'target' is binary" in ran.out
    assert "scikit-learn's C = 1" in ran.out
    X, y = load_breast_cancer(return_X_y=True)
    rows = training_rows(len(y), y)
    oracle = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    oracle.fit(standardized(X, rows)[rows], y[rows])
    found = coefficients(tmp_path / "cancer.thalweg", "standardized")[:, 0]
    assert_allclose(found[1:], oracle.coef_[0], rtol=1e-4)
    assert_allclose(found[0], oracle.intercept_[0], rtol=1e-4)


@KINDS
def test_ten_classes_agree_with_logistic_regression(
    thalweg: Thalweg, files: Path, tmp_path: Path, kind: str
) -> None:
    ran = thalweg("fit", files / f"digits.{kind}", "--target", "target", "--json")
    assert ran.status == 0
    result = json.loads(ran.out)
    assert result["task"] == "multiclass"
    assert result["converged"]
    X, y = load_digits(return_X_y=True)
    rows = training_rows(len(y), y)
    Z = standardized(X, rows)
    oracle = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    oracle.fit(Z[rows], y[rows])
    found = coefficients(tmp_path / "digits.thalweg", "standardized")
    # Constant columns have no coefficient at all; nearly constant ones have some below 1e-11.
    assert_allclose(found[1:], oracle.coef_.T, rtol=1e-4, atol=1e-11)
    # Intercepts are determined up to a number common to all classes.
    shift = np.mean(found[0] - oracle.intercept_)
    assert_allclose(found[0] - shift, oracle.intercept_, rtol=1e-4)
    held_out = np.setdiff1d(np.arange(len(y)), rows)
    expected = log_loss(y[held_out], oracle.predict_proba(Z[held_out]))
    assert_allclose(result["losses"]["held out"]["loss"], expected, rtol=1e-6)
    assert result["losses"]["held out"]["score"] == oracle.score(Z[held_out], y[held_out])


def test_coefficients_are_in_the_units_of_the_columns(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    assert thalweg("fit", files / "cancer.csv", "-y", "target", "--out", "m").status == 0
    X, y = load_breast_cancer(return_X_y=True)
    rows = training_rows(len(X), y)
    own = coefficients(tmp_path / "m", "coefficient")[:, 0]
    per_deviation = coefficients(tmp_path / "m", "standardized")[:, 0]
    scores = per_deviation[0] + standardized(X, rows) @ per_deviation[1:]
    assert_allclose(own[0] + X @ own[1:], scores, rtol=1e-8)


def test_losses_are_those_of_the_target_and_beside_the_best_constant(
    thalweg: Thalweg, files: Path
) -> None:
    ran = thalweg("fit", files / "diabetes.csv", "-y", "target", "--json")
    losses = json.loads(ran.out)["losses"]
    X, y = load_diabetes(return_X_y=True)
    rows = training_rows(len(y))
    held_out = np.setdiff1d(np.arange(len(y)), rows)
    oracle = LinearRegression().fit(X[rows], y[rows])
    for name, judged in (("training", rows), ("held out", held_out)):
        error = y[judged] - oracle.predict(X[judged])
        assert losses[name]["rows"] == len(judged)
        assert_allclose(losses[name]["loss"], np.mean(error**2), rtol=1e-9)
        assert_allclose(losses[name]["null loss"], np.mean((y[judged] - y[rows].mean()) ** 2))
        assert_allclose(losses[name]["score"], oracle.score(X[judged], y[judged]), rtol=1e-9)


def test_standard_errors_are_robust_ones(thalweg: Thalweg, files: Path) -> None:
    ran = thalweg("fit", files / "diabetes.csv", "-y", "target")
    X, y = load_diabetes(return_X_y=True)
    rows = training_rows(len(y))
    A = np.column_stack([np.ones(len(rows)), X[rows]])
    beta = np.linalg.lstsq(A, y[rows], rcond=None)[0]
    inverse = np.linalg.inv(A.T @ A)
    meat = (A.T * (y[rows] - A @ beta) ** 2) @ A
    errors = np.sqrt(np.diag(inverse @ meat @ inverse) * len(rows) / (len(rows) - 11))
    for name, value, error in zip(("intercept", "age", "sex"), beta, errors, strict=False):
        line = re.search(rf"^ *{name} +(\S+) +(\S+) ", ran.out, re.MULTILINE)
        assert line is not None
        assert line.groups() == (f"{value:,.6g}", f"{error:,.4g}")


def test_a_narrow_screen_cuts_no_digit() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "the area of the house in square feet": rng.normal(size=50),
        "b": rng.normal(size=50),
    }
    y = 1e5 * columns["b"] + rng.normal(size=50)
    fit = fit_table({**columns, "y": y}, "y", holdout=0)
    grid = coefficients_grid(fit)
    for width in (60, 80, 120, 160):
        text = io.StringIO()
        screen = Console(file=text, width=width)
        _show_coefficients(screen, fit)
        lines = text.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        assert "…" not in text.getvalue()
        for cell in (cell for row in (grid.header, *grid.rows) for cell in row[1:]):
            assert cell in text.getvalue()
        assert "Robust standard errors (HC1), t with 47 degrees" in " ".join(
            " ".join(lines).split()
        )


def test_a_penalty_leaves_no_standard_errors(thalweg: Thalweg, files: Path) -> None:
    ran = thalweg("fit", files / "diabetes.csv", "-y", "target", "--l2", 1)
    assert "for one std. dev." in ran.out
    assert "std. error" not in ran.out
    told = " ".join(ran.out.split())
    assert "No standard errors: The penalty (l2 = 1) draws the coefficients to 0" in told


def test_quantile_regression_comes_near_the_linear_program(thalweg: Thalweg, files: Path) -> None:
    ran = thalweg(
        "fit", files / "diabetes.csv", "-y", "target", "--loss", "quantile(0.9)", "--json"
    )
    result = json.loads(ran.out)
    X, y = load_diabetes(return_X_y=True)
    rows = training_rows(len(y))
    oracle = QuantileRegressor(quantile=0.9, alpha=0.0).fit(X[rows], y[rows])
    error = y[rows] - oracle.predict(X[rows])
    best = np.mean(np.maximum(0.9 * error, -0.1 * error))
    assert best <= result["losses"]["training"]["loss"] < 1.001 * best
    assert result["converged"] is None
    assert any("kinks" in note for note in result["notes"])


def test_counts_are_fitted_by_poisson_regression(thalweg: Thalweg, tmp_path: Path) -> None:
    from sklearn.linear_model import PoissonRegressor

    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    y = rng.poisson(np.exp(1.0 + 0.8 * x))
    lines = ["x,visits", *(f"{a!r},{b}" for a, b in zip(x.tolist(), y.tolist(), strict=True))]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    ran = thalweg(
        "fit", "c.csv", "-y", "visits", "--loss", "poisson", "--holdout", 0, "--json",
    )  # fmt: skip
    result = json.loads(ran.out)
    assert result["converged"]
    assert "held out" not in result["losses"]
    oracle = PoissonRegressor(alpha=0, tol=1e-12, max_iter=1000).fit(x[:, None], y)
    assert_allclose(result["coefficients"]["x"], oracle.coef_[0], rtol=1e-6)
    assert_allclose(result["coefficients"]["intercept"], oracle.intercept_, rtol=1e-6)


def test_texts_are_categories(thalweg: Thalweg, tmp_path: Path) -> None:
    towns = {"Como": 0, "Lugano": 10}
    rows = [f"{town},{a},{2 * a + more}" for a in range(20) for town, more in towns.items()]
    (tmp_path / "h.csv").write_text("\n".join(["town,area,price", *rows]))
    ran = thalweg("fit", "h.csv", "-y", "price", "--json", "--task", "regression")
    found = json.loads(ran.out)["coefficients"]
    assert_allclose([found["town=Lugano"], found["area"]], [10.0, 2.0], rtol=1e-8)


def test_separable_classes_without_a_penalty_are_not_called_converged(
    thalweg: Thalweg, files: Path
) -> None:
    ran = thalweg("fit", files / "cancer.csv", "-y", "target", "--l2", 0)
    assert ran.status == 0
    assert "Not converged" in ran.out
    assert "--l2 1" in ran.out


def test_formulas_weights_and_interactions_are_options(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    import pandas as pd
    import statsmodels.formula.api as smf

    data = pd.read_csv(files / "diabetes.csv").assign(w=lambda d: np.exp(10 * d.age))
    data.to_csv(tmp_path / "w.csv", index=False)
    same = ("--weights", "w", "--covariance", "classical", "--holdout", 0, "--json")
    right = "bmi + bp + s5 + bmi:bp + bp:s5"
    formula = thalweg("fit", "w.csv", "--formula", f"log(target) ~ {right}", *same, "--out", "a")
    wls = smf.wls(f"np.log(target) ~ {right}", data, weights=data.w).fit()
    found = json.loads(formula.out)
    assert any("Errors and predictions are of 'log(target)'" in note for note in found["notes"])
    assert any("Rows count by 'w'" in note for note in found["notes"])
    features = [part for name in ("bmi", "bp", "s5") for part in ("--features", name)]
    pairs = ("--interactions", "bmi:bp", "--interactions", "bp:s5")
    plain = json.loads(
        thalweg("fit", "w.csv", "-y", "target", *features, *pairs, *same, "--out", "b").out
    )
    other = smf.wls(f"target ~ {right}", data, weights=data.w).fit()
    for result, oracle in ((found, wls), (plain, other)):
        told = result["inference"]["parameters"]
        columns = {"std_error": oracle.bse, "statistic": oracle.tvalues, "p_value": oracle.pvalues}
        for name, column in ({"estimate": oracle.params} | columns).items():
            ours = [told[n.replace("Intercept", "intercept")][name] for n in column.index]
            assert_allclose(ours, column, rtol=1e-8)
    # What repeats a run keeps them, and an option changes them.
    again = json.loads(thalweg("fit", "--run", "a/run.toml", "--json", "--out", "c").out)
    assert again["coefficients"] == found["coefficients"]
    changed = thalweg("fit", "--run", "a/run.toml", "--formula", "bp ~ bmi", "--out", "d")
    assert changed.status == 0
    assert "'bp' is a regression target" in changed.out
    assert "Losses and metrics are weighted by 'w'." in " ".join(changed.out.split())


# ---- networks and chosen optimizers


def test_a_network_beats_the_null_model(thalweg: Thalweg, files: Path, tmp_path: Path) -> None:
    ran = thalweg("fit", files / "digits.csv", "-y", "target", "--model", "mlp:32", "--json")
    result = json.loads(ran.out)
    assert result["losses"]["held out"]["score"] > 0.95
    assert result["converged"] is None
    assert not (tmp_path / "digits.thalweg" / "coefficients.csv").exists()


def test_a_chosen_optimizer_runs_as_chosen(thalweg: Thalweg, files: Path, tmp_path: Path) -> None:
    optimizer = "chain(clip_by_global_norm(1.0), sgd(0.05, momentum=0.9))"
    ran = thalweg(
        "fit", files / "diabetes.csv", "-y", "target", "--optimizer", optimizer,
        "--batch-size", 59, "--epochs", 10, "--json",
    )  # fmt: skip
    result = json.loads(ran.out)
    assert result["steps"] == 60
    assert result["converged"] is False
    run = tomllib.loads((tmp_path / "diabetes.thalweg" / "run.toml").read_text())
    assert run["fit"]["optimizer"] == optimizer
    history = read_csv(tmp_path / "diabetes.thalweg" / "history.csv")
    assert [row["step"] for row in history] == [str(i) for i in range(61)]
    assert_allclose(
        float(history[-1]["training_loss"]), result["losses"]["training"]["loss"], rtol=1e-12
    )


# ---- what is written


@pytest.mark.parametrize(
    "options", [(), ("--model", "mlp:8", "--epochs", 5), ("--optimizer", "adam(0.01)")]
)
def test_a_run_is_repeated_bit_for_bit(
    thalweg: Thalweg, files: Path, tmp_path: Path, options: tuple[object, ...]
) -> None:
    first = ("fit", files / "diabetes.csv", "-y", "target", "--seed", 7, "--drop", "age")
    assert thalweg(*first, *options, "--out", "first").status == 0
    assert thalweg("fit", "--run", "first/run.toml", "--out", "second").status == 0
    one, two = tmp_path / "first", tmp_path / "second"
    assert {p.name for p in one.iterdir()} == {p.name for p in two.iterdir()}
    # The description holds a checksum of the model's bits, the history every loss in full.
    for name in ("model.json", "history.csv", "run.toml"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    first_arrays, second_arrays = (load_file(f / "model.safetensors") for f in (one, two))
    assert {name: a.tobytes() for name, a in first_arrays.items()} == {
        name: a.tobytes() for name, a in second_arrays.items()
    }


def test_options_change_a_repeated_run(thalweg: Thalweg, files: Path, tmp_path: Path) -> None:
    assert thalweg("fit", files / "diabetes.csv", "-y", "target", "--out", "a").status == 0
    assert thalweg("fit", "--run", "a/run.toml", "--seed", 3, "--out", "b").status == 0
    assert "seed = 3" in (tmp_path / "b" / "run.toml").read_text()
    assert (tmp_path / "a" / "history.csv").read_text() != (
        tmp_path / "b" / "history.csv"
    ).read_text()


def test_a_repeated_run_says_when_its_file_has_changed(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "d.csv"
    text = (files / "diabetes.csv").read_text()
    copy.write_text(text)
    assert thalweg("fit", copy, "-y", "target", "--out", "a").err == ""
    copy.write_text(text.rsplit("\n", 2)[0])
    ran = thalweg("fit", "--run", "a/run.toml", "--out", "b")
    assert ran.status == 0
    assert "has changed" in ran.err


def test_the_report_needs_nothing_from_elsewhere(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    thalweg("fit", files / "digits.csv", "-y", "target")
    report = (tmp_path / "digits.thalweg" / "report.html").read_text(encoding="utf-8")
    assert report.count("<svg") == 4
    assert "http" not in report.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<(script|link|iframe)|url\(|@import", report)
    assert "pixel_3_4" in report


def test_the_report_shows_names_as_texts(thalweg: Thalweg, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    rows = [f"{i},{i % 7},{2 * i + i % 7}" for i in range(40)]
    (tmp_path / "e.csv").write_text("\n".join([f"{evil},$x_1$ & y,price", *rows]))
    assert thalweg("fit", "e.csv", "-y", "price").status == 0
    report = (tmp_path / "e.thalweg" / "report.html").read_text(encoding="utf-8")
    assert evil not in report
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in report
    assert "$x_1$ &amp; y" in report


def test_a_fit_replaces_an_earlier_one_but_no_other_files(
    thalweg: Thalweg, files: Path, tmp_path: Path
) -> None:
    fit = ("fit", files / "diabetes.csv", "-y", "target", "--out", "m")
    assert thalweg(*fit).status == 0
    assert thalweg(*fit, "--seed", 1).status == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("…")
    ran = thalweg(*fit[:-1], "mine")
    assert ran.status == 2
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
