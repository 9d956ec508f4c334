"""Draws by machine code: normal numbers, orders, and what the C library makes of uniform ones.

All are those of `thalweg.random`, to the last bit, so that it does not matter who makes them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

import numpy as np

from thalweg.core.spec import FLOAT32, Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.engines.blocks import Blocks, native, rows_at_once
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.special import error
from thalweg.random import box_muller, fisher_yates
from thalweg.random.box_muller import BLOCK, HALF_BLOCK, normal_cosine, normal_radius, normal_sine

# Fewer numbers do not make it load the compiler.
_MANY = 1 << 13

_COMPILER = "thalweg.engines.llvm.engine"


def _of_block(uniform: Tensor) -> Tensor:
    first = part_of(uniform, 1, 0, HALF_BLOCK)
    second = part_of(uniform, 1, HALF_BLOCK, BLOCK)
    radius = normal_radius(first)
    return concatenate([radius * normal_cosine(second), radius * normal_sine(second)], 1)


@functools.cache
def _blocks(count: int) -> Blocks | None:
    if not native().target.fused:
        return None
    return Blocks(_of_block, [Spec((count, BLOCK), FLOAT32)], [False], count)


def _normal(uniform: Array) -> Array | None:
    """Return standard normal numbers, or None where NumPy may as well make them."""
    rows = len(uniform)
    if not _is_worth(uniform.size):
        return None
    blocks = _blocks(rows_at_once(rows, BLOCK))
    if blocks is None:
        return None
    found = blocks([uniform], rows)
    # Adding 0 makes -0 a 0, as the fused operation does that scales the numbers.
    found += np.float32(0)
    return found


def _is_worth(size: int) -> bool:
    return size >= _MANY or _COMPILER in sys.modules


def _order(targets: Array) -> Array | None:
    if not _is_worth(targets.size):
        return None
    from thalweg.engines.llvm.code.sequences import exchanged  # it loads the compiler

    return exchanged(targets.astype(np.int64, copy=False))


_OF_C = {"log1p", "cos", "sin", "tan", "erf", "erfc"}


def _of_each(function: Callable[[float], float], x: Array) -> Array | None:
    if function.__name__ not in _OF_C or not _is_worth(x.size):
        return None
    from thalweg.engines.llvm.code.sequences import of_each  # it loads the compiler

    return of_each(function.__name__, x.astype(np.float64, copy=False))


box_muller.compile_with(_normal)
fisher_yates.compile_with(_order)
error.compile_with(_of_each)
