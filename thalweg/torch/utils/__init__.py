"""PyTorch's `torch.utils`: data sets and loaders, and recomputation."""

import importlib as _importlib
from typing import Any as _Any

from thalweg.torch.utils import data


def __getattr__(name: str) -> _Any:
    # It needs modules, which a script that only loads data does not.
    if name == "checkpoint":
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
