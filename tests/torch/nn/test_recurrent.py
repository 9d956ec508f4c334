"""Recurrent networks beside PyTorch's: values and derivatives, what is refused, and natively."""

from __future__ import annotations

import itertools
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import (
    DTYPES,
    close,
    layer_agrees,
    numbers,
    runs_natively,
    same_weights,
    seeded,
    trains_natively,
)
from tests.torch.nn.libraries import same_error
from thalweg import torch as wing
from thalweg.core.program import Program, nested
from thalweg.torch import nn
from thalweg.training.prepare import STEPS

both = pytest.mark.parametrize("dtype", DTYPES)
kinds = pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])

X = numbers(6, 3, 4)

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "layers": {"num_layers": 3},
    "both ways": {"bidirectional": True},
    "layers both ways": {"num_layers": 2, "bidirectional": True},
    "no bias": {"bias": False, "num_layers": 2},
    "batch first": {"batch_first": True, "bidirectional": True},
    "dropout": {"num_layers": 3, "dropout": 0.4},
    "dropout both ways": {"num_layers": 2, "dropout": 0.3, "bidirectional": True},
    "dropout batch first": {"num_layers": 2, "dropout": 0.3, "batch_first": True},
}


def states(kind: str, options: dict[str, Any], batch: int | None = 3, size: int = 5) -> Any:
    """Return first states as numbers, of which PyTorch's are made too."""
    count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    middle = () if batch is None else (batch,)
    h = numbers(count, *middle, options.get("proj_size") or size)
    return (h, numbers(count, *middle, size, seed=1)) if kind == "LSTM" else h


@both
@kinds
@pytest.mark.parametrize("name", OPTIONS)
def test_layers_of_cells(kind: str, name: str, dtype: str) -> None:
    options = OPTIONS[name]
    layer_agrees(kind, ((4, 5), options), (X,), {}, dtype)
    batch = 6 if options.get("batch_first") else 3
    layer_agrees(kind, ((4, 5), options), (X, states(kind, options, batch)), {}, dtype)


@both
@pytest.mark.parametrize("name", ["plain", "layers both ways", "no bias"])
def test_other_nonlinearities(name: str, dtype: str) -> None:
    options = OPTIONS[name] | {"nonlinearity": "relu"}
    layer_agrees("RNN", ((4, 5), options), (X, states("RNN", options)), {}, dtype)


@both
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_projections(name: str, dtype: str) -> None:
    options = OPTIONS[name] | {"proj_size": 2}
    batch = 6 if options.get("batch_first") else 3
    layer_agrees("LSTM", ((4, 5), options), (X, states("LSTM", options, batch)), {}, dtype)


@kinds
@pytest.mark.parametrize("batch_first", [True, False])
def test_one_sequence_without_a_batch(kind: str, batch_first: bool) -> None:
    options = {"bidirectional": True, "batch_first": batch_first}
    layer_agrees(kind, ((4, 5), options), (X[:, 0],))
    layer_agrees(kind, ((4, 5), options), (X[:, 0], states(kind, options, None)))


@kinds
def test_prediction_drops_nothing(kind: str) -> None:
    layer_agrees(kind, ((4, 5, 2), {"dropout": 0.5}), (X,), training=False)


@kinds
def test_no_examples(kind: str) -> None:
    layer = getattr(nn, kind)(4, 5, bidirectional=True)
    out = layer(wing.zeros(6, 0, 4).requires_grad_())[0]
    assert tuple(out.shape) == (6, 0, 10)
    out.sum().backward()
    assert not layer.weight_ih_l0.grad.any()


