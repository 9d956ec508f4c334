"""Settings of PyTorch's that scripts ask for and set: threads, precision, determinism, its build.

They are kept, and change no number: one thread computes natively, products of float32 are computed
in float32, and a program's results are the same each time.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from thalweg.errors import ArgumentError

__all__ = [
    "are_deterministic_algorithms_enabled", "get_deterministic_debug_mode",
    "get_float32_matmul_precision", "get_num_interop_threads", "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled", "is_warn_always_enabled",
    "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal",
    "set_num_interop_threads", "set_num_threads", "set_warn_always",
    "use_deterministic_algorithms", "version",
]  # fmt: skip

# The release of PyTorch whose meaning is followed, without any of its devices.
version = SimpleNamespace(__version__="2.13.0", cuda=None, hip=None, xpu=None, debug=False)

_DEBUG_MODES = ("default", "warn", "error")
_PRECISIONS = ("highest", "high", "medium")

_kept: dict[str, Any] = {
    "threads": os.cpu_count() or 1, "interop": os.cpu_count() or 1, "debug": 0,
    "precision": "highest", "warn_always": False,
}  # fmt: skip


def _require_threads(name: str, count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{name} expects an int, but got {type(count).__name__}.")
    if count < 1:
        raise ArgumentError(f"{name} expects a positive integer, but got {count}.")
    return count


def get_num_threads() -> int:
    """Return the number of threads that was set; by default that of the CPU's."""
    return int(_kept["threads"])


def set_num_threads(count: int) -> None:
    """Keep a number of threads, from 1."""
    _kept["threads"] = _require_threads("set_num_threads", count)


def get_num_interop_threads() -> int:
    """Return the number of threads between operations that was set."""
    return int(_kept["interop"])


def set_num_interop_threads(count: int) -> None:
    """Keep a number of threads between operations, from 1."""
    _kept["interop"] = _require_threads("set_num_interop_threads", count)


def get_float32_matmul_precision() -> str:
    """Return which precision of products was set: "highest" is that of float32."""
    return str(_kept["precision"])


def set_float32_matmul_precision(precision: str) -> None:
    """Keep a precision of products: "highest", "high" or "medium"; all are as exact here.

    Raises:
        ArgumentError: If it is another one.
    """
    if precision not in _PRECISIONS:
        raise ArgumentError(f"precision must be one of {_PRECISIONS}, but got {precision!r}.")
    _kept["precision"] = precision


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Keep what shall happen where results could differ from time to time: nothing does here.

    Args:
        debug_mode: 0 or "default", 1 or "warn", 2 or "error".

    Raises:
        ArgumentError: If it is another one.
    """
    if debug_mode not in (*_DEBUG_MODES, 0, 1, 2):
        raise ArgumentError(
            f"invalid value of debug_mode, expected one of {_DEBUG_MODES}, but got {debug_mode!r}."
        )
    named = isinstance(debug_mode, str)
    _kept["debug"] = _DEBUG_MODES.index(debug_mode) if named else debug_mode


def get_deterministic_debug_mode() -> int:
    """Return what was set: 0, 1 or 2."""
    return int(_kept["debug"])


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for results that are the same each time, which they are."""
    _kept["debug"] = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Tell whether such results were asked for."""
    return bool(_kept["debug"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Tell whether only warnings of others were asked for."""
    return bool(_kept["debug"] == 1)


def is_warn_always_enabled() -> bool:
    """Tell whether every warning was asked for each time."""
    return bool(_kept["warn_always"])


def set_warn_always(b: bool) -> None:
    """Keep whether every warning shall come each time."""
    _kept["warn_always"] = bool(b)


def set_flush_denormal(mode: bool) -> bool:
    """Tell that subnormal numbers stay: False, as PyTorch does where it cannot flush them."""
    return False
