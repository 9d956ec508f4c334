"""Metrics equal scikit-learn's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from thalweg.estimators.evaluation import metrics
from thalweg.estimators.evaluation.metrics import Judgment


@pytest.fixture(params=range(4))
def random(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(request.param)


def test_of_numbers(random: np.random.Generator) -> None:
    y, p = random.normal(size=(2, 50)) * 1e3
    found = Judgment("regression", (), y, p).metrics
    assert_allclose(found["RMSE"], oracle.root_mean_squared_error(y, p), rtol=1e-13)
    assert_allclose(found["MAE"], oracle.mean_absolute_error(y, p), rtol=1e-13)
    assert_allclose(found["R²"], oracle.r2_score(y, p), rtol=1e-13)


def test_of_two_classes(random: np.random.Generator) -> None:
    y = random.integers(0, 2, 80)
    share = np.round(random.uniform(size=80), 1)  # with ties
    shares = np.column_stack([1 - share, share])
    taken = (share > 0.5).astype(np.int64)
    judged = Judgment("binary", ("no", "yes"), y, taken, shares)
    found = judged.metrics
    assert_allclose(found["accuracy"], oracle.accuracy_score(y, taken), rtol=1e-13)
    assert_allclose(
        found["balanced accuracy"], oracle.balanced_accuracy_score(y, taken), rtol=1e-13
    )
    assert_allclose(found["AUC"], oracle.roc_auc_score(y, share), rtol=1e-13)
    assert_allclose(found["log loss"], oracle.log_loss(y, shares), rtol=1e-12)
    assert (judged.confusion == oracle.confusion_matrix(y, taken)).all()
    false, true = metrics.roc_curve(y == 1, share)
    wanted = oracle.roc_curve(y, share, drop_intermediate=False)
    assert_allclose([false, true], wanted[:2], rtol=1e-13)
    precision, recall = metrics.precision_recall_curve(y == 1, share)
    wanted = oracle.precision_recall_curve(y, share)
    assert_allclose([precision, recall], [w[:-1][::-1] for w in wanted[:2]], rtol=1e-13)


def test_calibration(random: np.random.Generator) -> None:
    share = random.uniform(size=200)
    y = random.uniform(size=200) < share
    true, mean, rows = metrics.calibration_curve(y, share)
    assert_allclose([true, mean], calibration_curve(y, share, n_bins=10), rtol=1e-13)
    assert rows.sum() == 200


def test_of_several_classes(random: np.random.Generator) -> None:
    shares = random.dirichlet(np.ones(4), 120)
    y = np.array([random.choice(4, p=p) for p in shares])
    taken = shares.argmax(axis=1)
    judged = Judgment("multiclass", tuple("abcd"), y, taken, shares)
    assert_allclose(
        judged.metrics["AUC"], oracle.roc_auc_score(y, shares, multi_class="ovr"), rtol=1e-13
    )
    assert_allclose(judged.metrics["log loss"], oracle.log_loss(y, shares), rtol=1e-12)
    precision, recall, _, rows = oracle.precision_recall_fscore_support(y, taken)
    by_class = judged.by_class
    assert_allclose([by_class[c]["precision"] for c in "abcd"], precision, rtol=1e-13)
    assert_allclose([by_class[c]["recall"] for c in "abcd"], recall, rtol=1e-13)
    assert [by_class[c]["rows"] for c in "abcd"] == rows.tolist()


def test_what_is_not_defined_is_nan_and_does_not_warn() -> None:
    y, taken = np.zeros(3, np.int64), np.zeros(3, np.int64)
    judged = Judgment("binary", ("no", "yes"), y, taken, np.tile([0.9, 0.1], (3, 1)))
    assert np.isnan(judged.metrics["AUC"])
    assert judged.metrics["balanced accuracy"] == 1.0
    assert np.isnan(judged.by_class["yes"]["recall"])
    assert np.isnan(metrics.r2_score(np.ones(3), np.zeros(3)))


def test_certain_and_wrong_has_scikit_learns_finite_loss() -> None:
    shares = np.array([[1.0, 0.0], [0.5, 0.5]])
    y = np.array([1, 0])
    assert_allclose(metrics.log_loss(y, shares), oracle.log_loss(y, shares), rtol=1e-12)
