"""The native engine: programs and loops as machine code, states in one arena a run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

from thalweg.compiler.invariants import ahead
from thalweg.core.program import Equation, Program
from thalweg.engines import engine
from thalweg.engines.engine import Array, Loop
from thalweg.engines.llvm.code import image, jit
from thalweg.engines.llvm.code.assembly import calls_back
from thalweg.engines.llvm.code.lacking import calling_back, lacks, unsupported
from thalweg.engines.llvm.code.running import CompiledProgram, LocatedProgram, NativeLoop
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.registry import refusal
from thalweg.errors import EngineError


class NativeEngine:
    """Compiles through LLVM for one processor, by default this machine's.

    Args:
        target: The processor.
        calls_back: Whether what it cannot compute is computed in NumPy, which compiled code calls
            for it; otherwise such a program is refused.
    """

    name = "native"

    def __init__(self, target: Target | None = None, calls_back: bool = False) -> None:
        self.target = target or Target.host()
        self.calls_back = calls_back
        jit.start()
        image.start()

    @functools.cached_property
    def calling_back(self) -> NativeEngine:
        """The same engine, which calls back for what it cannot compute."""
        return self if self.calls_back else NativeEngine(self.target, True)

    def unsupported(self, program: Program) -> list[Equation]:
        """Return the equations this engine cannot run: by primitive, or by dtype."""
        return [] if self.calls_back else list(unsupported(program))

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        """Return a function from arrays to arrays, in the order of inputs and outputs.

        Raises:
            EngineError: If the engine lacks a primitive or a dtype; it names the user's line.
        """
        self._check(program)
        (ready,), called = calling_back([program])
        return CompiledProgram(image.program_image(ready, self.target), ready, called)

    def compile_located(self, program: Program, into: Sequence[int]) -> LocatedProgram:
        """Return a function of the addresses of inputs, some of which take the outputs.

        Args:
            program: The program.
            into: The number of the input whose memory takes each output.

        Raises:
            EngineError: If the engine lacks a primitive or a dtype; it names the user's line.
        """
        for equation in unsupported(program):
            raise EngineError(refusal(equation))
        if calls_back(program):
            raise EngineError(
                "A program that calls back into Python was to be compiled for memory of the "
                "caller's. Compile it for arrays, which it returns."
            )
        return LocatedProgram(image.located_image(program, into, self.target), program)

    def compile_loop(self, loop: Loop) -> engine.CompiledLoop:
        """Return a loop ready to run.

        Raises:
            EngineError: As for `compile`, or if the loop's steps cannot follow each other.
        """
        loop.check()
        for program in loop.programs:
            self._check(program)
        before = None
        if loop.remainder is None and loop.data:
            # What is called back for may fail, and is then told with the step.
            parts = ahead(loop.step, loop.states, loop.data, lacks)
            if parts is not None:
                before = self.compile(parts[0])
                data = loop.data + len(parts[0].outputs)
                loop = replace(loop, step=parts[1], data=data)
        programs, called = calling_back(loop.programs)
        step, remainder = (*programs, None)[:2]
        assert step is not None
        ready = replace(loop, step=step, remainder=remainder)
        return NativeLoop(image.loop_image(ready, self.target), ready, called, before)

    def _check(self, program: Program) -> None:
        for equation in self.unsupported(program):
            raise EngineError(refusal(equation))
