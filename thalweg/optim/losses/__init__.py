"""Losses of each prediction, without reduction: Optax's names and argument order."""

from thalweg.optim.losses.binary import *
from thalweg.optim.losses.classification import *
from thalweg.optim.losses.ctc import *
from thalweg.optim.losses.divergences import *
from thalweg.optim.losses.fenchel_young import *
from thalweg.optim.losses.ranking import *
from thalweg.optim.losses.regression import *
from thalweg.optim.losses.segmentation import *
from thalweg.optim.losses.self_supervised import *
from thalweg.optim.losses.smoothing import *

# All but the files themselves, and what Python puts into every module.
__all__ = [
    name for name, value in vars().items()
    if not name.startswith("_") and not hasattr(value, "__spec__")
]  # fmt: skip
