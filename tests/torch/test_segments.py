"""Runs of neighbours that are combined, beside PyTorch's."""

from typing import Any

import pytest

from tests.torch.nn.libraries import Library, same, same_error
from tests.torch.nn.utils.roots import root

KINDS = ["sum", "mean", "max", "min", "prod"]


@pytest.mark.parametrize("initial", [None, 2.0])
@pytest.mark.parametrize("reduce", KINDS)
def test_runs_are_combined_as_by_pytorch(reduce: str, initial: float | None) -> None:
    def code(lib: Library) -> Any:
        space, x = root(lib), (lib.range(6, 2) + 1).detach().requires_grad_()
        lengths = space.tensor([2, 1, 3] if initial is None else [2, 0, 4])
        found = space.segment_reduce(x, reduce, lengths=lengths, initial=initial)
        (found**2).sum().backward()
        starts = space.segment_reduce(lib.range(6), reduce, offsets=space.tensor([0, 2, 6]))
        rows = space.segment_reduce(
            lib.range(2, 3), reduce, lengths=space.tensor([[1, 2], [3, 0]]), axis=1, initial=0.5
        )
        return found, x.grad, starts, rows

    same(code)


def test_none_and_ties() -> None:
    def code(lib: Library) -> Any:
        space, x = root(lib), lib.array([2.0, 2.0, 1.0]).requires_grad_()
        for initial in (None, 2.0):
            lengths = space.tensor([3, 0])
            found = space.segment_reduce(x, "max", lengths=lengths, initial=initial)
            found[0].backward()
        empty = [
            str(space.segment_reduce(x.detach(), kind, lengths=space.tensor([3, 0])))
            for kind in KINDS
        ]
        return x.grad, [text.split("dtype")[0] for text in empty]

    same(code)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "Either lengths or offsets must be defined"),
        ({"lengths": [2, 2]}, "Expected all rows of lengths along axis to sum to"),
        ({"lengths": [4, -1]}, "lengths contains negative value"),
        ({"lengths": [3], "axis": 1}, "Expected axis to be the last dimension of lengths"),
    ],
)
def test_errors_begin_as_pytorchs(options: Any, text: str) -> None:
    def code(lib: Library) -> Any:
        given = dict(options)
        if "lengths" in given:
            given["lengths"] = root(lib).tensor(given["lengths"])
        return root(lib).segment_reduce(lib.range(3, 2), "sum", **given)

    same_error(code, text)
