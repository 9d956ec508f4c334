"""PyTorch's habit under PyTorch's paths: `import thalweg.torch as torch`.

Tensors with PyTorch's methods, modules, stateful optimizers, loaders and functions by PyTorch's
names. What is built of them trains by a loop of `backward()` and `step()`, and by `thalweg.fit` as
one native loop.
"""

import importlib as _importlib
import math as _math
from typing import Any as _Any

from thalweg.autodiff.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)
from thalweg.core.printing import set_printoptions
from thalweg.errors import did_you_mean as _did_you_mean
from thalweg.ops.creation.dtypes import finfo, iinfo
from thalweg.random.generator import Generator, default_generator
from thalweg.torch import functions as _functions
from thalweg.torch import settings as _settings
from thalweg.torch import sparse
from thalweg.torch.absent import advice as _advice
from thalweg.torch.devices import device, get_default_device, set_default_device
from thalweg.torch.dtypes import NAMES as _DTYPES
from thalweg.torch.dtypes import SHORT as _SHORT
from thalweg.torch.dtypes import dtype, get_default_dtype, set_default_dtype
from thalweg.torch.functions.traits import (
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from thalweg.torch.naming import NAMES as _NAMES
from thalweg.torch.settings import *
from thalweg.torch.size import TorchSize as Size
from thalweg.torch.sparse import sparse_coo, sparse_coo_tensor, sparse_csr, sparse_csr_tensor
from thalweg.torch.tensors import TorchTensor as Tensor
from thalweg.torch.typed import TYPED as _TYPED
from thalweg.torch.typed import set_default_tensor_type, typename
from thalweg.training.saving import save

__version__ = _settings.version.__version__
e, inf, nan, pi, newaxis = _math.e, _math.inf, _math.nan, _math.pi, None
# What NumPy raises where memory does not suffice.
OutOfMemoryError = MemoryError
globals().update(_DTYPES)
globals().update(_TYPED)
globals().update({short: _DTYPES[name] for short, name in _SHORT.items()})

# Imported when first asked for: a script that draws numbers loads no layers.
_ROOMS = [
    "accelerator", "amp", "autograd", "backends", "compiler", "cuda", "distributions", "fft",
    "func", "jit", "linalg", "nn", "optim", "random", "serialization", "signal", "special", "utils",
]  # fmt: skip
_OF_ROOMS = {
    "GradScaler": "amp", "autocast": "amp", "compile": "jit", "cond": "func",
    "is_anomaly_enabled": "autograd", "is_autocast_enabled": "amp", "load": "serialization",
    "vmap": "func",
}  # fmt: skip
_OF_ROOMS |= dict.fromkeys(
    [
        "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh",
        "rnn_tanh_cell",
    ],
    "nn.recurrence.functions",
)  # fmt: skip
_OF_ROOMS |= dict.fromkeys(
    [
        "adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout_", "batch_norm",
        "binary_cross_entropy_with_logits", "celu_", "constant_pad_nd", "convolution",
        "cosine_embedding_loss", "ctc_loss", "dropout_", "embedding", "embedding_bag",
        "embedding_renorm_", "feature_alpha_dropout_", "feature_dropout", "feature_dropout_",
        "grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "hinge_embedding_loss",
        "instance_norm", "kl_div", "margin_ranking_loss", "native_batch_norm",
        "native_channel_shuffle", "native_dropout", "native_group_norm", "native_layer_norm",
        "poisson_nll_loss", "rrelu_", "triplet_margin_loss",
    ],
    "nn.functional.native",
)  # fmt: skip
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
    hint = "" if name.startswith("_") else _advice(name) or _did_you_mean(name, __dir__())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))


def __dir__() -> list[str]:
    own = [name for name in globals() if not name.startswith("_")]
    return sorted({*own, *_NAMES, *_ROOMS, *_FUNCTIONAL, *_OF_ROOMS})
