"""The commands and their options."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter

from thalweg import __version__
from thalweg.cli import status
from thalweg.errors import ArgumentError, printable

Option = Parameter(negative=())


def application() -> App:
    """Return the command line as an application."""
    app = App(
        name="thalweg",
        help="Gradient-based optimization: fit a file, predict with the fit, see a demonstration.",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    app.command(fit)
    app.command(predict)
    app.command(demo)
    return app


def fit(
    data: str | None = None,
    /,
    *,
    target: Annotated[str | None, Parameter(name=["--target", "-y"])] = None,
    task: str | None = None,
    model: str | None = None,
    loss: str | None = None,
    optimizer: str | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    l2: float | None = None,
    missing: str | None = None,
    drop: Annotated[list[str] | None, Option] = None,
    holdout: float | None = None,
    seed: int | None = None,
    out: Path | None = None,
    run: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Fit a model to a file, and write the model and a report to a folder.

    Numbers are standardized, texts one-hot encoded, a fifth of the rows held out.

    Args:
        data: A CSV, TSV, gzipped CSV or Parquet file.
        target: The column to predict.
        task: regression, binary or multiclass; guessed from the target by default.
        model: linear (the default), or mlp:64,32 with the sizes of the hidden layers.
        loss: squared, absolute, huber(1.0), quantile(0.9), poisson, logistic, hinge or softmax.
        optimizer: Such as 'adam(0.01)' or 'chain(clip_by_global_norm(1.0), sgd(0.1))'. By default
            linear models with a smooth loss go to their optimum by accelerated gradient descent.
        batch_size: Rows a step.
        epochs: How often to go through the training rows.
        patience: Stop after this many epochs without a better loss on a tenth of the training rows
            set aside; 0 for never.
        l2: The penalty ½·l2·‖coefficients‖² beside the sum of losses, 1/C in scikit-learn; by
            default 1 for classes and 0 for a regression.
        missing: refuse (the default) missing values, or take the mean.
        drop: A column to leave out; may be given several times.
        holdout: The share of rows held out, 0.2 by default.
        seed: What the rows held out and all other random choices follow from, 0 by default.
        out: The folder to write, by default the file's name with .thalweg.
        run: The run.toml of a fit to repeat; other options change it.
        as_json: Print the result as JSON.
    """
    given = {
        "data": data, "target": target, "task": task, "model": model, "loss": loss,
        "optimizer": optimizer, "batch_size": batch_size, "epochs": epochs, "patience": patience,
        "l2": l2, "missing": missing, "drop": None if drop is None else tuple(drop),
        "holdout": holdout, "seed": seed,
    }  # fmt: skip
    options, facts = _options(given, run)
    return _fit(options, facts, out, as_json)


def _options(given: Mapping[str, Any], run: Path | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Combine what is written on the command line with the file of a run, if one is given."""
    from thalweg.cli.settings import from_toml

    found, facts = ({}, {}) if run is None else from_toml(run)
    merged = found | {name: value for name, value in given.items() if value is not None}
    if "data" not in merged:
        raise ArgumentError("No file was given; write thalweg fit data.csv --target COLUMN.")
    if "target" not in merged:
        raise ArgumentError(
            f"No target was given; say which column of {merged['data']} to predict, with --target."
        )
    return merged, facts


def _fit(
    options: Mapping[str, Any], facts: Mapping[str, Any], out: Path | None, as_json: bool
) -> int:
    from thalweg.cli.folder import prepare, save
    from thalweg.cli.report import report
    from thalweg.cli.settings import options_of, settings_of, to_toml
    from thalweg.data.frames import read_table
    from thalweg.estimators.fitting import fit_split, resolve
    from thalweg.estimators.split import split

    settings = settings_of(options)
    if facts.get("edited"):
        sys.stderr.write("thalweg: the run to repeat was edited since a fit wrote it.\n")
    data = Path(options["data"])
    rows, digest = split(read_table(data), settings), _digest(data)
    chosen = resolve(rows, settings)
    folder = out or _folder_for(data)
    # Training's modules are loaded before its folder is there: where Ctrl-C falls into one that
    # makes dataclasses, by text that `exec` runs, CPython dies of the signal at exit.
    for module in ("training.fit", "engines.llvm.engine", "engines.jit"):
        importlib.import_module(f"thalweg.{module}")
    prepare(folder)
    if facts.get("digest", digest) != digest:
        sys.stderr.write(f"thalweg: {printable(data)} has changed since the run to repeat.\n")
    found = fit_split(rows, chosen)
    done = options_of(chosen, options)
    run = to_toml(done, {"digest": digest, "thalweg": __version__, "numpy": np.__version__})
    save(folder, found, run, report(found, done, run))
    if as_json:
        from thalweg.cli.notes import notes

        content = found.plain() | {"notes": notes(found), "folder": str(folder)}
        # The one control character that JSON in ASCII leaves as it is.
        sys.stdout.write(json.dumps(content, indent=1).replace("\x7f", "\\u007f") + "\n")
    else:
        from thalweg.cli.screen import show

        show(found, done, folder)
    return status.INTERRUPTED if found.trained.interrupted else status.DONE


def _folder_for(data: Path) -> Path:
    """Return the folder for a file's fit: houses.thalweg for folder/houses.csv.gz."""
    name = Path(data.name)
    return (name.with_suffix("") if name.suffix == ".gz" else name).with_suffix(".thalweg")


def _digest(path: Path) -> str:
    """Return a checksum of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def predict(folder: Path, data: str, /, *, out: Path | None = None) -> int:
    """Predict a new file with a fitted model, as CSV.

    Args:
        folder: What thalweg fit wrote.
        data: A file with the columns the model was fitted on, in any order.
        out: The file to write; by default predictions are printed.
    """
    from thalweg.cli.folder import predict as predicted
    from thalweg.training.storage import write_whole

    text = predicted(folder, data)
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
    return status.DONE


def demo(*, out: Path = Path("thalweg-demo")) -> int:
    """Run the regression study of the lecture that thalweg starts from, beside its numbers.

    Args:
        out: The folder to write the page with the plots to.
    """
    from thalweg.cli.demo import demonstrate
    from thalweg.cli.folder import make
    from thalweg.cli.screen import show_demonstration

    make(out)
    return show_demonstration(demonstrate(), out)
