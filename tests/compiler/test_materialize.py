"""Which values are kept: dear and shared ones, factors, sources of gathers; nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.compiler.plans import traced
from thalweg.compiler.kernels.graph import Graph
from thalweg.compiler.kernels.materialize import materialized
from thalweg.core import program


def kept(function: Any, *shapes: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """Return the primitives of what is kept, without the outputs', and of packed transposes."""
    graph = Graph(traced(function, *shapes))
    found, packed = materialized(graph)
    outputs = set(graph.program.outputs)
    ordered = [e for e in graph.program.equations if e.output in found and e.output not in outputs]
    names = [e.primitive.name for e in ordered if e.output not in packed]
    return names, [graph.producer[s].primitive.name for s in packed]


CASES: dict[str, tuple[Any, list[tuple[int, ...]], list[str]]] = {
    "a chain of maps": (lambda x: np.exp(np.sin(x) * 2.0) + 1.0, [(9,)], []),
    "a dear value read twice": (lambda x: (e := np.exp(x)) * (e + e[::-1]), [(9,)], ["exp"]),
    "a cheap value read twice": (lambda x: (d := x - 1.0) * (d + d[::-1]), [(9,)], []),
    "a cheap value of three arrays read twice": (
        lambda x, y, z: (s := x + y + z) * (s + s[::-1]), [(9,)] * 3, ["add"]),
    "a cheap value of two, and of a number": (
        lambda x, y, z: (s := x + y + z) * (s + s[::-1]), [(9,), (9,), ()], []),
    "a cheap value of two, and of a row": (
        lambda x, y, z: (s := x + y + z) * (s + s[::-1]), [(4, 9), (4, 9), (9,)], []),
    "a dear value spread": (lambda x, y: np.exp(x) * y, [(9,), (4, 9)], ["exp"]),
    "a cheap value spread": (lambda x, y: (x - 1.0) * y, [(9,), (4, 9)], []),
    "a dear scalar": (lambda x, s: x * np.exp(s), [(9,), ()], ["exp"]),
    "sums and extremes": (lambda x: np.exp(np.sum(x, 0)) + np.max(x), [(4, 9)],
                          ["reduce_sum", "reduce_max"]),
    "a computed factor": (lambda x, y: np.exp(x) @ y, [(4, 5), (5, 6)], ["exp"]),
    "a cheap factor": (lambda x, y: (x + 1.0) @ y[::2], [(4, 5), (10, 6)], ["add"]),
    "factors that are read": (lambda x, y: x[1:] @ y[::2], [(4, 5), (10, 6)], []),
    "what is read in another shape": (lambda x: np.reshape(x + 1.0, (6, 6)).T, [(4, 9)], ["add"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_beside_the_outputs(name: str) -> None:
    function, shapes, expected = CASES[name]
    assert sorted(kept(function, *shapes)[0]) == sorted(expected)


def test_outputs_are_kept_however_cheap() -> None:
    graph = Graph(traced(lambda x: (x + 1.0, x[::-1], np.exp(x)), (9,)))
    assert set(graph.program.outputs) <= materialized(graph)[0]


def test_a_right_factor_is_turned_where_many_rows_read_it() -> None:
    assert kept(lambda x, y: x @ y.T, (40, 5), (6, 5))[1] == ["transpose"]
    assert kept(lambda x, y: x @ y.T, (2, 5), (6, 5))[1] == []
    assert kept(lambda x, y: x.T @ y, (40, 5), (40, 6))[1] == [], "a left factor is read as it lies"


def test_powers_of_scalars_are_kept_once() -> None:
    names, _ = kept(lambda x, s, n: (x * s**n, x + s**n), (9,), (), ())
    assert names == ["power"]


def test_a_long_chain_is_kept_here_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "finishing", [])  # or it would be a loop

    def chain(x: Any) -> Any:
        for _ in range(200):
            x = 0.5 * x + 1.0
        return x

    names, _ = kept(chain, (9,))
    assert 200 / 50 <= len(names) <= 400 / 25
