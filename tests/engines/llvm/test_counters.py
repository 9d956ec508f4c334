"""Powers of a counter: right to the last bits, and the same however a run is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import thalweg as tw
from tests.engines.loops import advanced, check_loop, given
from thalweg.engines.llvm.code import image
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.mathematics.functions import called_text

ENGINE = NativeEngine()


def decaying(count: Any, power: Any, base: Any) -> Any:
    """The loss of step n is baseⁿ."""
    power = base ** tw.astype(count, float)
    return count + 1, power, power


def powers(base: float, start: int, *slices: int) -> Any:
    case = given(decaying, [np.int64(start), 0.0], scalars=[base])
    return advanced(case.begin(ENGINE), *slices)[0]


@pytest.mark.parametrize("base", [0.9, 0.999, 0.5, 1.0, 0.0, -0.75, 1.01])
def test_each_power_is_right_to_the_last_bits(base: float) -> None:
    found = powers(base, 0, 300)
    for n in (0, 1, 2, 63, 64, 65, 127, 128, 200, 299):
        exact = mpmath.power(mpmath.mpf(base), n)
        # At most 63 products of half an ulp each, and the power they start from.
        assert abs(found[n] - exact) <= 33 * np.spacing(abs(float(exact)))


@pytest.mark.parametrize("base", [0.9, 0.999])
def test_cuts_change_no_bit(base: float) -> None:
    whole = powers(base, 0, 1000)
    for slices in ([1] * 1000, [7] * 142 + [6], [63, 1, 1, 935]):
        assert powers(base, 0, *slices).tobytes() == whole.tobytes()
    # A run that begins at a later count gives the bits of one that came by.
    for start in (1, 63, 64, 65, 500):
        assert powers(base, start, 100).tobytes() == whole[start : start + 100].tobytes()


def test_a_counter_may_stand_still_leap_and_go_back() -> None:
    def walk(count: Any, path: Any, base: Any) -> Any:
        return count + path[count % 7], base ** tw.astype(count, float)

    path = np.array([0, 3, 100, -50, 1, -2, 64]) + np.array([1, 0, 0, 0, 0, 0, 0])
    check_loop(walk, [np.int64(1)], [path], [0.99], steps=40, rtol=1e-13)


def test_counters_below_zero() -> None:
    found = powers(0.9, -130, 140)
    np.testing.assert_allclose(found, 0.9 ** np.arange(-130.0, 10.0), rtol=1e-14)


def test_powers_in_a_batch_and_its_remainder_are_one_sequence() -> None:
    def step(count: Any, total: Any, x: Any, base: Any, rows: Any) -> Any:
        power = base ** tw.astype(count, float)
        return count + 1, total + power * np.sum(x[rows]), power

    case = given(step, [np.int64(1), 0.0], [np.ones(10)], [0.9], rows=10, batch=4)
    losses, _ = advanced(case.begin(ENGINE), 200)
    assert losses.tobytes() == powers(0.9, 1, 200).tobytes()


def test_several_bases_and_dtypes_beside_each_other() -> None:
    def step(count: Any, x: Any, a: Any, b: Any) -> Any:
        n = tw.astype(count, float)
        small = np.float32(0.5) ** tw.astype(count, np.float32)
        return count + 1, x * a**n + small, a**n + b**n - 0.25**n

    check_loop(step, [np.int32(0), np.ones(5)], [], [0.9, 0.999], steps=200, rtol=1e-6)


def test_integer_powers_of_a_counter_are_not_counted() -> None:
    check_loop(lambda n: (n + 1, 2 ** tw.astype(n, np.int64) % 1_000_003), [np.int32(1)], steps=70)


def test_a_base_that_changes_is_not_counted() -> None:
    check_loop(
        lambda n, base: (n + 1, 0.99 * base, base ** tw.astype(n, float)),
        [np.int64(0), 1.05],
        steps=150,
    )


@pytest.mark.parametrize(("type", "dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_a_power_is_one_function_of_a_module_of_its_own(
    type: str, dtype: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path))
    bases = [dtype(0.9), dtype(-0.999)]

    def two(count: Any) -> Any:
        steps = tw.astype(count, dtype)
        return count + 1, tw.astype(sum(base**steps for base in bases), float)

    texts: list[str] = []
    compile_object = image.compile_object
    monkeypatch.setattr(
        image, "compile_object", lambda text, t: texts.append(text) or compile_object(text, t)
    )
    losses = advanced(given(two, [np.int64(1)]).begin(ENGINE), 130)[0]
    expected = sum(np.asarray(base, np.float64) ** np.arange(1.0, 131.0) for base in bases)
    np.testing.assert_allclose(losses, expected, rtol=1e-4 if type == "f32" else 1e-13)
    made = [text for text in texts if f"define {'float' if type == 'f32' else 'double'}" in text]
    assert made == [called_text("power", type, ENGINE.target)]
