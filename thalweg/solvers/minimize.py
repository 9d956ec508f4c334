"""tw.minimize: a function of many variables, taken to a minimum by one compiled program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.functional import vjp
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.engines.registry import Fallback
from thalweg.engines.running import Itself, solve
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.numpy.kinds import as_given
from thalweg.ops.shape.join import concatenate
from thalweg.solvers import iterate
from thalweg.solvers.arguments import (
    Dynamic,
    Statics,
    given_derivative,
    split_arguments,
    taking_part,
    whole_arguments,
)
from thalweg.solvers.constrained.method import ConstrainedIterate
from thalweg.solvers.constrained.reading import Limited, TracedConstraints, read_constraints
from thalweg.solvers.function import SmoothFunction, Vector
from thalweg.solvers.implicit import Equation, bare, close, solution
from thalweg.solvers.iterate import Iterate
from thalweg.solvers.listening import told
from thalweg.solvers.method import Method
from thalweg.solvers.methods import method_of
from thalweg.solvers.result import ENDINGS, OptimizeResult
from thalweg.solvers.variables import Variables


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str | None = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> OptimizeResult:
    """Minimize a smooth function.

        min f(x)  over x, within bounds and among constraints if there are any

    The whole solve, with all its loops and line searches, is one compiled program; derivatives are
    exact. Another solve with other numbers (start, arguments, tolerances) compiles nothing.

    Args:
        fun: The function, called as `fun(x, *args)`; returns a scalar. Plain NumPy. With
            `jac=True` it returns (value, gradient).
        x0: Where to start: an array, or any tree of floating arrays. A list of numbers is an array.
        args: Further arguments of the function, and of those below.
        method: The algorithm: "gradient-descent", "conjugate-gradient", "bfgs", "lbfgs", "lbfgsb",
            "newton-cg", "trust-ncg", "trust-exact" or "augmented-lagrangian", in either case, or as
            SciPy names it; by default "bfgs", within bounds "lbfgsb", with constraints the last.
        jac: The gradient, called as `fun` is; True if `fun` returns it too. Without one it is
            derived, and so it is for SciPy's "2-point", "3-point" and "cs".
        hess: The matrix of second derivatives likewise, for methods that use it; its rows and
            columns are all numbers of `x0`, leaf after leaf.
        hessp: Its product with a vector, called as `hessp(x, v, *args)`.
        bounds: Of each variable a pair (least, greatest), None for none; an object with `lb` and
            `ub`, as SciPy's `Bounds`; or a pair of trees like `x0`.
        constraints: One, or a list of them: SciPy's dictionaries {"type": "eq" or "ineq", "fun": …,
            "args": …}, of functions that are to be zero or not negative; or objects with `lb`,
            `ub` and `fun` or `A`, as SciPy's `NonlinearConstraint` and `LinearConstraint`. Their
            derivatives are derived.
        tol: The tolerance of whatever the method ends by.
        callback: Called after each iteration with the variables; if its parameter is named
            `intermediate_result`, with a result of `x` and `fun`. It may raise StopIteration.
        options: What else the method knows: `maxiter`, `gtol` … as SciPy names them, and of those
            that search along lines `linesearch`: "more-thuente", "zoom", "hager-zhang" or
            "backtracking". With `disp` how it ended is printed.
        engine: "auto", "native" or "numpy".
        fallback: What becomes of what the native engine cannot compute: "callback" or "refuse".

    Returns:
        The result: `x fun jac nit nfev njev nhev status success message`; with constraints also
        `constr_violation`, and `multipliers`, for each constraint how fast the minimum grows with
        its limit. The solution has derivatives, to any order and in both modes, with respect to
        all that function and constraints depend on: they follow from the conditions of a minimum.

    Raises:
        ArgumentError: If a method or an option is unknown, a constraint is none, or the function
            is not finite at `x0`.
        ShapeError: If the function returns no scalar, or bounds do not fit.
        DtypeError: If `x0` is not real.
        TracingError: If the function asks for values while it is traced.
        UnsupportedOperation: If it calls a NumPy function that thalweg lacks.
        KeyboardInterrupt: On Ctrl-C.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006; each method names its own. Of the
        derivatives, Fiacco, "Introduction to Sensitivity and Stability Analysis in Nonlinear
        Programming", 1983.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> rosenbrock = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
        >>> found = tw.minimize(rosenbrock, [-1.2, 1.0], method="BFGS", tol=1e-8)
        >>> found.x.round(6), found.success
        (array([1., 1.]), True)
        >>> circle = {"type": "eq", "fun": lambda x: np.sum(x**2) - 2.0}
        >>> tw.minimize(np.sum, [-1.0, 0.5], constraints=circle).x.round(6)
        array([-1., -1.])
    """
    limited = read_constraints(constraints)
    default = "augmented-lagrangian" if limited else "lbfgsb" if bounds is not None else "bfgs"
    chosen = method_of(method or default)
    if limited and not chosen.constrained:
        raise ArgumentError(
            f"method={chosen.name!r} takes no constraints. Choose "
            'method="augmented-lagrangian", or leave them out.'
        )
    variables, start = Variables.of(x0)
    start = bare(start)
    settings = dict(options or {})
    tells = settings.pop("disp", False)
    numbers, choices = chosen.options(settings, tol, variables.size)
    jac, hess = given_derivative("jac", jac, (True,)), given_derivative("hess", hess)
    original = _of_user(fun, args, jac is True)
    functions, given = _closed((fun, jac, hess, hessp), limited, start, args)
    fun, jac, hess, hessp = functions[:4]
    problem = UserProblem(
        fun,
        jac,
        hess,
        hessp,
        callback,
        tuple(replace(x, function=f) for x, f in zip(limited, functions[4:], strict=True)),
        variables,
        chosen,
        tuple(sorted(choices.items())),
        split_arguments(given)[1],
    )
    dynamic = split_arguments(given)[0]
    limits = _read_bounds(bounds, variables, chosen), [(x.lower, x.upper) for x in limited]
    values = (start, bare(dynamic), limits, numbers)
    key = (chosen.name, problem.key, Itself(callback))
    # Arguments that are no numbers count by what they hold, as what functions refer to does.
    users = (*functions, problem.statics[2])
    last = solve(problem.solved, values, users, key, engine, fallback)
    result = problem.result(last, dynamic, limits, tree.leaves((x0, given)))
    result.known_by(*original, "" if not limited and bounds is None else _HELD)
    if tells and "message" in result:
        sys.stdout.write(f"{result.message}\n{result.fun=}, {result.nit=}, {result.nfev=}\n")
    return result


_HELD = (
    "Bounds or constraints were given: where they hold a solution, it is not normal around the "
    "truth."
)


def _of_user(fun: Callable[..., Any], args: Any, both: bool) -> tuple[Callable[..., Any], Any]:
    """Return the function that was minimized, without its gradient, and its further arguments."""
    given = args if isinstance(args, tuple) else (args,)
    return (lambda *x: fun(*x)[0]) if both else fun, given or None


def _closed(
    functions: Sequence[Any], limited: Sequence[Limited], start: Any, args: Any
) -> tuple[list[Any], tuple[Any, ...]]:
    """Return functions, those of constraints behind them, that all take the same arguments."""
    given = args if isinstance(args, tuple) else (args,)
    own = len(given)
    fronts = [(start,), (start,), (start,), (start, start), *((start,) for _ in limited)]
    whole = list(functions)
    if any(x.args for x in limited):
        whole = [taking_part(f, len(x), 0, own) for f, x in zip(whole, fronts, strict=False)]
    for one in limited:
        first = len(given)
        given = (*given, *one.args)
        whole.append(taking_part(one.function, 1, first, len(given)))
    return close(whole, fronts, given)


@dataclass(frozen=True)
class UserProblem:
    """What the user asks for, without its numbers."""

    fun: Callable[..., Any]
    jac: Any
    hess: Any
    hessp: Any
    callback: Callable[..., Any] | None
    limited: tuple[Limited, ...]
    variables: Variables
    method: Method
    choices: tuple[tuple[str, Any], ...]
    statics: Statics

    @property
    def key(self) -> Any:
        """What tells problems with the same functions apart."""
        patterns = tuple(one.pattern for one in self.limited)
        return self.choices, self.variables, self.jac is True, patterns, self.statics[:2]

    def solved(self, values: Any) -> Any:
        """Return the last iterate, of traced values."""
        start, dynamic, limits, numbers = values
        vector = self.variables.joined(start)
        function = self.function(dynamic, limits[0])
        if self.method.constrained:
            constraints = self.reading(dynamic, limits[1], vector).constraints()
            function = replace(function, constraints=constraints)
        return self.method.solve(function, vector, {**numbers, **dict(self.choices)})

    def reading(self, dynamic: Dynamic, limits: Any, vector: Vector) -> TracedConstraints:
        """Return the user's constraints as those of one vector."""
        args = whole_arguments(dynamic, self.statics)
        return TracedConstraints(self.limited, self.variables, args, limits, vector)

    def function(self, dynamic: Dynamic, limits: Any) -> SmoothFunction:
        """Return the user's functions as those of one vector."""
        variables = self.variables
        args = whole_arguments(dynamic, self.statics)

        def scalar(vector: Vector) -> Any:
            return _require_scalar(self.fun(variables.apart(vector), *args))

        def both(vector: Vector) -> tuple[Any, Vector]:
            value, gradient = self.fun(variables.apart(vector), *args)
            found = _require_shape("jac", variables.joined(gradient), (variables.size,))
            return _require_scalar(value), found

        def product(vector: Vector, v: Vector) -> Vector:
            turned = self.hessp(variables.apart(vector), variables.apart(v), *args)
            return _require_shape("hessp", variables.joined(turned), (variables.size,))

        jac, hess = self.jac, self.hess

        def gradient(vector: Vector) -> Vector:
            found = variables.joined(jac(variables.apart(vector), *args))
            return _require_shape("jac", found, (variables.size,))

        def second(vector: Vector) -> Tensor:
            found = as_tensor(hess(variables.apart(vector), *args))
            return _require_shape("hess", found, (variables.size,) * 2)

        return SmoothFunction(
            scalar,
            given_gradient=None if jac in (None, True) else gradient,
            given_both=both if jac is True else None,
            given_hessian=None if hess is None else second,
            given_product=None if self.hessp is None else product,
            lower=limits[0],
            upper=limits[1],
            heard=None if self.callback is None else self.heard,
        )

    def heard(self, number: Tensor, vector: Vector, value: Tensor) -> Tensor:
        """Call the user's callback from inside of the program; return whether to stop."""
        assert self.callback is not None
        return told(self.callback, self.variables.apart(vector), {"fun": value})

    def optimality(self, limits: Any, count: int) -> Equation:
        """Return what is zero at a solution, of the variables and, behind them, multipliers.

            x - clip(x - ∇f + Aᵀy, l, u) and pressed(h) - y

        Args:
            limits: The bounds, and the limits of constraints.
            count: How many multipliers there are.
        """
        size = self.variables.size
        lower, upper = limits[0]

        def equation(whole: Vector, dynamic: Dynamic) -> Vector:
            x, y = whole[:size], whole[size:]
            gradient = self.function(dynamic, limits[0]).gradient(x)
            rest = []
            if count:
                constraints = self.reading(dynamic, limits[1], x).constraints()
                values, pulled = vjp(constraints.values, x)
                gradient = gradient - pulled(y)[0]
                rest = [constraints.pressed(values, y, 1.0) - y]
            if lower is not None:
                gradient = x - clip(x - gradient, lower, upper)
            return concatenate([gradient, *rest]) if rest else gradient

        return equation

    def result(self, last: Any, dynamic: Dynamic, limits: Any, given: Any) -> OptimizeResult:
        """Return where a run ended as the user sees it, with derivatives where they are wanted."""
        constrained = isinstance(last, ConstrainedIterate)
        at: Iterate = last.at if constrained else last
        size = self.variables.size
        whole = concatenate([at.x, last.multipliers]) if constrained else at.x
        count = int(whole.shape[0]) - size
        free = not count and limits[0][0] is None
        found = solution(whole, self.optimality(limits, count), dynamic, symmetric=free)
        if found is not whole:
            value, gradient = self.function(dynamic, limits[0]).both(found[:size])
            at = at._replace(x=found[:size], value=value, gradient=gradient)
        result = _result(at, self.variables, given)
        if constrained:
            reading = self.reading(bare(dynamic), limits[1], at.x)
            multipliers = reading.apart(found[size:])
            result["multipliers"] = as_given(multipliers, given)
            result["constr_violation"] = as_given(last.violation, given)
        return result


