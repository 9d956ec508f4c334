"""Whether small work is worth the time that the compiler takes to load.

That is asked only where machine code gives the same numbers to the last bit, so that it does not
matter who makes them.
"""

from __future__ import annotations

import sys

_COMPILER = "thalweg.engines.llvm.engine"

# A call that finds the compiler not loaded takes as long as so many numbers do.
_CALL = 1 << 7

# Loading takes as long as so many numbers do; where more were asked for, more may be coming.
_LOADING = 1 << 15


class _Asked:
    numbers = 0


def is_worth(size: int, least: int) -> bool:
    """Tell whether machine code shall do what it is asked for.

    Args:
        size: Of how many numbers.
        least: From how many on it is loaded for one call.
    """
    if _COMPILER in sys.modules or size >= least:
        return True
    _Asked.numbers += size + _CALL
    return _Asked.numbers >= _LOADING
