"""Layers that are one eager operation: values and derivatives are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.control.fused import Fused
from thalweg.core.program import trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import make
from thalweg.torch.fused import convolution

Function = Callable[..., Any]


@pytest.fixture(autouse=True)
def _plain_attention() -> Iterator[None]:
    """Let PyTorch's attention be made of operations that have two derivatives."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        yield


def _classes(lib: Any) -> Any:
    return lib.tensor([0, 3, 1, 3, 2, 0])


def _conv(rank: int, **options: Any) -> Function:
    return lambda lib, x, w, b: getattr(lib.nn.functional, f"conv{rank}d")(x, w, b, **options)


def _pool(rank: int, **options: Any) -> Function:
    return lambda lib, x: getattr(lib.nn.functional, f"max_pool{rank}d")(x, **options)


def _resample(mode: str, **options: Any) -> Function:
    return lambda lib, x: lib.nn.functional.interpolate(x, mode=mode, **options)


def _mean(rank: int, **options: Any) -> Function:
    return lambda lib, x: getattr(lib.nn.functional, f"avg_pool{rank}d")(x, **options)


def _attend(**options: Any) -> Function:
    def attend(lib: Any, q: Any, k: Any, v: Any) -> Any:
        given = {key: lib.tensor(o) if hasattr(o, "shape") else o for key, o in options.items()}
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, **given)

    return attend


def _by_heads(lib: Any, x: Any, w: Any, b: Any, out: Any) -> Any:
    found = lib.nn.functional.multi_head_attention_forward(
        x, x, x, 6, 2, w, b, None, None, False, 0.0, out, None, need_weights=False
    )
    return found[0]


_SEEN = np.array([[True, False, True, True]] * 2 + [[False, True, True, False]])

# A function of a library and of tensors, and the shapes of these.
CASES: dict[str, tuple[Function, tuple[tuple[int, ...], ...]]] = {
    "linear": (lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), ((4, 3), (5, 3), (5,))),
    "linear of a stack": (
        lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), ((2, 4, 3), (5, 3), (5,)),
    ),
    "linear without bias": (lambda lib, x, w: lib.nn.functional.linear(x, w), ((4, 3), (5, 3))),
    "relu": (lambda lib, x: lib.relu(x), ((4, 3),)),
    "convolution": (_conv(2, padding=1), ((2, 3, 5, 4), (4, 3, 3, 3), (4,))),
    "by steps": (_conv(2, stride=(2, 1), padding=(1, 0)), ((2, 3, 6, 5), (4, 3, 3, 2), (4,))),
    "dilated, in groups": (
        _conv(1, dilation=2, groups=2, padding="same"), ((2, 4, 7), (6, 2, 3), (6,)),
    ),
    "each channel alone": (_conv(2, groups=3), ((2, 3, 4, 4), (3, 1, 2, 2), (3,))),
    "of one element": (_conv(2), ((2, 3, 3, 2), (4, 3, 1, 1), (4,))),
    "of volumes": (_conv(3), ((1, 2, 3, 3, 3), (2, 2, 2, 2, 2), (2,))),
    "without a batch": (_conv(1), ((2, 6), (3, 2, 3), (3,))),
    "maxima": (_pool(2, kernel_size=2), ((2, 2, 4, 5),)),
    "maxima that overlap": (_pool(1, kernel_size=3, stride=1, padding=1), ((2, 2, 6),)),
    "maxima to the end": (_pool(2, kernel_size=3, stride=2, ceil_mode=True), ((1, 2, 6, 4),)),
    "maxima apart": (_pool(3, kernel_size=2, stride=3), ((1, 1, 5, 5, 5),)),
    "means": (_mean(2, kernel_size=2), ((2, 2, 4, 5),)),
    "means with their padding": (
        _mean(2, kernel_size=3, stride=2, padding=1, ceil_mode=True), ((1, 2, 6, 5),),
    ),
    "means without it": (
        _mean(1, kernel_size=3, stride=1, padding=1, count_include_pad=False), ((2, 2, 6),),
    ),
    "sums, divided": (_mean(3, kernel_size=2, divisor_override=3), ((1, 1, 4, 4, 2),)),
    "on a finer grid": (_resample("bilinear", scale_factor=2), ((2, 2, 3, 4),)),
    "on a grid of its corners": (
        _resample("trilinear", size=(3, 2, 5), align_corners=True), ((1, 2, 4, 3, 3),),
    ),
    "smoothed": (_resample("bicubic", size=(3, 4), antialias=True), ((1, 2, 7, 6),)),
    "a signal": (_resample("linear", scale_factor=1.7), ((2, 1, 6),)),
    "batch norm": (
        lambda lib, x, w, b: lib.nn.functional.batch_norm(x, None, None, w, b, True),
        ((5, 3), (3,), (3,)),
    ),
    "batch norm of images": (
        lambda lib, x, w, b: lib.nn.functional.batch_norm(x, None, None, w, b, True),
        ((2, 3, 2, 4), (3,), (3,)),
    ),
    "layer norm": (
        lambda lib, x, w, b: lib.nn.functional.layer_norm(x, (3, 4), w, b),
        ((2, 3, 4), (3, 4), (3, 4)),
    ),
    "layer norm alone": (lambda lib, x: lib.nn.functional.layer_norm(x, (4,)), ((5, 4),)),
    "cross entropy": (
        lambda lib, x: lib.nn.functional.cross_entropy(x, _classes(lib)), ((6, 4),),
    ),
    "cross entropies": (
        lambda lib, x: lib.nn.functional.cross_entropy(x, _classes(lib), reduction="none"),
        ((6, 4),),
    ),
    "attention": (_attend(), ((2, 3, 2), (2, 4, 2), (2, 4, 5))),
    "causal attention": (_attend(is_causal=True, scale=0.3), ((3, 2), (3, 2), (3, 5))),
    "masked attention": (_attend(attn_mask=_SEEN), ((2, 3, 2), (2, 4, 2), (2, 4, 5))),
    "attention by heads": (_by_heads, ((3, 2, 6), (18, 6), (18,), (6, 6))),
}  # fmt: skip


