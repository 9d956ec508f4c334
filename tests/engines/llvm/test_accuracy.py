"""The native functions are as accurate as their documentation says, at some of the points."""

import re

import numpy as np
import pytest

from tests.accuracy.measuring import exact_values, operands, worst
from tests.accuracy.table import ROWS
from tests.engines.llvm.kernels import runnable
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

# Those give exactly what NumPy gives, as tested beside them.
EXACT = {"fmod", "nextafter", "rint", "sign_bit"}
POINTS = 400


def stated(name: str) -> float:
    """Return the error in units of the last place that a primitive's documentation states."""
    found = re.search(r"Natively within ([0-9.]+) ulp\b", PRIMITIVES[name].__doc__ or "")
    assert found, f"the documentation of {name} does not say: Natively within … ulp"
    return float(found[1])


def test_every_function_is_measured() -> None:
    assert set(ROWS) == set(MATHEMATICS) - EXACT


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", sorted(ROWS))
def test_errors_are_within_what_is_stated(name: str, dtype: type) -> None:
    arrays = operands(ROWS[name], dtype, POINTS)
    exact = exact_values(ROWS[name], arrays)
    for target in (Target.host(), runnable("sse")):
        found = worst(name, arrays, exact, target)
        assert found.error <= stated(name), f"{name}{found.at}: {found.error} ulp, {target.cpu}"
