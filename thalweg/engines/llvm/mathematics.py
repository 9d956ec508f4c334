"""The functions that kernels compute in vectors, by name."""

from collections.abc import Callable

from thalweg.engines.llvm.error_function import erf
from thalweg.engines.llvm.exponential import exp, expm1, sigmoid
from thalweg.engines.llvm.hyperbolic import tanh
from thalweg.engines.llvm.logarithm import log, log1p, logaddexp
from thalweg.engines.llvm.power import power
from thalweg.engines.llvm.trigonometric import arctan, cos, sin, tan
from thalweg.engines.llvm.values import Value

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
