"""PyTorch's paths to what concerns every module, and to layers: `torch.nn.modules`."""

import importlib as _importlib
from typing import Any as _Any

from thalweg.torch.nn.modules import lazy, module

__all__ = ["lazy", "module"]

# Where the layers of PyTorch's files are.
_FILES = {
    **dict.fromkeys(("channelshuffle", "fold", "pixelshuffle"), "images.arranging"),
    **{name: f"images.{name}" for name in ("conv", "padding", "pooling", "upsampling")},
    "instancenorm": "batchnorm",
    "rnn": "sequences.recurrent",
    "transformer": "sequences.transformer",
}


def __getattr__(name: str) -> _Any:
    if name in _FILES:
        return _importlib.import_module(f"{__name__}.{_FILES[name]}")
    found = getattr(_importlib.import_module("thalweg.torch.nn"), name, None)
    if not isinstance(found, type):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
