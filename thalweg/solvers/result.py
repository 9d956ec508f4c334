"""The result of a solver, in the shape of SciPy's `OptimizeResult`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from thalweg.errors import ArgumentError
from thalweg.solvers import iterate

if TYPE_CHECKING:
    from thalweg.inference import Inference


class OptimizeResult(dict[str, Any]):
    """What a solver found: a dictionary whose entries are attributes too.

    Attributes:
        x: Where the function is least, nested as the start was.
        fun: Its value there.
        jac: Its gradient there, nested as `x`.
        nit: The number of iterations.
        nfev: The number of evaluations of the function.
        njev: The number of evaluations of its gradient.
        nhev: The number of evaluations of its Hessian, or of products with it.
        status: How it ended; 0 for a solution.
        success: Whether `x` is a solution to the tolerance asked for.
        message: How it ended, in words.

    Example:
        >>> import thalweg as tw
        >>> found = tw.minimize(lambda x: (x[0] - 2.0) ** 2, [0.0])
        >>> found.success, found["status"], found.x.round(6)
        (True, 0, array([2.]))
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def known_by(self, loss: Callable[..., Any], data: Any, why_not: str = "") -> OptimizeResult:
        """Note what was minimized, for `inference`; it is no entry, and is not pickled.

        Args:
            loss: The function.
            data: Its further arguments.
            why_not: Why there is no inference of it, if there is none.
        """
        object.__setattr__(self, "origin", (loss, data, why_not))
        return self

    def __getstate__(self) -> None:
        """Return nothing: the entries are all that is pickled."""

    def inference(
        self, loss: Callable[..., Any] | None = None, data: Any = None, **options: Any
    ) -> Inference:
        """Return what the rows tell of the solution: standard errors, intervals, tests.

        Args:
            loss: The function that was minimized, by default; of least squares, the residuals'
                squares.
            data: Its further arguments, by default, which must be arrays of as many rows.
            options: loss_is, covariance, clusters and level, as for `tw.inference.m_estimation`.
                Of a function without further arguments, say `loss_is="likelihood"`.

        Raises:
            ArgumentError: If the function is not known, rows do not add up, or bounds or
                constraints hold the solution.

        Example:
            >>> import numpy as np, thalweg as tw
            >>> y = np.array([1.0, 2.0, 4.0])
            >>> found = tw.minimize(lambda m, y: np.sum((y - m) ** 2), 0.0, (y,))
            >>> found.inference(loss_is="squares").std_errors.round(4)
            array([0.8819])
        """
        from thalweg.inference import m_estimation  # which a solve alone need not wait for

        own, arguments, why_not = vars(self).get("origin", (None, None, ""))
        if loss is None and (own is None or why_not):
            reason = why_not or "What was minimized is not known of a result that was copied."
            raise ArgumentError(f"{reason} Give inference(loss, data).")
        given = arguments if data is None and loss is None else data
        return m_estimation(loss or own, self["x"], given, **options)

    __setattr__ = dict.__setitem__
    __delattr__ = dict.__delitem__

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})

    def __repr__(self) -> str:
        if not self:
            return f"{type(self).__name__}()"
        width = max(map(len, self)) + 1
        order = ("message", "success", "status", "fun", "x", "nit")
        names = [name for name in order if name in self]
        names += sorted(name for name in self if name not in order)
        space = " " * (width + 2)
        lines = (
            f"{name:>{width}}: " + repr(self[name]).replace("\n", f"\n{space}") for name in names
        )
        return "\n".join(lines)


# By how an algorithm ended: SciPy's status, whether that is a success, and the words for it.
ENDINGS = {
    iterate.SMALL_GRADIENT: (0, True, "Converged: the gradient is as small as gtol asks."),
    iterate.SMALL_DECREASE: (0, True, "Converged: the decrease is as small as ftol asks."),
    iterate.SMALL_STEP: (0, True, "Converged: the step is as small as the tolerance of x asks."),
    iterate.ITERATIONS: (1, False, "Maximum number of iterations (maxiter) has been reached."),
    iterate.EVALUATIONS: (1, False, "Maximum number of function evaluations (maxfun) reached."),
    iterate.NO_STEP: (
        2,
        False,
        "No step along the direction decreases the function enough: the gradient may be as small "
        "as rounding lets it become, the function not smooth, or its gradient wrong.",
    ),
    iterate.NOT_FINITE: (3, False, "The function or its gradient is not finite."),
    iterate.STOPPED: (99, False, "The callback asked to stop."),
    iterate.NO_MINIMUM: (
        4,
        False,
        "The function falls without end: it has no minimum, or none within the bounds.",
    ),
    iterate.SMALL_MODEL: (
        2,
        False,
        "The quadratic model predicts no decrease that rounding leaves visible.",
    ),
    iterate.VIOLATED: (
        5,
        False,
        "The constraints are violated where the run ended: there may be no point that fulfils all.",
    ),
}
