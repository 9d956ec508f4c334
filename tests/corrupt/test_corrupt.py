"""Damaged files end in one sentence or in the right values: a few hundred of `make corrupt`."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.corrupt import kinds
from tests.corrupt.__main__ import table
from tests.corrupt.damage import WAYS, damaged
from tests.corrupt.session import outcomes
from tests.corrupt.trying import GOOD, OTHER, RIGHT, TOLD

FILES = 270


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "sound"
    kinds.make(folder)
    return folder


def test_damaged_files_are_told_or_read_right(sound: Path) -> None:
    found = list(outcomes(sound, range(10**6, 10**6 + FILES)))
    assert [outcome.seed for outcome in found] == [*range(10**6, 10**6 + FILES)]
    assert [outcome for outcome in found if outcome.outcome not in GOOD] == []
    counts = Counter((outcome.kind, outcome.outcome) for outcome in found)
    for kind in kinds.KINDS:
        assert sum(counts[kind.name, outcome] for outcome in GOOD) == FILES // len(kinds.KINDS)
    # What has checksums never holds other values, and a damaged program is compiled anew.
    for name in ("checkpoint", "saved state", "model folder", "cache of programs"):
        assert not counts[name, OTHER]
    assert counts["checkpoint", TOLD] == FILES // len(kinds.KINDS)
    assert counts["cache of programs", RIGHT] == FILES // len(kinds.KINDS)


def test_every_way_changes_what_it_damages() -> None:
    rng = random.Random(0)
    content, others = rng.randbytes(3000), [rng.randbytes(2000)]
    for way in WAYS:
        assert any(way(rng, content, others).content != content for _ in range(20))
    assert all(damaged(rng, content, others).content != content for _ in range(300))
    for _ in range(100):
        found = WAYS[0](rng, content, others)
        assert found.touched is not None
        start, end = found.touched
        assert found.content[:start] == content[:start]
        assert found.content[end:] == content[end:]


def test_counts_are_a_table() -> None:
    counts = Counter({("CSV", RIGHT): 2, ("CSV", "fault"): 1})
    assert "| CSV | 2 | 0 | 0 | 1 |" in table(counts)
    assert "| all | 2 | 0 | 0 | 1 |" in table(counts)
