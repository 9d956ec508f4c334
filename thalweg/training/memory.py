"""How much memory is free, asked before much of it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from thalweg.errors import DataError

# Less than this is not worth asking for.
_LITTLE = 2**26


def available_memory() -> int | None:
    """Return the bytes that can be allocated without swapping, or None where nobody knows."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def require_memory(nbytes: int, what: str) -> None:
    """Refuse an allocation that cannot succeed.

    Args:
        nbytes: Its size.
        what: The subject of the sentence "… takes 3.0 TiB".

    Raises:
        DataError: If it is larger than the available memory.
    """
    free = available_memory() if nbytes > _LITTLE else None
    if free is not None and nbytes > free:
        raise DataError(
            f"{what} takes {spell_bytes(nbytes)} of memory, but {spell_bytes(free)} are free. "
            "Train on fewer rows or steps, or on float32."
        )


def spell_bytes(nbytes: float) -> str:
    """Write a size with its unit.

    Example:
        >>> spell_bytes(3 * 2**40)
        '3.0 TiB'
    """
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    unit = units.pop(0)
    while nbytes >= 1024 and units:
        nbytes, unit = nbytes / 1024, units.pop(0)
    return f"{nbytes:.0f} {unit}" if unit == "B" else f"{nbytes:.1f} {unit}"
