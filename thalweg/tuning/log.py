"""The file of a study: a line of JSON a trial, on disk before anyone is told of it.

The first line says what was searched and how, so that no other study goes on in the file. A line
that a crash cut off is left out, and its trial runs again.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from thalweg.errors import CheckpointError, printable, shown
from thalweg.training.storage import sync_folder
from thalweg.tuning.trial import Result

FORMAT = "thalweg trials 1"

Facts = dict[str, Any]


class TrialLog:
    """The finished trials of a study, in a file or in memory.

    Args:
        path: The file, which is made or continued; None for memory alone.
        facts: What the study is, in plain values: those of a file must be the same.

    Attributes:
        results: The finished trials by number.

    Raises:
        CheckpointError: If the file cannot be read or written, is damaged, or of another study.
    """

    def __init__(self, path: str | os.PathLike[str] | None, facts: Facts) -> None:
        self.results: dict[int, Result] = {}
        self._path = None if path is None else Path(path)
        if self._path is None:
            return
        facts = {"format": FORMAT, **facts}
        lines, whole = _lines(self._path)
        if lines:
            _require_same(self._path, _parsed(self._path, 1, lines[0]), facts)
        for number, line in enumerate(lines[1:], 2):
            result = _result_of(self._path, number, line)
            self.results.setdefault(result.number, result)
        try:
            self._begin(whole, facts if not lines else None)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def _begin(self, whole: int, facts: Facts | None) -> None:
        """Cut off what a crash left of a line, and write the first line if there is none."""
        assert self._path is not None
        with self._path.open("ab") as file:
            file.truncate(whole)
        if facts is not None:
            self._write(facts)
            sync_folder(self._path.parent)

    def add(self, result: Result) -> None:
        """Keep a finished trial; when this returns, it is on disk.

        Raises:
            CheckpointError: If it cannot be written.
        """
        if self._path is not None:
            try:
                self._write(_plain(asdict(result)))
            except OSError as error:
                raise _unwritable(self._path, error) from error
        self.results[result.number] = result

    def _write(self, content: Facts) -> None:
        assert self._path is not None
        line = json.dumps(content, allow_nan=False, ensure_ascii=False) + "\n"
        # Opened for each line: a process that was forked meanwhile holds nothing of it. One write
        # at the end, so that lines of two processes do not mix.
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode("utf-8", "surrogatepass"))
            os.fsync(file.fileno())


def read_log(path: str | os.PathLike[str]) -> tuple[Facts, list[Result]]:
    """Return what a file's study is, and its finished trials in their order.

    Raises:
        CheckpointError: If there is no such file, or it is damaged or none of a study.

    Example:
        >>> import tempfile
        >>> import thalweg as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = tw.tune(
        ...         lambda config, trial: config["x"] ** 2, {"x": tw.tuning.uniform(-1.0, 1.0)},
        ...         trials=4, log=f"{folder}/trials.jsonl",
        ...     )
        ...     facts, results = read_log(f"{folder}/trials.jsonl")
        >>> facts["space"]["nuisance"], len(results)
        ({'x': 'uniform(-1.0, 1.0)'}, 4)
    """
    path = Path(path)
    lines, _ = _lines(path, must_exist=True)
    if not lines:
        raise CheckpointError(f"{path} holds no trials. Give a log that tw.tune wrote.")
    facts = _parsed(path, 1, lines[0])
    if facts.pop("format", None) != FORMAT:
        raise _foreign(path)
    found: dict[int, Result] = {}
    for number, line in enumerate(lines[1:], 2):
        result = _result_of(path, number, line)
        found.setdefault(result.number, result)
    return facts, [found[number] for number in sorted(found)]


def _lines(path: Path, must_exist: bool = False) -> tuple[list[bytes], int]:
    """Return the whole lines of a file, and how many bytes they are."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if must_exist:
            raise CheckpointError(f"{path} is not there. Give a log that tw.tune wrote.") from error
        return [], 0
    except OSError as error:
        raise CheckpointError(
            f"The log {printable(path)} cannot be read: {error.strerror or error}. Choose another."
        ) from error
    whole = content.rfind(b"\n") + 1
    if not whole and content and not f'{{"format": "{FORMAT}'.encode().startswith(content[:20]):
        # One line without an end is the beginning of a log, or something of someone's else.
        raise _foreign(path)
    return content[:whole].splitlines(), whole


def _parsed(path: Path, number: int, line: bytes) -> Facts:
    try:
        content = json.loads(line)
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
    except (RecursionError, ValueError) as error:
        if number == 1:
            raise _foreign(path) from error
        raise CheckpointError(
            f"Line {number} of {printable(path)} is damaged ({error}). Take that line out: its "
            "trial runs again."
        ) from error
    return content


def _result_of(path: Path, number: int, line: bytes) -> Result:
    content = _parsed(path, number, line)
    try:
        return Result(
            int(content["number"]),
            dict(content["config"]),
            content["state"],
            float(content["value"]),
            float(content["seconds"]),
            tuple((float(step), float(value)) for step, value in content["reports"]),
            {name: float(value) for name, value in content["metrics"].items()},
            {
                name: (list(map(float, x)), list(map(float, y)))
                for name, (x, y) in content["curves"].items()
            },
            str(content["note"]),
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"Line {number} of {printable(path)} is no trial ({type(error).__name__}: {error}). "
            "Take that line out: its trial runs again."
        ) from error


def _plain(value: Any) -> Any:
    """Return what JSON holds: infinities and NaN as texts, which `float` reads."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _require_same(path: Path, found: Facts, facts: Facts) -> None:
    if found.get("format") != FORMAT:
        raise _foreign(path)
    for name, value in facts.items():
        if found.get(name) != value:
            raise CheckpointError(
                f"The log {printable(path)} is of another study: its {name} is "
                f"{shown(found.get(name))}, and {shown(value)} was given. Give log= another path, "
                "or what that study was begun with."
            )


def _foreign(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{printable(path)} is no log of trials, and is left as it is. Give log= another path."
    )


def _unwritable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"The log {printable(path)} cannot be written: {error.strerror or error}. The trials "
        "before are in it; go on with the same call when there is room."
    )
