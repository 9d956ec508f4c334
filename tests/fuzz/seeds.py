"""One seed: what it is tried on, and the smallest form of what fails."""

from __future__ import annotations

import functools
import platform
import sys
import traceback

from tests.fuzz.cases import Case
from tests.fuzz.compare import difference, loop_difference
from tests.fuzz.generate import random_case
from tests.fuzz.growth import is_rare
from tests.fuzz.guard import Guarded
from tests.fuzz.loops import random_loop
from tests.fuzz.shrink import shrink
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target


@functools.cache
def targets() -> list[Target]:
    """Return the processors to make code for: this one, and smaller ones that it can stand for."""
    host = Target.host()
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return [host]
    named = [Target.named("avx2"), Target.named("sse")]
    return [host, *(t for t in named if t.vector_bytes < host.vector_bytes)]


def engine_of(seed: int) -> NativeEngine:
    """Return the engine that a seed is tried on: three in ten for a smaller processor."""
    choices = targets()
    target = choices[0] if seed % 10 < 7 else choices[seed % len(choices)]
    # Complex numbers are called back for.
    return NativeEngine(target, calls_back=is_rare(seed))


def is_loop(seed: int) -> bool:
    """Tell whether a seed stands for a training loop rather than one program."""
    return seed % 5 == 4


def attempt(seed: int, guarded: Guarded | None = None) -> str | None:
    """Return what is wrong with what the native engine makes of a seed, None if nothing is."""
    engine = engine_of(seed)
    try:
        if is_loop(seed):
            loop = random_loop(seed)
            return loop_difference(guarded.loop(loop) if guarded else loop, engine)
        case = random_case(seed)
        return difference(guarded.case(case) if guarded else case, engine)
    except Exception:
        return traceback.format_exc(limit=-3)


def explained(seed: int) -> str:
    """Return what a failing seed stands for, in the smallest form that still fails."""
    if is_loop(seed):
        return str(random_loop(seed))
    engine = engine_of(seed)
    return str(shrink(random_case(seed), lambda case: _fails(case, engine)))


def _fails(case: Case, engine: NativeEngine) -> bool:
    case.program.check()
    try:
        return difference(case, engine) is not None
    except Exception:
        frames = traceback.extract_tb(sys.exc_info()[2])
        # What the compiler raises is what is looked for; what NumPy refuses is no program.
        if any("engines/llvm" in frame.filename for frame in frames):
            return True
        raise
