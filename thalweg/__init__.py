"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

from thalweg import ops as _ops
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp, linearize, value_and_grad, vjp
from thalweg.autodiff.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from thalweg.autodiff.stateful import enable_grad, no_grad
from thalweg.core.tensor import Tensor
from thalweg.engines.jit import jit

__all__ = [
    "Tensor",
    "enable_grad",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "linearize",
    "no_grad",
    "value_and_grad",
    "vjp",
    "vmap",
]
