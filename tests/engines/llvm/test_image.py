"""Images on disk: the same results, and compiled anew whenever they might not be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.loops import Given, advanced, given
from thalweg.engines.llvm.code import image, jit
from thalweg.engines.llvm.code.image import Image
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.llvm.ir.target import Target

X, Y = np.random.default_rng(0).normal(size=(2, 30, 4))[0], np.arange(30.0)


def step(w: Any, X: Any, y: Any, rate: Any, rows: Any) -> Any:
    loss, g = tw.value_and_grad(lambda w: np.mean((X[rows] @ w - y[rows]) ** 2))(w)
    return w - rate * g, loss


def case(batch: int = 8) -> Given:
    return given(step, [np.zeros(4)], [X, Y], [0.01], rows=30, batch=batch)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path))
    return tmp_path / "native"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of modules compiled since."""
    texts: list[str] = []
    compile_object = jit.compile_object

    def noted(text: str, target: Target) -> bytes:
        texts.append(text)
        return compile_object(text, target)

    monkeypatch.setattr(image, "compile_object", noted)
    return texts


def results() -> list[Any]:
    losses, (w,) = advanced(case().begin(NativeEngine()), 50)
    program = program_of(lambda x: (np.exp(x) @ x.T, x, 2), spec(30, 4))
    return [a.tolist() for a in (losses, w, *NativeEngine().compile(program)(X))]


def test_what_comes_from_disk_is_what_was_compiled(folder: Path, compiled: list[str]) -> None:
    fresh = results()
    # Two programs, which are three modules where there is AVX-512.
    modules = len(compiled)
    assert modules in (2, 3)
    assert results() == fresh
    assert len(compiled) == modules, "the second time nothing is compiled"


def test_a_damaged_entry_is_compiled_anew(folder: Path, compiled: list[str]) -> None:
    fresh = results()
    modules = len(compiled)
    for damage in (b"", b"x" * 100):
        for name in os.listdir(folder):
            (folder / name).write_bytes(damage)
        before = len(compiled)
        assert results() == fresh
        assert len(compiled) == before + modules


def test_another_version_of_the_package_compiles_anew(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results()
    modules = len(compiled)
    monkeypatch.setattr(image, "_sources", lambda: "another version")
    results()
    assert len(compiled) == 2 * modules


def test_the_version_covers_all_that_code_depends_on() -> None:
    named = image._sources()
    for name in ("writer.py", "kernels.py", "engine.py", "program.py", "arithmetic.py", "bits.py"):
        assert name in named


def test_loops_that_differ_only_in_their_batches_or_order_are_told_apart(folder: Path) -> None:
    loops = [case(8), case(10), given(step, *_like(case(8)), rows=30, batch=8, reshuffled=True)]
    fresh = [advanced(loop.begin(NativeEngine()), 30)[0].tolist() for loop in loops]
    assert len({tuple(losses) for losses in fresh}) == 3
    assert [advanced(loop.begin(NativeEngine()), 30)[0].tolist() for loop in loops] == fresh


def _like(case: Given) -> tuple[Any, Any, Any]:
    return case.state, case.data, case.scalars.tolist()


def test_targets_have_images_of_their_own(folder: Path, compiled: list[str]) -> None:
    program = program_of(lambda x: x + 1.0, spec(5))
    for name in ("sse", "avx2"):
        NativeEngine(Target.named(name)).compile(program)
    assert len(compiled) == 2


def test_numbers_and_inputs_handed_out_survive_the_disk(folder: Path) -> None:
    program = program_of(
        lambda x, i: (x, float("nan"), float("inf"), 2**62, True, i), spec(2), spec()
    )
    for _ in range(2):
        found = NativeEngine().compile(program)(np.array([1.0, -0.0]), np.float64(3.0))
        assert np.signbit(found[0]).tolist() == [False, True]
        assert np.isnan(found[1])
        assert [float(found[2]), int(found[3]), bool(found[4])] == [np.inf, 2**62, True]
        assert found[5] == 3.0


def test_an_image_is_read_as_it_was_written() -> None:
    whole = Image(
        (b"one\n", b"\0two"), 640, ((64, 0),), ((72, 1, 0), (80, 0, 24)), (64,), (128,), (192,)
    )
    assert Image.from_bytes(whole.to_bytes()) == whole
    bare = Image((b"",), 64, (), ())
    assert Image.from_bytes(bare.to_bytes()) == bare
