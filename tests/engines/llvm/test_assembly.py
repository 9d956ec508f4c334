"""Whole loops as modules: kernels shared by text, the arena's layout, what a step.calls."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.loops import check_loop
from thalweg.engines.llvm.code.assembly import Assembly
from thalweg.engines.llvm.code.driving import CutProgram, calls_text
from thalweg.engines.llvm.ir.target import Target


def assembled(function: Any, *shapes: Any, states: int = 0) -> tuple[Assembly, CutProgram]:
    program = program_of(function, *(spec(*shape) for shape in shapes))
    assembly = Assembly(Target.host())
    fixed = {s: assembly.reserve(s.spec.nbytes) for s in program.inputs[:states]}
    step = assembly.step(program, fixed, states, {}, looped=bool(states))
    assembly.write()
    return assembly, step


def test_kernels_of_one_text_are_written_once() -> None:
    def alike(a: Any, b: Any, c: Any, d: Any) -> Any:
        return np.cumsum(a), np.cumsum(b), np.cumsum(c), np.cumsum(d)

    assembly, step = assembled(alike, (9,), (9,), (9,), (8,))
    names = [name for name, _ in step.calls]
    assert len(set(names)) == len(assembly.functions) == 2
    assert names[:3] == [names[0]] * 3
    tables = [place for _, place in step.calls]
    assert len(set(tables)) == 4, "each call has pointers of its own"


def test_everything_in_the_arena_has_room_of_its_own() -> None:
    def step(a: Any, b: Any, c: Any) -> Any:
        return a + b[0], np.cumsum(b), c * 2.0, np.sum(a)

    assembly, done = assembled(step, (3,), (9,), (), states=3)
    # States changed in place have two names for one stretch.
    stretches = {place: symbol.spec.nbytes for symbol, place in done.storage.offsets.items()}
    stretches |= {entry.place: 8 for entry in done.entries}
    taken = sorted(stretches.items())
    assert taken[0][0] >= 64, "the header comes first"
    for (place, nbytes), (following, _) in itertools.pairwise(taken):
        assert place + nbytes <= following
    assert taken[-1][0] + taken[-1][1] <= assembly.end


def test_a_long_program_of_many_kernels_runs_in_order() -> None:
    def long(x: Any) -> Any:
        y = x
        for i in range(40):
            y = np.cumsum(np.flip(y)) / (i + 1.0) - np.mean(y)
        return y, np.sum(y)

    check_loop(long, [np.linspace(-1.0, 1.0, 13)], steps=3, rtol=1e-9)


def chain(act: Any) -> Any:
    """Return the loss of a network of any depth."""

    def loss(layers: Any, X: Any, y: Any) -> Any:
        h = X
        for W, b in layers:
            h = act(h, np.tanh(h @ W + b))
        return np.mean((h - y) ** 2)

    return loss


@pytest.mark.parametrize(
    ("act", "optimizer"),
    [
        (lambda h, a: a, tw.optim.adam(1e-3)),
        (lambda h, a: a, tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.adamw(1e-3))),
        (lambda h, a: h + a, tw.optim.sgd(1e-3, momentum=0.9)),
    ],
    ids=["plain", "clipped", "residual"],
)
def test_a_deep_network_is_as_many_functions_as_a_deeper_one(
    act: Any, optimizer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path))
    rng, made = np.random.default_rng(0), []
    write = Assembly.write
    monkeypatch.setattr(Assembly, "write", lambda self: [made.append(self), write(self)])
    X, y = rng.normal(size=(2, 64, 24))
    counts, losses = [], []
    for depth in (8, 16):
        layers = [(rng.normal(size=(24, 24)) / 10, np.zeros(24)) for _ in range(depth)]
        for engine in ("native", "numpy"):
            fit = tw.fit(chain(act), layers, (X, y), optimizer=optimizer, batch_size=32, steps=3,
                         engine=engine, progress=False)  # fmt: skip
            losses.append(fit.history.loss)
        np.testing.assert_allclose(losses[-2], losses[-1], rtol=1e-10)
        counts.append(sum("kernel" in name for name in made[-1].functions))
    assert counts[1] <= counts[0] + 2


def test_a_long_step_is_no_more_code_for_more_kernels() -> None:
    def products(x: Any, A: Any, count: int) -> Any:
        for _ in range(count):
            x = np.tanh(x @ A)
        return x, A

    x, A = np.eye(300), np.linspace(-1.0, 1.0, 90_000).reshape(300, 300) / 20
    instructions = []
    for count in (10, 20):
        step = functools.partial(products, count=count)
        assembly, done = assembled(step, x.shape, A.shape, states=2)
        assert done.long
        instructions.append(sum(text.count("\n") for text in assembly.functions.values()))
        assert len(done.calls) == 1
    assert instructions[0] == instructions[1]
    check_loop(lambda x, A: (*products(x, A, 10), np.sum(x)), [x, A], steps=2, rtol=1e-9)


def test_only_long_steps_look_whether_they_are_to_stop() -> None:
    def product(X: Any, w: Any) -> Any:
        return np.tanh(X @ w)

    for rows, looks in ((50, False), (5000, True)):
        assembly, step = assembled(product, (rows, 100), (100, 100))
        text = "\n".join([*assembly.functions.values(), *calls_text(step, None, None, "f")])
        assert step.long is looks
        assert ("load atomic" in text) is looks
