"""Lazy modules beside PyTorch's: what they learn, become, save and refuse; and in fits."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import close, numbers, seeded
from tests.torch.nn.libraries import THALWEG, Library, same, same_error
from thalweg import torch as wing
from thalweg.torch import nn

SIGNAL, IMAGE, VOLUME = numbers(2, 4, 7), numbers(2, 4, 6, 5), numbers(2, 4, 5, 4, 5)

LAYERS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], Any]] = {
    "linear": ("LazyLinear", (3,), {}, numbers(2, 5)),
    "linear without bias": ("LazyLinear", (3, False), {}, numbers(5)),
    "conv1d": ("LazyConv1d", (6, 3), {}, SIGNAL),
    "conv1d without batch": ("LazyConv1d", (6, 3), {}, SIGNAL[0]),
    "conv2d": ("LazyConv2d", (6, (3, 2), 2, 1, 1, 2), {}, IMAGE),
    "conv2d circular": ("LazyConv2d", (6, 3, 1, 1, 1, 1, False, "circular"), {}, IMAGE),
    "conv3d": ("LazyConv3d", (6, 2), {"dilation": 2}, VOLUME),
    "transpose 1d": ("LazyConvTranspose1d", (6, 3), {}, SIGNAL),
    "transpose 2d": ("LazyConvTranspose2d", (6, 3, 2, 1, 1, 2, False, 2), {}, IMAGE),
    "transpose 3d": ("LazyConvTranspose3d", (6, 3), {}, VOLUME[0]),
    "batch 1d": ("LazyBatchNorm1d", (), {}, numbers(5, 3)),
    "batch 2d": ("LazyBatchNorm2d", (0.1, None), {"bias": False}, IMAGE),
    "batch 3d": ("LazyBatchNorm3d", (), {"affine": False}, VOLUME),
    "batch without track": ("LazyBatchNorm2d", (), {"track_running_stats": False}, IMAGE),
    "instance 1d": ("LazyInstanceNorm1d", (), {}, SIGNAL),
    "instance 2d": ("LazyInstanceNorm2d", (0.1, 0.2, True, False), {}, IMAGE),
    "instance 3d": ("LazyInstanceNorm3d", (), {"affine": False}, VOLUME),
}

layers = pytest.mark.parametrize(("name", "given", "words", "x"), LAYERS.values(), ids=list(LAYERS))


@layers
def test_the_first_call_makes_of_it_what_pytorch_makes(
    name: str, given: Any, words: Any, x: Any
) -> None:
    pairs = []
    for library, dtype in ((wing, np.float64), (torch, torch.float64)):
        seeded(3)
        layer = getattr(library.nn, name)(*given, **words, dtype=dtype)
        before = repr(layer), list(layer.state_dict()), repr(layer.state_dict().get("weight"))
        out = layer(library.tensor(x))
        pairs.append((layer, before, type(layer).__name__, repr(layer), out))
    (mine, *words_of_mine, out), (their, *words_of_their, their_out) = pairs
    assert words_of_mine == words_of_their
    assert list(mine.state_dict()) == list(their.state_dict())
    for a, b in zip(mine.parameters(), their.parameters(), strict=True):
        np.testing.assert_array_equal(a.numpy(force=True), b.numpy(force=True))
    for a, b in zip(mine.buffers(), their.buffers(), strict=True):
        close(a, b, "float64")
    close(out, their_out, "float64")
    assert not any(isinstance(p, nn.UninitializedParameter) for p in mine.parameters())
    again = mine(wing.tensor(x))
    close(again, their(torch.tensor(x)), "float64")


@layers
def test_values_of_a_layer_that_has_seen_data_can_be_loaded(
    name: str, given: Any, words: Any, x: Any
) -> None:
    def make() -> Any:
        return getattr(nn, name)(*given, **words)

    learned, other = make(), make()
    learned(wing.tensor(x))
    assert not any(other.load_state_dict(learned.state_dict()))
    other(wing.tensor(x))
    # PyTorch's have no channels, but of the linear layer.
    assert repr(other) == repr(learned) or not learned.state_dict()
    for a, b in zip(other.parameters(), learned.parameters(), strict=True):
        np.testing.assert_array_equal(a.numpy(force=True), b.numpy(force=True))


def test_what_is_open_can_be_loaded_into_what_is_open_only() -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.LazyLinear(3)
        found = layer.load_state_dict(lib.nn.LazyLinear(3).state_dict())
        return repr(found), repr(layer)

    same(code)
    same_error(
        lambda lib: lib.nn.Linear(5, 3).load_state_dict(lib.nn.LazyLinear(3).state_dict()),
        "Can't access the shape of an uninitialized parameter or buffer",
    )


def test_loaded_values_fix_the_input() -> None:
    def code(lib: Library, extent: int) -> Any:
        layer = lib.nn.LazyLinear(3)
        layer.load_state_dict(lib.nn.Linear(5, 3).state_dict())
        before = repr(layer), type(layer).__name__
        layer(lib.ones(2, extent))
        return before, repr(layer), type(layer).__name__

    same(lambda lib: code(lib, 5))
    with pytest.raises(tw.errors.ArgumentError, match="The in_features inferred from input: 4"):
        code(THALWEG, 4)


def test_an_uninitialized_parameter_becomes_one() -> None:
    def code(lib: Library) -> Any:
        weight = lib.nn.UninitializedParameter()
        before = repr(weight), isinstance(weight, lib.nn.Parameter), weight.requires_grad
        weight.materialize((2, 3))
        frozen = lib.nn.UninitializedParameter(requires_grad=False)
        frozen.materialize((2,))
        kind = type(weight).__name__
        return before, kind, tuple(weight.shape), weight.requires_grad, frozen.requires_grad

    same(code)
    buffer = nn.UninitializedBuffer(dtype=wing.float32, persistent=False)
    assert repr(buffer) == "<UninitializedBuffer>"
    buffer.materialize((2,))
    assert isinstance(buffer, nn.Buffer)
    assert not buffer.persistent
    assert buffer.dtype == wing.float32


@pytest.mark.parametrize(
    "use",
    [
        lambda weight: weight + 1,
        lambda weight: weight.numel(),
        lambda weight: weight.detach(),
        lambda weight: weight.sum(),
    ],
)
def test_an_uninitialized_parameter_cannot_be_used(use: Any) -> None:
    text = "Attempted to use an uninitialized parameter"
    same_error(lambda lib: use(lib.nn.UninitializedParameter()), text)
    same_error(lambda lib: lib.nn.init.ones_(lib.nn.UninitializedParameter()), "uninit")
    same_error(lambda lib: lib.nn.UninitializedParameter().shape, "Can't access the shape of")


def test_copies_and_conversions_stay_open() -> None:
    layer = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())
    other = copy.deepcopy(layer).float()
    assert repr(other) == repr(layer)
    other(wing.ones(2, 4).float())
    assert other[0].weight.dtype == other[1].running_mean.dtype == wing.float32
    assert isinstance(layer[0].weight, nn.UninitializedParameter)
    layer(wing.ones(2, 5))
    assert layer[0].weight.dtype == wing.float64
    weight, buffer = nn.UninitializedParameter(False, dtype="float32"), nn.UninitializedBuffer()
    for value in (weight, buffer):
        found = pickle.loads(pickle.dumps(value))
        assert (type(found), found.dtype) == (type(value), value.dtype)
        assert found.requires_grad == value.requires_grad


def test_hooks_meet_the_layer_that_it_became() -> None:
    def code(lib: Library) -> Any:
        seen: list[str] = []
        layer = lib.nn.LazyLinear(3)
        layer.register_forward_pre_hook(lambda module, args: seen.append(repr(module)))
        layer.register_forward_hook(lambda module, args, out: seen.append(type(module).__name__))
        layer(lib.ones(1, 2))
        return seen

    same(code)


def test_an_optimizer_of_what_is_open_trains_it() -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.LazyLinear(1)
        optim = torch.optim if lib.nn is torch.nn else wing.optim
        optimizer = optim.SGD(layer.parameters(), lr=0.1)
        layer(lib.ones(3, 2))
        lib.nn.init.constant_(layer.weight, 0.5)
        lib.nn.init.constant_(layer.bias, 0.0)
        layer(lib.range(3, 2)).sum().backward()
        optimizer.step()
        return layer.weight, layer.bias

    same(code, rel=1e-12)


def test_modules_of_ones_own() -> None:
    def code(lib: Library, *, complete: bool) -> Any:
        class Scaled(lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.scale = lib.nn.UninitializedParameter()

            def initialize_parameters(self, x: Any) -> None:
                if complete:
                    self.scale.materialize(x.shape[-1:])
                    lib.nn.init.constant_(self.scale, 2.0)

            def forward(self, x: Any) -> Any:
                return self.scale * x

        model = Scaled()
        return model(lib.range(2, 3)), type(model).__name__, model.has_uninitialized_params()

    same(lambda lib: code(lib, complete=True))
    same_error(lambda lib: code(lib, complete=False), "module Scaled has not been fully initialize")
    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for"):
        nn.modules.lazy.LazyModuleMixin()()


def test_inputs_that_do_not_fit_are_refused() -> None:
    same_error(
        lambda lib: lib.nn.LazyConv2d(4, 3)(lib.ones(3, 8)),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to LazyConv2d, but got input of size",
    )
    same_error(
        lambda lib: lib.nn.LazyConv2d(4, 3, groups=2)(lib.ones(1, 3, 8, 8)),
        "in_channels must be divisible by groups",
    )
    with pytest.raises(tw.errors.TracingError, match="LazyLinear was first called while"):
        tw.jit(lambda x: nn.LazyLinear(3)(x))(wing.ones(2, 4))


def test_an_example_without_a_batch_is_normalized_by_its_channels() -> None:
    # PyTorch takes another axis for the channels, and refuses.
    layer = nn.LazyInstanceNorm2d()
    layer(wing.tensor(IMAGE[0]))
    assert layer.num_features == 4


@pytest.mark.parametrize("batch_size", [5, None])
def test_a_fit_learns_the_extents_from_its_data(batch_size: int | None) -> None:
    x = np.random.default_rng(0).normal(size=(20, 4))
    options = {} if batch_size is None else {"batch_size": batch_size}
    found = []
    for shows in (True, False):
        seeded(7)
        model = nn.Sequential(
            nn.LazyLinear(6), nn.LazyBatchNorm1d(), nn.ReLU(), nn.Dropout(0.2), nn.LazyLinear(1)
        )
        if shows:
            model.eval()
            model(wing.tensor(x[:batch_size]))
            model.train()
        tw.fit(
            model, (x, x[:, :1] * 2), loss=nn.functional.mse_loss,
            optimizer=tw.optim.sgd(0.05), steps=5, **options,
        )  # fmt: skip
        found.append([value.numpy() for value in model.state_dict().values()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
