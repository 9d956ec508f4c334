"""Modules: layers, models made of them, and their parameters."""

import sys
from types import ModuleType

from thalweg.nn import init
from thalweg.nn.calling import functional_call
from thalweg.nn.containers import ModuleDict, ModuleList, Sequential
from thalweg.nn.flattening import Flatten, Unflatten
from thalweg.nn.gradients import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from thalweg.nn.linear import Identity, Linear
from thalweg.nn.module import Module
from thalweg.nn.parameter import Buffer, Parameter
from thalweg.nn.parameter_containers import ParameterDict, ParameterList
from thalweg.nn.vectors import parameters_to_vector, vector_to_parameters

__all__ = [
    "Buffer", "Flatten", "Identity", "Linear", "Module", "ModuleDict", "ModuleList", "Parameter",
    "ParameterDict", "ParameterList", "Sequential", "Unflatten", "functional_call", "init", "utils",
]  # fmt: skip

# PyTorch's name for what acts on parameters from outside: imported under it, as any module.
utils = ModuleType("thalweg.nn.utils", "What acts on the parameters of a module from outside.")
for _function in (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
):
    setattr(utils, _function.__name__, _function)
sys.modules[utils.__name__] = utils
