"""tw.least_squares: a sum of squares, taken to a minimum by one compiled program."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.functional import vjp
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.engines.registry import Fallback
from thalweg.engines.running import Itself, solve
from thalweg.errors import ArgumentError, ShapeError, did_you_mean
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.numpy.kinds import as_given
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
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
from thalweg.solvers.result import OptimizeResult
from thalweg.solvers.squares.gauss_newton import gauss_newton
from thalweg.solvers.squares.levenberg_marquardt import levenberg_marquardt
from thalweg.solvers.squares.residuals import ResidualFunction
from thalweg.solvers.squares.trials import Trials
from thalweg.solvers.variables import Variables, flat_tensor

Algorithm = Callable[[ResidualFunction, Vector, Mapping[str, Any]], Trials]

METHODS: dict[str, Algorithm] = {"lm": levenberg_marquardt, "gauss-newton": gauss_newton}

# By how an algorithm ended: SciPy's status, whether that is a success, and the words for it.
ENDINGS = {
    iterate.SMALL_GRADIENT: (1, True, "Converged: the gradient is as small as gtol asks."),
    iterate.SMALL_DECREASE: (2, True, "Converged: the decrease is as small as ftol asks."),
    iterate.SMALL_STEP: (3, True, "Converged: the step is as small as xtol asks."),
    iterate.SMALL_BOTH: (4, True, "Converged: decrease and step are small, as ftol and xtol ask."),
    iterate.EVALUATIONS: (0, False, "Maximum number of function evaluations (max_nfev) reached."),
    iterate.NO_STEP: (
        -1, False,
        "No step decreases the sum of squares: rounding hides what is left to gain, the residuals "
        "are not smooth, or their Jacobian is wrong.",
    ),
    iterate.NOT_FINITE: (-3, False, "The residuals or their Jacobian are not finite."),
    iterate.STOPPED: (-2, False, "The callback asked to stop."),
}  # fmt: skip


def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = None,
    bounds: Any = None,
    method: str = "lm",
    ftol: float | None = 1e-8,
    xtol: float | None = 1e-8,
    gtol: float | None = 1e-8,
    x_scale: Any = None,
    *,
    max_nfev: int | None = None,
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    callback: Callable[..., Any] | None = None,
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> OptimizeResult:
    """Minimize a sum of squares.

        min ½ Σ rᵢ(x)²  over x

    The whole solve is one compiled program; the Jacobian is exact. Another solve with other
    numbers compiles nothing. Derivatives of the solution with respect to what the residuals depend
    on follow from Jᵀr = 0, however it was found.

    Args:
        fun: The residuals, called as `fun(x, *args, **kwargs)`: an array, or any tree of arrays.
        x0: Where to start: an array, or any tree of floating arrays. A list of numbers is an array.
        jac: The Jacobian, called likewise, a matrix. Without one it is derived, and so it is for
            SciPy's "2-point", "3-point" and "cs".
        bounds: Not for these methods.
        method: "lm", Levenberg-Marquardt with a region of trust, or "gauss-newton", its steps
            halved until they gain.
        ftol: It ends when trial and model agree that a step gains at most this part of the sum.
        xtol: It ends when steps are at most this part of x.
        gtol: It ends when residuals and columns of J are orthogonal, to this cosine.
        x_scale: What is a unit of each variable, for "lm"; by default, or as "jac", the columns
            of J tell.
        max_nfev: How many evaluations there may be; 100 n by default.
        args: Further arguments.
        kwargs: Further keyword arguments.
        callback: Called after each step with the variables; if its parameter is named
            `intermediate_result`, with a result of `x`, `fun` and `cost`. It may raise
            StopIteration.
        engine: "auto", "native" or "numpy".
        fallback: What becomes of what the native engine cannot compute: "callback" or "refuse".

    Returns:
        The result: `x cost fun jac grad optimality active_mask nit nfev njev status success
        message`.

    Raises:
        ArgumentError: If a method is unknown, a tolerance or the scale is out of range, or the
            residuals are not finite at `x0`.
        ShapeError: If there are no residuals.
        DtypeError: If `x0` is not real.
        KeyboardInterrupt: On Ctrl-C.

    Source:
        Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978; Nocedal &
        Wright, "Numerical Optimization", 2006, chapter 10.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> t = np.arange(5.0)
        >>> y = 3 * np.exp(-0.5 * t)
        >>> found = tw.least_squares(lambda x: x[0] * np.exp(-x[1] * t) - y, [1.0, 1.0])
        >>> found.x.round(6), found.status > 0
        (array([3. , 0.5]), True)
    """
    if method not in METHODS:
        raise ArgumentError(
            f"method={method!r} was given.{did_you_mean(str(method), METHODS)} It wants one of "
            f"{', '.join(METHODS)}."
        )
    _refuse_bounds(bounds)
    variables, start = Variables.of(x0)
    start = bare(start)
    given = args if isinstance(args, tuple) else (args,)
    jac = given_derivative("jac", jac)
    if kwargs:
        fun = functools.partial(fun, **kwargs)
        jac = None if jac is None else functools.partial(jac, **kwargs)
    squares = _squares_of(fun, given)
    (fun, jac), given = close((fun, jac), ((start,),) * 2, given)
    dynamic, statics = split_arguments(given)
    problem = UserResiduals(fun, jac, callback, variables, statics)
    numbers = _numbers(variables, ftol, xtol, gtol, max_nfev)
    scale = _read_scale(x_scale, variables)
    values = (start, bare(dynamic), scale, numbers)
    algorithm = METHODS[method]

    def whole(values: Any) -> Trials:
        start, dynamic, scale, numbers = values
        settings = {**numbers, "factor": 100.0, "scale": scale}
        found = algorithm(problem.of(dynamic), variables.joined(start), settings)
        return found._replace(memory=())

    key = ("least_squares", method, variables, problem.statics[:2], Itself(callback))
    last = solve(whole, values, (fun, jac, statics[2]), key, engine, fallback)
    found = _result(problem, last, dynamic, tree.leaves((x0, given)))
    return found.known_by(squares, None)


def _squares_of(fun: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Return the squared residuals as a function of the variables: each is a row of its own."""
    return lambda x: flat_tensor(fun(x, *args)) ** 2


