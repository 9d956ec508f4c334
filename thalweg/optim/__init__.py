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
from thalweg.optim import (
    assignment,
    contrib,
    experimental,
    losses,
    microbatching,
    numerics,
    perturbations,
    projections,
    schedules,
    second_order,
    transforms,
    tree,
    tree_utils,
)
from thalweg.optim.deprecations import moved as _moved
from thalweg.optim.linear_algebra import *
from thalweg.optim.linesearches.backtracking import *
from thalweg.optim.linesearches.remembered import *
from thalweg.optim.linesearches.zoom import *
from thalweg.optim.losses import *
from thalweg.optim.masking import *
from thalweg.optim.microbatching import microbatch as microbatch
from thalweg.optim.moments import *
from thalweg.optim.naming.patterns import *
from thalweg.optim.naming.states import *
from thalweg.optim.numerics import *
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
from thalweg.optim.optimizers.averaging.targets import *
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
from thalweg.optim.optimizers.quasi_newton.lbfgs import *
from thalweg.optim.optimizers.weight_decay import *
from thalweg.optim.perturbations.multi_normal import *
from thalweg.optim.precision.loss_scaling import *
from thalweg.optim.precision.master_params import *
from thalweg.optim.recipe import *
from thalweg.optim.scaling import *
from thalweg.optim.schedules import *
from thalweg.optim.transformation import *
from thalweg.optim.transforms.accumulation import *
from thalweg.optim.transforms.chains import *
from thalweg.optim.transforms.clipping import *
from thalweg.optim.transforms.conditions import *
from thalweg.optim.transforms.constraints import *
from thalweg.optim.transforms.freezing import *
from thalweg.optim.transforms.grouping import *
from thalweg.optim.transforms.layouts import *
from thalweg.optim.transforms.monitoring import *
from thalweg.optim.transforms.noise import *
from thalweg.optim.transforms.norms import *
from thalweg.optim.tree_utils import tree_map_params as tree_map_params

# Optax's older names.
global_norm = numerics.global_norm

bias_correction = tree.bias_correction

update_infinity_moment = tree.update_infinity_moment

update_moment = tree.update_moment

update_moment_per_elem_norm = tree.update_moment_per_elem_norm

__all__ = [
    name for name, value in vars().items()
    if not (name.startswith("_") or name == "Any" or isinstance(value, _Module))
] + [
    "assignment", "contrib", "experimental", "losses", "microbatching", "numerics",
    "perturbations", "projections", "schedules", "second_order", "transforms", "tree", "tree_utils",
]  # fmt: skip


# What is now in `contrib` alone.
_IN_CONTRIB = ("DifferentiallyPrivateAggregateState", "differentially_private_aggregate", "dpsgd")


def __getattr__(name: str) -> Any:
    if name in _IN_CONTRIB:
        return _moved(name, __name__, contrib)
    hint = _did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
