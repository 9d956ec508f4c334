"""What is drawn: PyTorch's numbers of a seed, and with keys numbers of the right law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import thalweg as tw
from tests.torch.distributions.cases import CASES, Case
from tests.torch.test_keyed_draws import by_keys
from thalweg import torch as wing

torch = pytest.importorskip("torch")


# PyTorch takes matrices that are positive definite for singular ones, and draws them again; of
# correlation matrices its third row and those below have lengths of another law: with η = 1 the
# mean square of the third variable's correlations is 0.30 there, where it is 0.25.
DRAWN_OTHERWISE = {"Wishart", "LKJCholesky"}


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in DRAWN_OTHERWISE], ids=str)
@pytest.mark.parametrize("shape", [(), (5,), (4, 5)])
def test_a_seed_gives_pytorch_s_samples(case: Case, shape: tuple[int, ...]) -> None:
    for lib in (torch, wing):
        lib.manual_seed(7)
    ours, theirs = case.build(wing), case.build(torch)
    np.testing.assert_allclose(ours.sample(shape).numpy(), theirs.sample(shape).numpy(), 1e-12)
    if theirs.has_rsample:
        drawn = (d.rsample(shape).detach().numpy() for d in (ours, theirs))
        np.testing.assert_allclose(*drawn, 1e-12)
    assert wing.rand(3).tolist() == torch.rand(3).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_correlations_of_two_are_pytorch_s(dtype: str) -> None:
    drawn = []
    for lib in (wing, torch):
        lib.manual_seed(3)
        law = lib.distributions.LKJCholesky(2, lib.tensor([0.4, 5.0], dtype=getattr(lib, dtype)))
        drawn.append((law.sample((50,)).numpy(), lib.rand(3).tolist()))
    np.testing.assert_allclose(drawn[0][0], drawn[1][0], rtol=float(8 * np.finfo(dtype).eps))
    assert drawn[0][1] == drawn[1][1]


d = wing.distributions

# A distribution of single numbers, and its distribution function by SciPy.
LAWS: dict[str, tuple[Callable[[], Any], Any]] = {
    "Beta": (lambda: d.Beta(0.7, 2.0), stats.beta(0.7, 2.0)),
    "Chi2": (lambda: d.Chi2(3.0), stats.chi2(3.0)),
    "Cauchy": (lambda: d.Cauchy(1.0, 2.0), stats.cauchy(1.0, 2.0)),
    "ContinuousBernoulli": (
        lambda: d.ContinuousBernoulli(0.3),
        stats.truncexpon(np.log(7 / 3), scale=1 / np.log(7 / 3)),
    ),
    "Dirichlet": (
        lambda: d.TransformedDistribution(
            d.Dirichlet(wing.tensor([0.5, 1.0, 2.0])), [d.ExpTransform().inv]
        ),
        stats.beta(0.5, 3.0),
    ),
    "Exponential": (lambda: d.Exponential(2.0), stats.expon(scale=0.5)),
    "FisherSnedecor": (lambda: d.FisherSnedecor(3.0, 5.0), stats.f(3.0, 5.0)),
    "Gamma": (lambda: d.Gamma(2.5, 3.0), stats.gamma(2.5, scale=1 / 3)),
    "Gamma of a small shape": (lambda: d.Gamma(0.1, 1.0), stats.gamma(0.1)),
    "GeneralizedPareto": (lambda: d.GeneralizedPareto(0.0, 1.0, 0.3), stats.genpareto(0.3)),
    "Gumbel": (lambda: d.Gumbel(1.0, 2.0), stats.gumbel_r(1.0, 2.0)),
    "HalfCauchy": (lambda: d.HalfCauchy(2.0), stats.halfcauchy(scale=2.0)),
    "HalfNormal": (lambda: d.HalfNormal(2.0), stats.halfnorm(scale=2.0)),
    "InverseGamma": (lambda: d.InverseGamma(2.0, 3.0), stats.invgamma(2.0, scale=3.0)),
    "Laplace": (lambda: d.Laplace(1.0, 2.0), stats.laplace(1.0, 2.0)),
    "LogNormal": (lambda: d.LogNormal(1.0, 0.5), stats.lognorm(0.5, scale=np.e)),
    "Normal": (lambda: d.Normal(1.0, 2.0), stats.norm(1.0, 2.0)),
    "Pareto": (lambda: d.Pareto(2.0, 3.0), stats.pareto(3.0, scale=2.0)),
    "StudentT": (lambda: d.StudentT(3.0, 1.0, 2.0), stats.t(3.0, 1.0, 2.0)),
    "Uniform": (lambda: d.Uniform(-1.0, 2.0), stats.uniform(-1, 3)),
    "VonMises": (lambda: d.VonMises(1.0, 2.0), None),
    "Weibull": (lambda: d.Weibull(2.0, 1.5), stats.weibull_min(1.5, scale=2.0)),
}


def probability(name: str, law: Any) -> Callable[[Any], Any]:
    """Return a distribution function."""
    if name == "VonMises":
        # Of angles around 1, counted from -π.
        start = stats.vonmises(2.0, 1.0).cdf(-np.pi)
        return lambda x: np.asarray(stats.vonmises(2.0, 1.0).cdf(x) - start)
    return law.cdf  # type: ignore[no-any-return]


@pytest.mark.parametrize("is_keyed", [True, False], ids=["with a key", "of the stream"])
@pytest.mark.parametrize("name", LAWS)
def test_samples_have_their_distribution(name: str, is_keyed: bool) -> None:
    make, law = LAWS[name]
    wing.manual_seed(11)
    draw = lambda: make().sample((3000,))
    found = by_keys(draw, 3)[0] if is_keyed else draw().numpy()
    if name == "Dirichlet":
        found = np.exp(found[:, 0])
    assert stats.kstest(found, probability(name, law)).pvalue > 1e-3


COUNTS: dict[str, tuple[Callable[[], Any], Any]] = {
    "Bernoulli": (lambda: d.Bernoulli(0.3), stats.bernoulli(0.3)),
    "Binomial": (lambda: d.Binomial(9, wing.tensor(0.3)), stats.binom(9, 0.3)),
    "Categorical": (
        lambda: d.Categorical(wing.tensor([1.0, 2.0, 3.0])),
        stats.rv_discrete(values=([0, 1, 2], np.array([1, 2, 3]) / 6)),
    ),
    "Geometric": (lambda: d.Geometric(0.3), stats.geom(0.3, -1)),
    "NegativeBinomial": (lambda: d.NegativeBinomial(2.5, wing.tensor(0.4)), stats.nbinom(2.5, 0.6)),
    "Poisson": (lambda: d.Poisson(3.5), stats.poisson(3.5)),
}


@pytest.mark.parametrize("is_keyed", [True, False], ids=["with a key", "of the stream"])
@pytest.mark.parametrize("name", COUNTS)
def test_counts_have_their_probabilities(name: str, is_keyed: bool) -> None:
    make, law = COUNTS[name]
    wing.manual_seed(13)
    draw = lambda: make().sample((4000,))
    found = np.asarray(by_keys(draw, 3)[0] if is_keyed else draw().numpy())
    values = np.arange(int(law.ppf(0.9999)) + 1)
    expected = law.pmf(values) * found.size
    kept = expected > 5
    counts = [*(np.sum(found == v) for v in values[kept])]
    rest = found.size - expected[kept].sum()
    if rest > 1e-6:
        counts, expected = [*counts, found.size - sum(counts)], np.append(expected[kept], rest)
    assert stats.chisquare(counts, expected[: len(counts)], sum_check=False).pvalue > 1e-3


# ---- matrices and vectors, by their moments


@pytest.mark.parametrize("is_keyed", [True, False], ids=["with a key", "of the stream"])
def test_matrices_have_their_moments(is_keyed: bool) -> None:
    sigma = np.array([[2.0, 0.5], [0.5, 1.0]])
    wishart = lambda: d.Wishart(wing.tensor(4.5), wing.tensor(sigma))
    wing.manual_seed(3)
    draw = lambda: wishart().sample((4000,))
    found = by_keys(draw, 2)[0] if is_keyed else draw().numpy()
    np.testing.assert_allclose(found.mean(0), 4.5 * sigma, atol=0.3)
    np.testing.assert_allclose(found.var(0), wishart().variance.numpy(), rtol=0.15)


@pytest.mark.parametrize("is_keyed", [True, False], ids=["with a key", "of the stream"])
def test_correlations_have_their_distribution(is_keyed: bool) -> None:
    wing.manual_seed(5)
    draw = lambda: d.LKJCholesky(3, 1.5).sample((3000,))
    found = by_keys(draw, 1)[0] if is_keyed else draw().numpy()
    matrices = found @ np.swapaxes(found, -1, -2)
    # Each correlation is 2 B - 1 of B symmetric and beta distributed, of η + (n - 2)/2.
    for row, column in ((1, 0), (2, 0), (2, 1)):
        share = (matrices[:, row, column] + 1) / 2
        assert stats.kstest(share, stats.beta(2.0, 2.0).cdf).pvalue > 1e-3


# ---- derivatives of samples


def implicit(cdf: Callable[..., Any], x: Any, *parameters: float) -> list[Any]:
    """Return dx/dθ = -∂F/∂θ / (∂F/∂x), by central differences of an exact F."""
    step = 1e-5
    slope = lambda move: (cdf(*move(step)) - cdf(*move(-step))) / (2 * step)
    density = slope(lambda s: (x * (1 + s), *parameters)) / x
    moved = lambda i: lambda s: (x, *(p + s * (i == k) for k, p in enumerate(parameters)))
    return [-slope(moved(i)) / density for i in range(len(parameters))]


@pytest.mark.parametrize("a", [0.2, 0.9, 1.0, 3.5, 40.0])
def test_gamma_samples_have_implicit_derivatives(a: float) -> None:
    shape = wing.tensor(a, requires_grad=True)
    wing.manual_seed(1)
    found = d.Gamma(shape.expand(40), 1.0).rsample()
    for x in found:
        (slope,) = wing.autograd.grad(x, shape, retain_graph=True)
        value = float(x.detach())
        if value < 1e-4:
            continue
        (expected,) = implicit(lambda x, a: special.gammainc(a, x), value, a)
        np.testing.assert_allclose(slope.item(), expected, 1e-5, 1e-8)


def test_derivatives_of_gamma_samples_are_those_of_quantiles_also_of_tiny_ones() -> None:
    for a in (0.01, 0.1, 0.7, 2.0):
        u = np.array([1e-4, 0.1, 0.5, 0.9])
        from thalweg.torch.functions.random_counts import _log_gamma_quantile, _slope_of_log_gamma

        at = lambda a, u=u: _log_gamma_quantile(wing.tensor(u), wing.tensor(np.full(4, a)))
        step = a * 1e-5
        expected = (at(a + step) - at(a - step)).numpy() / (2 * step)
        found = _slope_of_log_gamma(at(a), wing.tensor(np.full(4, a))).numpy()
        np.testing.assert_allclose(found, expected, 1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.4, 0.6), (2.0, 3.0), (15.0, 0.8), (1.0, 1.0)])
def test_beta_samples_have_implicit_derivatives(a: float, b: float) -> None:
    leaves = [wing.tensor(p, requires_grad=True) for p in (a, b)]
    wing.manual_seed(2)
    found = d.Beta(*(leaf.expand(30) for leaf in leaves)).rsample()
    for x in found:
        value = float(x.detach())
        if not 1e-3 < value < 1 - 1e-3:
            continue
        slopes = wing.autograd.grad(x, leaves, retain_graph=True)
        expected = implicit(lambda x, a, b: special.betainc(a, b, x), value, a, b)
        np.testing.assert_allclose([s.item() for s in slopes], expected, 1e-4, 1e-7)


def test_dirichlet_samples_have_pytorch_s_derivatives() -> None:
    a = np.array([[0.7, 2.0, 1.1], [5.0, 0.3, 3.0]])
    leaf = wing.tensor(a, requires_grad=True)
    wing.manual_seed(4)
    found = d.Dirichlet(leaf).rsample((50,))
    x = torch.tensor(found.detach().numpy())
    weights = np.random.default_rng(0).normal(size=x.shape)
    (found * wing.tensor(weights)).sum().backward()
    alpha = torch.tensor(a).expand(x.shape)
    rates = torch._dirichlet_grad(x, alpha, alpha.sum(-1, True).expand(x.shape))
    w = torch.tensor(weights)
    expected = (rates * (w - (x * w).sum(-1, True))).sum(0)
    # PyTorch's are approximations of three digits or more.
    np.testing.assert_allclose(leaf.grad.numpy(), expected.numpy(), 3e-3, 3e-2)


@pytest.mark.parametrize(
    ("make", "mean"),
    [
        (lambda a: d.Gamma(a, 2.0), lambda a: a * (a + 1) / 4),
        (lambda a: d.Chi2(a), lambda a: a * (a + 2)),
        (lambda a: d.Beta(a, 2.0), lambda a: a * (a + 1) / ((a + 2) * (a + 3))),
        (lambda a: d.InverseGamma(a + 4, 2.0), lambda a: 4 / ((a + 3) * (a + 2))),
        (lambda a: d.StudentT(a + 9), lambda a: (a + 9) / (a + 7)),
        (lambda a: d.FisherSnedecor(a, 30.0), lambda a: 900 * (a + 2) / (a * 28 * 26)),
    ],
)
@pytest.mark.parametrize("is_keyed", [True, False], ids=["with a key", "of the stream"])
def test_means_of_derivatives_are_derivatives_of_means(
    make: Callable[..., Any], mean: Callable[[Any], Any], is_keyed: bool
) -> None:
    def slope(a: Any) -> Any:
        return tw.grad(lambda a: (make(a.expand(8000)).rsample().square()).mean())(a)

    a = wing.tensor(1.5)
    wing.manual_seed(6)
    found = by_keys(lambda: slope(a), 3)[0] if is_keyed else slope(a)
    expected = (mean(1.5 + 1e-6) - mean(1.5 - 1e-6)) / 2e-6
    np.testing.assert_allclose(float(found), expected, rtol=0.1)


def test_shares_of_tiny_parameters_add_up_to_one() -> None:
    wing.manual_seed(0)
    a = wing.full((5,), 1e-3, requires_grad=True)
    found = d.Dirichlet(a).rsample((200,))
    np.testing.assert_allclose(found.detach().sum(-1).numpy(), 1.0)
    found.square().sum().backward()
    assert np.isfinite(a.grad.numpy()).all()


# ---- inside a run


class Autoencoder(wing.nn.Module):
    """A variational one, whose code is drawn from a distribution."""

    def __init__(self, draw: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.encode = wing.nn.Linear(4, 4)
        self.decode = wing.nn.Linear(2, 4)
        self.draw = draw

    def forward(self, x: Any) -> Any:
        loc, spread = self.encode(x).chunk(2, -1)
        return self.decode(self.draw(loc, spread))


CODES = {
    "Normal": lambda loc, s: d.Normal(loc, s.exp()).rsample(),
    "Independent": lambda loc, s: d.Independent(d.Normal(loc, s.exp()), 1).rsample(),
    "MultivariateNormal": lambda loc, s: d.MultivariateNormal(
        loc, scale_tril=s.exp().diag_embed()
    ).rsample(),
    "Gamma": lambda loc, s: d.Gamma(loc.exp(), s.exp()).rsample(),
    "Beta": lambda loc, s: d.Beta(loc.exp() + 0.5, s.exp() + 0.5).rsample(),
    "RelaxedBernoulli": lambda loc, s: d.RelaxedBernoulli(
        wing.tensor(0.5), logits=loc + s
    ).rsample(),
    "OneHotCategoricalStraightThrough": lambda loc, s: (
        d.OneHotCategoricalStraightThrough(logits=loc).rsample() + s
    ),
}


@pytest.mark.parametrize("name", CODES)
def test_an_autoencoder_trains_natively_with_new_codes_at_each_step(name: str) -> None:
    wing.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 4))
    model = Autoencoder(CODES[name])

    def run(seed: int) -> Any:
        return tw.fit(
            model, (x, x), loss=wing.nn.MSELoss(), optimizer=tw.optim.adam(1e-2), batch_size=64,
            epochs=40, seed=seed, progress=False,
        )  # fmt: skip

    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    losses = []
    for seed in (1, 1, 2):
        model.load_state_dict(start)
        losses.append(np.asarray(run(seed).history.loss))
    np.testing.assert_array_equal(losses[0], losses[1])
    assert (losses[0] != losses[2]).any()
    assert losses[0][-1] < losses[0][0]
