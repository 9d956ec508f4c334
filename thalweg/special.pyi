"""Special functions by SciPy's names and arguments, and PyTorch's: `tw.special.ndtr` and its like."""

# Written by `python -m tests.stubs`.

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from thalweg.core.tensor import Tensor
from thalweg.ops.special.scipy import log_softmax as log_softmax
from thalweg.ops.special.scipy import logsumexp as logsumexp
from thalweg.ops.special.scipy import polygamma as polygamma
from thalweg.ops.special.scipy import softmax as softmax
from thalweg.ops.special.scipy import zeta as zeta

_Out: TypeAlias = Tensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def beta(a: ArrayLike, b: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Beta function: Γ(a) Γ(b) / Γ(a + b)."""

def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Incomplete beta function, regularized: ∫₀ˣ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt / B(a, b)."""

def betainccinv(a: ArrayLike, b: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of the complement of the incomplete beta function: 1 - betainc(a, b, x) = y."""

def betaincinv(a: ArrayLike, b: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of the incomplete beta function, regularized: the x of betainc(a, b, x) = y."""

def betaln(a: ArrayLike, b: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the absolute beta function: ln |Γ(a) Γ(b) / Γ(a + b)|."""

def boxcox(x: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Box-Cox transform: (xᵞ - 1) / γ for a power γ, and ln x where γ is 0."""

def boxcox1p(x: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Box-Cox transform of 1 + x, accurate near x = 0."""

def cbrt(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Cube root: ∛x, of negative numbers too. Natively within 0.6 ulp."""

def digamma(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

def entr(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Entropy's term: -x ln x; 0 at 0, with an infinite derivative, and -∞ below, with none."""

def erf(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Error function: 2/√π ∫₀ˣ e^(-t²) dt. Natively within 1.3 ulp."""

def erfc(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Complementary error function, accurate where it is small: 1 - erf(x)."""

def erfcx(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Scaled complementary error function: e^(x²) erfc(x)."""

def erfinv(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of the error function, for x between -1 and 1."""

def exp2(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Power of two: 2ˣ. Natively within 1.2 ulp."""

def expit(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

def expm1(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""

def exprel(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Relative exponential: (eˣ - 1) / x, and 1 at 0."""

def gamma(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Gamma function: ∫₀^∞ tˣ⁻¹ e⁻ᵗ dt, continued; (x - 1)! of integers."""

def gammainc(a: ArrayLike, x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Lower incomplete gamma function, regularized: ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)."""

def gammaincc(a: ArrayLike, x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Upper incomplete gamma function, regularized: ∫ₓ^∞ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)."""

def gammainccinv(a: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of the upper incomplete gamma function, regularized: the x of gammaincc(a, x) = y."""

def gammaincinv(a: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of the lower incomplete gamma function, regularized: the x of gammainc(a, x) = y."""

def gammaln(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the absolute gamma function: ln |Γ(x)|."""

def gammasgn(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Sign of the gamma function; NaN at negative integers, ±1 at ±0."""

def huber(delta: ArrayLike, r: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Huber's loss: r² / 2 up to δ, δ (|r| - δ / 2) beyond; ∞ where δ is negative."""

def i0(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Modified Bessel function of the first kind and order 0."""

def i0e(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Modified Bessel function of order 0, scaled: e^(-|x|) I₀(x)."""

def i1(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Modified Bessel function of the first kind and order 1."""

def i1e(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Modified Bessel function of order 1, scaled: e^(-|x|) I₁(x)."""

def inv_boxcox(y: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of `boxcox`: (1 + γ y)^(1/γ), and eʸ where γ is 0."""

def inv_boxcox1p(y: ArrayLike, lmbda: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of `boxcox1p`."""

def j0(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bessel function of the first kind and order 0."""

def j1(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Bessel function of the first kind and order 1."""

def kl_div(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Term of the Kullback-Leibler divergence: x ln(x / y) - x + y; y where x = 0 ≤ y, else ∞."""

def lgamma(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the absolute gamma function: ln |Γ(x)|."""

def log1p(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""

def log_expit(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the logistic function, without overflow: -ln(1 + e⁻ˣ)."""

def log_ndtr(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the normal distribution function, accurate in its tail too."""

def loggamma(z: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the gamma function, which is real for positive numbers alone: else NaN."""

def logit(x: ArrayLike, eps: float | None = None, *, out: _Out = None) -> Tensor:
    r"""Log odds: ln(x / (1 - x)), the inverse of the logistic function."""

def multigammaln(x: ArrayLike, p: int, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the multivariate gamma function of dimension p."""

def mvlgamma(x: ArrayLike, p: int, *, out: _Out = None) -> Tensor:
    r"""Logarithm of the multivariate gamma function of dimension p."""

def ndtr(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Distribution function of the normal distribution: erfc(-x / √2) / 2."""

def ndtri(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Quantile of the normal distribution, the inverse of `ndtr`."""

def pseudo_huber(delta: ArrayLike, r: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Smooth loss of Huber's kind: δ² (√(1 + (r / δ)²) - 1); ∞ where δ is negative."""

def psi(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x)."""

def rel_entr(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Term of the relative entropy: x ln(x / y); 0 where x = 0 ≤ y, and ∞ outside."""

def round(x: ArrayLike, decimals: int = 0, *, out: _Out = None) -> Tensor:
    r"""Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""

def sigmoid(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""

def sinc(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Normalised sine: sin(π x) / (π x), and 1 at 0."""

def xlog1py(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return x ln(1 + y), and 0 where x is 0, whatever y is there."""

def xlogy(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Return x ln y, and 0 where x is 0, whatever y is there."""
