"""The functions that kernels compute in vectors, by name."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter, module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import erf, exp, expm1, sigmoid, tanh
from thalweg.engines.llvm.mathematics.logarithm import log, log1p, logaddexp, power
from thalweg.engines.llvm.mathematics.trigonometric import arctan, cos, sin, tan

# Each takes the emitter and its arguments (float32 or float64, any width, one type).
MATHEMATICS: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (
        *(exp, expm1, sigmoid, log, log1p, logaddexp, power),
        *(sin, cos, tan, arctan, tanh, erf),
    )
}

# What kernels compute so seldom that they call it, by name and type: a function of two numbers.
CALLED = {("power", type): f"power_{type}" for type in ("f32", "f64")}


def called_text(name: str, type: str, target: Target) -> str:
    """The module of a function that kernels call: one text, and so compiled once a processor."""
    e = Emitter(target)
    x, y = e.parameter("x", type), e.parameter("y", type)
    function = e.function(CALLED[name, type], [x, y], MATHEMATICS[name](e, x, y))
    return module_text([function], e.declarations)
