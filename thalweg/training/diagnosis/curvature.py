"""How large a step gradient descent can take, from the curvature of the loss."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from thalweg import tree
from thalweg.autodiff.jacobians import hvp
from thalweg.core.tensor import make
from thalweg.engines.engine import Array
from thalweg.errors import ThalwegError
from thalweg.training.program import Problem

_ITERATIONS = 30

_SECONDS = 0.2


def largest_stable_rate(
    problem: Problem, params: Sequence[Array], data: Sequence[Array]
) -> float | None:
    """Return the learning rate above which gradient descent climbs at the steepest curvature.

    It is 2/λ, where λ is the largest eigenvalue of the Hessian of the loss, found by power
    iteration on Hessian-vector products; exact for quadratic losses.

    Args:
        problem: The loss and the structure of its arguments.
        params: Where to look, as leaves.
        data: The rows to look at, as leaves.

    Returns:
        The rate, or None where the curvature is not positive or cannot be had.
    """
    rng = np.random.default_rng(0)
    direction: list[Array] = [np.asarray(rng.standard_normal(a.shape)) for a in params]
    point = tree.unflatten(problem.params, [make(array) for array in params])
    rows = [make(array) for array in data]
    curvature = 0.0
    until = time.perf_counter() + _SECONDS
    for _ in range(_ITERATIONS):
        length = math.sqrt(_dot(direction, direction))
        if not 0 < length < math.inf or time.perf_counter() > until:
            break
        unit = [(part / length).astype(a.dtype) for part, a in zip(direction, params, strict=True)]
        tangent = tree.unflatten(problem.params, [make(part) for part in unit])
        try:
            product = hvp(lambda p: problem.call(p, rows), point, tangent)
        except (ThalwegError, ArithmeticError, MemoryError):
            return None
        direction = [np.asarray(leaf.numpy(), np.float64) for leaf in tree.leaves(product)]
        curvature = _dot(unit, direction)
    return 2 / curvature if 0 < curvature < math.inf else None


def _dot(a: Sequence[Array], b: Sequence[Array]) -> float:
    return float(sum(np.vdot(x, y) for x, y in zip(a, b, strict=True)))
