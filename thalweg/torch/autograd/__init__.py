"""PyTorch's `autograd` by name: `torch.autograd.grad`, `torch.autograd.backward` and the modes."""

from __future__ import annotations

from thalweg.autodiff.modes import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)
from thalweg.autodiff.stateful import backward
from thalweg.autodiff.stateful import gradients as grad
from thalweg.torch.autograd import function, functional, grad_mode, graph, variable
from thalweg.torch.autograd.function import Function, once_differentiable
from thalweg.torch.autograd.grad_mode import is_multithreading_enabled, set_multithreading_enabled
from thalweg.torch.autograd.gradcheck import gradcheck, gradgradcheck
from thalweg.torch.autograd.variable import Variable

__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_anomaly_enabled",
    "is_multithreading_enabled",
    "no_grad",
    "once_differentiable",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "variable",
]
