"""Targets: this machine's, and code for machines that are not here."""

import inspect

import llvmlite.binding as llvm
import pytest

from thalweg.engines.llvm.ir.emitter import Emitter, module_text
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.mathematics.functions import MATHEMATICS
from thalweg.engines.llvm.mathematics.random import permutation
from thalweg.engines.llvm.mathematics.special.functions import SPECIAL


def test_lanes_fill_one_register() -> None:
    assert [Target.named("avx512").lanes(t) for t in ("f32", "f64", "i1")] == [16, 8, 64]
    assert [Target.named("sse").lanes(t) for t in ("f32", "f64", "i64")] == [4, 2, 2]


def test_the_host_is_found_once() -> None:
    host = Target.host()
    assert host is Target.host()
    assert host.vector_bytes in (16, 32, 64)
    assert host.cpu


@pytest.mark.parametrize("cpu", ["cortex-a76", "apple-m1"])
def test_everything_compiles_for_arm(cpu: str) -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = "aarch64-unknown-linux-gnu"
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=cpu, opt=2, codemodel="small", reloc="pic", jit=True
    )
    target = Target(cpu, "", 16, 16, True)
    texts = [permutation(target)]
    for function in (MATHEMATICS | SPECIAL).values():
        e = Emitter(target)
        x = e.parameter("x", "ptr")
        v = e.load(x, "f64", 2)
        operands = len(inspect.signature(function).parameters) - 1
        e.store(function(e, *[v] * operands), x)
        texts.append(module_text([e.function("kernel", [x])], e.declarations))
    for text in texts:
        module = llvm.parse_assembly(text)
        module.triple, module.data_layout = triple, str(machine.target_data)
        assert machine.emit_object(module)
