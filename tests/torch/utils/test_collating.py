"""Samples become batches as PyTorch makes them."""

from collections import OrderedDict, UserList, namedtuple
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate as torch_collate
from torch.utils.data import default_convert as torch_convert

from thalweg import torch as wing
from thalweg.errors import CallError, ShapeError
from thalweg.torch.utils.data import default_collate, default_convert

Point = namedtuple("Point", ["x", "y"])


def same(ours: Any, theirs: Any) -> None:
    """Check that two batches have equal structure, dtypes and values."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, wing.Tensor)
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        return
    assert type(ours) is type(theirs)
    if isinstance(theirs, Mapping):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key])
    elif isinstance(theirs, Sequence) and not isinstance(theirs, (str, bytes)):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            same(mine, other)
    else:
        assert ours == theirs


SAMPLES = [
    [1, 2],
    [True, False],
    [1.5, 2.0],
    [np.float32(1), np.float32(2)],
    [np.float64(1), np.float64(2)],
    [np.int16(1), np.int16(2)],
    [np.ones(3, np.float32), np.zeros(3, np.float32)],
    [np.ones((2, 3)), np.zeros((2, 3))],
    [np.array(1.5)],
    ["a", "b"],
    [b"a"],
    [{"a": 1, "b": [1.0, "s"]}, {"a": 2, "b": [3.0, "t"]}],
    [OrderedDict(b=1, a=2), OrderedDict(b=3, a=4)],
    [MappingProxyType({"a": 1})],
    [(1, 2.0), (3, 4.0)],
    [[1, 2], [3, 4]],
    [Point(1, 2.0), Point(3, 4.0)],
    [UserList([1, 2]), UserList([3, 4])],
    [range(3), range(3)],
    [(), ()],
]


@pytest.mark.parametrize("samples", SAMPLES, ids=repr)
def test_a_batch_has_the_structure_and_values_of_pytorch(samples: list[Any]) -> None:
    same(default_collate(samples), torch_collate(samples))


@pytest.mark.parametrize("sample", [3, None, "a", *(samples[0] for samples in SAMPLES)], ids=repr)
def test_a_converted_sample_is_that_of_pytorch(sample: Any) -> None:
    same(default_convert(sample), torch_convert(sample))


def test_tensors_are_stacked() -> None:
    rows = [wing.tensor([1.0, 2.0]), wing.tensor([3.0, 4.0])]
    assert default_collate(rows).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_arrays_of_other_libraries_are_stacked() -> None:
    assert default_collate([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]


def test_differing_dtypes_are_promoted_as_numpy_does() -> None:
    assert default_collate([np.float32(1), np.float64(2)]).dtype == np.float64


def test_stacked_tensors_keep_their_derivatives() -> None:
    x = wing.tensor([1.0, 2.0], requires_grad=True)
    (default_collate([x, np.array([3.0, 4.0]), 2 * x]) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [2 + 8, 4 + 16])


def test_converting_shares_memory() -> None:
    array = np.zeros(2)
    default_convert(array).numpy()[0] = 1
    assert array[0] == 1


@pytest.mark.parametrize(
    "samples",
    [[None], [{1, 2}], [np.array(["a"])], [np.array([object()])], [torch.ones(2), 3]],
    ids=["None", "a set", "text", "objects", "a tensor and a number"],
)
def test_what_has_no_batch_is_refused_as_by_pytorch(samples: list[Any]) -> None:
    with pytest.raises(TypeError):
        torch_collate(samples)
    with pytest.raises(CallError, match="default_collate"):
        default_collate(samples)


@pytest.mark.parametrize("samples", [[np.ones(2), np.ones(3)], [(1,), (1, 2)], [[], [1]]], ids=repr)
def test_samples_that_differ_in_size_are_refused_as_by_pytorch(samples: list[Any]) -> None:
    with pytest.raises(RuntimeError):
        torch_collate(samples)
    with pytest.raises(ShapeError, match=r"[Pp]ad the samples"):
        default_collate(samples)


def test_a_tensor_that_differs_in_size_is_refused_with_its_place() -> None:
    x = wing.tensor([1.0], requires_grad=True)
    with pytest.raises(ShapeError, match=r"\[1\] at entry 0 and \[2\] at entry 1"):
        default_collate([x, wing.ones(2)])


def test_a_mapping_that_lacks_a_key_raises_as_in_pytorch() -> None:
    for collate in (torch_collate, default_collate):
        with pytest.raises(KeyError):
            collate([{"a": 1}, {"b": 2}])
