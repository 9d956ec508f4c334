"""Elementwise kernels made with the emitter, for tests."""

import ctypes
from collections.abc import Callable

import numpy as np

from thalweg.engines.llvm.emitter import Emitter, module_text
from thalweg.engines.llvm.jit import load
from thalweg.engines.llvm.target import Target
from thalweg.engines.llvm.values import BYTES, Value

TYPES = {"f32": np.float32, "f64": np.float64, "i1": np.bool_, "i8": np.int8, "i32": np.int32}
TYPES["i64"] = np.int64
NAMES = {np.dtype(dtype): name for name, dtype in TYPES.items()}


def elementwise(
    function: Callable[..., Value],
    *arrays: np.ndarray,
    target: Target | None = None,
    width: int | None = None,
    result: str | None = None,
) -> np.ndarray:
    """function(emitter, *operands) over equally long arrays: whole vectors, then a masked tail."""
    target = target or Target.host()
    types = [NAMES[a.dtype] for a in arrays]
    result = result or types[0]
    width = width or target.lanes(types[0])
    size = arrays[0].size
    e = Emitter(target)
    pointers = [e.parameter(f"x{i}", "ptr") for i in range(len(arrays))]
    output = e.parameter("y", "ptr")
    whole, rest = divmod(size, width)

    def piece(start: int | Value, active: int | None) -> None:
        operands = [
            e.load(e.element(p, start, t), t, width, active)
            for p, t in zip(pointers, types, strict=True)
        ]
        e.store(function(e, *operands), e.element(output, start, result), active)

    if whole:
        index, _ = e.begin_loop(whole)
        piece(e.multiply(index, width), None)
        e.end_loop()
    if rest:
        piece(whole * width, rest)
    text = module_text([e.function("kernel", [*pointers, output])], e.declarations)
    run = load([text], ["kernel"], target).function(
        "kernel", None, *[ctypes.c_void_p] * (len(arrays) + 1)
    )
    # Bytes around the result that must stay as they are.
    guard = 64
    held = np.full(size * BYTES[result] + 2 * guard, 0xAB, np.uint8)
    out = held[guard : guard + size * BYTES[result]].view(TYPES[result])
    run(*[np.ascontiguousarray(a).ctypes.data for a in arrays], out.ctypes.data)
    assert (held[:guard] == 0xAB).all() and (held[held.size - guard :] == 0xAB).all()
    return out.copy()
