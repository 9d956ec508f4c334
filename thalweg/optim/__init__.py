"""Gradient transformations in Optax's algebra: optimizers, schedules, and what they are made of.

Lower case names are transformations, pairs of pure functions:

    optimizer = chain(clip_by_global_norm(1.0), adam(exponential_decay(0.1, 100, 0.9)))
    state = optimizer.init(params)
    updates, state = optimizer.update(gradients, state, params)
    params = apply_updates(params, updates)
"""

from types import ModuleType as _Module
from typing import Any

from thalweg.errors import did_you_mean as _did_you_mean
from thalweg.optim import assignment, losses, perturbations, projections, schedules, second_order
from thalweg.optim.chains import *
from thalweg.optim.injecting import *
from thalweg.optim.linear_algebra import *
from thalweg.optim.linesearches.backtracking import *
from thalweg.optim.linesearches.zoom import *
from thalweg.optim.losses import *
from thalweg.optim.masking import *
from thalweg.optim.moments import *
from thalweg.optim.optimizers.adadelta import *
from thalweg.optim.optimizers.adafactor import *
from thalweg.optim.optimizers.adagrad import *
from thalweg.optim.optimizers.adam import *
from thalweg.optim.optimizers.asgd import *
from thalweg.optim.optimizers.lion import *
from thalweg.optim.optimizers.muon import *
from thalweg.optim.optimizers.quasi_newton.lbfgs import *
from thalweg.optim.optimizers.rmsprop import *
from thalweg.optim.optimizers.rprop import *
from thalweg.optim.optimizers.sgd import *
from thalweg.optim.perturbations.multi_normal import *
from thalweg.optim.recipe import *
from thalweg.optim.scaling import *
from thalweg.optim.schedules import *
from thalweg.optim.transformation import *

__all__ = [
    name for name, value in vars().items()
    if not (name.startswith("_") or name == "Any" or isinstance(value, _Module))
] + [
    "assignment", "losses", "perturbations", "projections", "schedules", "second_order",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    hint = _did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