def _arrays(name: str) -> list[Any]:
    rng = np.random.default_rng(len(name))
    return [rng.normal(size=shape) for shape in CASES[name][1]]


def _weighted(lib: Any, y: Any) -> Any:
    return (y * lib.arange(1.0, y.numel() + 1, dtype=lib.float64).reshape(y.shape).sin()).sum()


@pytest.mark.parametrize("name", CASES)
def test_values_and_two_derivatives_are_pytorch_s(name: str) -> None:
    function, found = CASES[name][0], []
    for lib in (wing, torch):
        given = [lib.tensor(array).requires_grad_() for array in _arrays(name)]
        value = function(lib, *given)
        _weighted(lib, value).backward()
        first = [x.grad.clone() for x in given]
        for x in given:
            x.grad = None
        again = lib.autograd.grad((function(lib, *given) ** 3).sum(), given, create_graph=True)
        sum((g**2).sum() for g in again).backward()
        found.append([value, *first, *again, *(x.grad for x in given)])
    for ours, theirs in zip(*found, strict=True):
        wanted = theirs.detach().numpy()
        # Sums of large numbers, some of which are 0 but for rounding.
        least = 1e-11 * max(1.0, float(np.max(np.abs(wanted))))
        np.testing.assert_allclose(ours.detach().numpy(), wanted, 1e-9, least)


@pytest.mark.parametrize("name", CASES)
def test_each_operand_has_its_derivative_alone(name: str) -> None:
    function = CASES[name][0]
    arrays = _arrays(name)
    for place in range(len(arrays)):
        found = []
        for lib in (wing, torch):
            given = [lib.tensor(array) for array in arrays]
            given[place].requires_grad_()
            _weighted(lib, function(lib, *given)).backward()
            assert all(x.grad is None for i, x in enumerate(given) if i != place)
            found.append(given[place].grad.numpy())
        np.testing.assert_allclose(*found, 1e-9, 1e-11)


