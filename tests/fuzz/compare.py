"""Whether an engine computes what a program means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.fuzz.cases import Case, LoopCase
from tests.fuzz.rounding import Perturbed, jumps_at
from thalweg.compiler.pipeline import optimize
from thalweg.core.program import Program, Symbol
from thalweg.core.spec import Spec
from thalweg.engines.engine import CompiledLoop
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import IndexOutOfRange

Array = np.ndarray[Any, Any]
Results = list[Array] | str

# Most differences are settled by the few first samples; many see each way that a program may go
# where rounding decides it.
_SAMPLES = (4, 12, 40, 160)
_MANY = 40
_SLACK = 3.0


def outcome(run: Callable[[], list[Array]]) -> Results:
    """Return the results of a run, or the name of the error that it raised on purpose."""
    try:
        return run()
    except IndexOutOfRange:
        return "IndexOutOfRange"


def difference(case: Case, engine: NativeEngine) -> str | None:
    """Return what is wrong with an engine's results, None if nothing is.

    The passes are held against the program as it was written, the machine code against the
    program as the passes left it.
    """
    program, arrays = case.program, case.arrays
    before = [array.copy() for array in arrays]
    got = outcome(lambda: engine.compile(program)(*arrays))
    for given, kept in zip(arrays, before, strict=True):
        if not equal_bits(given, kept):
            return "an input array was changed"
    wanted = outcome(lambda: NumpyEngine().compile(program)(*arrays))
    if same(got, wanted, program):
        return None
    simpler = optimize(program)
    meant = outcome(lambda: NumpyEngine().compile(simpler)(*arrays))
    # An index that the passes find nobody to need is not looked at.
    if not (isinstance(wanted, str) and not isinstance(meant, str)):
        found = unlike(meant, wanted, lambda seed: Perturbed(seed, True)(program, arrays), program)
        if found:
            return f"passes: {found}"
    found = unlike(got, meant, lambda seed: Perturbed(seed, False)(simpler, arrays), simpler)
    return f"machine code: {found}" if found else None


_STEPS = (3, 4)


def loop_difference(case: LoopCase, engine: NativeEngine) -> str | None:
    """Return what is wrong with a loop after some steps, taken in two parts."""
    got = _after(engine.compile_loop(case.loop), case)
    wanted = _after(NumpyEngine().compile_loop(case.loop), case)
    outputs = (*case.loop.step.outputs[:-1], Symbol(Spec((sum(_STEPS),), np.dtype(float))))
    shown = Program((), case.loop.step.equations, outputs)

    def perturbed(seed: int) -> list[Array]:
        reference = NumpyEngine()
        rounding = Perturbed(seed, True)
        reference.compile = lambda program: lambda *arrays: rounding(program, arrays)
        return _after(reference.compile_loop(case.loop), case)

    return unlike(got, wanted, perturbed, shown)


def _after(loop: CompiledLoop, case: LoopCase) -> list[Array]:
    run = loop.begin(case.state, case.data, case.scalars, case.order, case.seed)
    losses = np.zeros(sum(_STEPS))
    start = 0
    for steps in _STEPS:
        run.advance(start, steps, losses[start:])
        start += steps
    return [*run.state(), losses]


def same(got: Results, wanted: Results, program: Program) -> bool:
    """Tell whether results are equal to the bit, but for the sign of zeros and kinds of NaN."""
    if isinstance(got, str) or isinstance(wanted, str):
        return isinstance(got, str) and isinstance(wanted, str) and got == wanted
    rows = zip(got, wanted, program.outputs, strict=True)
    return all(
        g.shape == w.shape == s.shape
        and g.dtype == w.dtype == s.dtype
        and np.array_equal(g, w, equal_nan=g.dtype.kind == "f")
        for g, w, s in rows
    )


def unlike(
    got: Results, wanted: Results, perturbed: Callable[[int], list[Array]], program: Program
) -> str | None:
    """Return where results differ by more than rounding explains."""
    if isinstance(got, str) or isinstance(wanted, str):
        return None if same(got, wanted, program) else f"got {_short(got)}, not {_short(wanted)}"
    rows = zip(got, wanted, program.outputs, strict=True)
    for i, (g, w, symbol) in enumerate(rows):
        if (g.shape, g.dtype) != (symbol.shape, symbol.dtype):
            return f"output {i} is {g.dtype}{list(g.shape)}, not {symbol.spec}"
        if (w.shape, w.dtype) != (symbol.shape, symbol.dtype):
            return f"output {i} of the reference is {w.dtype}{list(w.shape)}, not {symbol.spec}"
    if same(got, wanted, program):
        return None
    jumps = any(map(jumps_at, program.equations))
    samples: list[list[Array]] = []
    found = None
    for count in _SAMPLES:
        samples += [perturbed(seed) for seed in range(len(samples), count)]
        found = _first_wrong(got, wanted, samples, jumps)
        if found is None:
            return None
    return found


def _first_wrong(
    got: list[Array], wanted: list[Array], samples: list[list[Array]], jumps: bool
) -> str | None:
    for i, (g, w) in enumerate(zip(got, wanted, strict=True)):
        wrong = _wrong(g, w, [sample[i] for sample in samples], jumps)
        if wrong.any():
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            count = int(wrong.sum())
            return f"output {i} at {at} is {g[at]!r}, not {w[at]!r} ({count} of {wrong.size} wrong)"
    return None


def _wrong(got: Array, wanted: Array, samples: Sequence[Array], jumps: bool) -> Array:
    """Return where a result is neither what is wanted nor as uncertain as that."""
    with np.errstate(all="ignore"):
        alike = (got == wanted) | ((got != got) & (wanted != wanted))
        for sample in samples:
            alike |= (got == sample) | ((got != got) & (sample != sample))
        if got.dtype.kind != "f":
            return np.asarray(~alike & _agreed(wanted, samples))
        spread = np.max([_distance(sample, wanted) for sample in samples], axis=0)
        near = np.abs(got - wanted) <= _SLACK * spread
        if jumps:
            far = spread > 1e-2 * np.abs(wanted)
            near = np.where(far, _beside_one(got, [wanted, *samples]), near)
        return np.asarray(~(alike | near | ~np.isfinite(spread)))


def _beside_one(got: Array, found: Sequence[Array]) -> Array:
    """Return where a result lies beside one of many, which may lie in several heaps.

    A program that goes one way or another gives what lies in one of the heaps, not between them.
    Numbers in no heaps are as far apart as their number says.
    """
    if len(found) <= _MANY:
        return np.zeros(got.shape, bool)
    ordered = np.sort(np.array(found, np.float64), axis=0)
    gaps = np.diff(ordered, axis=0, prepend=-np.inf, append=np.inf)
    loneliest = np.minimum(gaps[1:], gaps[:-1]).max(axis=0)
    reach = 0.5 * _SLACK * len(found) * loneliest
    rounding = 16 * float(np.finfo(got.dtype).eps) * np.abs(got)
    return np.asarray(np.abs(got - ordered).min(axis=0) <= np.maximum(reach, rounding))


def _agreed(wanted: Array, samples: Sequence[Array]) -> Array:
    return np.asarray(np.all([sample == wanted for sample in samples], axis=0))


def _distance(sample: Array, wanted: Array) -> Array:
    """Return the distance of samples; infinite where one is a number and the other none."""
    both = (sample == wanted) | ((sample != sample) & (wanted != wanted))
    distance = np.abs(sample.astype(np.float64) - wanted.astype(np.float64))
    return np.where(both, 0.0, np.where(np.isnan(distance), np.inf, distance))


def equal_bits(one: Array, other: Array) -> bool:
    """Tell whether arrays are equal, NaN to NaN."""
    return one.tobytes() == other.tobytes()


def _short(results: Results) -> str:
    return results if isinstance(results, str) else f"{len(results)} arrays"
