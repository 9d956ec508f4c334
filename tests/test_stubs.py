"""What type checkers know of the package: the stubs are those of the code, and programs check."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stubs import ROOT, stubs

TYPING = Path(__file__).parent / "typing"
MISTAKES = TYPING / "mistakes.py"


def test_the_stubs_are_those_of_the_code():
    stale = [path for path, text in stubs().items() if path.read_text("utf-8") != text]
    assert stale == [], "Write them anew: make stubs"


def test_every_stub_is_written_from_the_code():
    assert set((ROOT / "thalweg").rglob("*.pyi")) == stubs().keys()


def named(mark: str) -> list[tuple[int, str]]:
    """Return the mistakes, their lines and what the comments there say."""
    lines = enumerate(MISTAKES.read_text("utf-8").splitlines(), 1)
    return [(number, line.partition(mark)[2]) for number, line in lines if mark in line]


def test_mypy_knows_a_users_program_and_reports_mistakes():
    pytest.importorskip("mypy")
    # The package's own settings, so that what `make types` has looked at is known.
    command = [sys.executable, "-m", "mypy", "--strict", str(TYPING)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout
    found = re.findall(r"mistakes\.py:(\d+): error: .*\[(.*)\]", said)
    assert [(int(line), kind) for line, kind in found] == named("  # ")
    assert "program.py" not in said, said


def test_pyright_does_too():
    pyright = shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed.")
    said = subprocess.run([pyright, str(TYPING)], capture_output=True, text=True, cwd=ROOT).stdout
    found = re.findall(r"mistakes\.py:(\d+):\d+ - error", said)
    assert list(map(int, found)) == [line for line, _ in named("  # ")]
    assert "program.py:" not in said, said
