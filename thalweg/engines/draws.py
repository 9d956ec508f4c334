"""Normal numbers by machine code, to the last bit those of `thalweg.random.box_muller`."""

from __future__ import annotations

import functools
import sys

from thalweg.core.spec import FLOAT32, Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.engines.blocks import Blocks, native, rows_at_once
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.random.box_muller import (
    BLOCK,
    HALF_BLOCK,
    compile_with,
    normal_cosine,
    normal_radius,
    normal_sine,
)

# Fewer numbers do not make it load the compiler.
_MANY = 1 << 13

_COMPILER = "thalweg.engines.llvm.engine"


def _of_block(uniform: Tensor) -> Tensor:
    first = part_of(uniform, 1, 0, HALF_BLOCK)
    second = part_of(uniform, 1, HALF_BLOCK, BLOCK)
    radius = normal_radius(first)
    # Adding 0 makes -0 a 0, as the fused operation does that scales the numbers.
    halves = [radius * normal_cosine(second) + 0.0, radius * normal_sine(second) + 0.0]
    return concatenate(halves, 1)


@functools.cache
def _blocks(count: int) -> Blocks | None:
    if not native().target.fused:
        return None
    return Blocks(_of_block, [Spec((count, BLOCK), FLOAT32)], [False], count)


def _normal(uniform: Array) -> Array | None:
    """Return standard normal numbers, or None where NumPy may as well make them."""
    rows = len(uniform)
    if uniform.size < _MANY and _COMPILER not in sys.modules:
        return None
    blocks = _blocks(rows_at_once(rows, BLOCK))
    return None if blocks is None else blocks([uniform], rows)


compile_with(_normal)
