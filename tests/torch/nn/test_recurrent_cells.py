"""Recurrent cells beside PyTorch's, as layers and as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import DTYPES, close, layer_agrees, numbers, runs_natively
from tests.torch.nn.libraries import same_error
from thalweg import torch as wing
from thalweg.torch import nn

KINDS = ["RNNCell", "LSTMCell", "GRUCell"]
kinds = pytest.mark.parametrize("kind", KINDS)
both = pytest.mark.parametrize("dtype", DTYPES)

X = numbers(3, 4)


def before(kind: str, *shape: int) -> Any:
    h = numbers(*shape, seed=1)
    return (h, numbers(*shape, seed=2)) if kind == "LSTMCell" else h


@both
@kinds
@pytest.mark.parametrize("bias", [True, False])
def test_one_moment(kind: str, bias: bool, dtype: str) -> None:
    layer_agrees(kind, ((4, 5), {"bias": bias}), (X, before(kind, 3, 5)), {}, dtype)
    layer_agrees(kind, ((4, 5), {"bias": bias}), (X,), {}, dtype)


@kinds
def test_one_example(kind: str) -> None:
    layer_agrees(kind, ((4, 5), {}), (X[0], before(kind, 5)))
    layer_agrees(kind, ((4, 5), {}), (X[0],))


def test_the_other_nonlinearity() -> None:
    layer_agrees("RNNCell", ((4, 5), {"nonlinearity": "relu"}), (X, before("RNNCell", 3, 5)))
    same_error(
        lambda lib: lib.nn.RNNCell(4, 5, nonlinearity="elu")(lib.ones(3, 4)),
        "Unknown nonlinearity: elu",
    )


@kinds
def test_a_loop_over_moments_is_the_network(kind: str) -> None:
    network = getattr(nn, kind.removesuffix("Cell"))(4, 5)
    cell = getattr(nn, kind)(4, 5)
    cell.load_state_dict(
        {name.removesuffix("_l0"): value for name, value in network.state_dict().items()}
    )
    x, state, found = wing.tensor(numbers(6, 3, 4)), None, []
    for row in x:
        state = cell(row, state)
        found.append(state[0] if kind == "LSTMCell" else state)
    wanted = network(x)[0]
    close(wing.stack(found).detach(), torch.tensor(wanted.detach().numpy()), "float64")


FUNCTIONS = {"lstm_cell": 4, "gru_cell": 3, "rnn_tanh_cell": 1, "rnn_relu_cell": 1}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("bias", [True, False])
def test_cells_as_functions(name: str, bias: bool) -> None:
    rows = FUNCTIONS[name] * 5
    arrays = [numbers(rows, 4), numbers(rows, 5), *([numbers(rows)] * 2 if bias else [])]
    found = []
    for lib in (wing, torch):
        leaves = [lib.tensor(a).requires_grad_() for a in (X, numbers(3, 5), *arrays)]
        x, h, *weights = leaves
        cell = lib.tensor(numbers(3, 5, seed=7)).requires_grad_()
        result = getattr(lib, name)(x, (h, cell) if name == "lstm_cell" else h, *weights)
        outs = [*result] if name == "lstm_cell" else [result]
        first = lib.autograd.grad(sum((out**3).sum() for out in outs), leaves, create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), leaves)
        found.append([*outs, *first, *second])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


@kinds
def test_what_prints(kind: str) -> None:
    for words in ({}, {"bias": False}):
        mine, their = (getattr(lib, kind)(3, 4, **words) for lib in (nn, torch.nn))
        assert repr(mine) == repr(their)
    assert repr(nn.RNNCell(3, 4, nonlinearity="relu")) == repr(
        torch.nn.RNNCell(3, 4, nonlinearity="relu")
    )


@kinds
def test_shapes_that_do_not_fit_are_refused(kind: str) -> None:
    def state(lib: Any, *shape: int) -> Any:
        return (lib.ones(*shape),) * 2 if kind == "LSTMCell" else lib.ones(*shape)

    what = r"hx\[0\]" if kind == "LSTMCell" else "hidden"
    for shape, given, text in (
        ((1, 2, 4), (2, 5), f"{kind}: Expected input to be 1D or 2D, got 3D instead"),
        ((3, 2), (3, 5), "input has inconsistent input_size: got 2 expected 4"),
        ((3, 4), (2, 5), "Input batch size 3 doesn't match hidden0 batch size 2"),
        ((3, 4), (3, 6), "hidden0 has inconsistent hidden_size: got 6, expected 5"),
        ((3, 4), (3, 3, 5), f"{kind}: Expected {what} to be 1D or 2D, got 3D instead"),
    ):
        same_error(
            lambda lib, s=shape, g=given: getattr(lib.nn, kind)(4, 5)(lib.ones(*s), state(lib, *g)),
            text,
        )


def test_one_bias_alone_is_refused() -> None:
    with pytest.raises(tw.errors.ShapeError, match="both b_ih and b_hh"):
        wing.gru_cell(
            wing.ones(1, 2), wing.ones(1, 3), wing.ones(9, 2), wing.ones(9, 3), wing.ones(9)
        )


@kinds
def test_cells_run_natively(kind: str) -> None:
    cell = getattr(nn, kind)(4, 5).requires_grad_(False)

    def along(xs: Any) -> Any:
        state = None
        for t in range(12):
            state = cell(xs[t], state)
        return state

    runs_natively(along, np.asarray(numbers(12, 3, 4)))
