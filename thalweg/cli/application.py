"""The commands and their options."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
from cyclopts import App, Parameter, Token

from thalweg import __version__
from thalweg.cli import status
from thalweg.data.encoding import Missing, Unknown
from thalweg.data.reading import Decimal
from thalweg.errors import ArgumentError, printable, shown
from thalweg.estimators.settings import NEWTON, Settings

log = logging.getLogger("thalweg")

# How a lone hyphen passes through the parser, which takes it for an option.
STANDARD_INPUT, DEVICE = "-", "/dev/stdin"

# What a fit by an optimizer needs.
TRAINING = ("training.fit", "engines.llvm.engine", "engines.jit")

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def application() -> App:
    """Return the command line as an application."""
    app = App(
        name="thalweg",
        help="Gradient-based optimization: fit a file, tune the fit, predict with it.",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    app.command(fit)
    app.command(tune)
    app.command(predict)
    app.command(demo)
    return app


def with_settings(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command an option for every field of `Settings`, described as there."""
    signature = inspect.signature(command, eval_str=True)
    *own, rest = signature.parameters.values()
    own[1:1] = [
        rest.replace(name=name, kind=rest.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in _options_of_settings()
        if name not in signature.parameters
    ]
    command.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    return command


def _options_of_settings() -> Iterator[tuple[str, Any]]:
    described = dict(re.findall(r"^ {8}(\w+): (.+(?:\n {12}.+)*)", Settings.__doc__ or "", re.M))
    for name, kind in get_type_hints(Settings).items():
        plain = [t for t in get_args(kind) or (kind,) if t in (int, float)]
        taken = list[str] if get_origin(kind) is tuple else plain[0] if plain else str
        names = ["--target", "-y"] if name == "target" else None
        text = " ".join(described[name].split())
        converter = _whole if taken is int else None
        option = Parameter(name=names, help=text, negative=(), converter=converter)
        yield name, Annotated[taken | None, option]


def _whole(kind: Any, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts would round others.

    Raises:
        ValueError: If it is none, which cyclopts words.
    """
    text = tokens[0].value
    if not re.fullmatch(r"\s*[-+]?[0-9]+\s*", text):
        raise ValueError(f"{shown(text)} is no whole number.")
    return int(text)


@with_settings
def fit(
    data: str | None = None,
    /,
    *,
    out: Path | None = None,
    force: Annotated[bool, Parameter(negative=())] = False,
    run: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    verbose: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    **settings: Any,
) -> int:
    """Fit a model to a file, and write the model and a report to a folder.

    Numbers are standardized, texts one-hot encoded, a fifth of the rows held out.

    Args:
        data: A file (CSV, TSV, Parquet, JSON lines, Arrow, Excel), packed or not; a pattern in
            quotes, such as 'part-*.csv'; a folder of Parquet files; or - for standard input.
        settings: The fields of `Settings`.
        out: The folder to write, by default the file's name with .thalweg.
        force: Replace a model of other data without asking.
        run: The run.toml of a fit to repeat; other options change it.
        as_json: Print the result as JSON.
        verbose: Tell each step as it is done, with its time.
        quiet: Print nothing but errors, and JSON if that is asked for.
    """
    _set_level(verbose, quiet)
    given = {name: _meant(value) for name, value in ({"data": data} | settings).items()}
    options, facts = _options(given, run)
    return _fit(options, facts, out, force, "json" if as_json else "nothing" if quiet else "text")


def _set_level(verbose: bool, quiet: bool) -> None:
    """Choose what the logger `thalweg` says on standard error.

    Raises:
        ArgumentError: If both are asked for.
    """
    if verbose and quiet:
        raise ArgumentError("--verbose and --quiet exclude each other; leave one of them out.")
    level = logging.INFO if verbose else logging.ERROR if quiet else logging.WARNING
    log.setLevel(level)


def _meant(value: Any) -> Any:
    """Return an option's value with hyphens for the device they passed the parser as."""
    if isinstance(value, list):
        return tuple(_meant(item) for item in value)
    return STANDARD_INPUT if value == DEVICE else value


def _options(given: Mapping[str, Any], run: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Combine what is written on the command line with the file of a run, if one is given."""
    from thalweg.cli.settings import from_toml, located
    from thalweg.data.formulas import parse_formula

    found, facts = ({}, {}) if run is None else from_toml(run)
    if run is not None and "data" in found:
        found["data"] = located(found["data"], run.parent)
    merged = found | {name: value for name, value in given.items() if value is not None}
    if "data" not in merged:
        raise ArgumentError("No file was given; write thalweg fit data.csv --target COLUMN.")
    if (formula := given.get("formula")) and not given.get("target"):
        merged["target"] = parse_formula(formula).target
    if "target" not in merged:
        raise ArgumentError(
            f"No target was given; say which column of {merged['data']} to predict, with --target "
            "or a --formula."
        )
    return merged, facts


def _fit(
    options: Mapping[str, Any],
    facts: Mapping[str, Any],
    out: Path | None,
    force: bool,
    printed: str,
) -> int:
    from thalweg.cli.folder import prepare, save
    from thalweg.cli.report import report
    from thalweg.cli.settings import options_of, settings_of, to_toml
    from thalweg.data.frames import read_table
    from thalweg.estimators.fitting import cross_validate, fit_split, resolve
    from thalweg.estimators.split import split

    settings = settings_of(options)
    if facts.get("edited"):
        log.warning("the run to repeat was edited since a fit wrote it.")
    data = options["data"]
    folder = out or _folder_for(data)
    table, digest = read_table(data, settings.reading), _digest(data)
    rows = split(table, settings)
    chosen = resolve(rows, settings)
    for alert in rows.alerts:
        log.warning("%s", alert)
    # Training's modules are loaded before its folder is there: where Ctrl-C falls into one that
    # makes dataclasses, by text that `exec` runs, CPython dies of the signal at exit.
    for module in TRAINING if chosen.optimizer != NEWTON else ():
        importlib.import_module(f"thalweg.{module}")
    prepare(folder, data, force)
    if facts.get("digest", digest) != digest:
        log.warning("%s has changed since the run to repeat.", data)
    progress: Any = "auto" if log.isEnabledFor(logging.WARNING) else False
    found = fit_split(rows, chosen, progress)
    if settings.folds and not found.trained.interrupted:
        found = replace(found, folds=cross_validate(table, settings))
    done = options_of(chosen, options, folder)
    run = to_toml(done, {"digest": digest, "thalweg": __version__, "numpy": np.__version__})
    save(folder, found, run, report(found, done, run))
    log.info("wrote the model and its report to %s", folder)
    if printed == "json":
        from thalweg.cli.notes import answer, notes

        content = found.plain()
        content["data"] |= {"file": data, "digest": digest or None}
        content |= {"answer": answer(found), "notes": notes(found), "folder": str(folder)}
        # A line an entry: laid out further, thousands of coefficients take a second.
        entries = (f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in content.items())
        text = "{\n " + ",\n ".join(entries) + "\n}\n"
        # The one control character that JSON in ASCII leaves as it is.
        sys.stdout.write(text.replace("\x7f", "\\u007f"))
    elif printed == "text":
        from thalweg.cli.screen import show

        show(found, done, folder)
    return status.INTERRUPTED if found.trained.interrupted else status.DONE


def _folder_for(data: str) -> Path:
    """Return the folder for a file's fit: houses.thalweg for folder/houses.csv.gz.

    Raises:
        ArgumentError: If the file has no name to take.
    """
    name = Path(os.path.abspath(data)).name
    if data == STANDARD_INPUT or re.search(r"[*?\[]", name):
        raise ArgumentError(
            f"What is fitted to {data} has no name of its own; name the folder to write with --out."
        )
    packed = Path(name).suffix.lower() in PACKED
    return Path(Path(name).stem if packed else name).with_suffix(".thalweg")


def _digest(data: str) -> str:
    """Return a checksum of the content of files; "" for standard input, which is gone."""
    if data == STANDARD_INPUT:
        return ""
    from thalweg.data.frames import files_of

    total = hashlib.blake2b(digest_size=16)
    for path in files_of(Path(data)):
        with path.open("rb") as file:
            while content := file.read(1 << 20):
                total.update(content)
    return total.hexdigest()


@with_settings
def tune(
    data: str,
    /,
    *,
    search: Annotated[list[str] | None, Parameter(negative=())] = None,
    compare: Annotated[list[str] | None, Parameter(negative=())] = None,
    trials: int = 32,
    folds: int = 5,
    sampler: str = "sobol",
    pruner: str | None = None,
    workers: int = 1,
    log: Path | None = None,
    out: Path | None = None,
    force: Annotated[bool, Parameter(negative=())] = False,
    verbose: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    **settings: Any,
) -> int:
    """Search the hyperparameters of a fit, as the Tuning Playbook says, and fit the best ones.

    Each trial is judged by cross-validation on the training rows. A search that was stopped goes
    on when it is called again.

    Args:
        data: As for fit.
        settings: The fields of `Settings`, fixed for all trials.
        search: A range, such as --search "l2=loguniform(1e-3, 1e3)" or "batch_size=choice(32,
            128)"; by default the penalty, and the learning rate and more for networks.
        compare: A range like these whose effect is asked about, such as --compare
            "model=choice('linear', 'mlp:32')": the others are tuned for each of its values.
        trials: How many settings to try.
        folds: In how many parts the training rows are divided; each is left out once.
        sampler: sobol, halton or random; or tpe, gp or cmaes of Optuna.
        pruner: median or halving, to stop trials after bad folds.
        workers: How many processes run trials.
        log: The file that trials are written to, by default the file's name with .trials.jsonl.
        out: The folder to write, by default the file's name with .thalweg.
        force: Replace a model of other data without asking.
        verbose: Tell each step as it is done, with its time.
        quiet: Print nothing but errors.
    """
    from thalweg.cli.tuning import tune_file

    _set_level(verbose, quiet)
    given = {name: _meant(value) for name, value in ({"data": data} | settings).items()}
    options, _ = _options(given, None)
    folder = out or _folder_for(options["data"])
    kept = log or folder.with_suffix(".trials.jsonl")
    how = {"trials": trials, "folds": folds, "sampler": sampler, "pruner": pruner, "log": kept}
    return tune_file(options, search or [], compare or [], how, workers, folder, force, quiet)


def predict(
    folder: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    id: Annotated[list[str] | None, Parameter(negative=())] = None,
    missing: Missing | None = None,
    unknown: Unknown = "refuse",
    decimal: Decimal | None = None,
    intervals: float | None = None,
    verbose: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Predict a new file with a fitted model, as CSV.

    Args:
        folder: What thalweg fit wrote.
        data: A file with the columns the model was fitted on, in any order; others are not read.
        out: The file to write; by default predictions are printed.
        id: A column of the file to write beside the predictions, such as --id name --id town.
        missing: refuse missing values, take the mean, or drop: predict nothing for such rows. By
            default as in the fit.
        unknown: refuse categories that the model does not know, or ignore them: take them as
            missing.
        decimal: The mark before decimals in a text file, where the file leaves it open.
        intervals: How often intervals cover, such as 0.95: of linear models without a penalty, the
            standard error and interval of the mean (mean_se, mean_ci_lower, mean_ci_upper) and the
            interval of a new value (obs_ci_lower, obs_ci_upper) are written too. Where a mean
            stands for a missing value there are none.
        verbose: Tell each step as it is done.
        quiet: Print nothing but errors, and the predictions unless they go to a file.
    """
    from thalweg.cli.folder import predict as predicted
    from thalweg.training.storage import write_whole

    _set_level(verbose, quiet)
    text = predicted(folder, _meant(data), id or (), missing, unknown, decimal, intervals)
    if out is None:
        # Names of classes must not depend on the terminal.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        # A terminal is shown what a name holds; a pipe and a file get the name.
        shown = "\n".join(map(printable, text.split("\n"))) if sys.stdout.isatty() else text
        sys.stdout.write(shown)
        sys.stdout.flush()
    else:
        write_whole(out, text.encode())
        log.info("wrote the predictions to %s", out)
    return status.DONE


def demo(*, out: Path = Path("thalweg-demo")) -> int:
    """Run the regression study of the lecture that thalweg starts from, beside its numbers.

    Args:
        out: The folder to write the page with the plots to.
    """
    from thalweg.cli.folder import make
    from thalweg.cli.lecture import demonstrate
    from thalweg.cli.screen import show_demonstration

    make(out)
    return show_demonstration(demonstrate(), out)
