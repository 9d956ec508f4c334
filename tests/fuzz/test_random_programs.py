"""The native engine computes what random programs mean, and touches no memory but its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.fuzz.generate import random_case
from tests.fuzz.growth import is_rare
from tests.fuzz.loops import random_loop
from tests.fuzz.seeds import is_loop
from tests.fuzz.session import ROOT, failures
from tests.samples import ROWS
from thalweg.core.primitive import PRIMITIVES
from thalweg.engines.llvm.mathematics.special.counting import COUNTING

SEEDS, GUARDED_SEEDS, GROUP = 1_000, 100, 50


@pytest.mark.sampled(3)
@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_random_programs_and_loops_agree_with_their_meaning(first: int) -> None:
    found = list(failures(range(first, first + GROUP)))
    assert not found, "\n\n".join(map(str, found))


@pytest.mark.parametrize("first", range(SEEDS, SEEDS + GUARDED_SEEDS, GROUP))
def test_compiled_code_stays_within_its_memory(first: int) -> None:
    found = list(failures(range(first, first + GROUP), guard=True))
    assert not found, "\n\n".join(map(str, found))


def test_touching_what_lies_beside_guarded_memory_ends_the_process() -> None:
    program = (
        "import ctypes, numpy\n"
        "from tests.fuzz.guard import Guarded\n"
        "array = Guarded().copy(numpy.arange(8.0))\n"
        "address = array.ctypes.data\n"
        "assert ctypes.string_at(address, 64)\n"
        "ctypes.{}\n"
    )
    for touch in ("string_at(address - 1, 1)", "string_at(address + 4096, 1)",
                  "memset(address, 0, 1)"):  # fmt: skip
        ended = subprocess.run([sys.executable, "-c", program.format(touch)], cwd=ROOT)
        assert ended.returncode == -signal.SIGSEGV


def test_random_programs_contain_every_primitive() -> None:
    seeds = [*range(400), *filter(is_rare, range(400, 2_000))]
    programs = [random_case(seed).program for seed in seeds if not is_loop(seed)]
    found = {e.primitive.name for program in programs for e in program.equations}
    # What is written by other primitives, whenever it is traced, stands in no program.
    wanted = {name for name in ROWS if PRIMITIVES[name].expansion is None}
    # Quantiles of counts jump wherever rounding decides: they have tests of their own.
    assert found >= wanted - set(COUNTING)


@pytest.mark.parametrize("make", [random_case, random_loop])
def test_a_seed_gives_the_same_program(make: Callable[[int], Any]) -> None:
    assert all(str(make(seed)) == str(make(seed)) for seed in range(50))
