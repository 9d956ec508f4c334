"""The line searches of `tw.optim`, backtracking and zoom, for solvers."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import minimum
from thalweg.ops.linalg.products import dot
from thalweg.optim.linesearches.backtracking import scale_by_backtracking_linesearch
from thalweg.optim.linesearches.zoom import scale_by_zoom_linesearch
from thalweg.optim.transformation import GradientTransformation
from thalweg.solvers.iterate import rounding
from thalweg.solvers.linesearches.line import Sample, SearchLine, Step


def backtracking(line: SearchLine, guess: Any) -> Step:
    """Return the first of ever smaller steps with φ(t) ≤ φ(0) + c₁ t φ'(0).

    Source:
        Armijo, "Minimization of Functions Having Lipschitz Continuous First Partial Derivatives",
        1966.
    """
    search = scale_by_backtracking_linesearch(
        line.settings["maxls"], line.settings["c1"], 0.5, 1.0, _limit(line),
        rtol=4.0 * rounding(line.start.x), store_grad=True,
    )  # fmt: skip
    return _searched(search, line, guess)


def zoom(line: SearchLine, guess: Any) -> Step:
    """Return a step that fulfils the strong Wolfe conditions, by an interval made smaller.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6.
    """
    search = scale_by_zoom_linesearch(
        line.settings["maxls"], _limit(line), slope_rtol=line.settings["c1"],
        curv_rtol=line.settings["c2"], approx_dec_rtol=4.0 * rounding(line.start.x),
        stepsize_precision=1e-12,
    )  # fmt: skip
    return _searched(search, line, guess)


def _limit(line: SearchLine) -> Any:
    """Return the longest step there may be, which is finite."""
    return minimum(line.longest, float(np.finfo(line.start.x.dtype).max))


def _searched(search: GradientTransformation, line: SearchLine, guess: Any) -> Step:
    start, kind = line.start, line.start.x.dtype
    state: Any = search.init(start.x)
    state = state._replace(learning_rate=astype(asarray(guess), kind))
    _, state = search.update(
        line.direction, state, start.x, value=start.value, grad=start.gradient,
        value_fn=line.function.differentiable,
    )  # fmt: skip
    step, value, gradient = state.learning_rate, state.value, state.grad
    sample = Sample(step, value, dot(gradient, line.direction), gradient)
    found: Tensor = line.is_finite(sample) & (step > 0.0) & (value <= start.value)
    return Step(sample, astype(state.info.num_linesearch_steps, start.nfev.dtype), found)
