"""Line searches: their steps fulfil the conditions they promise, wherever they begin."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.solvers.function import SmoothFunction
from thalweg.solvers.iterate import first_iterate
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.linesearches.searches import SEARCHES


def _bend(b):
    return (1.0 + b**2) ** 0.5 - b


def _yanai(a, b):
    """Return a convex function of two slopes, one for each end of [0, 1]."""
    return lambda t: _bend(a) * ((1.0 - t) ** 2 + b**2) ** 0.5 + _bend(b) * (t**2 + a**2) ** 0.5


# The functions of Moré & Thuente, 1994, section 5, and the c₁ and c₂ they are tried with.
FUNCTIONS = {
    "rational": (lambda t: -t / (t**2 + 2.0), 1e-3, 0.1),
    "power": (lambda t: (t + 0.004) ** 5 - 2.0 * (t + 0.004) ** 4, 0.1, 0.1),
    "yanai-flat": (_yanai(0.001, 0.001), 1e-3, 1e-3),
    "yanai-left": (_yanai(0.01, 0.001), 1e-3, 1e-3),
    "yanai-right": (_yanai(0.001, 0.01), 1e-3, 1e-3),
    "exponential": (lambda t: np.exp(-t) + 0.1 * t, 1e-4, 0.5),
    "barrier": (lambda t: -np.log(2.0 - t) - 3.0 * t + t**2, 1e-4, 0.5),
}

STRONG = ("more-thuente", "zoom")


def searched(name, function, c1, c2, guess):
    """Return step, value, slope, evaluations and whether it was found, from 0 in direction 1."""
    smooth = SmoothFunction(lambda x: tw.sum(function(x)))
    settings = {"c1": c1, "c2": c2, "maxls": 60, "gtol": 0.0, "maxiter": 10}

    def run(x):
        at = first_iterate(smooth, x, settings)
        line = SearchLine(smooth, at, tw.ones(1), at.gradient[0], settings)
        found = SEARCHES[name](line, guess)
        return found.sample.step, found.sample.value, found.sample.slope, *found[1:]

    return [x.item() for x in tw.jit(run, engine="numpy")(np.zeros(1))]


@pytest.mark.parametrize("guess", [1e-3, 0.1, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.parametrize("name", SEARCHES)
def test_the_step_fulfils_the_conditions(name, case, guess):
    function, c1, c2 = FUNCTIONS[case]
    with np.errstate(all="ignore"):
        step, value, slope, evaluations, found = searched(name, function, c1, c2, guess)
        start, first = function(np.float64(0.0)), tw.grad(function)(0.0)
        assert found
        assert step > 0.0
        assert evaluations <= 60
        np.testing.assert_allclose(value, function(np.float64(step)), rtol=1e-14)
    if name in ("hager-zhang", "zoom"):
        nearly = value <= start + 1e-6 * abs(start) and slope <= (2.0 * c1 - 1.0) * first
        assert nearly or value <= start + c1 * step * first
        assert slope >= c2 * first
    else:
        assert value <= start + c1 * step * first + 1e-15 * abs(start)
    if name in STRONG:
        assert abs(slope) <= c2 * abs(first)


def test_few_evaluations_suffice():
    """Moré and Thuente need as many, for 4 starts each, by their tables 1 to 5."""
    guesses = (1e-3, 0.1, 10.0, 1e3)
    most = {"rational": 24, "power": 50, "yanai-flat": 40, "yanai-left": 45, "yanai-right": 45}
    for case, limit in most.items():
        function, c1, c2 = FUNCTIONS[case]
        counts = [searched("more-thuente", function, c1, c2, guess)[3] for guess in guesses]
        assert sum(counts) <= limit, (case, counts)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_line_that_rises_is_told(name):
    step, value, _, _, found = searched(name, lambda t: t**2 + 1e-3 * abs(t), 1e-4, 0.9, 1.0)
    assert not found or value <= 0.0 or step == 0.0
