"""The plots of reports, each as an SVG image in a data URL."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bars", "confusion", "curves", "image", "scatter"]

MOST_POINTS = 1000
# Okabe and Ito's colours, told apart by everyone.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLE = {
    "svg.hashsalt": "thalweg",
    "svg.fonttype": "path",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
}

Line = tuple[str, ArrayLike, ArrayLike]


def image(figure: Figure) -> str:
    """Return a figure as a data URL; equal figures give equal texts."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawn = io.BytesIO()
    with rc_context(STYLE):
        FigureCanvasSVG(figure).print_svg(drawn, metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def _axes(size: tuple[float, float], columns: int = 1) -> tuple[Figure, list[Axes]]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        # A figure of its own, not one of pyplot's, which would be kept and shown later.
        figure = Figure(figsize=size, layout="constrained")
        return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def curves(
    panels: Sequence[tuple[str, Sequence[Line]]],
    labels: tuple[str, str],
    *,
    level: float | None = None,
    level_name: str = "",
) -> str:
    """Draw lines in panels side by side, on logarithmic scales where they fall by decades.

    Args:
        panels: Titles, and lines as name, x and y.
        labels: What is on the axes.
        level: A height to mark by a dashed line.
        level_name: What it is.
    """
    figure, axes = _axes((4.2 * len(panels), 3.0), len(panels))
    for ax, (title, lines) in zip(axes, panels, strict=True):
        for color, (name, x, y) in zip(COLORS * len(lines), lines, strict=False):
            ax.plot(*_thinned(x, y), label=name, color=color, linewidth=1.2)
        if level is not None:
            ax.axhline(level, color="0.5", linestyle="--", linewidth=1, label=level_name)
        heights = np.concatenate([np.asarray(y, np.float64) for _, _, y in lines])
        if _spans_decades(heights):
            ax.set_yscale("log")
        ax.set(xlabel=labels[0], ylabel=labels[1], title=_plain(title))
        ax.legend(frameon=False)
    return image(figure)


def _thinned(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Keep at most a thousand points, the ends among them."""
    xs, ys = np.asarray(x), np.asarray(y)
    if len(xs) > MOST_POINTS:
        kept = np.linspace(0, len(xs) - 1, MOST_POINTS).round().astype(int)
        xs, ys = xs[kept], ys[kept]
    return xs, ys


def _spans_decades(values: NDArray[np.float64]) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 20 * finite.min())


def _plain(text: str) -> str:
    """Keep matplotlib from reading mathematics between dollar signs."""
    return text.replace("$", r"\$")


def scatter(x: ArrayLike, y: ArrayLike, labels: tuple[str, str]) -> str:
    """Draw points around the diagonal: what was predicted against what is."""
    figure, (ax,) = _axes((4.2, 3.6))
    xs, ys = np.asarray(x), np.asarray(y)
    if len(xs) > MOST_POINTS:
        xs, ys = xs[:MOST_POINTS], ys[:MOST_POINTS]
    ax.plot(xs, ys, ".", markersize=4, alpha=0.6, color=COLORS[0])
    ends = [min(xs.min(), ys.min()), max(xs.max(), ys.max())]
    ax.plot(ends, ends, color="0.5", linestyle="--", linewidth=1)
    ax.set(xlabel=_plain(labels[0]), ylabel=_plain(labels[1]))
    return image(figure)


def bars(names: Sequence[str], values: ArrayLike, label: str) -> str:
    """Draw one bar a name, from the top down."""
    figure, (ax,) = _axes((5.2, 0.6 + 0.22 * len(names)))
    heights = np.asarray(values, np.float64)
    places = np.arange(len(names))
    ax.barh(places, heights, color=[COLORS[0] if h >= 0 else COLORS[1] for h in heights])
    ax.set_yticks(places, [_plain(name[:40]) for name in names])
    ax.invert_yaxis()
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set_xlabel(_plain(label))
    return image(figure)


def confusion(counts: NDArray[np.int64], classes: Sequence[str]) -> str:
    """Draw how often each class (row) was taken for each (column)."""
    size = 1.2 + 0.42 * len(classes)
    figure, (ax,) = _axes((max(2.6, size), max(2.4, size)))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.6 else "0.2"
        ax.text(column, row, str(count), ha="center", va="center", color=color)
    names = [_plain(name[:20]) for name in classes]
    ax.set_xticks(range(len(names)), names, rotation=90)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted", ylabel="actual")
    return image(figure)
