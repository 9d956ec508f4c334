"""What a program printed beside what a page shows of it: equal words, nearly equal numbers."""

from __future__ import annotations

import re

import pytest

# Times, and shares of them, are those of the machine.
_TIME = re.compile(r"\d[\d.,]*(?:e[+-]?\d+)?(?= ?(?:ms|µs|s)\b)")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")


def assert_shown(printed: str, shown: str, rel: float = 0.02) -> None:
    """Check that a page shows what was printed: words, and numbers but for rounding and times.

    Args:
        printed: What a program printed.
        shown: What a page says that it prints.
        rel: By how much numbers may differ, relatively.
    """
    lines, wanted = ([line.split() for line in text.splitlines()] for text in (printed, shown))
    ours, theirs = (_TIME.sub("…", "\n".join(map(" ".join, part))) for part in (lines, wanted))
    assert _words(ours) == _words(theirs), f"the page shows\n{shown}\nand it printed\n{printed}"
    assert _numbers(ours) == pytest.approx(_numbers(theirs), rel=rel, abs=1e-9)


def _words(text: str) -> str:
    return re.sub(r"[▁▂▃▄▅▆▇█]+", "▁", re.sub(r"\s+", "", _NUMBER.sub("0", text)))


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]
