"""Parametrized tensors: PyTorch's values, names, errors and classes."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, same, same_error
from tests.torch.nn.utils.roots import root, trained
from thalweg import torch as wing
from thalweg.torch import nn


def parts(lib: Library) -> Any:
    """Return a library's parametrize, and parametrizations to use."""
    space = root(lib)

    class Symmetric(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    class Exponential(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any) -> Any:
            return x.exp()

    class RankOne(lib.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any, y: Any) -> Any:
            return x.unsqueeze(-1) @ y.unsqueeze(-2)

        def right_inverse(self, z: Any) -> Any:
            return z[:, 0], z[0] + 1

    return space.nn.utils.parametrize, Symmetric, Exponential, RankOne


def test_a_parametrized_layer_is_that_of_pytorch() -> None:
    def code(lib: Library) -> Any:
        parametrize, symmetric, exponential, _ = parts(lib)
        layer = fill(lib.nn.Linear(4, 4), lib)
        weight = layer.weight
        parametrize.register_parametrization(layer, "weight", symmetric())
        kept = layer.parametrizations.weight.original is weight
        parametrize.register_parametrization(layer, "weight", exponential())
        parametrize.register_parametrization(layer, "bias", exponential())
        layer.weight.sum().backward()
        return (
            layer, kept, layer.weight, weight.grad, dict(layer.named_parameters()),
            layer.state_dict(), type(layer).__name__, len(layer.parametrizations.weight),
            parametrize.is_parametrized(layer), parametrize.is_parametrized(layer, "weight"),
            parametrize.type_before_parametrizations(layer).__name__, trained(lib, layer),
        )  # fmt: skip

    same(code)


def test_several_originals_are_numbered() -> None:
    def code(lib: Library) -> Any:
        parametrize, _, _, rank_one = parts(lib)
        layer = fill(lib.nn.Linear(3, 4), lib)
        parametrize.register_parametrization(layer, "weight", rank_one())
        before = layer.weight
        layer.weight = lib.range(4, 3)
        return list(layer.state_dict()), before, layer.weight, trained(lib, layer, 3)

    same(code)


@pytest.mark.parametrize("leave", [True, False])
def test_parametrizations_are_removed(leave: bool) -> None:
    def code(lib: Library) -> Any:
        parametrize, symmetric, exponential, _ = parts(lib)
        layer = fill(lib.nn.Linear(4, 4), lib)
        weight = layer.weight
        parametrize.register_parametrization(layer, "weight", symmetric())
        parametrize.register_parametrization(layer, "bias", exponential())
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
        first = layer.weight is weight, type(layer).__name__, list(layer.state_dict())
        parametrize.remove_parametrizations(layer, "bias")
        return first, layer, type(layer) is lib.nn.Linear, layer.state_dict(), trained(lib, layer)

    same(code)


def test_a_copy_is_parametrized_by_itself() -> None:
    # PyTorch's copy shares the class, and taking its parametrization away breaks the original.
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))
    other = copy.deepcopy(layer)
    assert repr(other) == repr(layer)
    nn.utils.parametrize.remove_parametrizations(other, "weight")
    assert type(other) is nn.Linear
    assert other.weight.tolist() == layer.weight.tolist()
    third = copy.deepcopy(layer)
    with wing.no_grad():
        third.parametrizations.weight.original0.mul_(2)
    assert third.weight.tolist() == (2 * layer.weight).tolist()


def test_parametrizations_are_transferred() -> None:
    def code(lib: Library) -> Any:
        parametrize, symmetric, _, _ = parts(lib)
        layer = parametrize.register_parametrization(
            fill(lib.nn.Linear(4, 4), lib), "weight", symmetric()
        )
        other = fill(lib.nn.Linear(4, 4), lib)
        parametrize.transfer_parametrizations_and_params(layer, other)
        shared = other.parametrizations.weight.original is layer.parametrizations.weight.original
        return shared, other, other.weight

    same(code)


def test_buffers_are_parametrized_too() -> None:
    def code(lib: Library) -> Any:
        parametrize, _, exponential, _ = parts(lib)
        layer = lib.nn.BatchNorm1d(3)
        parametrize.register_parametrization(layer, "running_mean", exponential())
        return list(layer.state_dict()), layer.running_mean

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda p, lib, m: p.register_parametrization(m, "none", lib.nn.Identity()), "does not"),
        (lambda p, lib, m: p.remove_parametrizations(m, "weight"), "does not have a param"),
        (lambda p, lib, m: p.ParametrizationList([], m.weight), "requires one or more"),
        (
            lambda p, lib, m: p.register_parametrization(m, "weight", lib.nn.Flatten(0)),
            "may not change the shape",
        ),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    same_error(lambda lib: code(parts(lib)[0], lib, lib.nn.Linear(3, 3)), text)


def test_assigning_without_an_inverse_is_refused() -> None:
    def code(lib: Library) -> None:
        parametrize, _, exponential, _ = parts(lib)
        layer = lib.nn.Linear(3, 3)
        parametrize.register_parametrization(layer, "weight", exponential())
        layer.weight = lib.range(3, 3)

    same_error(code, "does not implement right_inverse")


def test_leaving_several_originals_is_refused() -> None:
    def code(lib: Library) -> None:
        parametrize, _, _, rank_one = parts(lib)
        layer = lib.nn.Linear(3, 3)
        parametrize.register_parametrization(layer, "weight", rank_one())
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)

    same_error(code, "Cannot leave unparametrized")


def test_pickling_is_refused() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    with pytest.raises(tw.errors.StateError, match="only supported through state_dict"):
        pickle.dumps(layer)


def test_cached_values_are_computed_once() -> None:
    calls = []

    class Counting(nn.Module):
        def forward(self, x: Any) -> Any:
            calls.append(1)
            return 2 * x

    parametrize = nn.utils.parametrize
    layer = parametrize.register_parametrization(nn.Linear(3, 2), "weight", Counting())
    calls.clear()
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert len(calls) == 1
    assert layer.weight is not layer.weight
    assert len(calls) == 3


def test_a_run_inside_a_cached_block_computes_its_own_values() -> None:
    parametrize = nn.utils.parametrize
    x, y = np.ones((8, 3)), np.ones((8, 2))

    def weights(cached: bool) -> Any:
        wing.manual_seed(0)
        layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
        options = {"optimizer": tw.optim.sgd(0.1), "epochs": 3, "batch_size": 8}
        if cached:
            with parametrize.cached():
                assert layer.weight is layer.weight
                tw.fit(layer, (x, y), loss=nn.functional.mse_loss, **options)
        else:
            tw.fit(layer, (x, y), loss=nn.functional.mse_loss, **options)
        return layer.weight.tolist()

    assert weights(cached=True) == weights(cached=False)
