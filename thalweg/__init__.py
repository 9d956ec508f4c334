"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

import importlib
from typing import TYPE_CHECKING, Any

from numpy import (
    bool_,
    complex64,
    complex128,
    e,
    float16,
    float32,
    float64,
    inf,
    int8,
    int16,
    int32,
    int64,
    nan,
    newaxis,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
)

from thalweg import errors, random, tree
from thalweg import ops as _ops
from thalweg.autodiff import graph as _graph
from thalweg.autodiff import stateful as _stateful
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp, linearize, value_and_grad, vjp
from thalweg.autodiff.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from thalweg.autodiff.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from thalweg.core.operation import FURTHER
from thalweg.core.spec import Size, set_default_dtype
from thalweg.core.spec import default_dtype as get_default_dtype
from thalweg.core.tensor import Tensor
from thalweg.ops import *
from thalweg.random import fills as _fills
from thalweg.random import streams as _streams
from thalweg.random.fills import *
from thalweg.random.streams import *

__version__ = "0.1.0"
__array_api_version__ = "2024.12"

if TYPE_CHECKING:
    from thalweg import optim, testing
    from thalweg.engines.jit import jit
    from thalweg.torch import autograd, nn
    from thalweg.training.fit import fit
    from thalweg.training.result import Fit
    from thalweg.training.saving import Checkpoint, load, save

# Python's own names for types and PyTorch's for ours.
bool, float, int = bool_, float32, int32
double, half, long, short = float64, float16, int64, int16

# Imported when first asked for, so that `import thalweg` stays quick: the module, or the module
# that the name is in.
_LATER = {
    "Checkpoint": "training.saving",
    "Fit": "training.result",
    "fft": "fft",
    "fit": "training.fit",
    "jit": "engines.jit",
    "linalg": "linalg",
    "load": "training.saving",
    "optim": "optim",
    "save": "training.saving",
    "special": "special",
    "testing": "testing",
    "torch": "torch",
}
_LOSSES = [
    "absolute_error", "hinge_loss", "huber_loss", "l2_loss", "log_cosh", "poisson_nll",
    "quantile_loss", "sigmoid_binary_cross_entropy", "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels", "squared_error",
]  # fmt: skip
_LATER |= dict.fromkeys(_LOSSES, "optim.losses")

__all__ = [
    "Checkpoint",
    "Fit",
    "Size",
    "Tensor",
    "bool",
    "bool_",
    "complex64",
    "complex128",
    "double",
    "e",
    "enable_grad",
    "errors",
    "fft",
    "fit",
    "float",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "grad",
    "half",
    "hessian",
    "hvp",
    "inf",
    "inference_mode",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "linalg",
    "linearize",
    "load",
    "long",
    "nan",
    "newaxis",
    "no_grad",
    "optim",
    "pi",
    "random",
    "save",
    "set_default_dtype",
    "set_grad_enabled",
    "short",
    "special",
    "testing",
    "torch",
    "tree",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "value_and_grad",
    "vjp",
    "vmap",
]  # fmt: skip
__all__ += _LOSSES
__all__ += _ops.__all__
__all__ += _streams.__all__
__all__ += _fills.__all__
__all__ += FURTHER


def __getattr__(name: str) -> Any:
    if name in FURTHER:
        return globals().setdefault(name, FURTHER[name])
    if name not in _LATER:
        hint = "" if name.startswith("_") else errors.did_you_mean(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    return globals().setdefault(name, getattr(module, name, module))


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
