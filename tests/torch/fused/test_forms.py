"""Forms of picking, reducing, arranging and losses beside PyTorch's functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.fused.beside import Function, agrees
from thalweg import torch as wing
from thalweg.control.fused import Fused

RANDOM = np.random.default_rng(8)
MATRIX = RANDOM.standard_normal((5, 4))
PLACES = np.array([[0, 3, 3], [1, 1, 1], [2, 0, 3], [0, 1, 2], [3, 3, 0]])
ROWS = np.array([4, 0, 4, 2])
MASK = MATRIX > 0.2
CLASSES = np.array([0, 3, 1, 1, 2])
WEIGHTS = np.array([0.5, 1.5, 0.25, 2.0])


def _functional(lib: Any, name: str) -> Any:
    return getattr(lib.nn.functional, name)


def _loss(name: str, classes: Any = CLASSES, weight: Any = None, **options: Any) -> Function:
    def loss(lib: Any, x: Any) -> Any:
        factors = None if weight is None else lib.tensor(weight).to(x.dtype)
        return _functional(lib, name)(x, lib.tensor(classes), factors, **options)

    return loss


PICKED: dict[str, Function] = {
    "topk": lambda lib, x: lib.topk(x, 2)[0],
    "topk, smallest": lambda lib, x: lib.topk(x, 3, largest=False)[0],
    "sort": lambda lib, x: x.sort()[0],
    "sort, descending": lambda lib, x: lib.sort(x, descending=True).values,
    "median along": lambda lib, x: lib.median(x, 1)[0],
    "median along, kept": lambda lib, x: lib.median(x, 1, True).values,
    "kthvalue": lambda lib, x: lib.kthvalue(x, 2)[0],
    "max along": lambda lib, x: x.max(1)[0],
    "min along, kept": lambda lib, x: x.min(0, keepdim=True).values,
    "cummax": lambda lib, x: lib.cummax(x, 1)[0],
    "cummin": lambda lib, x: lib.cummin(x, -1).values,
    "gather": lambda lib, x: lib.gather(x, 1, lib.tensor(PLACES)),
    "gather along the first": lambda lib, x: x.gather(0, lib.tensor(PLACES[:2, :1]).expand(2, 4)),
    "take_along_dim": lambda lib, x: lib.take_along_dim(x, lib.tensor(PLACES), 1),
    "index_select": lambda lib, x: lib.index_select(x, 0, lib.tensor(ROWS)),
    "index_select of columns": lambda lib, x: x.index_select(1, lib.tensor(ROWS % 4)),
    "by an index": lambda lib, x: x[lib.tensor(ROWS)],
    "by an index of two axes": lambda lib, x: x[lib.tensor(PLACES)],
    "by points": lambda lib, x: x[lib.tensor(ROWS), lib.tensor(ROWS[::-1] % 4)],
    "columns by an index": lambda lib, x: x[:, lib.tensor(ROWS % 4)],
    "masked_select": lambda lib, x: lib.masked_select(x, lib.tensor(MASK)),
    "by a mask": lambda lib, x: x[lib.tensor(MASK)],
    "embedding": lambda lib, x: _functional(lib, "embedding")(lib.tensor(PLACES), x),
    "bags": lambda lib, x: _functional(lib, "embedding_bag")(lib.tensor(PLACES), x, mode="mean"),
    "sums of bags": lambda lib, x: _functional(lib, "embedding_bag")(
        lib.tensor(PLACES), x, mode="sum"
    ),
    "embedding with padding": (
        lambda lib, x: _functional(lib, "embedding")(lib.tensor(PLACES), x, padding_idx=-2)
    ),
}

REDUCED: dict[str, Function] = {
    "amax": lambda lib, x: x.amax(1),
    "amin over all": lambda lib, x: lib.amin(x, (0, 1), True),
    "max": lambda lib, x: x.max(),
    "min": lambda lib, x: lib.min(x),
    "median": lambda lib, x: x.median(),
    "var": lambda lib, x: x.var(),
    "var along": lambda lib, x: lib.var(x, 0, correction=0, keepdim=True),
    "std": lambda lib, x: lib.std(x, correction=2),
    "std along": lambda lib, x: x.std(-1),
    "norm": lambda lib, x: x.norm(),
    "norm along": lambda lib, x: lib.norm(x, dim=1, keepdim=True),
    "prod": lambda lib, x: x.prod(),
    "prod along": lambda lib, x: lib.prod(x, 0),
    "cumsum": lambda lib, x: x.cumsum(0),
    "cumprod": lambda lib, x: lib.cumprod(x, 1),
    "roll": lambda lib, x: x.roll(3),
    "roll along": lambda lib, x: lib.roll(x, -1, 1),
    "softmax along the first": lambda lib, x: lib.softmax(x, 0),
    "log_softmax along the first": lambda lib, x: x.log_softmax(0),
    "logsumexp along the first": lambda lib, x: lib.logsumexp(x, 0),
    "tril": lambda lib, x: lib.tril(x),
    "triu": lambda lib, x: x.triu(-1),
    "clamp": lambda lib, x: x.clamp(-0.5, 0.5),
    "clamp above": lambda lib, x: lib.clamp(x, min=0.0),
    "clamp, crossed": lambda lib, x: x.clip(0.5, -0.5),
}

LOSSES: dict[str, Function] = {
    f"{name} {kind} {how}": _loss(name, **options, reduction=kind)
    for name in ("nll_loss", "cross_entropy")
    for kind in ("mean", "sum", "none")
    for how, options in {
        "plain": {},
        "weighted": {"weight": WEIGHTS},
        "ignored": {"classes": np.array([0, -100, 1, -100, 2])},
        "weighted, ignored": {"weight": WEIGHTS, "ignore_index": 1},
    }.items()
}


@pytest.mark.parametrize("name", PICKED)
def test_picked(name: str) -> None:
    # What has no derivative on purpose has differences all the same.
    # PyTorch's bags have one derivative.
    agrees(PICKED[name], [MATRIX], "bags" not in name, "padding" not in name)


@pytest.mark.parametrize("name", REDUCED)
def test_reduced(name: str) -> None:
    agrees(REDUCED[name], [MATRIX])


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_stacked(dim: int) -> None:
    agrees(lambda lib, x, y: lib.stack([x, y, x], dim), [MATRIX, MATRIX[::-1] + 1])


PLACED: dict[str, tuple[Function, Any]] = {
    "scatter_add": (lambda lib, x, y: lib.scatter_add(x, 1, lib.tensor(PLACES), y), PLACES),
    "scatter_add to rows": (
        lambda lib, x, y: x.scatter_add(0, lib.tensor(PLACES[:, :2]), y), PLACES[:, :2],
    ),
    "scatter": (lambda lib, x, y: x.scatter(1, lib.tensor(PLACES[:, 1:2]), y), PLACES[:, 1:2]),
    "index_add": (lambda lib, x, y: lib.index_add(x, 0, lib.tensor(ROWS), y), np.ones((4, 4))),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACED)
def test_placed(name: str) -> None:
    function, like = PLACED[name]
    agrees(function, [MATRIX, RANDOM.standard_normal(like.shape)])


def test_of_values_written_to_one_place_the_last_has_a_derivative() -> None:
    y = wing.tensor(MATRIX[:, :3]).requires_grad_()
    index = wing.tensor(PLACES[:, :3])
    grads = []
    for create_graph in (False, True):
        found = wing.zeros(5, 4, dtype=wing.float64).scatter(1, index, y)
        grads.append(wing.autograd.grad(_sines(found), y, create_graph=create_graph)[0])
    np.testing.assert_array_equal(grads[0].numpy(), grads[1].detach().numpy())
    assert grads[0][0].tolist() == [np.cos(MATRIX[0, 0]), 0.0, np.cos(MATRIX[0, 2])]


def _sines(x: Any) -> Any:
    return x.sin().sum()


def test_places_are_added_to_in_place() -> None:
    found = []
    for lib in (wing, torch):
        x, y = (lib.tensor(MATRIX).requires_grad_() for _ in "xy")
        z = x * 2
        z.scatter_add_(1, lib.tensor(PLACES), y[:, :3] * 3)
        z.index_add_(0, lib.tensor(ROWS), y[:4])
        (z**2).sum().backward()
        found.append([x.grad.numpy(), y.grad.numpy()])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, 1e-12)


def test_pairs() -> None:
    row = RANDOM.standard_normal(4)
    agrees(lambda lib, x, y: lib.outer(x, y), [row, MATRIX[0, :3]])
    agrees(lambda lib, x, y: lib.cdist(x, y), [MATRIX, MATRIX[:3] + 0.5], seconds=False)


@pytest.mark.parametrize("away", [0.0, 1e-9])
def test_distances_of_rows_that_are_nearly_alike(away: float) -> None:
    found = []
    for lib in (wing, torch):
        x, y = (lib.tensor(a).requires_grad_() for a in (MATRIX, MATRIX + away))
        mode = {} if lib is wing else {"compute_mode": "donot_use_mm_for_euclid_dist"}
        (lib.cdist(x, y, **mode) * lib.arange(25.0).reshape(5, 5)).sum().backward()
        found.append([x.grad.numpy(), y.grad.numpy()])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, 1e-10)


IMAGES = RANDOM.standard_normal((2, 4, 3, 2))
LABELS = RANDOM.integers(0, 4, (2, 3, 2))

LAYERS: dict[str, tuple[Function, tuple[Any, ...]]] = {
    f"{name} of images {kind}": (_loss(name, LABELS, weight, reduction=kind), (IMAGES,))
    for name in ("nll_loss", "cross_entropy")
    for kind in ("mean", "sum", "none")
    for weight in (None, WEIGHTS)
}
LAYERS |= {
    "groups": (lambda lib, x: _functional(lib, "group_norm")(x, 2), (IMAGES,)),
    "groups with weights": (
        lambda lib, x, w, b: _functional(lib, "group_norm")(x, 2, w, b),
        (IMAGES, WEIGHTS, WEIGHTS - 1),
    ),
    "slopes": (lambda lib, x, w: _functional(lib, "prelu")(x, w), (IMAGES, WEIGHTS)),
    "a slope": (lambda lib, x, w: _functional(lib, "prelu")(x, w), (MATRIX, WEIGHTS[:1])),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    agrees(LAYERS[name][0], [*LAYERS[name][1]])


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    agrees(LOSSES[name], [MATRIX - np.log(np.exp(MATRIX).sum(1, keepdims=True))])


@pytest.mark.parametrize("weight", [None, WEIGHTS])
@pytest.mark.parametrize("kind", ["mean", "sum", "none"])
def test_smoothed_targets(kind: str, weight: Any) -> None:
    options = {"label_smoothing": 0.3, "reduction": kind, "weight": weight}
    ignored = np.array([0, -100, 1, -100, 2])
    found = []
    for lib in (wing, torch):
        x = lib.tensor(MATRIX).requires_grad_()
        for classes in (CLASSES, ignored):
            (_loss("cross_entropy", classes, **options)(lib, x) ** 2).sum().backward()
        total = _loss("cross_entropy", **options)(lib, x).sum()
        (slope,) = lib.autograd.grad(total, x, create_graph=True)
        (second,) = lib.autograd.grad((slope**3).sum(), x)
        found.append([x.grad.numpy(), slope.detach().numpy(), second.numpy()])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, 1e-11, 1e-13)


def test_ignored_targets_have_no_loss_whatever_their_scores() -> None:
    for name in ("nll_loss", "cross_entropy"):
        x = wing.tensor(MATRIX)
        x[1] = float("nan")
        x.requires_grad_()
        found = _loss(name, np.array([0, -100, 1, 1, 2]))(wing, x)
        assert bool(found.isfinite())
    x = wing.tensor(MATRIX).requires_grad_()
    nothing = _loss("nll_loss", np.full(5, -100))(wing, x)
    assert bool(nothing.isnan())


def test_ties_share_the_derivative_of_the_middle() -> None:
    for values in ([1.0, 2.0, 2.0, 2.0, 3.0], [1.0, np.nan, np.nan]):
        found = []
        for lib in (wing, torch):
            x = lib.tensor(values, dtype=lib.float64).requires_grad_()
            (x.median() + 2 * x.nanmedian()).backward()
            found.append(x.grad.numpy())
        np.testing.assert_allclose(*found, 1e-14)


ODD = {
    "zeros": np.zeros((3, 4)),
    "one zero": np.array([[2.0, 0.0, 3.0], [1.0, -2.0, 0.5]]),
    "equal": np.ones((2, 3)),
    "nan": np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]]),
    "infinite": np.array([[1.0, np.inf, 2.0], [3.0, 4.0, 5.0]]),
    "tiny": np.full((2, 3), 1e-200),
    "one": np.array([[2.5]]),
}


@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", [n for n in REDUCED if n not in ("std", "min", "max")])
def test_odd_numbers(name: str, odd: str) -> None:
    if "prod" in name and odd in ("nan", "infinite", "tiny"):
        pytest.skip("PyTorch divides the product by its factors there; ours is that of the rest.")
    found = []
    for lib in (wing, torch):
        x = lib.tensor(ODD[odd]).requires_grad_()
        with np.errstate(all="ignore"):
            y = REDUCED[name](lib, x)
            y.sum().backward()
        found.append([y.detach().numpy(), x.grad.numpy()])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, 1e-12, 1e-15)


@pytest.mark.parametrize("size", [10, 5000])
def test_many_positions(size: int) -> None:
    index = RANDOM.integers(0, 700, (3, size))
    x = RANDOM.standard_normal((3, 700))
    agrees(lambda lib, x: lib.gather(x, 1, lib.tensor(index)), [x], seconds=False)
    agrees(lambda lib, x: x[lib.tensor(index[0] % 3)], [x], seconds=False)
    agrees(lambda lib, x: lib.topk(x, 40).values, [x], seconds=False)
    agrees(lambda lib, x: lib.kthvalue(x, 300).values, [x], seconds=False)
    agrees(lambda lib, x: x.sort(descending=True).values, [x], seconds=False)


def test_positions_outside_are_refused_also_where_recorded() -> None:
    x = wing.tensor(MATRIX).requires_grad_()
    for read in (
        lambda at: wing.gather(x, 1, at.reshape(1, 1).expand(5, 1)),
        lambda at: wing.index_select(x, 0, at),
        lambda at: x[at],
        lambda at: wing.nn.functional.embedding(at, x),
    ):
        with pytest.raises(IndexError):
            read(wing.tensor([9]))
    assert x[wing.tensor([-1])].tolist() == [MATRIX[-1].tolist()]


def test_positions_that_were_overwritten_are_refused() -> None:
    x, at = wing.tensor(MATRIX).requires_grad_(), wing.tensor(ROWS)
    y = x[at]
    at.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_labels_may_be_overwritten_between_the_ways() -> None:
    for name, weight in (("cross_entropy", None), ("cross_entropy", WEIGHTS), ("nll_loss", None)):
        grads = []
        for changes in (False, True):
            x, labels = wing.tensor(MATRIX).requires_grad_(), wing.tensor(CLASSES)
            factors = None if weight is None else wing.tensor(weight)
            loss = _functional(wing, name)(x, labels, factors)
            if changes:
                labels.zero_()
            loss.backward()
            grads.append(x.grad.numpy())
        np.testing.assert_array_equal(*grads)


def _times(lib: Any, x: Any, **options: Any) -> Any:
    labels, lengths = lib.tensor([[1, 2], [3, 3], [1, 0]]), lib.tensor([2, 2, 1])
    given = labels, lib.tensor([6, 5, 3]), lengths
    return _functional(lib, "ctc_loss")(x.reshape(6, 3, 4).log_softmax(2), *given, **options)


@pytest.mark.parametrize("kind", ["mean", "sum", "none"])
def test_alignments_have_derivatives_of_derivatives(kind: str) -> None:
    logs = RANDOM.standard_normal((6, 12))
    squared = lambda x: (_times(wing, x, reduction=kind) ** 2).sum()
    length = lambda x: (wing.func.grad(squared)(x) ** 2).sum()
    x = wing.tensor(logs).requires_grad_()
    (first,) = wing.autograd.grad(squared(x), x, create_graph=True)
    (first * first).sum().backward()
    # Traced, it is made of operations.
    for found, function in ((first, squared), (x.grad, length)):
        wanted = tw.jit(wing.func.grad(function))(wing.tensor(logs))
        np.testing.assert_allclose(found.detach().numpy(), wanted.numpy(), 1e-10, 1e-12)


def test_alignments_that_are_impossible_count_for_nothing_beside_others() -> None:
    found = []
    for lib in (wing, torch):
        x = lib.tensor(RANDOM.standard_normal((4, 12)) * 0 + MATRIX[:4, :1]).requires_grad_()
        labels = lib.tensor([[1, 1, 1], [3, 2, 1], [1, 2, 2]])
        loss = _functional(lib, "ctc_loss")(
            x.reshape(4, 3, 4).log_softmax(2),
            labels,
            (4, 4, 3),
            (3, 3, 2),
            zero_infinity=True,
            reduction="sum",
        )
        loss.backward()
        found.append([loss.item(), x.grad.numpy()])
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], 1e-11, 1e-13)


def test_forms_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[str] = []
    keeping = Fused.keeping

    def noted(form: Fused, *operands: Any, **options: Any) -> Any:
        met.append(form.step)
        return keeping(form, *operands, **options)

    monkeypatch.setattr(Fused, "keeping", noted)
    cases = {**PICKED, **{n: f for n, f in REDUCED.items() if "clamp" not in n}, **LOSSES}
    for function in cases.values():
        met.clear()
        function(wing, wing.tensor(MATRIX).requires_grad_())
        assert len(met) == 1
    _times(wing, wing.tensor(RANDOM.standard_normal((6, 12))).requires_grad_())
    assert met[-1] == "CtcLossBackward0"


AT_ONE = {
    "x[i]": lambda lib, x: x[lib.tensor(2)],
    "x[i, j]": lambda lib, x: x[lib.tensor(2), lib.tensor(0)] if x.ndim > 1 else x[lib.tensor(1)],
    "x[…, i]": lambda lib, x: x[..., lib.tensor(0)],
    "index_select": lambda lib, x: lib.index_select(x, 0, lib.tensor([1])),
    "take": lambda lib, x: lib.take(x, lib.tensor(1)),
    "gather": lambda lib, x: x.gather(0, x.detach().long()[:1]),
    "topk": lambda lib, x: x.topk(1).values,
    "max": lambda lib, x: x.max(0).values,
    "sort": lambda lib, x: x.sort(0).values,
    "roll": lambda lib, x: x.roll(1, 0),
    "softmax": lambda lib, x: x.softmax(0),
    "norm": lambda lib, x: x.norm(dim=0),
    "median": lambda lib, x: x.median(0).values,
    "cumsum": lambda lib, x: x.cumsum(0),
    "prod": lambda lib, x: x.prod(0),
    "std": lambda lib, x: x.std(0),
}


@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 1), (3, 2, 2)])
@pytest.mark.parametrize("name", AT_ONE)
def test_one_position_is_read_of_vectors_too(name: str, shape: tuple[int, ...]) -> None:
    given, found = np.random.default_rng(5).uniform(0.1, 0.9, shape), []
    for lib in (torch, wing):
        x = lib.tensor(given, requires_grad=True)
        y = AT_ONE[name](lib, x)
        (y * y).sum().backward()
        found.append([y.detach().numpy(), x.grad.numpy()])
    for theirs, mine in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, 1e-12, 1e-15)
