"""PyTorch's further special functions, beside PyTorch and SciPy."""

from typing import Any

import numpy as np
import pytest
import scipy.special
import torch

import thalweg as tw
from thalweg import torch as wing

POLYNOMIALS = {
    name: getattr(scipy.special, theirs)
    for name, theirs in {
        "chebyshev_polynomial_t": "eval_chebyt", "chebyshev_polynomial_u": "eval_chebyu",
        "shifted_chebyshev_polynomial_t": "eval_sh_chebyt",
        "shifted_chebyshev_polynomial_u": "eval_sh_chebyu",
        "hermite_polynomial_h": "eval_hermite", "hermite_polynomial_he": "eval_hermitenorm",
        "laguerre_polynomial_l": "eval_laguerre", "legendre_polynomial_p": "eval_legendre",
    }.items()
}  # fmt: skip
OTHERS = [f"{kind}chebyshev_polynomial_{which}" for kind in ("", "shifted_") for which in "vw"]
POINTS = np.array([-3.0, -1.0, -0.7, 0.0, 0.2, 0.9999, 1.0, 1.5, 7.0])


@pytest.mark.parametrize("name", [*POLYNOMIALS, *OTHERS])
@pytest.mark.parametrize("n", [-1, 0, 1, 2, 3, 6, 9])
def test_polynomials_are_those_of_pytorch(name: str, n: int) -> None:
    ours = getattr(wing.special, name)(wing.tensor(POINTS), n)
    theirs = getattr(torch.special, name)(torch.tensor(POINTS), n)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_are_those_of_scipy(name: str) -> None:
    degrees, x = np.arange(31), np.linspace(-1, 1, 41)[:, None]
    x = (x + 1) / 2 if name.startswith("shifted") else x
    theirs = POLYNOMIALS[name](degrees, x)
    ours = getattr(wing.special, name)(wing.tensor(x), wing.tensor(degrees)).numpy()
    scale = np.abs(theirs).max(0)
    assert (np.abs(ours - theirs) / scale).max() < 1e-13


@pytest.mark.singles
def test_dtypes_are_those_of_pytorch() -> None:
    for lib in (wing, torch):
        f = lib.special.hermite_polynomial_he
        assert f(lib.tensor([1, 2]), 2).dtype == lib.float32
        assert f(lib.tensor([1.0]).double(), lib.tensor([2])).dtype == lib.float64
        assert lib.special.bessel_y0(lib.tensor([1])).dtype == lib.float32
        assert f(lib.tensor(0.5), lib.tensor([0, 1, 2])).tolist() == [1.0, 0.5, -0.75]


FUNCTIONS = {
    "bessel_j0": "j0", "bessel_j1": "j1", "bessel_y0": "y0", "bessel_y1": "y1",
    "modified_bessel_i0": "i0", "modified_bessel_i1": "i1", "modified_bessel_k0": "k0",
    "modified_bessel_k1": "k1", "scaled_modified_bessel_k0": "k0e",
    "scaled_modified_bessel_k1": "k1e",
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bessel_functions_are_those_of_scipy(name: str) -> None:
    x = np.concatenate([np.geomspace(1e-30, 1, 500), np.linspace(1, 40, 1001), [100.0, 600.0]])
    ours = getattr(wing.special, name)(wing.tensor(x)).numpy()
    theirs = getattr(scipy.special, FUNCTIONS[name])(x)
    scale = np.abs(theirs)
    if name.startswith("bessel"):
        scale = np.maximum(scale, 1 / np.sqrt(np.maximum(x, 1)))
    assert (np.abs(ours - theirs) / scale).max() < 5e-14


@pytest.mark.parametrize("name", [*FUNCTIONS, "spherical_bessel_j0", "airy_ai"])
def test_edges_are_those_of_pytorch(name: str) -> None:
    x = [-1.0, -0.0, 0.0, 0.5, 1.0, float("nan"), float("inf"), -float("inf")]
    ours = getattr(wing.special, name)(wing.tensor(x)).numpy()
    theirs = getattr(torch.special, name)(torch.tensor(x, dtype=torch.float64)).numpy()
    if name.startswith(("bessel_j", "modified_bessel_i")):
        ours, theirs = ours[:-2], theirs[:-2]  # infinitely far ours are what SciPy's are
    np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15)


def test_airy_is_that_of_scipy() -> None:
    x = np.linspace(-60, 60, 4001)
    ours, theirs = wing.special.airy_ai(wing.tensor(x)).numpy(), scipy.special.airy(x)[0]
    assert (np.abs(ours - theirs)[x < 0]).max() < 5e-14
    assert (np.abs(ours / theirs - 1)[x >= 0]).max() < 1e-13
    x = np.linspace(-5, 5, 101)
    ours = wing.special.spherical_bessel_j0(wing.tensor(x)).numpy()
    np.testing.assert_allclose(ours, scipy.special.spherical_jn(0, x), rtol=1e-13)


CALLS: dict[str, Any] = {name: getattr(wing.special, name) for name in FUNCTIONS}
CALLS |= {name: getattr(wing.special, name) for name in ("spherical_bessel_j0", "airy_ai")}
CALLS |= {
    name: lambda x, name=name: getattr(wing.special, name)(x, 4) for name in (*POLYNOMIALS, *OTHERS)
}


@pytest.mark.parametrize("name", CALLS)
def test_derivatives_are_those_of_differences(name: str) -> None:
    tw.testing.check_gradients(CALLS[name], np.array([0.4, 0.9, 1.7, 3.0]))


@pytest.mark.parametrize("name", ["airy_ai", "modified_bessel_k1", "legendre_polynomial_p"])
def test_they_compile_and_are_batched(name: str) -> None:
    x, function = np.array([0.4, 0.9, 1.7, 3.0]), CALLS[name]
    slope = tw.grad(lambda x: function(x).sum())
    np.testing.assert_allclose(tw.jit(slope)(x), slope(x), rtol=1e-12)
    np.testing.assert_allclose(tw.vmap(function)(x), function(x).numpy(), rtol=1e-12)


def test_traced_degrees_are_refused() -> None:
    function = tw.jit(lambda n: wing.special.laguerre_polynomial_l(0.5, n))
    with pytest.raises(tw.errors.TracingError, match="Give degrees that are known"):
        function(np.array([2, 3]))
