"""Poisson's, binomial and gamma numbers of a seed are PyTorch's, and so is what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg import torch as wing

torch = pytest.importorskip("torch")

N = 4000

_RNG = np.random.default_rng(8)

MEANS = 10 ** _RNG.uniform(-3, 6, N)
TRIALS = np.floor(10 ** _RNG.uniform(0, 7, N))
CHANCES = np.where(_RNG.random(N) < 0.5, 10 ** _RNG.uniform(-6, 0, N), _RNG.random(N))
SHAPES = 10 ** _RNG.uniform(-3, 4, N)
PAIRS = 10 ** _RNG.uniform(-3, 3, (N // 2, 2))

Draw = Callable[[Any, Callable[[Any], Any]], Any]


def both(draw: Draw, dtype: str, seed: int = 5) -> list[Any]:
    """Return, of either library, what is drawn with tensors of arrays, and what follows."""
    found = []
    for lib in (wing, torch):
        tensor = lambda array, lib=lib: lib.tensor(array, dtype=getattr(lib, dtype))
        lib.manual_seed(seed)
        drawn = draw(lib, tensor).numpy()
        after = (draw(3, dtype=lib.float64).tolist() for draw in (lib.rand, lib.randn))
        found.append((drawn, *after))
    return found


def laws(lib: Any) -> Any:
    """Return the distributions of a library."""
    return lib.distributions


# ---- of parameters over their whole ranges

COUNTS: dict[str, Draw] = {
    "poisson": lambda lib, t: lib.poisson(t(MEANS)),
    "binomial": lambda lib, t: lib.binomial(t(TRIALS), t(CHANCES)),
    "Poisson": lambda lib, t: laws(lib).Poisson(t(MEANS[:50])).sample((7,)),
    "Binomial": lambda lib, t: laws(lib).Binomial(t(TRIALS), t(CHANCES)).sample(),
    "Gamma": lambda lib, t: laws(lib).Gamma(t(SHAPES), t(1.0)).sample(),
    "Gamma of small shapes": lambda lib, t: laws(lib).Gamma(t(SHAPES / 1e4), t(3.0)).sample(),
    "Chi2": lambda lib, t: laws(lib).Chi2(t(SHAPES)).sample(),
}

# Of these there is a last bit: of sums, roots, cosines.
NEARLY: dict[str, Draw] = {
    "Beta": lambda lib, t: laws(lib).Beta(t(PAIRS[:, 0]), t(PAIRS[:, 1])).sample(),
    "Dirichlet": lambda lib, t: laws(lib).Dirichlet(t(PAIRS.reshape(-1, 5))).sample(),
    "StudentT": lambda lib, t: laws(lib).StudentT(t(SHAPES)).sample(),
    "FisherSnedecor": lambda lib, t: laws(lib).FisherSnedecor(*t(PAIRS).unbind(-1)).sample(),
    "InverseGamma": lambda lib, t: laws(lib).InverseGamma(t(SHAPES), t(2.0)).sample(),
    "NegativeBinomial": lambda lib, t: (
        laws(lib).NegativeBinomial(t(TRIALS[:50]), t(0.3)).sample((5,))
    ),
    "VonMises": lambda lib, t: laws(lib).VonMises(t(1.0), t(SHAPES)).sample(),
    "VonMises of small concentrations": lambda lib, t: (
        laws(lib).VonMises(t([1.0, -3.0]), t([1e-7, 1e-4])).sample((9,))
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", COUNTS)
def test_numbers_are_pytorch_s_to_the_last_bit(name: str, dtype: str) -> None:
    ours, theirs = both(COUNTS[name], dtype)
    assert ours[0].dtype == theirs[0].dtype
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NEARLY)
def test_numbers_are_pytorch_s_to_rounding(name: str, dtype: str) -> None:
    ours, theirs = both(NEARLY[name], dtype)
    assert ours[0].dtype == theirs[0].dtype
    digits = 4 * float(np.finfo(dtype).eps)
    # An arc cosine near 1 has half the digits of its argument.
    close = max(digits, 1e-11) if "Mises" in name else 0
    np.testing.assert_allclose(ours[0], theirs[0], digits, close)
    assert ours[1:] == theirs[1:]


# ---- of shapes and memory

LAID_OUT: dict[str, Draw] = {
    "no axis": lambda lib, t: lib.poisson(t(30.0)),
    "nothing": lambda lib, t: lib.poisson(t(np.zeros((2, 0)))),
    "nothing, binomial": lambda lib, t: lib.binomial(t(np.zeros(0)), t(np.zeros(0))),
    "nothing, gamma": lambda lib, t: laws(lib).Gamma(t(np.zeros(0)), t(1.0)).sample((3,)),
    "nothing, von Mises": lambda lib, t: laws(lib).VonMises(t(np.zeros(0)), t(1.0)).sample(),
    "transposed": lambda lib, t: lib.poisson(t(MEANS[:60].reshape(5, 12)).t()),
    "expanded": lambda lib, t: lib.poisson(t(MEANS[:5]).unsqueeze(1).expand(5, 7)),
    "steps": lambda lib, t: lib.poisson(t(MEANS[:60].reshape(5, 12))[:, ::3]),
    "transposed trials": lambda lib, t: lib.binomial(
        t(TRIALS[:60].reshape(5, 12)).t(), t(CHANCES[:60].reshape(12, 5))
    ),
    "broadcast": lambda lib, t: lib.binomial(t(TRIALS[:60].reshape(5, 12)), t(CHANCES[:12])),
    "transposed shapes": lambda lib, t: (
        laws(lib).Gamma(t(SHAPES[:60].reshape(5, 12)).t(), t(1.0)).sample((2,))
    ),
    "generator": lambda lib, t: lib.poisson(
        t(MEANS[:60]), generator=lib.Generator().manual_seed(9)
    ),
    "generator, binomial": lambda lib, t: lib.binomial(
        t(TRIALS[:60]), t(CHANCES[:60]), generator=lib.Generator().manual_seed(9)
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAID_OUT)
def test_numbers_are_drawn_in_the_order_of_axes(name: str, dtype: str) -> None:
    ours, theirs = both(LAID_OUT[name], dtype)
    assert ours[0].shape == theirs[0].shape
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_means_of_half_precision_are_drawn_as_those_of_single() -> None:
    ours, theirs = both(lambda lib, t: lib.poisson(t(np.geomspace(1e-2, 1e4, 99))), "float16")
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_a_normal_number_that_is_kept_goes_to_a_gamma_variate() -> None:
    def draw(lib: Any, tensor: Any) -> Any:
        lib.randn(3, dtype=lib.float64)
        variates = laws(lib).Gamma(tensor([2.0, 0.5]), tensor(1.0)).sample()
        return lib.cat([variates, lib.randn(3, dtype=variates.dtype)])

    for seed in range(20):
        ours, theirs = both(draw, "float64", seed)
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert ours[1:] == theirs[1:]


def test_shares_of_tiny_parameters_are_pytorch_s() -> None:
    def draw(lib: Any, tensor: Any) -> Any:
        return laws(lib).Dirichlet(tensor([1e-3, 2e-3, 1e-3])).sample((500,))

    for dtype in ("float32", "float64"):
        ours, theirs = both(draw, dtype)
        np.testing.assert_allclose(ours[0], theirs[0], 1e-6)


def test_angles_of_no_and_of_boundless_concentration() -> None:
    law = wing.distributions.VonMises(
        wing.zeros(4, dtype=wing.float64),
        wing.tensor([0.0, 1e30, np.inf, np.nan], dtype=wing.float64),
        validate_args=False,
    )
    wing.manual_seed(0)
    found = law.sample((400,)).numpy()
    assert np.abs(np.mean(found[:, 0])) < 0.3
    assert np.abs(np.std(found[:, 0]) - np.pi / np.sqrt(3)) < 0.2
    assert np.abs(found[:, 1]).max() < 1e-14
    assert np.isnan(found[:, 3]).all()
