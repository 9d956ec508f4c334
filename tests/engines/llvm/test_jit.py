"""Compiling, linking and freeing code; whatever is wrong with it is an error, never a crash."""

import ctypes
import gc
import math
import weakref

import pytest

from thalweg.engines.llvm.code import jit
from thalweg.engines.llvm.ir.target import Target
from thalweg.errors import EngineError

TWICE = "define double @twice(double %x) {\n  %y = fadd double %x, %x\n  ret double %y\n}\n"
FOUR = (
    "declare double @twice(double)\ndefine double @four(double %x) {\n"
    "  %y = call double @twice(double %x)\n  %z = call double @twice(double %y)\n"
    "  ret double %z\n}\n"
)


def test_modules_call_each_other_and_equal_ones_are_linked_once() -> None:
    library = jit.load([TWICE, FOUR, TWICE], ["four", "twice"])
    four = library.function("four", ctypes.c_double, ctypes.c_double)
    assert four(1.5) == 6.0
    assert set(library.addresses) == {"four", "twice"}


def test_the_same_text_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TWICE.replace("twice", "once")
    made = []
    generate = jit._generate
    monkeypatch.setattr(jit, "_generate", lambda *a: made.append(a) or generate(*a))
    for _ in range(3):
        jit.load([text], ["once"])
    assert len(made) == 1
    jit.compile_object.cache_clear()
    jit.load([text], ["once"])
    assert len(made) == 1, "the object on disk should have been used"


def test_a_function_that_nobody_defines_is_named() -> None:
    with pytest.raises(EngineError, match="missing: twice"):
        jit.load([FOUR], ["four"])
    with pytest.raises(EngineError, match="missing: absent"):
        jit.load([TWICE], ["absent"])


def test_the_c_library_has_what_instructions_become() -> None:
    assert set(jit._c_library()) == set(jit._C_LIBRARY)
    sine = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(jit._c_library()["sin"])
    assert sine(1.0) == math.sin(1.0)


@pytest.mark.parametrize(
    "text",
    [
        "rubbish",
        "define void @f() {\n  ret i32 0\n}\n",
        "define i32 @f() {\nentry:\n  br label %entry\n}\n",
    ],
)
def test_invalid_modules_are_refused(text: str) -> None:
    with pytest.raises(EngineError, match="LLVM refuses"):
        jit.load([text], ["f"])


def test_code_lives_as_long_as_the_functions_taken_from_it() -> None:
    library = jit.load([TWICE], ["twice"])
    freed = weakref.ref(library)
    twice = library.function("twice", ctypes.c_double, ctypes.c_double)
    del library
    gc.collect()
    assert freed() is not None
    assert twice(4.0) == 8.0
    del twice
    gc.collect()
    assert freed() is None


def test_code_for_other_targets_has_its_own_objects() -> None:
    text = TWICE.replace("double", "<8 x double>")
    a, b = (jit.compile_object(text, Target.named(name)) for name in ("avx512", "sse"))
    assert a != b
