"""The command that searches hyperparameters: ranges as text, and what is written and shown."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from thalweg import __version__, tuning
from thalweg.cli import status
from thalweg.cli.folder import prepare, save
from thalweg.cli.grammar import build
from thalweg.cli.report import report
from thalweg.cli.settings import options_of, settings_of, to_toml
from thalweg.errors import ArgumentError, SpecError, shown
from thalweg.estimators.settings import Settings
from thalweg.estimators.tuning import TunedTable, default_space, tune_table
from thalweg.training.inputs import whole_number
from thalweg.tuning.space import Dimension, Space
from thalweg.tuning.study import Study
from thalweg.tuning.trial import Result

log = logging.getLogger("thalweg")

RANGES = {
    name: getattr(tuning, name)
    for name in ("uniform", "loguniform", "near_one", "integers", "choice")
}
TUNING = "tuning.html"


def tune_file(
    options: Mapping[str, Any],
    search: Sequence[str],
    compare: Sequence[str],
    how: Mapping[str, Any],
    workers: int,
    folder: Path,
    force: bool,
    quiet: bool = False,
) -> int:
    """Search, fit the best, write its folder and show both; return the exit status.

    Args:
        options: The settings that stay fixed, and the file.
        search: Nuisance hyperparameters as text.
        compare: Scientific ones.
        how: Arguments of `tune_table`.
        workers: How many processes run trials.
        folder: Where the model goes.
        force: Whether a model of other data is replaced without asking.
        quiet: Whether nothing is shown.
    """
    workers = whole_number("workers", workers, 1, "It is how many processes run trials.")
    settings = settings_of(options)
    nuisance = dict(map(parse_range, search)) or default_space(settings, how["trials"])
    scientific = dict(map(parse_range, compare))
    space = Space(scientific, {k: v for k, v in nuisance.items() if k not in scientific})
    prepare(folder, options["data"], force)
    fixed = {k: v for k, v in vars(settings).items() if k != "target" and v != _default(k)}
    with _pool(workers) as executor, warnings.catch_warnings():
        # That some trials climb is what a search finds out.
        _quiet()
        found = tune_table(
            options["data"], settings.target, space, executor=executor,
            progress=False if quiet else "auto", callbacks=_told, **how, **fixed,
        )  # fmt: skip
    _write(found, options, folder)
    log.info("wrote the model and its report to %s", folder)
    if not quiet:
        from thalweg.cli.screen import show, show_study

        show_study(found.study, folder / TUNING, how["log"])
        show(found.fit, options_of(found.fit.settings, options, folder), folder)
    return status.INTERRUPTED if found.fit.trained.interrupted else status.DONE


def parse_range(text: str) -> tuple[str, Dimension]:
    """Read a range: its name, and how Python writes it.

    Raises:
        SpecError: If it is none.

    Example:
        >>> parse_range("l2 = loguniform(1e-3, 1e3)")
        ('l2', loguniform(0.001, 1000.0))
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not (equals and name.isidentifier()):
        raise SpecError(
            f"{shown(text)} is no range. Write a name and what it may be, as in "
            '"l2=loguniform(1e-3, 1e3)".'
        )
    try:
        made = build(written, RANGES)
    except SpecError as error:
        reason = str(error).replace("is no optimizer", "is no range").partition("; write it")[0]
        raise SpecError(
            f"The range of {name}: {reason.rstrip('.')}. Write it like loguniform(1e-3, 1e3) or "
            "choice(32, 128)."
        ) from error
    if not isinstance(made, Dimension):
        raise ArgumentError(f"{shown(written)} is no range. Give one of {', '.join(RANGES)}.")
    return name, made


def _default(name: str) -> Any:
    return getattr(Settings("y"), name)


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[Executor | None]:
    if workers == 1:
        yield None
        return
    with ProcessPoolExecutor(workers, initializer=_quiet) as pool:
        yield pool


def _told(study: Study, result: Result) -> None:
    log.info("trial %d: %s %.5g", result.number, study.minimize, result.value)


def _quiet() -> None:
    warnings.filterwarnings("ignore", "The loss rose")


def _write(found: TunedTable, options: Mapping[str, Any], folder: Path) -> None:
    done = options_of(found.fit.settings, options, folder)
    run = to_toml(done, {"thalweg": __version__})
    save(folder, found.fit, run, report(found.fit, done, run))
    found.study.report(folder / TUNING)
