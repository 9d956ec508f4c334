"""A tensor's text: PyTorch's, with the step of the tape that made it."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing


@pytest.fixture(autouse=True)
def float64_by_default() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    wing.set_default_dtype(wing.float64)
    yield
    torch.set_default_dtype(before)
    wing.set_default_dtype(wing.float64)


PROGRAMS: list[Callable[[Any], Any]] = [
    lambda lib: lib.tensor([1.0, 2.5]),
    lambda lib: lib.tensor([1, 2]),
    lambda lib: lib.tensor(True),
    lambda lib: lib.tensor(2.0, requires_grad=True),
    lambda lib: lib.tensor([1.0, 2.0], requires_grad=True) * 3,
    lambda lib: lib.exp(lib.tensor([0.0, 1.0], requires_grad=True)),
    lambda lib: lib.log(lib.tensor([[1.0, 2.0]], requires_grad=True)).sum(),
    lambda lib: lib.tensor([0.0, 1.0], requires_grad=True).detach(),
    lambda lib: (lib.tensor([1.0, 2.0], requires_grad=True),),
    lambda lib: lib.zeros((0, 3)),
    lambda lib: lib.linspace(0.0, 1.0, 30),
    lambda lib: lib.eye(3).shape,
    lambda lib: lib.zeros((40, 50)),
]


@pytest.mark.parametrize("position", range(len(PROGRAMS)))
def test_a_tensor_prints_as_in_pytorch(position: int) -> None:
    assert repr(PROGRAMS[position](wing)) == repr(PROGRAMS[position](torch))


def test_the_default_dtype_goes_without_saying() -> None:
    singles = wing.tensor(np.float32([1.5]))
    assert repr(singles) == "tensor([1.5000], dtype=torch.float32)"
    wing.set_default_dtype(wing.float32)
    assert repr(singles) == "tensor([1.5000])"
    assert repr(wing.tensor(np.array([1.5]))) == "tensor([1.5000], dtype=torch.float64)"


def test_the_public_options_change_the_text() -> None:
    with tw.printoptions(precision=2, sci_mode=True):
        assert repr(wing.tensor([0.5])) == "tensor([5.00e-01])"
    assert repr(wing.tensor([0.5])) == "tensor([0.5000])"


def test_what_grad_differentiates_prints_as_requiring_it() -> None:
    texts: list[str] = []

    def loss(x: Any) -> Any:
        texts.extend([repr(x), repr(x * 2)])
        return (x * x).sum()

    tw.grad(loss)(np.ones(2))
    assert texts == [
        "tensor([1., 1.], requires_grad=True)",
        "tensor([2., 2.], grad_fn=<MulBackward0>)",
    ]


def test_a_traced_tensor_has_no_values_to_print() -> None:
    texts: list[str] = []

    def double(x: Any) -> Any:
        texts.append(repr(x))
        return 2 * x

    tw.jit(double)(np.ones((2, 3)))
    assert texts == ["tensor(float64[2,3], traced)"]


def test_a_scalar_formats_as_a_number_and_others_print_whole() -> None:
    assert f"{wing.tensor(math.pi):.2f} {wing.tensor([1.0])}" == "3.14 tensor([1.])"
