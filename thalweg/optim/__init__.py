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
from thalweg.optim import contrib, losses, schedules
from thalweg.optim.chains import *
from thalweg.optim.injecting import *
from thalweg.optim.losses import *
from thalweg.optim.masking import *
from thalweg.optim.moments import *
from thalweg.optim.optimizers.adaptive.adabelief import *
from thalweg.optim.optimizers.adaptive.adadelta import *
from thalweg.optim.optimizers.adaptive.adagrad import *
from thalweg.optim.optimizers.adaptive.adam import *
from thalweg.optim.optimizers.adaptive.adan import *
from thalweg.optim.optimizers.adaptive.novograd import *
from thalweg.optim.optimizers.adaptive.optimistic_adam import *
from thalweg.optim.optimizers.adaptive.rmsprop import *
from thalweg.optim.optimizers.adaptive.yogi import *
from thalweg.optim.optimizers.averaging.lookahead import *
from thalweg.optim.optimizers.gradient.asgd import *
from thalweg.optim.optimizers.gradient.lion import *
from thalweg.optim.optimizers.gradient.noisy import *
from thalweg.optim.optimizers.gradient.optimistic import *
from thalweg.optim.optimizers.gradient.polyak import *
from thalweg.optim.optimizers.gradient.rprop import *
from thalweg.optim.optimizers.gradient.sgd import *
from thalweg.optim.optimizers.layerwise.fromage import *
from thalweg.optim.optimizers.layerwise.lamb import *
from thalweg.optim.optimizers.layerwise.lars import *
from thalweg.optim.optimizers.matrix.muon import *
from thalweg.optim.optimizers.memory.adafactor import *
from thalweg.optim.optimizers.memory.sm3 import *
from thalweg.optim.optimizers.parameter_free.distance_over_gradients import *
from thalweg.optim.recipe import *
from thalweg.optim.scaling import *
from thalweg.optim.schedules import *
from thalweg.optim.transformation import *
from thalweg.optim.transforms.apply_every import *
from thalweg.optim.transforms.noise import *
from thalweg.optim.transforms.norms import *

__all__ = [
    name for name, value in vars().items()
    if not (name.startswith("_") or name == "Any" or isinstance(value, _Module))
] + ["contrib", "losses", "schedules"]  # fmt: skip


def __getattr__(name: str) -> Any:
    hint = _did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
