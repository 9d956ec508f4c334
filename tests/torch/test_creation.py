"""Tensors over given memory and of given steps; counts in cells; norms of old: beside PyTorch's."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import _compare, numbers
from thalweg import torch as wing

POINTS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.5, 1.7]])
MATRIX = np.array([[1.0, 0.0, 3.0], [0.0, 5.0, 6.0]])


def quietly(code: Any) -> list[Any]:
    """Return what PyTorch and the wing give, or the errors that they raise."""
    found = []
    for library in (torch, wing):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(code(library))
            except Exception as error:
                found.append(error)
    return found


def agree(code: Any) -> None:
    theirs, ours = quietly(code)
    assert isinstance(theirs, torch.Tensor), theirs
    assert isinstance(ours, wing.Tensor), ours
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(force=True), theirs.numpy(force=True), rtol=1e-14)
    assert ours.requires_grad == theirs.requires_grad


def refused(code: Any, text: str) -> None:
    theirs, ours = quietly(code)
    assert isinstance(ours, type(theirs)), (ours, theirs)
    for error in (theirs, ours):
        assert str(error).startswith(text), error


@pytest.mark.singles
@pytest.mark.parametrize("args", [(1, 4), (1, 4, 0.5), (0, 1, 0.3), (4, 1, -1), (2, 2)], ids=str)
def test_ranges_have_their_end(args: Any) -> None:
    agree(lambda lib: lib.range(*args))
    agree(lambda lib: lib.range(*args, dtype=lib.float64, requires_grad=True))
    if all(isinstance(n, int) for n in args):
        agree(lambda lib: lib.range(*args, dtype=lib.int64))


def test_what_ranges_refuse() -> None:
    refused(lambda lib: lib.range(4, 1), "upper bound and lower bound inconsistent with step sign")
    refused(lambda lib: lib.range(1, 2, 0), "step must be nonzero")
    refused(lambda lib: lib.range(4), "range() missing 1 required positional arguments")
    # PyTorch divides by a step that is 0 as an integer.
    with pytest.raises(tw.errors.ArgumentError, match="step must be nonzero"):
        wing.range(0, 3, 0.5, dtype=wing.int64)
    with pytest.warns(UserWarning, match="torch.range is deprecated"):
        wing.range(0, 1)


@pytest.mark.parametrize("steps", [(1, 2), (3, 1), (0, 1), (5, 7)])
def test_steps_in_memory(steps: tuple[int, int]) -> None:
    for library in (torch, wing):
        found = library.empty_strided((2, 3), steps, dtype=library.float32)
        assert tuple(found.shape) == (2, 3)
        assert tuple(found.stride()) == steps
        assert str(found.dtype) == "torch.float32"
        found.fill_(3.0)
        assert found.tolist() == [[3.0] * 3] * 2


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (0, 1, 2)])
def test_axes_in_memory(order: tuple[int, ...]) -> None:
    theirs, ours = quietly(lambda lib: lib.empty_permuted((2, 3, 4), order).stride())
    assert tuple(ours) == tuple(theirs)


def test_what_steps_and_axes_refuse() -> None:
    refused(lambda lib: lib.empty_strided((2, 3), (1,)), "dimensionality of sizes (2) must match")
    refused(lambda lib: lib.empty_strided((2, -3), (1, 2)), "Trying to create tensor with negative")
    refused(lambda lib: lib.empty_strided((2, 3), (1, -2)), "Storage size calculation overflowed")
    refused(lambda lib: lib.empty_permuted((2, 3), (0, 0)), "Duplicate dim not allowed")
    refused(lambda lib: lib.empty_permuted((2, 3), (0,)), "Number of dimensions in size does not")


def test_memory_of_buffers_is_shared() -> None:
    memory = bytearray(np.arange(4, dtype=np.int32).tobytes())
    agree(lambda lib: lib.frombuffer(memory, dtype=lib.int32))
    agree(lambda lib: lib.frombuffer(memory, dtype=lib.int32, count=2, offset=4))
    agree(lambda lib: lib.frombuffer(memory, dtype=lib.float32, requires_grad=True))
    found = wing.frombuffer(memory, dtype=wing.int32)
    found[1] = 7
    assert np.frombuffer(memory, np.int32).tolist() == [0, 7, 2, 3]
    with pytest.warns(UserWarning, match="The given buffer is not writable"):
        assert wing.frombuffer(bytes(memory), dtype=wing.int32).tolist() == [0, 7, 2, 3]


BUFFERS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "behind": (bytearray(16), {"offset": 16}, "offset (16 bytes) must be non-negative and no"),
    "many": (bytearray(16), {"count": 5}, "requested buffer length (5 * 4 bytes) after offset (0"),
    "parts": (bytearray(10), {}, "buffer length (10 bytes) after offset (0 bytes) must be a mult"),
    "none": (bytearray(16), {"count": 0}, "both buffer length (16) and count (0) must not be 0"),
    "empty": (bytearray(0), {}, "both buffer length (0) and count (-1) must not be 0"),
    "number": (3, {}, "object does not implement Python buffer protocol"),
}


@pytest.mark.parametrize(("memory", "options", "text"), BUFFERS.values(), ids=BUFFERS)
def test_what_buffers_refuse(memory: Any, options: dict[str, Any], text: str) -> None:
    refused(lambda lib: lib.frombuffer(memory, dtype=lib.int32, **options), text)


@pytest.mark.parametrize("size", [0, 2, 4, 6])
@pytest.mark.parametrize("x", [MATRIX, MATRIX[0], MATRIX[:0], np.array(3.0), MATRIX > 1], ids=str)
def test_so_many_places(x: Any, size: int) -> None:
    agree(lambda lib: lib.nonzero_static(lib.tensor(x), size=size))
    agree(lambda lib: lib.tensor(x).nonzero_static(size=size, fill_value=-2))


def test_places_are_found_while_traced() -> None:
    refused(lambda lib: lib.nonzero_static(lib.ones(2), size=-1), "nonzero_static: 'size' must be")
    x = wing.tensor(MATRIX)
    found = tw.jit(lambda x: wing.nonzero_static(x, size=5))(x)
    assert found.tolist() == wing.nonzero_static(x, size=5).tolist()


HISTOGRAMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "numbers": ([3, 2], {}),
    "one number": (2, {}),
    "density": ([2, 3], {"density": True}),
    "range": ([2, 2], {"range": [0.0, 1.0, 0.0, 1.0]}),
}


@pytest.mark.parametrize("points", [POINTS, POINTS * 0, numbers(4, 5, 2)], ids=["5", "same", "20"])
@pytest.mark.parametrize(("bins", "options"), HISTOGRAMS.values(), ids=HISTOGRAMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_counts_in_cells(points: Any, bins: Any, options: dict[str, Any], weighted: bool) -> None:
    weight = np.arange(1.0, 1 + points[..., 0].size).reshape(points.shape[:-1])

    def code(lib: Any) -> Any:
        heavy = lib.tensor(weight) if weighted else None
        return lib.histogramdd(lib.tensor(points), bins, weight=heavy, **options)

    theirs, ours = quietly(code)
    np.testing.assert_allclose(ours.hist.numpy(), theirs.hist.numpy(), rtol=1e-12)
    for a, b in zip(ours.bin_edges, theirs.bin_edges, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-14, atol=1e-15)


def test_counts_between_given_bounds() -> None:
    def code(lib: Any) -> Any:
        edges = [lib.tensor([0.0, 1, 2]), lib.tensor([0.0, 0.3, 1.8])]
        return lib.histogramdd(lib.tensor(POINTS).float(), [e.float() for e in edges])

    theirs, ours = quietly(code)
    np.testing.assert_allclose(ours.hist.numpy(), theirs.hist.numpy())
    assert repr(ours).startswith("torch.return_types.histogramdd(\nhist=tensor(")


def test_bounds_are_of_the_points_dtype() -> None:
    theirs, ours = quietly(
        lambda lib: lib.histogramdd(lib.tensor(POINTS).double(), 3, range=[0.1, 0.7, 0.0, 1.1])
    )
    for a, b in zip(ours.bin_edges, theirs.bin_edges, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("x", [POINTS, POINTS[:0], np.array(0.3), np.float32(POINTS)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("bins", "words"),
    [
        (1, {}),
        (4, {"range": (0.25, 1.5)}),
        (4, {"density": True}),
        (np.array([0.0, 0.4, 2.0]), {"density": True}),
        (np.array([0.0, 0.4, 2.0]), {}),
    ],
    ids=str,
)
def test_a_histogram(x: Any, bins: Any, words: dict[str, Any], weighted: bool) -> None:
    def code(lib: Any) -> Any:
        points = lib.tensor(x)
        heavy = lib.tensor(np.cos(np.arange(x.size)).reshape(x.shape).astype(x.dtype))
        given = bins if isinstance(bins, int) else lib.tensor(bins).to(points.dtype)
        found = lib.histogram(points, given, weight=heavy if weighted else None, **words)
        same = points.histogram(given, weight=heavy if weighted else None, **words)
        assert same.hist.tolist() == found.hist.tolist() or not x.size
        return found

    theirs, ours = quietly(code)
    assert type(ours).__name__ == type(theirs).__name__ == "histogram"
    for name in ("hist", "bin_edges"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert str(one.dtype) == str(other.dtype)
        np.testing.assert_allclose(
            one.numpy(), other.numpy(), rtol=1e-6 if x.dtype == "f4" else 1e-13
        )


def test_what_a_histogram_refuses() -> None:
    def call(lib: Any, *args: Any, **words: Any) -> Any:
        return lib.histogram(lib.tensor(POINTS), *args, **words)

    refused(lambda lib: call(lib, 0), "torch.histogram(): bins must be > 0, but got 0 for dim")
    refused(lambda lib: call(lib, 2.0), "histogram() received an invalid combination of argum")
    refused(
        lambda lib: call(lib, lib.ones(2, 2).double()),
        "torch.histogramdd: bins tensor should have one",
    )
    refused(lambda lib: call(lib, 2, range=(3.0, 0.0)), "torch.histogramdd: min should not exceed")
    refused(lambda lib: call(lib, 2, range=(3.0,)), "torch.histogramdd: for a 1-dimensional")
    refused(lambda lib: call(lib, 2, range=(0.0, np.inf)), "torch.histogramdd: dimension 0's range")
    refused(lambda lib: call(lib, 2, weight=lib.ones(3)), "torch.histogramdd: if weight tensor is")
    refused(
        lambda lib: call(lib, 2, weight=lib.ones(5, 2).half()),
        "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor",
    )
    refused(
        lambda lib: call(lib, lib.tensor([0.0, 1.0]).half()),
        "torch.histogramdd: input tensor and bins tensors should have the same dtype",
    )


@pytest.mark.parametrize(
    "args", [(-3,), (0, -3, 2), (0, 3, -2), (3, 3, -1), (0, 3, 0), (5, 1)], ids=str
)
def test_a_range_leads_to_its_end(args: Any) -> None:
    theirs, ours = quietly(lambda lib: lib.arange(*args))
    if isinstance(theirs, Exception):
        assert isinstance(ours, RuntimeError)
        assert str(theirs) in str(ours) or not args[-1]
    else:
        assert ours.tolist() == theirs.tolist() == []


@pytest.mark.parametrize("name", ["linspace", "logspace"])
def test_ends_are_numbers(name: str) -> None:
    agree(lambda lib: getattr(lib, name)(lib.tensor(0.5), 2, 5, dtype=lib.float64))
    for ends in (([1.0], 2.0), (1.0, [2.0]), ([1.0, 2.0], [3.0, 4.0])):
        refused(
            lambda lib, ends=ends: getattr(lib, name)(*map(lib.tensor, ends), 3),
            f"{name} only supports 0-dimensional start and end tensors, but got",
        )


def test_what_has_one_mean_and_one_trace() -> None:
    refused(lambda lib: lib.tensor([1, 2]).mean(), "mean(): could not infer output dtype. Input")
    refused(lambda lib: lib.mean(lib.tensor([True])), "mean(): could not infer output dtype. In")
    refused(
        lambda lib: lib.mean(lib.ones(2), dtype=lib.int64),
        "mean(): could not infer output dtype. Optional dtype must be",
    )
    agree(lambda lib: lib.mean(lib.tensor([1, 2]), 0, dtype=lib.float32))
    refused(
        lambda lib: lib.nanmean(lib.tensor([1, 2])), "nanmean(): expected input to have floating"
    )
    refused(
        lambda lib: lib.nanmean(lib.ones(2), dtype=lib.int64),
        "nanmean(): could not infer output dtype. Optional dtype must be",
    )
    agree(lambda lib: lib.tensor(MATRIX).log().nanmean(1, True, dtype=lib.float64))
    refused(
        lambda lib: lib.trace(lib.ones(2, 3, 4)), "trace: expected a matrix, but got tensor with"
    )
    agree(lambda lib: lib.trace(lib.tensor(MATRIX)))
    refused(
        lambda lib: lib.linalg.cross(lib.ones(2, 3), lib.ones(3)),
        "linalg.cross: inputs must have the same number of dimensions",
    )


def test_what_counts_in_cells_refuse() -> None:
    def call(lib: Any, x: Any, *args: Any, **words: Any) -> Any:
        return lib.histogramdd(lib.tensor(x), *args, **words)

    refused(lambda lib: call(lib, POINTS, [2]), "histogramdd: The size of bins must be equal to")
    refused(lambda lib: call(lib, POINTS[0], [2]), "torch.histogramdd: input tensor should have at")
    refused(lambda lib: call(lib, POINTS, 2, range=[0.0]), "torch.histogramdd: for a 2-dimensional")
    refused(
        lambda lib: call(lib, POINTS, 2, weight=lib.ones(3)), "torch.histogramdd: if weight tensor"
    )
    with pytest.raises(tw.errors.DtypeError, match='"histogramdd" not implemented for'):
        wing.histogramdd(wing.ones(2, 2).long(), 2)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("nuclear_norm", (numbers(3, 2),)),
        ("nuclear_norm", (numbers(3, 2), True)),
        ("nuclear_norm", (numbers(2, 3, 4), (0, 2))),
        ("nuclear_norm", (numbers(2, 3, 4), (2, 0), True)),
        ("frobenius_norm", (numbers(2, 3), 1)),
        ("frobenius_norm", (numbers(2, 3), (0, 1), True)),
        ("frobenius_norm", (numbers(2, 3), ())),
    ],
)
def test_norms_of_old(name: str, args: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _compare(getattr(wing, name), getattr(torch, name), args, {}, "float64")
    refused(lambda lib: lib.nuclear_norm(lib.ones(3)), "linalg.matrix_norm: The input tensor A")
