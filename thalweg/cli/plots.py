"""The plots of reports, each as an SVG image in a data URL.

Margins are computed from the texts around the axes: matplotlib's own layout takes longer than
drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.errors import printable
from thalweg.training.plots import BOTTOM, COLORS, LEFT, RIGHT, STYLE, TOP, data_url, spans_decades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 1000
COLUMNS = 3
# Inches of a character.
CHARACTER = 0.075

Line = tuple[str, ArrayLike, ArrayLike]


def _axes(
    width: float, height: float, panels: int = 1, left: float = LEFT, bottom: float = BOTTOM
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels, each with axes of the given size in inches."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    columns = min(panels, COLUMNS)
    rows = -(-panels // columns)
    step = left + width + RIGHT, TOP + height + bottom
    size = step[0] * columns, step[1] * rows
    with rc_context(STYLE):
        # A figure of its own, not one of pyplot's, which would be kept and shown later.
        figure = Figure(figsize=size)
        places = [divmod(i, columns) for i in range(panels)]
        axes = [
            figure.add_axes((
                (column * step[0] + left) / size[0],
                1 - (row * step[1] + TOP + height) / size[1],
                width / size[0],
                height / size[1],
            ))
            for row, column in places
        ]  # fmt: skip
    return figure, axes


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
    from matplotlib.ticker import NullLocator

    figure, axes = _axes(2.9, 2.2, len(panels))
    for ax, (title, lines) in zip(axes, panels, strict=True):
        for color, (name, x, y) in zip(COLORS * len(lines), lines, strict=False):
            ax.plot(*_thin(x, y), label=_escape(name), color=color, linewidth=1.2)
        if level is not None:
            ax.axhline(level, color="0.5", linestyle="--", linewidth=1, label=_escape(level_name))
        heights = np.concatenate([np.asarray(y, np.float64) for _, _, y in lines])
        if spans_decades(heights):
            ax.set_yscale("log")
            ax.yaxis.set_minor_locator(NullLocator())
        x_label, y_label = map(_escape, labels)
        ax.set(xlabel=x_label, ylabel=y_label, title=_escape(title))
        ax.legend(frameon=False, loc="upper right" if level is None else "center right")
    return data_url(figure)


def _thin(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Keep at most a thousand points, the ends among them."""
    xs, ys = np.asarray(x), np.asarray(y)
    if len(xs) > MOST_POINTS:
        kept = np.linspace(0, len(xs) - 1, MOST_POINTS).round().astype(int)
        xs, ys = xs[kept], ys[kept]
    return xs, ys


def _escape(text: str) -> str:
    """Keep matplotlib from reading mathematics between dollar signs, and show odd characters."""
    return printable(text).replace("$", r"\$")


def scatter(x: ArrayLike, y: ArrayLike, labels: tuple[str, str]) -> str:
    """Draw points around the diagonal: what was predicted against what is."""
    figure, (ax,) = _axes(3.0, 3.0)
    xs, ys = np.asarray(x)[:MOST_POINTS], np.asarray(y)[:MOST_POINTS]
    ax.plot(xs, ys, ".", markersize=4, alpha=0.6, color=COLORS[0])
    ends = [min(xs.min(), ys.min()), max(xs.max(), ys.max())]
    ax.plot(ends, ends, color="0.5", linestyle="--", linewidth=1)
    ax.set(xlabel=_escape(labels[0]), ylabel=_escape(labels[1]))
    return data_url(figure)


def bars(names: Sequence[str], values: ArrayLike, label: str) -> str:
    """Draw one bar a name, from the top down."""
    shown = [_shorten(name, 40) for name in names]
    left = 0.2 + CHARACTER * max(map(len, shown))
    figure, (ax,) = _axes(4.0, 0.2 * len(shown), left=left)
    heights = np.asarray(values, np.float64)
    places = np.arange(len(shown))
    ax.barh(places, heights, color=[COLORS[0] if h >= 0 else COLORS[1] for h in heights])
    ax.set_yticks(places, [_escape(name) for name in shown])
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.axvline(0, color="0.3", linewidth=0.8)
    ax.set_xlabel(_escape(label))
    return data_url(figure)


def _shorten(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def confusion(counts: NDArray[np.int64], classes: Sequence[str]) -> str:
    """Draw how often each class (row) was taken for each (column)."""
    names = [_shorten(name, 20) for name in classes]
    size = max(1.0, 0.35 * len(names))
    margin = 0.5 + CHARACTER * max(map(len, names))
    figure, (ax,) = _axes(size, size, left=margin, bottom=margin)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if shares[row, column] > 0.6 else "0.2"
        ax.text(column, row, str(count), ha="center", va="center", color=color)
    texts = [_escape(name) for name in names]
    ax.set_xticks(range(len(names)), texts, rotation=90)
    ax.set_yticks(range(len(names)), texts)
    ax.set(xlabel="predicted", ylabel="actual")
    return data_url(figure)
