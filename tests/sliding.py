"""Sample operands of windows, their overlaps, and contractions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.draws import NUMBERS, Row, Sample, cast, real
from thalweg.core.spec import Spec
from thalweg.ops.windows.windows import windows


def contractions(random: np.random.Generator) -> Iterator[Sample]:
    cases = (
        (",->", (), ()),
        ("i,i->", (5,), (5,)),
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk->ki", (5, 9), (9, 19)),
        ("ij,kj->ik", (7, 17), (3, 17)),
        ("bij,bkj->bik", (2, 3, 5), (2, 4, 5)),
        ("oc,chn->hon", (3, 2), (2, 4, 18)),
        ("ni,no->oi", (6, 3), (6, 2)),
        ("i,j->ij", (3,), (4,)),
        ("bi,bi->bi", (2, 3), (2, 3)),
        ("ij,jk->ik", (2, 0), (0, 3)),
        ("aijb,jbk->aki", (2, 3, 4, 5), (4, 5, 2)),
    )
    for dtype in NUMBERS:
        for labels, *shapes in cases:
            x, y = (cast(real(random, shape), dtype) for shape in shapes)

            yield Sample((x, y), {"labels": labels}, smooth=dtype is np.float64)


# Windows: the shape they slide over, and where and how.
WINDOWS: tuple[tuple[tuple[int, ...], dict[str, Any]], ...] = (
    ((5,), {"axes": (0,), "size": (2,), "stride": (1,), "dilation": (1,)}),
    ((7,), {"axes": (0,), "size": (3,), "stride": (2,), "dilation": (1,)}),
    ((9,), {"axes": (0,), "size": (3,), "stride": (1,), "dilation": (3,)}),
    ((2, 6), {"axes": (1,), "size": (2,), "stride": (2,), "dilation": (1,)}),
    ((2, 8), {"axes": (1,), "size": (2,), "stride": (3,), "dilation": (1,)}),
    ((3, 4, 2), {"axes": (0, 1), "size": (2, 3), "stride": (1, 1), "dilation": (1, 1)}),
    ((2, 5, 6), {"axes": (1, 2), "size": (2, 2), "stride": (2, 1), "dilation": (1, 3)}),
    ((0, 4), {"axes": (1,), "size": (2,), "stride": (1,), "dilation": (1,)}),
    ((4,), {"axes": (0,), "size": (4,), "stride": (1,), "dilation": (1,)}),
)


def overlaps(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in NUMBERS:
        for shape, params in WINDOWS:
            seen = windows.spec(Spec(shape, np.dtype(dtype)), **params)
            extents = tuple(shape[axis] for axis in params["axes"])
            given = {key: params[key] for key in ("axes", "stride", "dilation")}
            operand = cast(real(random, seen.shape), dtype)
            yield Sample((operand,), {**given, "extents": extents}, smooth=dtype is np.float64)


def keys(folded: bool) -> Row:
    """Return a row of keys, with numbers to fold in or with shapes to draw."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for lead in ((), (1,), (5,), (2, 3), (0,)):
            key = random.integers(-(2**31), 2**31, (*lead, 2)).astype(np.int32)
            if folded:
                for dtype in (np.int32, np.int64):
                    numbers = random.integers(-5, 2**31, lead).astype(dtype)
                    yield Sample((key, np.asarray(numbers)), smooth=False)
                yield Sample(
                    (key, np.asarray(random.integers(-(2**63), 2**63, lead))), smooth=False
                )
                continue
            for dtype in (np.int32, np.int64, np.float32, np.float64):
                for shape in ((), (1,), (21,), (3, 7), (0,)):
                    params = {"shape": shape, "dtype": np.dtype(dtype)}
                    yield Sample((key,), params, smooth=False)

    return row
