"""PyTorch's habit under PyTorch's paths: `import thalweg.torch as torch`.

Tensors with PyTorch's methods, modules, stateful optimizers, loaders and functions by PyTorch's
names. What is built of them trains by a loop of `backward()` and `step()`, and by `thalweg.fit` as
one native loop.
"""

import importlib as _importlib
from typing import Any as _Any

import numpy as _np

from thalweg.autodiff.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from thalweg.core.printing import set_printoptions
from thalweg.core.spec import Size, set_default_dtype
from thalweg.core.spec import default_dtype as get_default_dtype
from thalweg.errors import did_you_mean as _did_you_mean
from thalweg.ops.creation.dtypes import NUMPYS as _NUMPYS
from thalweg.ops.creation.dtypes import device, finfo, iinfo
from thalweg.random.generator import Generator, default_generator
from thalweg.torch import functions as _functions
from thalweg.torch.functions.traits import (
    cdouble,
    cfloat,
    contiguous_format,
    dtype,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from thalweg.torch.naming import NAMES as _NAMES
from thalweg.torch.tensors import TorchTensor as Tensor
from thalweg.training.saving import save

globals().update({name: getattr(_np, name) for name in _NUMPYS})
bool, float, int = _np.bool_, _np.float32, _np.int32
double, half, long, short = _np.float64, _np.float16, _np.int64, _np.int16

# Imported when first asked for: a script that draws numbers loads no layers.
_ROOMS = [
    "autograd", "cuda", "fft", "func", "linalg", "nn", "optim", "serialization", "special", "utils",
]  # fmt: skip
_OF_ROOMS = {"load": "serialization", "vmap": "func"}
_FUNCTIONAL = [
    "adaptive_avg_pool1d", "alpha_dropout", "bilinear", "celu", "channel_shuffle",
    "cosine_similarity", "dropout", "feature_alpha_dropout", "group_norm", "hardshrink",
    "layer_norm", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "prelu", "rms_norm",
    "rrelu", "selu", "selu_", "threshold", "threshold_",
]  # fmt: skip


def __getattr__(name: str) -> _Any:
    if name in _NAMES:
        return globals().setdefault(name, _NAMES[name])
    if name in _OF_ROOMS:
        return getattr(_importlib.import_module(f"{__name__}.{_OF_ROOMS[name]}"), name)
    if name in _ROOMS:
        return _importlib.import_module(f"{__name__}.{name}")
    if name in _FUNCTIONAL:
        return getattr(_importlib.import_module(f"{__name__}.nn.functional"), name)
    hint = "" if name.startswith("_") else _did_you_mean(name, __dir__())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))


def __dir__() -> list[str]:
    own = [name for name in globals() if not name.startswith("_")]
    return sorted({*own, *_NAMES, *_ROOMS, *_FUNCTIONAL, *_OF_ROOMS})
