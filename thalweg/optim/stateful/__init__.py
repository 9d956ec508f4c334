"""The stateful habit: transformations attached to parameters, under PyTorch's names."""

from thalweg.optim.stateful.adam import Adam, AdamW
from thalweg.optim.stateful.adam_family import Adamax, NAdam, RAdam
from thalweg.optim.stateful.hooks import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from thalweg.optim.stateful.lbfgs import LBFGS
from thalweg.optim.stateful.optimizer import Optimizer
from thalweg.optim.stateful.sgd import ASGD, SGD
from thalweg.optim.stateful.signs import Muon, Rprop
from thalweg.optim.stateful.squares import Adadelta, Adafactor, Adagrad, RMSprop

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
]