def pairs(kind: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """Return a layer of thalweg and PyTorch's with the same weights."""
    their = getattr(torch.nn, kind)(4, 5, **options).double()
    mine = getattr(nn, kind)(4, 5, **options)
    mine.load_state_dict({k: wing.tensor(v.numpy()) for k, v in their.state_dict().items()})
    return mine, their


PACKED = [([6, 4, 1], True), ([2, 6, 5], False), ([3, 3, 3], True), ([1, 6, 6], False)]


@kinds
@pytest.mark.parametrize(("lengths", "is_sorted"), PACKED)
@pytest.mark.parametrize("name", ["plain", "layers both ways", "dropout"])
@pytest.mark.parametrize("given", [True, False])
def test_packed_sequences(
    kind: str, lengths: list[int], is_sorted: bool, name: str, given: bool
) -> None:
    options = OPTIONS[name]
    found = []
    for lib, layer in zip((wing, torch), pairs(kind, options), strict=True):
        seeded(2)
        x = lib.tensor(X).requires_grad_()
        packed = lib.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=is_sorted)
        hx = states(kind, options) if given else None
        if isinstance(hx, tuple):
            hx = tuple(lib.tensor(h) for h in hx)
        elif hx is not None:
            hx = lib.tensor(hx)
        out, last = layer(packed, hx)
        padded, counts = lib.nn.utils.rnn.pad_packed_sequence(out)
        ends = [*last] if kind == "LSTM" else [last]
        (padded.sin().sum() + sum((end * end).sum() for end in ends)).backward()
        weights = [parameter.grad for parameter in layer.parameters()]
        found.append([out.data, padded, counts, *ends, x.grad, *weights])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "projected"])
def test_second_derivatives(kind: str) -> None:
    options = {"bidirectional": True} | ({"proj_size": 2} if kind == "projected" else {})
    found = []
    for lib, layer in zip(
        (wing, torch), pairs("LSTM" if kind == "projected" else kind, options), strict=True
    ):
        x = lib.tensor(X).requires_grad_()
        out = layer(x)[0]
        weights = list(layer.parameters())
        first = lib.autograd.grad((out * out).sum(), [x, *weights], create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), [x, *weights])
        found.append([*first, *second])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


def test_second_derivatives_of_packed_sequences() -> None:
    found = []
    for lib, layer in zip((wing, torch), pairs("GRU", {"bidirectional": True}), strict=True):
        x = lib.tensor(X).requires_grad_()
        packed = lib.nn.utils.rnn.pack_padded_sequence(x, [6, 3, 2])
        out = layer(packed)[0].data
        (first,) = lib.autograd.grad((out * out).sum(), [x], create_graph=True)
        found.append([first, *lib.autograd.grad((first * first).sum(), [x])])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


@kinds
def test_other_habits_agree_with_the_stateful_one(kind: str) -> None:
    layer = getattr(nn, kind)(4, 5).requires_grad_(False)
    x = wing.tensor(X)

    def loss(x: Any) -> Any:
        return wing.sum(wing.sin(layer(x)[0]))

    def of_one(x: Any) -> Any:
        return layer(x)[0]

    leaf = wing.tensor(X).requires_grad_()
    loss(leaf).backward()
    wanted = leaf.grad.numpy()
    np.testing.assert_allclose(tw.grad(loss)(x).numpy(), wanted, rtol=1e-11, atol=1e-13)
    along = wing.tensor(numbers(6, 3, 4, seed=4))
    moved = tw.jvp(loss, (x,), (along,))[1]
    np.testing.assert_allclose(moved.item(), (wanted * along.numpy()).sum(), rtol=1e-10)
    each = wing.func.vmap(of_one, in_dims=1, out_dims=1)(x)
    np.testing.assert_allclose(each.numpy(), of_one(x).numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("what", ["out", "last", "cell"])
def test_writing_into_what_comes_out_leaves_derivatives_alone(what: str) -> None:
    found = []
    for lib, layer in zip((wing, torch), pairs("LSTM", {}), strict=True):
        x = lib.tensor(X).requires_grad_()
        out, (h, c) = layer(x)
        total = out.sum() + h.sum() + c.sum()
        with lib.no_grad():
            {"out": out, "last": h, "cell": c}[what].zero_()
        total.backward()
        found.append([x.grad, *(parameter.grad for parameter in layer.parameters())])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0"])
def test_weights_that_were_overwritten_are_not_read(name: str) -> None:
    for lib, layer in zip((wing, torch), pairs("GRU", {}), strict=True):
        x = lib.tensor(X).requires_grad_()
        total = layer(x)[0].sum()
        with lib.no_grad():
            getattr(layer, name).mul_(2.0)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            total.backward()


def test_inputs_that_were_overwritten_are_not_read() -> None:
    layer, leaf = nn.GRU(4, 5), wing.tensor(X).requires_grad_()
    x = leaf * 1.0
    total = layer(x)[0].sum()
    with wing.no_grad():
        x.zero_()
    with pytest.raises(tw.errors.GradientError, match="modified by an inplace operation"):
        total.backward()


def test_derivatives_can_be_asked_for_twice() -> None:
    layer, x = nn.LSTM(4, 5), wing.tensor(X)
    total = layer(x)[0].sum()
    total.backward(retain_graph=True)
    once = layer.weight_hh_l0.grad.numpy().copy()
    total.backward()
    np.testing.assert_array_equal(layer.weight_hh_l0.grad.numpy(), 2 * once)


@pytest.mark.parametrize("frozen", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"])
def test_frozen_weights_have_no_derivative(frozen: str) -> None:
    found = []
    for lib, layer in zip((wing, torch), pairs("GRU", {}), strict=True):
        getattr(layer, frozen).requires_grad_(False)
        layer(lib.tensor(X))[0].sin().sum().backward()
        found.append([parameter.grad for parameter in layer.parameters()])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


# ---- as modules


def test_weights_have_names_and_are_listed() -> None:
    seeded(1)
    mine = nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2, dtype=np.float32)
    seeded(1)
    their = torch.nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)
    same_weights(mine, their)
    assert [[w.shape for w in each] for each in mine.all_weights] == [
        [w.shape for w in each] for each in their.all_weights
    ]
    assert mine._flat_weights_names == their._flat_weights_names
    mine.flatten_parameters()
    copied = pickle.loads(pickle.dumps(mine))
    x = wing.tensor(numbers(5, 2, 3).astype(np.float32))
    np.testing.assert_array_equal(copied(x)[0].numpy(force=True), mine(x)[0].numpy(force=True))
    assert mine.double()(x.double())[0].dtype == wing.float64


