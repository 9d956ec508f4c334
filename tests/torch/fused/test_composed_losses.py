"""Losses and activations of each element beside PyTorch's, in all ways to run them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.torch.fused.beside import Function, agrees
from thalweg import torch as wing

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.standard_normal((2, 5, 4)) * 1.5
SHARES = RANDOM.uniform(0.05, 0.95, (5, 4))
SIGNS = np.where(Y > 0, 1.0, -1.0)
WEIGHTS = RANDOM.uniform(0.5, 2.0, 4)


def _given(lib: Any, array: Any, like: Any) -> Any:
    return lib.tensor(array).to(like.dtype)


def _loss(name: str, target: Any, **options: Any) -> Function:
    def loss(lib: Any, x: Any) -> Any:
        extras = {
            key: _given(lib, value, x) if isinstance(value, np.ndarray) else value
            for key, value in options.items()
        }
        return getattr(lib.nn.functional, name)(x, _given(lib, target, x), **extras)

    return loss


def _of_two(name: str, **options: Any) -> Function:
    return lambda lib, x, y: getattr(lib.nn.functional, name)(x, y, **options)


KINDS = ("mean", "sum", "none")

LOSSES: dict[str, Function] = {
    f"{how} {kind}": _loss(name, target, reduction=kind, **options)
    for kind in KINDS
    for how, (name, target, options) in {
        "smooth l1": ("smooth_l1_loss", Y, {"beta": 0.7}),
        "huber": ("huber_loss", Y, {"delta": 1.3}),
        "logits": ("binary_cross_entropy_with_logits", SHARES, {}),
        "logits with weights": (
            "binary_cross_entropy_with_logits", SHARES, {"weight": WEIGHTS, "pos_weight": WEIGHTS}
        ),
        "logits with a weight": (
            "binary_cross_entropy_with_logits", SHARES, {"pos_weight": np.array(1.5)}
        ),
        "divergence": ("kl_div", SHARES, {}),
        "divergence of logarithms": ("kl_div", np.log(SHARES), {"log_target": True}),
        "soft margin": ("soft_margin_loss", SIGNS, {}),
        "hinge": ("hinge_embedding_loss", SIGNS, {"margin": 0.8}),
        "gauss": ("gaussian_nll_loss", Y, {"var": SHARES, "full": True}),
        "gauss of rows": ("gaussian_nll_loss", Y, {"var": SHARES[:, :1]}),
    }.items()
}  # fmt: skip

ACTIVATIONS: dict[str, Function] = {
    name: (lambda lib, x, name=name: getattr(lib.nn.functional, name)(x))
    for name in (
        "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "leaky_relu", "hardswish",
        "hardtanh", "logsigmoid", "relu6", "softshrink",
    )
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*divides the total loss:UserWarning")
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    agrees(LOSSES[name], [X])


@pytest.mark.parametrize("kind", KINDS)
def test_losses_of_two_that_are_differentiated(kind: str) -> None:
    for name in ("smooth_l1_loss", "huber_loss"):
        agrees(_of_two(name, reduction=kind), [X, Y])
    agrees(_of_two("binary_cross_entropy", reduction=kind), [SHARES, SHARES[::-1].copy()])
    agrees(_of_two("binary_cross_entropy_with_logits", reduction=kind), [X, SHARES])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    agrees(ACTIVATIONS[name], [X])


def _outcome(lib: Any, function: Function, arrays: Any) -> Any:
    leaves = [lib.tensor(array).requires_grad_() for array in arrays]
    try:
        found = function(lib, *leaves)
        found.sum().backward()
    except (RuntimeError, IndexError, ValueError):
        return None
    return [found.detach().numpy(), *(x.grad.numpy() for x in leaves)]


ODD: dict[str, Function] = {
    **ACTIVATIONS,
    "smooth_l1_loss": lambda lib, x: lib.nn.functional.smooth_l1_loss(x, x.detach() + 1),
    "logits": lambda lib, x: lib.nn.functional.binary_cross_entropy_with_logits(x, x.detach() * 0),
    "amax": lambda lib, x: x.amax(-1),
    "max": lambda lib, x: x.max(),
    "max along": lambda lib, x: x.max(-1)[0],
    "sort": lambda lib, x: x.sort()[0],
    "median": lambda lib, x: x.median(),
    "topk": lambda lib, x: x.topk(1)[0],
    "norm": lambda lib, x: x.norm(),
    "prod": lambda lib, x: x.prod(),
    "cumsum": lambda lib, x: x.cumsum(0),
    "cumprod": lambda lib, x: x.cumprod(-1),
    "clamp": lambda lib, x: x.clamp(max=0.5),
    "roll": lambda lib, x: x.roll(1),
    "stack": lambda lib, x: lib.stack([x, x]),
    "gather": lambda lib, x: x.gather(0, lib.zeros(x.shape, dtype=lib.int64)),
    "index": lambda lib, x: x[lib.tensor([0, 0])],
    "mask": lambda lib, x: x[x > 0],
    "softmax": lambda lib, x: lib.softmax(x, 0),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (1,), (1, 1)])
@pytest.mark.parametrize("name", ODD)
def test_numbers_alone_and_nothing(name: str, shape: tuple[int, ...]) -> None:
    ours, theirs = (_outcome(lib, ODD[name], [np.full(shape, 0.3)]) for lib in (wing, torch))
    assert (ours is None) == (theirs is None)
    for mine, other in zip(ours or (), theirs or (), strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, 1e-12)