def _require_scalar(value: Any) -> Tensor:
    found = as_tensor(value)
    if found.shape not in ((), (1,)):
        raise ShapeError(
            f"The function returned an array of shape {tuple(found.shape)}; minimize wants one "
            "number. Reduce it with np.sum or np.mean."
        )
    return found.reshape(())


def _require_shape(name: str, found: Tensor, wanted: tuple[int, ...]) -> Tensor:
    if tuple(found.shape) != wanted:
        raise ShapeError(
            f"{name} returned numbers of shape {tuple(found.shape)}, joined to one array; the "
            f"variables want {wanted}. Return derivatives in the variables' order."
        )
    return found


def _read_bounds(bounds: Any, variables: Variables, method: Method) -> tuple[Any, Any]:
    """Return the least and greatest values as vectors, or None twice.

    Raises:
        ArgumentError: If the method takes no bounds, or one is greater than the other.
        ShapeError: If there are not as many as variables.
    """
    if bounds is None:
        return None, None
    if not method.bounded:
        raise ArgumentError(
            f'method={method.name!r} takes no bounds. Choose method="lbfgsb", or leave them out.'
        )
    lower, upper = (np.array(b, variables.dtype) for b in _two_vectors(bounds, variables))
    if not (lower <= upper).all():
        worst = int(np.argmin(lower <= upper))
        raise ArgumentError(
            f"bounds has {lower[worst]} as the least and {upper[worst]} as the greatest value of "
            f"variable {worst}; the first must not be above the second."
        )
    return lower, upper


