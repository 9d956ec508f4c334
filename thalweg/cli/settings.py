"""What a fit is asked to do: options of the command line, and the file that repeats them."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from thalweg.data.encoding import Missing
from thalweg.data.target import Kind
from thalweg.errors import ArgumentError, did_you_mean, shown

__all__ = ["ACCELERATED", "Settings", "from_toml", "to_toml"]

ACCELERATED = "accelerated"


@dataclass(frozen=True)
class Settings:
    """A fit; None leaves a choice to the data.

    Args:
        data: The file.
        target: The column to predict.
        task: "regression", "binary" or "multiclass".
        model: "linear", or "mlp:" with the sizes of its hidden layers.
        loss: The loss.
        optimizer: The optimizer, or "accelerated".
        batch_size: Rows a step.
        epochs: How often to go through the rows.
        patience: Epochs to wait for a better loss on training rows set aside; 0 sets none aside.
        l2: The penalty ½·l2·‖coefficients‖² beside the sum of losses: 1/C of scikit-learn.
        missing: "refuse" missing values, or take the "mean".
        drop: Columns to leave out.
        holdout: The share of rows held out, from 0 to less than 1.
        seed: What all random choices follow from.
    """

    data: str
    target: str
    task: Kind | None = None
    model: str = "linear"
    loss: str | None = None
    optimizer: str | None = None
    batch_size: int | None = None
    epochs: int | None = None
    patience: int | None = None
    l2: float | None = None
    missing: Missing = "refuse"
    drop: tuple[str, ...] = ()
    holdout: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.data.isprintable():
            _require_text(self.data)
        _choice("task", self.task, get_args(Kind))
        _choice("missing", self.missing, get_args(Missing))
        _at_least("batch-size", self.batch_size, 1)
        _at_least("epochs", self.epochs, 1)
        _at_least("patience", self.patience, 0)
        _at_least("seed", self.seed, 0)
        _at_least("l2", self.l2, 0)
        if not 0 <= self.holdout < 1:
            raise ArgumentError(
                f"--holdout is {self.holdout}; give the share of rows to hold out, such as 0.2, "
                "or 0 for none."
            )


def _require_text(path: str) -> None:
    """Refuse a path whose bytes are no text: the files of a fit could not name it."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(
            f"The path {shown(path)} is not written in UTF-8; rename what is not."
        ) from error


def _choice(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        guess = did_you_mean(value, allowed)
        raise ArgumentError(f"--{name} is {shown(value)}.{guess} Choose {' or '.join(allowed)}.")


def _at_least(name: str, value: float | None, least: int) -> None:
    if value is not None and not (value >= least and math.isfinite(value)):
        raise ArgumentError(f"--{name} is {value}; give a number of at least {least}.")


# ---- the file

HEADER = "# Repeats this fit: thalweg fit --run run.toml\n"


def to_toml(settings: Settings, facts: Mapping[str, Any]) -> str:
    """Return the file that repeats a fit.

    Args:
        settings: What was done, every choice made.
        facts: What else to note: texts and numbers.

    Example:
        >>> print(to_toml(Settings("a.csv", "y"), {"thalweg": "0.1"}).splitlines()[2])
        data = "a.csv"
    """
    chosen = {name: value for name, value in asdict(settings).items() if value is not None}
    tables = {"fit": chosen, "facts": {**facts, "checksum": _checksum(chosen)}}
    return HEADER + "\n".join(f"[{name}]\n{_table(table)}" for name, table in tables.items())


def _table(entries: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in entries.items())


def _checksum(chosen: Mapping[str, Any]) -> str:
    # Of what is chosen, not of the file: its order and its comments may change.
    text = _table(dict(sorted(chosen.items())))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)


def from_toml(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the file that repeats a fit.

    Returns:
        The settings by name, and the facts; `edited` is one of them if the settings are not those
        that a fit wrote beside the facts.

    Raises:
        ArgumentError: If it is not there, no such file, or has unknown entries.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}; check its name.") from error
    except (RecursionError, ValueError) as error:
        raise ArgumentError(
            f"{path} is no TOML file: {error}; give one that a fit wrote."
        ) from error
    found = content.get("fit")
    if not isinstance(found, dict):
        raise ArgumentError(f"{path} has no table [fit]; give a run.toml that a fit wrote.")
    kinds = {field.name: str(field.type) for field in fields(Settings)}
    for name, value in found.items():
        if name not in kinds:
            guess = did_you_mean(name, kinds)
            raise ArgumentError(f"{path} has an unknown setting {shown(name)}.{guess} Correct it.")
        _check_type(path, name, value, kinds[name])
    facts = content.get("facts", {})
    if not isinstance(facts, dict):
        raise ArgumentError(f"{path}: facts is {shown(facts)}, and no table. Leave it out.")
    ours = facts or text.startswith(HEADER)
    if ours and facts.pop("checksum", None) != _checksum(found):
        facts["edited"] = True
    return {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}, facts


def _check_type(path: Path, name: str, value: Any, kind: str) -> None:
    if "tuple" in kind:
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif "float" in kind:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif "int" in kind:
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise ArgumentError(f"{path}: {name} is {shown(value)}, and {kind} is wanted. Correct it.")
