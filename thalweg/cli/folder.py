"""The folder a fit writes: every file whole or absent, and the model bound to its description."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.cli import models
from thalweg.cli.models import Params
from thalweg.cli.objectives import Objective, parse_objective
from thalweg.cli.spec import Model, parse_model
from thalweg.cli.summary import Result
from thalweg.cli.writing import make, write_text
from thalweg.data.encoding import Encoding
from thalweg.data.memory import require_room
from thalweg.data.serialization import from_json, to_json
from thalweg.errors import ArgumentError, CheckpointError
from thalweg.training import storage

__all__ = ["Stored", "load", "prepare", "save"]

FORMAT = "thalweg model 2"
MODEL, DESCRIPTION = "model.safetensors", "model.json"


@dataclass(frozen=True, eq=False)
class Stored:
    """A model read from its folder."""

    encoding: Encoding
    objective: Objective
    model: Model
    params: Params


def prepare(folder: Path) -> None:
    """Make the folder of a fit, or make sure that it is one.

    Raises:
        ArgumentError: If it cannot be written, or holds files of something else.
    """
    names = make(folder)
    if names and not names & {MODEL, DESCRIPTION}:
        raise ArgumentError(
            f"The folder {folder} holds other files. Choose an empty or a new one with --out."
        )


def save(folder: Path, result: Result, run: str, report: str) -> None:
    """Write model, history, coefficients, the file that repeats the run, and the report."""
    description: dict[str, Any] = {
        "format": FORMAT,
        "model": result.settings.model,
        "loss": result.settings.loss,
        "encoding": to_json(result.problem.encoding),
    }
    # The old description must not stand beside the new model if this ends between the two.
    with contextlib.suppress(OSError):
        (folder / DESCRIPTION).unlink(missing_ok=True)
    storage.write(folder / MODEL, models.flat(result.trained.params), {"format": FORMAT})
    description["arrays"] = _of_arrays(models.flat(result.trained.params))
    description["checksum"] = _of_description(description)
    write_text(folder / "run.toml", run)
    write_text(folder / "history.csv", _history(result))
    if result.linear:
        write_text(folder / "coefficients.csv", _coefficients(result))
    write_text(folder / "report.html", report)
    write_text(folder / DESCRIPTION, json.dumps(description, indent=1, ensure_ascii=False) + "\n")


def _of_description(description: Mapping[str, Any]) -> str:
    # Of what it says, not of the file: how it is laid out may change.
    said = {name: value for name, value in description.items() if name != "checksum"}
    text = json.dumps(said, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _of_arrays(arrays: Mapping[str, models.Array]) -> str:
    # Of the numbers, not of the file: the order of its entries is the library's own.
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode() + arrays[name].tobytes())
    return digest.hexdigest()


def _history(result: Result) -> str:
    course = result.trained.course
    judged = dict(zip(course.at, _rows(course.train, course.held_out), strict=True))
    rows: list[list[Any]] = [["step", "loss", "training_loss", "held_out_loss"]]
    losses = [*course.loss.tolist(), ""]
    for step, loss in enumerate(losses):
        rows.append([step, loss, *judged.get(step, ("", ""))])
    return _csv(rows)


def _rows(train: list[float], held_out: list[float]) -> list[tuple[Any, Any]]:
    absent: list[Any] = [""] * len(train)
    return list(zip(train, held_out or absent, strict=True))


def _coefficients(result: Result) -> str:
    table = result.coefficients()
    suffixes = [f":{name}" if name else "" for name in table.outputs]
    header = [
        "feature",
        *(f"coefficient{s}" for s in suffixes),
        *(f"standardized{s}" for s in suffixes),
    ]
    both = np.concatenate([table.values, table.standardized], axis=1).tolist()
    return _csv([header, *([name, *row] for name, row in zip(table.names, both, strict=True))])


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


# ---- reading


def load(folder: Path) -> Stored:
    """Read a model; no code in the folder is run.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
    """
    path = folder / DESCRIPTION
    description = _description(folder, path)
    arrays, _ = storage.read(folder / MODEL)
    if description["arrays"] != _of_arrays(arrays):
        raise CheckpointError(
            f"{folder}: {MODEL} and {path.name} are of different fits; fit again."
        )
    try:
        encoding = from_json(description["encoding"])
        model = parse_model(description["model"])
        objective = parse_objective(description["loss"], encoding.target.kind)
        params = models.nested(arrays)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); fit again.") from error
    return Stored(encoding, objective, model, params)


def _description(folder: Path, path: Path) -> dict[str, Any]:
    """Return what describes a model, every word of it as it was written."""
    try:
        require_room(path.stat().st_size, str(path))
        description = json.loads(path.read_bytes())
    except OSError as error:
        raise CheckpointError(
            f"{folder} holds no model: {path.name} cannot be read ({error.strerror}); name a "
            "folder that thalweg fit wrote."
        ) from error
    except (MemoryError, RecursionError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); fit again.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise CheckpointError(f"{path} is no {FORMAT!r}; fit again with this version.")
    if description.get("checksum") != _of_description(description):
        raise CheckpointError(f"{path} is damaged or was edited: it fails its checksum; fit again.")
    return description
