"""Divergences of distributions on numbers: within a family, and of one family from another.

Across families the divergence of p from q is -H(p) - E[ln q(x)] of p's entropy H, where the mean of
ln q over p takes means of x, of x², of ln x and ln(1 - x), or of exp(-tx), which p has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.torch.distributions.continuous.normal import Normal
from thalweg.torch.distributions.continuous.positive import Exponential, Gamma, Pareto
from thalweg.torch.distributions.continuous.shares import Beta, Dirichlet
from thalweg.torch.distributions.continuous.symmetric import Cauchy, Gumbel, Laplace
from thalweg.torch.distributions.continuous.uniform import Uniform
from thalweg.torch.distributions.discrete.binary import Bernoulli, Binomial
from thalweg.torch.distributions.discrete.continuous_bernoulli import ContinuousBernoulli
from thalweg.torch.distributions.discrete.counts import Poisson
from thalweg.torch.distributions.kl.registry import register_kl

__all__: list[str] = []

# ---- within a family


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    """Return the parameters' differences by the means of ln x and x, less that of normalizers."""
    a, b = p.concentration, q.concentration
    means = (a - b) * mean_log(p) - (p.rate - q.rate) * p.mean
    return means + (a * p.rate.log() - b * q.rate.log()) - (a.lgamma() - b.lgamma())


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    """Return Σ (a - b) E[ln x] - ln B(a) + ln B(b)."""
    a, b = p.concentration, q.concentration
    means = a.digamma() - a.sum(-1, keepdim=True).digamma()
    return ((a - b) * means).sum(-1) - p._log_normalizer(a) + q._log_normalizer(b)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    rest = torch.log1p(-p.probs) - torch.log1p(-q.probs)
    return p.mean * (p.logits - q.logits) + p._log_constant() - q._log_constant() + rest


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    """Return -ln r + γ (r - 1) + d + e⁻ᵈ Γ(1 + r) - 1, of distance and scale by that of q."""
    ratio, apart = p.scale / q.scale, (p.loc - q.loc) / q.scale
    more = torch.exp(torch.lgamma(1 + ratio) - apart)
    return np.euler_gamma * (ratio - 1) - ratio.log() + apart + more - 1


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    """Return d/σ' + r exp(-d/σ) - 1 - ln r of r = σ/σ'."""
    ratio, apart = p.scale / q.scale, (p.loc - q.loc).abs()
    return apart / q.scale + ratio * torch.exp(-apart / p.scale) - 1 - ratio.log()


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    """Return ln(((σ + σ')² + d²) / 4σσ')."""
    both = (p.scale + q.scale).square() + (p.loc - q.loc).square()
    return both.log() - (4 * p.scale * q.scale).log()


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Any:
    """Return α' ln(m/m') + α'/α - 1 - ln(α'/α), infinite where p begins below q."""
    ratio = q.alpha / p.alpha
    found = q.alpha * (p.scale / q.scale).log() + ratio - 1 - ratio.log()
    return torch.where(p.scale < q.scale, math.inf, found)


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    """Return the logarithm of the ratio of the lengths, infinite where p is not inside of q."""
    found = torch.log((q.high - q.low) / (p.high - p.low))
    return torch.where((q.low > p.low) | (q.high < p.high), math.inf, found)


# ---- means of p


def mean_log(p: Any) -> Any:
    """Return E[ln x]."""
    return _MEANS_OF_LOG[type(p)](p)


def _mean_log_of_uniform(low: Any, high: Any) -> Any:
    return (torch.xlogy(high, high) - torch.xlogy(low, low)) / (high - low) - 1


_MEANS_OF_LOG: dict[type[Any], Callable[[Any], Any]] = {
    Beta: lambda p: p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma(),
    Exponential: lambda p: -np.euler_gamma - p.rate.log(),
    Gamma: lambda p: p.concentration.digamma() - p.rate.log(),
    Pareto: lambda p: p.scale.log() + p.alpha.reciprocal(),
    Uniform: lambda p: _mean_log_of_uniform(p.low, p.high),
}

# E[exp(-tx)], of p and t.
_MEANS_OF_EXP: dict[type[Any], Callable[[Any, Any], Any]] = {
    Exponential: lambda p, t: p.rate / (p.rate + t),
    Gamma: lambda p, t: (p.rate / (p.rate + t)) ** p.concentration,
    Normal: lambda p, t: torch.exp(t * (t * p.variance / 2 - p.loc)),
    Uniform: lambda p, t: (torch.exp(-t * p.low) - torch.exp(-t * p.high)) / (t * (p.high - p.low)),
}


def _second(p: Any, center: Any) -> Any:
    """Return E[(x - c)²]."""
    return p.variance + (p.mean - center).square()


# ---- E[ln q(x)] over p


def _of_gumbel(p: Any, q: Any) -> Any:
    t = q.scale.reciprocal()
    means = torch.exp(q.loc * t) * _MEANS_OF_EXP[type(p)](p, t)
    return (q.loc - p.mean) * t - means - q.scale.log()


