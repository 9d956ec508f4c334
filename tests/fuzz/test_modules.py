"""Random modules with penalties and hooks are trained as the loop of backward() and step() does."""

from __future__ import annotations

import pytest

from tests.fuzz.modules import attempt


@pytest.mark.parametrize("seed", [3, 8, 13, 21])
def test_a_random_module_is_trained_as_the_loop_does(seed: int) -> None:
    assert attempt(seed) is None
