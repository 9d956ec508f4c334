"""How much memory is free."""

from __future__ import annotations

import os
from pathlib import Path

from thalweg.errors import DataError

__all__ = ["available_memory", "require_room", "spell_bytes"]

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
    free = available_memory() if nbytes > LITTLE else None
    if free is not None and nbytes > free:
        raise DataError(
            f"{source} holds {spell_bytes(nbytes)} of values or more, but {spell_bytes(free)} of "
            "memory are free; keep fewer rows or columns."
        )


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
