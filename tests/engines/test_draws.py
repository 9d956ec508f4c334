"""Draws by machine code are those of NumPy's form, to the last bit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thalweg.engines import draws  # noqa: F401 - it lets machine code draw
from thalweg.ops.special import error
from thalweg.random import box_muller, fisher_yates

UNIFORM = (np.random.default_rng(2).integers(0, 1 << 24, 1 << 15) / 2**24).astype(np.float32)


def test_normal_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    UNIFORM[:4] = 0.0, 1 - 2.0**-24, 0.5, 0.25
    UNIFORM[8:12] = 0.0, 1 - 2.0**-24, 0.5, 0.25
    compiled = box_muller.normal_blocks(UNIFORM.copy(), 0.0, 1.0)
    scaled = box_muller.normal_blocks(UNIFORM.copy(), 2.0, 0.3)
    monkeypatch.setattr(box_muller, "COMPILED", None)
    plain = box_muller.normal_blocks(UNIFORM.copy(), 0.0, 1.0)
    assert compiled.tobytes() == plain.tobytes()
    assert scaled.tobytes() == box_muller.normal_blocks(UNIFORM.copy(), 2.0, 0.3).tobytes()


def test_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 1 << 14
    targets = np.random.default_rng(3).integers(np.arange(n), n)
    compiled = fisher_yates.shuffled(targets)
    monkeypatch.setattr(fisher_yates, "_compiled", None)
    assert compiled.tolist() == fisher_yates.shuffled(targets).tolist()


@pytest.mark.parametrize("function", [math.log1p, math.cos, math.erf, math.erfc])
def test_functions_of_the_c_library(function: object, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(4).uniform(-0.9, 3.0, (2, 1 << 13))
    compiled = error.of_each(function, x)
    monkeypatch.setattr(error, "_compiled", None)
    assert compiled.tobytes() == error.of_each(function, x).tobytes()
    assert compiled.shape == x.shape
