"""Gradients of several batches, accumulated before a step is made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, Self

from thalweg import tree
from thalweg.core.spec import FLOAT32
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import add, remainder, square
from thalweg.ops.elementwise.comparison import equal, greater, less, logical_and, logical_not, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import with_users
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.moments import step_each
from thalweg.optim.recipe import Form, factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    cast_like,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.wholes import either

__all__ = [
    "ApplyEvery",
    "MultiSteps",
    "MultiStepsState",
    "ShouldSkipUpdateFunction",
    "apply_every",
    "skip_large_updates",
    "skip_not_finite",
]


class ShouldSkipUpdateFunction(Protocol):
    """A function that tells whether a batch's gradient is left out."""

    def __call__(
        self, updates: Updates, gradient_step: Any, params: Params | None
    ) -> tuple[Any, Any]:
        """Return a boolean scalar, and a tree that is kept in the state."""


@on_tensors
def skip_not_finite(
    updates: Updates, gradient_step: Any, params: Params | None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Tell whether an element of the updates is infinite or NaN.

    Args:
        updates: The updates.
        gradient_step: Not used, nor is the next one; what `MultiSteps` gives.
        params: The parameters.

    Returns:
        The answer; and a dict of it as `should_skip`, and of the number of such elements as
        `num_not_finite`.

    Example:
        >>> import thalweg as tw
        >>> skip, _ = tw.optim.skip_not_finite([tw.Tensor([1.0, float("nan")])], 0, None)
        >>> skip
        tensor(True)
    """
    counts = [total(logical_not(isfinite(asarray(leaf)))) for leaf in tree.leaves(updates)]
    count = functools.reduce(add, counts, asarray(0))
    should_skip = greater(count, 0)
    return should_skip, {"should_skip": should_skip, "num_not_finite": count}


@on_tensors
def skip_large_updates(
    updates: Updates, gradient_step: Any, params: Params | None, max_squared_norm: Any
) -> tuple[Tensor, dict[str, Tensor]]:
    """Tell whether the squared global norm of the updates is too large, or NaN.

    Args:
        updates: The updates.
        gradient_step: Not used, nor is the next one; what `MultiSteps` gives.
        params: The parameters.
        max_squared_norm: The norm from which on they are too large, squared. Bind it with
            `functools.partial`.

    Returns:
        The answer; and a dict of it as `should_skip`, and of the squared norm as `norm_squared`.

    Example:
        >>> import thalweg as tw
        >>> skip, _ = tw.optim.skip_large_updates([tw.Tensor([3.0, 4.0])], 0, None, 24.0)
        >>> skip
        tensor(True)
    """
    squares = [total(square(asarray(leaf))) for leaf in tree.leaves(updates)]
    norm_squared = functools.reduce(add, squares, asarray(0.0))
    should_skip = logical_not(less(norm_squared, max_squared_norm))
    return should_skip, {"should_skip": should_skip, "norm_squared": norm_squared}


class MultiStepsState(NamedTuple):
    """The state of `MultiSteps`."""

    mini_step: Any  # int32 scalar: the batches since the last step
    gradient_step: Any  # int32 scalar: the steps made
    inner_opt_state: OptState
    acc_grads: Params  # the mean or sum of the gradients since the last step
    skip_state: Any = ()  # what the function that leaves batches out returned last


class MultiSteps(GradientTransformation):
    """Accumulate the gradients of k batches, and make one step of them; until then updates are 0.

        a ← a + (g − a) / (i + 1)       in the i-th of k batches, i = 0, 1, …    (sums: a ← a + g)
        u = opt(a),  a ← 0              in the last one; else u = 0

    The optimizer sees k batches as one that is k times as large: its step count and its schedules
    move once in k batches.

    Args:
        opt: The optimizer.
        every_k_schedule: The number k, in [1, ∞), or a function from the steps made to it.
        use_grad_mean: Whether to accumulate the mean of the gradients, not their sum.
        should_skip_update_fn: Tells which batches are left out, as if they had never been, such as
            `skip_not_finite`; None for none.
        accumulator_dtype: The dtype of what is accumulated; None for that of the parameters.

    Raises:
        ArgumentError: If k is less than 1, or `opt` is no transformation; by `init` and `update`,
            if the function that leaves batches out returns no boolean scalar.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.MultiSteps(tw.optim.sgd(1.0), 2)
        >>> optimizer
        MultiSteps(opt=sgd(learning_rate=1.0), every_k_schedule=2)
        >>> updates, state = optimizer.update([1.0], optimizer.init([0.0]))
        >>> updates, optimizer.update([3.0], state)[0]
        ([np.float64(0.0)], [np.float64(-2.0)])
    """

    __slots__ = ("_dtype", "_every", "_inner", "_mean", "_skip")

    def __init__(
        self,
        opt: GradientTransformation,
        every_k_schedule: int | Callable[[Any], Any],
        use_grad_mean: bool = True,
        should_skip_update_fn: Callable[..., tuple[Any, Any]] | None = None,
        accumulator_dtype: Any = FLOAT32,
    ) -> None:
        if not callable(every_k_schedule) and every_k_schedule < 1:
            raise ArgumentError(
                f"every_k_schedule={every_k_schedule!r} was given, but a step is made of at least "
                "one batch. Give a number in [1, ∞), or a function of the step."
            )
        super().__init__(self._first, self._next)
        self._inner = as_transformation(opt)
        self._every, self._mean = with_users(every_k_schedule), use_grad_mean
        self._skip, self._dtype = with_users(should_skip_update_fn), accumulator_dtype
        arguments = (opt, every_k_schedule, use_grad_mean, should_skip_update_fn, accumulator_dtype)
        self.remember(type(self), _FORM, _FORM.bind(arguments, {}))

    def twin(self) -> Self:
        """Return a new transformation of the same arguments."""
        return type(self)(*self.made_by[1].values())

    @property
    def inner_opt(self) -> GradientTransformation:
        """The optimizer that makes the steps."""
        return self._inner

    @on_tensors
    def has_updated(self, state: Any) -> Any:
        """Tell whether the last batch was followed by a step."""
        return logical_and(equal(state.mini_step, 0), greater(state.gradient_step, 0))

    def gradient_transformation(self) -> GradientTransformation:
        """Return this, which is a transformation."""
        return self

    def _first(self, params: Params) -> MultiStepsState:
        count = first_count()
        accumulated = each(lambda p: zeros_like(p, self._dtype), params)
        skipped = self._skipped(each(zeros_like, params), count, params)[1]
        return MultiStepsState(count, count, self._inner.init(params), accumulated, skipped)

    def _next(self, updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        k = self._every(state.gradient_step) if callable(self._every) else self._every
        skip, skip_state = self._skipped(updates, state.gradient_step, params)

        def accumulated(g: Tensor, a: Tensor) -> Tensor:
            return a + (g - a) / (state.mini_step + 1) if self._mean else a + g

        sums = each(accumulated, updates, state.acc_grads)
        found, inner = self._inner.update(
            cast_like(sums, updates), state.inner_opt_state, params, **extra
        )
        # What is not wanted may be infinite or NaN, so it is not multiplied by 0.
        counted = logical_not(skip)
        made = logical_and(counted, equal(state.mini_step, k - 1))
        kept = each(lambda s: where(made, zeros_like(s), s), sums)
        in_turn = astype(remainder(safe_increment(state.mini_step), k), state.mini_step.dtype)
        return either(made, found, each(zeros_like, found)), MultiStepsState(
            where(counted, in_turn, state.mini_step),
            where(made, safe_increment(state.gradient_step), state.gradient_step),
            either(made, inner, state.inner_opt_state),
            either(counted, kept, state.acc_grads),
            skip_state,
        )

    def _skipped(self, updates: Updates, step: Any, params: Params) -> tuple[Any, Any]:
        """Return whether a batch is left out, and what is kept of the decision."""
        if self._skip is None:
            return asarray(False), ()
        skip, kept = self._skip(updates, step, params)
        skip = as_tensor(skip)
        if skip.dtype.kind != "b" or skip.shape != ():
            raise ArgumentError(
                "The `should_skip_update_fn` function should return a boolean scalar array, but it "
                f"returned an array of dtype {skip.dtype} and shape {tuple(skip.shape)}."
            )
        return skip, kept


_FORM = Form(MultiSteps)


class ApplyEvery(NamedTuple):
    """The state of `apply_every`."""

    count: Any  # int32 scalar: the steps since updates were last applied
    grad_acc: Params  # the sum of updates since


@factory
def apply_every(k: int = 1) -> GradientTransformation:
    """Add up updates, and let the sum pass in every k-th step; the others' updates are zero.

        s ← g + s                       (s ← g in the first of k steps)
        u = s in the k-th step, else 0

    Behind an optimizer, whose state changes in each step, this is not the same as a batch k times
    as large: the updates are added up, not the gradients.

    Args:
        k: The number of steps, in [1, ∞).

    Raises:
        ArgumentError: If `k` is less than 1.

    Example:
        >>> import thalweg as tw
        >>> pairs = tw.optim.apply_every(2)
        >>> updates, state = pairs.update([1.0], pairs.init([0.0]))
        >>> updates, pairs.update([2.0], state)[0]
        ([np.float64(0.0)], [np.float64(3.0)])
    """
    if k < 1:
        raise ArgumentError(
            f"apply_every got k={k!r}; it must be a whole number in [1, ∞). Give 1 to apply all."
        )

    def init(params: Params) -> ApplyEvery:
        return ApplyEvery(first_count(), each(zeros_like, params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        position = state.count % k
        is_first, is_last = equal(position, 0), equal(position, k - 1)

        def step(g: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
            s = where(is_first, g, g + s)
            return where(is_last, s, 0.0), s

        found, added = step_each(step, updates, state.grad_acc)
        return found, ApplyEvery(where(is_last, 0, position + 1), added)

    return GradientTransformation(init, update)
