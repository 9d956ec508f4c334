"""Random numbers of which each has a parameter of its own: of Poisson's law, binomial and gamma.

A stream draws PyTorch's numbers of a seed, one after another in the order of the axes. With a key,
and for the examples of a batch, they are quantiles of uniform numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.operation import op
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.reduce.sums import sum as sum_of
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.special.activations import softmax
from thalweg.random.drawing import drawn, draws_apart, keyed_uniform, opened
from thalweg.random.generator import Generator
from thalweg.random.von_mises import von_mises
from thalweg.torch.functions.random_fills import stream, values_of
from thalweg.torch.naming import as_tensor, function, make

Array = NDArray[Any]


def _drawn_of(
    name: str,
    parameters: tuple[Tensor, ...],
    draw: Callable[..., Array],
    quantile: Callable[..., Tensor],
    generator: Generator | None = None,
) -> Tensor:
    """Draw a number for each element of parameters that broadcast.

    Args:
        name: What was called.
        parameters: Their first one gives the dtype.
        draw: As for `_of_stream`.
        quantile: As for `_of_quantiles`.
        generator: The stream, by default the one that `manual_seed` seeds.
    """
    if draws_apart():
        return _of_quantiles(parameters, quantile, generator)
    return _of_stream(name, parameters, draw, generator)


def _of_stream(
    name: str,
    parameters: tuple[Tensor, ...],
    draw: Callable[..., Array],
    generator: Generator | None = None,
) -> Tensor:
    """Call draw with the stream and arrays of the parameters, of one shape and dtype."""
    arrays = [values_of(name, p) for p in parameters]
    if len(arrays) > 1:
        arrays = list(np.broadcast_arrays(*arrays))
    dtype = arrays[0].dtype
    if dtype.itemsize > 2:
        return make(draw(stream(generator), *arrays))
    return make(
        draw(stream(generator), *(array.astype(np.float32) for array in arrays)).astype(dtype)
    )


def _of_quantiles(
    parameters: tuple[Tensor, ...],
    quantile: Callable[..., Tensor],
    generator: Generator | None = None,
) -> Tensor:
    """Call quantile with numbers uniform on (0, 1) and the parameters in float64.

    That is done with a key, and of parameters that a batch may have one by one.
    """
    shape = np.broadcast_shapes(*(p.shape for p in parameters))
    u = drawn(lambda s: stream(generator).rand(s), shape, keyed_uniform(np.float64))
    found = quantile(opened(u), *(astype(p.detach(), np.float64) for p in parameters))
    return astype(found, parameters[0].dtype)


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
    return _drawn_of("poisson", (rate,), Generator.poisson, op.poisson_quantile, generator)


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
    both = trials, chance
    return _drawn_of("binomial", both, Generator.binomial, op.binom_quantile, generator)


def _require_floating(name: str, what: str, tensor: Tensor) -> None:
    if tensor.dtype.kind != "f":
        raise DtypeError(
            f"{name} only supports floating-point dtypes for {what}, got: {tensor.dtype}. Convert "
            "with .to(torch.float32)."
        )


# ---- gamma, whose samples change with the shape parameter


def gamma_draws(concentration: Tensor) -> Tensor:
    """Draw gamma variates of rate 1, above 0, with derivatives by the shape parameter.

    The derivative is implicit: of F(a, x) = u, with u kept, dx/da = -∂F/∂a / (∂F/∂x), which is
    computed for x = exp(log x) and, where x is small, of F ≈ xᵃ / Γ(a + 1).

    Source:
        Figurnov, Mohamed and Mnih, "Implicit Reparameterization Gradients", 2018. arXiv:1805.08498
    """
    if draws_apart():
        wide = astype(concentration, np.float64)
        # In logarithms, because variates of small shapes are below all floating numbers.
        logarithms = _of_quantiles((wide,), _log_gamma_quantile)
        logarithms = with_derivative(logarithms, _slope_of_log_gamma, wide)
        values = astype(exp(logarithms), concentration.dtype)
        return maximum(values, float(np.finfo(concentration.dtype).tiny))
    values = _of_stream("gamma", (concentration,), Generator.standard_gamma)
    return with_derivative(values, _slope_of_gamma, concentration)


def dirichlet_draws(concentration: Tensor) -> Tensor:
    """Draw shares of Dirichlet's distribution, with derivatives by its parameters.

    Shares are gamma variates divided by their sum. By a parameter aₖ the share xₖ changes as the
    beta distribution function of aₖ and the sum b of the others says, and these give way in
    proportion, as what they are of the rest does not depend on aₖ.
    """
    a = astype(concentration, np.float64)
    dtype = concentration.dtype
    if draws_apart():
        shares = softmax(_of_quantiles((a,), _log_gamma_quantile), axis=-1)
        values = astype(shares, dtype)
    else:
        variates = _of_stream("Dirichlet", (a,), Generator.standard_gamma)
        shares = variates / sum_of(variates, axis=-1, keepdims=True)
        # Within (0, 1), the bounds of which have no density.
        info = np.finfo(dtype)
        values = minimum(maximum(astype(shares, dtype), float(info.tiny)), float(1 - info.epsneg))
    if concentration.requires_grad or concentration.is_symbolic:
        fixed = a.detach()
        others = sum_of(fixed, axis=-1, keepdims=True) - fixed
        change = _slope_of_beta(shares, fixed, others) * (a - fixed)
        change = change - shares * sum_of(change, axis=-1, keepdims=True)
        values = values + astype(change, dtype)
    return values


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
    return _drawn_of("von Mises", (concentration,), von_mises, quantile)


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


def _log_gamma_quantile(u: Tensor, a: Tensor) -> Tensor:
    x = op.gammaincinv(broadcast_to(a, u.shape), u)
    near_zero = (log(u) + op.lgamma(a + 1.0)) / a
    return where(x > _SMALL, log(where(x > _SMALL, x, 1.0)), near_zero)


def _slope_of_log_gamma(y: Tensor, a: Tensor) -> Tensor:
    x = exp(where(y > np.log(_SMALL), y, 0.0))
    slope = -op.gammainc_by_shape(a, x) * exp(x + op.lgamma(a) - a * log(x))
    return where(y > np.log(_SMALL), slope, (op.digamma(a + 1.0) - y) / a)


def _slope_of_gamma(x: Tensor, a: Tensor) -> Tensor:
    wide = astype(x, np.float64)
    return astype(wide * _slope_of_log_gamma(log(wide), astype(a, np.float64)), x.dtype)
