"""Divergences of distributions of vectors and matrices."""

from __future__ import annotations

from typing import Any

from thalweg import torch
from thalweg.errors import ShapeError
from thalweg.torch.distributions.kl.registry import register_kl
from thalweg.torch.distributions.multivariate.matrices import Wishart, mvdigamma
from thalweg.torch.distributions.multivariate.normal import (
    LowRankMultivariateNormal,
    MultivariateNormal,
    log_diagonal,
    solved,
    whitened,
)

__all__: list[str] = []


def _columns(p: Any) -> Any:
    """Return C of a covariance C Cᵀ."""
    if isinstance(p, MultivariateNormal):
        return p._factor
    return torch.cat([p.cov_factor, p.cov_diag.sqrt().diag_embed()], -1)


def _log_determinant(p: Any) -> Any:
    """Return ln det of the covariance."""
    if isinstance(p, MultivariateNormal):
        return 2 * log_diagonal(p._factor)
    return p.log_determinant()


def _spread(q: Any, columns: Any) -> Any:
    """Return tr(Σ⁻¹ C Cᵀ): the sum of what lengths the columns have by q's precision."""
    if isinstance(q, MultivariateNormal):
        return solved(q._factor, columns).square().sum((-2, -1))
    own = (columns.square() / q.cov_diag.unsqueeze(-1)).sum((-2, -1))
    return own - solved(q._small, q._weighted() @ columns).square().sum((-2, -1))


def _distance(q: Any, difference: Any) -> Any:
    if isinstance(q, MultivariateNormal):
        return whitened(q._factor, difference)
    return q.distance(difference)


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _normal(p: Any, q: Any) -> Any:
    """Return (ln det Σ' - ln det Σ + tr(Σ'⁻¹ Σ) + dᵀ Σ'⁻¹ d - n)/2."""
    if p.event_shape != q.event_shape:
        raise ShapeError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be "
            f"computed: {p.event_shape!r} and {q.event_shape!r}. Give vectors of one length."
        )
    volumes = _log_determinant(q) - _log_determinant(p)
    apart = _distance(q, p.loc - q.loc)
    return 0.5 * (volumes + _spread(q, _columns(p)) + apart - p.event_shape[0])


@register_kl(Wishart, Wishart)
def _wishart(p: Any, q: Any) -> Any:
    """Return that of the sums of as many normal vectors, and of the numbers of them."""
    n = p.event_shape[-1]
    volumes = 2 * (log_diagonal(q._factor) - log_diagonal(p._factor))
    spread = solved(q._factor, p._factor).square().sum((-2, -1)) - n
    norms = torch.mvlgamma(q.df / 2, n) - torch.mvlgamma(p.df / 2, n)
    slope = (p.df - q.df) / 2 * mvdigamma(p.df / 2, n)
    return (q.df * volumes + p.df * spread) / 2 + norms + slope
