"""Objects by identity, for as long as they live."""

from __future__ import annotations

import numpy as np

from thalweg.core.program import Living


def test_it_holds_the_living_by_identity_and_drops_the_others() -> None:
    known: Living[np.ndarray] = Living()
    kept = [np.zeros(2) for _ in range(3)]
    for array in kept:
        known.add(array)
        for _ in range(2000):
            known.add(np.zeros(1))
    assert all(array in known for array in kept)
    assert kept[0].copy() not in known
    assert [id(array) for array in known] == [id(array) for array in kept]
    assert len(known._references) < 2000
    del kept[1], array
    assert [id(array) for array in known] == [id(array) for array in kept]
