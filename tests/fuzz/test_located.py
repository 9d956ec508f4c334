"""Programs that change arrays where they are touch no memory but that."""

import pytest

from tests.fuzz.located import difference
from thalweg.compiler import shares
from thalweg.engines import located


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_random_programs_are_right_in_memory_of_the_callers(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small arrays are cut into pieces too, and given to several threads.
    monkeypatch.setattr(shares, "_LEAST", 2)
    monkeypatch.setattr(shares, "_LINE", 1)
    monkeypatch.setattr(located, "_FEW", 0)
    found = {seed: difference(seed, 1 + seed % 3) for seed in range(first, first + 20)}
    assert not {seed: told for seed, told in found.items() if told}
