"""The steps of the tape have PyTorch's names."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg import torch as wing

pytestmark = pytest.mark.singles

TEXTS = """
x.exp()
2 * x
1 - x
2 / x
2**x
x @ x
x @ v
v @ v
x.sum()
x.sum(0)
x.mean()
x.mean(dim=1)
x.relu()
F.relu(x)
lib.nn.ReLU()(x)
x[0]
x[0, 1]
x[0:1]
x[:, 0]
x[:, None]
x[..., 0]
x[lib.tensor([0])]
x.unsqueeze(0)
x.squeeze()
x.view(4)
x.reshape(4)
x.flatten()
x.T
x.t()
x.transpose(0, 1)
x.permute(1, 0)
x.expand(3, 2, 2)
x.repeat(2, 1)
x.max()
x.max(0)[0]
x.amax()
x.clamp(0, 1)
x.std()
x.var()
x.norm()
x.sort()[0]
x.softmax(1)
x.log_softmax(1)
x.logsumexp(1)
x.log1p()
x.rsqrt()
x.round()
x.logit()
x.tile(2)
x.prod(0)
x.masked_select(x > 0)
x.unfold(0, 2, 1)
x[None] @ x[None]
x[None] @ x
lib.cdist(x, x + 1)
lib.linalg.solve(x, x)
F.celu(x)
F.glu(x)
F.relu6(x)
F.hardswish(x)
F.hardsigmoid(x)
F.hardshrink(x)
F.softshrink(x)
F.logsigmoid(x)
F.threshold(x, 0.0, 0.0)
F.prelu(x, v[:1])
F.l1_loss(x, 2 * x)
F.soft_margin_loss(x, x.detach().sign())
F.multi_margin_loss(x, lib.tensor([0, 1]))
F.cosine_similarity(x, x + 1)
F.pairwise_distance(x, x + 1)
F.pixel_shuffle(x.expand(4, 2, 2), 2)
F.adaptive_avg_pool2d(x[None], 1)
F.interpolate(x[None, None], scale_factor=2)
F.interpolate(x[None, None], scale_factor=2, mode="bilinear")
F.interpolate(x[None], scale_factor=2, mode="linear")
F.interpolate(x[None, None], size=(1, 1), mode="bicubic", antialias=True)
F.unfold(x[None, None], 2)
F.embedding_bag(lib.tensor([[0, 1]]), x)
x.atan2(x)
x.clone()
x.double()
x.chunk(2)[0]
x.unbind()[1]
x.gather(0, lib.tensor([[0, 0]]))
x.masked_fill(x > 1, 0.0)
x.where(x > 1, -x)
x.contiguous() * 2
lib.cat([x, x])
lib.stack([x, x])
lib.mm(x, x)
lib.bmm(x[None], x[None])
lib.addmm(x, x, x)
lib.inverse(x)
lib.det(x)
F.linear(x, x, v)
F.mse_loss(x, 2 * x)
F.cross_entropy(x, lib.tensor([0, 1]))
F.nll_loss(x, lib.tensor([0, 1]))
F.binary_cross_entropy_with_logits(x, lib.ones(2, 2))
F.gelu(x)
F.layer_norm(x, (2,))
F.batch_norm(x, None, None, training=True)
F.embedding(lib.tensor([0]), x)
F.pad(x, (1, 1))
F.conv2d(c, c)
F.max_pool2d(c, 2)
F.avg_pool2d(c, 2)
lib.nn.Linear(2, 2)(x)
lib.nn.Linear(2, 2, bias=False)(x)
lib.nn.Conv2d(1, 1, 1)(c)
lib.nn.BatchNorm1d(2)(x)
lib.nn.CrossEntropyLoss()(x, lib.tensor([0, 1]))
x**x
x**2
x % x
x % 2
x.fmod(x)
x.pow(x.detach())
lib.acos(x / 9)
lib.atan(x)
lib.asinh(x)
lib.max(x, 2 * x)
lib.min(x, 2 * x)
lib.minimum(x, 2 * x)
x.clamp(min=x.detach())
x.clamp_min(1.0)
x.lerp(2 * x, 0.5)
x.lerp(2 * x, x.detach())
x.masked_fill(x > 1, x[0, 0])
x.scatter(0, lib.tensor([[0, 0]]), 1.0)
x.scatter(0, lib.tensor([[0, 0]]), x)
x.sort(stable=True)[0]
x.split([1, 1])[0]
x[None, None].squeeze((0, 1))
x.round(decimals=1)
x.div(2, rounding_mode="floor") * x
x.cumsum(0)
x.cumprod(0)
x.logcumsumexp(0)
x.index_select(0, lib.tensor([0]))
x.take(lib.tensor([0]))
x.nan_to_num()
x.sinc()
x.trunc()
x.frac()
x.amin(1)
x.rot90()
x.diag_embed()
lib.logaddexp2(x, x)
lib.xlogy(x, x)
lib.std_mean(x)[0]
lib.var_mean(x)[1]
lib.kron(x, x)
lib.block_diag(x, x)
lib.linalg.slogdet(x)[1]
lib.linalg.eigh(x)[0]
lib.linalg.svd(x)[1]
lib.linalg.qr(x)[0]
lib.linalg.pinv(x)
lib.linalg.matrix_exp(x / 9)
lib.linalg.vector_norm(x, 1)
lib.special.i1(x)
lib.special.erfcx(x)
lib.special.log_ndtr(x)
lib.polygamma(1, x)
x.mT
lib.nn.RNN(2, 2)(x)[0]
lib.nn.RNN(2, 2)(x)[1]
lib.nn.MultiheadAttention(2, 1)(c[0], c[0], c[0])[1]
lib.fft.rfft(x)
lib.fft.irfft(lib.fft.rfft(x))
lib.fft.fft2(x)
F.pad(x[None], (1, 1), mode="reflect")
F.pad(x[None], (1, 1), mode="replicate")
F.conv2d(c[0], c)
F.adaptive_max_pool2d(c, 1)
F.max_pool1d(c[0], 2)
F.max_unpool2d(*F.max_pool2d(c, 2, return_indices=True), 2)
F.grid_sample(c, lib.zeros(1, 1, 1, 2), align_corners=False)
F.channel_shuffle(c.expand(1, 4, 2, 2), 2)
F.softsign(x)
F.tanhshrink(x)
F.rrelu(x, training=True)
F.bilinear(x, x, x[None])
F.cross_entropy(x, x.detach().softmax(1))
F.cross_entropy(x, lib.tensor([0, 1]), label_smoothing=0.1)
F.cross_entropy(c.expand(1, 3, 2, 2), lib.zeros(1, 2, 2, dtype=lib.int64))
""".strip().split("\n")


def names(text: str, lib: Any) -> list[str]:
    """Return how a step is called in all ways."""
    known = {
        "lib": lib, "F": lib.nn.functional,
        "x": lib.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True),
        "v": lib.tensor([1.0, 2.0], requires_grad=True),
        "c": lib.ones(1, 1, 2, 2, requires_grad=True),
    }  # fmt: skip
    found = eval(text, known)
    step = found.grad_fn
    return [step.name(), type(step).__name__, repr(step).partition(" object")[0][1:], repr(found)]


@pytest.mark.parametrize("text", TEXTS)
def test_a_step_is_called_as_in_pytorch(text: str) -> None:
    ours, theirs = names(text, wing), names(text, torch)
    assert ours[:-1] == theirs[:-1]
    if "nn." not in text and "gelu" not in text:  # weights are drawn; the last digit is rounded
        assert ours[-1] == theirs[-1]


def test_what_returns_its_operand_leaves_the_operand_s_step() -> None:
    x = wing.ones(2, 2, requires_grad=True) * 2
    assert x.contiguous().grad_fn.name() == "MulBackward0"
    assert wing.nn.functional.dropout(x, training=False).grad_fn.name() == "MulBackward0"


@pytest.mark.parametrize(
    "text", ["x.sum() - v.sum()", "x.sum() / v.sum()", "v @ v", "x.sum() ** v[1]"]
)
def test_a_step_is_called_the_same_after_backward(text: str) -> None:
    for lib in (wing, torch):
        known = {
            "x": lib.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True),
            "v": lib.tensor([1.0, 2.0], requires_grad=True),
        }
        found = eval(text, known)
        before = repr(found)
        found.backward()
        assert repr(found) == before
