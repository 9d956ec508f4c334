"""The functions that kernels compute in vectors, by name."""

from collections.abc import Callable

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
