"""The pictures of a fit's report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.cli import dependence
from thalweg.estimators.evaluation import metrics
from thalweg.estimators.evaluation.metrics import Judgment
from thalweg.estimators.fitting import TableFit
from thalweg.svg import Panel, bars, counts
from thalweg.training.plots import spans_decades

MOST_BARS = 25
MOST_CLASSES = 20
FEW = 5

Picture = tuple[str, str]


def quality(fit: TableFit) -> list[Picture]:
    """Return pictures of how predictions compare with what is, and what stands below them."""
    judged = fit.judgments[fit.judged_on]
    if judged.kind == "regression":
        return _of_numbers(judged, fit.split.encoding.target.name)
    found = []
    if len(judged.classes) <= MOST_CLASSES:
        below = "How often each class (row) was taken for each (column)."
        picture = counts(judged.confusion, judged.classes, "predicted and actual classes")
        found.append((picture, below))
    if judged.kind == "binary":
        found += _of_two_classes(judged)
    if judged.shares is not None:
        found.append(_calibration(judged))
    return found


def _of_numbers(judged: Judgment, name: str) -> list[Picture]:
    predicted, actual = judged.predicted, judged.actual
    ends = [min(predicted.min(), actual.min()), max(predicted.max(), actual.max())]
    both = Panel(f"{name}, predicted", f"{name}, actual")
    both.points(predicted, actual)
    both.mark(ends, ends)
    rests = Panel(f"{name}, predicted", "actual − predicted")
    rests.points(predicted, actual - predicted)
    rests.mark([predicted.min(), predicted.max()], [0.0, 0.0])
    return [
        (both.text("predicted and actual values"), "On the dashed line predictions are exact."),
        (rests.text("residuals"), "Residuals: a bend or a funnel is what the model misses."),
    ]


def _of_two_classes(judged: Judgment) -> list[Picture]:
    positive, scores = judged.actual == 1, judged.ranking
    if positive.all() or not positive.any():
        return []
    name = judged.classes[1]
    curve = Panel("false positive rate", "true positive rate", width=280, height=250)
    curve.line(*metrics.roc_curve(positive, scores, judged.weights))
    curve.mark([0.0, 1.0], [0.0, 1.0])
    area = metrics.roc_auc_score(positive, scores, judged.weights)
    precision, recall = metrics.precision_recall_curve(positive, scores, judged.weights)
    other = Panel("recall", "precision", width=280, height=250)
    other.line(recall, precision)
    other.mark([0.0, 1.0], [np.average(positive, weights=judged.weights)] * 2)
    return [
        (curve.text("ROC curve"), f"ROC of {name}: the area is {area:.4f}; dashed, by chance."),
        (other.text("precision and recall"), f"Precision and recall of {name}."),
    ]


def _calibration(judged: Judgment) -> Picture:
    shares = np.asarray(judged.shares)
    if judged.kind == "binary":
        what, said, came = judged.classes[1], shares[:, 1], judged.actual == 1
    else:
        what, said = "the class taken", shares.max(axis=1)
        came = judged.predicted == judged.actual
    true, mean, rows = metrics.calibration_curve(came, said, weights=judged.weights)
    # A tenth of a few rows tells nothing.
    kept = rows >= min(FEW, rows.max())
    true, mean, rows = true[kept], mean[kept], rows[kept]
    panel = Panel("predicted probability", "how often it came true", width=280, height=250)
    panel.line(mean, true)
    panel.points(mean, true)
    panel.mark([0.0, 1.0], [0.0, 1.0])
    below = f"Calibration of {what}, by tenths of {min(rows):,} to {max(rows):,} rows."
    return panel.text("calibration"), below


def training(fit: TableFit) -> Picture:
    """Return the picture of the losses during training."""
    curves = fit.trained.curves
    null = fit.losses["training"]["null loss"]
    series: list[tuple[str, Sequence[float]]] = [("training", curves.train)]
    if curves.held_out:
        series.append(("held out", curves.held_out))
    every = np.concatenate([np.asarray(values, np.float64) for _, values in series])
    panel = Panel("step", f"{fit.settings.loss} loss", log_y=spans_decades(every), whole_x=True)
    for i, (name, values) in enumerate(series):
        panel.line(curves.at, values, name, i)
    panel.mark([curves.at[0], curves.at[-1]], [null, null], "null model")
    return panel.text("losses during training"), "The null model is the best constant."


def effects(fit: TableFit) -> Picture:
    """Return the picture of a linear model's largest coefficients."""
    table = fit.coefficients
    chosen = [i for i in table.by_weight() if i][:MOST_BARS]
    names = [table.names[i] for i in chosen]
    spreads: Any = None
    if len(table.outputs) == 1:
        values: NDArray[np.float64] = table.standardized[chosen, 0]
        if fit.inference.convention is not None:
            deviations = fit.split.encoding.deviations[np.array(chosen, np.int64) - 1]
            spreads = fit.inference.intervals()[chosen] * deviations[:, None]
    else:
        values = np.max(np.abs(table.standardized[chosen]), axis=1)
    label = "change for one standard deviation" if len(table.outputs) == 1 else "largest |change|"
    below = "Coefficients for one standard deviation of the column"
    below += ", with 95 % intervals." if spreads is not None else "."
    return bars(names, values, label, "the largest coefficients", spreads), below


def columns(fit: TableFit) -> list[Picture]:
    """Return pictures of what a model without coefficients makes of its columns.

    There are none if its features are made of several columns.
    """
    if fit.split.encoding.derivation is not None:
        return []
    found = fit.permutation_importance()
    order = np.argsort(-found.importances_mean, kind="stable")
    names = [found.columns[i] for i in order]
    rises = found.importances[order][:MOST_BARS]
    ends = np.column_stack([rises.min(axis=1), rises.max(axis=1)])
    where = "held out" if len(fit.split.held_out) else "training"
    below = (
        f"Permutation importance: how much the loss of the {where} rows rises if a column is "
        f"shuffled, {rises.shape[1]} times; lines span the least and the largest rise."
    )
    label, shown = f"rise of the {fit.settings.loss} loss", names[:MOST_BARS]
    drawn = bars(shown, rises.mean(axis=1), label, "permutation importance", ends)
    return [(drawn, below), *dependence.pictures(fit, names)]
