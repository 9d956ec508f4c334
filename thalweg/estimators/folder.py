"""The folder of a model: every file whole or absent, and the model bound to its description."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thalweg.data.encoding import from_json, to_json
from thalweg.data.memory import require_room
from thalweg.errors import ArgumentError, CheckpointError, MissingLibrary, printable
from thalweg.estimators import models
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.models import parse_model
from thalweg.estimators.objectives import parse_objective
from thalweg.training import storage

FORMAT = "thalweg model 2"
MODEL, DESCRIPTION = "model.safetensors", "model.json"


def holds_other_files(folder: Path) -> bool:
    """Return whether a folder holds files, and none of them a model's."""
    names = {entry.name for entry in folder.iterdir()}
    return bool(names) and not names & {MODEL, DESCRIPTION}


def save_model(
    model: Any, folder: str | os.PathLike[str], beside: Mapping[str, str] | None = None
) -> None:
    """Write a model to a folder, which is made if it is not there.

    Args:
        model: What a fit found: a `FittedModel`, or a fitted estimator, whose parameters are kept
            as far as they are numbers, texts, truth values and tuples of these.
        folder: A new or an empty folder, or one of an earlier model, which is replaced.
        beside: Other files to write there, by name: a folder with a model has all of them.

    Raises:
        ArgumentError: If the folder holds files of something else.
        CheckpointError: If it cannot be written.

    Example:
        >>> import tempfile
        >>> from thalweg.estimators import fit_table
        >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(fit_table(columns, "y").model, folder)
        ...     sorted(path.name for path in Path(folder).iterdir())
        ['model.json', 'model.safetensors']
    """
    folder, estimator = Path(folder), None
    if not isinstance(model, FittedModel):
        from thalweg.estimators.scikit.storing import description_of

        model, estimator = description_of(model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = holds_other_files(folder)
    except OSError as error:
        raise CheckpointError(
            f"The folder {printable(folder)} cannot be written: {error.strerror or error}. Choose "
            "another."
        ) from error
    if others:
        raise ArgumentError(
            f"The folder {printable(folder)} holds other files. Choose an empty or a new one."
        )
    arrays = models.flat(model.params)
    description: dict[str, Any] = {
        "format": FORMAT,
        "model": str(model.spec),
        "loss": model.objective.text,
        "encoding": to_json(model.encoding),
        "arrays": _of_arrays(arrays),
    }
    if estimator is not None:
        description["estimator"] = estimator
    description["checksum"] = checksum(description)
    # The old description must not stand beside the new model if this ends between the two.
    with contextlib.suppress(OSError):
        (folder / DESCRIPTION).unlink(missing_ok=True)
    storage.write(folder / MODEL, arrays, {"format": FORMAT})
    text = json.dumps(description, indent=1, ensure_ascii=False) + "\n"
    for name, content in [*(beside or {}).items(), (DESCRIPTION, text)]:
        storage.write_whole(folder / name, content.encode())


def checksum(said: Mapping[str, Any]) -> str:
    """Return a checksum of plain values: how a file lays them out may change."""
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


def _of_arrays(arrays: Mapping[str, models.Array]) -> str:
    # Of the numbers, not of the file: the order of its entries is the library's own.
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode() + arrays[name].tobytes())
    return digest.hexdigest()


def load_model(folder: str | os.PathLike[str]) -> Any:
    """Read a model as an estimator of scikit-learn's kind; no code in the folder is run.

    Args:
        folder: What `thalweg fit`, `save_model` or an estimator's `save` wrote.

    Returns:
        The estimator that was saved, fitted; of what `thalweg fit` wrote `Regressor`, `Classifier`,
        `MLPRegressor` or `MLPClassifier`, with the classes as texts.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
        MissingLibrary: If scikit-learn is not installed; `read_model` does without.

    Example:
        >>> import tempfile
        >>> from thalweg.estimators import fit_table, save_model
        >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(fit_table(houses, "price", holdout=0).model, folder)
        ...     loaded = load_model(folder)
        >>> loaded.predict({"area": [60.0]}), loaded.coef_
        (array([1.25]), array([0.025]))
    """
    model, description = _read(folder)
    try:
        from thalweg.estimators.scikit.storing import estimator_of
    except ImportError as error:
        raise MissingLibrary(
            f"load_model makes an estimator of scikit-learn's kind, and {error}. Install it by pip "
            "install 'thalweg[sklearn]', or call thalweg.estimators.read_model, which needs none."
        ) from error
    try:
        return estimator_of(model, description.get("estimator"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} is damaged ({error}); fit again.") from error


def read_model(folder: str | os.PathLike[str]) -> FittedModel:
    """Read a model as it was fitted; no code in the folder is run.

    Args:
        folder: What `thalweg fit`, `save_model` or an estimator's `save` wrote.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
    """
    return _read(folder)[0]


def _read(folder: str | os.PathLike[str]) -> tuple[FittedModel, dict[str, Any]]:
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
        params = models.nested(arrays)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); fit again.") from error
    return FittedModel(encoding, objective, spec, params), description


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
    if description.pop("checksum", None) != checksum(description):
        raise CheckpointError(f"{path} is damaged or was edited: it fails its checksum; fit again.")
    return description
