"""Einstein sums and the other products: NumPy's values and errors that name the operands."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from tests.ops.numpy_beside import require_numpys
from thalweg.core.program import trace
from thalweg.core.tensor import make
from thalweg.errors import ArgumentError, ShapeError, UnsupportedOperation
from thalweg.testing import check_gradients

Array = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(13)


def drawn(*shapes: tuple[int, ...]) -> list[Array]:
    return [RANDOM.normal(size=shape) for shape in shapes]


EINSUMS: list[tuple[str, list[Array]]] = [
    ("i->i", drawn((4,))),
    ("i->", drawn((4,))),
    ("ji", drawn((2, 3))),
    ("ijk->kij", drawn((2, 3, 4))),
    ("ijk->j", drawn((2, 3, 4))),
    ("...ij->...ji", drawn((2, 3, 4))),
    ("...i->...", drawn((2, 3, 4))),
    ("...", drawn((2, 3))),
    ("i,i", drawn((5,), (5,))),
    ("i,j", drawn((3,), (4,))),
    ("i,i->i", drawn((5,), (5,))),
    ("i,->i", drawn((5,), ())),
    ("ij,j", drawn((3, 4), (4,))),
    ("ij,jk", drawn((3, 4), (4, 2))),
    ("ij,jk->ki", drawn((3, 4), (4, 2))),
    ("ij,ij", drawn((3, 4), (3, 4))),
    ("ij,ij->i", drawn((3, 4), (3, 4))),
    ("ij,ji->", drawn((3, 4), (4, 3))),
    ("ij,kl->", drawn((3, 4), (2, 5))),
    ("ij,jk->ijk", drawn((3, 4), (4, 2))),
    ("bij,bjk->bik", drawn((2, 3, 4), (2, 4, 5))),
    ("bij,bjk->ikb", drawn((2, 3, 4), (2, 4, 5))),
    ("bi,bj->bij", drawn((2, 3), (2, 4))),
    ("bi,bi->b", drawn((2, 3), (2, 3))),
    ("bik,bjk->bij", drawn((2, 3, 4), (2, 5, 4))),
    ("ijk,jil->kl", drawn((2, 3, 4), (3, 2, 5))),
    ("...ij,...jk->...ik", drawn((2, 3, 4), (4, 5))),
    ("...ij,...jk", drawn((2, 1, 3, 4), (6, 4, 5))),
    ("...k,k", drawn((2, 3, 4), (4,))),
    ("i...,i...->...", drawn((2, 3, 4), (2, 3, 4))),
    ("ij,jk,kl->il", drawn((2, 3), (3, 4), (4, 5))),
    ("ij,jk,kl", drawn((2, 3), (3, 4), (4, 2))),
    ("i,ij,j", drawn((3,), (3, 4), (4,))),
    ("bi,ij,bj->b", drawn((2, 3), (3, 4), (2, 4))),
    ("ij,j->i", drawn((3, 4), (1,))),
    ("ij,jk", drawn((0, 4), (4, 2))),
    ("ij,jk", drawn((3, 0), (0, 2))),
    ("Ab, bA -> Ab", drawn((3, 4), (4, 3))),
]
each_einsum = pytest.mark.parametrize(
    ("subscripts", "operands"), EINSUMS, ids=[f"{text} {i}" for i, (text, _) in enumerate(EINSUMS)]
)


@each_einsum
def test_values_are_those_of_numpy(subscripts: str, operands: list[Array]) -> None:
    expected = np.einsum(subscripts, *operands)
    found = np.einsum(subscripts, *map(tw.Tensor, operands))
    assert isinstance(found, tw.Tensor)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.sampled(2)
@each_einsum
def test_derivatives_are_those_of_differences(subscripts: str, operands: list[Array]) -> None:
    check_gradients(lambda *tensors: tw.einsum(subscripts, *tensors), *operands)


def test_a_contraction_of_two_operands_is_one_matrix_product() -> None:
    specs = [tw.zeros(shape).spec for shape in ((2, 3, 4, 5), (4, 6, 2))]
    _, current, _ = trace(lambda x, y: tw.einsum("abcd,cea->bde", x, y), specs, make)
    names = [equation.primitive.name for equation in current.equations]
    assert names.count("matrix_product") == 1
    assert "multiply" not in names


def test_einsum_of_float32_and_integers_promotes_as_numpy() -> None:
    x, y = np.ones((2, 3), np.float32), np.ones((3, 2), np.int64)
    assert tw.einsum("ij,jk", tw.Tensor(x), tw.Tensor(x.T)).dtype == np.float32
    assert tw.einsum("ij,jk", tw.Tensor(x), tw.Tensor(y)).dtype == np.float64


@pytest.mark.parametrize(
    ("subscripts", "shapes", "error", "message"),
    [
        ("ij,jk", [(2, 3)], ArgumentError, r"1 operands for the 2 terms of 'ij,jk'; give one"),
        ("ij", [(2, 3, 4)], ArgumentError, r"3 axes for the term 'ij'.*one letter an axis"),
        ("ii", [(3, 2)], ShapeError, r"axes 3 and 2 under one letter, 'i'"),
        ("ij->ik", [(2, 3)], ArgumentError, r"names an axis twice or one that no operand has"),
        ("ij->ii", [(2, 3)], ArgumentError, r"names an axis twice or one that no operand has"),
        ("i1", [(2, 3)], ArgumentError, r"a term wants letters a-z, A-Z"),
        ("ij,jk", [(2, 3), (4, 5)], ShapeError, r"\(2, 3\) and \(4, 5\).*extents 3 and 4"),
    ],
)
def test_wrong_subscripts_are_refused(
    subscripts: str, shapes: list[tuple[int, ...]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        tw.einsum(subscripts, *map(tw.zeros, shapes))


def test_axes_may_be_given_as_numbers() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    require_numpys(lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), x, y)
    require_numpys(lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), x, y)
    require_numpys(lambda x: np.einsum(x, [Ellipsis, 0], [Ellipsis]), x)
    require_numpys(lambda x: np.einsum(x @ x.T, [0, 0]), x)
    with pytest.raises(UnsupportedOperation, match=r"wants text such as 'ij,jk->ik'"):
        tw.einsum(tw.ones((2, 3)), 0)


@pytest.mark.parametrize("optimize", [True, "greedy", "optimal", ["einsum_path", (0, 2), (0, 1)]])
def test_the_order_of_contraction_changes_no_value(optimize: Any) -> None:
    random = np.random.default_rng(0)
    operands = [random.normal(size=shape) for shape in ((3, 4), (4, 5), (5, 3))]
    for subscripts in ("ij,jk,kl", "ij,jk,ki->i", "ij,jk,ki"):
        require_numpys(lambda *xs, s=subscripts: np.einsum(s, *xs, optimize=optimize), *operands)
    with pytest.raises(ArgumentError, match="einsum got optimize='best'"):
        tw.einsum("ij,jk,kl", *operands, optimize="best")


# ---- the other products


def test_products_of_shapes_that_do_not_fit_are_refused() -> None:
    x = tw.zeros((2, 3))
    with pytest.raises(ShapeError, match=r"matmul got shapes \(2, 3\) and \(2, 3\); the last axis"):
        x @ x
    with pytest.raises(ShapeError, match=r"matmul got shapes \(\) and \(3,\)"):
        tw.matmul(2.0, tw.zeros(3))
    with pytest.raises(ShapeError, match=r"\(2, 3, 4\) and \(3, 4, 5\), whose leading axes"):
        tw.zeros((2, 3, 4)) @ tw.zeros((3, 4, 5))
    with pytest.raises(ShapeError, match=r"tensordot got shapes \(2, 3\) and \(2, 3\).*extents"):
        tw.tensordot(x, x, 1)
    with pytest.raises(ShapeError, match=r"dot got shapes \(3,\) and \(2, 3\)|matmul got shapes"):
        tw.dot(tw.zeros(3), x)


def test_products_of_empty_tensors_are_those_of_numpy() -> None:
    for left, right in (((0, 3), (3, 2)), ((2, 0), (0, 3)), ((0,), (0,)), ((4, 0, 3), (3, 2))):
        x, y = np.ones(left), np.ones(right)
        found, expected = tw.Tensor(x) @ y, x @ y
        assert found.shape == np.shape(expected)
        np.testing.assert_array_equal(found.numpy(), expected)
        slopes = tw.grad(lambda a, b: tw.sum(a @ b), (0, 1))(x, y)
        assert [slope.shape for slope in slopes] == [left, right]


def test_the_gradient_of_a_chain_of_products_is_that_of_jax() -> None:
    x, w, v = drawn((5, 3), (3, 4), (4,))

    def loss(namespace: Any, x: Any, w: Any, v: Any) -> Any:
        return namespace.sum(namespace.tanh(x @ w) @ v) + namespace.dot(v, v) * (w @ v)[0]

    found = tw.grad(lambda *args: loss(np, *args), (0, 1, 2))(x, w, v)
    expected = jax.jit(jax.grad(lambda *args: loss(jnp, *args), (0, 1, 2)))(x, w, v)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
