from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.engines.llvm.code.addresses import address_of

FIXED = np.arange(4.0)
FIXED.setflags(write=False)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(4.0), np.full((), 2.0, np.float32), np.zeros((0, 3)), FIXED, np.ones((3, 4)).T,
        np.arange(10)[::2], np.arange(10)[3:], np.ones(3, np.float16), np.ones(3, np.bool_),
        np.ones(3, np.complex64), np.ones(2, np.uint64),
    ],
)  # fmt: skip
def test_it_is_where_numpy_says(array: Any) -> None:
    assert address_of(array) == array.ctypes.data
