"""The native functions are as accurate as their documentation says, at some of the points."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.accuracy.__main__ import PAGE
from tests.accuracy.measuring import exact_values, operands, worst
from tests.accuracy.table import ROWS, SPECIAL_ROWS
from tests.engines.llvm.kernels import runnable
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

# Those give exactly what NumPy gives, as tested beside them.
EXACT = {"fmod", "nextafter", "rint", "sign_bit"}
POINTS = 400
ROOT = Path(__file__).parents[3]


def stated(name: str) -> float:
    """Return the error in units of the last place that a primitive's documentation states."""
    found = re.search(r"Natively within ([0-9.]+) ulp\b", PRIMITIVES[name].__doc__ or "")
    assert found, f"the documentation of {name} does not say: Natively within … ulp"
    return float(found[1])


def test_every_function_is_measured() -> None:
    assert set(ROWS) == set(MATHEMATICS) - EXACT


def test_the_page_shows_every_function_with_errors_within_what_is_stated() -> None:
    lines = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()
    cells = [re.split(r" *\| *", line)[1:-1] for line in lines if line.startswith("| ")][1:]
    assert [row[0] for row in cells[::2]] == [*ROWS, *SPECIAL_ROWS]
    for name, _, error, _, without_fma, _ in cells:
        assert max(float(error), float(without_fma)) <= stated(name), name


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", sorted(ROWS))
def test_errors_are_within_what_is_stated(name: str, dtype: type) -> None:
    arrays = operands(ROWS[name], dtype, POINTS)
    exact = exact_values(ROWS[name], arrays)
    for target in (Target.host(), runnable("sse")):
        found = worst(name, arrays, exact, target)
        assert found.error <= stated(name), f"{name}{found.at}: {found.error} ulp, {target.cpu}"
