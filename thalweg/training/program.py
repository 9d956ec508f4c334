"""A fit as programs: loss, gradient, optimizer and update traced into one step."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from thalweg import tree
from thalweg.autodiff.functional import grad, value_and_grad
from thalweg.control import rolling  # noqa: F401 (every program that is traced is rolled)
from thalweg.core.apply import standing_for
from thalweg.core.program import Equation, Program, Symbol, Trace, finish, remove_dead_code, writing
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tape import history
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.errors import (
    CallError,
    GradientError,
    ShapeError,
    ThalwegError,
    TracingError,
    TrainingDiverged,
)
from thalweg.lines import raised_at
from thalweg.ops.index.take import take
from thalweg.optim import GradientTransformation, apply_updates, loss_scale
from thalweg.training.checks.traces import (
    require_gradient,
    warn_of_ignored,
    warn_of_pairings,
    without_derivative,
)
from thalweg.training.inputs import parameter_names, require_no_gradient

# What stands for a line of the user's that is not known.
UNKNOWN = "some line"

_SCALAR = Spec((), FLOAT64, weak=True)


@dataclass(frozen=True)
class Problem:
    """What is traced: a loss, an optimizer, and the structures and specs of what they work on."""

    loss: Callable[..., Any]
    optimizer: GradientTransformation
    params: tree.TreeDef
    param_specs: Sequence[Spec]
    state: tree.TreeDef
    state_specs: Sequence[Spec]
    data: tree.TreeDef
    data_specs: Sequence[Spec]
    scalars: int
    carries: bool = False  # the loss has a state of its own, behind the optimizer's

    def call(self, params: Any, leaves: Sequence[Tensor], carried: Any = ()) -> tuple[Tensor, Any]:
        """Return the loss on traced data, and its own state after it.

        Raises:
            CallError: If the loss does not take as many arrays, or those names.
            GradientError: If it is not one floating number.
        """
        # The function may write into its data, which are its own each time it is called.
        data = tree.unflatten(self.data, [standing_for(leaf) for leaf in leaves])
        if self.carries:
            loss, carried = self.loss(params, carried, *data)
        else:
            args, kwargs = ((), data) if isinstance(data, dict) else (data, {})
            self._require_arguments(params, args, kwargs)
            loss = self.loss(params, *args, **kwargs)
        return _scalar(loss), carried

    def traced(self, trace: Trace, params: Any, carried: Any) -> AbstractContextManager[None]:
        """Return the block within which the loss is traced and differentiated."""
        loss: Any = self.loss
        return loss.traced(trace, params, carried) if self.carries else nullcontext()

    def _require_arguments(self, params: Any, args: Any, kwargs: Any) -> None:
        try:
            signature = inspect.signature(self.loss)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(params, *args, **kwargs)
        except TypeError as error:
            given = _describe_call(args, kwargs)
            raise CallError(
                f"The loss takes {signature}, which {given} do not fit: {error}. "
                "Give one array, in a tuple, for each argument of the loss after the first, or a "
                "dict with their names; validation in the same form."
            ) from None


def _describe_call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    if kwargs:
        return f"the parameters and data named {', '.join(kwargs)}"
    arrays = "1 array" if len(args) == 1 else f"{len(args) or 'no'} arrays"
    return f"the parameters and {arrays} of data"


@dataclass(frozen=True)
class Traced:
    """Programs that share their inputs, and the arrays captured from the loss's surroundings.

    Attributes:
        programs: The programs.
        captured: The arrays; they stand behind the data among the programs' inputs.
        lines: The user's line that uses each first.
        untrained: The tensors among them that require gradients, with that line.
        began: When tracing began, on the clock of the tape.
    """

    programs: list[Program]
    captured: list[Any]
    lines: list[str]
    untrained: list[tuple[Tensor, str]]
    began: int


def trace_step(problem: Problem, batches: Sequence[Spec]) -> Traced:
    """Trace one training step for each size of batch.

    A program maps `(*params, *state, *data, *captured, *scalars, rows)` to
    `(*params, *state, loss)`.

    Args:
        problem: What to trace.
        batches: The specs of `rows`, one a program; none for one program that has no rows.

    Raises:
        GradientError: If the loss is no floating scalar or does not depend on the parameters.
        ShapeError: If the optimizer changes the shape of its state.
    """
    steps = [_Step(problem, rows) for rows in batches] or [_Step(problem, None)]
    first, batch = steps[0], steps[0].data
    warn_of_pairings(first.trace, [leaf.array for leaf in batch], called_with(problem, batch))
    warn_of_ignored(first.ignored)
    return _share(steps)


def trace_loss(problem: Problem) -> Traced:
    """Trace the loss alone, `(*params, *state, *data, *captured)` to the loss.

    The state is the loss's own, which most have none of.
    """
    return _share([_Evaluation(problem)])


class _PartialProgram:
    """A program in the making, its inputs still apart from what it captured."""

    def __init__(self, problem: Problem) -> None:
        self.trace = Trace()
        self.before: list[Symbol] = []
        self.after: list[Symbol] = []
        self.equations: tuple[Equation, ...] = ()
        self.outputs: list[Symbol] = []
        self.params = tree.unflatten(problem.params, self.inputs(problem.param_specs, self.before))
        self.state = tree.unflatten(problem.state, self.inputs(problem.state_specs, self.before))
        self.data = self.inputs(problem.data_specs, self.before)

    def inputs(self, specs: Sequence[Spec], place: list[Symbol]) -> list[Tensor]:
        """Return new traced tensors, inputs at a place."""
        symbols = [self.trace.input(spec) for spec in specs]
        place += symbols
        return [make(symbol, None, symbol.spec.weak) for symbol in symbols]


def _scaled(problem: Problem, scale: Any) -> Callable[..., Any]:
    """Return the loss times what its optimizer wants of it, and beside that the loss itself."""

    def scaled(*args: Any) -> tuple[Any, Any]:
        loss, after = problem.call(*args)
        return loss * astype(as_tensor(scale), loss.dtype), (loss, after)

    return scaled


def _value_and_gradient(problem: Problem, scale: Any, *args: Any) -> tuple[Any, Any]:
    """Return ((loss, state after it), gradient), the gradient times the scale."""
    # A float is the 1 of an optimizer that wants nothing; a loss beside would be traced twice.
    if isinstance(scale, float):
        found: tuple[Any, Any] = value_and_grad(problem.call, has_aux=True)(*args)
        return found
    (_, loss), gradient = value_and_grad(_scaled(problem, scale), has_aux=True)(*args)
    return loss, gradient


class _Step(_PartialProgram):
    def __init__(self, problem: Problem, rows: Spec | None) -> None:
        super().__init__(problem)
        params, state = self.params, self.state
        scalars = self.inputs([_SCALAR] * problem.scalars, self.after)
        if rows is not None:
            positions = self.inputs([rows], self.after)[0]
            self.data = [take(leaf, positions, axis=0) for leaf in self.data]
        state, carried = state if problem.carries else (state, ())
        ours = problem.traced(self.trace, params, carried)
        with at_the_users_line(problem, self.data), ours, writing(self.trace):
            (loss, after), gradient = _value_and_gradient(
                problem, loss_scale(state), params, self.data, carried
            )

        def value_of(params: Any) -> Any:
            """Return the loss of the same batch at other parameters, for a line search."""
            with problem.traced(self.trace, params, carried):
                return problem.call(params, self.data, carried)[0]

        loss_symbol = self.trace.lift(loss)
        gradients = [self.trace.lift(as_tensor(leaf)) for leaf in tree.leaves(gradient)]
        unread = require_gradient(self.trace, loss_symbol, self.before, gradients, params)
        start = tree.leaves(params)
        if getattr(params, "moved_together", False):
            unread = {}  # the optimizer moves what the loss does not read by what it reads
        self.ignored = [name for i, name in unread.items() if start[i].size]
        # What the loss ignores stays as it is: weight decay too would change it unseen. So does,
        # as in PyTorch, a module's parameter without a gradient.
        still = set(unread)
        if problem.carries:
            still |= set(without_derivative(self.trace, gradients))
        optimizer = problem.optimizer.rebuild(scalars) if scalars else problem.optimizer
        with writing(self.trace), from_the_optimizer(problem):
            further = {"value": loss, "grad": gradient, "obj_fn": value_of, "value_fn": value_of}
            further["grad_fn"] = lambda params, step=0: grad(value_of)(params)
            updates, state = optimizer.update(gradient, state, params, **further)
            params = apply_updates(params, updates)
        state = (state, after) if problem.carries else state
        moved = [start[i] if i in still else p for i, p in enumerate(tree.leaves(params))]
        leaves = [*moved, *self._state_leaves(problem, state)]
        self.outputs = [*(self.trace.lift(as_tensor(leaf)) for leaf in leaves), loss_symbol]
        own = len(self.outputs) - 1 - len(tree.leaves(after))
        for i, (symbol, before) in enumerate(zip(self.outputs[:-1], self.before, strict=False)):
            _require_spec(symbol.spec, before.spec, is_buffer=i >= own)
        self.equations = tuple(self.trace.equations)

    def _state_leaves(self, problem: Problem, after: Any) -> list[Any]:
        leaves, definition = tree.flatten(after)
        if definition != problem.state:
            raise ShapeError(
                f"The optimizer changes the structure of its state from {problem.state} to "
                f"{definition}, but every step must return what it was given. "
                "Return the new state in the structure that init made."
            )
        return leaves


class _Evaluation(_PartialProgram):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        ours = problem.traced(self.trace, self.params, self.state)
        with at_the_users_line(problem, self.data), ours, writing(self.trace):
            loss, _ = problem.call(self.params, self.data, self.state)
        rolled = finish(self.trace, self.before, [self.trace.lift(loss)])
        self.equations, self.outputs = rolled.equations, list(rolled.outputs)


def _share(parts: Sequence[_PartialProgram]) -> Traced:
    """Give all programs the inputs that any of them captured."""
    captured: dict[Any, Tensor] = {}
    lines: dict[Any, str] = {}
    for part in parts:
        for key, (tensor, symbol) in part.trace.captured.items():
            captured[key] = tensor
            lines.setdefault(key, part.trace.line_of(symbol) or UNKNOWN)
    _require_values(captured, lines)
    for tensor in captured.values():
        if _is_wanted_outside(tensor, parts[0].trace.level):
            require_no_gradient(tensor, "a value that the loss or the optimizer reads")
    programs = []
    for part in parts:
        known = part.trace.captured
        between = [
            known[key][1] if key in known else part.trace.input(Spec(tensor.shape, tensor.dtype))
            for key, tensor in captured.items()
        ]
        inputs = (*part.before, *between, *part.after)
        # What was rolled up is there yet, one equation after another.
        programs.append(remove_dead_code(Program(inputs, part.equations, tuple(part.outputs))))
    arrays = [tensor.array for tensor in captured.values()]
    untrained = [(t, lines[key]) for key, t in captured.items() if t.node is not None]
    return Traced(programs, arrays, list(lines.values()), untrained, parts[0].trace.level)


def _require_values(captured: Mapping[Any, Tensor], lines: Mapping[Any, str]) -> None:
    """Refuse what was kept from an earlier trace, and has no value."""
    for key, tensor in captured.items():
        if tensor.is_symbolic:
            raise TracingError(
                f"The loss uses at {lines[key]} a tensor that it kept from an earlier call, as in "
                "self.hidden = …; a run traces it once, and no value is left from one step to the "
                "next. Keep it in a buffer of the module: register_buffer, then self.hidden = …."
            )


def _is_wanted_outside(tensor: Tensor, began: int) -> bool:
    """Tell whether somebody wants the derivative by what a captured tensor was computed from.

    That is a function being differentiated since before the trace began, or a leaf; but not a
    module's parameters, which require gradients also where the module is not trained.
    """
    nodes = history([tensor.node]) if tensor.requires_grad else ()
    return any(
        type(node.leaf and node.leaf()) is Tensor or (node.is_variable and node.order < began)
        for node in nodes
    )


def _scalar(value: Any) -> Tensor:
    if value is None:
        raise GradientError(
            "The loss returned None, but fit needs one number a call. Add a return statement."
        )
    if isinstance(value, (tuple, list, dict)):
        raise GradientError(
            f"The loss returned a {type(value).__name__}, but fit needs one number a call. "
            "Return the loss alone."
        )
    tensor = as_tensor(value)
    if tensor.shape != ():
        raise GradientError(
            f"The loss returned an array of shape {tensor.shape}, but fit needs a scalar. "
            "Reduce it with np.mean or np.sum."
        )
    if tensor.dtype.kind != "f":
        raise GradientError(
            f"The loss returned {tensor.dtype}, which has no derivative; fit needs a floating "
            "scalar. A count of errors cannot be minimized by gradients: use a smooth loss."
        )
    return tensor


def _require_spec(after: Spec, before: Spec, is_buffer: bool) -> None:
    if (after.shape, after.dtype) == (before.shape, before.dtype):
        return
    if is_buffer:
        raise ShapeError(
            f"The module turns a {before} among its buffers into a {after}, but every step must "
            "leave what it was given. Register the buffer in the shape and dtype that it keeps, "
            "or convert what is assigned to it with astype."
        )
    raise ShapeError(
        f"The optimizer turns a {before} of its state into a {after}, but every step must "
        "return what it was given. Keep shapes and dtypes as init made them, with astype."
    )


def at_the_users_line(problem: Problem, data: Sequence[Tensor]) -> AbstractContextManager[None]:
    """Add to an error the line of the loss it comes from, and what the loss was called with."""
    return _explaining(lambda: f"The loss was called with {called_with(problem, data)}")


def from_the_optimizer(problem: Problem) -> AbstractContextManager[None]:
    """Add to an error that it comes from the optimizer, and the user's line if there is one."""
    return _explaining(lambda: f"It came from the optimizer, {problem.optimizer}", inside=1)


