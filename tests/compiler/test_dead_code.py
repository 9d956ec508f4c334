from __future__ import annotations

from typing import Any

import numpy as np

from tests.compiler.programs import primitives, program_of, spec
from thalweg.compiler.pipeline import remove_dead_code


def test_what_no_output_needs_is_dropped_and_inputs_stay() -> None:
    def function(x: Any, unused: Any) -> Any:
        np.exp(np.tanh(unused))
        return np.sin(x)

    program = program_of(function, spec(3), spec(3))
    cleaned = remove_dead_code(program)
    cleaned.check()
    assert primitives(cleaned) == ["sin"]
    assert cleaned.inputs == program.inputs


def test_a_program_without_dead_code_is_itself() -> None:
    program = program_of(lambda x: np.sin(np.cos(x)), spec(3))
    assert remove_dead_code(program) is program