def _refuse_bounds(bounds: Any) -> None:
    """Refuse bounds, unless they bound nothing.

    Raises:
        ArgumentError: If there are any.
    """
    if bounds is None:
        return
    pair = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else bounds
    if len(pair) != 2 or not all(np.all(np.isinf(np.asarray(x, float))) for x in pair):
        raise ArgumentError(
            "bounds were given, which least_squares does not take. Minimize the sum of squares "
            'with tw.minimize(…, method="lbfgsb", bounds=…), or leave them out.'
        )


def _numbers(
    variables: Variables, ftol: Any, xtol: Any, gtol: Any, max_nfev: Any
) -> dict[str, float]:
    numbers = {
        "ftol": 0.0 if ftol is None else ftol,
        "xtol": 0.0 if xtol is None else xtol,
        "gtol": 0.0 if gtol is None else gtol,
        "max_nfev": 100 * variables.size if max_nfev is None else max_nfev,
    }
    for name, number in numbers.items():
        if not number >= (name == "max_nfev"):
            least = "at least 1" if name == "max_nfev" else "at least 0, or None"
            raise ArgumentError(f"{name}={number!r} was given; it wants {least}.")
    return {name: float(number) for name, number in numbers.items()}


def _read_scale(x_scale: Any, variables: Variables) -> Any:
    if x_scale is None or (isinstance(x_scale, str) and x_scale == "jac"):
        return None
    try:
        scale = np.broadcast_to(np.asarray(x_scale, float), (variables.size,))
    except ValueError:
        scale = np.zeros(1)
    if not (np.isfinite(scale) & (scale > 0.0)).all():
        raise ArgumentError(
            f"x_scale={x_scale!r} was given; it wants a positive number, one for each of "
            f'{variables.size} variables, "jac" or None.'
        )
    return scale.astype(variables.dtype)


