"""Divergences beside PyTorch's, of every pair that it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.torch.distributions.cases import definite, positive, real, share, simplex
from thalweg import torch as wing

torch = pytest.importorskip("torch")
registry = pytest.importorskip("torch.distributions.kl")._KL_REGISTRY


Parameters = list[Any]

# Two sets of parameters of each class: of p, and of q, on which p has all its values if it can.
PARAMETERS: dict[str, tuple[Parameters, Parameters]] = {
    "Bernoulli": ([share(3)], [share(3)]),
    "Beta": ([positive(3), positive(3)], [positive(3), positive(3)]),
    "Binomial": ([6, share(3)], [6, share(3)]),
    "Categorical": ([simplex(2, 3)], [simplex(2, 3)]),
    "Cauchy": ([real(3), positive(3)], [real(3), positive(3)]),
    "ContinuousBernoulli": ([np.array([0.2, 0.4995, 0.9])], [share(3)]),
    "Dirichlet": ([positive(2, 3)], [positive(2, 3)]),
    "Exponential": ([positive(3)], [positive(3)]),
    "Gamma": ([positive(3), positive(3)], [positive(3), positive(3)]),
    "Geometric": ([share(3)], [share(3)]),
    "Gumbel": ([real(3), positive(3)], [real(3), positive(3)]),
    "HalfNormal": ([positive(3)], [positive(3)]),
    "Laplace": ([real(3), positive(3)], [real(3), positive(3)]),
    "LogNormal": ([real(3), positive(3)], [real(3), positive(3)]),
    "LowRankMultivariateNormal": (
        [real(2, 3), real(3, 2), positive(3)],
        [real(3), real(2, 3, 1), positive(3)],
    ),
    "MultivariateNormal": ([real(2, 3), definite(3)], [real(3), definite(2, 3)]),
    "Normal": ([real(3), positive(3)], [real(3), positive(3)]),
    "OneHotCategorical": ([simplex(2, 3)], [simplex(2, 3)]),
    "Pareto": ([positive(3) + 1, positive(3) + 2], [share(3), positive(3)]),
    "Poisson": ([positive(3)], [positive(3)]),
    "Uniform": ([share(3) / 2, share(3) / 2 + 0.5], [-positive(3), positive(3) + 1]),
    "Wishart": ([np.array(4.5), definite(3)], [np.array(5.5), definite(3)]),
}

PAIRS = sorted(
    {(p.__name__, q.__name__) for p, q in registry}
    - {(x, x) for x in ("ExponentialFamily", "TransformedDistribution", "Independent")}
    | {("LogNormal", "LogNormal"), ("Wishart", "Wishart")}
)


def made(lib: Any, name: str, which: int) -> tuple[Any, list[Any]]:
    """Return a distribution, and the leaves it is made of."""
    given = PARAMETERS[name][which]
    leaves = [lib.tensor(v).requires_grad_() if isinstance(v, np.ndarray) else v for v in given]
    return getattr(lib.distributions, name)(*leaves), leaves


def divergence(lib: Any, names: tuple[str, str]) -> tuple[Any, list[Any]]:
    """Return the divergence, and the derivatives of its sum."""
    (p, mine), (q, theirs) = made(lib, names[0], 0), made(lib, names[1], 1)
    found = lib.distributions.kl_divergence(p, q)
    if found.requires_grad and np.isfinite(found.detach().numpy()).all():
        found.sum().backward()
    slopes = [getattr(leaf, "grad", None) for leaf in (*mine, *theirs)]
    return found.detach().numpy(), [None if g is None else g.numpy() for g in slopes]


# Where PyTorch's derivatives come of less exact ones of the digamma function, or cancel.
ROUGH = {"Beta", "Gamma", "Dirichlet", "Wishart", "Gumbel"}


@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_divergences_are_pytorch_s(names: tuple[str, str]) -> None:
    (ours, slopes), (theirs, expected) = divergence(wing, names), divergence(torch, names)
    np.testing.assert_allclose(ours, theirs, 1e-11, 1e-13)
    rtol = 1e-7 if ROUGH & set(names) else 1e-9
    for slope, other in zip(slopes, expected, strict=True):
        if other is not None and slope is not None:
            np.testing.assert_allclose(slope, other, rtol, 1e-10)


def test_every_pair_of_pytorch_is_here() -> None:
    ours = wing.distributions.kl.registry._FUNCTIONS
    assert {(p.__name__, q.__name__) for p, q in registry} <= {
        (p.__name__, q.__name__) for p, q in ours
    }


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (lambda d, t: d.Pareto(t(1.0), t(2.0)), lambda d, t: d.Pareto(t(2.0), t(2.0))),
        (lambda d, t: d.Uniform(t(-1.0), t(0.5)), lambda d, t: d.Uniform(t(0.0), t(1.0))),
        (lambda d, t: d.Uniform(t(-1.0), t(0.5)), lambda d, t: d.Beta(t(2.0), t(1.0))),
        (lambda d, t: d.Uniform(t(-1.0), t(0.5)), lambda d, t: d.Gamma(t(2.0), t(1.0))),
        (lambda d, t: d.Uniform(t(-1.0), t(0.5)), lambda d, t: d.Exponential(t(2.0))),
        (lambda d, t: d.Uniform(t(0.5), t(2.5)), lambda d, t: d.ContinuousBernoulli(t(0.3))),
        (lambda d, t: d.Beta(t(2.0), t(1.5)), lambda d, t: d.Uniform(t(0.2), t(3.0))),
        (lambda d, t: d.Bernoulli(t(0.0)), lambda d, t: d.Bernoulli(t(0.3))),
        (lambda d, t: d.Bernoulli(t(0.3)), lambda d, t: d.Bernoulli(t(0.0))),
        (lambda d, t: d.Categorical(t([0.0, 1.0])), lambda d, t: d.Categorical(t([0.5, 0.5]))),
        (lambda d, t: d.Categorical(t([0.5, 0.5])), lambda d, t: d.Categorical(t([0.0, 1.0]))),
        (lambda d, t: d.Pareto(t(1.0), t(0.7)), lambda d, t: d.Exponential(t(1.0))),
        (lambda d, t: d.Pareto(t(1.0), t(1.7)), lambda d, t: d.Normal(t(1.0), t(1.0))),
        (lambda d, t: d.Binomial(5, t(0.3)), lambda d, t: d.Binomial(3, t(0.4))),
    ],
)
def test_edges_are_pytorch_s(p: Callable[..., Any], q: Callable[..., Any]) -> None:
    found, expected = (
        lib.distributions.kl_divergence(*(make(lib.distributions, lib.tensor) for make in (p, q)))
        for lib in (wing, torch)
    )
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-12)


def test_those_of_transforms_and_of_whole_samples_are_those_of_the_bases() -> None:
    for lib in (wing, torch):
        d = lib.distributions
        p, q = (d.Normal(lib.full((2, 3), x), 1.0) for x in (0.0, 1.0))
        whole = d.kl_divergence(d.Independent(p, 1), d.Independent(q, 1))
        np.testing.assert_allclose(whole.numpy(), [1.5, 1.5])
        steps = [d.ExpTransform()]
        moved = [d.TransformedDistribution(base, steps) for base in (p, q)]
        np.testing.assert_allclose(d.kl_divergence(*moved).numpy(), np.full((2, 3), 0.5))
        with pytest.raises(NotImplementedError):
            d.kl_divergence(d.Independent(p, 1), d.Independent(q, 2))


def test_one_family_has_bregman_s_divergence() -> None:
    family = wing.distributions.kl.families._family
    for name in ("Bernoulli", "Beta", "Dirichlet", "Exponential", "Gamma", "Normal", "Poisson"):
        p, q = made(wing, name, 0)[0], made(wing, name, 1)[0]
        expected = wing.distributions.kl_divergence(p, q).detach().numpy()
        np.testing.assert_allclose(family(p, q).detach().numpy(), expected, 1e-10, 1e-12)


def test_what_is_registered_is_found_by_the_nearest_classes() -> None:
    for lib in (wing, torch):
        d = lib.distributions

        class Odd(d.Normal):  # type: ignore[misc, name-defined]
            pass

        with pytest.raises(NotImplementedError, match=r"No KL\(p \|\| q\) is implemented for p"):
            d.kl_divergence(d.Cauchy(0.0, 1.0), d.Normal(0.0, 1.0))
        assert d.kl_divergence(Odd(0.0, 1.0), Odd(1.0, 1.0)) == 0.5

        @d.register_kl(Odd, Odd)
        def of_odd(p: Any, q: Any) -> str:
            return "odd"

        assert d.kl_divergence(Odd(0.0, 1.0), Odd(1.0, 1.0)) == "odd"
        assert d.kl_divergence(Odd(0.0, 1.0), d.Normal(1.0, 1.0)) == 0.5
    with pytest.raises(TypeError, match="Expected type_p to be a Distribution subclass"):
        wing.distributions.register_kl(int, Odd)


def test_an_ambiguous_pair_is_warned_of() -> None:
    for lib in (wing, torch):
        d = lib.distributions

        class Left(d.Normal):  # type: ignore[misc, name-defined]
            pass

        class Right(d.Normal):  # type: ignore[misc, name-defined]
            pass

        d.register_kl(Left, d.Normal)(lambda p, q: 1)
        d.register_kl(d.Normal, Right)(lambda p, q: 2)
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(Left, Right\)"):
            d.kl_divergence(Left(0.0, 1.0), Right(0.0, 1.0))
