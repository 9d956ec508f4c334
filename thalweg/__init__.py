"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

from thalweg import ops as _ops
from thalweg.autodiff.functional import grad, value_and_grad
from thalweg.core.tensor import Tensor

__all__ = ["Tensor", "grad", "value_and_grad"]