def _two_vectors(bounds: Any, variables: Variables) -> tuple[Any, Any]:
    size = variables.size
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        pair = bounds.lb, bounds.ub
    elif (
        tree.structure(bounds)
        == tree.structure((tree.unflatten(variables.structure, [0.0] * len(variables.shapes)),) * 2)
        and len(variables.shapes) > 1
    ):
        pair = bounds
    else:
        rows = list(bounds)
        if len(rows) != size or any(len(row) != 2 for row in rows):
            raise ShapeError(
                f"bounds has {len(rows)} entries for {size} variables; it wants a pair (least, "
                "greatest) of each, an object with lb and ub, or a pair of trees like x0."
            )
        pair = (
            [-np.inf if low is None else low for low, _ in rows],
            [np.inf if high is None else high for _, high in rows],
        )
    lower, upper = (
        np.concatenate([np.ravel(leaf) for leaf in tree.leaves(side)])
        if not isinstance(side, list)
        else np.asarray(side, float)
        for side in pair
    )
    try:
        return np.broadcast_to(lower, (size,)), np.broadcast_to(upper, (size,))
    except ValueError:
        raise ShapeError(
            f"bounds has {lower.size} least and {upper.size} greatest values for {size} variables."
        ) from None


def _result(last: Iterate, variables: Variables, given: Any) -> OptimizeResult:
    """Return an iterate as the user sees it.

    Raises:
        ArgumentError: If the function was not finite where the run began.
    """
    x, jac = variables.apart(last.x), variables.apart(last.gradient)
    found = OptimizeResult(x=x, fun=last.value, jac=jac)
    counts = {name: getattr(last, name) for name in ("nit", "nfev", "njev", "nhev")}
    if last.ending.is_symbolic:
        return OptimizeResult(**found, **counts, success=last.ending <= iterate.SMALL_STEP)
    found = OptimizeResult(as_given(dict(found), given))
    status, success, message = ENDINGS[int(last.ending.item())]
    found.update({name: int(count.item()) for name, count in counts.items()})
    if int(last.ending.item()) == iterate.NOT_FINITE and not found.nit:
        raise ArgumentError(
            f"The function is {float(last.value.item())} at x0, or its gradient is not finite "
            "there; a descent must start where both are finite. Choose another x0."
        )
    found.update(status=status, success=success, message=message)
    return found
