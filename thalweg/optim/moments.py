"""What optimizers keep of every leaf: running averages and sums, in float32 for float16."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.core.spec import FLOAT16, FLOAT32, DType
from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import asarray, spec_of, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import less_equal, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.ranges import DECAY, SHARE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    init_empty_state,
    safe_increment,
)
from thalweg.tree import Tree

__all__ = ["EmaState", "TraceState", "ema", "trace"]


def norm_or_least(x: Tensor, least: Any) -> Tensor:
    """Return the Euclidean norm of a leaf, at least a number; its derivative is finite at zero."""
    squares = total(squared_magnitude(x))
    small = less_equal(sqrt(squares), least)
    return where(small, least, sqrt(where(small, 1.0, squares)))


def moment(g: Tensor, m: Tensor, decay: Any) -> Tensor:
    """Return the running average after one more update: (1 − decay) g + decay · m."""
    averaged: Tensor = (1 - decay) * g + decay * m
    return averaged


def correction(decay: Any, count: Any, wanted: bool = True) -> Callable[[Tensor], Tensor]:
    """Return what undoes the pull of an average's start at zero: m / (1 − decayᵗ)."""
    if not wanted:
        return lambda m: m
    # In float64, then converted: in low precision decayᵗ may round to 1. Multiplying by the
    # reciprocal spares a division an element and costs half a unit in the last place.
    factor = 1 / (1 - decay**count)
    return lambda m: m * astype(factor, m.dtype)


