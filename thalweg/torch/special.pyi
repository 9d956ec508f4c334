"""PyTorch's `torch.special`: the functions of `thalweg.special`, and PyTorch's further ones."""

# Written by `python -m tests.stubs`.

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from thalweg.torch.tensors import TorchTensor

_Out: TypeAlias = TorchTensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def airy_ai(input: ArrayLike) -> TorchTensor:
    r"""Airy's function Ai, for which Ai'' = x Ai."""

def bessel_j0(input: ArrayLike) -> TorchTensor:
    r"""Bessel function of the first kind and order 0."""

def bessel_j1(input: ArrayLike) -> TorchTensor:
    r"""Bessel function of the first kind and order 1."""

def bessel_y0(input: ArrayLike) -> TorchTensor:
    r"""Bessel function of the second kind and order 0, of x > 0; -Inf at 0 and NaN below."""

def bessel_y1(input: ArrayLike) -> TorchTensor:
    r"""Bessel function of the second kind and order 1, of x > 0; -Inf at 0 and NaN below."""

def beta(a: ArrayLike, b: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Beta function: Γ(a) Γ(b) / Γ(a + b)."""

def betainc(a: ArrayLike, b: ArrayLike, input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Incomplete beta function, regularized: ∫₀ˣ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt / B(a, b)."""

def betainccinv(a: ArrayLike, b: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the complement of the incomplete beta function: 1 - betainc(a, b, x) = y."""

def betaincinv(a: ArrayLike, b: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the incomplete beta function, regularized: the x of betainc(a, b, x) = y."""

def betaln(a: ArrayLike, b: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the absolute beta function: ln |Γ(a) Γ(b) / Γ(a + b)|."""

def boxcox(input: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Box-Cox transform: (xᵞ - 1) / γ for a power γ, and ln x where γ is 0."""

def boxcox1p(input: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Box-Cox transform of 1 + x, accurate near x = 0."""

def cbrt(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Cube root: ∛x, of negative numbers too. Natively within 0.6 ulp."""

def chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the first kind Tₙ(x) = cos(n arccos x)."""

def chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the second kind Uₙ(cos t) = sin((n + 1) t) / sin t."""

def chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the third kind Vₙ(cos t) = cos((n + ½) t) / cos(t/2)."""

def chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the fourth kind Wₙ(cos t) = sin((n + ½) t) / sin(t/2)."""

def digamma(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

def entr(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Entropy's term: -x ln x; 0 at 0, with an infinite derivative, and -∞ below, with none."""

def erf(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Error function: 2/√π ∫₀ˣ e^(-t²) dt. Natively within 1.3 ulp."""

def erfc(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Complementary error function, accurate where it is small: 1 - erf(x)."""

def erfcx(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Scaled complementary error function: e^(x²) erfc(x)."""

def erfinv(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the error function, for x between -1 and 1."""

def exp2(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Power of two: 2ˣ. Natively within 1.2 ulp."""

def expit(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

def expm1(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""

def exprel(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Relative exponential: (eˣ - 1) / x, and 1 at 0."""

def gamma(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Gamma function: ∫₀^∞ tˣ⁻¹ e⁻ᵗ dt, continued; (x - 1)! of integers."""

def gammainc(a: ArrayLike, input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Lower incomplete gamma function, regularized: ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)."""

def gammaincc(a: ArrayLike, input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Upper incomplete gamma function, regularized: ∫ₓ^∞ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)."""

def gammainccinv(a: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the upper incomplete gamma function, regularized: the x of gammaincc(a, x) = y."""

def gammaincinv(a: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of the lower incomplete gamma function, regularized: the x of gammainc(a, x) = y."""

def gammaln(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the absolute gamma function: ln |Γ(x)|."""

def gammasgn(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Sign of the gamma function; NaN at negative integers, ±1 at ±0."""

def hermite_polynomial_h(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Physicists' Hermite polynomial: Hₙ₊₁ = 2x Hₙ - 2n Hₙ₋₁."""

def hermite_polynomial_he(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Probabilists' Hermite polynomial: Heₙ₊₁ = x Heₙ - n Heₙ₋₁."""

def huber(delta: ArrayLike, r: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Huber's loss: r² / 2 up to δ, δ (|r| - δ / 2) beyond; ∞ where δ is negative."""

def i0(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Modified Bessel function of the first kind and order 0."""

def i0e(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Modified Bessel function of order 0, scaled: e^(-|x|) I₀(x)."""

def i1(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Modified Bessel function of the first kind and order 1."""

def i1e(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Modified Bessel function of order 1, scaled: e^(-|x|) I₁(x)."""

def inv_boxcox(other: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of `boxcox`: (1 + γ y)^(1/γ), and eʸ where γ is 0."""

def inv_boxcox1p(other: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of `boxcox1p`."""

def j0(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bessel function of the first kind and order 0."""

def j1(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Bessel function of the first kind and order 1."""

def kl_div(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Term of the Kullback-Leibler divergence: x ln(x / y) - x + y; y where x = 0 ≤ y, else ∞."""

def laguerre_polynomial_l(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Laguerre polynomial: (n + 1) Lₙ₊₁ = (2n + 1 - x) Lₙ - n Lₙ₋₁."""

def legendre_polynomial_p(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Legendre polynomial: (n + 1) Pₙ₊₁ = (2n + 1) x Pₙ - n Pₙ₋₁."""

def log1p(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""

def log_expit(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the logistic function, without overflow: -ln(1 + e⁻ˣ)."""

def log_ndtr(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the normal distribution function, accurate in its tail too."""

def log_softmax(input: ArrayLike, dim: int | Sequence[int] | None = None) -> TorchTensor:
    r"""Logarithm of the softmax over the axes, by default over all, without overflow."""

def loggamma(z: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the gamma function, which is real for positive numbers alone: else NaN."""

def logit(input: ArrayLike, eps: float | None = None, *, out: _Out = None) -> TorchTensor:
    r"""Log odds: ln(x / (1 - x)), the inverse of the logistic function."""

@overload
def logsumexp(
    a: ArrayLike,
    dim: int | Sequence[int] | None = None,
    b: Any = None,
    keepdim: bool = False,
    return_sign: Literal[False] = False,
) -> TorchTensor:
    r"""Logarithm of a sum of exponentials, without overflow: ln Σ b eᵃ."""

@overload
def logsumexp(
    a: ArrayLike,
    dim: int | Sequence[int] | None = None,
    b: Any = None,
    keepdim: bool = False,
    *,
    return_sign: Literal[True],
) -> tuple[TorchTensor, TorchTensor]:
    r"""Logarithm of a sum of exponentials, without overflow: ln Σ b eᵃ."""

@overload
def logsumexp(
    a: ArrayLike,
    dim: int | Sequence[int] | None = None,
    b: Any = None,
    keepdim: bool = False,
    return_sign: bool = False,
) -> Any:
    r"""Logarithm of a sum of exponentials, without overflow: ln Σ b eᵃ."""

def modified_bessel_i0(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the first kind and order 0."""

def modified_bessel_i1(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the first kind and order 1."""

def modified_bessel_k0(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the second kind and order 0, of x > 0; Inf at 0, NaN below."""

def modified_bessel_k1(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the second kind and order 1, of x > 0; Inf at 0, NaN below."""

def multigammaln(input: ArrayLike, p: int, *, out: _Out = None) -> TorchTensor:
    r"""Logarithm of the multivariate gamma function of dimension p."""

def ndtr(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Distribution function of the normal distribution: erfc(-x / √2) / 2."""

def ndtri(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Quantile of the normal distribution, the inverse of `ndtr`."""

def polygamma(n: ArrayLike, input: ArrayLike) -> TorchTensor:
    r"""Derivative of order n of the digamma function; orders broadcast with x."""

def pseudo_huber(delta: ArrayLike, r: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Smooth loss of Huber's kind: δ² (√(1 + (r / δ)²) - 1); ∞ where δ is negative."""

def psi(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

def rel_entr(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Term of the relative entropy: x ln(x / y); 0 where x = 0 ≤ y, and ∞ outside."""

def round(input: ArrayLike, decimals: int = 0, *, out: _Out = None) -> TorchTensor:
    r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

def scaled_modified_bessel_k0(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the second kind and order 0, scaled: eˣ K₀(x)."""

def scaled_modified_bessel_k1(input: ArrayLike) -> TorchTensor:
    r"""Modified Bessel function of the second kind and order 1, scaled: eˣ K₁(x)."""

def shifted_chebyshev_polynomial_t(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the first kind on [0, 1]: Tₙ(2x - 1)."""

def shifted_chebyshev_polynomial_u(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the second kind on [0, 1]: Uₙ(2x - 1)."""

def shifted_chebyshev_polynomial_v(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the third kind on [0, 1]: Vₙ(2x - 1)."""

def shifted_chebyshev_polynomial_w(input: ArrayLike, n: ArrayLike) -> TorchTensor:
    r"""Chebyshev polynomial of the fourth kind on [0, 1]: Wₙ(2x - 1)."""

def sinc(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Normalised sine: sin(π x) / (π x), and 1 at 0."""

def softmax(input: ArrayLike, dim: int | Sequence[int] | None = None) -> TorchTensor:
    r"""Exponentials that sum to one over the axes, by default over all: eˣ / Σ eˣ."""

def spherical_bessel_j0(input: ArrayLike) -> TorchTensor:
    r"""Spherical Bessel function of the first kind and order 0: sin x / x, 1 at 0."""

def xlog1py(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return x ln(1 + y), and 0 where x is 0, whatever y is there."""

def xlogy(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Return x ln y, and 0 where x is 0, whatever y is there."""

def zeta(input: ArrayLike, q: Any = None) -> TorchTensor:
    r"""Hurwitz's zeta function: Σ 1 / (q + k)ˣ over k = 0, 1, …; without q Riemann's."""
