"""The folder of a model: every file whole or absent, and the model bound to its description."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thalweg.data.encoding import from_json, to_json
from thalweg.data.memory import require_room
from thalweg.errors import ArgumentError, CheckpointError, printable
from thalweg.estimators import models
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.models import parse_model
from thalweg.estimators.objectives import parse_objective
from thalweg.estimators.uncertainty.intervals import KNOWN, Uncertainty
from thalweg.training import storage

FORMAT, FORMER = "thalweg model 3", "thalweg model 2"
MODEL, DESCRIPTION = "model.safetensors", "model.json"


def holds_model(folder: Path) -> bool:
    """Return whether a folder holds a model's files."""
    return (folder / DESCRIPTION).exists() or (folder / MODEL).exists()


def holds_other_files(folder: Path) -> bool:
    """Return whether a folder holds files, and none of them a model's."""
    return any(folder.iterdir()) and not holds_model(folder)


def write_model(
    model: FittedModel,
    folder: str | os.PathLike[str],
    beside: Mapping[str, str] | None = None,
    estimator: Mapping[str, Any] | None = None,
) -> None:
    """Write a model to a folder, which is made if it is not there.

    After a crash or on a full disk there is the earlier model, whole, or the new one: everything is
    written to a folder beside it, which then takes its name.

    Args:
        model: What a fit found.
        folder: A new or an empty folder, or one of an earlier model, which is replaced with all
            that is in it.
        beside: Other files to write there, by name: a folder with a model has all of them.
        estimator: What else is kept of an estimator, in plain values.

    Raises:
        ArgumentError: If the folder holds files of something else.
        CheckpointError: If it cannot be written.
    """
    folder = Path(os.path.realpath(folder))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        others = folder.exists() and holds_other_files(folder)
    except OSError as error:
        raise CheckpointError(
            f"The folder {printable(folder)} cannot be written: {error.strerror or error}. Choose "
            "another."
        ) from error
    if others:
        raise ArgumentError(
            f"The folder {printable(folder)} holds other files. Choose an empty or a new one."
        )
    known = model.uncertainty
    arrays = models.flat(model.params) | ({} if known is None else known.arrays())
    description: dict[str, Any] = {
        "format": FORMAT,
        "model": str(model.spec),
        "loss": model.objective.text,
        "encoding": to_json(model.encoding),
        "uncertainty": None if known is None else known.to_json(),
        "arrays": _of_arrays(arrays),
    }
    if estimator is not None:
        description["estimator"] = dict(estimator)
    description["checksum"] = checksum(description)
    # On one line: laid out, thousands of features take a second.
    text = json.dumps(description, ensure_ascii=False) + "\n"
    with _taking_the_place_of(folder) as new:
        storage.write(new / MODEL, arrays, {"format": FORMAT})
        for name, content in [*(beside or {}).items(), (DESCRIPTION, text)]:
            storage.write_whole(new / name, content.encode())


@contextlib.contextmanager
def _taking_the_place_of(folder: Path) -> Iterator[Path]:
    """Yield a new folder that takes another's name if nothing goes wrong, and else goes away."""
    new = folder.with_name(f".thalweg.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    old = new.with_suffix(".old")
    try:
        new.mkdir()
        yield new
        if folder.exists():
            folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                old.rename(folder)
                raise
        else:
            new.rename(folder)
    except OSError as error:
        raise CheckpointError(
            f"The folder {printable(folder)} cannot be written: {error.strerror or error}. What "
            "was there is unharmed. Choose another."
        ) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def checksum(said: Mapping[str, Any]) -> str:
    """Return a checksum of plain values: how a file lays them out may change."""
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


def _of_arrays(arrays: Mapping[str, models.Array]) -> str:
    # Of the numbers, not of the file: the order of its entries is the library's own.
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode() + arrays[name].tobytes())
    return digest.hexdigest()


def read_model(folder: str | os.PathLike[str]) -> FittedModel:
    """Read a model as it was fitted; no code in the folder is run.

    Args:
        folder: What `thalweg fit`, `save_model` or an estimator's `save` wrote.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
    """
    return read_description(folder)[0]


def read_description(folder: str | os.PathLike[str]) -> tuple[FittedModel, dict[str, Any]]:
    """Return the model in a folder, and all that describes it.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
    """
    folder = Path(folder)
    path = folder / DESCRIPTION
    description = _description(folder, path)
    arrays, _ = storage.read(folder / MODEL)
    if description["arrays"] != _of_arrays(arrays):
        raise CheckpointError(
            f"{folder}: {MODEL} and {path.name} are of different fits; fit again."
        )
    try:
        encoding = from_json(description["encoding"])
        spec = parse_model(description["model"])
        objective = parse_objective(description["loss"], encoding.target.kind)
        uncertainty = None
        if description.get("uncertainty") is not None:
            uncertainty = Uncertainty.from_json(description["uncertainty"], arrays)
        params = models.nested({k: a for k, a in arrays.items() if not k.startswith(KNOWN)})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); fit again.") from error
    return FittedModel(encoding, objective, spec, params, uncertainty), description


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
    known = (FORMAT, FORMER)
    if not isinstance(description, dict) or description.get("format") not in known:
        raise CheckpointError(f"{path} is no {FORMAT!r}; fit again with this version.")
    if description.pop("checksum", None) != checksum(description):
        raise CheckpointError(f"{path} is damaged or was edited: it fails its checksum; fit again.")
    return description
