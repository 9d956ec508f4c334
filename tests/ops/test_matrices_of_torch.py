"""Linear algebra against live PyTorch: values, and gradients for random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ShapeError

RANDOM = np.random.default_rng(3)
SQUARES, SYSTEM, TALL = (RANDOM.normal(size=shape) for shape in ((2, 3, 3), (2, 3), (4, 3)))
SYMMETRIC = SQUARES + np.swapaxes(SQUARES, -1, -2)


def same(code: Any, *operands: Any, rel: float = 1e-11) -> None:
    """Run code with both libraries; compare its results and the gradients."""

    def run(library: Any) -> tuple[list[Any], list[Any]]:
        leaves = [library.tensor(x, requires_grad=True) for x in operands]
        found = code(library, *leaves)
        results = list(found) if isinstance(found, tuple) else [found]
        total: Any = 0.0
        for n, result in enumerate(results):
            if result.requires_grad:
                weights = np.cos(np.arange(result.numel()) + n).reshape(tuple(result.shape))
                total = total + (result * library.tensor(weights)).sum()
        total.backward()
        return [r.detach().numpy() for r in results], [x.grad.numpy() for x in leaves]

    (ours, slopes), (theirs, wanted) = run(wing), run(torch)
    for one, other in zip([*ours, *slopes], [*theirs, *wanted], strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rel, rel)


@pytest.mark.parametrize("triangle", ["L", "U"])
def test_eigenvectors_are_those_of_the_triangle_that_is_read(triangle: str) -> None:
    def parts(lib: Any, x: Any) -> Any:
        values, vectors = lib.linalg.eigh((x + x.mT) / 2, UPLO=triangle)
        return values, abs(vectors)

    same(parts, SYMMETRIC)
    spoilt = np.triu(SQUARES) if triangle == "U" else np.tril(SQUARES)
    found = tw.linalg.eigh(wing.tensor(spoilt), triangle)
    for one, other in zip(found, np.linalg.eigh(spoilt, triangle), strict=True):
        np.testing.assert_array_equal(one.numpy(), other)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 2, 4), (4, 0), (0, 3)])
def test_all_singular_vectors_are_numpy_s(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(size=shape)
    full = tw.linalg.svd(wing.tensor(x))
    for one, other in zip(full, np.linalg.svd(x), strict=True):
        np.testing.assert_array_equal(one.numpy(), other)


@pytest.mark.parametrize("x", [TALL, TALL.T.copy(), SQUARES])
def test_derivatives_of_all_singular_vectors_are_pytorch_s(x: Any) -> None:
    def sizes(lib: Any, x: Any) -> Any:
        u, s, vh = lib.linalg.svd(x, full_matrices=True)
        k = s.shape[-1]
        # Their signs are the routine's choice.
        return abs(u[..., :k]), s, abs(vh[..., :k, :]), u[..., :k] @ vh[..., :k, :]

    same(sizes, x)


@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelss", "gelsd"])
def test_least_squares_return_what_the_driver_of_pytorch_does(driver: str) -> None:
    right = RANDOM.normal(size=(4, 2))
    same(lambda lib, a, b: lib.linalg.lstsq(a, b, driver=driver)[:2], TALL, right)
    same(lambda lib, a, b: lib.linalg.lstsq(a, b, driver=driver)[:2], SQUARES, SQUARES + 1.0)
    for x in (TALL, TALL @ TALL.T):
        ours = tw.linalg.lstsq(wing.tensor(x), wing.tensor(right), driver=driver)
        theirs = torch.linalg.lstsq(torch.tensor(x), torch.tensor(right), driver=driver)
        for one, other in zip(ours[1:], theirs[1:], strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), 1e-11, 1e-11)


def test_least_squares_return_what_numpy_does() -> None:
    right = RANDOM.normal(size=(4, 2))
    for one, other in zip(
        tw.linalg.lstsq(wing.tensor(TALL), wing.tensor(right)),
        np.linalg.lstsq(TALL, right),
        strict=True,
    ):
        np.testing.assert_allclose(one.numpy(), other, 1e-12)


@pytest.mark.parametrize("order", [0.5, 1, 1.5, 2, 3.5, -0.5, -1, -2, -3.5, np.inf, -np.inf])
@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0), (0.0, 1.0, -2.0), (3.0, -1.0, 2.0)])
def test_norms_have_pytorch_s_derivatives_at_zero(order: float, at: tuple[float, ...]) -> None:
    same(lambda lib, x: lib.linalg.vector_norm(x, order), np.array(at))
    same(lambda lib, x: lib.linalg.norm(x, order), np.array(at))
    same(lambda lib, x: lib.norm(x, order), np.array(at))


def test_norms_of_complex_numbers_are_those_of_their_sizes() -> None:
    z = SYSTEM + 1j * SYSTEM[::-1].copy()
    for axis in (None, 0, (0, 1)):
        found, wanted = tw.linalg.norm(tw.asarray(z), axis=axis), np.linalg.norm(z, axis=axis)
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found.numpy(), wanted, 1e-13)


def test_systems_spelled_as_in_pytorch_take_stacks_of_vectors() -> None:
    cubes = RANDOM.normal(size=(3, 3, 3))
    same(lambda lib, a, b: lib.linalg.solve(a, b, left=True), SQUARES, SYSTEM)
    same(lambda lib, a, b: lib.linalg.solve(a, b, left=True), cubes, cubes[0])
    same(lambda lib, a, b: lib.linalg.solve(a, b, left=False), SQUARES, SQUARES[::-1].copy())
    same(lambda lib, a, b: lib.linalg.solve(a, b, left=True), cubes[:0], cubes[:0, 0])


def test_systems_are_the_standard_s_where_nothing_is_said() -> None:
    cubes = RANDOM.normal(size=(3, 3, 3))
    found = tw.linalg.solve(wing.tensor(cubes), wing.tensor(cubes[0]))
    np.testing.assert_allclose(found.numpy(), np.linalg.solve(cubes, cubes[0]), 1e-12)
    with pytest.raises(ShapeError, match="left=True"):
        tw.linalg.solve(wing.tensor(SQUARES), wing.tensor(SYSTEM))
    with pytest.raises(ShapeError, match="vectors"):
        tw.linalg.solve(wing.tensor(SQUARES), wing.tensor(SYSTEM), left=False)


def test_inverses_of_symmetric_matrices_have_the_derivatives_of_all() -> None:
    same(lambda lib, x: lib.linalg.pinv(x, hermitian=True), SYMMETRIC)
    lower = np.tril(SYMMETRIC)
    found = tw.linalg.pinv(wing.tensor(lower), hermitian=True)
    np.testing.assert_allclose(found.numpy(), np.linalg.inv(SYMMETRIC), 1e-9)
    # Where eigenvalues coincide, which is where PyTorch's derivative is not a number.
    x = wing.eye(2, requires_grad=True)
    tw.linalg.pinv(x, hermitian=True).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.ones((2, 2)))


def test_exponentials_of_matrices_are_pytorch_s() -> None:
    same(lambda lib, x: lib.matrix_exp(x), SQUARES)
    same(lambda lib, x: lib.linalg.matrix_exp(x * 9), SQUARES, rel=1e-9)
    twice = tw.grad(lambda x: wing.sum(tw.grad(lambda y: wing.sum(wing.matrix_exp(y)))(x) ** 2))
    x = SQUARES[0] / 3
    step = 1e-5 * np.eye(3)

    def slope(at: Any) -> Any:
        return np.sum(tw.grad(lambda y: wing.sum(wing.matrix_exp(y)))(wing.tensor(at)).numpy() ** 2)

    wanted = (slope(x + step) - slope(x - step)) / 2e-5
    np.testing.assert_allclose(np.trace(twice(wing.tensor(x)).numpy()), wanted, 1e-6)


def test_exponentials_of_large_and_empty_matrices_stay_numbers() -> None:
    big = np.array([[[0.0, 50.0], [-50.0, 0.0]], [[1e-3, 0.0], [0.0, -700.0]]])
    np.testing.assert_allclose(
        wing.matrix_exp(wing.tensor(big)).numpy(), torch.matrix_exp(torch.tensor(big)).numpy(), 1e-9
    )
    assert wing.matrix_exp(wing.zeros(0, 2, 2)).shape == (0, 2, 2)
    assert wing.matrix_exp(wing.zeros(2, 0, 0)).shape == (2, 0, 0)


@pytest.mark.parametrize("upper", [False, True])
def test_systems_by_cholesky_factors_are_pytorch_s(upper: bool) -> None:
    factor = np.linalg.cholesky(SQUARES @ np.swapaxes(SQUARES, -1, -2) + np.eye(3))
    factor = np.swapaxes(factor, -1, -2).copy() if upper else factor
    cut = "triu" if upper else "tril"
    same(lambda lib, b, x: lib.cholesky_solve(b, getattr(lib, cut)(x), upper), SQUARES, factor)
    same(lambda lib, x: lib.cholesky_inverse(getattr(lib, cut)(x), upper), factor, rel=1e-9)


def test_systems_over_several_axes_are_pytorch_s() -> None:
    x = RANDOM.normal(size=(2, 3, 6))
    same(lambda lib, x: lib.linalg.tensorinv(x, ind=2), x)
    same(lambda lib, a, b: lib.linalg.tensorsolve(a, b), x, x[:, :, 0].copy())
    turned = np.moveaxis(x, 1, -1).copy()
    same(lambda lib, a, b: lib.linalg.tensorsolve(a, b, dims=(1,)), turned, x[:, :, 0].copy())


def test_powers_of_vectors_are_pytorch_s() -> None:
    same(lambda lib, x: lib.linalg.vander(x), SYSTEM)
    same(lambda lib, x: lib.linalg.vander(x, N=5), np.array([0.0, 1.0, -2.0]))
    same(lambda lib, x: lib.linalg.vander(x, N=3), np.array(2.0))


def test_what_makes_no_square_system_is_refused() -> None:
    for wrong in (
        lambda: tw.linalg.tensorinv(wing.ones(2, 3), ind=1),
        lambda: tw.linalg.tensorinv(wing.ones(2, 2), ind=0),
        lambda: tw.linalg.tensorsolve(wing.ones(2, 3), wing.ones(2)),
        lambda: tw.linalg.vander(wing.ones(3), N=1),
        lambda: wing.matrix_exp(wing.ones(2, 3)),
        lambda: wing.pdist(wing.ones(2)),
    ):
        with pytest.raises(ValueError, match=r"want|only supports|must"):
            wrong()