def test_what_prints() -> None:
    words = [
        {}, {"num_layers": 2, "dropout": 0.5}, {"bias": False}, {"batch_first": True},
        {"bidirectional": True},
    ]  # fmt: skip
    for kind, word in itertools.product(["RNN", "LSTM", "GRU"], words):
        mine, their = (getattr(lib, kind)(3, 4, **word) for lib in (nn, torch.nn))
        assert repr(mine) == repr(their)
        assert mine.mode == their.mode
    assert repr(nn.LSTM(3, 4, proj_size=2)) == repr(torch.nn.LSTM(3, 4, proj_size=2))
    assert repr(nn.RNN(3, 4, 2, "relu", False)) == repr(torch.nn.RNN(3, 4, 2, "relu", False))


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("dropout should be a number in range", {"dropout": 2}),
    ("dropout should be a number in range", {"dropout": True}),
    ("hidden_size must be greater than zero", {"hidden_size": 0}),
    ("hidden_size should be of type int, got: float", {"hidden_size": 2.0}),
    ("input_size must be greater than zero", {"input_size": 0}),
    ("input_size should be of type int, got: str", {"input_size": "3"}),
    ("num_layers must be greater than zero", {"num_layers": 0}),
    ("proj_size should be a positive integer or zero", {"proj_size": -1}),
    ("proj_size has to be smaller than hidden_size", {"proj_size": 4}),
    ("bias should be of type bool, got: int", {"bias": 1}),
    ("batch_first should be of type bool, got: int", {"batch_first": 0}),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_arguments_out_of_range_are_refused(text: str, words: dict[str, Any]) -> None:
    same_error(lambda lib: lib.nn.LSTM(**{"input_size": 3, "hidden_size": 4, **words}), text)


def test_kinds_that_do_not_exist_are_refused() -> None:
    same_error(lambda lib: lib.nn.RNN(2, 3, nonlinearity="elu"), "Unknown nonlinearity 'elu'")
    same_error(lambda lib: lib.nn.RNNBase("X", 2, 3), "Unrecognized RNN mode: X")
    for kind in ("RNN", "GRU"):
        same_error(
            lambda lib, kind=kind: getattr(lib.nn, kind)(2, 3, proj_size=1),
            "proj_size argument is only supported for LSTM",
        )


