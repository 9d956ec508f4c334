"""Modules: layers, models made of them, and their parameters."""

from thalweg.nn import init
from thalweg.nn.containers import ModuleDict, ModuleList, Sequential
from thalweg.nn.flattening import Flatten, Unflatten
from thalweg.nn.linear import Identity, Linear
from thalweg.nn.module import Module
from thalweg.nn.parameter import Buffer, Parameter

__all__ = [
    "Buffer", "Flatten", "Identity", "Linear", "Module", "ModuleDict", "ModuleList", "Parameter",
    "Sequential", "Unflatten", "init",
]  # fmt: skip
