"""Random programs whose outputs are written where inputs are, in shares of several threads."""

from __future__ import annotations

import numpy as np

from tests.fuzz.cases import Case
from tests.fuzz.compare import Array, Results, outcome, same, unlike
from tests.fuzz.generate import random_case
from tests.fuzz.growth import Growth
from tests.fuzz.guard import Guarded
from tests.fuzz.rounding import Perturbed
from thalweg.core.program import Program, Symbol
from thalweg.engines.located import Located
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import EngineError


def with_targets(case: Case, seed: int) -> tuple[Case, list[int]]:
    """Return a case, and for each output an input that it replaces, mostly one that is read."""
    g = Growth(seed)
    inputs, arrays, targets = list(case.program.inputs), list(case.arrays), list[int]()
    for output in case.program.outputs:
        alike = [
            i
            for i, symbol in enumerate(inputs)
            if (symbol.shape, symbol.dtype) == (output.shape, output.dtype) and i not in targets
        ]
        if alike and g.chance(0.8):
            targets.append(int(g.choose(alike)))
            continue
        targets.append(len(inputs))
        inputs.append(Symbol(output.spec))
        arrays.append(np.zeros(output.shape, output.dtype))
    program = Program(tuple(inputs), case.program.equations, case.program.outputs)
    return Case(program, arrays), targets


def difference(seed: int, threads: int) -> str | None:
    """Return what is wrong after a random program has run in memory of the caller's."""
    case, targets = with_targets(random_case(seed), seed)
    program, arrays, guarded = case.program, case.arrays, Guarded()
    try:
        located = Located(program, targets, threads)
    except EngineError:
        return None  # what native code cannot compute
    memory = [
        _written(guarded, array) if i in targets else guarded.copy(array)
        for i, array in enumerate(arrays)
    ]

    def run() -> list[Array]:
        located.run([array.ctypes.data for array in memory], memory)
        return [memory[target].copy() for target in targets]

    got = outcome(run)
    wanted: Results = outcome(lambda: NumpyEngine().compile(program)(*arrays))
    if same(got, wanted, program) or isinstance(wanted, str):
        return None
    return unlike(got, wanted, lambda seed: Perturbed(seed, True)(program, arrays), program)


def _written(guarded: Guarded, array: Array) -> Array:
    found, _, _ = guarded.memory(array.nbytes, True)
    copied = found.view(array.dtype).reshape(array.shape)
    copied[...] = array
    return copied
