"""tw.root and tw.fixed_point: equations, solved by one compiled program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.engines.registry import Fallback
from thalweg.engines.running import Itself, solve
from thalweg.errors import ArgumentError, ShapeError, did_you_mean
from thalweg.ops.numpy.kinds import as_given
from thalweg.solvers import iterate
from thalweg.solvers.arguments import (
    Dynamic,
    Statics,
    given_derivative,
    split_arguments,
    whole_arguments,
)
from thalweg.solvers.function import Vector
from thalweg.solvers.implicit import bare, close, solution
from thalweg.solvers.listening import told
from thalweg.solvers.method import Method
from thalweg.solvers.result import OptimizeResult
from thalweg.solvers.roots.mixing import mix, mix_against
from thalweg.solvers.roots.newton import Outcome, levenberg_marquardt_root, newton
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.variables import Variables, flat_tensor

_ROOTS = {
    method.name: method
    for method in (
        Method("newton", newton, {"xtol": 1.5e-8, "ftol": 0.0, "maxiter": -100}, {}, ("xtol",)),
        Method(
            "lm", levenberg_marquardt_root,
            {"xtol": 1.5e-8, "ftol": 0.0, "maxiter": -100, "factor": 100.0}, {}, ("xtol",),
        ),
        Method(
            "anderson", mix_against, {"xtol": 1e-8, "beta": 1.0, "maxiter": -100},
            {"memory": 5}, ("xtol",),
        ),
    )
}  # fmt: skip

_FIXED_POINTS = {
    method.name: method
    for method in (
        Method("anderson", mix, {"xtol": 1e-8, "beta": 1.0, "maxiter": 500}, {"memory": 5}),
        Method("simple", mix, {"xtol": 1e-8, "beta": 1.0, "maxiter": 500}, {"memory": 0}),
    )
}

_OTHER_NAMES = {"iteration": "simple", "broyden": "anderson"}

# By how an algorithm ended: SciPy's status, whether that is a success, and the words for it.
ENDINGS = {
    iterate.SMALL_STEP: (1, True, "Converged: what is left to go is as small as xtol asks."),
    iterate.ITERATIONS: (2, False, "Maximum number of iterations (maxiter) has been reached."),
    iterate.NOT_FINITE: (3, False, "The function or its Jacobian is not finite."),
    iterate.NO_STEP: (
        5, False,
        "No step makes the function smaller: there may be no root near by, or rounding hides it.",
    ),
    iterate.STOPPED: (-2, False, "The callback asked to stop."),
}  # fmt: skip


def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str = "newton",
    jac: Any = None,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> OptimizeResult:
    """Solve as many equations as there are variables.

        F(x, a) = 0,  dx = -(∂F/∂x)⁻¹ ∂F/∂a da

    The whole solve is one compiled program; the Jacobian is exact. Another solve with other
    numbers compiles nothing. The solution has derivatives, to any order and in both modes, with
    respect to all that F depends on: arguments and values of outer scopes.

    Args:
        fun: F, called as `fun(x, *args)`; returns as many numbers as x has, nested as it likes.
        x0: Where to start: an array, or any tree of floating arrays. A list of numbers is an array.
        args: Further arguments.
        method: "newton", whose steps are damped where ‖F‖ does not decrease; "lm", whose steps are
            damped from the start; or "anderson", which mixes x - βF(x) without derivatives.
        jac: The matrix of derivatives, called likewise. Without one, or if it is False, it is
            derived.
        tol: The tolerance of x; `options` has it too.
        callback: Called after each step with the variables; if its parameter is named
            `intermediate_result`, with a result of `x` and `fun`. It may raise StopIteration.
        options: `maxiter`; `xtol`: it ends when Newton's step, beside x, is that small; `ftol`: or
            when all of F is (0 by default); of "anderson", `beta` and `memory`, how many turns
            it remembers.
        engine: "auto", "native" or "numpy".
        fallback: What becomes of what the native engine cannot compute: "callback" or "refuse".

    Returns:
        The result: `x fun nit nfev njev status success message`.

    Raises:
        ArgumentError: If a method or an option is unknown, or F is not finite at `x0`.
        ShapeError: If there are not as many equations as variables.
        DtypeError: If `x0` is not real.
        NoResult: From a derivative, if the Jacobian is singular at the solution; compiled, that
            gives values that are not finite.
        KeyboardInterrupt: On Ctrl-C.

    Source:
        Dennis & Schnabel, "Numerical Methods for Unconstrained Optimization and Nonlinear
        Equations", 1983; of the derivatives, Griewank & Walther, "Evaluating Derivatives", 2008,
        chapter 15.

    Example:
        >>> import thalweg as tw
        >>> found = tw.root(lambda x, a: x**2 - a, 1.0, args=(2.0,))
        >>> round(found.x, 9), found.success
        (np.float64(1.414213562), True)
        >>> round(tw.grad(lambda a: tw.root(lambda x: x**2 - a, 1.0).x)(2.0), 9)  # 1 / (2 √2)
        0.353553391
    """
    jac = given_derivative("jac", jac)
    problem = Equations(fun, jac, callback, _chosen(method, _ROOTS), minus=False)
    return _solved(problem, x0, args, tol, options, engine, fallback)


def fixed_point(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    xtol: float = 1e-8,
    maxiter: int = 500,
    method: str = "anderson",
    *,
    callback: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> OptimizeResult:
    """Find a point that a function maps to itself.

        x = f(x, a),  dx = (I - ∂f/∂x)⁻¹ ∂f/∂a da

    As `root`, whose arguments, results and derivatives these are, but for:

    Args:
        fun: f, called as `fun(x, *args)`; returns what is nested as x is.
        x0: Where to start.
        args: Further arguments.
        xtol: It ends where max |f(x) - x| ≤ xtol max(1, |x|).
        maxiter: How many turns there may be.
        method: "anderson", which mixes what the last turns found, or "simple": x ← f(x).
        callback: Called after each turn.
        options: `beta`: x ← (1 - β) x + β f(x) is a plain turn; of "anderson", `memory`: how many
            turns it remembers.
        engine: "auto", "native" or "numpy".
        fallback: What becomes of what the native engine cannot compute: "callback" or "refuse".

    Returns:
        The result: `x fun nit nfev status success message`, where `fun` is f(x).

    Raises:
        ArgumentError: If a method or an option is unknown, or f is not finite at `x0`.
        ShapeError: If f returns more or fewer numbers than x has.
        DtypeError: If `x0` is not real.
        KeyboardInterrupt: On Ctrl-C.

    Source:
        Walker & Ni, "Anderson acceleration for fixed-point iterations", 2011.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> found = tw.fixed_point(np.cos, 1.0)
        >>> round(found.x, 9), found.success
        (np.float64(0.739085133), True)
    """
    problem = Equations(fun, None, callback, _chosen(method, _FIXED_POINTS), minus=True)
    given = {"xtol": xtol, "maxiter": maxiter, **(options or {})}
    return _solved(problem, x0, args, None, given, engine, fallback)


def _chosen(name: str, methods: Mapping[str, Method]) -> Method:
    """Return the method of a name.

    Raises:
        ArgumentError: If there is none.
    """
    low = str(name).lower()
    found = methods.get(_OTHER_NAMES.get(low, low))
    if found is None:
        raise ArgumentError(
            f"method={name!r} was given.{did_you_mean(low, methods)} It wants one of "
            f"{', '.join(methods)}."
        )
    return found


@dataclass(frozen=True)
class Equations:
    """The user's equations, without the numbers they take.

    Attributes:
        fun: F, or f of a fixed point.
        jac: F's Jacobian, or None.
        callback: What hears of each step, or None.
        method: The algorithm.
        minus: Whether x itself is taken from the function's values.
    """

    fun: Callable[..., Any]
    jac: Any
    callback: Callable[..., Any] | None
    method: Method
    minus: bool

    def residuals(
        self, variables: Variables, dynamic: Dynamic, statics: Statics
    ) -> ResidualFunction:
        """Return the equations of a vector, given the arguments that are numbers."""
        args = whole_arguments(dynamic, statics)

        def function(vector: Vector) -> Vector:
            found = flat_tensor(self.fun(variables.apart(vector), *args))
            if found.size != variables.size:
                raise ShapeError(
                    f"The function returned {found.size} numbers for {variables.size} variables; "
                    "a solution is determined by as many. Give x0 another shape, or use "
                    "tw.least_squares."
                )
            return found - vector if self.minus else found

        def jacobian(vector: Vector) -> Any:
            return self.jac(variables.apart(vector), *args)

        def heard(number: Tensor, vector: Vector, values: Vector) -> Tensor:
            assert self.callback is not None
            return told(self.callback, variables.apart(vector), {"fun": variables.apart(values)})

        return ResidualFunction(
            function,
            None if self.jac is None else jacobian,
            None if self.callback is None else heard,
        )


def _solved(
    problem: Equations,
    x0: Any,
    args: Any,
    tol: float | None,
    options: Mapping[str, Any] | None,
    engine: str,
    fallback: Fallback,
) -> OptimizeResult:
    variables, start = Variables.of(x0)
    start = bare(start)
    numbers, choices = problem.method.options(options or {}, tol, variables.size)
    given = args if isinstance(args, tuple) else (args,)
    functions, given = close((problem.fun, problem.jac), ((start,),) * 2, given)
    problem = replace(problem, fun=functions[0], jac=functions[1])
    dynamic, statics = split_arguments(given)

    def whole(values: Any) -> Outcome:
        start, dynamic, numbers = values
        residuals = problem.residuals(variables, dynamic, statics)
        return problem.method.solve(residuals, variables.joined(start), {**numbers, **choices})  # type: ignore[no-any-return]

    chosen = tuple(sorted(choices.items()))
    key = (
        "root",
        problem.method.name,
        problem.minus,
        chosen,
        variables,
        statics[:2],
        Itself(problem.callback),
    )
    users = (problem.fun, problem.jac, statics[2])
    last: Outcome = solve(whole, (start, bare(dynamic), numbers), users, key, engine, fallback)

    def equation(vector: Vector, dynamic: Dynamic) -> Vector:
        return problem.residuals(variables, dynamic, statics).values(vector)

    x = solution(last.x, equation, dynamic)
    values = last.values if x is last.x else equation(x, dynamic)
    return _result(problem, variables, last._replace(x=x, values=values), tree.leaves((x0, given)))


def _result(problem: Equations, variables: Variables, last: Outcome, given: Any) -> OptimizeResult:
    """Return a run's end as the user sees it.

    Raises:
        ArgumentError: If the function was not finite where it began.
    """
    values = last.values + last.x if problem.minus else last.values
    x, fun = (as_given(variables.apart(vector), given) for vector in (last.x, values))
    found = OptimizeResult(x=x, fun=fun)
    names = ("nit", "nfev") if problem.minus else ("nit", "nfev", "njev")
    counts = {name: getattr(last, name) for name in names}
    if last.ending.is_symbolic:
        return OptimizeResult(**found, **counts, success=last.ending == iterate.SMALL_STEP)
    code = int(last.ending.item())
    if code == iterate.NOT_FINITE and not last.nit.item():
        raise ArgumentError(
            "The function is not finite at x0, or its Jacobian is not; a search must start where "
            "both are. Choose another x0."
        )
    status, success, message = ENDINGS[code]
    found.update({name: int(count.item()) for name, count in counts.items()})
    found.update(status=status, success=success, message=message)
    return found
