"""Gradient transformations in Optax's algebra: optimizers, schedules, and what they are made of.

Lower case names are transformations, pairs of pure functions:

    optimizer = chain(clip_by_global_norm(1.0), adam(exponential_decay(0.1, 100, 0.9)))
    state = optimizer.init(params)
    updates, state = optimizer.update(gradients, state, params)
    params = apply_updates(params, updates)
"""

from thalweg.optim import losses, rules, schedules
from thalweg.optim.accumulation import *
from thalweg.optim.clipping import *
from thalweg.optim.combining import *
from thalweg.optim.decay import *
from thalweg.optim.injecting import *
from thalweg.optim.losses import *
from thalweg.optim.masking import *
from thalweg.optim.moments import *
from thalweg.optim.optimizers import *
from thalweg.optim.recipe import *
from thalweg.optim.root_mean_squares import *
from thalweg.optim.scaling import *
from thalweg.optim.schedules import *
from thalweg.optim.transformation import *
