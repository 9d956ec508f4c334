"""How much memory is free, asked before much of it is taken."""

from __future__ import annotations

from thalweg.data.memory import LITTLE, available_memory, spell_bytes
from thalweg.errors import DataError


def require_memory(nbytes: int, what: str) -> None:
    """Refuse an allocation that cannot succeed.

    Args:
        nbytes: Its size.
        what: The subject of the sentence "… takes 3.0 TiB".

    Raises:
        DataError: If it is larger than the available memory.
    """
    free = available_memory() if nbytes > LITTLE else None
    if free is not None and nbytes > free:
        raise DataError(
            f"{what} takes {spell_bytes(nbytes)} of memory, but {spell_bytes(free)} are free. "
            "Train on fewer rows or steps, or on float32."
        )
