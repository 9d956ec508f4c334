"""Sparse derivatives beside PyTorch's: embeddings, accumulation, optimizers that take them."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")

INDICES = [[1, 0], [1, 3]]


def told(g: Any) -> Any:
    """What a gradient is made of; places in order, so that sums of them compare."""
    return [g.is_sparse, g.coalesce().indices(), g.coalesce().values(), tuple(g.shape)]


def rows(lib: Library, table: Any, **options: Any) -> Any:
    return root(lib).nn.functional.embedding(
        root(lib).tensor(INDICES), table, sparse=True, **options
    )


def table_of(lib: Library) -> Any:
    return lib.range(4, 2).requires_grad_()


@pytest.mark.parametrize("options", [{}, {"padding_idx": 1}, {"padding_idx": -1}])
def test_an_embedding_has_a_sparse_gradient(options: Any) -> None:
    def code(lib: Library) -> Any:
        table = table_of(lib)
        (rows(lib, table, **options) ** 2).sum().backward()
        first = told(table.grad)
        rows(lib, table, **options).sum().backward()
        return first, told(table.grad), table.grad.is_coalesced()

    same(code)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_have_sparse_gradients(mode: str) -> None:
    def code(lib: Library) -> Any:
        table, weights = table_of(lib), lib.range(4).requires_grad_()
        factors = weights if mode == "sum" else None
        bags = root(lib).nn.functional.embedding_bag(
            root(lib).tensor([1, 0, 1, 3]), table, root(lib).tensor([0, 1]), mode=mode, sparse=True,
            per_sample_weights=factors,
        )  # fmt: skip
        (bags**2).sum().backward()
        return told(table.grad), weights.grad if mode == "sum" else None

    same(code)


@pytest.mark.parametrize("sparse_first", [True, False])
def test_sparse_and_dense_gradients_add_to_a_dense_one(sparse_first: bool) -> None:
    def code(lib: Library) -> Any:
        together, table = table_of(lib), table_of(lib)
        (rows(lib, together).sum() + (together**2).sum()).backward()
        for sparse in (sparse_first, not sparse_first):
            (rows(lib, table) if sparse else table**2).sum().backward()
        return together.grad, table.grad

    same(code)


def test_autograd_grad_gives_it_and_hooks_see_it() -> None:
    def code(lib: Library) -> Any:
        table, seen = table_of(lib), []
        table.register_hook(lambda g: seen.append(told(g)) or g * 2)
        (found,) = root(lib).autograd.grad((rows(lib, table) ** 2).sum(), table)
        (rows(lib, table) ** 2).sum().backward()
        return told(found), seen, told(table.grad)

    same(code)


def test_a_computed_table_has_the_same_gradient() -> None:
    def code(lib: Library) -> Any:
        table = table_of(lib)
        (rows(lib, table * 2) ** 2).sum().backward()
        return table.grad if not table.grad.is_sparse else table.grad.to_dense()

    same(code)


def test_a_gradient_can_be_set_and_cleared() -> None:
    def code(lib: Library) -> Any:
        table = table_of(lib)
        rows(lib, table).sum().backward()
        table.grad = table.grad * 3
        first = told(table.grad)
        root(lib).optim.SGD([table], lr=0.1).zero_grad(set_to_none=False)
        return first, told(table.grad)

    same(code)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "maximize": True}),
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        ("Adagrad", {"lr": 0.1}),
        ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5}),
        ("Adagrad", {"lr": 0.1, "eps": 0.0}),
        ("SparseAdam", {"lr": 0.1}),
        ("SparseAdam", {"lr": 0.1, "betas": (0.7, 0.8), "eps": 0.1, "maximize": True}),
    ],
)
def test_optimizers_that_take_sparse_gradients(name: str, options: Any) -> None:
    def code(lib: Library) -> Any:
        table = (lib.range(5, 2) + 1).detach().requires_grad_()
        optimizer, values = getattr(root(lib).optim, name)([table], **options), []
        for batch in ([1, 0, 1, 3], [4, 4], [0, 1, 2, 3, 4]):
            optimizer.zero_grad()
            (
                root(lib).nn.functional.embedding(root(lib).tensor(batch), table, sparse=True) ** 2
            ).sum().backward()
            optimizer.step()
            values.append(table.detach().clone())
        kept = dict(optimizer.state[table])
        kept.pop("step", None)
        return values, {k: v.to_dense() for k, v in kept.items()}

    same(code)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("Adam", {}, "Adam does not support sparse gradients, please consider SparseAdam instead"),
        ("RMSprop", {}, "RMSprop does not support sparse gradients"),
        ("Muon", {}, "Muon does not support sparse gradients"),
        ("Adafactor", {}, "Adafactor does not support sparse gradients"),
        ("SGD", {"weight_decay": 0.1}, r"add\(sparse, dense\) is not supported"),
        ("Adagrad", {"weight_decay": 0.1}, "weight_decay option is not compatible with sparse"),
    ],
)
def test_the_others_refuse_them_as_pytorch_does(name: str, options: Any, text: str) -> None:
    for space in (torch, wing):
        table = space.ones(4, 2, requires_grad=True)
        indices = space.tensor(INDICES)
        space.nn.functional.embedding(indices, table, sparse=True).sum().backward()
        with pytest.raises(RuntimeError, match=text):
            getattr(space.optim, name)([table], lr=0.1, **options).step()


def test_what_cannot_be_is_refused_as_by_pytorch() -> None:
    for space in (torch, wing):
        x = space.ones(2, 2, requires_grad=True)
        x.sum().backward()
        with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients"):
            space.optim.SparseAdam([x]).step()
        with pytest.raises(ValueError, match="Invalid learning rate: 0"):
            space.optim.SparseAdam([x], lr=0.0)
        with pytest.raises(ValueError, match="Complex params at indices"):
            space.optim.SparseAdam([space.ones(2, dtype=space.complex64, requires_grad=True)])
        layer = space.nn.Embedding(4, 2, scale_grad_by_freq=True, sparse=True)
        with pytest.raises(RuntimeError, match="scale_grad_by_freq not supported with sparse"):
            layer(space.tensor(INDICES)).sum().backward()


def test_lbfgs_makes_them_dense() -> None:
    def code(lib: Library) -> Any:
        table = (lib.range(4, 2) + 1).detach().requires_grad_()
        optimizer = root(lib).optim.LBFGS([table], lr=0.1)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (rows(lib, table) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return table.detach()

    same(code)


def test_the_derivative_by_a_sparse_leaf_is_sparse() -> None:
    def code(lib: Library) -> Any:
        space, dense = root(lib), lib.range(3, 2).requires_grad_()
        s = space.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], lib.range(3) + 1, (2, 3))
        s = s.coalesce().detach().requires_grad_()
        (space.sparse.mm(s, dense) ** 2).sum().backward()
        return told(s.grad), dense.grad, s.is_leaf, s.grad_fn

    same(code)


@pytest.mark.parametrize(
    "code",
    [
        lambda g: g.abs(), lambda g: g.pow(2), lambda g: g**2, lambda g: g.sqrt(),
        lambda g: g.mul(2), lambda g: g.div(2), lambda g: g.neg(), lambda g: g.sub(g),
        lambda g: g.clone().mul_(2), lambda g: g.clone().div_(2), lambda g: g.clone().zero_(),
        lambda g: g.clone().add_(g.coalesce(), alpha=3), lambda g: g.data, lambda g: g.detach(),
    ],
)  # fmt: skip
def test_a_gradient_has_the_arithmetic_of_pytorchs(code: Any) -> None:
    def run(lib: Library) -> Any:
        table = table_of(lib)
        rows(lib, table).sum().backward()
        found = code(table.grad)
        found = found.coalesce()
        return found.indices(), found.values(), found.norm(), table.grad[0], str(found.device)

    same(run)


def test_a_dense_tensor_plus_a_sparse_one() -> None:
    def code(lib: Library) -> Any:
        s = root(lib).sparse_coo_tensor([[0, 1], [1, 0]], lib.range(2) + 1, (2, 2))
        return lib.range(2, 2) + s, lib.range(2, 2) - s

    same(code)


def test_what_sparse_tensors_lack_is_told() -> None:
    s = wing.ones(2, 2).to_sparse()
    with pytest.raises(AttributeError, match=r"to_dense\(\)\.softmax"):
        s.softmax  # noqa: B018
    assert not hasattr(s, "nonsense")
    with pytest.raises(tw.errors.UnsupportedOperation, match="operators of its own"):
        tw.add(wing.ones(2, 2), s)
    layer = wing.nn.Embedding(3, 1, sparse=True)
    layer(wing.tensor([0])).sum().backward()
    with pytest.raises(tw.errors.UnsupportedOption, match="clipped"):
        wing.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)


def test_a_scaler_unscales_them() -> None:
    def code(lib: Library) -> Any:
        space, table = root(lib), table_of(lib)
        scaler, optimizer = space.amp.GradScaler("cpu"), space.optim.SGD([table], lr=0.1)
        scaler.scale(rows(lib, table).sum()).backward()
        scaler.step(optimizer)
        return told(table.grad), table.detach()

    same(code)


def test_a_sparse_embedding_trains_in_a_fit_with_dense_derivatives() -> None:
    def trained(sparse: bool) -> Any:
        wing.manual_seed(0)
        model = wing.nn.Sequential(wing.nn.Embedding(4, 2, sparse=sparse), wing.nn.Linear(2, 1))
        x = np.arange(8) % 4
        options: Any = {"optimizer": tw.optim.adam(0.1), "epochs": 3, "batch_size": 4}
        tw.fit(model, (x, x[:, None].astype(np.float32)), loss=wing.nn.MSELoss(), **options)
        return [p.tolist() for p in model.parameters()]

    assert trained(True) == trained(False)
    model = wing.nn.Embedding(4, 2, sparse=True)
    with pytest.raises(tw.errors.ArgumentError, match=r"optim\.adam\(0\.01\)"):
        tw.fit(
            model, (np.arange(4), np.ones((4, 2))), loss=wing.nn.MSELoss(),
            optimizer=wing.optim.SparseAdam(model.parameters()),
        )  # fmt: skip


def test_anomalies_are_looked_for_in_sparse_gradients() -> None:
    table = wing.ones(3, 2, requires_grad=True)
    with wing.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="returned nan values"):
        (rows_of_wing(table) * wing.tensor(float("nan"))).sum().backward()


def rows_of_wing(table: Any) -> Any:
    return wing.nn.functional.embedding(wing.tensor([0, 2]), table, sparse=True)


def test_what_optimizers_remember_are_tensors_of_the_wing() -> None:
    x = wing.ones(2, requires_grad=True)
    optimizer = wing.optim.Adam([x])
    x.sum().backward()
    optimizer.step()
    assert all(isinstance(value, wing.Tensor) for value in optimizer.state[x].values())


def test_parts_of_what_is_not_coalesced() -> None:
    def code(lib: Library) -> Any:
        table = table_of(lib)
        rows(lib, table).sum().backward()
        return table.grad._indices(), table.grad._values(), table.grad._nnz()

    same(code)
