"""Solvers beside SciPy's on the problems of the literature: `python -m tests.solvers.compare`.

Of each problem and method it prints how either ended, the value and the evaluations of the
function; and of each method the problems that SciPy solves and we do not, and evaluations in total.
"""

from __future__ import annotations

import argparse
import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

import thalweg as tw
from tests.solvers.problems import constrained, sums_of_squares
from tests.solvers.problems.constrained import Constrained
from tests.solvers.problems.sums_of_squares import SumOfSquares

# What of a constraint's violation is still a solution.
_VIOLATION = 1e-5


@dataclass(frozen=True)
class Run:
    """How a solver ended: whether it says so, whether at a minimum, the value, the evaluations."""

    success: bool
    at_minimum: bool
    value: float
    nfev: int


@dataclass(frozen=True)
class Row:
    """A problem by two solvers."""

    problem: str
    method: str
    ours: Run
    theirs: Run

    @property
    def is_behind(self) -> bool:
        """Whether SciPy solves the problem, and we neither do nor get as low."""
        good = self.theirs.success and self.theirs.at_minimum
        near = self.ours.value <= self.theirs.value + 1e-6 * max(abs(self.theirs.value), 1e-3)
        return good and not (self.ours.success and (self.ours.at_minimum or near))

    def __str__(self) -> str:
        def told(run: Run) -> str:
            word = "solved" if run.success and run.at_minimum else "ended" if run.success else "-"
            return f"{word:7}{run.value:16.8g}{run.nfev:6}"

        behind = "  behind" if self.is_behind else ""
        return f"{self.problem:29}{self.method:22}{told(self.ours)}   {told(self.theirs)}{behind}"


@functools.cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return tw.jit(function, engine="numpy")


# ---- sums of squares


MINIMIZERS = {
    "bfgs": "BFGS", "lbfgs": "L-BFGS-B", "lbfgsb": "L-BFGS-B", "conjugate-gradient": "CG",
    "newton-cg": "Newton-CG", "trust-ncg": "trust-ncg", "trust-exact": "trust-exact",
}  # fmt: skip


@functools.cache
def _derivatives(problem: SumOfSquares) -> tuple[Any, Any, Any]:
    value = problem.value
    return tuple(_compiled(f) for f in (value, tw.grad(value), tw.hessian(value)))  # type: ignore[return-value]


def minimized(problem: SumOfSquares, method: str) -> Row:
    """Return a sum of squares by a method of `minimize`."""
    ours = tw.minimize(problem.value, problem.start, method=method)
    value, gradient, hessian = _derivatives(problem)
    second = {"hess": hessian} if method in ("newton-cg", "trust-ncg", "trust-exact") else {}
    theirs = optimize.minimize(
        value, problem.start, method=MINIMIZERS[method], jac=gradient, **second
    )
    return Row(problem.name, method, *(_of_sum(problem, x, x.fun) for x in (ours, theirs)))


def _of_sum(problem: SumOfSquares, found: Any, value: float) -> Run:
    # Where a gradient counts as small, a value is within 1e-3 of the minimum at most.
    near = problem.is_minimum(float(value), rtol=1e-3, atol=1e-5)
    return Run(bool(found.success), near, float(value), int(found.nfev))


def fitted(problem: SumOfSquares, method: str = "lm") -> Row:
    """Return a sum of squares by `least_squares`."""
    ours = tw.least_squares(problem.residuals, problem.start, method=method)
    jacobian = _compiled(tw.jacfwd(problem.residuals))
    theirs = optimize.least_squares(problem.residuals, problem.start, jacobian, method="lm")
    runs = (_of_sum(problem, found, 2 * found.cost) for found in (ours, theirs))
    return Row(problem.name, method, *runs)


def rooted(problem: SumOfSquares, method: str) -> Row:
    """Return equations of the literature by a method of `root`, SciPy's "hybr" beside it."""
    ours = tw.root(problem.residuals, problem.start, method=method.removeprefix("root-"))
    jacobian = _compiled(tw.jacfwd(problem.residuals))
    theirs = optimize.root(problem.residuals, problem.start, jac=jacobian, method="hybr")
    runs = (_of_root(found) for found in (ours, theirs))
    return Row(problem.name, method, *runs)


