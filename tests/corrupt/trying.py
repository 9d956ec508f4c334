"""One damaged file: what reading it comes to."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
import warnings
from pathlib import Path
from typing import Any

from tests.corrupt.damage import Damaged, damaged
from tests.corrupt.kinds import KINDS, Kind
from thalweg.cli import main
from thalweg.errors import ThalwegError

# What may come of it; all else is a fault.
RIGHT, TOLD, OTHER = "right values", "one sentence", "another file's values"
GOOD = (RIGHT, TOLD, OTHER)
# How often the program is run on the file as well.
PROGRAM = 5


class Bench:
    """Sound files, what they hold, and a place to damage copies of them.

    Args:
        folder: Where `kinds.make` wrote the sound files.
        place: A folder of this process alone.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        self.sound, self.place = folder, place
        self.contents = {
            kind.name: {file: (folder / kind.name / file).read_bytes() for file in kind.files}
            for kind in KINDS
        }
        self.others = [content for files in self.contents.values() for content in files.values()]
        self.expected = {kind.name: kind.read(self._copied(kind)) for kind in KINDS}

    def _copied(self, kind: Kind) -> Path:
        place = self.place / kind.name
        if not place.exists():
            shutil.copytree(self.sound / kind.name, place)
        for file, content in self.contents[kind.name].items():
            (place / file).write_bytes(content)
        return place

    def attempt(self, seed: int) -> tuple[str, str, str]:
        """Damage a file by a seed and read it; return its kind, the outcome, and the damage."""
        rng = random.Random(seed)
        kind = KINDS[seed % len(KINDS)]
        file = rng.choice(kind.files)
        place = self._copied(kind)
        damage = damaged(rng, self.contents[kind.name][file], self.others)
        (place / file).write_bytes(damage.content)
        outcome = self._read(kind, place, file, damage)
        arguments = kind.command(place)
        if outcome in GOOD and arguments and seed // len(KINDS) % PROGRAM == 0:
            outcome = _program(arguments, outcome)
        return kind.name, outcome, f"{file}: {damage.how}"

    def _read(self, kind: Kind, place: Path, file: str, damage: Damaged) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                value: Any = kind.read(place)
            except ThalwegError as error:
                lines = [line for line in str(error).splitlines() if line.strip()]
                return TOLD if len(lines) == 1 else f"said in {len(lines)} lines: {error}"
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                return f"{type(error).__name__}: {error}"
            if value == self.expected[kind.name]:
                return RIGHT
            try:
                return OTHER if kind.may_differ(place, file, damage, value) else "wrong values"
            except Exception as error:
                return f"wrong values, which Python cannot read: {type(error).__name__}: {error}"


def _program(arguments: list[str], outcome: str) -> str:
    out, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        status = main(arguments)
    lines = said.getvalue().splitlines()
    if status == 0 and outcome != TOLD:
        return outcome
    if status == 2 and len(lines) == 1 and not out.getvalue():
        return outcome
    return f"the program ended with {status} and {len(lines)} lines where reading gave {outcome}"
