"""Tensors of a module that stand for other values stay the objects they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import TracingError
from thalweg.torch import nn
from thalweg.torch.nn.functional_call import Substitution


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(wing.ones(2))
        self.register_buffer("mean", wing.zeros(2))
        self.register_buffer("seen", wing.zeros(()))

    def forward(self, x: Any) -> Any:
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(axis=0)
        self.seen += 1.0
        return (x - self.mean) * self.scale


def members(module: nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(module.named_parameters()), dict(module.named_buffers())


def test_whoever_holds_a_tensor_meets_the_value_and_finds_it_back() -> None:
    module, x = Scaled(), wing.ones((4, 2)) * 3.0
    scale, mean, values = module.scale, module.mean, module.mean.array
    with Substitution(module, *members(module)) as stand_in:
        stand_in.put({"scale": wing.ones(2) * 5}, {"mean": wing.ones(2), "seen": wing.zeros(())})
        assert scale is module.scale
        assert scale.tolist() == [5.0, 5.0]
        out = module(x)
        left = stand_in.left()
    np.testing.assert_allclose(out.detach().numpy(), (3.0 - 1.2) * 5)
    np.testing.assert_allclose(left["mean"].numpy(), 1.2)
    assert left["seen"].tolist() == 1.0
    assert module.scale is scale
    assert module.mean is mean
    assert mean.array is values
    assert module.mean.tolist() == [0.0, 0.0]
    assert scale.tolist() == [1.0, 1.0]
    assert scale.requires_grad


def test_it_can_be_traced_and_differentiated() -> None:
    module = Scaled()
    x = wing.tensor([[1.0, 2.0], [3.0, 5.0]])
    given = [{n: t.detach() for n, t in part.items()} for part in members(module)]

    def loss(params: Any, buffers: Any) -> Any:
        stand_in.put(params, buffers)
        return wing.sum(module(x) ** 2), stand_in.left()

    with Substitution(module, *members(module)) as stand_in:
        value, left = loss(*given)
        traced_value, traced_left = tw.jit(loss)(*given)
        gradient, kept = tw.grad(loss, has_aux=True)(*given)
    assert traced_value.item() == pytest.approx(value.item(), rel=1e-14)
    centred = (x - left["mean"]).numpy()
    np.testing.assert_allclose(
        np.asarray(gradient["scale"]), 2 * (centred**2).sum(axis=0), rtol=1e-13
    )
    for found in (traced_left, kept):
        np.testing.assert_allclose(np.asarray(found["mean"]), left["mean"].numpy(), rtol=1e-14)
    assert module.mean.tolist() == [0.0, 0.0]


def test_all_is_as_it_was_after_an_error() -> None:
    module = Scaled()
    before = module.mean
    with Substitution(module, *members(module)) as stand_in:
        stand_in.put({"scale": wing.zeros(2)}, {"mean": wing.ones(2), "seen": wing.ones(())})
        module(wing.ones((1, 2)))
        module.scale = nn.Parameter(wing.ones(2))
        with pytest.raises(TracingError, match="'scale' was changed"):
            stand_in.left()
    assert module.mean is before
    assert module.scale.tolist() == [1.0, 1.0]
