"""How much memory is free, and when that is asked."""

import pytest

from thalweg.data import memory
from thalweg.errors import DataError


def test_memory_is_asked_for_only_where_much_is_needed(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2**30)
    memory.require_memory(2**30, "This")
    with pytest.raises(DataError, match=r"This takes 1\.5 GiB of memory, but 1\.0 GiB are free\."):
        memory.require_memory(3 * 2**29, "This")
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.require_memory(2**60, "This")


def test_the_free_memory_is_known_here() -> None:
    free = memory.available_memory()
    assert free is None or 2**20 < free < 2**50
