"""Random numbers of which each has a parameter of its own: of Poisson's law, binomial and gamma.

A stream draws them by NumPy's generators, each seeded by the stream: so a seed gives the same
numbers, but not PyTorch's. With a key they are quantiles of uniform numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.operation import op
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.reduce.sums import sum as sum_of
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.special.activations import softmax
from thalweg.random.drawing import drawing_batch, drawn, has_key, keyed_uniform, opened
from thalweg.random.generator import Generator
from thalweg.torch.functions.random_fills import stream, values_of
from thalweg.torch.naming import as_tensor, function, make

Array = NDArray[Any]


def child(source: Generator) -> np.random.Generator:
    """Return a generator of NumPy's, seeded by the next 64 bits of a stream."""
    return np.random.Generator(np.random.PCG64(int(source.long_words(1)[0])))


def _drawn_of(
    name: str,
    parameters: tuple[Tensor, ...],
    draw: Callable[..., Array],
    quantile: Callable[..., Tensor],
    generator: Generator | None,
) -> Tensor:
    """Draw a number for each element of parameters that broadcast.

    Args:
        name: What was called.
        parameters: Their first one gives the dtype.
        draw: Called with a generator of NumPy's, arrays of the parameters in float64 and a shape.
        quantile: Called with numbers uniform on (0, 1) and the parameters in float64.
        generator: The stream, by default the one that `manual_seed` seeds.
    """
    dtype = np.dtype(parameters[0].dtype)
    shape = np.broadcast_shapes(*(p.shape for p in parameters))
    wide = [astype(p.detach(), np.float64) for p in parameters]
    if not has_key() and drawing_batch() is None:
        arrays = [values_of(name, p) for p in wide]
        return make(draw(child(stream(generator)), *arrays, shape).astype(dtype))
    # With a key, and of parameters that a batch may have one by one.
    u = drawn(lambda s: stream(generator).rand(s), shape, keyed_uniform(np.float64))
    return astype(quantile(opened(u), *wide), dtype)


@function
def poisson(input: Any, generator: Generator | None = None) -> Tensor:
    """Draw whole numbers of Poisson's law, each of its own mean.

    Args:
        input: Means, not negative, floating.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Raises:
        ArgumentError: If a mean is negative.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.poisson(torch.zeros(2)).tolist()
        [0.0, 0.0]
    """
    rate = as_tensor(input)
    _require_floating("poisson", "input", rate)
    if not rate.is_symbolic and not np.all(rate.array >= 0):
        raise ArgumentError(
            "invalid Poisson rate, expected rate to be non-negative: poisson got the least rate "
            f"{np.min(rate.array):g}. Give rates from 0."
        )
    draw = lambda numpy, means, s: numpy.poisson(means, s)
    return _drawn_of("poisson", (rate,), draw, op.poisson_quantile, generator)


@function
def binomial(count: Any, prob: Any, generator: Generator | None = None) -> Tensor:
    """Draw the number of successes among so many trials of a probability.

    Args:
        count: Numbers of trials, whole and not negative, floating.
        prob: Probabilities, of the same dtype.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Raises:
        DtypeError: If the dtypes are not floating and equal.
        ArgumentError: If a count is negative or a probability is not within [0, 1].

    Example:
        >>> import thalweg.torch as torch
        >>> torch.binomial(torch.tensor([7.0, 3.0]), torch.tensor([1.0, 0.0])).tolist()
        [7.0, 0.0]
    """
    trials, chance = as_tensor(count), as_tensor(prob)
    _require_floating("binomial", "count", trials)
    if trials.dtype != chance.dtype:
        raise DtypeError(
            f"Found dtype {chance.dtype} but expected {trials.dtype}: binomial got probabilities "
            "and counts of different dtypes. Convert one of them with .to(dtype)."
        )
    few = not trials.is_symbolic and not np.all(trials.array >= 0)
    if few or not (chance.is_symbolic or np.all((chance.array >= 0) & (chance.array <= 1))):
        raise ArgumentError(
            "binomial got a negative count or a probability outside of [0, 1]. Give counts from 0 "
            "and probabilities from 0 to 1."
        )
    draw = lambda numpy, n, p, s: numpy.binomial(n.astype(np.int64), p, s)
    return _drawn_of("binomial", (trials, chance), draw, op.binom_quantile, generator)


def _require_floating(name: str, what: str, tensor: Tensor) -> None:
    if tensor.dtype.kind != "f":
        raise DtypeError(
            f"{name} only supports floating-point dtypes for {what}, got: {tensor.dtype}. Convert "
            "with .to(torch.float32)."
        )


# ---- gamma, whose samples change with the shape parameter


