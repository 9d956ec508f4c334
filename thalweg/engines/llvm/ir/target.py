"""The processor that code is made for."""

import functools
from dataclasses import dataclass

import llvmlite.binding as llvm

from thalweg.engines.llvm.ir.values import BYTES

# Vector bytes, accumulators that fit beside a tile's operands in the registers, fused multiply-add.
_AVX512 = (64, 16, True)

_AVX2 = (32, 12, True)

_AVX = (32, 12, False)

_SSE = (16, 12, False)

_NEON = (16, 16, True)

_NAMED = {
    "avx512": ("skylake-avx512", _AVX512),
    "avx2": ("haswell", _AVX2),
    "avx": ("sandybridge", _AVX),
    "sse": ("x86-64-v2", _SSE),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A processor: LLVM's name and features of it, and the parameters that shape the code.

    `vector_bytes` is the size of a vector register, `accumulators` how many of them a tile may
    fill, `fused` whether a fused multiply-add is one instruction.
    """

    cpu: str
    features: str
    vector_bytes: int
    accumulators: int
    fused: bool

    def lanes(self, type: str) -> int:
        """How many elements of a type one vector register holds."""
        return self.vector_bytes // BYTES[type]

    @property
    def attributes(self) -> str:
        """The attributes of a function made for this target."""
        # The processor's name and features are given to the code generator, not in every text.
        return f'nounwind "prefer-vector-width"="{8 * self.vector_bytes}"'

    @staticmethod
    @functools.cache
    def host() -> "Target":
        """The processor this process runs on."""
        features = llvm.get_host_cpu_features()
        cpu, text = llvm.get_host_cpu_name(), features.flatten()
        if features.get("avx512f") and features.get("avx512vl") and features.get("avx512dq"):
            return Target(cpu, text, *_AVX512)
        if features.get("avx2") and features.get("fma"):
            return Target(cpu, text, *_AVX2)
        if llvm.get_process_triple().startswith(("aarch64", "arm64")):
            return Target(cpu, text, *_NEON)
        return Target(cpu, text, *_SSE)

    @staticmethod
    def named(name: str) -> "Target":
        """A well-known processor class: avx512, avx2, avx or sse."""
        cpu, shape = _NAMED[name]
        return Target(cpu, "", *shape)
