"""A Size is a tuple that prints, slices and adds as PyTorch's does."""

import copy
import pickle
from operator import add

import pytest
import torch

from thalweg.core.spec import Size

EXTENTS = [(), (3,), (2, 3), (4, 0, 1, 7)]
PROGRAMS = [
    lambda size, kind: add(size, (4,)),
    lambda size, kind: add((4, 5), size),
    lambda size, kind: size + size,
    lambda size, kind: size * 2,
    lambda size, kind: 3 * size,
    lambda size, kind: size[1:],
    lambda size, kind: size[::-1],
    lambda size, kind: kind(list(size)),
    lambda size, kind: size.numel(),
    lambda size, kind: len(size),
    lambda size, kind: 3 in size,
    lambda size, kind: size == tuple(size),
    lambda size, kind: tuple(size) == size,
    lambda size, kind: {tuple(size): 1}[size],
    lambda size, kind: str(size),
]


@pytest.mark.parametrize("extents", EXTENTS)
@pytest.mark.parametrize("position", range(len(PROGRAMS)))
def test_a_size_does_what_pytorchs_does(extents: tuple[int, ...], position: int) -> None:
    program = PROGRAMS[position]
    ours, theirs = program(Size(extents), Size), program(torch.Size(extents), torch.Size)
    assert repr(ours) == repr(theirs).replace("torch.", "thalweg.")
    assert isinstance(ours, Size) == isinstance(theirs, torch.Size)


@pytest.mark.parametrize(
    "back", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_a_copied_or_pickled_size_is_a_size(back) -> None:
    again = back(Size((2, 3)))
    assert type(again) is Size
    assert again == (2, 3)


def test_an_element_of_a_size_is_a_plain_integer() -> None:
    assert type(Size((2, 3))[0]) is int
    assert type(Size([True])[0]) is int


def test_a_size_inside_a_sentence_reads_as_a_tuple() -> None:
    assert f"of shape {Size((2, 3))}" == "of shape (2, 3)"
    assert f"{Size(())}, {Size((4,))}" == "(), (4,)"


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Size([1.5]),
        lambda: Size(3),
        lambda: add(Size((1,)), ("a",)),
        lambda: add(Size((1,)), [2]),
        lambda: add([2], Size((1,))),
        lambda: Size((1,)) * 1.5,
    ],
)
def test_what_is_no_extent_is_refused(refused) -> None:
    with pytest.raises(TypeError):
        refused()
