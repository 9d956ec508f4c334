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


class Outcomes:
    """What came of the cases of a run, written into a file at its end.

    Args:
        file: The file.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.found: dict[str, Outcome] = {}

    def note(self, case: str, outcome: Outcome) -> None:
        """Note what came of a part of a case."""
        before = self.found.get(case, Outcome("passed"))
        if WORDS.index(outcome.word) > WORDS.index(before.word):
            before = outcome
        self.found[case] = before

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when != "call" and report.passed:
            return
        subtest = getattr(report, "context", None) is not None
        word = "passed" if subtest and report.skipped else report.outcome
        self.note(report.nodeid, Outcome(word, _reason(report)))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.note(f"{report.nodeid}::collection", Outcome("failed", _reason(report)))

    def pytest_sessionfinish(self) -> None:
        self.file.write_text(json.dumps(self.found))


def _reason(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)[:400]
    return "" if report.passed else str(report.longrepr)[-400:]


def pytest_configure(config: pytest.Config) -> None:
    if os.environ["OPTAX_SUITE_PACKAGE"] != "optax":
        alias.install(config.rootpath)
    config.pluginmanager.register(Outcomes(Path(os.environ["OPTAX_SUITE_OUTCOMES"])))
