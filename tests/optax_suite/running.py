"""Optax's tests, run file by file as they are in its wheel, each file by a process of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.optax_suite.plugin import Outcome, read

ROOT = Path(__file__).resolve().parent.parent.parent

EXCEPTIONS = ROOT / "docs" / "optax-exceptions.txt"

Found = dict[str, Outcome]


def installed() -> Path:
    """Return the folder that Optax is installed in."""
    spec = importlib.util.find_spec("optax")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def files() -> list[str]:
    """Return Optax's files of tests, by their paths in its package."""
    folder = installed()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*_test.py"))


def copied(folder: Path) -> Path:
    """Copy Optax's files of tests, and what they share, into an empty folder."""
    for name in (*files(), "_src/test_utils.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(installed() / name, folder / name)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def run(package: str, folder: Path, chosen: Iterable[str], seconds: float | None = None) -> Found:
    """Run files of tests, and return what came of each case.

    Args:
        package: `optax`, or anything else for what is here.
        folder: Where the files were copied to.
        chosen: The files, or single cases, in pytest's way of naming them.
        seconds: The time after which the run is given up.
    """
    outcomes = folder / "outcomes"
    outcomes.unlink(missing_ok=True)
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"),
            *("-p", "tests.optax_suite.plugin", "--import-mode=importlib", *chosen),
        ],
        cwd=folder,
        env={
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "OPTAX_SUITE_OUTCOMES": str(outcomes),
            "OPTAX_SUITE_PACKAGE": package,
            "PYTHONPATH": python_path,
        },
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    if not outcomes.exists():
        return {f"{next(iter(chosen))}::collection": Outcome("failed", done.stderr[-400:])}
    return read(outcomes)


def exceptions() -> dict[str, str]:
    """Return the cases that are left out, with the reason of each.

    A line that begins with `#` is the reason of the cases below it, up to the next such line.
    """
    reason, found = "", {}
    for line in EXCEPTIONS.read_text().splitlines():
        if line.startswith("#"):
            reason = line.strip("# ")
        elif line:
            found[line] = reason
    return found
