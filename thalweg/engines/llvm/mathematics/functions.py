"""The functions that kernels compute in vectors, by name."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter, module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.angles import arccos, arcsin, arctan, arctan2
from thalweg.engines.llvm.mathematics.exponential import erf, exp, exp2, expm1, sigmoid
from thalweg.engines.llvm.mathematics.floats import fmod, nextafter, rint, sign_bit
from thalweg.engines.llvm.mathematics.hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh, tanh
from thalweg.engines.llvm.mathematics.logarithm import log, log1p, log2, log10, logaddexp, power
from thalweg.engines.llvm.mathematics.roots import cbrt, hypot
from thalweg.engines.llvm.mathematics.trigonometric import cos, sin, tan

# Each takes the emitter and its arguments (float32 or float64, any width, one type).
MATHEMATICS: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (
        *(exp, exp2, expm1, sigmoid, log, log2, log10, log1p, logaddexp, power, cbrt, hypot),
        *(sin, cos, tan, arcsin, arccos, arctan, arctan2),
        *(sinh, cosh, tanh, arcsinh, arccosh, arctanh, erf),
        *(fmod, nextafter, rint, sign_bit),
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
