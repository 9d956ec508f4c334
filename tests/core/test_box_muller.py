"""The float32 polynomials are accurate, and blocks hold what they should."""

import math

import numpy as np

from thalweg.random.box_muller import logarithm, normal_blocks, sine_and_cosine


def worst(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))))


def test_logarithms_are_accurate_to_two_units_in_the_last_place() -> None:
    x = np.float32(2.0**-24) * np.arange(1, 2**24, 997, dtype=np.float32)
    assert worst(logarithm(x), np.log(x.astype(np.float64))) < 2


def test_sines_and_cosines_are_accurate_all_the_way_round() -> None:
    x = np.linspace(0, 2 * np.pi, 20011, dtype=np.float32)
    sine, cosine = sine_and_cosine(x)
    assert np.max(np.abs(sine - np.sin(x.astype(np.float64)))) < 1e-7
    assert np.max(np.abs(cosine - np.cos(x.astype(np.float64)))) < 1e-7


def test_a_block_in_double_precision_is_what_the_c_library_computes() -> None:
    uniform = np.random.default_rng(1).random(16 * 1100)
    found = normal_blocks(uniform.copy(), 0.0, 1.0).reshape(-1, 2, 8)
    for block, (first, second) in zip(found, uniform.reshape(-1, 2, 8).tolist(), strict=True):
        radii = [math.sqrt(-2 * math.log(1 - u)) for u in first]
        angles = [2 * math.pi * u for u in second]
        pairs = list(zip(radii, angles, strict=True))
        assert block[0].tolist() == [r * math.cos(t) for r, t in pairs]
        assert block[1].tolist() == [r * math.sin(t) for r, t in pairs]
