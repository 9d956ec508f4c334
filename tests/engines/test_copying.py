"""Copies made in pieces are the arrays they are of."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.engines import waiting

RANDOM = np.random.default_rng(0)
ARRAYS = {
    "a number": np.array(3.0),
    "nothing": np.empty((0, 3)),
    "a vector": RANDOM.normal(size=1001),
    "a matrix": RANDOM.normal(size=(37, 41)),
    "its transpose": RANDOM.normal(size=(37, 41)).T,
    "one long row": RANDOM.normal(size=(1, 3, 700)),
    "every other row": RANDOM.normal(size=(60, 9))[::2],
    "integers": RANDOM.integers(0, 9, (50, 50)),
}


@pytest.mark.parametrize("piece", [8, 100, 4096, 1 << 23])
@pytest.mark.parametrize("name", ARRAYS)
def test_copies_have_the_values_and_memory_of_their_own(
    name: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_PIECE", piece)
    array = ARRAYS[name]
    for made in (waiting.copied(array), waiting.copied(array, "C")):
        assert made.dtype == array.dtype
        assert np.array_equal(made, array)
    assert waiting.copied(array, "C").flags.c_contiguous
    assert not np.shares_memory(waiting.copied(array), array)
    assert waiting.copied(array).flags.f_contiguous == array.flags.f_contiguous