@pytest.mark.parametrize("name", CASES)
def test_it_is_one_step_of_the_tape_and_traced_it_is_operations(name: str) -> None:
    function = CASES[name][0]
    given = [wing.tensor(array).requires_grad_() for array in _arrays(name)]
    steps, names = [function(wing, *given).node], set()
    while steps:
        node = steps.pop()
        names |= {node.primitive.name} if node.primitive is not None else set()
        steps += [source for source in node.sources if source is not None]
    assert "fused" in names
    assert names <= {"fused", "reshape", "slice_", "transpose"}
    specs = [Spec(x.array.shape, x.array.dtype) for x in given]
    symbolic = lambda symbol: make(symbol, None, False, type(given[0]))
    _, current, _ = trace(lambda *leaves: function(wing, *leaves), specs, symbolic)
    assert not any(equation.primitive.name == "fused" for equation in current.equations)


# PyTorch makes its own forward derivatives by what it calls deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_forward_derivatives_and_compiled_values_agree(name: str) -> None:
    function, arrays = CASES[name][0], _arrays(name)
    ours = [wing.tensor(array) for array in arrays]
    turned = [wing.tensor(np.cos(array)) for array in arrays]
    apart = lambda *given: function(wing, *given)
    value, tangent = wing.func.jvp(apart, tuple(ours), tuple(turned))
    _, expected = torch.func.jvp(
        lambda *given: function(torch, *given), tuple(map(torch.tensor, arrays)),
        tuple(torch.tensor(np.cos(array)) for array in arrays),
    )  # fmt: skip
    np.testing.assert_allclose(tangent.numpy(), expected.numpy(), 1e-9, 1e-11)
    np.testing.assert_allclose(tw.jit(apart)(*ours).numpy(), value.numpy(), 1e-9, 1e-11)


