"""The method of constrained problems, with its options."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.ops.creation.creation import full
from thalweg.solvers.constrained.augmented import ConstrainedProblem, as_iterate, newton_lagrangian
from thalweg.solvers.constrained.penalized import penalized
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.iterate import Iterate, Settings
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.bfgs import BFGS
from thalweg.solvers.minimization.lbfgs import LBFGS
from thalweg.solvers.minimization.lbfgsb import LBFGSB

# With more variables than this, matrices of second derivatives are not made unless asked for.
_MANY = 200

_INNER = {method.name: method for method in (LBFGSB, LBFGS, BFGS)}


class ConstrainedIterate(NamedTuple):
    """Where an algorithm ended.

    Attributes:
        at: The point.
        multipliers: y, of the Lagrangian f - ⟨y, h⟩.
        violation: By how much a constraint is violated at most.
    """

    at: Iterate
    multipliers: Vector
    violation: Tensor


def augmented_lagrangian(
    function: SmoothFunction, x: Vector, settings: Settings
) -> ConstrainedIterate:
    """Minimize among constraints by augmented Lagrangians.

    Raises:
        ArgumentError: If there is no such inner method, or it takes no bounds though there are.
    """
    constraints = function.constraints
    lower, upper = (
        full(x.shape, limit, dtype=x.dtype) if given is None else given
        for limit, given in ((-float("inf"), function.lower), (float("inf"), function.upper))
    )
    problem = ConstrainedProblem(function, constraints, lower, upper)
    inner = settings["inner"]
    if inner == "auto":
        inner = "newton" if x.shape[0] <= _MANY else "lbfgsb"
    if inner == "newton":
        course = newton_lagrangian(problem, x, settings)
        at, multipliers, values = as_iterate(course), course.multipliers, course.at.values
    else:
        last = penalized(problem, x, _inner(inner, function), settings)
        at, multipliers = last.at, last.multipliers
        values = constraints.values(at.x)
    return ConstrainedIterate(at, multipliers, constraints.violation(values))


def _inner(name: Any, function: SmoothFunction) -> Method:
    found = _INNER.get(name)
    if found is None:
        names = ["auto", "newton", *_INNER]
        raise ArgumentError(
            f"options has inner={name!r}.{did_you_mean(str(name), names)} It wants one of "
            f"{', '.join(names)}."
        )
    if function.is_bounded and not found.bounded:
        raise ArgumentError(
            f"options has inner={name!r}, which takes no bounds, but bounds were given. Choose "
            '"newton" or "lbfgsb".'
        )
    return found


AUGMENTED_LAGRANGIAN = Method(
    "augmented-lagrangian",
    augmented_lagrangian,
    {"gtol": 1e-6, "ctol": 1e-6, "maxiter": 300},
    {"inner": "auto"},
    ("gtol", "ctol"),
    bounded=True,
    constrained=True,
)