def _of_root(found: Any) -> Run:
    value = float(np.sum(np.asarray(found.fun) ** 2))
    return Run(bool(found.success), value <= 1e-12, value, int(found.nfev))


EQUATIONS = [p for p in sums_of_squares.PROBLEMS if len(p.residuals(p.start)) == len(p.start)]


# ---- constraints


def constrained_by(problem: Constrained, theirs: str) -> Row:
    """Return a constrained problem by augmented Lagrangians, and by a method of SciPy's."""
    found = tw.minimize(
        problem.fun, problem.start, method="augmented-lagrangian", bounds=problem.bounds,
        constraints=problem.constraints,
    )  # fmt: skip
    return Row(problem.name, theirs.lower(), _of_constrained(problem, found), _by(problem, theirs))


def _by(problem: Constrained, method: str) -> Run:
    rows = [{**row, "jac": _compiled(tw.jacfwd(row["fun"]))} for row in problem.constraints]
    if method == "trust-constr":
        rows = [
            optimize.NonlinearConstraint(
                row["fun"], 0.0, 0.0 if row["type"] == "eq" else np.inf, jac=row["jac"]
            )
            for row in rows
        ]
    bounds = None if problem.bounds is None else _bounds(problem)
    found = optimize.minimize(
        problem.fun, problem.start, method=method, jac=_compiled(tw.grad(problem.fun)),
        bounds=bounds, constraints=rows,
    )  # fmt: skip
    return _of_constrained(problem, found)


def _bounds(problem: Constrained) -> Any:
    pairs = problem.bounds or ()
    lower = [-np.inf if low is None else low for low, _ in pairs]
    return optimize.Bounds(lower, [np.inf if high is None else high for _, high in pairs])


def _of_constrained(problem: Constrained, found: Any) -> Run:
    value = float(found.fun)
    there = problem.is_minimum(value) and problem.violation(found.x) <= _VIOLATION
    return Run(bool(found.success), there, value, int(found.nfev))


# ---- all


def rows(methods: list[str]) -> Iterator[Row]:
    """Yield all problems by some methods, by default all."""
    for method in MINIMIZERS:
        if method in methods:
            yield from (minimized(problem, method) for problem in sums_of_squares.PROBLEMS)
    if "lm" in methods:
        yield from (fitted(problem) for problem in sums_of_squares.PROBLEMS)
    for method in ("root-newton", "root-lm"):
        if method in methods:
            yield from (rooted(problem, method) for problem in EQUATIONS)
    for method in ("slsqp", "trust-constr"):
        if method in methods:
            yield from (constrained_by(problem, method) for problem in constrained.PROBLEMS)


def summary(found: list[Row]) -> Iterator[str]:
    """Yield a line a method: solved, behind, evaluations in total."""
    for method in dict.fromkeys(row.method for row in found):
        mine = [row for row in found if row.method == method]
        both = [row for row in mine if row.ours.at_minimum and row.theirs.at_minimum]
        solved = [sum(run.success and run.at_minimum for run in runs) for runs in zip(
            *((row.ours, row.theirs) for row in mine), strict=True
        )]  # fmt: skip
        ours, theirs = sum(r.ours.nfev for r in both), sum(r.theirs.nfev for r in both)
        behind = [row.problem for row in mine if row.is_behind]
        yield (
            f"{method}: of {len(mine)} solved {solved[0]}, SciPy {solved[1]}; evaluations where "
            f"both are at a minimum ({len(both)}): {ours}, SciPy {theirs}, {ours / theirs:.2f}x; "
            f"behind: {', '.join(behind) or 'none'}"
        )


def main() -> None:
    every = [*MINIMIZERS, "lm", "root-newton", "root-lm", "slsqp", "trust-constr"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", default=every, help=", ".join(every))
    methods = parser.parse_args().methods
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy's, of overflow and of starts out of bounds
        for row in rows(methods):
            print(row, flush=True)  # noqa: T201
            found.append(row)
    print(*summary(found), sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
