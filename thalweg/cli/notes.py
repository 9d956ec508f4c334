"""What must be known of a fit beside its numbers, in sentences."""

from __future__ import annotations

from thalweg.estimators.fitting import TableFit
from thalweg.estimators.settings import NEWTON


def notes(fit: TableFit) -> list[str]:
    """Return what must be known beside the numbers, one sentence each."""
    settings, trained = fit.settings, fit.trained
    found = [fit.split.encoding.target.reason, *fit.split.alerts]
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


def _why_not(fit: TableFit) -> str:
    if fit.split.encoding.target.kind != "regression" and not fit.settings.l2:
        return "If a line separates the classes, coefficients grow for ever: try --l2 1."
    if fit.settings.optimizer != NEWTON and fit.split.objective.smooth:
        return "For the optimum leave out --optimizer, --batch-size, --epochs and --patience."
    return "The coefficients are near the optimum, not at it."
