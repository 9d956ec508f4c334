"""Clipping gradients: PyTorch's values, in place."""

import importlib
import math
from typing import Any

import pytest

from tests.torch.nn.libraries import THALWEG, Library, fill, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn


def trained(lib: Library) -> Any:
    model = fill(lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Linear(4, 2)), lib)
    model[0].bias.requires_grad_(False)
    (model(lib.range(5, 3)) ** 2).sum().backward()
    return model


@pytest.mark.parametrize("order", [1.0, 2.0, 2, 3.0, math.inf, 0.5])
@pytest.mark.parametrize("limit", [0.3, 1e9])
def test_gradients_are_scaled_to_a_norm(order: float, limit: float) -> None:
    def code(lib: Library) -> Any:
        model = trained(lib)
        total = lib.nn.utils.clip_grad_norm_(model.parameters(), limit, norm_type=order)
        return total, [p.grad for p in model.parameters()]

    same(code, rel=1e-12)


def test_gradients_are_clipped_element_by_element_in_their_own_memory() -> None:
    def code(lib: Library) -> Any:
        model = trained(lib)
        held = [p.grad for p in model.parameters()]
        lib.nn.utils.clip_grad_value_(model.parameters(), 0.05)
        return held

    same(code)


def test_the_norm_and_the_scaling_exist_apart() -> None:
    def code(lib: Library) -> Any:
        model = trained(lib)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        total = lib.nn.utils.get_total_norm(gradients, 2.0)
        lib.nn.utils.clip_grads_with_norm_(model.parameters(), 0.1, total)
        return total, gradients

    same(code, rel=1e-12)


def test_one_parameter_and_none_are_accepted() -> None:
    def code(lib: Library) -> Any:
        weight = lib.nn.Parameter(lib.range(3))
        (weight * 10).sum().backward()
        none = lib.nn.utils.clip_grad_norm_([], 1.0)
        return lib.nn.utils.clip_grad_norm_(weight, 1.0), weight.grad, none

    same(code)


def test_gradients_that_are_not_finite_are_an_error_if_wanted() -> None:
    def code(lib: Library) -> None:
        weight = lib.nn.Parameter(lib.range(2))
        weight.grad = lib.array([math.inf, 1.0])
        lib.nn.utils.clip_grad_norm_([weight], 1.0, error_if_nonfinite=True)

    same_error(code, "total norm of order 2.0 for gradients .* is non-finite")


def test_the_functions_are_imported_as_from_pytorch() -> None:
    module = importlib.import_module("thalweg.torch.nn.utils")
    assert module is nn.utils
    norm = module.clip_grad_norm_(trained(THALWEG).parameters(), 0.5)
    assert isinstance(norm, wing.Tensor)
