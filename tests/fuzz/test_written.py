"""Random programs of views and writes compute what NumPy does, in every way they are run."""

from __future__ import annotations

import pytest

from tests.fuzz.ways import outcomes
from tests.fuzz.written import written_program


@pytest.mark.parametrize("first", range(0, 240, 20))
def test_programs_of_views_and_writes_compute_what_numpy_does(first: int) -> None:
    for seed in range(first, first + 20):
        program = written_program(seed)
        told = outcomes(program)
        wrong = {name: what for name, what in told.items() if what not in ("", "refused")}
        assert not wrong, f"seed {seed}:\n{program.source}\n{wrong}"
        assert told["jit of grad"] == ""


# Complex numbers run on the reference engine.
@pytest.mark.filterwarnings("ignore:The native engine cannot run:UserWarning")
def test_programs_of_views_and_writes_compile() -> None:
    for seed in range(1000, 1012):
        program = written_program(seed)
        assert not outcomes(program, native=True)["native"], program.source
