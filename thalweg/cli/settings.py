"""What a fit is asked to do: options of the command line, and the file that repeats them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import tomli_w

from thalweg.cli.grammar import optimizer, rewrite
from thalweg.data.encoding import fits
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.estimators.folder import checksum
from thalweg.estimators.settings import NEWTON, Settings

Options = Mapping[str, Any]

STANDARD_INPUT = "-"


def settings_of(options: Options) -> Settings:
    """Return what options mean, the file's name apart.

    Raises:
        ArgumentError: If one is outside its range.
        SpecError: If a model or an optimizer means nothing.

    Example:
        >>> settings_of({"data": "a.csv", "target": "y", "optimizer": "adam(0.1)"}).optimizer
        adam(learning_rate=0.1)
    """
    _require_text(options["data"])
    values = {name: value for name, value in options.items() if name != "data"}
    if values.get("optimizer") not in (None, NEWTON):
        values["optimizer"] = optimizer(values["optimizer"])
    try:
        return Settings(**values)
    except ArgumentError as error:
        name, _, complaint = str(error).partition(" ")
        raise ArgumentError(f"--{name.replace('_', '-')} {complaint}") from error


def options_of(settings: Settings, options: Options, folder: Path | None = None) -> dict[str, Any]:
    """Return the options that repeat a fit.

    Args:
        settings: What was done, every choice made.
        options: What was asked for.
        folder: Where they will be written: the file of data is told from there, so that both may
            be moved together.
    """
    asked = options.get("optimizer")
    written = str(settings.optimizer) if asked is None else rewrite(asked)
    data = options["data"]
    if folder is not None and data != STANDARD_INPUT:
        data = Path(os.path.relpath(data, os.path.realpath(folder))).as_posix()
    return {"data": data, **vars(settings), "optimizer": written}


def located(data: str, folder: Path) -> str:
    """Return where a file of data is that is told from a folder.

    >>> located("../a.csv", Path("/home/ann/a.thalweg"))
    '/home/ann/a.csv'
    """
    if data == STANDARD_INPUT:
        return data
    return os.path.normpath(os.path.realpath(folder) / Path(data))


def _require_text(path: str) -> None:
    """Refuse a path whose bytes are no text: the files of a fit could not name it."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(
            f"The path {shown(path)} is not written in UTF-8; rename what is not."
        ) from error


# ---- the file

HEADER = "# Repeats this fit: thalweg fit --run run.toml\n"


def to_toml(options: Options, facts: Mapping[str, Any]) -> str:
    """Return the file that repeats a fit.

    Args:
        options: What was done, every choice made.
        facts: What else to note: texts and numbers.

    Example:
        >>> print(to_toml({"data": "a.csv", "target": "y"}, {"thalweg": "0.1"}).splitlines()[2])
        data = "a.csv"
    """
    chosen = {name: value for name, value in options.items() if value is not None}
    tables = {"fit": chosen, "facts": {**facts, "checksum": checksum(chosen)}}
    return HEADER + tomli_w.dumps(tables)


def from_toml(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the file that repeats a fit.

    Returns:
        The options by name, and the facts; `edited` is one of them if the options are not those
        that a fit wrote beside the facts.

    Raises:
        ArgumentError: If it is not there, no such file, or has unknown entries.
    """
    import tomllib  # which a fit of a file does without

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
    # Which texts these may be is told where they are read.
    texts = ("data", "task", "optimizer", "missing", "decimal", "covariance")
    kinds = get_type_hints(Settings) | dict.fromkeys(texts, str)
    for name, value in found.items():
        if name not in kinds:
            guess = did_you_mean(name, kinds)
            raise ArgumentError(f"{path} has an unknown setting {shown(name)}.{guess} Correct it.")
        if not fits(value, kinds[name]):
            wanted = Settings.__annotations__.get(name, "str")
            raise ArgumentError(
                f"{path}: {name} is {shown(value)}, and {wanted} is wanted. Correct it."
            )
    facts = content.get("facts", {})
    if not isinstance(facts, dict):
        raise ArgumentError(f"{path}: facts is {shown(facts)}, and no table. Leave it out.")
    ours = facts or text.startswith(HEADER)
    if ours and facts.pop("checksum", None) != checksum(found):
        facts["edited"] = True
    return {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}, facts
