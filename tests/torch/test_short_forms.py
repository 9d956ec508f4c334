"""Functions that take a short road: the numbers, dtypes and shapes of PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing
from thalweg.torch.nn import functional as wing_functional
from thalweg.torch.nn.utils import clip_grad_norm_

pytestmark = pytest.mark.singles


RANDOM = np.random.default_rng(5)
NAN, INF = float("nan"), float("inf")


def _matrices() -> dict[str, np.ndarray]:
    plain = RANDOM.standard_normal((5, 7)).astype(np.float32)
    odd = plain.copy()
    odd[1, 2], odd[3, 4], odd[0, 0], odd[0, 1] = NAN, INF, 0.0, -0.0
    ties = RANDOM.integers(-2, 3, (5, 7)).astype(np.float32)
    wide = RANDOM.standard_normal((3, 600)).astype(np.float32)
    return {
        "plain": plain,
        "odd": odd,
        "ties": ties,
        "wide": wide,
        "doubles": plain.astype(np.float64),
        "integers": RANDOM.integers(-9, 9, (5, 7)),
        "of a number": plain[:1, :1],
    }


MATRICES = _matrices()

ONE: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda lib, x: x.sum(),
    "sum along": lambda lib, x: x.sum(-1, True),
    "sum over": lambda lib, x: x.sum((0, 1)),
    "mean": lambda lib, x: x.mean(dim=0),
    "var": lambda lib, x: x.var(),
    "std": lambda lib, x: x.std(dim=1, keepdim=True),
    "var, positional": lambda lib, x: x.var(0, False),
    "std of all": lambda lib, x: x.std(correction=0),
    "prod": lambda lib, x: x.prod(),
    "max": lambda lib, x: x.max(),
    "min along": lambda lib, x: x.min(dim=1).values,
    "max, keeping": lambda lib, x: x.max(0, keepdim=True)[0],
    "argmax": lambda lib, x: x.argmax(dim=1),
    "argmin of all": lambda lib, x: x.argmin(),
    "any": lambda lib, x: (x > 1).any(),
    "all along": lambda lib, x: (x > 1).all(1),
    "cumsum": lambda lib, x: x.cumsum(-1),
    "cumprod": lambda lib, x: x.cumprod(dim=0),
    "norm": lambda lib, x: x.norm(),
    "norm of order 1": lambda lib, x: lib.norm(x, 1),
    "softmax": lambda lib, x: x.softmax(-1),
    "log_softmax": lambda lib, x: lib.log_softmax(x, dim=0),
    "logsumexp": lambda lib, x: x.logsumexp(1),
    "sort": lambda lib, x: x.sort(dim=-1, stable=True).values,
    "sort, descending": lambda lib, x: x.sort(descending=True, stable=True).values,
    "sort, positions": lambda lib, x: x.sort(stable=True).indices,
    "argsort": lambda lib, x: lib.argsort(x, stable=True),
    "topk": lambda lib, x: x.topk(1).values,
    "topk, smallest": lambda lib, x: x.topk(1, largest=False).values,
    "median": lambda lib, x: x.median(),
    "histc": lambda lib, x: lib.histc(x, 9, -2, 2),
    "cat": lambda lib, x: lib.cat([x, x], dim=-1),
    "cat of kinds": lambda lib, x: lib.cat([x, x.long()]),
    "stack": lambda lib, x: lib.stack((x, x), -1),
    "roll": lambda lib, x: x.roll(-3, 1),
    "roll flat": lambda lib, x: x.roll(2),
    "repeat": lambda lib, x: x.repeat(2, 1, 3),
    "flip": lambda lib, x: x.flip(0, -1),
    "tril": lambda lib, x: x.tril(1),
    "triu": lambda lib, x: x.triu(-1),
    "triu in place": lambda lib, x: x.clone().triu_(2),
    "unsqueeze": lambda lib, x: x.unsqueeze(-1).unsqueeze(0),
    "expand": lambda lib, x: x[None].expand(2, -1, -1),
    "permute": lambda lib, x: x.unsqueeze(0).permute(2, 0, 1).reshape(-1),
    "split": lambda lib, x: x.split(2, dim=1)[0],
    "chunk": lambda lib, x: x.chunk(3)[-1],
    "unbind": lambda lib, x: x.unbind()[-1],
    "contiguous": lambda lib, x: x.t().contiguous(),
    "clone of a view": lambda lib, x: x.t().clone(),
    "long": lambda lib, x: x.nan_to_num(0, 0, 0).long(),
    "double": lambda lib, x: x.double(),
    "bool": lambda lib, x: x.bool(),
    "round": lambda lib, x: x.round(),
    "clamp": lambda lib, x: x.clamp(-1, 0.5),
    "clamp below": lambda lib, x: x.clamp(min=0),
    "lerp": lambda lib, x: lib.lerp(x, x + 1, 0.25),
    "where": lambda lib, x: lib.where(x > 0, x, -x),
    "where of a number": lambda lib, x: x.where(x > 0, 0),
    "masked_fill": lambda lib, x: x.masked_fill(x > 0, 2),
    "masked_fill by a row": lambda lib, x: x.masked_fill(x[:1] > 0, -1),
    "mask": lambda lib, x: x[x > 0],
    "rows": lambda lib, x: x[lib.tensor([0, -1, 0])],
    "columns": lambda lib, x: x[:, lib.tensor([0, 0])],
    "elements": lambda lib, x: x[lib.tensor([0, 0]), lib.tensor([0, -1])],
    "rows of a part": lambda lib, x: x[lib.tensor([[0], [0]])],
    "index_select": lambda lib, x: x.index_select(1, lib.tensor([0, 0])),
    "gather": lambda lib, x: x.gather(1, lib.zeros(x.shape, dtype=lib.long)),
    "gather a part": lambda lib, x: x.gather(0, lib.zeros((2, 1), dtype=lib.long)),
    "scatter_add": lambda lib, x: x.scatter_add(1, lib.zeros(x.shape, dtype=lib.long), x),
    "scatter_add along 0": lambda lib, x: x.scatter_add(0, lib.zeros((2, 1)).long(), x[:2]),
    "index_add": lambda lib, x: x.index_add(0, lib.tensor([0, 0]), x[:1].repeat(2, 1)),
    "outer": lambda lib, x: lib.outer(x[0], x[:, 0]),
    "dot": lambda lib, x: x[0] @ x[0],
    "mv": lambda lib, x: lib.mv(x, x[0]),
    "bmm": lambda lib, x: lib.bmm(x[None], x.t()[None]),
    "einsum": lambda lib, x: lib.einsum("ij,kj->ik", x, x),
    "remainder": lambda lib, x: x % 3,
    "a sum": lambda lib, x: x + x,
    "of rows": lambda lib, x: x - x[0],
    "of a column": lambda lib, x: (x.clone() * x[:, :1].clone()).add(1.5),
    "by numbers": lambda lib, x: (2 * x - 1) / 3,
    "by a double": lambda lib, x: x * x.double(),
    "by another size": lambda lib, x: x + lib.ones(9),
    "compared": lambda lib, x: (x < 0.5) | (x >= x.clone()),
    "the larger": lambda lib, x: lib.maximum(x, -x),
    "a root": lambda lib, x: x.clone().sqrt() + lib.exp(x) + lib.neg(x) + lib.abs(x),
    "of a number alone": lambda lib, x: x.mean() * 2 + x.mean().exp(),
    "in place": lambda lib, x: x.clone().mul_(2).add_(x, alpha=3).sub_(1),
    "in place by integers": lambda lib, x: x.clone().add_(x.long().clamp(-3, 3)),
    "a row set": lambda lib, x: _set(x, 0, x[0] * 2),
    "a mask set": lambda lib, x: _set(x, x > 0, 7.0),
    "rows set": lambda lib, x: _set(x, lib.tensor([0, 0]), 3),
    "elements set": lambda lib, x: _set(x, (lib.tensor([0]), lib.tensor([-1])), 3),
    "a part set": lambda lib, x: _set(x, (slice(None), 0), x[:, 0] + 1),
    "too large": lambda lib, x: x.gather(1, lib.full(x.shape, 10**6)),
    "no such row": lambda lib, x: x[lib.tensor([100])],
    "no such axis": lambda lib, x: x.softmax(5),
    "negative": lambda lib, x: x.index_select(0, lib.tensor([-1])),
    "sizes apart": lambda lib, x: lib.cat([x, x[:, :0]], dim=0),
}  # fmt: skip


def _set(x: Any, key: Any, value: Any) -> Any:
    x = x.clone()
    view = x[0]
    x[key] = value
    return x + view


def _result(case: Callable[[Any, Any], Any], lib: Any, array: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return case(lib, lib.tensor(array))
        except (RuntimeError, ValueError, IndexError, TypeError):
            return None


# What the wing also takes integers for: no short road does.
FLOATING = {
    "var", "std", "var, positional", "std of all", "norm", "norm of order 1", "softmax",
    "log_softmax", "logsumexp", "histc", "lerp",
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_of_one_tensor(name: str) -> None:
    for kind, array in MATRICES.items():
        if kind == "integers" and name in FLOATING:
            continue
        theirs, ours = (_result(ONE[name], lib, array) for lib in (torch, wing))
        assert (theirs is None) == (ours is None), kind
        if ours is None:
            continue
        assert str(ours.dtype) == str(theirs.dtype), kind
        assert tuple(ours.shape) == tuple(theirs.shape), kind
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 3e-6, 5e-6, err_msg=kind)


@pytest.mark.parametrize("name", [name for name in ONE if "set" not in name])
def test_with_a_derivative_nothing_else_is_computed(name: str) -> None:
    array = MATRICES["plain"]
    plain = _result(ONE[name], wing, array)
    recorded = _result(lambda lib, x: ONE[name](lib, x.requires_grad_()), wing, array)
    if plain is None or recorded is None:
        return
    np.testing.assert_allclose(plain.numpy(), recorded.detach().numpy(), 3e-6, 1e-7)


def test_many_elements() -> None:
    x = RANDOM.standard_normal(300_000).astype(np.float32)
    for case in (
        lambda lib, x: x.abs().sum(),
        lambda lib, x: x.abs().mean(),
        lambda lib, x: x.norm(),
        lambda lib, x: x[:3000].abs().pow(1e-5).prod(),
        lambda lib, x: x.sort(stable=True).indices,
        lambda lib, x: x.reshape(300, 1000).topk(4).values,
        lambda lib, x: lib.cdist(x[:6000].reshape(300, 20), x[-9000:].reshape(450, 20)),
        lambda lib, x: x.reshape(600, 500).tril(-3),
        lambda lib, x: lib.linspace(-3, 7, 100_001),
        lambda lib, x: lib.unique((x * 10).long()),
        lambda lib, x: lib.searchsorted(x[:99].sort().values, x),
        lambda lib, x: lib.bincount((x.abs() * 9).long()),
    ):
        ours, theirs = case(wing, wing.tensor(x)), case(torch, torch.tensor(x))
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 3e-6, 1e-6)


def test_spectra_and_bags_and_borders() -> None:
    x = RANDOM.standard_normal(500).astype(np.float32)
    index = RANDOM.integers(0, 50, (6, 4))
    for case in (
        lambda lib, F, x: lib.stft(x, 64, window=lib.hann_window(64), return_complex=True),
        lambda lib, F, x: lib.stft(x, 63, 10, window=lib.hann_window(63), return_complex=True),
        lambda lib, F, x: lib.fft.rfft(x),
        lambda lib, F, x: F.embedding_bag(lib.tensor(index), x.reshape(50, 10), mode="mean"),
        lambda lib, F, x: F.embedding(lib.tensor(index), x.reshape(50, 10)),
        lambda lib, F, x: F.one_hot(lib.tensor(index), 50),
        lambda lib, F, x: F.pad(x.reshape(10, 50), (1, 2, 0, 3), value=2.0),
        lambda lib, F, x: F.normalize(x.reshape(10, 50), dim=1),
        lambda lib, F, x: F.cosine_similarity(x.reshape(10, 50), x.reshape(10, 50).flip(0)),
        lambda lib, F, x: F.smooth_l1_loss(x, x.flip(0), beta=0.5),
        lambda lib, F, x: F.binary_cross_entropy_with_logits(x, x.sigmoid()),
        lambda lib, F, x: F.kl_div(x, x.softmax(0), reduction="sum"),
    ):
        ours = case(wing, wing_functional, wing.tensor(x))
        theirs = case(torch, torch.nn.functional, torch.tensor(x))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-5, 1e-5)


@pytest.mark.parametrize("blank", [0, 2])
def test_alignments(blank: int) -> None:
    logs = np.log(RANDOM.dirichlet(np.ones(5), (12, 3))).astype(np.float32)
    labels = np.array([[1, 1, 3], [4, 3, 1], [3, 3, 3]])
    found = []
    for lib in (wing, torch):
        loss = lib.nn.functional.ctc_loss
        given = lib.tensor(logs), lib.tensor(labels), (12,) * 3, (3,) * 3
        found.append(loss(*given, blank=blank).item())
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_clipping_is_seen_by_views_and_later_steps() -> None:
    found = []
    for lib, clip in ((wing, clip_grad_norm_), (torch, torch.nn.utils.clip_grad_norm_)):
        weights = [lib.nn.Parameter(lib.ones(3, 2)), lib.nn.Parameter(lib.ones(4))]
        for i, weight in enumerate(weights):
            weight.grad = lib.arange(float(weight.numel())).reshape(weight.shape) + i
        shown = weights[0].grad[1]
        norm = clip(weights, 1.0)
        found.append([norm.item(), *shown.tolist(), *weights[1].grad.tolist()])
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_what_was_used_may_not_be_changed_before_the_derivative() -> None:
    w = wing.ones(3, requires_grad=True)
    for change in (lambda x: x.mul_(2), lambda x: x.__setitem__(0, 5.0), lambda x: x.normal_()):
        x = wing.ones(3)
        loss = (w * x).sum()
        change(x)
        with pytest.raises(
            RuntimeError, match=r"modified by an inplace operation|changed in place"
        ):
            loss.backward()


def test_leaves_are_not_changed_while_recording() -> None:
    w = wing.ones(3, requires_grad=True)
    for change in (lambda x: x.mul_(2), lambda x: x.__setitem__(0, 5.0)):
        with pytest.raises(RuntimeError, match="leaf"):
            change(w)
