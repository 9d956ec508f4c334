"""Layers fused with a batch normalization, and modules made or called in other ways."""

from typing import Any

import pytest

from tests.torch.nn.libraries import Library, fill, same, same_error
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing
from thalweg.torch import nn


def normed(lib: Library, kind: str, features: int, affine: bool = True) -> Any:
    """Return a batch normalization with statistics of its own, in evaluation."""
    norm = fill(getattr(lib.nn, kind)(features, affine=affine), lib)
    norm.running_mean.copy_(lib.range(features))
    norm.running_var.copy_(lib.range(features).abs() + 0.5)
    return norm.eval()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("kind", ["Conv1d", "Conv2d", "ConvTranspose2d"])
def test_convolutions_take_the_normalization_in(kind: str, affine: bool, bias: bool) -> None:
    def code(lib: Library) -> Any:
        conv = fill(getattr(lib.nn, kind)(2, 3, 2, bias=bias), lib).eval()
        norm = normed(lib, f"BatchNorm{kind[-2:]}", 3, affine)
        fused = root(lib).nn.utils.fuse_conv_bn_eval(conv, norm, kind.startswith("ConvT"))
        x = lib.range(1, 2, *(4,) * int(kind[-2]))
        requires = fused.weight.requires_grad, fused.bias.requires_grad
        return fused, requires if bias else None, fused(x), norm(conv(x)) - fused(x)

    same(code)


@pytest.mark.parametrize("features", [3, 1])
def test_linear_layers_do_too(features: int) -> None:
    def code(lib: Library) -> Any:
        linear = fill(lib.nn.Linear(4, 3), lib).eval()
        fused = root(lib).nn.utils.fuse_linear_bn_eval(linear, normed(lib, "BatchNorm1d", features))
        return fused, fused.state_dict()

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda u, n: u.fuse_conv_bn_eval(n.Conv1d(2, 3, 1), n.BatchNorm1d(3)), "Fusion only"),
        (
            lambda u, n: u.fuse_linear_bn_eval(n.Linear(2, 3).eval(), n.BatchNorm1d(2).eval()),
            "To fuse, linear.out_features",
        ),
        (
            lambda u, n: u.fuse_conv_bn_eval(
                n.Conv1d(2, 3, 1).eval(), n.BatchNorm1d(3, track_running_stats=False).eval()
            ),
            "must not be None",
        ),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    same_error(lambda lib: code(root(lib).nn.utils, lib.nn), text)


def test_functional_call_by_its_older_name() -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.Linear(2, 2), lib)
        with pytest.warns(FutureWarning, match="functional_call. is deprecated as of"):
            return root(lib).nn.utils.stateless.functional_call(
                layer, {"bias": lib.ones(2)}, lib.ones(1, 2)
            )

    same(code)


def test_the_older_name_of_clipping() -> None:
    def code(lib: Library) -> Any:
        layer = fill(lib.nn.Linear(2, 2), lib)
        layer(lib.ones(1, 2)).sum().backward()
        with pytest.warns(FutureWarning, match="clip_grad_norm. is now deprecated"):
            total = root(lib).nn.utils.clip_grad_norm(layer.parameters(), 0.5)
        return total, layer.weight.grad

    same(code)


def test_a_module_is_made_without_drawing_numbers() -> None:
    wing.manual_seed(0)
    before = wing.get_rng_state().tolist()
    layer = nn.utils.skip_init(nn.Linear, 3, 2, bias=False)
    assert wing.get_rng_state().tolist() == before
    assert (layer.weight.shape, layer.bias) == ((2, 3), None)
    same_error(lambda lib: root(lib).nn.utils.skip_init(lib.nn.Module, 3), "must support a")
    same_error(lambda lib: root(lib).nn.utils.skip_init(dict, 3), "Expected a Module")


def test_the_order_in_memory_is_accepted() -> None:
    conv = nn.Conv2d(2, 3, 2)
    convert = nn.utils.convert_conv2d_weight_memory_format
    assert convert(conv, wing.contiguous_format) is conv
    assert nn.utils.convert_conv3d_weight_memory_format(conv, wing.contiguous_format) is conv
