"""tw.tune: trials of a space of hyperparameters, wherever they run, logged and resumed."""

from __future__ import annotations

import math
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import replace
from typing import Any, Literal

from thalweg.errors import ArgumentError, CheckpointError, printable, shown
from thalweg.training.inputs import whole_number
from thalweg.tuning.log import TrialLog
from thalweg.tuning.pruners import pruner_of
from thalweg.tuning.samplers import sampler_of
from thalweg.tuning.space import Config, Space
from thalweg.tuning.study import Study
from thalweg.tuning.trial import VALIDATION, Pruner, Result, Train, Trial, run

# Trials that are begun without knowing of one another, if a sampler or a pruner learns.
WAVE = 8


def tune(
    train: Train,
    space: Space | Mapping[str, Any],
    *,
    trials: int = 64,
    sampler: Any = "sobol",
    pruner: Any = None,
    executor: Any = None,
    log: str | os.PathLike[str] | None = None,
    seed: int = 0,
    minimize: str = VALIDATION,
    wave: int = WAVE,
    callbacks: Callable[[Study, Result], Any] | Iterable[Callable[[Study, Result], Any]] = (),
    progress: bool | Literal["auto"] = "auto",
) -> Study:
    """Try hyperparameters, and return the study of how each trial went.

    Args:
        train: Called as `train(config, trial)` with a dict of hyperparameters and a
            `tw.tuning.Trial`. Returns what `tw.fit` returned; or the number to minimize; or a dict
            of numbers, with curves under "curves". With `callbacks=trial` a fit reports its
            evaluations, and can be pruned; otherwise there is `trial.report(value, step)` and
            `trial.should_prune()`.
        space: A `tw.tuning.Space` of scientific, nuisance and fixed hyperparameters; or a dict, of
            which ranges are nuisance and plain values fixed.
        trials: How many to make, those in the log counted.
        sampler: "sobol" (SciPy's, scrambled), "halton" or "random"; "tpe", "gp" or "cmaes" of
            Optuna, or a sampler of Optuna's; or an object with `ask(count)` and `tell(results)`.
        pruner: What stops trials that do badly: "median", "halving", `tw.tuning.Median(…)`,
            `tw.tuning.Halving(…)` or a function of the trial and earlier results.
        executor: A `concurrent.futures.Executor` for more cores or machines: Python's own pools,
            Dask's `client.get_executor()`, mpi4py's. None runs trials one after another.
        log: A file that each finished trial is written to; a study that was stopped, by kill −9
            even, is called again in the same way and goes on.
        seed: What the sampler's draws follow from.
        minimize: What is minimized: "val_loss", the least validation loss of a fit; "loss", the
            mean over its last epoch; or a name of the dict that `train` returns.
        wave: If sampler or pruner learn, so many trials begin without knowing of one another. That,
            and not who runs them, decides what is known to each: so the trials are the same for
            every executor.
        callbacks: Functions called as `callback(study, result)` when a trial is in the log.
        progress: "auto" shows a line in terminals, True anywhere, False never.

    A learning rate, and every other number of an optimizer, is given to compiled code while it
    runs: a trial that differs in such numbers compiles nothing. Weight decay belongs to the
    optimizer for that reason (`tw.optim.add_decayed_weights`); a number that the loss itself reads
    is part of its program.

    Returns:
        The study: `best`, `results`, `report(path)`, `plot()`, `next_steps()`.

    Raises:
        ArgumentError: If an argument is outside its range, or `train` returns no number.
        CheckpointError: If the log is damaged, of another study, or cannot be written.
        KeyboardInterrupt: On Ctrl-C; its attribute `study` is the study so far.

    Source:
        Godbole, Dahl, Gilmer, Shallue and Nado, "Deep Learning Tuning Playbook", 2023.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> X = np.random.default_rng(0).normal(size=(300, 3))
        >>> y = X @ [1.0, -2.0, 3.0]
        >>> def squared(w, X, y):
        ...     return np.mean((y - X @ w) ** 2)
        >>> def train(config, trial):
        ...     return tw.fit(
        ...         squared, np.zeros(3), (X[:200], y[:200]), validation=(X[200:], y[200:]),
        ...         optimizer=tw.optim.sgd(config["learning_rate"]), batch_size=20, epochs=3,
        ...         callbacks=trial,
        ...     )
        >>> space = {"learning_rate": tw.tuning.loguniform(1e-4, 1.0)}
        >>> study = tw.tune(train, space, trials=16)
        >>> study.best.value < 1e-6
        True
    """
    space = Space.of(space)
    trials = whole_number("trials", trials, 1, "It is how many trials to make.")
    wave = whole_number("wave", wave, 1, "It is how many trials begin together.")
    asking, rule = sampler_of(sampler, space, seed), pruner_of(pruner)
    _require(train, executor)
    learns = asking.learns or rule is not None
    facts = {
        "space": space.plain(), "sampler": asking.text, "seed": seed, "minimize": minimize,
        "pruner": _text(rule), "wave": wave if learns else None,
    }  # fmt: skip
    kept = TrialLog(log, facts)
    told = [callbacks] if callable(callbacks) else list(callbacks)
    study = Study(space, [], minimize, facts)
    line = _Line(trials, progress)
    try:
        for first in range(0, trials, wave if learns else trials):
            count = min(wave if learns else trials, trials - first)
            configs = dict(enumerate(asking.ask(count), first))
            known = {n: kept.results[n] for n in configs if n in kept.results}
            _require_asked(log, known, configs)
            study.results += known.values()
            left = [
                Trial(n, config, rule, _peers(study.results, first) if rule else ())
                for n, config in configs.items() if n not in known
            ]  # fmt: skip
            for result in _done(train, left, minimize, executor):
                kept.add(result)
                study.results.append(result)
                line.show(study)
                for callback in told:
                    callback(study, result)
            study.results.sort(key=lambda result: result.number)
            asking.tell(study.results[first:])
    except KeyboardInterrupt as interruption:
        study.results.sort(key=lambda result: result.number)
        interruption.study = study  # type: ignore[attr-defined]
        raise
    finally:
        line.end()
    return study


