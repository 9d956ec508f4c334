"""The page of PyTorch's names says what is so."""

from __future__ import annotations

import re
from collections import Counter

from tests.oracle.names import PAGE, of_pytorch, of_wing


def test_what_the_page_says_is_not_here_is_not_and_its_numbers_fit() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lacking: Counter[str] = Counter()
    for title, names in re.findall(r"^- `torch\.?([\w.]*)`: (.*)$", text, re.MULTILINE):
        here, there = of_wing(title), of_pytorch(title)
        for name in re.findall(r"`(\w+)`", names):
            assert (hasattr(there, name), hasattr(here, name)) == (True, False), (title, name)
            lacking[title] += 1
    rows = re.findall(r"^\| `torch\.?([\w.]*)` \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert {title: int(names) - int(here) for title, names, here in rows} == {
        title: lacking[title] for title, _, _ in rows
    }, "python -m tests.oracle names"
