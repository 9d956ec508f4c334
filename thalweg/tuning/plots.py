"""The Tuning Playbook's pictures of a study, each on matplotlib axes that are returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.errors import printable
from thalweg.training.plots import COLORS, new_axes, spans_decades
from thalweg.tuning.space import EDGE, Choice, Dimension, Numeric
from thalweg.tuning.trial import Result, spell

if TYPE_CHECKING:
    from thalweg.tuning.rates import RateTest
    from thalweg.tuning.study import Group, Study

GOOD, STOPPED, BAD = COLORS[0], "0.65", COLORS[1]


def best_so_far(study: Study, ax: Any = None) -> Any:
    """Draw the value of each trial and the least one by then."""
    ax = ax or new_axes()
    finished = study.finished
    ax.plot(
        [r.number + 1 for r in finished], [r.value for r in finished], "o", markersize=3,
        color=GOOD, alpha=0.5, label="trials",
    )  # fmt: skip
    counts, least = study.best_so_far()
    ax.step(counts, least, where="post", color=COLORS[1], label="best so far")
    _height(ax, finished)
    ax.set(xlabel="trials made", ylabel=_text(study.minimize))
    _legend(ax)
    return ax


def axis(study: Study, name: str, ax: Any = None) -> Any:
    """Draw the value of each trial against a hyperparameter.

    Trials that were pruned are pale, those that diverged crosses at the top; the outer tenths of
    the range are shaded, where the best should not be.
    """
    ax = ax or new_axes()
    dimension = study.dimension(name)
    at = _places(dimension)
    shown = [r for r in study.results if name in r.config]
    for state, color, size in (("pruned", STOPPED, 3), ("complete", GOOD, 4)):
        kept = [r for r in shown if r.state == state and np.isfinite(r.value)]
        places = [at(r.config[name]) for r in kept]
        ax.plot(places, [r.value for r in kept], "o", markersize=size, color=color, label=state)
    best = next((r for r in study.ranked if name in r.config), None)
    if best is not None:
        ax.plot(
            at(best.config[name]), best.value, "*", markersize=11, color=COLORS[4],
            markeredgecolor="0.2", label=f"best: {spell(best.config[name])}",
        )  # fmt: skip
    _height(ax, [r for r in shown if r.state == "complete"])
    bad = [at(r.config[name]) for r in shown if r.state == "diverged"]
    if bad:
        ax.plot(
            bad, np.full(len(bad), 0.97), "x", markersize=5, color=BAD, label="diverged",
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip
    _range(ax, dimension, name)
    if end := study.border(name):
        ax.set_xlabel(f"{ax.get_xlabel()}: the best is at the {end} border", color=BAD)
    ax.set_ylabel(_text(study.minimize))
    _legend(ax)
    return ax


def isolation(study: Study, name: str, ax: Any = None) -> Any:
    """Draw what each value of a scientific hyperparameter reaches with the others tuned.

    All trials are pale, the best of each value stands out; bars span what the best of other draws
    of as many trials would be in 8 of 10.
    """
    ax = ax or new_axes()
    dimension = study.dimension(name)
    at = _places(dimension)
    kept = [r for r in study.finished if name in r.config]
    ax.plot(
        [at(r.config[name]) for r in kept], [r.value for r in kept], "o", markersize=3,
        color=STOPPED, label="trials",
    )  # fmt: skip
    groups = [group for group in study.isolate(name) if group.best is not None]
    places = [at(group.value) for group in groups]
    best = np.array([_value(group) for group in groups])
    spread = np.array([group.interval for group in groups]).reshape(-1, 2)
    bars = [np.maximum(0, best - spread[:, 0]), np.maximum(0, spread[:, 1] - best)]
    ax.errorbar(
        places, best, bars, fmt="o" if isinstance(dimension, Choice) else "o-", color=COLORS[0],
        capsize=3, label="nuisance hyperparameters tuned",
    )  # fmt: skip
    _height(ax, kept)
    _range(ax, dimension, name, edges=False)
    ax.set_ylabel(_text(study.minimize))
    _legend(ax)
    return ax


def training(results: Sequence[Result], ax: Any = None) -> Any:
    """Draw the curves of trials: training losses thin, validation losses thick."""
    ax = ax or new_axes(6.0, 3.6)
    heights: list[float] = []
    for color, result in zip(COLORS * len(results), results, strict=False):
        for name, (x, y) in result.curves.items():
            validated = name.startswith("val")
            ax.plot(
                x, y, color=color, linewidth=1.6 if validated else 0.8,
                linestyle="-" if validated else ":", label=f"trial {result.number}, {_text(name)}",
            )  # fmt: skip
            heights += y
            if validated and np.isfinite(y).any():
                best = int(np.nanargmin(y))
                ax.plot(x[best], y[best], "o", markersize=5, color=color, markeredgecolor="0.2")
    if heights and spans_decades(np.asarray(heights)):
        _by_powers(ax, "y")
    ax.set(xlabel="epoch", ylabel="loss")
    _legend(ax)
    return ax


def rate_test(test: RateTest, ax: Any = None) -> Any:
    """Draw a run with a rising learning rate, and the rate it suggests."""
    ax = ax or new_axes()
    ax.plot(test.rates, test.losses, color=COLORS[0], alpha=0.3, linewidth=1, label="loss")
    ax.plot(test.rates, test.smoothed, color=COLORS[0], linewidth=1.5, label="smoothed")
    if test.suggestion is not None:
        ax.axvline(
            test.suggestion,
            color=COLORS[2],
            linestyle="--",
            label=f"suggested: {test.suggestion:.2g}",
        )
        ax.axvline(
            test.largest, color=COLORS[1], linestyle=":", label=f"least loss: {test.largest:.2g}"
        )
    _by_powers(ax, "x")
    ax.set(xlabel="learning rate", ylabel="loss")
    _legend(ax)
    return ax


# ---- axes


def _places(dimension: Dimension) -> Callable[[Any], float]:
    """Return where a value is drawn: options side by side, numbers near 1 by their distance."""
    if isinstance(dimension, Choice):
        return lambda value: float(dimension.options.index(value))
    if isinstance(dimension, Numeric) and dimension.scale == "complement":
        return lambda value: 1.0 - float(value)
    return float


def _range(ax: Any, dimension: Dimension, name: str, edges: bool = True) -> None:
    label = _text(name)
    if isinstance(dimension, Choice):
        texts = [_text(spell(option)) for option in dimension.options]
        ax.set_xticks(range(len(texts)), texts)
        ax.set_xlim(-0.5, len(texts) - 0.5)
    elif isinstance(dimension, Numeric):
        at = _places(dimension)
        ends = at(dimension.low), at(dimension.high)
        if dimension.scale != "linear":
            _by_powers(ax, "x")
        if dimension.scale == "complement":
            label = f"1 − {label}"
        if edges and not dimension.whole:
            for low, high in ((0.0, EDGE), (1 - EDGE, 1.0)):
                ax.axvspan(at(dimension.at(low)), at(dimension.at(high)), color="0.93", zorder=0)
        pad = (1.05, 0.05)[dimension.scale == "linear"]
        if dimension.scale == "linear":
            width = pad * (ends[1] - ends[0])
            ax.set_xlim(ends[0] - width, ends[1] + width)
        else:
            grow = (max(ends) / min(ends)) ** 0.04
            first, last = min(ends) / grow, max(ends) * grow
            # Near 1 is to the right, as in the number itself.
            ax.set_xlim((last, first) if dimension.scale == "complement" else (first, last))
    ax.set_xlabel(label)


def _height(ax: Any, results: Sequence[Result]) -> None:
    """Scale the axis to what finished, by powers where it spans them."""
    values = np.array([r.value for r in results if np.isfinite(r.value)])
    if len(values) and spans_decades(values):
        _by_powers(ax, "y")
    elif len(values) > 3:
        # A few bad ones must not press the good ones into a line.
        low, middle = float(values.min()), float(np.quantile(values, 0.8))
        if values.max() > low + 4 * (middle - low) > low:
            ax.set_ylim(low - 0.1 * (middle - low), low + 2 * (middle - low))


def _legend(ax: Any) -> None:
    """Show above the axes what is drawn."""
    handles, labels = ax.get_legend_handles_labels()
    kept = [
        (handle, label) for handle, label in zip(handles, labels, strict=True)
        if len(getattr(handle, "get_xdata", lambda: [0])())
    ]  # fmt: skip
    ax.legend(
        *zip(*kept, strict=True), frameon=False, loc="lower left", bbox_to_anchor=(0.0, 0.97),
        ncols=len(kept), columnspacing=1.0, handletextpad=0.4, borderpad=0.2, fontsize=8,
    )  # fmt: skip


def _by_powers(ax: Any, axis: str) -> None:
    """Scale an axis by powers, without small ticks, whose texts take longer than all else."""
    from matplotlib.ticker import NullLocator

    ax.set(**{f"{axis}scale": "log"})
    getattr(ax, f"{axis}axis").set_minor_locator(NullLocator())


def _value(group: Group) -> float:
    return group.best.value if group.best is not None else float("inf")


def _text(text: str) -> str:
    """Keep matplotlib from reading mathematics between dollar signs, and show odd characters."""
    return printable(text).replace("$", r"\$")
