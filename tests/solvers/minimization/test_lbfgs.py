"""L-BFGS: the compact matrix is that of the two loops, whatever pairs come."""

import itertools

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from thalweg.core.tensor import as_tensor
from thalweg.solvers.function import SmoothFunction
from thalweg.solvers.iterate import Iterate
from thalweg.solvers.linesearches.line import SearchLine
from thalweg.solvers.minimization.lbfgs import LimitedMemoryRule
from thalweg.solvers.minimization.lbfgsb import BoundedRule


def at(x, gradient):
    none = as_tensor(np.int64(0))
    return Iterate(as_tensor(x), as_tensor(0.0), as_tensor(gradient), none, none, none, none, none)


def two_loops(g, pairs):
    """Return H g by the two-loop recursion, of pairs from the oldest to the youngest."""
    q, alphas = g.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (y @ s))
        q -= alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q *= (s @ y) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q += s * (alpha - y @ q / (y @ s))
    return q


def steps(random, n, count, convex):
    """Yield iterates of a walk on a quadratic function, some with a wrong sign of the bend."""
    a = random.normal(size=(n, n))
    hessian = a @ a.T + np.eye(n)
    x = random.normal(size=n)
    for i in range(count + 1):
        noise = 0.1 * random.normal(size=n)
        sign = -1.0 if not convex and i % 3 == 2 else 1.0
        yield x.copy(), sign * (hessian @ x) + noise
        x = x + random.normal(size=n)


@pytest.mark.parametrize("convex", [True, False])
@pytest.mark.parametrize(("n", "count"), [(3, 0), (6, 1), (6, 4), (6, 5), (30, 13)])
def test_the_direction_is_that_of_the_two_loops(n, count, convex):
    size, random = 4, np.random.default_rng(n + count)
    walk = list(steps(random, n, count, convex))
    rule, pairs = LimitedMemoryRule(size), []
    memory = rule.begin(at(*walk[0]))
    for before, after in itertools.pairwise(walk):
        start, end = at(*before), at(*after)
        line = SearchLine(None, start, None, None, {})
        memory = rule.learn(memory, line, end, as_tensor(True))
        s, y = after[0] - before[0], after[1] - before[1]
        pairs = [*pairs, (s, y)] if s @ y > 0.0 else pairs
        # A pair that is not taken has cost the oldest one its place.
        pairs = pairs[-size:] if s @ y > 0.0 else pairs[-(size - 1) :]
    direction = rule.direction(memory, at(*walk[-1]), None)[0]
    np.testing.assert_allclose(direction, -two_loops(walk[-1][1], pairs), rtol=1e-9, atol=1e-9)


def test_bounded_pairs_model_the_inverse_of_that_matrix():
    n, size, random = 6, 3, np.random.default_rng(3)
    walk = list(steps(random, n, 5, True))
    short, bounded = LimitedMemoryRule(size), BoundedRule(size)
    ours, theirs = short.begin(at(*walk[0])), bounded.begin(at(*walk[0]))
    for before, after in itertools.pairwise(walk):
        line = SearchLine(None, at(*before), None, None, {})
        ours = short.learn(ours, line, at(*after), as_tensor(True))
        theirs = bounded.learn(theirs, line, at(*after), as_tensor(True))
    far = tw.full(n, 1e9)
    function = SmoothFunction(lambda x: x, lower=-far, upper=far)
    here = at(*walk[-1])
    np.testing.assert_allclose(
        bounded.direction(theirs, here, function)[0],
        short.direction(ours, here, function)[0],
        rtol=1e-8,
    )


def test_the_last_of_many_pairs_win():
    scales = np.array([1.0, 10.0, 100.0])
    for size in (3, 5, 10):
        found = tw.minimize(
            lambda x: 0.5 * np.sum(scales * x**2), np.ones(3), method="lbfgs",
            options={"gtol": 1e-10, "maxcor": size}, engine="numpy",
        )  # fmt: skip
        theirs = optimize.minimize(
            lambda x: (0.5 * np.sum(scales * x**2), scales * x), np.ones(3), jac=True,
            method="L-BFGS-B", options={"gtol": 1e-10, "maxcor": size, "ftol": 0.0},
        )  # fmt: skip
        assert found.success
        assert (found.nit, found.nfev) == (theirs.nit, theirs.nfev)
