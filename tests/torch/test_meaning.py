"""What NumPy calls alike and PyTorch means otherwise: the wing's texts beside PyTorch's."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from thalweg import torch as wing

pytestmark = pytest.mark.singles

TEXTS = """
lib.tensor([1, 2]).repeat(2)
lib.tensor([1, 2]).repeat((2, 2))
lib.ones(1, 2, 1).repeat(1, 2, 3)
lib.arange(3).repeat(2, 0).shape
lib.tensor([1, 2]).tile(2, 2)
lib.tensor([1, 2]).repeat_interleave(2)
lib.arange(6).view(1, 2, 3).flip(0, 1, 2)
lib.arange(6).view(2, 3).flip([0, 1])
lib.flip(lib.arange(6).view(2, 3), dims=(1,))
lib.flip(lib.arange(6).view(2, 3), [0])
lib.meshgrid(lib.arange(2), lib.arange(3))
lib.meshgrid([lib.arange(2), lib.arange(3)])
lib.meshgrid(lib.arange(2), lib.arange(3), indexing="xy")
lib.arange(6.0).view(2, 3).max(1)
lib.max(lib.arange(6.0).view(2, 3), 1, keepdim=True)
lib.arange(6.0).view(2, 3).min(dim=0)
lib.arange(6.0).view(2, 3).median(1)
lib.arange(6.0).view(2, 3).nanmedian(1)
lib.tensor([1, 1, 2]).mode()
lib.tensor([3.0, 1.0, 2.0]).sort(descending=True)
lib.tensor([3.0, 1.0, 2.0]).topk(2)
lib.tensor([3.0, 1.0, 2.0]).kthvalue(2)
lib.tensor([3.0, 1.0, 2.0]).cummax(0)
lib.tensor([3.0, 1.0, 2.0]).cummin(dim=0)
lib.tensor([3.0, 1.0, 2.0]).aminmax()
lib.linalg.slogdet(lib.eye(2))
lib.slogdet(lib.eye(2))
lib.linalg.qr(lib.eye(2))
lib.linalg.eigh(lib.eye(2))
lib.frexp(lib.tensor([3.0]))
lib.tensor([1.0, 0.0, 3.0]).where(lib.tensor([True, False, False]), lib.tensor([7.0, 8.0, 9.0]))
lib.tensor([1.0, 0.0, 3.0]).where(lib.tensor([True, False, False]), 0.0)
lib.tensor([1.0, 0.0]).where(condition=lib.tensor([False, True]), other=lib.tensor([2.0, 2.0]))
lib.max(lib.arange(6.0).view(2, 3), 1).values
lib.max(lib.arange(6.0).view(2, 3), 1)[1]
lib.arange(24).view(2, 3, 4)[0, :, [0, 1]]
lib.arange(24).view(2, 3, 4)[lib.tensor(0), :, lib.tensor([0, 1])]
""".strip().split("\n")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.filterwarnings("ignore:torch.meshgrid")
def test_what_is_printed_is_what_pytorch_prints(text: str) -> None:
    assert repr(eval(text, {"lib": wing})) == repr(eval(text, {"lib": torch}))


def test_a_named_result_is_pickled() -> None:
    found = wing.max(wing.ones(2, 3), 1)
    again = pickle.loads(pickle.dumps(found))
    assert type(again) is type(found)
    assert again.indices.tolist() == [0, 0]


def test_too_few_repetitions_are_refused() -> None:
    for lib in (torch, wing):
        with pytest.raises(RuntimeError, match="Number of dimensions of repeat dims can not be"):
            lib.ones(2, 3).repeat(2)


SHAPE = (2, 3, 4, 2)
KINDS = st.sampled_from(["integer", "slice", "list", "tensor", "number", "mask", "new", "rest"])


def key_of(kinds: list[str], numbers: Any, lib: Any) -> tuple[Any, ...]:
    """Return a key of these kinds of items, for a tensor of SHAPE."""
    key: list[Any] = []
    axis = 0
    for at, kind in enumerate(kinds):
        if kind == "rest":
            axis = len(SHAPE) - sum(k not in ("new", "rest") for k in kinds[at:])
            key.append(...)
            continue
        if kind == "new":
            key.append(None)
            continue
        extent = SHAPE[axis]
        first, second = (int(n) % extent for n in numbers[at])
        key.append(
            {
                "integer": first - extent,
                "slice": slice(first % 2, None),
                "list": [first, second],
                "tensor": lib.tensor([second, first]),
                "number": lib.tensor(first),
                "mask": lib.tensor([i in (first, extent - 1) for i in range(extent)]),
            }[kind]
        )
        axis += 1
    return tuple(key)


def read_and_written(lib: Any, kinds: list[str], numbers: Any) -> Any:
    x, y = (lib.arange(48).reshape(SHAPE) for _ in range(2))
    try:
        read = x[key_of(kinds, numbers, lib)].numpy()
    except IndexError:
        return None
    y[key_of(kinds, numbers, lib)] = lib.tensor(-np.arange(read.size).reshape(read.shape) - 100)
    return read, y.numpy()


@settings(max_examples=150, deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=5), st.lists(st.tuples(*[st.integers(0, 11)] * 2)))
def test_keys_of_all_kinds_of_items_show_what_pytorch_shows(kinds: Any, numbers: Any) -> None:
    used = [kind for kind in kinds if kind not in ("new", "rest")]
    if len(used) > len(SHAPE) or kinds.count("rest") > 1:
        return
    numbers = [*numbers, *[(1, 0)] * len(kinds)]
    ours, theirs = (read_and_written(lib, kinds, numbers) for lib in (wing, torch))
    assert (ours is None) == (theirs is None)
    for mine, other in zip(ours or (), theirs or (), strict=True):
        assert mine.shape == other.shape
        np.testing.assert_array_equal(mine, other)


@pytest.mark.singles
def test_views_know_their_base_and_what_was_written_into_prints_its_step() -> None:
    for lib in (wing, torch):
        x = lib.ones(3)
        assert x.view(3, 1)._base is x
        assert x[1:][:1]._base is x
        assert x._base is None
        z = lib.ones(2, 2, requires_grad=True).clone()
        z[0] = 5
        assert "grad_fn=<CopySlices>" in repr(z)


@pytest.mark.singles
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_sums_of_weights_have_pytorch_s_dtype(dtype: str) -> None:
    shown = []
    for lib in (wing, torch):
        x, weights = lib.tensor([1, 1, 3]), lib.ones(3).to(getattr(lib, dtype))
        shown += [repr(lib.bincount(x, weights)), repr(x.bincount(weights=weights, minlength=4))]
    assert len(set(shown)) == 1
