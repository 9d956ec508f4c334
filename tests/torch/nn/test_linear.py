"""The linear layer: PyTorch's values, gradients and shapes."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, same
from thalweg import torch as wing
from thalweg.torch import nn


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
def test_values_and_gradients_are_those_of_pytorch(bias: bool, shape: tuple[int, ...]) -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.Linear(3, 2, bias=bias), lib)
        x = lib.range(*shape).requires_grad_()
        out = layer(x)
        (out**2).sum().backward()
        return out, x.grad, [p.grad for p in layer.parameters()], repr(layer)

    same(code, rel=1e-12)


def test_the_dtype_can_be_given() -> None:
    layer = nn.Linear(3, 2, dtype=wing.float32, device="cpu")
    assert layer.weight.dtype == layer.bias.dtype == np.float32
    assert layer(wing.ones((1, 3), dtype=wing.float32)).dtype == np.float32


def test_the_initial_weights_lie_within_the_bound() -> None:
    layer = nn.Linear(16, 100)
    for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
        assert 0.2 < np.abs(values).max() <= 0.25


def test_inputs_of_the_wrong_width_are_refused() -> None:
    with pytest.raises(tw.errors.ShapeError):
        nn.Linear(3, 2)(wing.ones((5, 4)))


def test_a_layer_can_be_traced() -> None:
    layer = nn.Linear(3, 2)
    x = wing.ones((4, 3))
    traced = tw.jit(lambda x: layer(x))(x)
    np.testing.assert_allclose(traced.detach().numpy(), layer(x).detach().numpy(), rtol=1e-14)
