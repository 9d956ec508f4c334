"""Divergences of distributions of one family."""

from __future__ import annotations

import math
from typing import Any

from thalweg import torch
from thalweg.torch.distributions.combined.independent import Independent
from thalweg.torch.distributions.combined.transformed import TransformedDistribution
from thalweg.torch.distributions.continuous.normal import HalfNormal, Normal
from thalweg.torch.distributions.discrete.binary import Bernoulli, Binomial, Geometric
from thalweg.torch.distributions.discrete.categorical import Categorical, OneHotCategorical
from thalweg.torch.distributions.discrete.counts import Poisson
from thalweg.torch.distributions.distribution import (
    ExponentialFamily,
    sum_rightmost,
    value_and_slopes,
)
from thalweg.torch.distributions.kl.registry import kl_divergence, register_kl

__all__: list[str] = []


def excess(mean: Any, other: Any, *, weight: Any = None) -> Any:
    """Return w ln(w/v), which is 0 of w = 0, and infinite of v = 0 and other w."""
    weight = mean if weight is None else weight
    found = weight * (mean.log() - other.log())
    found = torch.where(weight == 0, 0.0, found)
    return torch.where((other == 0) & (weight != 0), math.inf, found)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    """Return Σ p ln(p/q) over both outcomes."""
    return excess(p.probs, q.probs) + excess(1 - p.probs, 1 - q.probs)


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    """Return that of one trial as often; of more trials than q has it is infinite.

    Of fewer than q has it depends on more than the trials.
    """
    more, fewer = p.total_count > q.total_count, p.total_count < q.total_count
    if not fewer.is_symbolic and fewer.any():
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return torch.where(more, math.inf, p.total_count * each)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    """Return the cross entropy, of a mean number of failures, less the entropy."""
    return -p.entropy() - torch.log1p(-q.probs) / p.probs - q.logits


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    """Return Σ p ln(p/q)."""
    terms = p.probs * (p.logits - q.logits)
    terms = torch.where(q.probs == 0, math.inf, terms)
    return torch.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    """Return λ ln(λ/μ) - λ + μ."""
    return excess(p.rate, q.rate) - (p.rate - q.rate)


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    """Return (r² + d² - 1)/2 - ln r of r = σ/σ', d the distance in units of σ'."""
    ratio = (p.scale / q.scale).square()
    apart = ((p.loc - q.loc) / q.scale).square()
    return 0.5 * (ratio + apart - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(ExponentialFamily, ExponentialFamily)
def _family(p: Any, q: Any) -> Any:
    """Return A(θ') - A(θ) - (θ' - θ)·∇A(θ): Bregman's divergence of the log normalizer A."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot "
            "be computed using Bregman divergences"
        )
    mine, theirs = p._natural_params, q._natural_params
    value, means = value_and_slopes(p._log_normalizer, mine)
    found = q._log_normalizer(*theirs) - value
    rank = len(q.event_shape)
    for own, other, mean in zip(mine, theirs, means, strict=True):
        found = found - sum_rightmost((other - own) * mean, rank)
    return found


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    """Return the sum of the divergences along the axes of a sample."""
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    """Return that of the bases: it does not change with a transform of both."""
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)
