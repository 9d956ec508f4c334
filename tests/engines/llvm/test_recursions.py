"""Losses that are loops in Python: long programs, in kernels that are bounded and alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from benchmarks.recursions import RECURSIONS
from thalweg import tree
from thalweg.compiler.kernels.kernels import MOST_SIZE
from thalweg.core import program
from thalweg.engines.llvm.code import assembly, image, jit
from thalweg.engines.llvm.code.assembly import Assembly
from thalweg.engines.llvm.kernels.facts import AddressTable
from thalweg.training.prepare import COMPILED, STEPS

# Steps of a loop, so that every kind of kernel is met several times.
SHORT = 7
# Loops over single numbers: a few steps are one kernel.
OF_NUMBERS = {"kalman numbers", "garch", "arma", "smoothing", "predators"}


def fitted(name: str, steps: int, **more: Any) -> list[Any]:
    """Return the parameters of a loop after some updates, and the last loss."""
    params, data = RECURSIONS[name].make(steps)
    optimizer = tw.optim.adam(0.01)
    found = tw.fit(RECURSIONS[name].loss, params, data, optimizer=optimizer, steps=3, **more)
    return [*tree.leaves(found.params), found.history.loss[-1]]


@pytest.fixture
def assemblies(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[list[Assembly]]:
    """Return the list of what is assembled since; nothing is found in memory or on disk.

    Turns stay one after another, as where they are not alike.
    """
    monkeypatch.setattr(program, "finishing", [])
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path))
    made: list[Assembly] = []
    write = Assembly.write

    def noted(self: Assembly) -> None:
        made.append(self)
        write(self)

    monkeypatch.setattr(Assembly, "write", noted)
    STEPS.clear()
    COMPILED.clear()
    yield made
    STEPS.clear()
    COMPILED.clear()


@pytest.mark.parametrize("name", RECURSIONS)
def test_loops_are_what_the_reference_computes(name: str) -> None:
    native, reference = (fitted(name, SHORT, engine=engine) for engine in ("native", "numpy"))
    for found, expected in zip(native, reference, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", RECURSIONS)
def test_what_is_written_once_would_be_written_alike(
    name: str, assemblies: list[Assembly], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_alike, checked = Assembly._call_alike, []

    def compared(self: Assembly, planned: Any, shared: Any) -> Any:
        table = AddressTable()
        own = Assembly(self.target)
        own.cells, own.end = self.cells, self.end
        text = own.functions[own._function(planned, table)]
        assert text.replace("kernel0", shared.name) == self.functions[shared.name]
        place = call_alike(self, planned, shared)
        entries = planned.step.entries[len(planned.step.entries) - len(table.entries) :]
        assert [entry.addressed for entry in entries] == list(table.entries)
        checked.append(place)
        return place

    monkeypatch.setattr(Assembly, "_call_alike", compared)
    fitted(name, SHORT)
    assert checked or name in OF_NUMBERS


def test_twice_the_steps_are_no_more_text_but_for_what_calls_it(assemblies: list[Assembly]) -> None:
    for steps in (12, 24):
        fitted("lstm alone", steps)
    first, second = (sum("kernel" in name for name in a.functions) for a in assemblies)
    assert second < 1.5 * first


def test_functions_and_modules_are_of_bounded_length(
    assemblies: list[Assembly], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    compile_object = jit.compile_object
    monkeypatch.setattr(
        image, "compile_object", lambda text, t: texts.append(text) or compile_object(text, t)
    )
    fitted("kalman numbers", 60)
    (made,) = assemblies
    sizes = [planned.kernel.size for planned in made._planned]
    assert max(sizes) < 1.5 * MOST_SIZE
    assert len(texts) > 3
    longest = max(map(len, made.functions.values()))
    assert max(map(len, texts)) < image._MODULE + longest
    calls = [text.count("call void @kernel") for text in made.functions.values()]
    assert max(calls) <= assembly._CALLS
