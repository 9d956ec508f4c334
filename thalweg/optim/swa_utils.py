"""PyTorch's name for averages of a model's weights.

They are modules, and live beside those in `thalweg.nn.averaging`; here they are found by name.
"""

import importlib
from typing import Any

_NAMES = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module("thalweg.nn.averaging"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return _NAMES
