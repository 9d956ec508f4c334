"""What is refused is refused in PyTorch's words first, under a class that catches it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from thalweg import torch as wing


def _leaf(t: Any) -> Any:
    return t.ones(2, 2, requires_grad=True)


def _twice(t: Any) -> None:
    out = (_leaf(t) ** 2).sum()
    out.backward()
    out.backward()


def _classes(t: Any, *targets: int) -> Any:
    return t.nn.functional.cross_entropy(t.ones(2, 3), t.tensor(targets))


def _loader(t: Any, **options: Any) -> Any:
    return t.utils.data.DataLoader([0, 1], **options)


CASES: dict[str, Callable[[Any], Any]] = {
    "backward of a constant": lambda t: t.ones(3).sum().backward(),
    "backward of several numbers": lambda t: (_leaf(t) * 2).backward(),
    "backward twice": _twice,
    "a leaf in place": lambda t: _leaf(t).fill_(0),
    "a view of a leaf in place": lambda t: _leaf(t)[0].mul_(2),
    "numpy of a variable": lambda t: _leaf(t).numpy(),
    "integers that require grad": lambda t: setattr(t.arange(3), "requires_grad", True),
    "a product of matrices": lambda t: t.ones(2, 3) @ t.ones(2, 3),
    "a product with a vector": lambda t: t.ones(2, 3) @ t.ones(2),
    "a product of vectors": lambda t: t.ones(2) @ t.ones(3),
    "a linear layer": lambda t: t.nn.Linear(3, 2)(t.ones(5, 4, 2)),
    "a sum": lambda t: t.ones(2) + t.ones(3),
    "a sum along an inner axis": lambda t: t.ones(4, 2, 1) * t.ones(3, 1),
    "stack": lambda t: t.stack([t.ones(2), t.ones(3)]),
    "cat": lambda t: t.cat([t.ones(2, 3), t.ones(3, 2)]),
    "cat of other ranks": lambda t: t.cat([t.ones(2, 3), t.ones(2)]),
    "view": lambda t: t.ones(2, 3).view(5),
    "reshape": lambda t: t.ones(2, 3).reshape(4),
    "two open extents": lambda t: t.ones(4).view(-1, -1),
    "an index": lambda t: t.ones(2)[5],
    "an index along a later axis": lambda t: t.ones(2, 3)[0, 5],
    "an index tensor": lambda t: t.ones(2)[t.tensor([3])],
    "gather": lambda t: t.ones(2, 2).gather(1, t.tensor([[5]])),
    "an axis": lambda t: t.ones(2, 3).sum(5),
    "squeeze": lambda t: t.ones(3).squeeze(4),
    "channels": lambda t: t.nn.Conv2d(3, 2, 3)(t.ones(1, 2, 5, 5)),
    "classes of another batch": lambda t: _classes(t, 1, 1, 1),
    "a class that is not there": lambda t: _classes(t, 0, 5),
    "no parameters": lambda t: t.optim.SGD([], lr=0.1),
    "a probability": lambda t: t.nn.functional.dropout(t.ones(2), 2.0),
    "heads": lambda t: t.nn.MultiheadAttention(5, 2),
    "rows of a batch": lambda t: next(
        iter(t.utils.data.DataLoader([t.ones(2), t.ones(3)], batch_size=2))
    ),
    "two orders": lambda t: _loader(t, shuffle=True, sampler=[0]),
    "batches of batches": lambda t: _loader(t, batch_size=2, batch_sampler=[[0]]),
    "a part of no batch": lambda t: _loader(t, batch_size=None, drop_last=True),
    "fewer workers than none": lambda t: _loader(t, num_workers=-1),
    "workers that stay": lambda t: _loader(t, persistent_workers=True),
    "what is read ahead": lambda t: _loader(t, prefetch_factor=2),
    "randint": lambda t: t.randint(5, 2, (2,)),
}


def refusal(library: Any, case: Callable[[Any], Any]) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011 - which one is the question
        case(library)
    return found.value


@pytest.mark.singles
@pytest.mark.parametrize("name", CASES)
def test_a_refusal_begins_with_pytorch_s_words(name: str) -> None:
    theirs, ours = refusal(torch, CASES[name]), refusal(wing, CASES[name])
    assert isinstance(ours, type(theirs))
    said = str(theirs).split(". ")[0].rstrip(".")
    assert str(ours).startswith(said[:110])
