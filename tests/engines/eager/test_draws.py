"""Draws by machine code are those of NumPy's form, to the last bit, and leave the same state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg.engines.eager import draws
from thalweg.ops.special import error
from thalweg.random import mersenne_twister
from thalweg.random.generator import Generator

CHANCES = np.random.default_rng(2).random(5000)


# Parameters over all the ways that each law is drawn, and the ends of what it is drawn of.
MEANS = np.append([0.0, np.inf, np.nan], 10 ** np.random.default_rng(3).uniform(-3, 6, 4997))
COUNTS_OF_TRIALS = np.append([0.0, 5.0, 5.0, np.inf], np.floor(MEANS[4:]))
SHAPES = np.append([0.0, -0.5, -3.0, np.inf, np.nan, 1e-320], MEANS[6:])


def _gamma(generator: Generator, n: int) -> Any:
    """Beside it the normal number that is kept of a pair."""
    drawn = generator.standard_gamma(SHAPES[:n].astype(np.float32))
    return np.append(drawn, generator.normal(shape=(n % 2,)))


def _kept(generator: Generator, x: Any) -> Any:
    out, factor = np.empty_like(x), float(x.dtype.type(1.7))
    if generator.fill_kept(out, x, 0.3, factor):
        return out
    return x * (generator.bernoulli(0.3, x.shape) * x.dtype.type(factor))


DRAWS: dict[str, Callable[[Generator, int], Any]] = {
    "uniform float32": lambda g, n: g.rand((n,), np.float32),
    "uniform float64": lambda g, n: g.rand((2, n)),
    "integers": lambda g, n: g.randint(-5, 100, (n,)),
    "order": lambda g, n: g.randperm(n),
    "normal": lambda g, n: g.normal(0.0, 1.0, (n,), np.float32),
    "normal, scaled": lambda g, n: g.normal(-2.0, 0.3, (3, n), np.float32),
    "coins": lambda g, n: g.bernoulli(0.3, (n,)),
    "certain": lambda g, n: g.bernoulli(1.0, (n,)),
    "events float32": lambda g, n: g.bernoulli(CHANCES[:n].astype(np.float32)),
    "events float64": lambda g, n: g.bernoulli(CHANCES[:n]),
    "kept float32": lambda g, n: _kept(g, CHANCES[:n].astype(np.float32)),
    "kept float64": lambda g, n: _kept(g, CHANCES[:n]),
    "exponential": lambda g, n: g.exponential(2.0, (n,), np.float32),
    "poisson float32": lambda g, n: g.poisson(MEANS[:n].astype(np.float32)),
    "poisson float64": lambda g, n: g.poisson(MEANS[:n]),
    "binomial float32": lambda g, n: g.binomial(
        COUNTS_OF_TRIALS[:n].astype(np.float32), CHANCES[:n].astype(np.float32) ** 3
    ),
    "binomial float64": lambda g, n: g.binomial(COUNTS_OF_TRIALS[:n], CHANCES[:n] ** 3),
    "gamma float32": _gamma,
    "gamma float64": lambda g, n: g.standard_gamma(SHAPES[:n]),
    "weighted": lambda g, n: g.multinomial(CHANCES[:n], n, replacement=True),
}

# Around the twister's 624 words, the chunks of 512 numbers and the blocks of 16.
COUNTS = 0, 1, 15, 16, 17, 31, 511, 512, 513, 623, 624, 625, 1249, 5000


@pytest.mark.parametrize("name", DRAWS)
def test_numbers_and_states(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_counts() -> list[bytes]:
        generator, found = Generator().manual_seed(3), []
        for n in COUNTS:
            found.append(DRAWS[name](generator, n).tobytes())
            found.append(generator.get_state().tobytes())
        return found

    monkeypatch.setattr(draws, "_MANY", 0)
    compiled = all_counts()
    assert mersenne_twister._fillers
    monkeypatch.setattr(mersenne_twister, "_fillers", {})
    monkeypatch.setattr(mersenne_twister, "_find", None)
    assert compiled == all_counts()


def test_kinds_of_numbers_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed() -> list[Any]:
        g = Generator().manual_seed(1)
        kinds = "coins", "normal, scaled", "integers", "certain", "normal", "gamma float32"
        kinds += "normal, scaled", "poisson float64", "coins"
        return [DRAWS[kind](g, 40).tobytes() for kind in kinds]

    found = mixed()
    monkeypatch.setattr(mersenne_twister, "_fillers", {})
    monkeypatch.setattr(mersenne_twister, "_find", None)
    assert found == mixed()


@pytest.mark.parametrize("function", [math.log1p, math.cos, math.erf, math.erfc])
def test_functions_of_the_c_library(function: object, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(4).uniform(-0.9, 3.0, (2, 1 << 13))
    compiled = error.of_each(function, x)
    monkeypatch.setattr(error, "_compiled", None)
    assert compiled.tobytes() == error.of_each(function, x).tobytes()
    assert compiled.shape == x.shape
