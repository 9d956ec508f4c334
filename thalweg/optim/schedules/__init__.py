"""Schedules: hyperparameters as pure functions of the step, computed in float64.

Steps count from 0. Each schedule accepts one step or an array of steps, traced too.
"""

from thalweg.optim.schedules.cycles import *
from thalweg.optim.schedules.decays import *
from thalweg.optim.schedules.injecting import *
from thalweg.optim.schedules.onecycle import *
from thalweg.optim.schedules.pieces import *
from thalweg.optim.schedules.schedule import *

# All but the files themselves, and what Python puts into every module.
__all__ = [
    name for name, value in vars().items()
    if not name.startswith("_") and not hasattr(value, "__spec__")
]  # fmt: skip
