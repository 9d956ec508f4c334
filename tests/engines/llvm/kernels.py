"""Elementwise kernels made with the emitter, for tests."""

import ctypes
from collections.abc import Callable, Sequence

import numpy as np

from thalweg.engines.llvm.code.jit import load
from thalweg.engines.llvm.ir.emitter import Emitter, module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import BYTES, Value

TYPES = {"f32": np.float32, "f64": np.float64, "i1": np.bool_, "i8": np.int8, "i32": np.int32}
TYPES["i64"] = np.int64
NAMES = {np.dtype(dtype): name for name, dtype in TYPES.items()}


def runnable(name: str) -> Target:
    """The named target where this machine can run it, else the host."""
    target, host = Target.named(name), Target.host()
    return target if target.vector_bytes <= host.vector_bytes else host


def run(e: Emitter, parameters: Sequence[Value], *arguments: np.ndarray | int) -> None:
    """Compile an emitter's body with these parameters for its target, and call it once."""
    text = module_text([e.function("kernel", parameters)], e.declarations)
    types = [ctypes.c_int64 if isinstance(a, int) else ctypes.c_void_p for a in arguments]
    kernel = load([text], ["kernel"], e.target).function("kernel", None, *types)
    kernel(*[a if isinstance(a, int) else a.ctypes.data for a in arguments])


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
    # Bytes around the result that must stay as they are.
    guard = 64
    held = np.full(size * BYTES[result] + 2 * guard, 0xAB, np.uint8)
    out = held[guard : guard + size * BYTES[result]].view(TYPES[result])
    run(e, [*pointers, output], *map(np.ascontiguousarray, arrays), out)
    assert (held[:guard] == 0xAB).all()
    assert (held[held.size - guard :] == 0xAB).all()
    return out.copy()
