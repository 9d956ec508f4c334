"""`out=` writes what PyTorch and NumPy write, and refuses what PyTorch refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import CallError, DtypeError, GradientError, ShapeError, TracingError

GIVEN = np.random.default_rng(0).normal(size=(3, 4))
OTHER = np.random.default_rng(1).normal(size=(3, 4))
PLACES = np.array([[2, 0], [1, 3], [0, 0]])


@pytest.fixture(autouse=True)
def in_double() -> Any:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def tensors(lib: Any, requires_grad: bool = False) -> tuple[Any, Any]:
    pair = lib.tensor(GIVEN), lib.tensor(OTHER)
    return tuple(t.requires_grad_(requires_grad) for t in pair)  # type: ignore[return-value]


# Each a call in either library: of two tensors of shape (3, 4), and where to write.
CALLS: dict[str, tuple[tuple[int, ...], Callable[..., Any]]] = {
    "a primitive": ((3, 4), lambda lib, x, y, out: lib.add(x, y, out=out)),
    "its other arguments": ((3, 4), lambda lib, x, y, out: lib.add(x, y, alpha=2, out=out)),
    "another name": ((3, 4), lambda lib, x, y, out: lib.mul(x, other=y, out=out)),
    "one operand": ((3, 4), lambda lib, x, y, out: lib.exp(x, out=out)),
    "a composed function": ((3, 4), lambda lib, x, y, out: lib.clamp(x, -0.5, 0.5, out=out)),
    "a reduction": ((4,), lambda lib, x, y, out: lib.sum(x, dim=0, out=out)),
    "a mean": ((3, 1), lambda lib, x, y, out: lib.mean(x, dim=1, keepdim=True, out=out)),
    "a product": ((3, 3), lambda lib, x, y, out: lib.matmul(x, y.T, out=out)),
    "a scan": ((3, 4), lambda lib, x, y, out: lib.cumsum(x, dim=1, out=out)),
    "a list of tensors": ((6, 4), lambda lib, x, y, out: lib.cat([x, y], out=out)),
    "an axis": ((3, 8), lambda lib, x, y, out: lib.cat([x, y], dim=1, out=out)),
    "stacking": ((2, 3, 4), lambda lib, x, y, out: lib.stack([x, y], out=out)),
    "reading by index": (
        (3, 2),
        lambda lib, x, y, out: lib.gather(x, 1, lib.tensor(PLACES), out=out),
    ),
    "linear algebra": ((3, 3), lambda lib, x, y, out: lib.linalg.inv(x[:, :3], out=out)),
    "numbers": ((3,), lambda lib, x, y, out: lib.full((3,), 7.0, out=out)),
}


# Of these PyTorch refuses another precision; NumPy does not.
EXACT = {"a composed function", "a product", "linear algebra", "reading by index"}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in CALLS for dtype in ("float64", "float32")[: 2 - (name in EXACT)]],
)
def test_results_are_written_where_pytorch_writes_them(name: str, dtype: str) -> None:
    shape, call = CALLS[name]
    theirs = torch.zeros(shape, dtype=getattr(torch, dtype))
    call(torch, *tensors(torch), theirs)
    ours = wing.zeros(shape, dtype=dtype)
    memory = ours.numpy()
    assert call(wing, *tensors(wing), ours) is ours
    np.testing.assert_allclose(memory, theirs.numpy(), rtol=1e-6 if dtype == "float32" else 1e-13)
    assert ours.dtype == dtype


def test_several_results_are_written_into_a_tuple() -> None:
    x, _ = tensors(wing)
    values, places = wing.empty(4), wing.empty(4, dtype=wing.int64)
    found = wing.max(x, dim=0, out=(values, places))
    assert found[0] is values
    assert found.indices is places
    wanted = torch.max(torch.tensor(GIVEN), 0)
    np.testing.assert_array_equal(values.numpy(), wanted.values.numpy())
    np.testing.assert_array_equal(places.numpy(), wanted.indices.numpy())


# ---- NumPy's functions

UFUNCS: dict[str, Callable[..., Any]] = {
    "two operands": lambda x, y, out: np.add(x, y, out=out),
    "by position": lambda x, y, out: np.multiply(x, y, out),
    "a tuple": lambda x, y, out: np.hypot(x, y, out=(out,)),
    "one operand": lambda x, y, out: np.tanh(x, out=out),
    "a function": lambda x, y, out: np.clip(x, -0.5, 0.5, out=out),
    "a scan": lambda x, y, out: np.cumsum(x, axis=0, out=out),
}


@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize("kind", ["tensor", "array"])
def test_numpy_writes_tensors_into_tensors_and_arrays(name: str, kind: str) -> None:
    call, wanted = UFUNCS[name], np.empty((3, 4))
    call(GIVEN, OTHER, wanted)
    out: Any = wing.empty((3, 4)) if kind == "tensor" else np.empty((3, 4))
    assert call(*tensors(wing), out) is out
    np.testing.assert_allclose(np.asarray(out), wanted, rtol=1e-14)


def test_numpy_writes_arrays_into_a_tensor() -> None:
    out = wing.empty((3, 3))
    assert np.matmul(GIVEN, OTHER.T, out=out) is out
    np.testing.assert_allclose(out.numpy(), GIVEN @ OTHER.T, rtol=1e-14)
    total = wing.empty(4)
    assert np.sum(GIVEN, axis=0, out=total) is total
    np.testing.assert_allclose(total.numpy(), GIVEN.sum(0), rtol=1e-14)


def test_an_array_is_changed_by_a_tensor() -> None:
    array = kept = GIVEN.copy()
    array += wing.tensor(OTHER)
    assert array is kept
    np.testing.assert_array_equal(array, GIVEN + OTHER)


def test_numpy_may_write_into_what_overlaps_an_operand() -> None:
    wanted, ours = np.arange(12.0), wing.arange(12.0)
    np.add(wanted[1:], wanted[:-1], out=wanted[1:])
    np.add(ours[1:], ours[:-1], out=ours[1:])
    np.testing.assert_array_equal(ours.numpy(), wanted)


# ---- shapes, memory, history


def test_an_empty_tensor_takes_the_results_shape() -> None:
    ours, theirs = wing.empty(0, dtype=wing.float32), torch.empty(0, dtype=torch.float32)
    assert wing.add(*tensors(wing), out=ours) is ours
    torch.add(*tensors(torch), out=theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == wing.float32
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_any_other_tensor_keeps_its_shape() -> None:
    x, y = tensors(wing)
    for out in (wing.empty(2), wing.empty((1, 3, 4)), np.empty(2), np.empty(0)):
        with pytest.raises(ShapeError, match=r"add got an out= of shape .* result, \(3, 4\). Give"):
            wing.add(x, y, out=out)


def test_a_part_of_a_tensor_is_written_and_the_whole_shows_it() -> None:
    whole = wing.zeros((2, 3, 4))
    wing.add(*tensors(wing), out=whole[1])
    np.testing.assert_array_equal(whole.numpy(), np.stack([np.zeros((3, 4)), GIVEN + OTHER]))


def test_writing_counts_as_a_change_of_what_backward_needs() -> None:
    x = wing.ones(3, requires_grad=True)
    factor = wing.ones(3)
    product = (x * factor).sum()
    wing.add(factor, 1.0, out=factor)
    with pytest.raises(GradientError, match="modified by an inplace operation"):
        product.backward()


def test_out_none_is_no_out() -> None:
    x, y = tensors(wing)
    np.testing.assert_array_equal(wing.add(x, y, out=None).numpy(), GIVEN + OTHER)
    np.testing.assert_array_equal(np.sum(x, axis=0, out=None).numpy(), GIVEN.sum(0))


def test_what_is_traced_is_written_in_the_program() -> None:
    def written(x: Any) -> Any:
        out = x * 0.0
        wing.exp(x, out=out)
        return out + 1.0

    np.testing.assert_allclose(tw.jit(written)(GIVEN), np.exp(GIVEN) + 1.0, rtol=1e-14)
    outside = wing.zeros((3, 4))
    with pytest.raises(TracingError, match="from outside a traced function"):
        tw.jit(lambda x: wing.exp(x, out=outside))(GIVEN)


# ---- refusals, side by side with PyTorch's

REFUSALS: dict[str, tuple[type[Exception], Callable[[Any], Any]]] = {
    "a float for integers": (
        DtypeError,
        lambda lib: lib.add(*tensors(lib), out=lib.empty((3, 4), dtype=lib.int64)),
    ),
    "a complex number for floats": (
        DtypeError,
        lambda lib: lib.add(tensors(lib)[0], 1j, out=lib.empty((3, 4))),
    ),
    "an operand that requires grad": (
        GradientError,
        lambda lib: lib.add(*tensors(lib, True), out=lib.empty((3, 4))),
    ),
    "one of a list that does": (
        GradientError,
        lambda lib: lib.cat(list(tensors(lib, True)), out=lib.empty((6, 4))),
    ),
    "an out that requires grad": (
        GradientError,
        lambda lib: lib.add(*tensors(lib), out=lib.zeros((3, 4), requires_grad=True)),
    ),
    "an out that is computed of one": (
        GradientError,
        lambda lib: lib.add(*tensors(lib), out=lib.zeros((3, 4), requires_grad=True) * 1.0),
    ),
    "a part of an operand": (
        ShapeError,
        lambda lib: (lambda x: lib.add(x[1:], x[:-1], out=x[1:]))(tensors(lib)[0]),
    ),
    "an operand in another order": (
        ShapeError,
        lambda lib: (lambda x: lib.add(x, 1.0, out=x.T))(lib.ones((3, 3))),
    ),
    "what is read by index": (
        ShapeError,
        lambda lib: (lambda x: lib.index_select(x, 0, lib.tensor([2, 1, 0]), out=x))(
            tensors(lib)[0]
        ),
    ),
    "what is joined": (
        ShapeError,
        lambda lib: (lambda x: lib.cat([x[:1], x[1:]], out=x))(tensors(lib)[0]),
    ),
    "an expanded tensor": (
        ShapeError,
        lambda lib: lib.add(*tensors(lib), out=lib.empty((3, 1)).expand(3, 4)),
    ),
    "too few tensors": (
        CallError,
        lambda lib: lib.max(tensors(lib)[0], dim=0, out=(lib.empty(4),)),
    ),
    "a word": (CallError, lambda lib: lib.add(*tensors(lib), out="memory")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_pytorch_refuses_is_refused_in_its_class(name: str) -> None:
    error, call = REFUSALS[name]
    with pytest.raises((RuntimeError, TypeError)) as theirs:
        call(torch)
    with pytest.raises(error) as ours:
        call(wing)
    assert isinstance(ours.value, theirs.type)


ALLOWED: dict[str, Callable[[Any], Any]] = {
    "an operand itself": lambda lib: (lambda x: lib.add(x, x, out=x))(tensors(lib)[0]),
    "a comparison of what requires grad": lambda lib: lib.eq(
        *tensors(lib, True), out=lib.empty((3, 4), dtype=lib.bool)
    ),
    "an index of what requires grad": lambda lib: lib.argmax(
        tensors(lib, True)[0], 1, out=lib.empty(3, dtype=lib.int64)
    ),
    "integers for a float": lambda lib: lib.sum(lib.tensor(PLACES), 0, out=lib.empty(2)),
    "integers of another size": lambda lib: lib.add(
        lib.tensor(PLACES), 1, out=lib.empty((3, 2), dtype=lib.uint8)
    ),
    "new numbers in the dtype": lambda lib: lib.arange(3, out=lib.empty(3)),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_pytorch_allows_is_allowed(name: str) -> None:
    theirs, ours = ALLOWED[name](torch), ALLOWED[name](wing)
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


def test_without_recording_a_parameter_may_be_written() -> None:
    found = []
    for lib in (torch, wing):
        w = lib.ones(3, requires_grad=True)
        with lib.no_grad():
            lib.add(w, 1.0, out=w)
        assert w.requires_grad
        found.append(w.detach().numpy())
    np.testing.assert_array_equal(*found)