def _peers(results: Sequence[Result], first: int) -> tuple[Result, ...]:
    """Return the trials of earlier waves, without what would only travel."""
    earlier = (result for result in results if result.number < first)
    return tuple(replace(result, metrics={}, curves={}) for result in earlier)


def _done(train: Train, trials: Sequence[Trial], minimize: str, executor: Any) -> Iterator[Result]:
    """Run trials and yield how they went, as they finish."""
    if executor is None:
        for trial in trials:
            yield run(train, trial, minimize)
        return
    pending = [executor.submit(run, train, trial, minimize) for trial in trials]
    try:
        ours = all(isinstance(future, futures.Future) for future in pending)
        for future in futures.as_completed(pending) if ours else pending:
            try:
                yield future.result()
            except (pickle.PicklingError, AttributeError) as error:
                if "pickle" not in str(error):
                    raise
                raise ArgumentError(
                    f"train cannot be sent to another process ({error}). Define it at the top of "
                    "a module, with its data there or in functools.partial; or give a "
                    "ThreadPoolExecutor."
                ) from error
    finally:
        for future in pending:
            future.cancel()


def _require(train: Any, executor: Any) -> None:
    if not callable(train):
        raise ArgumentError(
            f"train is {shown(train)}. Give a function of (config, trial) that returns a fit or "
            "the number to minimize."
        )
    if executor is not None and not hasattr(executor, "submit"):
        raise ArgumentError(
            f"executor is {shown(executor)}. Give a concurrent.futures.Executor, such as "
            "ProcessPoolExecutor(2) or Dask's client.get_executor()."
        )


def _require_asked(log: Any, known: Mapping[int, Result], asked: Mapping[int, Config]) -> None:
    for number, result in known.items():
        if result.config != asked[number]:
            raise CheckpointError(
                f"Trial {number} of the log {printable(log)} has {shown(result.config)}, and the "
                f"sampler asks for {shown(asked[number])}. Give a new sampler with the seed that "
                "it had, or another log."
            )


def _text(rule: Pruner | None) -> str | None:
    """Return a pruner for the log: a rule with its numbers, a function by its name."""
    return getattr(rule, "__qualname__", None) or (None if rule is None else repr(rule))


class _Line:
    """The line that tells how a study goes."""

    def __init__(self, trials: int, choice: Any) -> None:
        if choice not in ("auto", True, False):
            raise ArgumentError(f"progress is {choice!r}. Give 'auto', True or False.")
        self._trials = trials
        self._watched = bool(getattr(sys.stderr, "isatty", lambda: False)())
        self._shown = choice is True or (choice == "auto" and self._watched)
        self._open = False

    def show(self, study: Study) -> None:
        """Show it anew."""
        if not self._shown:
            return
        done = len(study.results)
        best = min((result.value for result in study.results), default=math.nan)
        text = f"trial {done:,}/{self._trials:,}  best {study.minimize} {best:.5g}"
        if self._watched:
            sys.stderr.write(f"\r{text}\x1b[K")
            self._open = True
        else:
            sys.stderr.write(f"{text}\n")

    def end(self) -> None:
        """Leave the last one standing."""
        if self._open:
            sys.stderr.write("\n")
