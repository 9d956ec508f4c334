"""The picture of a run, and how pictures are put into pages and notebooks."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.training.record import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = np.ndarray[Any, np.dtype[np.float64]]

# Okabe and Ito's colours, told apart by everyone.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "thalweg",
    "svg.fonttype": "path",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
}

# Inches around axes.
LEFT, RIGHT, BOTTOM, TOP = 0.75, 0.15, 0.5, 0.3

# A series of more losses is drawn pale, with its means over so many parts on top.
_POINTS = 100


def draw_history(history: History, ax: Any = None) -> Any:
    """Draw losses against epochs on matplotlib axes, and return the axes; nothing is shown.

    Many losses are drawn as means, the losses themselves pale behind them; the epoch of the least
    validation loss is marked.
    """
    if ax is None:
        ax = new_axes()
    many = len(history.loss) > 2 * _POINTS
    ax.plot(
        history.epoch, history.loss, linewidth=1, color=COLORS[0], alpha=0.3 if many else 1.0,
        label=None if many else "loss",
    )  # fmt: skip
    if many:
        means = smooth(history.epoch, history.loss, _POINTS)
        ax.plot(*means, linewidth=1.5, color=COLORS[0], label="loss, smoothed")
    if len(history.validation):
        at, values = history.validation_epoch, history.validation
        ax.plot(at, values, marker=".", color=COLORS[1], label="validation")
        if not np.isnan(values).all():
            best = int(np.nanargmin(values))
            label = f"best: {values[best]:.4g} at epoch {at[best]:.4g}"
            ax.axvline(at[best], color="0.5", linestyle="--", linewidth=1, label=label)
    if many or len(history.validation):
        ax.legend(frameon=False)
    if spans_decades(history.loss):
        ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    return ax


def new_axes(width: float = 4.2, height: float = 2.5) -> Any:
    """Return axes, in inches, of a figure that pyplot does not know: it would keep and show it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Margins are known: matplotlib's own layout takes longer than drawing.
    size = LEFT + width + RIGHT, BOTTOM + height + TOP
    place = LEFT / size[0], BOTTOM / size[1], width / size[0], height / size[1]
    with rc_context(STYLE):
        return Figure(figsize=size).add_axes(place)


def data_url(figure: Figure) -> str:
    """Return a figure as SVG in a data URL; equal figures give equal texts."""
    from matplotlib import rc_context

    drawn = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def spans_decades(values: Any) -> bool:
    """Tell whether values are all positive and so far apart that their logarithms show more."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 20 * finite.min())


def smooth(x: Any, y: Any, points: int = 100) -> tuple[Floats, Floats]:
    """Return the means of successive parts of a series, at most so many.

    Args:
        x: Where the values are taken, shape (n,).
        y: The values, shape (n,).
        points: How many parts there are; a shorter series is returned as it is.

    Returns:
        The mean place and value of each part.

    Example:
        >>> smooth([0, 1, 2, 3], [4.0, 2.0, 3.0, 1.0], 2)
        (array([0.5, 2.5]), array([3., 2.]))
    """
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(ys) <= points:
        return xs, ys
    starts = np.linspace(0, len(ys), points, endpoint=False).astype(np.int64)
    counts = np.diff(np.append(starts, len(ys)))
    means = (np.add.reduceat(series, starts) / counts for series in (xs, ys))
    places, values = means
    return places, values
