"""JAX as its users run it, optimized: a sample of the tests that run it here compiled quickly.

All of them: `make test XLA_FLAGS=`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = (
    "tests/bridges/test_jax.py::test_in_64_bits_they_are_equal_to_rounding",
    "tests/bridges/test_jax.py::test_optaxs_on_numpys_arrays_take_its_200_steps",
    "tests/control/test_against_jax.py::test_values_are_those_of_jax[running]",
    "tests/control/test_against_jax.py::test_derivatives_are_those_of_jax[running-gradient]",
    "tests/control/test_against_jax.py::test_derivatives_are_those_of_jax[branch in loop-tangent]",
    "tests/control/test_against_jax.py::test_batches_are_those_of_jax[nested]",
    "tests/optim/test_other_arrays.py::test_transformation_inside_jit_and_scan[lamb-1]",
    "tests/optim/test_other_arrays.py::test_transformation_inside_jit_and_scan[muon-4]",
)


def test_optimized_by_jax_the_results_are_the_same() -> None:
    pytest.importorskip("jax")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SAMPLE]
    environment = {**os.environ, "XLA_FLAGS": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
