"""Why a run stopped being finite: the exact step, the likely cause, and what to try."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.jacobians import hvp
from thalweg.core.program import (
    DERIVATIVE,
    Apply,
    Equation,
    Program,
    Symbol,
    evaluate,
    followed,
    meaning_of,
    nested,
)
from thalweg.core.tensor import make
from thalweg.engines import registry
from thalweg.engines.engine import Array, Run
from thalweg.errors import (
    ArgumentError,
    EngineError,
    IndexOutOfRange,
    NoResult,
    ThalwegError,
    TrainingDiverged,
)
from thalweg.lines import level_of_user
from thalweg.random.bits import keyed_permutation
from thalweg.training.checks.finite import is_finite, require_finite, spell_value
from thalweg.training.checks.positions import Read, out_of_range
from thalweg.training.inputs import Batches, Data, StateLeaves
from thalweg.training.loop import NotFiniteError, RunFacts, Slices
from thalweg.training.prepare import PreparedStep
from thalweg.training.program import Problem
from thalweg.training.surroundings import Surroundings

# A column whose scale is this many times the median one deserves mention.
_ODD_SCALE = 100.0

# So long steps are run again to find an index.
_SECONDS = 2.0

# A loss that grew by this much before it overflowed was climbing.
_CLIMBED = 10.0


@dataclass(frozen=True)
class Suspects:
    """What may be to blame.

    Attributes:
        problem: The loss, and the structures it works on.
        step: The compiled step.
        start: The leaves of parameters and state that the run began with.
        arrays: The data and what the loss captured.
        data: The data as the caller gave them.
        names: Names the data's arrays, when asked.
        state: The optimizer's numbers.
    """

    problem: Problem
    step: PreparedStep
    start: Sequence[Array]
    arrays: Sequence[Array]
    data: Data
    names: Callable[[], list[str]]
    state: StateLeaves

    def name_of(self, place: int) -> str:
        """Say what stands at a place among the inputs of a step."""
        loop, data = self.step.loop, len(self.problem.data_specs)
        params = len(self.problem.param_specs)
        if place < params:
            tree_of = tree.unflatten(self.problem.params, range(params))
            return f"params{tree.paths(tree_of)[place]}"
        if place < loop.states:
            return "the optimizer's state"
        place -= loop.states
        if place < data:
            return self.names()[place]
        if place < len(self.arrays):
            array, line = self.arrays[place], self.step.captured.lines[place - data]
            name = Surroundings(self.problem.loss).name_of(array) or "An array"
            return f"{name}, which the loss refers to at {line},"
        return f"the optimizer's {self.state.names[place - len(self.arrays)]}"


def pointed_outside(slices: Slices, error: IndexOutOfRange, suspects: Suspects) -> IndexOutOfRange:
    """Return an error that tells which data hold the index, or at least where it is used."""
    loop = suspects.step.loop
    names, size = suspects.names, loop.batch_size
    found = out_of_range(error, Read(loop.step, loop.states, suspects.arrays, names, size))
    if found is not error:
        return found
    (step, state), until = slices.at, time.perf_counter() + _SECONDS

    def apply(equation: Equation, operands: list[Any]) -> Array:
        try:
            return meaning_of(equation, operands)
        except IndexOutOfRange as raised:
            if any(nested(equation)) or not equation.source:
                raise
            line = f"That is {equation.primitive.name} at {equation.source}, in step {step}."
            raise IndexOutOfRange(f"{raised} {line}") from None

    # In a body, what is read may be anything: its steps are run again as they mean.
    while step < slices.course.total and time.perf_counter() < until:
        program, arguments = _step_of(suspects, state, slices.facts.layout, step)
        try:
            with np.errstate(all="ignore"), followed(apply):
                *state, _ = evaluate(program, arguments, apply)
        except IndexOutOfRange as told:
            return told
        except (ThalwegError, MemoryError):
            break
        step += 1
    return error


def diverged(slices: Slices, bad: NotFiniteError, suspects: Suspects) -> TrainingDiverged:
    """Return the error for a run with a slice that is not finite; the run ends before that.

    Raises:
        DataError: If it is the data that have changed, and are no longer finite.
    """
    require_finite(suspects.data.arrays, suspects.data.given, suspects.names())
    start, state = slices.at
    scratch = np.empty(len(bad.losses))
    step, state = first_bad_step(slices.run, start, state, bad.losses, slices.params, scratch)
    slices.at = step, state
    fit = slices.so_far()
    loss = float(bad.losses[step - start])
    losses = [*fit.record.losses.tolist(), loss]
    per_epoch = slices.facts.layout.steps_per_epoch
    what = f"The loss became {spell_value(loss)}"
    if math.isfinite(loss):
        what = "The parameters stopped being finite"
    causes = [*_scales(suspects), *_climb(losses, suspects, slices.facts.layout)]
    fault = _first_fault(suspects, state, slices.facts, step)
    if fault is not None and (fault.is_of_matrix or len(losses) == 1 or not causes):
        causes = _in_order(fault, causes, suspects)
    message = (
        f"{what} at step {step} (epoch {step // per_epoch + 1}). {' '.join(causes)} "
        "The last finite parameters are in this error's `params`, the run so far in its `fit`."
    )
    return TrainingDiverged(message, step=step, params=fit.params, fit=fit)


def warn_of_climb(losses: Array) -> None:
    """Warn of a run that only ever made the loss worse: it has found nothing."""
    if len(losses) < 2:
        return
    first, last = float(losses[0]), float(losses[-1])
    if float(losses.min()) == first and last > max(_CLIMBED * abs(first), first):
        warnings.warn(
            f"The loss rose from {first:.3g} to {last:.3g} and was never below its first value. "
            "Either the learning rate is too large, or the optimizer goes along the gradient "
            "instead of against it: end a chain with scale_by_learning_rate(0.01).",
            stacklevel=level_of_user(),
        )


def first_bad_step(
    run: Run, start: int, state: list[Array], losses: Array, params: int, scratch: Array
) -> tuple[int, list[Array]]:
    """Return the first step that ends not finite and the state before it, by running again.

    Args:
        run: The run, which computes the same again from the same state.
        start: The first step of the slice.
        state: The state before that step.
        losses: The losses of the slice.
        params: How many leading arrays of the state are parameters.
        scratch: Room for as many losses.
    """
    bad = np.flatnonzero(~np.isfinite(losses))
    # Parameters are finite after `low` steps; a step is bad if `high` steps end worse.
    low, high = 0, int(bad[0]) + 1 if bad.size else len(losses)
    while high - low > 1:
        middle = (low + high) // 2
        run.restore(state)
        run.advance(start + low, middle - low, scratch[: middle - low])
        reached = run.state()
        if all(map(is_finite, reached[:params])):
            low, state = middle, reached
        else:
            high = middle
    return start + low, state


# ---- causes


def _climb(losses: Sequence[float], suspects: Suspects, layout: Batches) -> list[str]:
    """Blame the learning rate if the loss was climbing before it overflowed."""
    finite = [abs(loss) for loss in losses if math.isfinite(loss)]
    if len(finite) < 2 or finite[-1] <= _CLIMBED * min(finite):
        return []
    state = suspects.state
    rates = [
        (name.rpartition(".")[2], value)
        for name, value in zip(state.names, state.scalars.tolist(), strict=True)
        if "learning_rate" in name and value > 0
    ]
    used = f" ({rates[0][0]}={rates[0][1]:g})" if rates else ""
    lower = f", such as {rates[0][1] / 10:g} or {rates[0][1] / 100:g}" if rates else ""
    stable = _stable_rate(suspects, layout) if state.names == ["learning_rate"] else None
    limit = ""
    if stable is not None and stable < rates[0][1]:
        limit = f"; where the run began, rates above {stable:.2g} make the loss climb"
        lower = f", such as {stable / 2:.1g}"
    lowest = finite.index(min(finite))
    return [
        f"It had climbed from {min(finite):.3g} at step {lowest} to {finite[-1]:.3g}: the "
        f"learning rate{used} is likely too large{limit}. Try a smaller one{lower}, or "
        "chain(clip_by_global_norm(1.0), …)."
    ]


def _stable_rate(suspects: Suspects, layout: Batches) -> float | None:
    """Return the largest stable rate of gradient descent on the first batch, if it is that."""
    problem = suspects.problem
    if suspects.state.arrays or problem.carries:
        return None
    data = suspects.arrays[: len(problem.data_specs)]
    if layout.batch_size:
        rows = _rows(layout, 0)
        data = [array[rows] for array in data]
    return largest_stable_rate(problem, suspects.start[: len(problem.param_specs)], data)


def _scales(suspects: Suspects) -> list[str]:
    """Blame a column of the data whose scale is far from the others'."""
    for array, name in zip(suspects.arrays, suspects.names(), strict=False):
        if array.ndim != 2 or array.dtype.kind != "f" or array.shape[1] < 2:
            continue
        with np.errstate(all="ignore"):
            scales = np.sqrt(np.mean(np.square(array[:100_000], dtype=np.float64), axis=0))
        column, typical = int(np.argmax(scales)), float(np.median(scales))
        if scales[column] > _ODD_SCALE * typical:
            return [
                f"Column {column} of {name} has values around {scales[column]:.2g}, where the "
                f"median column has {typical:.2g}: one step size cannot suit both. Standardize "
                "the columns: (X - X.mean(0)) / X.std(0)."
            ]
    return []


