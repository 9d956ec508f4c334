"""Parts, other shapes, joined tensors, and elements found by their positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.functions.given import Call, Case, Given


def _of_matrix(function: Callable[[Any], Any]) -> Case:
    def case(given: Given) -> Call:
        x = given.matrix()
        return lambda: function(x)

    return case


def _part(given: Given) -> Call:
    x = given.vector()
    return lambda: x[2:5]


def _split(given: Given) -> Call:
    x, size = given.matrix(), given.columns // 2
    return lambda: x.split(size, dim=1)[0]


def _joined(name: str) -> Case:
    def case(given: Given) -> Call:
        function, x, y = getattr(given.lib, name), given.matrix(), given.matrix()
        return lambda: function([x, y])

    return case


def _padded(given: Given) -> Call:
    x, pad = given.matrix(), given.lib.nn.functional.pad
    return lambda: pad(x, (1, 1))


def _positions(given: Given) -> tuple[Any, Any]:
    return given.matrix(), given.integers(given.rows, given.rows)


def _gather(given: Given) -> Call:
    x, index = given.matrix(), given.integers(given.columns, given.rows, given.columns)
    return lambda: x.gather(1, index)


def _gather_one(given: Given) -> Call:
    x, index = given.matrix(), given.integers(given.columns, given.rows, 1)
    return lambda: x.gather(1, index)


def _scatter_add(given: Given) -> Call:
    x, y = given.matrix(), given.matrix()
    index = given.integers(given.columns, given.rows, given.columns)
    return lambda: x.scatter_add(1, index, y)


def _index_select(given: Given) -> Call:
    x, index = _positions(given)
    return lambda: x.index_select(0, index)


def _index_add(given: Given) -> Call:
    x, index = _positions(given)
    y = given.matrix()
    return lambda: x.index_add(0, index, y)


def _chosen_rows(given: Given) -> Call:
    x, index = _positions(given)
    return lambda: x[index]


def _one_each(given: Given) -> Call:
    x, lib = given.matrix(), given.lib
    rows, index = lib.arange(given.rows), given.integers(given.columns, given.rows)
    return lambda: x[rows, index]


def _masked(given: Given) -> Call:
    x, mask = given.vector(), given.truths(given.n)
    return lambda: x[mask]


def _set_row(given: Given) -> Call:
    y, v = given.constant(given.rows, given.columns), given.constant(given.columns)

    def call() -> None:
        y[1] = v

    return call


def _set_masked(given: Given) -> Call:
    y, mask = given.constant(given.n), given.truths(given.n)

    def call() -> None:
        y[mask] = 0.0

    return call


def _set_chosen(given: Given) -> Call:
    y, index = given.constant(given.rows, given.columns), given.integers(given.rows, given.rows)
    v = given.constant(given.rows, given.columns)

    def call() -> None:
        y[index] = v

    return call


CASES: dict[str, Case] = {
    "x[1]": _of_matrix(lambda x: x[1]),
    "x[2:5]": _part,
    "x[:, 1:3]": _of_matrix(lambda x: x[:, 1:3]),
    "x.T": _of_matrix(lambda x: x.T),
    "reshape": _of_matrix(lambda x: x.reshape(-1)),
    "unsqueeze": _of_matrix(lambda x: x.unsqueeze(0)),
    "transpose, contiguous": _of_matrix(lambda x: x.transpose(0, 1).contiguous()),
    "permute, reshape": _of_matrix(lambda x: x.unsqueeze(0).permute(2, 0, 1).reshape(-1)),
    "expand": _of_matrix(lambda x: x.unsqueeze(0).expand(3, -1, -1)),
    "clone": _of_matrix(lambda x: x.clone()),
    "split": _split,
    "cat": _joined("cat"),
    "stack": _joined("stack"),
    "flip": _of_matrix(lambda x: x.flip(1)),
    "roll": _of_matrix(lambda x: x.roll(1, 0)),
    "repeat": _of_matrix(lambda x: x.repeat(2, 1)),
    "pad": _padded,
    "tril": _of_matrix(lambda x: x.tril()),
    "gather": _gather,
    "gather (one a row)": _gather_one,
    "scatter_add": _scatter_add,
    "index_select": _index_select,
    "index_add": _index_add,
    "x[rows]": _chosen_rows,
    "x[arange, index]": _one_each,
    "x[mask]": _masked,
    "y[1] = v": _set_row,
    "y[mask] = 0": _set_masked,
    "y[rows] = v": _set_chosen,
}