def test_dropout_of_one_layer_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        nn.GRU(2, 3, dropout=0.5)


MISFITS: dict[str, tuple[str, str, tuple[int, ...], tuple[tuple[int, ...], ...]]] = {
    "axes": ("LSTM", "LSTM: Expected input to be 2D or 3D, got 1D", (3,), ()),
    "axes of a plain one": ("RNN", "RNN: Expected input to be 2D or 3D, got 1D tensor", (3,), ()),
    "features": ("GRU", r"input.size\(-1\) must be equal to input_size. Expected 3, got 2",
                 (5, 2, 2), ()),
    "moments": ("GRU", "Expected sequence length to be larger than 0 in RNN", (0, 2, 3), ()),
    "examples": ("GRU", r"Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]", (5, 2, 3),
                 ((1, 3, 4),)),
    "layers": ("LSTM", r"Expected hidden\[0\] size \(1, 2, 4\), got \[2, 2, 4\]", (5, 2, 3),
               ((2, 2, 4), (1, 2, 4))),
    "cells": ("LSTM", r"Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 5\]", (5, 2, 3),
              ((1, 2, 4), (1, 2, 5))),
    "batched": ("GRU", "For batched 3-D input, hx should also be 3-D but got 2-D tensor",
                (5, 2, 3), ((2, 4),)),
    "unbatched": ("RNN", "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor",
                  (5, 3), ((1, 2, 4),)),
    "batched pair": ("LSTM", r"For batched 3-D input, hx and cx should also be 3-D but got "
                     r"\(2-D, 3-D\) tensors", (5, 2, 3), ((2, 4), (1, 2, 4))),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_shapes_that_do_not_fit_are_refused(name: str) -> None:
    kind, text, shape, given = MISFITS[name]

    def call(lib: Any) -> Any:
        hx: Any = tuple(lib.ones(*s) for s in given)
        return getattr(lib.nn, kind)(3, 4)(
            lib.ones(*shape), (hx if len(hx) > 1 else hx[0]) if hx else None
        )

    same_error(call, text)


def test_other_dtypes_are_refused() -> None:
    for kind in ("RNN", "LSTM", "GRU"):
        mine, their = (getattr(lib, kind)(3, 4) for lib in (nn, torch.nn))
        mine.float()
        for layer, x in ((mine, wing.ones(5, 2, 3)), (their, torch.ones(5, 2, 3).double())):
            with pytest.raises(ValueError, match=r"RNN input dtype .* does not match weight dtype"):
                layer(x)
    with pytest.raises(RuntimeError, match="same dtype, but got Float and Double"):
        nn.GRU(3, 4)(wing.ones(5, 2, 3), wing.zeros(1, 2, 4).float())


# ---- as functions


FUNCTIONS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("packed", [True, False])
def test_networks_as_functions(name: str, packed: bool) -> None:
    options: dict[str, Any] = {"num_layers": 2, "bidirectional": True}
    if name == "rnn_relu":
        options["nonlinearity"] = "relu"
    kind = FUNCTIONS[name]
    found = []
    for lib, layer in zip((wing, torch), pairs(kind, options), strict=True):
        given = states(kind, options)
        hx = [lib.tensor(h) for h in given] if kind == "LSTM" else lib.tensor(given)
        if packed:
            data, sizes, *_ = lib.nn.utils.rnn.pack_padded_sequence(lib.tensor(X), [6, 5, 2])
            args = (data, sizes, hx, layer._flat_weights, True, 2, 0.0, False, True)
        else:
            args = (lib.tensor(X), hx, layer._flat_weights, True, 2, 0.0, False, True, False)
        found.append(getattr(lib, name)(*args))
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


def test_calls_that_do_not_fit_are_refused() -> None:
    layer = nn.GRU(4, 5)
    with pytest.raises(tw.errors.CallError, match="gru: missing a required argument"):
        wing.gru(wing.tensor(X))
    with pytest.raises(tw.errors.CallError, match="gru got 3 weights for 1 directions"):
        wing.gru(
            wing.tensor(X), wing.zeros(1, 3, 5), layer._flat_weights[:3], True, 1, 0.0, False,
            False, False,
        )  # fmt: skip


# ---- natively


@kinds
@pytest.mark.parametrize("name", ["plain", "layers both ways", "no bias", "batch first"])
def test_networks_run_natively(kind: str, name: str) -> None:
    layer = getattr(nn, kind)(4, 5, **OPTIONS[name]).requires_grad_(False)
    runs_natively(lambda x: layer(x), X)


def test_projections_and_packed_sequences_run_natively() -> None:
    layer = nn.LSTM(4, 5, proj_size=2, bidirectional=True).requires_grad_(False)
    runs_natively(lambda x: layer(x), X)

    def of_packed(x: Any) -> Any:
        packed = nn.utils.rnn.pack_padded_sequence(x, [2, 6, 4], enforce_sorted=False)
        out, (h, c) = layer(packed)
        return [nn.utils.rnn.pad_packed_sequence(out)[0], h, c]

    runs_natively(of_packed, X)


class Forecast(nn.Module):
    """A network whose last result a linear layer maps to a number."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__()
        self.network = getattr(nn, kind)(4, 5, batch_first=True, **options)
        self.head = nn.Linear(5 * (2 if options.get("bidirectional") else 1), 1)

    def forward(self, x: Any) -> Any:
        return self.head(self.network(x)[0][:, -1])


@kinds
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}])
def test_networks_train_natively(kind: str, options: dict[str, Any]) -> None:
    seeded(0)
    data = numbers(7, 6, 4), numbers(7, 1)
    trains_natively(Forecast(kind, **options), data, nn.MSELoss())


def test_dropout_between_layers_trains_natively() -> None:
    model = Forecast("GRU", num_layers=2, dropout=0.5)
    data = numbers(32, 6, 4).astype(np.float64), numbers(32, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tw.fit(
            model, data, loss=nn.MSELoss(), optimizer=tw.optim.adam(0.01), batch_size=8, epochs=5,
            engine="native", fallback="refuse",
        )  # fmt: skip
    assert np.isfinite(found.history.loss).all()


def _equations(program: Program) -> int:
    return sum(1 + sum(map(_equations, nested(e))) for e in program.equations)


@kinds
def test_a_longer_sequence_is_no_longer_program(kind: str) -> None:
    def size(length: int) -> int:
        data = numbers(4, length, 4), numbers(4, 1)
        tw.fit(
            Forecast(kind), data, loss=nn.MSELoss(), optimizer=tw.optim.sgd(0.01), steps=1,
            progress=False,
        )  # fmt: skip
        return _equations(STEPS.values()[-1].loop.step)

    assert size(12) == size(300) < 500


@kinds
def test_anomalies_are_looked_for(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = getattr(nn, kind)(4, 5)
        with wing.autograd.detect_anomaly():
            layer(wing.tensor(X))[0].sum().backward()
            assert np.isfinite(layer.weight_hh_l0.grad.numpy()).all()
            with pytest.raises(tw.errors.GradientError, match="nan values"):
                layer(wing.tensor(X) * float("nan"))[0].sum().backward()


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_values_and_derivatives_have_all_digits(kind: str) -> None:
    found = []
    for lib, layer in zip((wing, torch), pairs(kind, OPTIONS["layers both ways"]), strict=True):
        x = lib.tensor(numbers(40, 3, 4)).requires_grad_()
        out = layer(x)[0]
        (out * out.cos()).sum().backward()
        weights = [parameter.grad for parameter in layer.parameters()]
        found.append([t.numpy(force=True) for t in (out, x.grad, *weights)])
    for mine, their in zip(*found, strict=True):
        np.testing.assert_allclose(mine, their, rtol=1e-12, atol=1e-12 * np.abs(their).max())


def test_threads_do_not_share_memory() -> None:
    layer, x = nn.LSTM(4, 5).requires_grad_(False), wing.tensor(X)

    def slope(scale: float) -> np.ndarray:
        leaf = (x * scale).requires_grad_()
        return wing.autograd.grad(layer(leaf)[0].sin().sum(), leaf)[0].numpy()

    scales = [0.5, 1.0, 1.5, 2.0] * 25
    wanted = [slope(scale) for scale in scales]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(pool.map(slope, scales), wanted, strict=True):
            np.testing.assert_array_equal(one, other)
