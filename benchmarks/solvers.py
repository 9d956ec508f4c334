"""Native L-BFGS beside C by hand, SciPy and scikit-learn.

`taskset -c 0 python -m benchmarks.solvers`.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import thalweg as tw
from benchmarks import workloads
from benchmarks.thalweg_runs import rosenbrock
from benchmarks.timing import pin, seconds

ROUNDS = 15
SIZE, TOLERANCE, MOST = 1000, 1e-8, 20_000
SOURCE = Path(__file__).parent / "limit" / "lbfgs.c"
COMPILE = ["gcc", "-O3", "-march=native", "-ffast-math", "-fPIC", "-c"]


@dataclass(frozen=True)
class Solve:
    """A way to solve a problem.

    Attributes:
        name: Who solves it.
        run: Solves it, and returns the solution and what is told of the way there.
    """

    name: str
    run: Callable[[], tuple[Any, str]]


# ---- Rosenbrock's function


@functools.cache
def _by_hand() -> Any:
    built = workloads.directory() / "lbfgs.so"
    # Linked without -ffast-math, which would make the whole process flush small numbers to zero.
    made = built.with_suffix(".o")
    subprocess.run([*COMPILE, str(SOURCE), "-o", str(made)], check=True)
    subprocess.run(["gcc", "-shared", str(made), "-o", str(built), "-lm"], check=True)
    minimize = ctypes.CDLL(str(built)).minimize
    minimize.restype = ctypes.c_long
    return minimize


def _start() -> Any:
    return np.where(np.arange(SIZE) % 2 == 0, -1.2, 1.0)


def _in_c() -> tuple[Any, str]:
    x, count = _start(), ctypes.c_long()
    turns = _by_hand()(
        x.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(SIZE), ctypes.c_double(TOLERANCE),
        ctypes.c_long(MOST), ctypes.byref(count),
    )  # fmt: skip
    return x, f"{turns} iterations, {count.value} evaluations"


def _told(found: Any) -> str:
    return f"{found.nit} iterations, {found.nfev} evaluations"


def _native() -> tuple[Any, str]:
    limits = {"maxiter": MOST}
    found = tw.minimize(rosenbrock, (_start(),), method="lbfgs", tol=TOLERANCE, options=limits)
    return found.x[0], _told(found)


def _scipys() -> tuple[Any, str]:
    limits = {"maxcor": 10, "ftol": 0.0, "gtol": TOLERANCE, "maxiter": MOST, "maxfun": MOST}
    found = optimize.minimize(
        optimize.rosen, _start(), jac=optimize.rosen_der, method="L-BFGS-B", options=limits
    )
    return found.x, _told(found)


def _steepness(x: Any) -> float:
    return float(np.abs(optimize.rosen_der(x)).max())


# ---- logistic regression


@functools.cache
def _patients() -> tuple[Any, Any]:
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y.astype(np.float64)


def logistic(params: Any, X: Any, y: Any) -> Any:
    """Mean cross entropy, and half the squares of the weights over the rows."""
    weights, bias = params["weights"], params["bias"]
    z = X @ weights + bias
    return np.mean(np.logaddexp(0.0, z) - y * z) + 0.5 * np.sum(weights**2) / X.shape[0]


LEAST = 1e-6


def _logistic_native() -> tuple[Any, str]:
    X, y = _patients()
    start = {"weights": np.zeros(X.shape[1]), "bias": np.zeros(())}
    found = tw.minimize(logistic, start, args=(X, y), method="lbfgs", tol=LEAST)
    return np.append(found.x["weights"], found.x["bias"]), f"{found.nit} iterations"


@functools.cache
def _tolerance() -> float:
    """Return the largest tolerance with which scikit-learn's gradient is as small as ours."""
    for tolerance in (3e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8):
        if _slope(_fitted(tolerance)[0]) <= LEAST:
            return tolerance
    raise RuntimeError("No tolerance was small enough.")


def _fitted(tolerance: float) -> tuple[Any, str]:
    X, y = _patients()
    model = LogisticRegression(solver="lbfgs", C=1.0, tol=tolerance, max_iter=10_000).fit(X, y)
    return np.append(model.coef_[0], model.intercept_), f"{model.n_iter_[0]} iterations"


def _slope(x: Any) -> float:
    X, y = _patients()
    off = 1 / (1 + np.exp(-(X @ x[:-1] + x[-1]))) - y
    return float(np.abs(np.append(X.T @ off + x[:-1], off.sum())).max() / len(y))


# ---- the report


def compare(title: str, solves: list[Solve], steepness: Callable[[Any], float]) -> None:
    """Print the milliseconds of each, interleaved, the ratio to the first's, and how each ended."""
    ends = {solve.name: solve.run() for solve in solves}
    taken: dict[str, list[float]] = {solve.name: [] for solve in solves}
    for _ in range(ROUNDS):
        for solve in solves:
            taken[solve.name].append(seconds(solve.run) * 1e3)
    sys.stdout.write(f"{title}\n")
    for solve in solves:
        mine, first = taken[solve.name], taken[solves[0].name]
        ratio = statistics.median(a / b for a, b in zip(mine, first, strict=True))
        x, told = ends[solve.name]
        sys.stdout.write(
            f"    {solve.name:<24}{statistics.median(mine):9.2f} ms{ratio:8.2f}   "
            f"{told}, largest derivative {steepness(x):.1e}\n"
        )
    sys.stdout.flush()


def report() -> None:
    """Print both comparisons."""
    pin()
    solves = [Solve("thalweg, native", _native), Solve("SciPy, L-BFGS-B", _scipys)]
    if shutil.which("gcc"):
        solves.append(Solve("C by hand", _in_c))
    compare(f"Rosenbrock's function of {SIZE} numbers", solves, _steepness)
    tolerance = _tolerance()
    compare(
        "Logistic regression, breast cancer data",
        [
            Solve("thalweg, native", _logistic_native),
            Solve(f"scikit-learn, tol {tolerance:.0e}", lambda: _fitted(tolerance)),
        ],
        _slope,
    )


if __name__ == "__main__":
    report()
