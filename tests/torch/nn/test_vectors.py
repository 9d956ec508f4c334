"""All parameters as one vector, and back."""

from typing import Any

import pytest

import thalweg as tw
from tests.torch.nn.libraries import THALWEG, Library, fill, same
from thalweg import torch as wing
from thalweg.torch import nn


def model(lib: Library) -> Any:
    return fill(lib.nn.Sequential(lib.nn.Linear(3, 2), lib.nn.Linear(2, 1)), lib)


def test_the_vector_has_all_elements_in_the_order_of_pytorch_and_gradients_flow() -> None:
    def code(lib: Library) -> Any:
        module = model(lib)
        vector = lib.nn.utils.parameters_to_vector(module.parameters())
        (vector**2).sum().backward()
        return vector, [p.grad for p in module.parameters()]

    same(code)


def test_parameters_are_laid_on_the_vector() -> None:
    def code(lib: Library) -> Any:
        module = model(lib)
        first = module[0].weight
        vector = lib.range(20)
        lib.nn.utils.vector_to_parameters(vector, module.parameters())
        with lib.no_grad():
            vector[0] = 9.0
        (module(lib.ones(1, 3)) ** 2).sum().backward()
        assert first is module[0].weight
        return module.state_dict(), [p.grad for p in module.parameters()]

    same(code, rel=1e-12)


def test_there_and_back_changes_nothing() -> None:
    module = model(THALWEG)
    before = [p.tolist() for p in module.parameters()]
    nn.utils.vector_to_parameters(
        nn.utils.parameters_to_vector(module.parameters()), module.parameters()
    )
    assert [p.tolist() for p in module.parameters()] == before
    assert all(p.is_leaf and p.requires_grad for p in module.parameters())


def test_vectors_that_do_not_fit_are_refused() -> None:
    module = model(THALWEG)
    with pytest.raises(tw.errors.CallError, match=r"expected thalweg\.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], module.parameters())  # type: ignore[arg-type]
    with pytest.raises(tw.errors.ShapeError, match="a vector of 3 elements"):
        nn.utils.vector_to_parameters(wing.ones(3), module.parameters())
