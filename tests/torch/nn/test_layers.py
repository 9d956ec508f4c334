"""Layers: initial values, dropout's stream, running values, and what is compiled natively."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import Library, fill, same, same_error
from thalweg import torch as wing
from thalweg.random import keyed
from thalweg.random.drawing import drawing_with
from thalweg.torch import nn

LAYERS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Bilinear", (3, 4, 5)),
    ("Embedding", (10, 7, 2)),
    ("Conv1d", (4, 6, 3)),
    ("Conv2d", (4, 6, (3, 2), 1, 0, 1, 2)),
    ("ConvTranspose2d", (4, 6, (3, 2), 1, 0, 0, 2)),
    ("BatchNorm1d", (3,)),
    ("LayerNorm", ((3, 4),)),
    ("GroupNorm", (2, 4)),
    ("RMSNorm", (3,)),
    ("PReLU", (3,)),
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "args"), LAYERS, ids=[name for name, _ in LAYERS])
def test_initial_values_are_those_of_pytorch_to_the_bit(
    name: str, args: tuple[Any, ...], dtype: str
) -> None:
    torch.manual_seed(3)
    wing.manual_seed(3)
    theirs = getattr(torch.nn, name)(*args, dtype=getattr(torch, dtype)).state_dict()
    ours = getattr(nn, name)(*args, dtype=dtype).state_dict()
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        found = ours[key].numpy()
        assert found.dtype == value.numpy().dtype
        np.testing.assert_array_equal(found, value.numpy())


# ---- dropout

DROPPING: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("dropout", (7, 40)),
    ("dropout1d", (3, 5, 4)),
    ("dropout1d", (5, 4)),
    ("dropout2d", (3, 5, 4, 2)),
    ("dropout2d", (5, 4, 3)),
    ("dropout3d", (5, 4, 3, 2)),
    ("alpha_dropout", (5, 9)),
    ("feature_alpha_dropout", (3, 5, 4)),
    ("rrelu", (5, 9)),
)


@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D input")
@pytest.mark.parametrize(("name", "shape"), DROPPING)
def test_what_is_drawn_is_pytorch_s(name: str, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    torch.manual_seed(3)
    wing.manual_seed(3)
    ours = getattr(nn.functional, name)(wing.tensor(x), training=True)
    theirs = getattr(torch.nn.functional, name)(torch.tensor(x), training=True)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-15)


def test_dropout_s_derivative_is_what_it_multiplied_by() -> None:
    x = wing.ones(100).requires_grad_()
    out = nn.Dropout(0.25)(x)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), out.detach().numpy())


def test_a_traced_dropout_draws_anew_with_each_key() -> None:
    layers = nn.Sequential(nn.Dropout(0.5), nn.Dropout(0.5))

    @tw.jit
    def run(key: wing.Tensor, x: wing.Tensor) -> wing.Tensor:
        with drawing_with(key):
            return layers(x)

    x = wing.ones(4000)
    first, again, other = (run(keyed.key(n), x).numpy() for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert set(first.tolist()) == {0.0, 4.0}
    assert abs(np.mean(first == 4) - 0.25) < 0.05


def test_a_traced_dropout_without_a_key_is_refused() -> None:
    with pytest.raises(tw.errors.TracingError, match="key"):
        tw.jit(lambda x: nn.Dropout()(x))(wing.ones(3))


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_what_is_no_probability_is_refused(p: float) -> None:
    same_error(lambda lib: lib.nn.Dropout(p), "between 0 and 1")


# ---- running values


@pytest.mark.parametrize("momentum", [0.1, None])
def test_running_values_follow_several_batches(momentum: float | None) -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.BatchNorm1d(3, momentum=momentum)
        for number in range(3):
            layer(lib.range(4, 3) * (number + 1))
        training = dict(layer.state_dict())
        return training, layer.eval()(lib.range(4, 3))

    same(code, rel=1e-12)


def test_running_values_follow_in_a_traced_function() -> None:
    layer = nn.BatchNorm1d(3).requires_grad_(False)
    x = wing.tensor(np.random.default_rng(0).normal(size=(4, 3)))
    buffers = dict(layer.named_buffers())

    def step(buffers: dict[str, wing.Tensor], x: wing.Tensor) -> Any:
        out = nn.functional_call(layer, buffers, (x,))
        return out, buffers

    before = {name: value.clone() for name, value in buffers.items()}
    out, after = tw.jit(step)(before, x)
    np.testing.assert_allclose(out.numpy(), layer(x).detach().numpy(), rtol=1e-12)
    for name, value in layer.named_buffers():
        np.testing.assert_allclose(after[name].numpy(), value.numpy(), rtol=1e-12)


# ---- in place


@pytest.mark.parametrize(
    "name", ["ReLU", "LeakyReLU", "ELU", "CELU", "SELU", "SiLU", "Mish", "ReLU6", "Hardswish"]
)
def test_activations_can_write_into_their_input(name: str) -> None:
    def code(lib: Library) -> Any:
        x = lib.range(7).requires_grad_()
        hidden = x * 2
        out = getattr(lib.nn, name)(inplace=True)(hidden)
        (out * lib.range(7)).sum().backward()
        return hidden, out, x.grad, repr(getattr(lib.nn, name)(inplace=True))

    same(code, rel=1e-12)


# ---- embeddings


@pytest.mark.parametrize(
    "options", [{"padding_idx": -1}, {"max_norm": 1.0}, {"scale_grad_by_freq": True}]
)
def test_embeddings_with_options(options: dict[str, Any]) -> None:
    def code(lib: Library) -> Any:
        layer = lib.nn.Embedding(4, 3, _weight=lib.range(4, 3), **options)
        indices = lib.array([[0, 3], [1, 3]])
        indices = indices.long() if lib.nn is torch.nn else indices.astype(np.int64)
        out = layer(indices)
        (out * lib.range(2, 2, 3)).sum().backward()
        return out, layer.weight, layer.weight.grad, repr(layer)

    same(code, rel=1e-12)


# ---- transposed convolutions


@pytest.mark.parametrize("size", [None, (5, 5), (2, 4, 6, 5)])
def test_transposed_convolutions_can_have_the_size_that_is_wanted(size: Any) -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1), lib)
        return layer(lib.range(2, 3, 3, 3), output_size=size), repr(layer)

    same(code, rel=1e-12)


# ---- native code

TRACED: tuple[tuple[nn.Module, tuple[int, ...]], ...] = (
    (nn.Conv1d(2, 3, 2, padding=1), (4, 2, 5)),
    (nn.Conv2d(2, 4, 3, padding="same", groups=2), (2, 2, 5, 4)),
    (nn.MaxPool2d(2), (2, 2, 4, 4)),
    (nn.AvgPool1d(2), (2, 2, 4)),
    (nn.AdaptiveAvgPool2d((2, 3)), (2, 2, 4, 5)),
    (nn.LayerNorm(3), (4, 3)),
    (nn.GroupNorm(2, 4), (3, 4, 5)),
    (nn.RMSNorm(3), (4, 3)),
    (nn.BatchNorm1d(3).eval(), (4, 3)),
    (nn.Bilinear(3, 3, 2), (4, 3)),
    (nn.ReflectionPad2d(1), (2, 2, 3, 4)),
    (nn.GLU(), (3, 4)),
    (nn.Softmax(1), (3, 4)),
    (nn.PReLU(4), (3, 4)),
    (nn.Softshrink(), (3, 4)),
    (nn.Hardswish(), (3, 4)),
    (nn.CELU(), (3, 4)),
    (nn.Mish(), (3, 4)),
)


@pytest.mark.parametrize(("layer", "shape"), TRACED, ids=[type(x).__name__ for x, _ in TRACED])
def test_layers_and_their_derivatives_run_natively(layer: nn.Module, shape: Any) -> None:
    x = wing.tensor(np.random.default_rng(0).normal(size=shape))
    # Where derivatives of what a traced function captures are wanted, it is not compiled.
    layer.double().requires_grad_(False)
    count = 2 if isinstance(layer, nn.Bilinear) else 1

    def loss(x: wing.Tensor) -> wing.Tensor:
        out = layer(*(x,) * count)
        return wing.sum(out * out)

    step = tw.value_and_grad(loss)
    with warnings.catch_warnings():
        # The reference engine would warn.
        warnings.simplefilter("error")
        found = tw.jit(step, engine="native")(x)
    for one, other in zip(found, step(x), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(force=True), rtol=1e-10, atol=1e-12)


LOSSES: tuple[nn.Module, ...] = (
    nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(), nn.PoissonNLLLoss(full=True),
    nn.BCEWithLogitsLoss(), nn.SoftMarginLoss(), nn.HingeEmbeddingLoss(),
    nn.MultiLabelSoftMarginLoss(), nn.CrossEntropyLoss(label_smoothing=0.1), nn.NLLLoss(),
    nn.MultiMarginLoss(), nn.KLDivLoss(),
)  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES, ids=[type(x).__name__ for x in LOSSES])
def test_losses_and_their_derivatives_run_natively(loss: nn.Module) -> None:
    rng = np.random.default_rng(0)
    x = wing.tensor(rng.normal(size=(5, 3)))
    classes = isinstance(loss, nn.CrossEntropyLoss | nn.NLLLoss | nn.MultiMarginLoss)
    y = wing.tensor(rng.integers(0, 3, 5) if classes else rng.integers(0, 2, (5, 3)) * 1.0)
    step = tw.value_and_grad(lambda x, y: loss(x, y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tw.jit(step, engine="native")(x, y)
    for one, other in zip(found, step(x, y), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(force=True), rtol=1e-10, atol=1e-12)


# ---- refusals


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda lib: lib.nn.Conv2d(3, 4, 2, groups=2), "divisible by groups"),
        (lambda lib: lib.nn.Conv1d(3, 4, 2, padding="some"), "padding string"),
        (lambda lib: lib.nn.BatchNorm2d(3)(lib.ones(2, 3)), "expected 4D"),
        (lambda lib: lib.nn.BatchNorm1d(3)(lib.ones(1, 3)), "more than 1 value per channel"),
        (lambda lib: lib.nn.GroupNorm(2, 3), "divisible"),
        (lambda lib: lib.nn.LayerNorm(3)(lib.ones(2, 4)), "normalized_shape"),
        (lambda lib: lib.nn.GLU()(lib.ones(3)), "must be even"),
        (lambda lib: lib.nn.BCELoss()(lib.ones(3) * 2, lib.ones(3)), "between 0 and 1"),
        (lambda lib: lib.nn.BCEWithLogitsLoss()(lib.ones(3), lib.ones(4)), "same"),
        (lambda lib: lib.nn.MSELoss(reduction="most")(lib.ones(3), lib.ones(3)), "not a valid"),
        (lambda lib: lib.nn.TripletMarginLoss(margin=-1.0), "greater than 0"),
        (lambda lib: lib.nn.ReflectionPad1d(3)(lib.ones(2, 3)), "less than the corresponding"),
    ],
)
def test_what_pytorch_refuses_is_refused(code: Any, text: str) -> None:
    same_error(code, text)


def test_a_target_that_is_no_class_is_refused() -> None:
    for target in ([0, 3], [0, -1]):
        with pytest.raises(IndexError):
            nn.CrossEntropyLoss()(wing.zeros((2, 3)), wing.tensor(np.array(target)))