def _of_gamma(p: Any, q: Any) -> Any:
    a, rate = q.concentration, q.rate
    return a * rate.log() - a.lgamma() + (a - 1) * mean_log(p) - rate * p.mean


def _of_beta(p: Any, q: Any) -> Any:
    """Return that over uniform p."""
    a, b = q.concentration1, q.concentration0
    rest = _mean_log_of_uniform(1 - p.high, 1 - p.low)
    return (a - 1) * mean_log(p) + (b - 1) * rest - q._log_normalizer(a, b)


def _of_laplace(p: Any, q: Any) -> Any:
    """Return that over normal p, whose E|x - c| is 2σ² φ(c) + d erf(d/√2σ) of d = μ - c."""
    z = (p.loc - q.loc) / p.scale
    bell = math.sqrt(2 / math.pi) * torch.exp(-z.square() / 2)
    distance = p.scale * (bell + z * torch.erf(z / math.sqrt(2)))
    return -distance / q.scale - torch.log(2 * q.scale)


_CROSS: dict[type[Any], Callable[[Any, Any], Any]] = {
    Beta: _of_beta,
    ContinuousBernoulli: lambda p, q: p.mean * q.logits + torch.log1p(-q.probs) + q._log_constant(),
    Exponential: lambda p, q: q.rate.log() - q.rate * p.mean,
    Gamma: _of_gamma,
    Gumbel: _of_gumbel,
    Laplace: _of_laplace,
    Normal: lambda p, q: (
        -_second(p, q.loc) / (2 * q.variance) - q.scale.log() - math.log(math.tau) / 2
    ),
    Pareto: lambda p, q: q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * mean_log(p),
    Poisson: lambda p, q: torch.xlogy(p.mean, q.rate) - q.rate,
    Uniform: lambda p, q: -torch.log(q.high - q.low) + 0 * p.mean,
}

_UNIT_OUTSIDE = lambda p, q: (q.low > 0) | (q.high < 1)
_OUTSIDE_UNIT = lambda p, q: (p.low < 0) | (p.high > 1)
_BELOW_ZERO = lambda p, q: (p.low < 0) | torch.zeros_like(q.mean, dtype=torch.bool)

# The pairs, and where p has values that q has not; None where that cannot be.
_PAIRS: dict[tuple[type[Any], type[Any]], Callable[[Any, Any], Any] | None] = {
    (Bernoulli, Poisson): None,
    **{(Beta, q): None for q in (ContinuousBernoulli, Exponential, Gamma, Normal)},
    **{(ContinuousBernoulli, q): None for q in (Exponential, Normal)},
    **{(Exponential, q): None for q in (Gamma, Gumbel, Normal)},
    **{(Gamma, q): None for q in (Exponential, Gumbel, Normal)},
    **{(p, Normal): None for p in (Gumbel, Laplace, Pareto, Uniform)},
    **{(Normal, q): None for q in (Gumbel, Laplace)},
    **{(Pareto, q): None for q in (Exponential, Gamma)},
    (Beta, Uniform): _UNIT_OUTSIDE,
    (ContinuousBernoulli, Uniform): _UNIT_OUTSIDE,
    (Uniform, Beta): _OUTSIDE_UNIT,
    (Uniform, ContinuousBernoulli): _OUTSIDE_UNIT,
    (Uniform, Exponential): _BELOW_ZERO,
    (Uniform, Gamma): _BELOW_ZERO,
    (Uniform, Gumbel): None,
    (Uniform, Pareto): lambda p, q: p.low < q.scale,
}


def _across(
    mean: Callable[[Any, Any], Any], outside: Callable[[Any, Any], Any] | None
) -> Callable[[Any, Any], Any]:
    def divergence(p: Any, q: Any) -> Any:
        found = -p.entropy() - mean(p, q)
        return found if outside is None else torch.where(outside(p, q), math.inf, found)

    return divergence


for _pair, _outside in _PAIRS.items():
    register_kl(*_pair)(_across(_CROSS[_pair[1]], _outside))


def _infinite(p: Any, q: Any) -> Any:
    """Return ∞: some of p's values are none of q's, whatever the parameters."""
    shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    return torch.full(shape, math.inf, dtype=p.mean.dtype)


_BOUNDED = (Beta, ContinuousBernoulli, Uniform)
_ON_HALF = (Exponential, Gamma, Pareto)

for _p, _qs in {
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (*_BOUNDED, Pareto),
    Gamma: (*_BOUNDED, Pareto),
    Gumbel: (*_BOUNDED, *_ON_HALF),
    Laplace: (*_BOUNDED, *_ON_HALF),
    Normal: (*_BOUNDED, *_ON_HALF),
    Pareto: _BOUNDED,
    Poisson: (Bernoulli, Binomial),
}.items():
    for _q in _qs:
        register_kl(_p, _q)(_infinite)