def _in_order(fault: Fault, causes: list[str], suspects: Suspects) -> list[str]:
    """Return all causes; a matrix without a result says more than a climbing loss."""
    told = describe_fault(fault, suspects.name_of)
    return [told, *causes] if fault.is_of_matrix else [*causes, told]


def _first_fault(
    suspects: Suspects, state: Sequence[Array], facts: RunFacts, step: int
) -> Fault | None:
    """Find the first operation of the step whose result is not finite, or what it was given."""
    program, arguments = _step_of(suspects, state, facts.layout, step)
    # What is close to singular may have a result by one way of rounding alone.
    found = first_fault(program, arguments)
    return found or first_fault(program, arguments, _computed_by(facts.engine))


def _step_of(
    suspects: Suspects, state: Sequence[Array], layout: Batches, step: int
) -> tuple[Program, list[Array]]:
    """Return the program of a step, and what it is given."""
    loop, rows = suspects.step.loop, []
    program = loop.step
    if layout.batch_size:
        rows = [_rows(layout, step)]
        if len(rows[0]) < layout.batch_size and loop.remainder is not None:
            program = loop.remainder
    scalars = [np.asarray(value) for value in suspects.state.scalars]
    return program, [*state, *suspects.arrays, *scalars, *rows]


def _computed_by(name: str) -> Apply:
    """Return what computes matrices' equations by an engine, and all others as they mean."""

    def computed(equation: Equation, operands: list[Any]) -> Array:
        if not _is_of_matrix(equation):
            return meaning_of(equation, operands)
        inputs = tuple(Symbol(symbol.spec) for symbol in equation.inputs)
        output = Symbol(equation.output.spec)
        alone = Program(inputs, (replace(equation, inputs=inputs, output=output),), (output,))
        try:
            return registry.engine(name).compile(alone)(*map(np.asarray, operands))[0]
        except (ArgumentError, EngineError):
            return meaning_of(equation, operands)

    return computed


