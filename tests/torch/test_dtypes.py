"""The wing's dtypes, and what operands of several give, are PyTorch's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import DtypeError

pytestmark = pytest.mark.singles

NAMES = [
    *("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"),
    *("complex64", "complex128"),
]
SHAPES = [(2,), ()]
# PyTorch has complex numbers of two float16, which NumPy has not.
NOT_HERE = "torch.complex32"


def both(name: str) -> tuple[Any, Any]:
    return getattr(wing, name), getattr(torch, name)


def pair(name: str, shape: tuple[int, ...]) -> tuple[Any, Any]:
    ours, theirs = both(name)
    return wing.ones(shape, dtype=ours), torch.ones(shape, dtype=theirs)


@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", NAMES)
def test_two_dtypes_give_what_they_give_in_pytorch(first: str, second: str) -> None:
    (one, their_one), (two, their_two) = both(first), both(second)
    assert wing.can_cast(one, two) == torch.can_cast(their_one, their_two)
    assert repr(wing.promote_types(one, two)) == repr(torch.promote_types(their_one, their_two))
    for shape in SHAPES:
        for other in SHAPES:
            (x, a), (y, b) = pair(first, shape), pair(second, other)
            wanted = repr(torch.result_type(a, b))
            if wanted != NOT_HERE:
                assert repr(wing.result_type(x, y)) == wanted
                assert repr((x * y).dtype) == repr((a * b).dtype) == wanted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "number", [True, 2, 1.5, 1j, np.float64(1.5), np.float32(1.5), np.int64(2)]
)
def test_numbers_give_way_as_in_pytorch(name: str, number: Any) -> None:
    for shape in SHAPES:
        x, a = pair(name, shape)
        if repr(torch.result_type(a, number)) != NOT_HERE:
            assert repr((x * number).dtype) == repr((a * number).dtype)


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("name", ["bool", "uint8", "int32", "int64"])
def test_functions_of_integers_have_the_default_dtype(name: str, default: str) -> None:
    ours, theirs = both(default)
    wing.set_default_dtype(ours)
    torch.set_default_dtype(theirs)
    try:
        x, a = pair(name, (2,))
        calls = [lambda m, v: m.exp(v), lambda m, v: v / 3, lambda m, v: m.sqrt(v) * 2]
        for call in calls:
            assert repr(call(wing, x).dtype) == repr(call(torch, a).dtype) == f"torch.{default}"
    finally:
        wing.set_default_dtype(wing.float32)
        torch.set_default_dtype(torch.float32)


MADE = {
    "tensor": lambda m: m.tensor([1.0, 2.0]), "of integers": lambda m: m.tensor([1, 2]),
    "of complex": lambda m: m.tensor([1j]), "of an array": lambda m: m.tensor(np.ones(2)),
    "zeros": lambda m: m.zeros(2), "ones": lambda m: m.ones(2), "empty": lambda m: m.empty(2),
    "full": lambda m: m.full((2,), 1.5), "eye": lambda m: m.eye(2),
    "arange": lambda m: m.arange(3.0), "whole arange": lambda m: m.arange(3),
    "linspace": lambda m: m.linspace(0, 1, 3), "logspace": lambda m: m.logspace(0, 1, 3),
    "rand": lambda m: m.rand(2), "randn": lambda m: m.randn(2),
    "a layer": lambda m: m.nn.Linear(2, 1).weight,
    "where": lambda m: m.where(m.eye(2) > 0, 1.0, 2.0),
    "quantile": lambda m: m.tensor([1.0, 2.0]).quantile(0.3),
    "median": lambda m: m.tensor([1.0, 2.0]).median(),
    "times a root": lambda m: m.ones(2) * np.sqrt(2 / 3),
}  # fmt: skip


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_new_tensors_have_pytorchs_dtype(make: Any) -> None:
    assert repr(make(wing).dtype) == repr(make(torch).dtype)


def test_the_wings_default_is_not_numpys() -> None:
    assert wing.zeros(2).dtype == wing.float32
    assert tw.zeros(2).dtype == np.float64
    assert wing.get_default_dtype() is wing.float32


def test_a_number_that_is_chosen_keeps_the_digits_of_its_tensor() -> None:
    given = np.array([0.1, 0.5, 0.9])
    found = wing.special.logit(wing.tensor(given), 0.2).numpy()
    wanted = torch.special.logit(torch.tensor(given), 0.2).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_a_dtype_is_what_it_is_in_pytorch(name: str) -> None:
    ours, theirs = both(name)
    assert repr(ours) == repr(theirs)
    told = ["is_floating_point", "is_complex", "is_signed", "itemsize"]
    assert [getattr(ours, t) for t in told] == [getattr(theirs, t) for t in told]
    assert repr(ours.to_real()) == repr(theirs.to_real())
    assert ours == np.dtype(name)
    assert {ours: 1}[np.dtype(name)] == 1
    assert pickle.loads(pickle.dumps(ours)) is copy.deepcopy(ours) is ours
    assert wing.zeros(1, dtype=ours).dtype is ours
    assert isinstance(ours, wing.dtype)


def test_products_of_two_dtypes_are_refused_as_in_pytorch() -> None:
    calls = [lambda m, x, y: x @ y, lambda m, x, y: m.matmul(x, y)]
    calls += [lambda m, x, y: m.nn.functional.linear(x, y)]
    for call in calls:
        for library in (wing, torch):
            x = library.ones(2, 2)
            with pytest.raises(RuntimeError, match="dtype"):
                call(library, x, x.double())
    with pytest.raises(DtypeError, match=r"got: float32 != float64 in matmul. Convert one"):
        wing.ones(2, 2) @ wing.ones(2, 2).double()


def test_a_fit_takes_data_in_the_dtype_of_its_model() -> None:
    X = np.random.default_rng(0).normal(size=(30, 3))
    data = X, X.sum(axis=1, keepdims=True)
    for dtype in (wing.float32, wing.float64):
        model = wing.nn.Linear(3, 1, dtype=dtype)
        loss = wing.nn.functional.mse_loss
        fit = tw.fit(model, data, loss=loss, optimizer=tw.optim.sgd(0.1), steps=60)
        assert fit.engine == "native"
        assert model.weight.dtype is dtype
        assert fit.history.loss[-1] < 1e-2 * fit.history.loss[0]


def test_a_shape_and_a_format_are_pytorchs() -> None:
    for library in (wing, torch):
        x = library.zeros(2, 3, 4)
        assert repr(x.shape[1:]) == repr(x.size()[1:]) == "torch.Size([3, 4])"
        assert repr(x.shape + x.shape[:1]) == "torch.Size([2, 3, 4, 2])"
        assert isinstance(x.shape, library.Size)
        assert f"{library.tensor(0.5)}" == "0.5"
        assert f"{library.tensor(0.25):.1f}" == "0.2"
        with pytest.raises(TypeError, match="unsupported format string"):
            f"{x:.2f}"
        assert repr(library.zeros(1, dtype=library.float64)).endswith("dtype=torch.float64)")


def test_shapes_inside_of_texts_are_pytorch_s() -> None:
    for shape in ((), (2,), (2, 3)):
        assert f"{wing.zeros(shape).shape}" == f"{torch.zeros(shape).shape}"
        assert f"{wing.zeros(shape).size()}" == f"{torch.zeros(shape).size()}"
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{wing.zeros(2).shape:>20}"
