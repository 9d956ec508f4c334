"""The native engine: programs and loops as machine code, states in one arena a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from thalweg.compiler.rewrites import overlaps
from thalweg.compiler.rewrites.widening import NARROW, moves, widened
from thalweg.compiler.states import own_outputs
from thalweg.control.custom import with_rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, nested
from thalweg.core.spec import Bundle
from thalweg.engines import engine
from thalweg.engines.engine import Array, Loop
from thalweg.engines.llvm.code import image, jit
from thalweg.engines.llvm.code.nesting import is_nest
from thalweg.engines.llvm.code.running import CompiledProgram, NativeLoop
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.contractions import PRODUCTS
from thalweg.engines.llvm.kernels.lowering import LOWERINGS, REDUCTIONS, TYPES
from thalweg.engines.llvm.kernels.scatters import SCANS, SCATTERS
from thalweg.engines.llvm.kernels.wholes import WHOLES
from thalweg.engines.llvm.kernels.writer import PLACED
from thalweg.errors import EngineError
from thalweg.ops.control.bundle import packed

_ROWS = {*LOWERINGS, *PLACED, *PRODUCTS, *REDUCTIONS, *SCANS, *SCATTERS, *WHOLES}


class NativeEngine:
    """Compiles through LLVM for one processor, by default this machine's."""

    name = "native"

    def __init__(self, target: Target | None = None) -> None:
        self.target = target or Target.host()
        jit.start()
        image.start()

    def unsupported(self, program: Program) -> list[Equation]:
        """Return the equations this engine cannot run: by primitive, or by dtype."""
        return list(_unsupported(own_outputs(widened(program))))

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        """Return a function from arrays to arrays, in the order of inputs and outputs.

        Raises:
            EngineError: If the engine lacks a primitive or a dtype; it names the user's line.
        """
        self._check(program)
        return CompiledProgram(image.program_image(program, self.target), program)

    def compile_loop(self, loop: Loop) -> engine.CompiledLoop:
        """Return a loop ready to run.

        Raises:
            EngineError: As for `compile`, or if the loop's steps cannot follow each other.
        """
        loop.check()
        for program in loop.programs:
            self._check(program)
        return NativeLoop(image.loop_image(loop, self.target), loop)

    def _check(self, program: Program) -> None:
        for equation in self.unsupported(program):
            dtypes = ", ".join(symbol.dtype.name for symbol in equation.inputs)
            raise EngineError(
                f"The native engine cannot run {equation.primitive.name} on {dtypes} "
                f"({equation.source}); it computes with real numbers. "
                'Use engine="numpy", or other operations.'
            )


def _unsupported(program: Program) -> Iterator[Equation]:
    for equation in program.equations:
        if is_nest(equation) and _has_types(equation):
            for body in nested(equation):
                yield from _unsupported(own_outputs(widened(body)))
        elif not (_is_known(equation.primitive) and _has_types(equation)):
            yield equation


def _is_known(primitive: Primitive) -> bool:
    # What moves elements says itself from where; what is packed is gone in simplified programs,
    # and so are overlaps.
    if primitive.role == "part" or primitive in (packed, with_rule):
        return True
    return primitive.name in _ROWS or moves(primitive) or primitive in overlaps.RULES


def _has_types(equation: Equation) -> bool:
    if equation.primitive.role == "part":
        return True  # what gives it is asked
    spec = equation.output.spec
    results = spec.parts if isinstance(spec, Bundle) else (spec,)
    dtypes = {value.dtype for value in equation.inputs} | {spec.dtype for spec in results}
    return dtypes <= TYPES.keys() and (moves(equation.primitive) or not dtypes & NARROW)