FORMS = {
    "linear": "affine",
    "relu": "rectified",
    "convolution": "convolved",
    "maxima": "largest",
    "means": "averaged",
    "on a finer grid": "resampled",
    "batch norm": "by_batch",
    "layer norm": "by_features",
    "cross entropy": "cross_entropies",
    "attention": "attended",
    "attention by heads": "attended_by_head",
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_taken_that_is_meant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[str] = []
    keeping = Fused.keeping

    def noted(form: Fused, *operands: Any, **options: Any) -> Any:
        met.append(form.forward.__name__)
        return keeping(form, *operands, **options)

    monkeypatch.setattr(Fused, "keeping", noted)
    CASES[name][0](wing, *(wing.tensor(array).requires_grad_() for array in _arrays(name)))
    assert FORMS[name] in met


@pytest.mark.parametrize("shape", [(3, 5), (300, 256)])
def test_rows_are_normalized_alike_by_numpy_and_by_loops(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    arrays = [rng.normal(3.0, 2.0, shape), rng.normal(size=shape[1]), rng.normal(size=shape[1])]
    found = []
    for lib in (wing, torch):
        x, w, b = (lib.tensor(array) for array in arrays)
        alone = lib.nn.functional.layer_norm(x, shape[1:], w, b)
        given = [t.clone().requires_grad_() for t in (x, w, b)]
        recorded = lib.nn.functional.layer_norm(given[0], shape[1:], *given[1:])
        _weighted(lib, recorded).backward()
        found.append([alone, recorded.detach(), *(t.grad for t in given)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-10, 1e-11)
    np.testing.assert_array_equal(found[0][0].numpy(), found[0][1].numpy())


def test_maxima_that_nobody_records_are_those_that_are_recorded() -> None:
    x = wing.tensor(np.random.default_rng(3).normal(size=(2, 3, 7, 6)))
    x[0, 0, 1, 1], x[1, 2, 3, 3] = float("nan"), -float("inf")
    for options in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 1, "padding": 1}):
        alone = wing.nn.functional.max_pool2d(x, **options)
        recorded = wing.nn.functional.max_pool2d(x.clone().requires_grad_(), **options)
        assert alone.node is None
        assert recorded.node is not None
        np.testing.assert_array_equal(alone.numpy(), recorded.detach().numpy())


def test_what_was_overwritten_is_refused_if_it_is_needed() -> None:
    x = wing.ones(2, 3, requires_grad=True) * 2
    w = wing.ones(4, 3, requires_grad=True)
    y = wing.nn.functional.linear(x, w)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    image = wing.ones(1, 1, 3, 3, requires_grad=True) * 2
    kernel = wing.ones(1, 1, 1, 1, requires_grad=True)
    y = wing.nn.functional.conv2d(image, kernel)
    image.mul_(2)
    with pytest.raises(RuntimeError, match="ConvolutionBackward0 needs its operand 0"):
        y.sum().backward()


def test_what_no_derivative_needs_may_be_overwritten() -> None:
    for function in (wing.relu, lambda x: wing.nn.functional.max_pool1d(x, 2)):
        for changes in ("operand", "result"):
            leaf = wing.tensor([[[1.0, -2.0, 3.0, 5.0]]], requires_grad=True)
            x = leaf * 1
            y = function(x)
            (x if changes == "operand" else y).mul_(-2)
            y.sum().backward()
            sign = 1 if changes == "operand" else -2
            expected = [1.0, 0.0, 1.0, 1.0] if function is wing.relu else [1.0, 0.0, 0.0, 1.0]
            assert leaf.grad.tolist() == [[[sign * g for g in expected]]]


def test_nothing_infinite_comes_through_what_is_closed() -> None:
    x = wing.tensor([[-1.0, 2.0, 0.0, -0.0]], requires_grad=True)
    y = wing.relu(x)
    assert np.signbit(y.detach().numpy()).tolist() == [[False] * 4]
    y.backward(wing.tensor([[np.inf, np.inf, np.nan, 1.0]]))
    assert x.grad.tolist() == [[0.0, np.inf, 0.0, 0.0]]
    pooled = wing.tensor([[[1.0, 3.0, 3.0, 2.0]]], requires_grad=True)
    wing.nn.functional.max_pool1d(pooled, 2).backward(wing.tensor([[[np.inf, 1.0]]]))
    assert pooled.grad.tolist() == [[[0.0, np.inf, 1.0, 0.0]]]


def test_nan_is_the_maximum_as_in_pytorch() -> None:
    data, found = [[[1.0, np.nan, np.nan, 2.0, 5.0, 4.0]]], []
    for lib in (wing, torch):
        x = lib.tensor(data, dtype=lib.float64).requires_grad_()
        y = lib.nn.functional.max_pool1d(x, 3)
        y.backward(lib.tensor([[[2.0, 3.0]]], dtype=lib.float64))
        found.append([y.detach().numpy(), x.grad.numpy()])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_many_examples_are_convolved_by_parts_without_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng, found = np.random.default_rng(0), []
    arrays = [rng.normal(size=shape) for shape in ((5, 2, 6, 6), (3, 2, 3, 3), (3,))]
    for limits in ((1 << 20, 1 << 25), (1 << 12, 1 << 25), (1, 0)):
        monkeypatch.setattr(convolution, "_AT_A_TIME", limits[0])
        monkeypatch.setattr(convolution, "_KEPT", limits[1])
        given = [wing.tensor(array).requires_grad_() for array in arrays]
        y = wing.nn.functional.conv2d(*given, padding=1)
        _weighted(wing, y).backward()
        found.append([y.detach().numpy(), *(x.grad.numpy() for x in given)])
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_allclose(same, one, 1e-12, 1e-13)


@pytest.mark.singles
def test_dropped_weights_and_elements_are_pytorch_s() -> None:
    found = []
    for lib in (wing, torch):
        lib.manual_seed(3)
        layer = lib.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.3, batch_first=True)
        x = lib.randn(3, 5, 8).requires_grad_()
        y = layer(x)
        (y**2).sum().backward()
        found.append([y.detach().numpy(), x.grad.numpy(), layer.linear1.weight.grad.numpy()])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, 2e-4, 2e-5)


def test_a_learned_scale_and_infinite_operands_take_the_long_road() -> None:
    q, k, v = (wing.tensor(array) for array in _arrays("attention"))
    scale = wing.tensor(0.5, requires_grad=True)
    attend = wing.nn.functional.scaled_dot_product_attention
    attend(q, k, v, scale=scale).sum().backward()
    assert scale.grad is not None
    np.testing.assert_array_equal(
        attend(q, k, v, scale=scale.detach()).numpy(),
        attend(q, k, v, scale=wing.tensor(0.5)).numpy(),
    )
    x, w = wing.tensor([[np.inf, 1.0]]), wing.tensor([[1.0, 2.0]])
    moved = lambda x: wing.nn.functional.linear(x, w, wing.zeros(1))
    assert wing.func.jvp(moved, (x,), (wing.ones(1, 2),))[1].tolist() == [[3.0]]
