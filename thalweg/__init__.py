"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

from thalweg import ops as _ops
from thalweg import optim, tree
from thalweg.autodiff.functional import grad, value_and_grad
from thalweg.core.tensor import Tensor

__all__ = ["Tensor", "grad", "optim", "tree", "value_and_grad"]
