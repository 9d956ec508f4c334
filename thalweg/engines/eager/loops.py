"""Loops of `engines/llvm/eager`, which load the compiler when they are first asked for.

They take and give NumPy arrays, and are run as meanings are: in `tracing.quiet`.
"""

from __future__ import annotations

import contextvars
import functools
import importlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


class _Strict(threading.local):
    """What runs a loop so that an invalid operation raises FloatingPointError."""

    def __init__(self) -> None:
        context = contextvars.copy_context()
        context.run(lambda: np.seterr(all="ignore", invalid="raise"))
        self.run: Callable[..., Any] = context.run


strict = _Strict()


@functools.cache
def loop(name: str, *how: Any) -> Callable[..., Any]:
    """Return a universal function.

    Args:
        name: The module there and the function in it that makes it, such as "products.spread".
        how: What that takes.
    """
    module, maker = name.split(".")
    made = getattr(importlib.import_module(f"thalweg.engines.llvm.eager.{module}"), maker)
    found: Callable[..., Any] = made(*how)
    return found
