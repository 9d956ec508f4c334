"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

import importlib
from typing import Any

import numpy as _np

from thalweg import errors, random, tree
from thalweg import ops as _ops
from thalweg.autodiff import graph as _graph
from thalweg.autodiff import stateful as _stateful
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp, linearize, value_and_grad, vjp
from thalweg.autodiff.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from thalweg.autodiff.modes import enable_grad, no_grad
from thalweg.core.spec import default_dtype as get_default_dtype
from thalweg.core.spec import set_default_dtype
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.dtypes import NUMPYS as _NUMPYS

__version__ = "0.1.0"
__array_api_version__ = "2024.12"

bool = _np.bool_  # the Array API's name

# Imported when first asked for, so that `import thalweg` stays quick: the module, or the module
# that the name is in.
_LATER = {
    "Checkpoint": "training.saving",
    "Fit": "training.result",
    "associative_scan": "control.associative",
    "checkpoint": "control.branches",
    "cond": "control.branches",
    "custom_jvp": "control.custom",
    "custom_vjp": "control.custom",
    "estimators": "estimators",
    "fft": "fft",
    "fit": "training.fit",
    "fixed_point": "solvers.root",
    "fori_loop": "control.scan",
    "inference": "inference",
    "jit": "engines.jit",
    "least_squares": "solvers.least_squares",
    "linalg": "linalg",
    "losses": "optim.losses",
    "load": "training.saving",
    "load_model": "estimators.scikit.loading",
    "load_state": "training.states",
    "lr_find": "tuning.rates",
    "map": "control.scan",
    "minimize": "solvers.minimize",
    "optim": "optim",
    "pure_callback": "control.callback",
    "root": "solvers.root",
    "save": "training.saving",
    "save_state": "training.states",
    "scan": "control.scan",
    "special": "special",
    "stats": "stats",
    "switch": "control.branches",
    "testing": "testing",
    "torch": "torch",
    "tune": "tuning.tune",
    "tuning": "tuning",
    "while_loop": "control.conditional",
}

__all__ = [
    "Tensor", "enable_grad", "errors", "get_default_dtype", "grad", "hessian", "hvp", "jacfwd",
    "jacobian", "jacrev", "jvp", "linearize", "no_grad", "random", "set_default_dtype", "tree",
    "value_and_grad", "vjp", "vmap", *(name for name in _LATER if name != "map"), *_NUMPYS,
    *_ops.__all__,
]  # fmt: skip

# `from thalweg import *` shadows no name of Python's; `tw.sum` and its like are there all the same.
_NAMES = [*__all__, *_ops.NAMES, "bool", "map"]
globals().update({name: getattr(_ops, name) for name in _ops.NAMES})
globals().update({name: getattr(_np, name) for name in _NUMPYS})


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        hint = "" if name.startswith("_") else _hint(name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    return globals().setdefault(name, getattr(module, name, module))


def _hint(name: str) -> str:
    for room in ("losses", "linalg", "special", "fft", "torch"):
        if name in dir(__getattr__(room)):
            return f" It is {__name__}.{room}.{name}."
    return errors.did_you_mean(name, _NAMES)


def __dir__() -> list[str]:
    return sorted({*_NAMES, "__version__"})
