"""A fit on one screen, as text and as HTML."""

from __future__ import annotations

import html as markup
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import tree
from thalweg.errors import printable

if TYPE_CHECKING:
    from thalweg.training.result import Fit

_BARS = "▁▂▃▄▅▆▇█"
_MOST_LEAVES = 8


def text(fit: Fit) -> str:
    """Return what prints for a fit."""
    return "\n".join([_title(fit), *(f"  {name:<11} {value}" for name, value in _rows(fit))])


def html(fit: Fit) -> str:
    """Return what a notebook shows for a fit."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{markup.escape(name)}</th>"
        f"<td style='text-align:left'>{markup.escape(value)}</td></tr>"
        for name, value in _rows(fit)
    )
    return f"<table><caption>{markup.escape(_title(fit))}</caption>{rows}</table>"


def _title(fit: Fit) -> str:
    record = fit.record
    layout = record.layout
    parts = [record.loss]
    if layout.batch_size:
        parts.append(f"batch {layout.batch_size:,} of {layout.rows:,}")
        parts.append(f"{_count(fit.epochs, 'epoch')} ({_count(fit.steps, 'step')})")
    else:
        parts.append(_count(fit.steps, "step"))
    if not fit.finished:
        parts.append("interrupted")
    return printable(f"thalweg fit: {', '.join(parts)}")


def _rows(fit: Fit) -> list[tuple[str, str]]:
    losses = fit.record.losses
    rows = [("optimizer", str(fit.record.optimizer))]
    if len(losses):
        rows.append(("loss", f"{losses[-1]:.6g}  (first {losses[0]:.6g})  {sparkline(losses)}"))
    validation = fit.record.validation
    if len(validation) and not np.isnan(validation).all():
        best = int(np.nanargmin(validation))
        rows.append((
            "validation",
            f"{validation[-1]:.6g}  (best {validation[best]:.6g} at step "
            f"{int(fit.record.validation_step[best]):,})  {sparkline(validation)}",
        ))  # fmt: skip
    rows.append((
        "time",
        f"{fit.seconds:.3g} s  ({fit.us_per_step:.3g} µs/step, compile "
        f"{fit.compile_seconds:.3g} s, engine {fit.engine})",
    ))  # fmt: skip
    params = fit.params
    leaves = tree.leaves(params)
    for path, leaf in list(zip(tree.paths(params), leaves, strict=True))[:_MOST_LEAVES]:
        rows.append((f"params{path}", _summary(leaf)))
    if len(leaves) > _MOST_LEAVES:
        rows.append(("", f"and {len(leaves) - _MOST_LEAVES} more"))
    return [(printable(name), printable(value)) for name, value in rows]


def _summary(leaf: Any) -> str:
    array = np.asarray(leaf)
    if array.ndim == 0:
        return f"{float(array):.6g}"
    values = " ".join(f"{value:.5g}" for value in array.reshape(-1)[:6])
    more = " …" if array.size > 6 else ""
    return f"{array.dtype.name}{list(array.shape)}  {values}{more}"


def sparkline(values: Any, width: int = 24) -> str:
    """Draw a series as a line of bars, its logarithm where it falls by decades.

    Example:
        >>> sparkline(np.arange(8.0))
        '▁▂▃▄▅▆▇█'
    """
    series = np.asarray(values, float)
    if len(series) > width:
        series = np.array([part.mean() for part in np.array_split(series, width)])
    series = series[np.isfinite(series)]
    if len(series) < 2 or series.min() == series.max():
        return ""
    if series.min() > 0 and series.max() > 20 * series.min():
        series = np.log(series)
    places = (series - series.min()) / (series.max() - series.min()) * (len(_BARS) - 1)
    return "".join(_BARS[round(place)] for place in places.tolist())


def _count(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{number} {unit}{'' if value == 1 else 's'}"
