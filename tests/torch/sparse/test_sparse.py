"""Sparse tensors beside PyTorch's: parts, printing, products, derivatives and errors."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")

PLACES, VALUES = [[1, 0, 1, 1], [2, 2, 0, 2]], [3.0, 4.0, 5.0, 6.0]


def made(lib: Library, **options: Any) -> Any:
    return root(lib).sparse_coo_tensor(PLACES, lib.array(VALUES), (2, 3), **options)


def parts(s: Any) -> Any:
    s = s.coalesce()
    return s.indices(), s.values(), tuple(s.shape)


@pytest.mark.parametrize(
    "code",
    [
        lambda t, s: s.to_dense(),
        lambda t, s: [s.sparse_dim(), s.dense_dim(), s.dim(), s._nnz(), s.is_coalesced()],
        lambda t, s: [s.size(1), s.numel(), s.is_sparse, str(s.layout), str(s.dtype)],
        lambda t, s: parts(s),
        lambda t, s: parts(s.t()),
        lambda t, s: parts(2 * s),
        lambda t, s: parts(s / 2),
        lambda t, s: parts(-s),
        lambda t, s: parts(s + s.coalesce()),
        lambda t, s: parts(s - 3 * s),
        lambda t, s: s @ t.ones(3, 2),
        lambda t, s: s.t() @ t.ones(2),
        lambda t, s: t.sparse.mm(s, t.ones(3, 2)),
        lambda t, s: t.sparse.addmm(t.ones(2, 2), s, t.ones(3, 2), beta=2.0, alpha=3.0),
        lambda t, s: [t.sparse.sum(s), s.sum()],
        lambda t, s: parts(t.sparse.sum(s, dim=0)),
        lambda t, s: parts(s.to_dense().to_sparse()),
        lambda t, s: s.coalesce().to_sparse_csr().to_dense(),
        lambda t, s: s.to_dense().to_sparse_csr() @ t.ones(3, 2),
        lambda t, s: s.to_dense().to_sparse_csr().crow_indices(),
        lambda t, s: s.to_dense().to_sparse_csr().col_indices(),
        lambda t, s: str(s.float().dtype),
        lambda t, s: t.ones(2).to_dense(),
    ],
)
def test_sparse_tensors_are_those_of_pytorch(code: Any) -> None:
    same(lambda lib: code(root(lib), made(lib)))


@pytest.mark.singles
@pytest.mark.parametrize(
    "code",
    [
        lambda t: t.sparse_coo_tensor(PLACES, VALUES, (2, 3)),
        lambda t: t.sparse_coo_tensor(PLACES, VALUES).coalesce(),
        lambda t: t.sparse_coo_tensor([[0, 1]], [[1.0, 2.0], [3.0, 4.0]]),
        lambda t: t.sparse_csr_tensor([0, 1, 3], [2, 0, 2], [3.0, 4.0, 5.0], (2, 3)),
        lambda t: t.sparse_csr_tensor([0, 1, 3], [2, 0, 2], [3.0, 4.0, 5.0]).values(),
    ],
)
def test_they_print_as_pytorchs(code: Any) -> None:
    assert repr(code(wing)) == repr(code(torch))


def test_derivatives_flow_to_the_values_and_to_the_dense_matrix() -> None:
    def code(lib: Library) -> Any:
        space, values = root(lib), lib.array(VALUES).requires_grad_()
        dense = lib.range(3, 2).requires_grad_()
        s = space.sparse_coo_tensor(PLACES, values, (2, 3))
        (space.sparse.mm(s, dense) ** 2).sum().backward()
        first = values.grad.clone(), dense.grad, s.requires_grad
        (space.sparse_coo_tensor(PLACES, values, (2, 3)).to_dense() ** 2).sum().backward()
        return first, values.grad

    same(code)


def test_derivatives_flow_back_to_a_dense_tensor() -> None:
    def code(lib: Library) -> Any:
        x = lib.array([[0.0, 1.0], [2.0, 0.0]]).requires_grad_()
        (x.to_sparse().to_dense() * lib.range(2, 2)).sum().backward()
        # Zeros have no derivative here; PyTorch passes on what it is given.
        return x.grad * (x.detach() != 0)

    same(code)


def test_a_product_trains_in_a_run() -> None:
    adjacency = wing.sparse_coo_tensor(PLACES, VALUES, (2, 3)).double()

    def loss(params: Any, x: Any) -> Any:
        return ((adjacency @ wing.as_tensor(params)) ** 2).sum() + 0.0 * x.sum()

    dense = adjacency.to_dense().numpy()
    start, x = np.ones((3, 2)), np.zeros((4, 1))
    options: Any = {"optimizer": tw.optim.sgd(0.001), "epochs": 3, "batch_size": 4}
    found = tw.fit(loss, start, x, **options).params
    wanted = tw.fit(lambda p, x: ((dense @ p) ** 2).sum() + 0.0 * x.sum(), start, x, **options)
    np.testing.assert_allclose(found, wanted.params, rtol=1e-12)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda t, s: t.sparse_coo_tensor(PLACES, VALUES, (2,)), "is not satisfied"),
        (lambda t, s: t.sparse_coo_tensor(PLACES, [1.0], (2, 3)), "must have same nnz"),
        (lambda t, s: s.indices(), "Cannot get indices on an uncoalesced tensor"),
        (lambda t, s: s.values(), "Cannot get values on an uncoalesced tensor"),
        (lambda t, s: s @ t.ones(2, 2), "Expected dim 0 size 3, got 2"),
        (lambda t, s: s.numpy(), "to_dense"),
        (lambda t, s: t.exp(s), "sparse|Sparse"),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    for space in (torch, wing):
        with pytest.raises((RuntimeError, TypeError, NotImplementedError), match=text):
            code(space, space.sparse_coo_tensor(PLACES, VALUES, (2, 3)))


def test_places_outside_are_refused_always() -> None:
    with pytest.raises(tw.errors.IndexOutOfRange, match="for dim 1, size is 2 but found index 2"):
        wing.sparse_coo_tensor(PLACES, VALUES, (2, 2))
    with pytest.raises(tw.errors.ArgumentError, match="one count more"):
        wing.sparse_csr_tensor([0, 1], [2, 0, 2], [3.0, 4.0, 5.0], (2, 3))


def test_what_needs_all_elements_is_refused() -> None:
    s = wing.sparse_coo_tensor(PLACES, VALUES, (2, 3))
    with pytest.raises(tw.errors.UnsupportedOperation, match=r"to_dense\(\)"):
        s * wing.ones(2, 3)
    with pytest.raises(tw.errors.UnsupportedOperation, match=r"to_dense\(\)"):
        np.asarray(s)