def log_gamma_draws(concentration: Tensor) -> Tensor:
    """Draw logarithms of gamma variates of rate 1, with derivatives by the shape parameter.

    In logarithms, because variates of small shape parameters are below all floating numbers.

    Args:
        concentration: The shape parameters a, above 0, in float64.

    The derivative is implicit: of F(a, x) = u, with u kept, dx/da = -∂F/∂a / (∂F/∂x), which is
    computed for x = exp(log x) and, where x is small, of F ≈ xᵃ / Γ(a + 1).

    Source:
        Figurnov, Mohamed and Mnih, "Implicit Reparameterization Gradients", 2018. arXiv:1805.08498
    """
    values = _drawn_of("gamma", (concentration,), _log_gamma, _log_gamma_quantile, None)
    return with_derivative(values, _slope_of_log_gamma, concentration)


def gamma_draws(concentration: Tensor) -> Tensor:
    """Draw gamma variates of rate 1, above 0, in the dtype of their shape parameters."""
    values = astype(exp(log_gamma_draws(astype(concentration, np.float64))), concentration.dtype)
    return maximum(values, float(np.finfo(concentration.dtype).tiny))


def dirichlet_draws(concentration: Tensor) -> Tensor:
    """Draw shares of Dirichlet's distribution, with derivatives by its parameters.

    Shares are gamma variates divided by their sum. By a parameter aₖ the share xₖ changes as the
    beta distribution function of aₖ and the sum b of the others says, and these give way in
    proportion, as what they are of the rest does not depend on aₖ.
    """
    a = astype(concentration, np.float64)
    logarithms = log_gamma_draws(a.detach())
    shares = softmax(logarithms, axis=-1)
    if concentration.requires_grad or concentration.is_symbolic:
        fixed = a.detach()
        others = sum_of(fixed, axis=-1, keepdims=True) - fixed
        change = _slope_of_beta(shares, fixed, others) * (a - fixed)
        shares = shares + change - shares * sum_of(change, axis=-1, keepdims=True)
    return astype(shares, concentration.dtype)


def _slope_of_beta(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return (dx/da) / (1 - x) of a beta distributed x, whose distribution function stays."""
    near = 1e-13
    inside = (x > near) & (x < 1 - near)
    at = where(inside, x, 0.5)
    log_beta = op.lgamma(a) + op.lgamma(b) - op.lgamma(a + b)
    inverse_density = exp(log_beta - (a - 1.0) * log(at) - b * log1p(-at))
    slope = -op.betainc_by_a(a, b, at) * inverse_density
    # F ≈ xᵃ / (a B(a, b)) close to 0, and 1 - F ≈ (1 - x)ᵇ / (b B(a, b)) close to 1.
    apart = op.digamma(a + b) - op.digamma(a)
    low = -x / a * (log(where(x > 0, x, 1.0)) - 1.0 / a + apart)
    return where(inside, slope, where(x > 0.5, apart / b, low))


def von_mises_draws(concentration: Tensor, quantile: Callable[..., Tensor]) -> Tensor:
    """Draw angles of von Mises' distribution around 0; quantile(u, κ) is its inverse."""
    draw = lambda numpy, kappa, shape: numpy.vonmises(0.0, kappa, shape)
    return _drawn_of("von Mises", (concentration,), draw, quantile, None)


def with_derivative(
    values: Tensor, slope: Callable[..., Tensor], parameter: Tensor, *others: Tensor
) -> Tensor:
    """Return values that change with a parameter as slope(values, parameter, *others) says."""
    if not (parameter.requires_grad or parameter.is_symbolic):
        return values
    fixed = parameter.detach()
    return values + slope(values, fixed, *others) * (parameter - fixed)


# Below, gammainc(a, x) is xᵃ / Γ(a + 1) to 1e-17 of itself.
_SMALL = 1e-17


def _log_gamma(numpy: np.random.Generator, a: Array, shape: Shape) -> Array:
    """A variate of a + 1 times U^(1/a) is one of a (Stuart 1962)."""
    small = a < 1
    values: Array = np.log(numpy.standard_gamma(np.where(small, a + 1, a), shape))
    return values - np.where(small, numpy.standard_exponential(shape) / a, 0.0)


def _log_gamma_quantile(u: Tensor, a: Tensor) -> Tensor:
    x = op.gammaincinv(broadcast_to(a, u.shape), u)
    near_zero = (log(u) + op.lgamma(a + 1.0)) / a
    return where(x > _SMALL, log(where(x > _SMALL, x, 1.0)), near_zero)


def _slope_of_log_gamma(y: Tensor, a: Tensor) -> Tensor:
    x = exp(where(y > np.log(_SMALL), y, 0.0))
    slope = -op.gammainc_by_shape(a, x) * exp(x + op.lgamma(a) - a * log(x))
    return where(y > np.log(_SMALL), slope, (op.digamma(a + 1.0) - y) / a)