def _rows(layout: Batches, step: int) -> Array:
    epoch, position = divmod(step, layout.steps_per_epoch)
    order = layout.order()
    if order is None:
        order = keyed_permutation(layout.rows, layout.seed, epoch)
    first = position * layout.batch_size
    return order[first : first + layout.batch_size]


@dataclass(frozen=True)
class Fault:
    """An equation whose result is not finite.

    Attributes:
        equation: The equation.
        value: The first such value.
        place: Where among the program's inputs the operand stands that was not finite to begin
            with; -1 if that is a number in the program's text, None if there is none.
        infinite: Whether operands were infinite, though none was NaN.
        error: What was raised in place of a value.
    """

    equation: Equation
    value: float
    place: int | None = None
    infinite: bool = False
    error: NoResult | None = None

    @property
    def is_of_matrix(self) -> bool:
        """Whether a matrix lacks what was asked for."""
        return self.place is None and _is_of_matrix(self.equation)


def _is_of_matrix(equation: Equation) -> bool:
    return equation.primitive.role == "whole" and not any(nested(equation))


class _FoundError(Exception):
    """Ends the walk over a program at the fault looked for."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


def first_fault(
    program: Program, arguments: Sequence[Array], compute: Apply = meaning_of
) -> Fault | None:
    """Return the first equation that makes or reads a NaN, or that makes an infinity.

    Equations of a loop's or a branch's body are looked at too. Infinities that are given are taken
    to be meant, as in a mask, unless there is nothing else.

    Args:
        program: The program.
        arguments: What it is given.
        compute: Computes one equation.
    """
    given: list[Fault] = []

    def apply(equation: Equation, operands: list[Any]) -> Any:
        error = None
        try:
            value = compute(equation, operands)
        except NoResult as raised:
            value, error = np.array(np.nan), raised
        if is_finite(value):
            return value
        fault = _fault(program, equation, operands, value)
        if error is not None and (fault is None or fault.place is None):
            fault = Fault(equation, np.nan, error=error)
        if fault is not None and fault.place is not None and np.isinf(fault.value):
            given.append(fault)
        elif fault is not None:
            raise _FoundError(fault)
        return value

    try:
        with np.errstate(all="ignore"), followed(apply):
            evaluate(program, arguments, apply)
    except _FoundError as found:
        return found.fault
    except MemoryError:
        pass
    return given[0] if given else None


def _fault(program: Program, equation: Equation, operands: list[Any], value: Array) -> Fault | None:
    arrays = [np.asarray(operand) for operand in operands]
    bad = [i for i, array in enumerate(arrays) if not is_finite(array)]
    worst = _worst(value)
    if not bad:
        return Fault(equation, worst)
    if np.isnan(worst) and not any(np.isnan(arrays[i]).any() for i in bad):
        return Fault(equation, worst, infinite=True)
    for i in bad:
        place = _place(program, equation.inputs[i])
        if place is not None:
            return Fault(equation, _worst(arrays[i]), place)
    return None


def _place(program: Program, symbol: Symbol) -> int | None:
    if symbol.value is not None:
        return -1
    return next((i for i, known in enumerate(program.inputs) if known is symbol), None)


def _worst(values: Array) -> float:
    """Return a NaN if there is one, else an infinity."""
    bad = values[~np.isfinite(values)]
    nan = bad[np.isnan(bad)]
    return float((nan if nan.size else bad).flat[0])


def describe_fault(fault: Fault, name_of: Callable[[int], str]) -> str:
    """Say what went wrong, where, and what to do.

    Args:
        fault: What was found.
        name_of: Says what stands at a place among the inputs.
    """
    equation, value = fault.equation, spell_value(fault.value)
    source = f" at {equation.source}" if equation.source else ""
    if fault.place == -1:
        return f"The loss uses the number {value}{source}. Replace it, or compute it differently."
    if fault.place is not None:
        return (
            f"{name_of(fault.place)} holds {value}. Replace it there; with arrays that shall hold "
            "infinities, choose with np.where before computing."
        )
    if fault.error is not None:
        return fault.error.at(source)
    operands = "infinite numbers, as inf - inf is" if fault.infinite else "finite numbers"
    return f"{equation.primitive.name}{source} gave {value} from {operands}. {_advice(equation)}"


def _advice(equation: Equation) -> str:
    if equation.source.endswith(DERIVATIVE):
        return (
            "The derivative there is infinite or overflows, as that of sqrt, a norm or a root is "
            "at 0. Start from other parameters, or add a small number inside, as in "
            "np.sqrt(x + 1e-12)."
        )
    if _is_of_matrix(equation):
        return "Check the matrix, or add a small multiple of the identity to it."
    return (
        "Keep its operands in range: standardize the data, start from smaller parameters, or use "
        "a stable form such as logaddexp, softplus or log1p."
    )


_ITERATIONS = 30

_CURVATURE_SECONDS = 0.2


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
    until = time.perf_counter() + _CURVATURE_SECONDS
    for _ in range(_ITERATIONS):
        length = math.sqrt(_dot(direction, direction))
        if not 0 < length < math.inf or time.perf_counter() > until:
            break
        unit = [(part / length).astype(a.dtype) for part, a in zip(direction, params, strict=True)]
        tangent = tree.unflatten(problem.params, [make(part) for part in unit])
        try:
            product = hvp(lambda p: problem.call(p, rows)[0], point, tangent)
        except (ThalwegError, ArithmeticError, MemoryError):
            return None
        direction = [np.asarray(leaf.numpy(), np.float64) for leaf in tree.leaves(product)]
        curvature = _dot(unit, direction)
    return 2 / curvature if 0 < curvature < math.inf else None


def _dot(a: Sequence[Array], b: Sequence[Array]) -> float:
    return float(sum(np.vdot(x, y) for x, y in zip(a, b, strict=True)))
