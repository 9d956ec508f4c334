"""What an operation returns may be changed in place before backward, wherever PyTorch's may."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError, AxisError, ShapeError, UnsupportedOperation
from thalweg.torch.nn import functional as ours

torch = pytest.importorskip("torch")
theirs = torch.nn.functional

RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.uniform(0.15, 0.85, shape)


A, V = draw(3, 3), draw(3)
OPERANDS: list[tuple[Any, ...]] = [
    (A,), (A, draw(3, 3)), (A, draw(3, 3), draw(3, 3)), (V,), (V, draw(3)), (A, V), (A, 0), (A, 1),
    (A, 2), (A, -1), (A, 0.3), (A, 2.5), (A, (3,)), ([V, draw(3)],), (draw(1, 2, 4, 4),),
    (draw(2, 4, 6),), (draw(2, 4, 6), 2), (np.array(0.4),), (np.array(0.4), np.array(0.7)),
    (draw(1, 3), 0), (draw(1),), (A @ A.T + np.eye(3),),
]  # fmt: skip

# Where the libraries mean something else by the same call, or draw other numbers.
OTHERS = {
    "alpha_dropout", "bernoulli", "channel_shuffle", "cross", "diff", "dropout", "dropout1d",
    "dropout2d", "dropout3d", "feature_alpha_dropout", "hardsigmoid", "logdet", "logit_",
    "median", "nanmedian", "normal", "positive", "rot90", "rrelu", "softplus", "std_mean", "var",
    "var_mean", "where",
    # As NumPy's these show the operand, or copy it, where PyTorch's do not.
    "conj", "conj_physical", "diag", "flatten", "fliplr", "flipud",
    # PyTorch passes the derivative through, as if nothing had been compared.
    "logical_and_", "logical_not_", "logical_or_", "logical_xor_",
}  # fmt: skip


def run(lib: Any, function: Callable[..., Any], operands: tuple[Any, ...]) -> list[np.ndarray]:
    """Return the derivatives, and the operands, after the results were changed in place."""
    lib.manual_seed(0)
    leaves: list[Any] = []

    def given(value: Any) -> Any:
        if isinstance(value, list):
            return [given(item) for item in value]
        if not isinstance(value, np.ndarray):
            return value
        leaves.append(lib.tensor(value, requires_grad=True))
        return leaves[-1] * 1.0

    args = [given(value) for value in operands]
    results = function(*args)
    several = results if isinstance(results, (tuple, list)) else [results]
    chosen = [z for z in several if isinstance(z, lib.Tensor) and z.dtype == lib.float64]
    for z in chosen:
        z += 1
    losses = [(z * z).sum() for z in chosen if z.requires_grad]
    if losses:
        sum(losses).backward()
    kept = [x for arg in args for x in (arg if isinstance(arg, list) else [arg])]
    shown = [x.detach().numpy() for x in kept if isinstance(x, lib.Tensor)]
    return [*(np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in leaves), *shown]


# A call that only PyTorch takes is another matter; a GradientError is not.
CALLED_OTHERWISE = (TypeError, ArgumentError, AxisError, ShapeError, UnsupportedOperation)


def pairs() -> list[Any]:
    """Return every function that both libraries have, found in the namespaces."""
    found = []
    spaces = [
        (wing, torch), (ours, theirs), (tw.linalg, torch.linalg), (tw.special, torch.special),
        (wing.Tensor, torch.Tensor),
    ]  # fmt: skip
    for mine, other in spaces:
        for name in dir(mine):
            if name.startswith(("_", "set_")) or name in OTHERS or not hasattr(other, name):
                continue
            function, known = getattr(mine, name), getattr(other, name)
            if mine is not tw and hasattr(wing, name) and hasattr(torch, name):
                continue
            if callable(function) and callable(known) and not isinstance(function, type):
                path = f"{mine.__name__.rpartition('.')[2]}.{name}"
                found.append(pytest.param(function, known, id=path))
    return found


@pytest.mark.sampled(3)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("function", "known"), pairs())
def test_a_result_is_changed_before_backward_as_in_torch(
    function: Callable[..., Any], known: Callable[..., Any]
) -> None:
    compared = 0
    for operands in OPERANDS:
        try:
            expected = run(torch, known, operands)
        except Exception:  # a call that does not fit, or a change that PyTorch refuses
            continue
        try:
            found = run(wing, function, operands)
        except CALLED_OTHERWISE:
            continue
        for mine, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, other, 1e-9, 1e-9)
        compared += 1
        if compared == 2:
            break


LAYERS: dict[str, Callable[[Any], Any]] = {
    "instance": lambda lib: lib.nn.InstanceNorm1d(4),
    "batch": lambda lib: lib.nn.BatchNorm1d(4, affine=False, track_running_stats=False),
    "layer": lambda lib: lib.nn.LayerNorm(6, elementwise_affine=False),
    "group": lambda lib: lib.nn.GroupNorm(2, 4, affine=False),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("activation", ["ReLU", "ELU", "SELU", "LeakyReLU"])
def test_an_activation_in_place_follows_a_normalization(name: str, activation: str) -> None:
    x, slopes = draw(2, 4, 6), []
    for lib in (wing, torch):
        given = lib.tensor(x, requires_grad=True)
        net = lib.nn.Sequential(LAYERS[name](lib), getattr(lib.nn, activation)(inplace=True))
        (net(given) ** 2).sum().backward()
        slopes.append(given.grad.numpy())
    np.testing.assert_allclose(slopes[0], slopes[1], 1e-6, 1e-8)


def test_what_is_the_operand_by_chance_has_memory_of_its_own() -> None:
    functions = [
        lambda x: x**1, lambda x: +x, lambda x: np.clip(x, None, None), lambda x: np.tile(x, 1),
        lambda x: np.repeat(x, 1), lambda x: x.clone(), lambda x: x.astype(x.dtype),
        lambda x: tw.array(x), lambda x: np.sum(x, ()), lambda x: x.matrix_power(1),
        lambda x: wing.full_like(x, x), lambda x: wing.cumprod(x[:1], 0),
        lambda x: wing.nan_to_num(x),
    ]  # fmt: skip
    for function in functions:

        def changed(x: Any, function: Callable[..., Any] = function) -> Any:
            y = function(x)
            y += 1
            return x + 0

        for run_it in (changed, tw.jit(changed, engine="numpy")):
            np.testing.assert_array_equal(run_it(wing.tensor(A)), A)
