"""What a fit says of itself is what scikit-learn says of the same rows, held out as asked."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, r2_score, roc_auc_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from thalweg.data.sources import table_of
from thalweg.errors import ArgumentError, DataError
from thalweg.estimators import Settings, fit_table, tune_table
from thalweg.estimators.fitting import TableFit
from thalweg.estimators.split import split
from thalweg.estimators.tuning import FoldedFits


def diabetes() -> tuple[dict[str, Any], Any, Any]:
    X, y = load_diabetes(return_X_y=True)
    return {f"x{i}": column for i, column in enumerate(X.T)} | {"y": y}, X, y


def places(fit: TableFit) -> tuple[Any, Any]:
    assert fit.split.places is not None
    return fit.split.places


def test_folds_of_numbers_are_scikit_learns_for_the_same_rows() -> None:
    table, X, y = diabetes()
    fit = fit_table(table, "y", folds=4)
    assert not len(fit.split.held_out)
    assert fit.judged_on == "cross-validated"
    held = np.concatenate([places(fold)[1] for fold in fit.folds])
    assert np.array_equal(np.sort(held), np.arange(len(y)))
    scores = []
    for fold in fit.folds:
        train, out = places(fold)
        assert not set(train) & set(out)
        predicted = LinearRegression().fit(X[train], y[train]).predict(X[out])
        assert_allclose(fold.judgments["held out"].predicted, predicted, rtol=1e-9)
        scores.append((root_mean_squared_error(y[out], predicted), r2_score(y[out], predicted)))
    found = fit.metrics["cross-validated"]
    assert_allclose([found["RMSE"], found["R²"]], np.mean(scores, axis=0), rtol=1e-9)
    spread = [fit.spread["RMSE"], fit.spread["R²"]]
    assert_allclose(spread, np.std(scores, axis=0, ddof=1), rtol=1e-9)
    whole = LinearRegression().fit(X, y)
    assert_allclose(fit.coefficients.values[1:, 0], whole.coef_, rtol=1e-8)
    json.dumps(fit.plain(), allow_nan=False)


def test_folds_of_classes_are_scaled_by_the_rows_they_are_trained_on() -> None:
    data = load_breast_cancer()
    X, y = data.data[:, :8], data.target
    table = {f"x{i}": column for i, column in enumerate(X.T)} | {"y": data.target_names[y]}
    fit = fit_table(table, "y", folds=3)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-10, max_iter=5000))
    benign = 1 - np.asarray(y)  # malignant comes second in order of names
    areas, losses = [], []
    for fold in fit.folds:
        train, out = places(fold)
        assert abs(benign[out].mean() - benign.mean()) < 0.01
        shares = clone(model).fit(X[train], benign[train]).predict_proba(X[out])
        areas.append(roc_auc_score(benign[out], shares[:, 1]))
        losses.append(log_loss(benign[out], shares))
    found = fit.metrics["cross-validated"]
    assert_allclose(found["AUC"], np.mean(areas), rtol=1e-6)
    assert_allclose(found["log loss"], np.mean(losses), rtol=1e-5)


def test_rare_classes_are_held_out_by_their_share() -> None:
    random = np.random.default_rng(0)
    labels = np.array(["common"] * 180 + ["rare"] * 20)
    fit = fit_table({"x": random.normal(size=200), "y": labels}, "y")
    assert np.bincount(fit.split.held_out.y.astype(int)).tolist() == [36, 4]


def people(rows: int = 300) -> dict[str, Any]:
    """Rows of people, each with a level of their own that their rows share."""
    random = np.random.default_rng(0)
    person = random.integers(0, 30, rows)
    level = random.normal(size=30)[person] * 3.0
    return {
        "x": level + 0.01 * random.normal(size=rows),
        "person": np.array([f"p{i:02}" for i in person]),
        "day": np.array([f"2024-{1 + i // 28:02}-{1 + i % 28:02}" for i in range(rows)]),
        "y": level + random.normal(size=rows),
    }


def test_no_group_is_in_two_parts_and_it_is_no_feature() -> None:
    table = people()
    fit = fit_table(table, "y", groups="person", drop=("day",))
    train, held = places(fit)
    assert not set(table["person"][train]) & set(table["person"][held])
    assert 30 <= len(held) <= 90
    assert fit.split.encoding.names == ("x",)
    folded = fit_table(table, "y", groups="person", drop=("day",), folds=5)
    parts = [set(table["person"][places(fold)[1]]) for fold in folded.folds]
    assert sum(map(len, parts)) == 30
    kept = fit_table(table, "y", groups="person", category=("person",), drop=("day",))
    assert len(kept.split.encoding.names) == 30


def test_whole_groups_are_held_out_with_the_classes_shares() -> None:
    table = people()
    # People have one class or the other, and few have the rare one.
    ill = np.isin(table["person"], [f"p{i:02}" for i in range(0, 30, 4)])
    table["y"] = np.where(ill, "ill", "well")
    share = np.mean(ill)
    for seed in range(5):
        fit = fit_table(table, "y", groups="person", drop=("day",), folds=4, seed=seed)
        once = fit_table(table, "y", groups="person", drop=("day",), seed=seed)
        for found in (once, *fit.folds):
            train, held = places(found)
            assert not set(table["person"][train]) & set(table["person"][held])
            assert abs(np.mean(ill[held]) - share) < 0.1
    rows = split(table_of(table), Settings("y", groups="person", drop=("day",)))
    trials = FoldedFits(
        rows.encoding, rows.objective.text, rows.train, Settings("y"), 4, rows.groups
    )
    shares = [np.mean(fold.held_out.y) for fold in trials.splits()]
    assert np.ptp(shares) < 0.15


def test_the_latest_rows_are_held_out() -> None:
    table = people()
    order = np.random.default_rng(1).permutation(300)
    shuffled = {name: values[order] for name, values in table.items()}
    fit = fit_table(shuffled, "y", time="day", drop=("person",))
    train, held = places(fit)
    assert len(held) == 60
    assert max(shuffled["day"][train]) < min(shuffled["day"][held])
    assert fit.split.encoding.names == ("x",)
    numbered = fit_table(shuffled | {"day": order * 1.0}, "y", time="day", drop=("person",))
    assert set(order[places(numbered)[1]]) == set(range(240, 300))


def test_trials_leave_out_whole_groups() -> None:
    table = people() | {"noise": np.random.default_rng(2).normal(size=300)}
    found = tune_table(
        table, "y", trials=2, folds=3, groups="person", drop=("day",), progress=False
    )
    assert found.fit.split.encoding.names == ("x", "noise")
    with pytest.raises(ArgumentError, match="time is 'day'"):
        tune_table(table, "y", trials=2, time="day", drop=("person",))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folds": 1}, "folds is 1"),
        ({"folds": 5, "holdout": 0.5}, "hold every row out"),
        ({"time": "day", "folds": 3}, "leave one of them out"),
        ({"groups": "y"}, "groups is 'y'"),
        ({"time": "day", "drop": ("day",)}, "time is 'day'"),
    ],
)
def test_ways_that_exclude_each_other_are_refused(settings: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Settings("y", **settings)


def test_what_cannot_be_divided_is_refused_with_what_to_do() -> None:
    table = people(20)
    with pytest.raises(DataError, match="too few for 15 folds"):
        fit_table(table, "y", folds=15, drop=("person", "day"))
    with pytest.raises(DataError, match="one value only"):
        fit_table(table | {"person": np.array(["a"] * 20)}, "y", groups="person", drop=("day",))
    with pytest.raises(DataError, match="latest 'day'"):
        fit_table(table | {"day": np.array(["2024-01-01"] * 20)}, "y", time="day")
    gaps = [None, *people(20)["person"][1:]]
    with pytest.raises(DataError, match="'person' is missing in row 1"):
        fit_table(table | {"person": gaps}, "y", groups="person", drop=("day",))


def test_a_network_is_judged_with_its_own_activation() -> None:
    table, _, y = diabetes()
    fit = fit_table(table, "y", model="mlp:8:tanh", epochs=30)
    train, _ = places(fit)
    predicted = np.asarray(fit.model.predict(table), np.float64)[train]
    assert_allclose(fit.losses["training"]["loss"], np.mean((y[train] - predicted) ** 2))
    assert_allclose(fit.metrics["training"]["R²"], fit.losses["training"]["score"])
    assert_allclose(fit.trained.curves.train[-1], fit.losses["training"]["loss"])


def test_the_effect_of_a_category_is_for_one_standard_deviation_too() -> None:
    random = np.random.default_rng(0)
    town = random.choice(["Como", "Lugano", "Zug"], 400, p=[0.2, 0.7, 0.1])
    area = random.normal(50.0, 7.0, 400)
    y = 3.0 * area + 10.0 * (town == "Zug") + random.normal(size=400)
    fit = fit_table({"area": area, "town": town, "y": y}, "y", holdout=0)
    found = dict(zip(fit.coefficients.names, fit.coefficients.standardized[:, 0], strict=True))
    values = dict(zip(fit.coefficients.names, fit.coefficients.values[:, 0], strict=True))
    assert_allclose(found["area"], values["area"] * area.std())
    assert_allclose(found["town=Zug"], values["town=Zug"] * (town == "Zug").std())


def test_equal_data_have_equal_fingerprints() -> None:
    table, _, _ = diabetes()
    one, same = fit_table(table, "y"), fit_table(table, "y")
    other = fit_table(table | {"x0": table["x0"] + 1e-3 * np.arange(442)}, "y")
    assert one.split.fingerprint == same.split.fingerprint != other.split.fingerprint
