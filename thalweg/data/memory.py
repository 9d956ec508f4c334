"""How much memory is free, asked before much of it is taken."""

from __future__ import annotations

import os
from pathlib import Path

from thalweg.errors import DataError

# Less than this is not worth asking for.
LITTLE = 2**26


def require_room(nbytes: int, source: str) -> None:
    """Refuse to read more than the available memory can hold.

    Args:
        nbytes: How much, at least, what is read will take.
        source: What it is read from.

    Raises:
        DataError: If it is more.
    """
    if (free := _too_little(nbytes)) is not None:
        raise DataError(
            f"{source} holds {spell_bytes(nbytes)} of values or more, but {spell_bytes(free)} of "
            "memory are free; keep fewer rows or columns."
        )


def require_memory(nbytes: int, what: str) -> None:
    """Refuse an allocation that cannot succeed.

    Args:
        nbytes: Its size.
        what: The subject of the sentence "… takes 3.0 TiB".

    Raises:
        DataError: If it is larger than the available memory.
    """
    if (free := _too_little(nbytes)) is not None:
        raise DataError(
            f"{what} takes {spell_bytes(nbytes)} of memory, but {spell_bytes(free)} are free. "
            "Train on fewer rows or steps, or on float32."
        )


def _too_little(nbytes: int) -> int | None:
    """Return the available memory if it is less than that; asked only where much is needed."""
    free = available_memory() if nbytes > LITTLE else None
    return free if free is not None and nbytes > free else None


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
