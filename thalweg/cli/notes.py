"""What must be known of a fit beside its numbers, in sentences."""

from __future__ import annotations

import math

from thalweg.data.encoding import OneHot
from thalweg.errors import shown
from thalweg.estimators.fitting import TableFit
from thalweg.estimators.settings import NEWTON
from thalweg.inference.printing import readable


def answer(fit: TableFit) -> str:
    """Return what a reader came for in a sentence or two: how well the model predicts."""
    where, judged = fit.judged_on, fit.losses[fit.judged_on]
    found, spread = fit.metrics[where], fit.spread if where == "cross-validated" else {}
    rows = f"{judged['rows']:,} row{'s' * (judged['rows'] != 1)}"
    on = {
        "training": f"On the {rows} it was trained on",
        "held out": f"On {rows} it has not seen",
        "cross-validated": f"On {rows}, each predicted by a model that has not seen it,",
    }[where]
    if fit.split.encoding.target.kind == "regression":
        error = readable(found["RMSE"], 5) + _give_or_take(spread.get("RMSE"))
        said = f"{on} the typical error is {error} (root mean square); R² {_four(found['R²'])}."
    else:
        right = (
            f"{_percent(found['accuracy'])}{_give_or_take(spread.get('accuracy'), percent=True)}"
        )
        null = _percent(judged["null score"])
        said = f"{on} it names {right} right, where always naming one class gives {null}"
        said += f"; AUC {_four(found['AUC'])}." if "AUC" in found else "."
    if not judged["loss"] < judged["null loss"]:
        said += " That is no better than the best constant: it has learnt nothing of use."
    if where == "training":
        said += " How well it does on other rows was not tried."
    return said


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _four(value: float) -> str:
    return "is not defined" if math.isnan(value) else f"{value:.4f}".replace("-", "−")


def _give_or_take(spread: float | None, percent: bool = False) -> str:
    if spread is None or math.isnan(spread):
        return ""
    return f" ± {_percent(spread) if percent else readable(spread, 2)}"


def notes(fit: TableFit) -> list[str]:
    """Return what must be known beside the numbers, one sentence each."""
    settings, trained = fit.settings, fit.trained
    found = [fit.split.encoding.target.reason, *_meanings(fit), *fit.split.alerts]
    if settings.weights is not None:
        found.append(
            f"Rows count by {shown(settings.weights)}: in the fit, its standard errors, losses and "
            "metrics. Means and deviations of columns are those of rows."
        )
    found.append(_how_judged(fit))
    if settings.l2:
        equals = f", scikit-learn's C = {1 / settings.l2:g}" if fit.linear else ""
        found.append(
            f"Penalty: ½·{settings.l2:g}·‖coefficients‖² beside the sum of losses, for "
            f"standardized columns (--l2 {settings.l2:g}{equals}; --l2 0 for none)."
        )
    if trained.converged is not None:
        verdict = "Converged" if trained.converged else "Not converged"
        found.append(f"{verdict}: the norm of the gradient is {trained.gradient:.1e}.")
    if trained.converged is False:
        found.append(_why_not(fit))
    if fit.linear and trained.converged is None:
        found.append(
            "The loss has kinks, so no gradient tells how near the optimum is; --epochs "
            f"{10 * (settings.epochs or 1)} goes nearer."
        )
    if settings.patience:
        found.append(
            f"The parameters are those after step {trained.chosen_step:,}, the best on a tenth "
            "of the training rows set aside to say when to stop."
        )
    if trained.interrupted:
        found.append(f"Interrupted after {trained.steps:,} steps; this is the model by then.")
    return found


def _meanings(fit: TableFit) -> list[str]:
    """Return what is predicted, which class a score is for, what categories are compared with."""
    target, features = fit.split.encoding.target, fit.split.encoding.features
    found = []
    formula = fit.settings.parsed_formula
    if formula is not None and formula.left.kind != "lookup":
        found.append(
            f"Errors and predictions are of {shown(target.name)}, as the formula has it, not of "
            f"{shown(formula.left.names[0])}."
        )
    if target.kind == "binary":
        other, chosen = (shown(name) for name in target.classes)
        found.append(f"Scores, coefficients and probabilities are those of {chosen}, not {other}.")
    levels = [f for f in features if isinstance(f, OneHot)]
    if levels and fit.linear:
        named = [f"{shown(f.levels[0])} in {shown(f.name)}" for f in levels]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        found.append(f"Categories are compared with {', '.join(named[:5])}{more}.")
    return found


def _how_judged(fit: TableFit) -> str:
    settings, split = fit.settings, fit.split
    kind, groups = split.encoding.target.kind, settings.groups
    alike = "" if kind == "regression" else ", each class alike"
    if groups:
        alike = alike and ", classes as nearly alike as that allows"
        alike = f", no {shown(groups)} in two parts{alike}"
    if settings.folds:
        return (
            f"{settings.folds} folds were held out in turn{alike}; the model itself is "
            "fitted to all rows. ± is the standard deviation between folds."
        )
    if not len(split.held_out):
        return "No rows were held out, so nothing tells how well it does on others."
    many = f"{len(split.held_out):,} of {len(split.held_out) + len(split.train):,} rows"
    if settings.time:
        return f"{many} were held out, the latest by {shown(settings.time)}."
    return f"{many} were held out at random{alike}."


def _why_not(fit: TableFit) -> str:
    if fit.split.encoding.target.kind != "regression" and not fit.settings.l2:
        return "If a line separates the classes, coefficients grow for ever: try --l2 1."
    if fit.settings.optimizer != NEWTON and fit.split.objective.smooth:
        return "For the optimum leave out --optimizer, --batch-size, --epochs and --patience."
    return "The coefficients are near the optimum, not at it."
