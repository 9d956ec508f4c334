"""Modules as functions of their parameters and buffers: swapped in, traced, and put back."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import THALWEG, TORCH, Library, fill, plain, same, same_error
from tests.torch.nn.test_module import network
from thalweg import torch as wing
from thalweg.torch import nn


def call(lib: Library, *args: Any, **options: Any) -> Any:
    function = torch.func.functional_call if lib is TORCH else nn.functional_call
    return function(*args, **options)


class Running(nn.Module):
    """Keeps a running mean in place, and counts by assigning."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(wing.ones(2))
        self.register_buffer("mean", wing.zeros(2))
        self.register_buffer("count", wing.zeros(()))

    def forward(self, x: Any) -> Any:
        with wing.no_grad():
            self.mean.copy_(0.9 * self.mean + 0.1 * x.mean(axis=0))
            self.count = self.count + 1.0
        return (x - self.mean) * self.scale


def test_the_given_tensors_are_used_and_the_module_stays_as_it_was() -> None:
    def code(lib: Library) -> Any:
        module = network(lib)
        del module.again  # PyTorch does not put back what it swaps under two names
        own = dict(module.named_parameters())
        given = {name: (value.detach() * 2).requires_grad_() for name, value in own.items()}
        out = call(lib, module, given, (lib.range(5, 3),))
        out.sum().backward()
        assert all(module.get_parameter(name) is value for name, value in own.items())
        return out, {n: g.grad for n, g in given.items()}, module(lib.range(5, 3))

    same(code, rel=1e-12)


def test_some_may_be_given_in_several_dictionaries_and_unknown_names_are_left_alone() -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.Linear(2, 2), lib)
        given = ({"weight": lib.range(2, 2) * 3}, {"nope": lib.ones(1)})
        return call(lib, layer, given, lib.ones(1, 2)), call(lib, layer, {}, (lib.ones(1, 2),), {})

    same(code)


def test_tied_weights_are_replaced_together_unless_told() -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.Linear(2, 2), lib)
        chain = lib.nn.Sequential(layer, layer)
        x = lib.range(3, 2)
        given = {"1.weight": lib.range(2, 2)}
        one = lib.nn.Linear(2, 2)
        two = lib.nn.Linear(2, 2)
        fill(one, lib)
        two.weight, two.bias = one.weight, one.bias
        apart = lib.nn.Sequential(one, two)
        return (
            call(lib, chain, given, x),
            call(lib, apart, given, x),
            call(lib, apart, given, x, tie_weights=False),
        )

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda m, x, lib: call(lib, m, {"weight": x}, x, strict=True), "Missing key.*'bias'"),
        (
            lambda m, x, lib: call(lib, m, {"weight": x, "bias": x, "nope": x}, x, strict=True),
            "Unexpected key.*'nope'",
        ),
        (lambda m, x, lib: call(lib, m, {"weight": 3}, x), "3 is not an instance of"),
        (lambda m, x, lib: call(lib, m, ({"bias": x}, {"bias": x}), x), "multiple dictionaries"),
        (lambda m, x, lib: call(lib, m, 3, x), "Expected parameter_and_buffer_dicts to be a dict"),
    ],
)
def test_names_and_values_that_do_not_fit_are_refused(code: Any, text: str) -> None:
    same_error(lambda lib: code(lib.nn.Linear(2, 2), lib.ones(2, 2), lib), text)


def test_tied_names_with_different_values_are_refused() -> None:
    def code(lib: Library) -> None:
        layer = lib.nn.Linear(2, 2)
        x = lib.ones(2, 2)
        chain = lib.nn.Sequential(layer, layer)
        call(lib, chain, {"0.weight": x, "1.weight": x * 2}, x)

    same_error(code, "multiple values for keys .*which are tied")


def test_the_module_is_put_back_if_the_call_fails() -> None:
    layer = nn.Linear(2, 2)
    weight = layer.weight
    with pytest.raises(tw.errors.ShapeError):
        nn.functional_call(layer, {"weight": wing.ones((2, 5))}, wing.ones((1, 2)))
    assert layer.weight is weight


def test_derivatives_with_respect_to_a_dictionary_of_parameters() -> None:
    module = fill(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), THALWEG)
    x = THALWEG.range(5, 3)

    def loss(params: Any, x: Any) -> Any:
        return wing.sum(nn.functional_call(module, params, x) ** 2)

    params = dict(module.named_parameters())
    for gradient in (tw.grad(loss)(params, x), tw.jit(tw.grad(loss))(params, x)):
        module.zero_grad()
        (module(x) ** 2).sum().backward()
        for name, parameter in params.items():
            expected = parameter.grad.numpy()
            np.testing.assert_allclose(gradient[name].detach().numpy(), expected, rtol=1e-12)


def test_a_batch_of_models_is_one_call() -> None:
    module = nn.Linear(3, 2)
    weights = THALWEG.range(4, 2, 3)
    biases = THALWEG.range(4, 2)
    x = THALWEG.range(5, 3)
    together = wing.vmap(lambda w, b: nn.functional_call(module, {"weight": w, "bias": b}, x))(
        weights, biases
    )
    for i in range(4):
        one = nn.functional_call(module, {"weight": weights[i], "bias": biases[i]}, x)
        np.testing.assert_allclose(together[i].numpy(), one.numpy(), rtol=1e-13)


def test_changed_buffers_are_found_in_the_dictionary_and_not_in_the_module() -> None:
    module = Running()
    given = {"mean": wing.ones(2), "count": wing.zeros(())}
    nn.functional_call(module, given, wing.ones((4, 2)) * 3.0)
    assert plain(given) == {"mean": [pytest.approx(1.2)] * 2, "count": 1.0}
    assert module.mean.tolist() == [0.0, 0.0]
    assert module.count.tolist() == 0.0


def test_a_module_under_two_names_is_put_back() -> None:
    module = network(THALWEG)
    weight = module.first.weight
    out = nn.functional_call(module, {"again.weight": weight * 2.0}, wing.ones((1, 3)))
    assert out.shape == (1, 4)
    assert module.first.weight is weight
    assert module.again.weight is weight
