"""What this engine cannot compute, and programs that call back for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thalweg.compiler.callbacks import CalledProgram, Calls
from thalweg.compiler.rewrites import overlaps
from thalweg.compiler.rewrites.widening import NARROW, moves, widened
from thalweg.compiler.states import own_outputs
from thalweg.control.callback import callback
from thalweg.control.custom import with_rule
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, nested, remove_dead_code
from thalweg.core.spec import Bundle, DType
from thalweg.engines.llvm.code.nesting import is_nest
from thalweg.engines.llvm.kernels.contractions import PRODUCTS
from thalweg.engines.llvm.kernels.lowering import LOWERINGS, REDUCTIONS, TYPES
from thalweg.engines.llvm.kernels.scatters import SCANS, SCATTERS
from thalweg.engines.llvm.kernels.whole.wholes import WHOLES
from thalweg.engines.llvm.kernels.writer import PLACED
from thalweg.ops.control.bundle import packed

_ROWS = {*LOWERINGS, *PLACED, *PRODUCTS, *REDUCTIONS, *SCANS, *SCATTERS, *WHOLES}


def unsupported(program: Program) -> Iterator[Equation]:
    """Yield the equations that this engine cannot compute: by primitive, or by dtype."""
    for equation in own_outputs(remove_dead_code(program)).equations:
        if _runs(equation):
            for body in nested(equation):
                yield from unsupported(body)
        elif equation.primitive.role == "part":
            # What is taken out of several results is there, or lacking with them.
            continue
        elif equation.primitive is not callback and not _computes(equation):
            yield equation


def calling_back(programs: Sequence[Program]) -> tuple[list[Program], list[CalledProgram]]:
    """Return programs that call back for what is lacking, and what they call, by number."""
    calls = Calls(lacks, TYPES.__contains__)
    return [calls.rewritten(program) for program in programs], calls.found


def lacks(equation: Equation) -> bool:
    """Tell whether an equation is called back for."""
    return not _runs(equation) and (equation.primitive is callback or not _computes(equation))


def _runs(equation: Equation) -> bool:
    """Tell whether an equation runs programs, of whose values this engine has the dtypes."""
    return is_nest(equation) and _dtypes(equation) <= TYPES.keys()


def _computes(equation: Equation) -> bool:
    if not _dtypes(equation) & NARROW:
        return _is_known(equation)
    inputs = tuple(symbol for symbol in equation.inputs if symbol.value is None)
    alone = Program(tuple(dict.fromkeys(inputs)), (equation,), (equation.output,))
    return all(map(_is_known, widened(alone).equations))


def _is_known(equation: Equation) -> bool:
    primitive, dtypes = equation.primitive, _dtypes(equation)
    wide = moves(primitive) or not dtypes & NARROW
    return _has_row(primitive) and dtypes <= TYPES.keys() and wide


def _has_row(primitive: Primitive) -> bool:
    # What moves elements says itself from where; what is packed is gone in simplified programs,
    # and so are overlaps.
    if primitive.role == "part" or primitive in (packed, with_rule):
        return True
    return primitive.name in _ROWS or moves(primitive) or primitive in overlaps.RULES


def _dtypes(equation: Equation) -> set[DType]:
    spec = equation.output.spec
    results = spec.parts if isinstance(spec, Bundle) else (spec,)
    return {symbol.dtype for symbol in equation.inputs} | {spec.dtype for spec in results}


def described(called: CalledProgram) -> str:
    """Return what a call computes that this engine cannot, and the user's line that wants it."""
    return told(called.program.equations)


def told(equations: Sequence[Equation]) -> str:
    """Return the primitive that is lacking most, and the user's line that made it."""
    # A primitive without a row says more than a conversion to complex numbers that it needs.
    lacking = [e for e in equations if e.primitive is callback or not _has_row(e.primitive)]
    first = (lacking or equations)[0]
    if first.primitive is callback:
        return str(first.params["function"].told)
    return f"{first.primitive.name}{f' at {first.source}' if first.source else ''}"
