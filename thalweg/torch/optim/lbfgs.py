"""A step length along a direction, by the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from thalweg.autodiff.modes import enable_grad, no_grad
from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.optim.optimizer.descent import Number, require_non_negative
from thalweg.torch.optim.optimizer.groups import Group, options_of, plain_number
from thalweg.torch.optim.optimizer.optimizer import Closure, Optimizer
from thalweg.torch.optim.optimizer.step import write_values

__all__ = ["LBFGS"]


# Sufficient decrease, and how much the slope must flatten.
DECREASE, CURVATURE = 1e-4, 0.9

LONGEST = 25


class Point(NamedTuple):
    """What is known at one step length."""

    t: float
    value: float
    gradient: Any
    slope: float  # the derivative along the direction


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, size: float, tolerance: float
) -> tuple[Point, int]:
    """Return a point that falls far enough and is flat enough, and how many were tried.

    First step lengths grow until they bracket such a point, then the bracket shrinks; both by the
    minimum of the cubic through two values and slopes.

    Args:
        at: Evaluates a step length.
        start: The point of step length 0.
        t: The first length to try.
        size: The largest element of the direction.
        tolerance: The change of an element below which a bracket is narrow enough.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6.
    """
    previous, new, tried = start, at(t), 1
    for rounds in range(LONGEST):
        if _too_high(new, start) or (rounds > 1 and new.value >= previous.value):
            return _zoom(at, start, [previous, new], size, tolerance, rounds, tried)
        if abs(new.slope) <= -CURVATURE * start.slope:
            return new, tried
        if new.slope >= 0:
            return _zoom(at, start, [previous, new], size, tolerance, rounds, tried)
        ahead = (new.t + 0.01 * (new.t - previous.t), new.t * 10)
        longer = cubic_minimum(previous, new, ahead)
        previous, new = new, at(longer)
        tried += 1
    return min(start, new, key=lambda point: point.value), tried


def _too_high(point: Point, start: Point) -> bool:
    return point.value > start.value + DECREASE * point.t * start.slope


def _zoom(
    at: Callable[[float], Point],
    start: Point,
    bracket: list[Point],
    size: float,
    tolerance: float,
    rounds: int,
    tried: int,
) -> tuple[Point, int]:
    """Shrink a bracket around a point that fulfils the conditions."""
    low, high = sorted(bracket, key=lambda point: point.value)
    stuck = False
    for _ in range(rounds, LONGEST):
        if abs(high.t - low.t) * size < tolerance:
            break
        left, right = sorted((low.t, high.t))
        t = cubic_minimum(low, high, (left, right))
        t, stuck = _away_from_ends(t, left, right, stuck)
        new = at(t)
        tried += 1
        if _too_high(new, start) or new.value >= low.value:
            low, high = sorted((low, new), key=lambda point: point.value)
            continue
        if abs(new.slope) <= -CURVATURE * start.slope:
            return new, tried
        if new.slope * (high.t - low.t) >= 0:
            high = low
        low = new
    return low, tried


def _away_from_ends(t: float, left: float, right: float, stuck: bool) -> tuple[float, bool]:
    """Move a length that is close to an end of its bracket for the second time inwards."""
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not (stuck or t >= right or t <= left):
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def cubic_minimum(one: Point, two: Point, bounds: tuple[float, float]) -> float:
    """Return where the cubic through two values and slopes is least, within bounds.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, equation 3.59.
    """
    a, b = (one, two) if one.t <= two.t else (two, one)
    low, high = bounds
    try:
        secant = one.slope + two.slope - 3 * (one.value - two.value) / (one.t - two.t)
        root = math.sqrt(secant**2 - one.slope * two.slope)
        t = b.t - (b.t - a.t) * ((b.slope + root - secant) / (b.slope - a.slope + 2 * root))
    except (ArithmeticError, ValueError):
        return (low + high) / 2
    return min(max(t, low), high)


# The smallest curvature that is remembered.
_CURVED = 1e-10


class LBFGS(Optimizer):
    """Limited-memory BFGS; PyTorch's arguments and numbers.

        d = −H g,    H from the last differences of parameters and gradients, in two loops
        p ← p + t · d

    A step makes up to `max_iter` iterations, and its closure computes the loss and its gradients.
    All parameters are in one group.

    Args:
        params: Tensors that require gradients.
        lr: The step length t, or the first one to try with a line search, in [0, ∞).
        max_iter: The most iterations a step.
        max_eval: The most evaluations a step; None for 5/4 of the iterations.
        tolerance_grad: The largest element of the gradient at which a step ends.
        tolerance_change: The change of parameters or loss at which a step ends.
        history_size: How many differences are remembered.
        line_search_fn: None or "strong_wolfe".

    Raises:
        ArgumentError: If `lr` is negative, there are several groups or the search is unknown.

    Source:
        Liu & Nocedal, "On the limited memory BFGS method for large scale optimization", 1989;
        Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.4.

    Example:
        >>> import thalweg.torch as torch
        >>> p = torch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = torch.optim.LBFGS([p], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((p - 3.0) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> loss = optimizer.step(closure)
        >>> [round(x, 5) for x in p.tolist()]
        [3.0, 3.0]
    """

    def __init__(
        self,
        params: Any,
        lr: Number = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        require_non_negative(lr=lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ArgumentError(
                f"only 'strong_wolfe' is supported, but line_search_fn={line_search_fn!r} was "
                "given. Give that, or None for steps of length lr."
            )
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, options_of(locals()))

    def _check_group(self, group: Group) -> None:
        if self.param_groups:
            raise ArgumentError(
                "LBFGS doesn't support per-parameter options (parameter groups): its steps are of "
                "all parameters together. Give one list."
            )

    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Make up to `max_iter` iterations.

        Args:
            closure: Computes the loss and its gradients, and returns the loss.

        Returns:
            The loss before the step.
        """
        first = self._evaluated(closure)
        with no_grad():
            self._iterate(closure, first)
        return first

    # ---- iterations

    def _iterate(self, closure: Closure, first: Any) -> None:
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        state["func_evals"] += 1
        here, evaluations, t = Point(0.0, float(first), self._gradient(), 0.0), 1, 0.0
        if _largest(here.gradient) <= group["tolerance_grad"]:
            return
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(state, here.gradient, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"] = here.gradient, here.value
            t = plain_number("lr", group["lr"])
            if state["n_iter"] == 1:
                t *= min(1.0, 1.0 / float(absolute(here.gradient).sum()))
            state["t"], state["d"] = t, d
            here = here._replace(t=0.0, slope=_dot(here.gradient, d))
            if here.slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            new, tried = self._moved(closure, here, d, t, last)
            state["t"] = new.t
            evaluations += tried
            state["func_evals"] += tried
            change = abs(new.value - here.value)
            here = new
            if _ended(group, evaluations, here, d, change):
                break

    def _moved(
        self, closure: Closure, here: Point, d: Tensor, t: float, last: bool
    ) -> tuple[Point, int]:
        """Move along a direction; return where, and how often the loss was evaluated."""
        group = self.param_groups[0]
        begin = [p.detach() + 0.0 for p in group["params"]]

        def at(length: float) -> Point:
            self._place(begin, d, length)
            value = float(self._evaluated(closure))
            gradient = self._gradient()
            return Point(length, value, gradient, _dot(gradient, d))

        if group["line_search_fn"] is None and last:
            self._place(begin, d, t)
            return here._replace(t=t), 0
        if group["line_search_fn"] is None:
            return at(t), 1
        found, tried = strong_wolfe(at, here, t, _largest(d), group["tolerance_change"])
        self._place(begin, d, found.t)
        return found, tried

    @staticmethod
    def _direction(state: dict[str, Any], g: Tensor, remembered: int) -> Tensor:
        """Return −H g, after remembering the differences made by the last move."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -g
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = _dot(y, s)
        if curvature > _CURVED:
            for name, item in (("old_dirs", y), ("old_stps", s), ("ro", 1.0 / curvature)):
                state[name] = [*state[name][len(state[name]) + 1 > remembered :], item]
            state["H_diag"] = curvature / _dot(y, y)
        return two_loops(g, state["old_stps"], state["old_dirs"], state["ro"], state["H_diag"])

    # ---- parameters as one vector

    def _evaluated(self, closure: Closure) -> Any:
        with enable_grad():
            return closure()

    def _gradient(self) -> Tensor:
        params = self.param_groups[0]["params"]
        found = (zeros_like(p) if p.grad is None else p.grad.detach() for p in params)
        parts = (g.to_dense() if isinstance(g, SparseDerivative) else g for g in found)
        return concatenate([reshape(part, (-1,)) for part in parts])

    def _place(self, begin: list[Tensor], d: Tensor, t: float) -> None:
        for param, start, part in zip(
            self.param_groups[0]["params"], begin, self._parts(d), strict=True
        ):
            write_values(param, start + t * reshape(part, param.shape))

    def _parts(self, vector: Tensor) -> Iterator[Tensor]:
        offset = 0
        for param in self.param_groups[0]["params"]:
            yield vector[offset : offset + param.size]
            offset += param.size


def two_loops(
    g: Tensor, steps: list[Tensor], changes: list[Tensor], inverse: list[float], scale: float
) -> Tensor:
    """Return −H g for H given by differences of parameters and gradients.

    Args:
        g: The gradient.
        steps: Differences of parameters s, oldest first.
        changes: Differences of gradients y.
        inverse: 1 / (y · s) of each pair.
        scale: The diagonal of the H that the differences correct.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithm 7.4.
    """
    q, weights = -g, []
    for s, y, rho in zip(reversed(steps), reversed(changes), reversed(inverse), strict=True):
        weight = _dot(s, q) * rho
        weights.append(weight)
        q = q - weight * y
    r = q * scale
    for s, y, rho, weight in zip(steps, changes, inverse, reversed(weights), strict=True):
        r = r + (weight - _dot(y, r) * rho) * s
    return r


def _ended(
    group: Mapping[str, Any], evaluations: int, here: Point, d: Tensor, change: float
) -> bool:
    return bool(
        evaluations >= group["max_eval"]
        or _largest(here.gradient) <= group["tolerance_grad"]
        or _largest(d) * abs(here.t) <= group["tolerance_change"]
        or change < group["tolerance_change"]
    )


def _dot(x: Tensor, y: Tensor) -> float:
    return float((x * y).sum())


def _largest(x: Tensor) -> float:
    return float(absolute(x).max())
