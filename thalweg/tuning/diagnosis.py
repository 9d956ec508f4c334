"""What curves and trials say, in sentences, as the Tuning Playbook reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.tuning.space import Choice, Numeric
from thalweg.tuning.trial import VALIDATION, Curve, Result, spell

if TYPE_CHECKING:
    from thalweg.tuning.study import Group, Study

# Parts of what a curve fell by: how much it must rise again to be named.
RISEN = 0.1
# A share of trials that diverged, and of the best value that is as good as the best.
MANY, AS_GOOD = 0.25, 0.1


def curves(result: Result) -> list[str]:
    """Return what the curves of a trial say: overfitting, instability, too few epochs.

    - overfitting: the validation loss ends above its least value by a tenth of what it fell.
    - instability: the training loss, smoothed, jumps up by a tenth of what it fell, and comes back.
    - too short: the least validation loss is in the last twentieth of the run.

    Example:
        >>> from thalweg.tuning import Result
        >>> risen = {"val_loss": ([1.0, 2.0, 3.0], [1.0, 0.4, 0.8])}
        >>> curves(Result(0, {}, "complete", 0.4, 0.0, curves=risen))[0].partition(":")[0]
        'Overfitting'
    """
    found = []
    if VALIDATION in result.curves:
        found += _validation(result.curves[VALIDATION])
    if "loss" in result.curves:
        found += _stability(result.curves["loss"])
    return found


def _validation(curve: Curve) -> list[str]:
    x, y = (np.asarray(part, np.float64) for part in curve)
    kept = np.isfinite(y)
    x, y = x[kept], y[kept]
    if len(y) < 3:
        return []
    best = int(np.argmin(y))
    fell, rose = float(y.max() - y[best]), float(y[-1] - y[best])
    # From the first value to the least, where it fell at all.
    fell = max(float(y[0] - y[best]), 0.0) or fell
    if best >= 0.95 * (len(y) - 1) and len(y) > 3 and fell > 0:
        return [
            f"Still improving: the least validation loss, {y[best]:.4g}, is at the end, epoch "
            f"{x[best]:.3g}. Train longer before comparing further."
        ]
    if rose > RISEN * fell:
        return [
            f"Overfitting: the validation loss rose from {y[best]:.4g} at epoch {x[best]:.3g} to "
            f"{y[-1]:.4g} at the end. Stop there (patience=), or search regularization: weight "
            "decay, a smaller model, more data."
        ]
    return []


def _stability(curve: Curve) -> list[str]:
    x, y = (np.asarray(part, np.float64) for part in curve)
    if len(y) < 10 or not np.isfinite(y).all():
        return []
    lowest = np.minimum.accumulate(y)
    # What the noise of batches does is no jump: compared with the usual change between points.
    usual = float(np.median(np.abs(np.diff(y))))
    height = y - lowest
    worst = int(np.argmax(height))
    if y[0] - lowest[-1] <= 6 * usual:
        return []
    if height[worst] > max(RISEN * float(y[0] - lowest[-1]), 6 * usual) and y[-1] < y[worst]:
        return [
            f"Instability: the training loss jumped to {y[worst]:.4g} at epoch {x[worst]:.3g}, "
            f"{height[worst]:.2g} above where it had been. Warm up the learning rate, lower it, or "
            "clip gradients: chain(clip_by_global_norm(1.0), …)."
        ]
    return []


def next_steps(study: Study) -> list[str]:
    """Return what to look at or to try next, what matters most first."""
    if not study.finished:
        return ["No trial finished: search smaller learning rates, or prune later."]
    steps = [*_of_divergence(study), *_of_borders(study), *curves(study.best), *_of_density(study)]
    steps += _of_parts(study)
    if not steps:
        steps.append(
            "No range is too narrow and enough trials are near the best: adopt it, repeat it with "
            "other seeds to see the noise, and train it longer if that is worth it."
        )
    return steps


def _of_divergence(study: Study) -> list[str]:
    diverged, all_of_them = study.diverged, study.results
    if len(diverged) < MANY * len(all_of_them) or len(diverged) < 3:
        return []
    text = f"{len(diverged)} of {len(all_of_them)} trials diverged"
    for name, dimension in study.space.dimensions.items():
        if not isinstance(dimension, Numeric):
            continue
        bad = [r.config[name] for r in diverged if name in r.config]
        good = [r.config[name] for r in study.finished if name in r.config]
        if bad and good and np.quantile(bad, 0.1) > max(good):
            return [
                f"{text}, nearly all with {name} above {spell(max(good))}: end its range there."
            ]
    return [f"{text}: see which hyperparameters they share in the axis plots, and leave that out."]


def _of_borders(study: Study) -> list[str]:
    found = []
    for name, dimension in study.space.dimensions.items():
        end = study.border(name)
        if end is None or not isinstance(dimension, Numeric):
            continue
        bound = dimension.high if end == "upper" else dimension.low
        further = "higher" if end == "upper" else "lower"
        found.append(
            f"The best {name}, {spell(study.best.config[name])}, is at the {end} end of its range "
            f"({spell(bound)}): search {further} values before believing it is best."
        )
    return found


def _of_density(study: Study) -> list[str]:
    best = study.best.value
    spread = float(np.median([r.value for r in study.finished])) - best
    near = sum(r.value <= best + AS_GOOD * spread for r in study.finished)
    if len(study.results) >= 8 and spread > 0 and near < 3:
        what = "it alone is" if near == 1 else f"only {near} are"
        return [
            f"Of {len(study.results)} trials {what} near the best: the good region is sampled "
            "thinly. Narrow the ranges around the best trials, or make more."
        ]
    return []


def _of_parts(study: Study) -> list[str]:
    found = []
    for name in study.space.scientific:
        groups = [group for group in study.isolate(name) if group.best is not None]
        if len(groups) > 1:
            found.append(_compared(name, groups, study))
    return found


def _compared(name: str, groups: list[Group], study: Study) -> str:
    first, second = sorted(groups, key=_value)[:2]
    ahead = f"{name}={spell(first.value)} reaches {_value(first):.4g}"
    behind = f"{name}={spell(second.value)} {_value(second):.4g}"
    if isinstance(study.dimension(name), Choice) and first.interval[1] < second.interval[0]:
        return f"{ahead}, {behind}, each with the others tuned: more than the draws' noise."
    return (
        f"{ahead}, {behind}, each with the others tuned: no more apart than other draws of the "
        "nuisance hyperparameters might be. Make more trials, or take the simpler one."
    )


def _value(group: Group) -> Any:
    return group.best.value if group.best is not None else np.inf
