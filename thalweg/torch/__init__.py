"""PyTorch's habit under PyTorch's paths: `import thalweg.torch as torch`.

Modules, stateful optimizers, loaders and functions by PyTorch's names. What is built of them trains
by a loop of `backward()` and `step()`, and by `thalweg.fit` as one native loop.
"""

import importlib
from typing import Any

import thalweg as _thalweg
from thalweg.errors import did_you_mean

# Imported when first asked for: a script that draws numbers loads no layers.
_LATER = ["autograd", "cuda", "func", "nn", "optim", "utils"]
_FUNCTIONAL = [
    "adaptive_avg_pool1d", "alpha_dropout", "bilinear", "celu", "channel_shuffle",
    "cosine_similarity", "dropout", "feature_alpha_dropout", "group_norm", "hardshrink",
    "layer_norm", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "prelu", "rms_norm",
    "rrelu", "selu", "selu_", "threshold", "threshold_",
]  # fmt: skip

__all__ = sorted({*_LATER, *_FUNCTIONAL, *_thalweg.__all__})


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FUNCTIONAL:
        return getattr(importlib.import_module(f"{__name__}.nn.functional"), name)
    if name in _thalweg.__all__:
        return getattr(_thalweg, name)
    hint = "" if name.startswith("_") else did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))


def __dir__() -> list[str]:
    return __all__
