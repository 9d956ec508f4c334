"""Rows of few numbers as vectors of columns: read and written again, every number in its place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engines.llvm.kernels import NAMES, run, runnable
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.turning import column_read, columns_written
from thalweg.engines.llvm.ir.values import BYTES

DTYPES = (np.float64, np.float32, np.int32, np.int8)


@pytest.mark.parametrize("target", ["sse", "avx2"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", range(2, 17))
def test_columns_are_read_and_written(columns: int, dtype: type, target: str) -> None:
    e = Emitter(runnable(target))
    x, y, z = (e.parameter(name, "ptr") for name in "xyz")
    type = NAMES[np.dtype(dtype)]
    width = e.target.lanes(type if BYTES[type] > 1 else "f32")
    read = lambda at: e.load(e.offset(x, at * BYTES[type]), type, width)
    write = lambda at, vector: e.store(vector, e.offset(z, at * BYTES[type]))
    found = [column_read(e, read, columns, width, column) for column in range(columns)]
    for column, vector in enumerate(found):
        e.store(vector, e.offset(y, column * width * BYTES[type]))
    columns_written(e, write, found)
    rows = np.arange(1, columns * width + 1).astype(dtype).reshape(width, columns)
    apart, again = np.zeros((columns, width), dtype), np.zeros_like(rows)
    run(e, [x, y, z], rows, apart, again)
    np.testing.assert_array_equal(apart, rows.T)
    np.testing.assert_array_equal(again, rows)
