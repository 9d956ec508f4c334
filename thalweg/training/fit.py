"""tw.fit: a loss, parameters, data and an optimizer, run as one loop."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Protocol, TypedDict, TypeVar, Unpack, overload

from thalweg import tree
from thalweg.core.calls import explained
from thalweg.engines.engine import Array, Engine
from thalweg.engines.fingerprint import Fingerprint
from thalweg.engines.registry import Fallback
from thalweg.errors import ArgumentError, IndexOutOfRange
from thalweg.optim import GradientTransformation
from thalweg.optim.transformation import as_transformation
from thalweg.training.carrying import Carrying, accepting_models
from thalweg.training.checks.positions import Read, out_of_range
from thalweg.training.divergence import Suspects, diverged, pointed_outside, warn_of_climb
from thalweg.training.inputs import (
    Shuffle,
    leaf_names,
    read_batches,
    read_data,
    read_parameters,
    read_state,
    with_carried,
)
from thalweg.training.loop import Evaluate, NotFiniteError, RunFacts, Slices, Watchers, read_course
from thalweg.training.prepare import EngineChoice, prepare_evaluation, prepare_step
from thalweg.training.program import Problem
from thalweg.training.progress import Callbacks, Progress
from thalweg.training.record import Trees
from thalweg.training.result import Fit
from thalweg.training.saving import Checkpoint, read_checkpoint, read_resume, require_same

Params = TypeVar("Params")


class Trainable(Protocol):
    """A model that holds its own parameters, and says how it is fitted."""

    __fit__: ClassVar[Callable[..., Any]]  # calls `fit` with a loss of the parameters


def _advice(*args: Any, **kwargs: Any) -> str:
    """Return what to do about a call of fit that does not fit its signature."""
    if len(args) > 3:
        return " Give several arrays of data as one tuple, as in fit(loss, params, (X, y), …)."
    if any(name in kwargs for name in ("lr", "learning_rate")):
        return " The learning rate belongs to the optimizer: optimizer=tw.optim.adam(0.01)."
    if kwargs.keys() <= inspect.signature(fit).parameters.keys() and "optimizer" not in kwargs:
        return " Give an optimizer, such as optimizer=tw.optim.adam(0.01)."
    return ""


class Options(TypedDict, total=False):
    """What else `fit` may be told, by name."""

    batch_size: int | None
    epochs: int
    steps: int | None
    shuffle: Shuffle
    seed: int
    drop_last: bool
    validation: Any
    evaluate_every: int | None
    patience: int | None
    callbacks: Any
    progress: bool | Literal["auto"] | Callable[..., Any]
    engine: str | Engine
    fallback: Fallback
    checkpoint: str | os.PathLike[str] | Checkpoint | None
    resume: str | os.PathLike[str] | Fit | None


@overload
def fit(
    loss: Callable[..., Any],
    params: Params,
    data: Any = None,
    *,
    optimizer: GradientTransformation,
    **options: Unpack[Options],
) -> Fit[Params]: ...
@overload
def fit(
    model: Trainable,
    data: Any,
    /,
    *,
    loss: Callable[..., Any],
    optimizer: GradientTransformation,
    **options: Unpack[Options],
) -> Fit[dict[str, Any]]: ...
@accepting_models
@explained(_advice)
def fit(
    loss: Callable[..., Any],
    params: Any,
    data: Any = None,
    *,
    optimizer: GradientTransformation,
    batch_size: int | None = None,
    epochs: int = 1,
    steps: int | None = None,
    shuffle: Shuffle = "epoch",
    seed: int = 0,
    drop_last: bool = False,
    validation: Any = None,
    evaluate_every: int | None = None,
    patience: int | None = None,
    callbacks: Any = (),
    progress: bool | Literal["auto"] | Callable[..., Any] = "auto",
    engine: str | Engine = "auto",
    fallback: Fallback = "callback",
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    resume: str | os.PathLike[str] | Fit | None = None,
) -> Fit:
    """Minimize a loss over parameters: batches, gradients, optimizer and schedule in one loop.

    Args:
        loss: A module to train (see below), or a function, called as `loss(params, *arrays)`, or
            `loss(params, **arrays)` for a dict of data; returns a scalar. Plain NumPy. It is run
            to trace it, once for each size of batch, and not at each step. It is traced again
            when something it reads has changed: globals, closures, defaults, attributes, modules,
            arrays; at every fit if it reads files, the environment, a clock or what cannot be
            looked at.
        params: Where to start: a tree of floating arrays or numbers.
        data: An array, or a tuple or dict of arrays that share axis 0; or None.
        optimizer: A gradient transformation, such as `tw.optim.adam(0.01)`.
        batch_size: Rows a step, from 1 to all; None uses the data whole at each step.
        epochs: How often to go through the data.
        steps: How many steps to make, instead of `epochs`.
        shuffle: "epoch" draws a new order each epoch, "once" draws one order for all epochs
            (`numpy.random.default_rng(seed).shuffle`), False keeps the order of the data.
        seed: What the orders follow from, 0 or more.
        drop_last: Whether to leave out an epoch's last batch if it is smaller.
        validation: Data like `data`, on which the loss is evaluated during the run.
        evaluate_every: Steps between two evaluations; by default an epoch.
        patience: Stop after this many evaluations without a new best one.
        callbacks: Functions called with the run's info at each evaluation (each epoch, if there
            are no validation data), or objects with any of `on_begin on_eval on_checkpoint
            on_end`. They are called between slices of the run, never for each step. A logger is
            one too: what has `log(dict, step)` as Weights & Biases, `log_metrics(dict, step)` as
            MLflow, or `add_scalar(name, value, step)` as TensorBoard's SummaryWriter.
        progress: "auto" shows a line in terminals and a bar in notebooks, from half a second on;
            True shows it anywhere, False never; or a function of the run's info, called from half
            a second on, at most ten times a second, and once at least.
        engine: "auto", "native" or "numpy".
        fallback: What becomes of an operation that the native engine cannot compute, such as a
            Fourier transform or a primitive of your own. "callback" calls NumPy for it from
            inside of the native loop, says so in one warning with the operation and its line,
            and tells in the result what part of the time it took; "refuse" raises an EngineError
            that names it. Both hold for "auto" and "native".
        checkpoint: A path, or a Checkpoint, to write the run to while it goes.
        resume: A path or a Fit to continue, bit for bit as if it had not stopped. A finished
            run goes on for `epochs` more; an interrupted one is completed, if called as before.

    A module is trained by `fit(model, (X, y), loss=nn.functional.mse_loss, optimizer=…)`: the loss
    is called with the model's output and the last of the data, which may also be a data set or
    loader over arrays. Wherever the loss meets parameters or buffers of the module, as in a
    penalty over `model.parameters()`, they are those of the run; so are hooks on gradients. Its
    buffers and thalweg's random numbers are part of the run, and it holds the trained parameters
    when `fit` returns; validation is evaluated in its evaluation mode.

    Returns:
        The fit: `params`, `best_params`, `history`, `opt_state`, `plot()`, `save()`.

    Raises:
        CallError: If an argument is unknown or missing, or the loss does not take the data.
        ArgumentError: If an argument is outside its range.
        DataError: If the data hold NaN, are empty, are of pandas with other indexes, or do not fit
            in memory.
        ShapeError: If shapes do not fit, in the data or in the loss.
        DtypeError: If parameters are not floating or data not numbers.
        GradientError: If the loss is no scalar, or ignores all its parameters.
        TracingError: If the loss depends on what changes from call to call, or asks for values.
        UnsupportedOperation: If the loss calls a NumPy function that thalweg lacks.
        EngineError: If the native engine cannot compute all, with the fallback "refuse".
        TrainingDiverged: If the loss or the parameters stop being finite.
        CheckpointError: If a file is damaged, missing or of another run.
        KeyboardInterrupt: On Ctrl-C; its attribute `fit` is the run so far.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(200, 2))
        >>> y = X @ [1.0, -2.0] + 3.0
        >>> def squared(params, X, y):
        ...     return np.mean((y - X @ params["w"] - params["b"]) ** 2)
        >>> found = tw.fit(
        ...     squared, {"w": np.zeros(2), "b": 0.0}, (X, y),
        ...     optimizer=tw.optim.adam(0.1), batch_size=20, epochs=50,
        ... )
        >>> found.params["w"].round(3), round(found.params["b"], 3)
        (array([ 1., -2.]), 3.0)
    """
    _require_function(loss)
    optimizer = as_transformation(optimizer)
    start = read_parameters(params)
    rows = read_data(data, loss)
    layout = read_batches(rows.rows, batch_size, shuffle, seed, drop_last, data is not None)
    writes = read_checkpoint(checkpoint)
    resumed = read_resume(resume, writes)
    before = resumed and resumed[0]
    hooks, line = Callbacks(callbacks), Progress(progress)
    state = read_state(optimizer, start)
    trees, carried = Trees.of(start.definition, start.kinds, state.definition), None
    if isinstance(loss, Carrying):
        carried = loss.carried(layout.seed)
        state = with_carried(state, carried)
    problem = Problem(
        loss, optimizer, start.definition, start.specs, state.definition, state.specs,
        rows.definition, rows.specs, len(state.names), carried is not None,
    )  # fmt: skip
    fingerprint = _fingerprint(loss)
    with line.announced("compiling"):
        choice = EngineChoice(engine, fallback)
        step, compiling = prepare_step(problem, fingerprint, layout, choice)
        choice = choice.following(step)
        evaluate, more = _evaluation(problem, carried, fingerprint, validation, choice)
    wanted, evaluations, heard = (epochs, steps), (evaluate_every, patience), hooks.wants("on_eval")
    course = read_course(layout.steps_per_epoch, before, wanted, evaluations, evaluate, heard)
    leaves = [*start.arrays, *state.arrays]
    if resumed is not None:
        require_same(*resumed, trees, start.arrays, state.arrays, layout, optimizer)
        leaves = [*resumed[0].params, *resumed[0].state]
    arrays = [*rows.arrays, *step.captured.arrays(fingerprint.arrays)]
    run = step.compiled.begin(leaves, arrays, state.scalars, layout.order(), layout.seed)
    if writes is not None:
        trees.require_writable()
    facts = RunFacts(trees, layout, optimizer, name_of(loss), step.engine, compiling + more)
    slices = Slices(course, facts, Watchers(hooks, line, writes), run, leaves, before)
    suspects = Suspects(problem, step, leaves, arrays, rows, lambda: leaf_names(data, loss), state)
    return _run(slices, suspects, (loss, data))


def _fingerprint(loss: Callable[..., Any]) -> Fingerprint:
    if isinstance(loss, Carrying):
        return Fingerprint(loss.consists_of, loss.given)
    return Fingerprint(loss)


def _run(slices: Slices, suspects: Suspects, origin: tuple[Callable[..., Any], Any]) -> Fit:
    try:
        slices.go()
        slices.end()
    except NotFiniteError as bad:
        raise diverged(slices, bad, suspects) from None
    except IndexOutOfRange as error:
        raise pointed_outside(slices, error, suspects) from None
    except KeyboardInterrupt as interruption:
        fit = slices.interrupted()
        fit.origin = origin
        interruption.fit = fit  # type: ignore[attr-defined]
        raise
    record = slices.record(finished=True)
    warn_of_climb(record.losses)
    return Fit(record, slices.facts.trees, origin)


def _evaluation(
    problem: Problem, carried: Any, fingerprint: Fingerprint, validation: Any, engine: EngineChoice
) -> tuple[Evaluate | None, float]:
    """Return the loss on the validation data as a function of leaves, and the compile time."""
    if validation is None:
        return None, 0.0
    held = read_data(validation, problem.loss, "validation")
    count, own = len(problem.param_specs), len(tree.leaves(carried))
    states = problem.state_specs[len(problem.state_specs) - own :]
    loss = problem.loss.evaluation() if isinstance(problem.loss, Carrying) else problem.loss
    held_problem = replace(
        problem, loss=loss, data=held.definition, data_specs=held.specs,
        state=tree.structure(carried if carried is not None else ()), state_specs=states,
    )  # fmt: skip
    ready, seconds = prepare_evaluation(held_problem, fingerprint, engine)
    arrays = [*held.arrays, *ready.captured.arrays(fingerprint.arrays)]
    names = lambda: leaf_names(validation, problem.loss, "validation")
    read = Read(ready.program, count + own, arrays, names, 0)

    def evaluate(leaves: Sequence[Array]) -> float:
        given = [*leaves[:count], *leaves[len(leaves) - own :]]
        try:
            return float(ready.run(*given, *arrays)[0])
        except IndexOutOfRange as error:
            raise out_of_range(error, read) from None

    return evaluate, seconds


def _require_function(loss: Any) -> None:
    if not callable(loss):
        raise ArgumentError(
            f"loss={loss!r} was given, but a loss is a function of (params, *arrays) that "
            "returns one number. Give the function itself, not its result."
        )


def name_of(function: Any) -> str:
    """Return the name a function is known by."""
    name = getattr(function, "__name__", None) or type(function).__name__
    return str(name)
