"""The softmax of scores that a mask adds to or hides, row after row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.engines.llvm.eager.kernel import RowKernel
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS

_SCORES, _SCALE, _MASK = range(3)


def weighted(kind: str, mask: str) -> Callable[..., Any]:
    """Return what takes rows of scores, a scale and, if there is one, a mask's rows.

    It gives softmax(scale · scores + mask), or of the scores where a mask of Booleans is true; a
    row of which nothing is seen gives zeros.

    Args:
        kind: The dtype of scores, scale and weights: "f" or "d".
        mask: That of the mask: the same or "?"; "" for none.
    """
    signature = f"(n),(){',(n)' if mask else ''}->(n)"
    k = RowKernel(signature, 2 * kind + mask, kind)
    e, n, lanes, type = k.e, k.extent("n"), k.lanes(_SCORES), k.types[_SCORES]
    scale, out = k.load(_SCALE), 2 + len(mask)
    nothing = e.constant(-math.inf, type)

    def score(i: Value, width: int) -> Value:
        found = e.multiply(k.load(_SCORES, i, width=width), scale)
        if not mask:
            return found
        held = k.load(_MASK, i, width=width)
        return e.select(held, found, e.splat(nothing, width)) if mask == "?" else e.add(found, held)

    top = k.reduced(n, lanes, nothing, score, e.maximum)
    # Where nothing is seen, the powers are 0 and their sum is taken for 1.
    base = e.select(e.compare("oeq", top, nothing), 0.0, top)

    def power(i: Value, width: int) -> Value:
        found = MATHEMATICS["exp"](e, e.subtract(score(i, width), base))
        k.store(found, out, i)
        return found

    total = k.reduced(n, lanes, e.constant(0.0, type), power, e.add)
    total = e.select(e.compare("oeq", total, 0.0), 1.0, total)
    k.each(n, lanes, lambda i, w: k.store(e.divide(k.load(out, i, width=w), total), out, i))
    return k.made()