def first_moment(b1: Any, count: Any, nesterov: bool) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what makes of an update and the average m̂, or what lies one step ahead of it."""
    corrected = correction(b1, count)
    if not nesterov:
        return lambda g, m: corrected(m)
    ahead = correction(b1, safe_increment(count))
    return lambda g, m: moment(corrected(g), ahead(m), b1)


def root(v: Tensor, eps_root: Any) -> Tensor:
    """Return √(v + eps_root)."""
    # Most have no eps_root, and an addition of 0 costs a pass over the parameters.
    return sqrt(v if isinstance(eps_root, float) and eps_root == 0 else v + eps_root)


def zeros(dtype: Any = None) -> Callable[[Tensor], Tensor]:
    """Return what makes zeros like a parameter, by default of its own dtype."""
    return lambda p: zeros_like(p, dtype)


def filled(value: Any) -> Callable[[Tensor], Tensor]:
    """Return what makes a tensor like a parameter, filled with one number."""
    # An addition, so that the number may be traced.
    return lambda p: zeros_like(p) + value


def leafwise(
    kind: Any,
    at: Callable[[Any], Callable[..., tuple[Any, ...]]],
    *,
    single: bool = True,
    counter: str = "count",
    **starts: Callable[[Tensor], Tensor],
) -> GradientTransformation:
    """Return a transformation that treats every leaf by itself.

    Args:
        kind: The state: what is kept of the leaves, a tree a field; and the steps made.
        at: Maps the count, or None, to the step of a leaf: a function of an update and of what is
            kept of it, to the new update and what is kept then.
        single: Whether leaves of float16 are computed with and kept in float32.
        counter: The field of the steps made, if the state has it.
        starts: What is kept before the first step, by field: functions of the parameter. Zeros by
            default.
    """
    fields = [field for field in kind._fields if field != counter]
    counted = counter in kind._fields

    def init(params: Params) -> OptState:
        kept = {field: each(starts.get(field, zeros_like), params) for field in fields}
        return kind(**{counter: first_count()} if counted else {}, **kept)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = {counter: safe_increment(getattr(state, counter))} if counted else {}
        step = at(count.get(counter))
        found, *kept = step_each(step, updates, *(getattr(state, field) for field in fields))
        return found, kind(**count, **dict(zip(fields, kept, strict=True)))

    return in_single(init, update) if single else GradientTransformation(init, update)


def step_each(step: Callable[..., tuple[Any, ...]], updates: Updates, *kept: Params) -> list[Tree]:
    """Return new updates and what is kept of them, each leaf of it in the dtype that it had.

    Where updates are None they stay so, and so does what is kept of them.
    """
    found: list[tuple[Any, ...]] = []

    def one(*leaves: Any) -> None:
        given = [asarray(leaf) for leaf in leaves]
        made = step(*given)
        pairs = zip(made[1:], given[1:], strict=True)
        found.append(
            (made[0], *(x if x.dtype == y.dtype else astype(x, y.dtype) for x, y in pairs))
        )

    tree.map_present(one, updates, *kept)
    columns = zip(*found, strict=True) if found else [()] * (1 + len(kept))
    structure = tree.structure(updates)
    first, *rest = (tree.unflatten(structure, column) for column in columns)
    if any(tree.structure(old) != structure for old in kept):
        rest = [tree.filled(updates, *pair) for pair in zip(rest, kept, strict=True)]
    return [first, *rest]


class EmaState(NamedTuple):
    """The state of `ema`."""

    count: Any  # int32 scalar: the steps made
    ema: Params  # the running average, one a parameter


@factory
def ema(decay: float, debias: bool = True, accumulator_dtype: Any = None) -> GradientTransformation:
    """Replace updates by their exponential moving average.

        m ← (1 − decay) g + decay · m
        u = m / (1 − decayᵗ)    (without `debias`: u = m)

    Args:
        decay: The share of the average kept each step, in [0, 1).
        debias: Whether to undo the pull of the start at zero.
        accumulator_dtype: The dtype of the average; by default the parameters'.

    Raises:
        ArgumentError: If the decay is outside [0, 1).

    Example:
        >>> import thalweg as tw
        >>> average = tw.optim.ema(0.5)
        >>> updates, _ = average.update([1.0], average.init([0.0]))
        >>> updates
        [np.float64(1.0)]
    """
    DECAY.check(decay=decay)

    def at(count: Any) -> Any:
        corrected = correction(decay, count, debias)

        def step(g: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
            m = moment(g, m, decay)
            return corrected(m), m

        return step

    return leafwise(EmaState, at, single=False, ema=zeros(accumulator_dtype))


class TraceState(NamedTuple):
    """The state of `trace`."""

    trace: Params  # the running sum, one a parameter


@factory
def trace(
    decay: float, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformation:
    """Add up updates with a decay: momentum.

        m ← g + decay · m
        u = m                   (Nesterov: u = g + decay · m)

    Args:
        decay: The share of the sum kept each step, in [0, 1]; 1 sums up all updates.
        nesterov: Whether to look one step ahead.
        accumulator_dtype: The dtype of the sum; by default the parameters'.

    Raises:
        ArgumentError: If the decay is outside [0, 1].

    Source:
        Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Example:
        >>> import thalweg as tw
        >>> momentum = tw.optim.trace(0.5)
        >>> updates, state = momentum.update([1.0], momentum.init([0.0]))
        >>> momentum.update([1.0], state)
        ([np.float64(1.5)], TraceState(trace=[np.float64(1.5)]))
    """
    SHARE.check(decay=decay)

    def step(g: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        m = g + decay * m
        return (g + decay * m if nesterov else m), m

    return leafwise(TraceState, lambda _: step, single=False, trace=zeros(accumulator_dtype))


# ---- squares of small float16 are 0, those of large ones ∞


def in_single(init: Any, update: Any) -> GradientTransformation:
    """Return a transformation that computes with leaves of float16 and float8 in float32.

    An eps of 10⁻⁸ is 0 in float16 too, so that an average of zeros divided by its root would be
    NaN. The state is float32; updates have the gradients' dtype.
    """

    def update_widened(updates: Updates, state: OptState, params: Params = None) -> Step:
        wide = widen(updates)
        found, kept = update(wide, state, params if wide is updates else widen(params))
        return found if wide is updates else cast_like(found, updates), kept

    return GradientTransformation(lambda params: init(widen(params)), update_widened)


def stateless_in_single(change: Callable[[Updates, Params], Updates]) -> GradientTransformation:
    """Return a transformation without a state that computes with narrow floats in float32."""
    return in_single(
        init_empty_state, lambda updates, state, params=None: (change(updates, params), state)
    )


def widen(leaves: Tree) -> Tree:
    """Return a tree with float32 in place of narrow floats; the tree itself if there are none."""
    dtypes = [spec_of(leaf).dtype for leaf in tree.leaves(leaves)]
    if not any(dtype.itemsize < 4 and _is_narrow(dtype) for dtype in dtypes):
        return leaves

    def widened(x: Tensor) -> Tensor:
        return astype(x, FLOAT32) if _is_narrow(x.dtype) else x

    return each(widened, leaves)


def _is_narrow(dtype: DType) -> bool:
    return dtype == FLOAT16 or (dtype.itemsize == 1 and dtype.kind == "f")