@contextlib.contextmanager
def _explaining(what: Callable[[], str], inside: int = 0) -> Iterator[None]:
    """Add to an error where it comes from, and ", at FILE:LINE" for the user's innermost line.

    Args:
        what: Says where it comes from.
        inside: How many of the outermost frames are not the user's.
    """
    try:
        yield
    except TrainingDiverged:
        raise
    except ThalwegError as error:
        line = raised_at(error, inside)
        at = f", at {line}" if line else ""
        raise type(error)(f"{error} {what()}{at}.") from error


def called_with(problem: Problem, data: Sequence[Tensor]) -> str:
    """Describe the arguments of the loss by name and shape."""
    names = parameter_names(problem.loss)
    params = _shapes(tree.unflatten(problem.params, [spec.shape for spec in problem.param_specs]))
    arguments: Any = tree.unflatten(problem.data, list(data))
    if not isinstance(arguments, dict):
        unnamed = [f"data[{position}]" for position in range(len(arguments))]
        known = [*names[1:], *unnamed[len(names[1:]) :]]
        arguments = dict(zip(known, arguments, strict=False))
    items = [f"{names[0] if names else 'params'} {params}"]
    for name, value in arguments.items():
        items.append(f"{name} {_shapes(tree.map(lambda t: tuple(t.shape), value))}")
    return ", ".join(items)


def _shapes(shapes: Any) -> str:
    text = str(shapes)
    return text if len(text) <= 300 else f"{text[:300]}…"
