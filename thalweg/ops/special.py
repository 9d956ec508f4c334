"""Functions of `scipy.special` that losses are written with, by SciPy's names."""

from __future__ import annotations

from thalweg.core.operation import register
from thalweg.ops.activations import log_sigmoid
from thalweg.ops.elementwise import sigmoid

register("expit", sigmoid)
register("log_expit", log_sigmoid)
