"""Gradient transformations in PyTorch's form, where it differs from Optax's of the same name.

They are values of the same algebra: they chain, print, compare, compile, and work in `tw.fit`.
`torch.optim.SGD`, `Adam` and the other classes are made of them.
"""

from thalweg.optim.rules.averaged import *
from thalweg.optim.rules.dampened import *
from thalweg.optim.rules.deltas import *
from thalweg.optim.rules.factored import *
from thalweg.optim.rules.infinity import *
from thalweg.optim.rules.maximal import *
from thalweg.optim.rules.nesterov import *
from thalweg.optim.rules.orthogonal import *
from thalweg.optim.rules.rectified import *
from thalweg.optim.rules.resilient import *
from thalweg.optim.rules.sums import *

# All but the files themselves, and what Python puts into every module.
__all__ = [
    name for name, value in vars().items()
    if not name.startswith("_") and not hasattr(value, "__spec__")
]  # fmt: skip
