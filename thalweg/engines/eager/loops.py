"""Loops of `engines/llvm/eager/products.py`, which load the compiler when they are first asked for.

They take and give NumPy arrays, and are run as meanings are: in `tracing.quiet`.
"""

from __future__ import annotations

import contextvars
import functools
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
    """Return a universal function by the name of what makes it, and how."""
    from thalweg.engines.llvm.eager import products

    made = {
        "products": products.products,
        "distances": products.distances,
        "spread": products.spread,
        "chosen": products.chosen,
        "counted": products.counted,
    }
    found: Callable[..., Any] = made[name](*how)
    return found
