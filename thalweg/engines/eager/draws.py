"""Draws by machine code, and the C library's functions of each number.

All are those of `thalweg.random`, to the last bit, so that it does not matter who makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.eager.worth import is_worth
from thalweg.ops.special import error
from thalweg.random import mersenne_twister

# Fewer numbers do not make it load the compiler at once.
_MANY = 1 << 13

# Draws in as many steps as chance wants; without the compiler one takes as long as so many others.
_ONE_BY_ONE = {"poisson", "binomial", "gamma"}

_STEPS = 1 << 4

_OF_C = {"log1p", "cos", "sin", "tan", "erf", "erfc"}


def _of_each(function: Callable[[float], float], x: Array) -> Array | None:
    if function.__name__ not in _OF_C or not is_worth(x.size, _MANY):
        return None
    from thalweg.engines.llvm.code.sequences import of_each  # it loads the compiler

    return of_each(function.__name__, x.astype(np.float64, copy=False))


def _filler(how: str, size: int) -> Callable[..., Any] | None:
    law = how.partition(" ")[0] in _ONE_BY_ONE
    if not is_worth(size * _STEPS if law else size, _MANY):
        return None
    if law:
        from thalweg.engines.llvm.eager.rejections import one_by_one  # it loads the compiler

        return one_by_one(how)
    from thalweg.engines.llvm.eager.draws import filler  # so does it

    return filler(how)


mersenne_twister.compile_with(_filler)
error.compile_with(_of_each)
