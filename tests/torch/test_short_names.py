"""Functions by their names on plain tensors: PyTorch's numbers, shapes and dtypes, by each call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing

pytestmark = pytest.mark.singles


# Each is evaluated with either library, on the same tensors.
CALLS = """
x.isnan() | x.isfinite() | x.isinf() | x.signbit() | x.trunc() | x.frac() | x.reciprocal()
p.rsqrt() | x.atan() | x.asinh() | (p/2).atanh() | (p+1).acosh() | x.sinc() | odd.nan_to_num()
lib.fmax(x,odd) | lib.fmin(odd,x) | lib.copysign(x,y) | lib.heaviside(x,y) | lib.atan2(x,y)
lib.hypot(x,y) | lib.fmod(x,y) | lib.floor_divide(x,y) | lib.gcd(j,k) | m&b | m|b | m^b | ~m
lib.logical_and(m,b) | lib.logical_or(m,b) | lib.logical_xor(m,b) | j&k | j|k | j^k
x.clone().zero_() | x.clone().fill_(2) | x.clone().copy_(y) | x.clone().uniform_(-1,2)
x.clone().exponential_(2.0) | x.clone().bernoulli_(0.3) | lib.rand_like(x) | lib.randn_like(x)
x.flatten() | x.ravel() | x.t().flatten() | x.t().ravel() | x.diagonal() | x.unfold(1,2,1)
x.tensor_split(3,1) | lib.vstack([x,y]) | lib.hstack([x,y]) | x.roll(3) | x.roll(-1,1)
x.repeat_interleave(2,0) | x.scatter(1,i,y) | x.scatter(1,i,0.5) | x.scatter(0,i%5,y)
x.take(i) | x.take_along_dim(i,1) | x.gather(1,i) | x.masked_select(m) | x.index_fill(0,rows,0.5)
x.index_copy(0,rows,y) | lib.where(m,x,0.0) | lib.where(m,1.0,x) | x.where(m,y) | x.softmax(0)
x.log_softmax(0) | lib.addmm(x,x,w) | lib.addmm(row,x,w) | lib.addmv(row,w,row) | lib.mm(x,w)
lib.inner(row,row) | lib.vdot(row,row) | lib.trace(w) | w@row | row@w | x@w | lib.outer(row,row)
lib.count_nonzero(m) | lib.equal(x,x) | lib.equal(x,y) | x.var(dim=1,unbiased=False)
x.std(unbiased=False) | x.var(0,keepdim=True) | x.median() | x.sort(dim=1) | F.softmax(x,1)
F.softmax(x,0) | F.log_softmax(x,dim=1) | F.relu(x) | F.glu(x) | F.glu(x,0) | F.nll_loss(x,lab)
F.nll_loss(x,lab,reduction='none') | F.pairwise_distance(x,y) | F.pairwise_distance(x,y,1.0)
F.rms_norm(x,(8,),row) | F.group_norm(im,2) | F.group_norm(im,4,four,four) | F.instance_norm(im)
F.instance_norm(im,None,None,four,four) | F.pixel_shuffle(im,2) | F.pixel_unshuffle(im,2)
F.channel_shuffle(im,2) | F.pad(im,(1,2,2,1),mode='reflect') | F.pad(im,(1,2,0,3),mode='replicate')
F.pad(im,(1,2,2,1),mode='circular') | F.pad(x,(2,1),mode='reflect')
F.adaptive_avg_pool2d(im,1) | F.adaptive_avg_pool2d(im,(3,2)) | F.adaptive_avg_pool2d(im,(5,4))
j+k | j-k | j*k | j+1 | 2*j | j>k | j<=3 | x.logsumexp(0) | im.softmax(1) | im.logsumexp(1)
x.norm(dim=1) | x.norm(2,0,True) | x.norm() | x.dist(y) | x.prod(1) | x.prod(0,True)
lib.var_mean(x) | lib.std_mean(x,dim=1) | x.nansum() | odd.nansum() | x.diff() | x.median(dim=1)
x.median(1,True) | x.kthvalue(3) | x.kthvalue(1,1,True) | x.cummax(1) | x.cummin(1) | x.aminmax()
odd.clamp(min=0) | x.clamp(max=0.5) | lib.lerp(x,y,p) | lib.lerp(x,y,0.3) | lib.xlogy(p,p)
lib.xlogy(m*1.0,p) | lib.xlogy(0*x,odd) | row.expand_as(x) | lib.xlogy(x,0*x)
F.cross_entropy(x,lab,p[0],label_smoothing=0.2) | F.cross_entropy(x,lab,p[0],reduction='none')
F.cross_entropy(x,lab,p[0],reduction='sum') | F.max_pool1d(x,3,2,1,return_indices=True)
F.max_pool3d(im,2,1,return_indices=True) | F.max_pool2d(im,2,1,1,2,return_indices=True)
odd.cummax(1) | lib.diag(row) | F.one_hot(lab) | lib.normal(1.0,2.0,(20,)) | lib.linalg.norm(x)
lib.linalg.vector_norm(x) | lib.fft.fft(row) | lib.fft.fft(x) | F.normalize(x,dim=0)
F.normalize(im) | F.normalize(im,1.0,2) | F.binary_cross_entropy(x.sigmoid(),m.float())
F.binary_cross_entropy((m*1.0),p/8) | F.cross_entropy(x,lab,weight=row.abs())
F.cross_entropy(x,lab,label_smoothing=0.1) | F.adaptive_max_pool2d(im,1)
F.adaptive_max_pool2d(im,(3,2),return_indices=True) | F.adaptive_max_pool2d(im,(4,3))
F.max_pool2d(im,2,return_indices=True) | F.max_pool2d(im,3,2,1,return_indices=True)
"""

EXPRESSIONS = [call.strip() for line in CALLS.strip().splitlines() for call in line.split(" | ")]


def _given(lib: Any) -> dict[str, Any]:
    random = np.random.default_rng(1)

    def floats(*shape: int) -> Any:
        return lib.tensor(random.standard_normal(shape).astype(np.float32))

    x, odd = floats(6, 8), floats(6, 8)
    odd[0, 0], odd[1, 1], odd[2, 2] = float("nan"), float("inf"), -float("inf")
    given = {
        "x": x, "odd": odd, "y": floats(6, 8), "w": floats(8, 8), "row": floats(8),
        "four": floats(4), "im": floats(2, 4, 6, 4), "p": floats(6, 8).abs() + 0.1,
        "m": lib.tensor(random.random((6, 8)) < 0.5), "b": lib.tensor(random.random((6, 8)) < 0.5),
        "i": lib.tensor(random.permuted(np.tile(np.arange(8), (6, 1)), axis=1)),
        "j": lib.tensor(random.integers(0, 50, 20)), "k": lib.tensor(random.integers(1, 50, 20)),
        "lab": lib.tensor(random.integers(0, 8, 6)), "rows": lib.tensor(random.permutation(6)),
    }  # fmt: skip
    lib.manual_seed(3)
    return {**given, "lib": lib, "F": lib.nn.functional}


def _parts(found: Any) -> list[Any]:
    if isinstance(found, (tuple, list)):
        return [part for each in found for part in _parts(each)]
    return [found]


@pytest.mark.parametrize("call", EXPRESSIONS)
def test_calls(call: str) -> None:
    mine, theirs = (_parts(eval(call, _given(lib))) for lib in (wing, torch))
    for a, b in zip(mine, theirs, strict=True):
        if isinstance(b, bool):
            assert a is b
            continue
        assert (str(a.dtype), tuple(a.shape)) == (str(b.dtype), tuple(b.shape))
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)


RECORDED = [
    "F.glu(x)", "F.pairwise_distance(x, y)", "F.pairwise_distance(x, y, 3.0, 1e-6, True)",
    "F.rms_norm(x, (8,), row)", "F.adaptive_avg_pool2d(im, 1)", "F.adaptive_avg_pool2d(im, 2)",
    "F.max_pool2d(im, 2, return_indices=True)[0]", "F.softmax(x, 1)", "F.log_softmax(x, 0)",
    "F.group_norm(im, 2, four, four)", "F.cross_entropy(x, lab)", "F.nll_loss(x, lab)",
    "F.layer_norm(x, (8,), row, row)", "F.conv2d(im, im[:, :, :3, :3])",
    "F.scaled_dot_product_attention(x, y, y)", "F.normalize(im)", "F.adaptive_max_pool2d(im, 2)",
    "F.binary_cross_entropy(x.sigmoid(), y.sigmoid())", "x.norm(dim=1)", "x.logsumexp(0)",
    "F.binary_cross_entropy((x > 0) * 1.0 + 0 * x, m * 1.0)",
    "F.cross_entropy(x, lab, weight=p[0], label_smoothing=0.1)",
]  # fmt: skip


@pytest.mark.parametrize("call", RECORDED)
def test_gradients(call: str) -> None:
    found = []
    for lib in (wing, torch):
        given = _given(lib)
        leaves = [given[name].requires_grad_() for name in ("x", "y", "row", "four", "im")]
        result = eval(call, given)
        (result * result).sum().backward()
        found.append([result.detach().numpy(), *(leaf.grad for leaf in leaves)])
    for mine, theirs in zip(*found, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    "call", ["x.take(rows + 100)", "x.scatter(1, i + 8, y)", "F.nll_loss(x, lab + 8)",
             "F.pixel_shuffle(im, 3)", "x.index_copy(0, rows + 6, y)", "lib.mm(x, x)",
             "F.pad(im, (4, 0), mode='reflect')", "x.gather(1, i - 9)"],
)  # fmt: skip
def test_what_is_wrong_is_refused(call: str) -> None:
    for lib in (wing, torch):
        with pytest.raises((RuntimeError, IndexError)):
            eval(call, _given(lib))


def test_views_are_of_the_same_memory() -> None:
    x = wing.zeros(4, 4)
    for shown in (x.flatten(), x.flatten(0, 1), x.ravel(), x.diagonal(), x.tensor_split(2)[0]):
        x.fill_(0)
        shown.fill_(1)
        assert float(x.sum()) > 0
    apart = x.t().flatten()
    x.fill_(7)
    assert float(apart.max()) < 7
