"""A plugin of pytest: who answers to `optax`, and what came of each case.

A case passes when its body and all of its subtests do.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.optax_suite import alias

# Of the parts of a case the last of these words tells.
WORDS = ("passed", "skipped", "failed")


class Outcome(NamedTuple):
    """What came of a case, and why."""

    word: str
    text: str = ""


def read(file: Path) -> dict[str, Outcome]:
    """Return what came of each case, of all its parts."""
    found: dict[str, Outcome] = {}
    for line in file.read_text().splitlines():
        case, *rest = json.loads(line)
        outcome, before = Outcome(*rest), found.get(case, Outcome("passed"))
        later = WORDS.index(outcome.word) > WORDS.index(before.word)
        found[case] = outcome if later else before
    return found


class Outcomes:
    """What comes of the cases of a run, written into a file, a line a part of a case.

    Args:
        file: The file.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def note(self, case: str, outcome: Outcome) -> None:
        """Write down what came of a part of a case."""
        with self.file.open("a") as file:
            file.write(json.dumps([case, *outcome]) + "\n")

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when != "call" and report.passed:
            return
        subtest = getattr(report, "context", None) is not None
        word = "passed" if subtest and report.skipped else report.outcome
        self.note(report.nodeid, Outcome(word, _reason(report)))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.note(f"{report.nodeid}::collection", Outcome("failed", _reason(report)))


def _reason(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)[:400]
    return "" if report.passed else str(report.longrepr)[-400:]


def pytest_configure(config: pytest.Config) -> None:
    if os.environ["OPTAX_SUITE_PACKAGE"] != "optax":
        alias.install(config.rootpath)
    config.pluginmanager.register(Outcomes(Path(os.environ["OPTAX_SUITE_OUTCOMES"])))
