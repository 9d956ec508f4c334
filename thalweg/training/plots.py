"""The picture of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.training.record import History


def draw_history(history: History, ax: Any = None) -> Any:
    """Draw losses against epochs on matplotlib axes, and return the axes; nothing is shown."""
    if ax is None:
        # A figure of its own, not one of pyplot's, which would be kept and shown later.
        from matplotlib.figure import Figure

        ax = Figure(layout="constrained").add_subplot()
    ax.plot(history.epoch, history.loss, linewidth=1, label="loss")
    if len(history.validation):
        ax.plot(history.validation_epoch, history.validation, marker=".", label="validation")
        ax.legend()
    if spans_decades(history.loss):
        ax.set_yscale("log")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    return ax


def spans_decades(values: Any) -> bool:
    """Tell whether values are all positive and so far apart that their logarithms show more."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and finite.min() > 0 and finite.max() > 20 * finite.min())
