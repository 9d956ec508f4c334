"""The functions that kernels compute in vectors, by name."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.error import erf
from thalweg.engines.llvm.mathematics.exponential import exp, expm1, sigmoid
from thalweg.engines.llvm.mathematics.hyperbolic import tanh
from thalweg.engines.llvm.mathematics.logarithm import log, log1p, logaddexp
from thalweg.engines.llvm.mathematics.power import power
from thalweg.engines.llvm.mathematics.trigonometric import arctan, cos, sin, tan

# Each takes the emitter and its arguments (float32 or float64, any width, one type).
MATHEMATICS: dict[str, Callable[..., Value]] = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "logaddexp": logaddexp,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "arctan": arctan,
    "tanh": tanh,
    "erf": erf,
    "sigmoid": sigmoid,
    "power": power,
}