@dataclass(frozen=True)
class UserResiduals:
    """The user's residuals, without the numbers they take.

    Attributes:
        fun: The residuals.
        jac: Their Jacobian, or None.
        callback: What hears of each step, or None.
        variables: How x lies in a vector.
        statics: The arguments that are no numbers.
    """

    fun: Callable[..., Any]
    jac: Any
    callback: Callable[..., Any] | None
    variables: Variables
    statics: Statics

    def of(self, dynamic: Dynamic) -> ResidualFunction:
        """Return the residuals of a vector, given the arguments that are numbers."""
        args = whole_arguments(dynamic, self.statics)
        apart = self.variables.apart

        def function(vector: Vector) -> Tensor:
            found = flat_tensor(self.fun(apart(vector), *args))
            if not found.size:
                raise ShapeError("The function returned no residuals; give at least one.")
            return found

        def jacobian(vector: Vector) -> Tensor:
            return self._joined_columns(self.jac(apart(vector), *args))

        heard = None if self.callback is None else self._heard
        return ResidualFunction(function, None if self.jac is None else jacobian, heard)

    def _joined_columns(self, jacobian: Any) -> Tensor:
        """Return the user's Jacobian, a matrix or a tree like x of such, as one matrix."""
        leaves = [as_tensor(leaf) for leaf in tree.leaves(jacobian)]
        if len(leaves) == 1:
            return reshape(leaves[0], (-1, self.variables.size))
        sizes = map(math.prod, self.variables.shapes)
        parts = [reshape(leaf, (-1, n)) for leaf, n in zip(leaves, sizes, strict=True)]
        return concatenate(parts, 1)

    def columns(self, jacobian: Tensor) -> Any:
        """Return a matrix as a tree like x, whose leaves have an axis of residuals in front."""
        parts, first = [], 0
        for shape in self.variables.shapes:
            last = first + math.prod(shape)
            parts.append(reshape(jacobian[:, first:last], (jacobian.shape[0], *shape)))
            first = last
        return tree.unflatten(self.variables.structure, parts)

    def _heard(self, number: Tensor, vector: Vector, values: Vector) -> Tensor:
        assert self.callback is not None
        facts = {"fun": values, "cost": 0.5 * total(values * values)}
        return told(self.callback, self.variables.apart(vector), facts)

    def gradient(self, vector: Vector, dynamic: Dynamic) -> Vector:
        """Return Jᵀr, of which the residuals themselves are all that counts."""
        values, back = vjp(ResidualFunction(self.of(dynamic).function).values, vector)
        found: Vector = back(values)[0]
        return found


def _result(problem: UserResiduals, last: Trials, dynamic: Dynamic, given: Any) -> OptimizeResult:
    """Return a run's end as the user sees it.

    Raises:
        ArgumentError: If the residuals were not finite where it began.
    """
    variables = problem.variables
    x = solution(last.at.x, problem.gradient, dynamic, symmetric=True)
    values, jacobian = last.at.values, last.at.jacobian
    if x is not last.at.x:
        residuals = problem.of(dynamic)
        values = residuals.values(x)
        jacobian = residuals.jacobian(x, values)
    gradient = values @ jacobian

    def show(values: Any) -> Any:
        return as_given(values, given)

    found = OptimizeResult(
        x=show(variables.apart(x)),
        cost=show(0.5 * total(values * values)),
        fun=show(values),
        jac=show(problem.columns(jacobian)),
        grad=show(variables.apart(gradient)),
        optimality=show(largest(absolute(gradient))),
        active_mask=tree.map(lambda leaf: np.zeros(np.shape(leaf), int), bare(variables.apart(x))),
    )
    counts = {name: getattr(last, name) for name in ("nit", "nfev", "njev")}
    if last.ending.is_symbolic:
        return OptimizeResult(**found, **counts, success=last.ending <= iterate.SMALL_STEP)
    code = int(last.ending.item())
    status, success, message = ENDINGS[code]
    if code == iterate.NOT_FINITE and not last.nit.item():
        raise ArgumentError(
            "The residuals are not finite at x0, or their Jacobian is not; a descent must start "
            "where both are. Choose another x0."
        )
    found.update({name: int(count.item()) for name, count in counts.items()})
    found.update(status=status, success=success, message=message)
    return found
