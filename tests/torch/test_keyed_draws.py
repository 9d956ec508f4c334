"""Whatever draws inside a run draws from the run's key, also of what is known before the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import thalweg as tw
from thalweg import torch as wing
from thalweg.random.drawing import drawing_with
from thalweg.torch.nn import functional

DRAWS: dict[str, Callable[[], Any]] = {
    "bernoulli": lambda: wing.bernoulli(wing.full((50,), 0.5)),
    "bernoulli of one probability": lambda: wing.bernoulli(wing.ones(50), 0.5),
    "bernoulli_": lambda: wing.empty(50).bernoulli_(0.5),
    "bernoulli_ of several": lambda: wing.empty(50).bernoulli_(wing.full((50,), 0.5)),
    "binomial": lambda: wing.binomial(wing.full((9,), 20.0), wing.full((9,), 0.4)),
    "cauchy_": lambda: wing.empty(4).cauchy_(),
    "dropout": lambda: functional.dropout(wing.ones(50)),
    "dropout2d": lambda: functional.dropout2d(wing.ones(1, 50, 1, 1)),
    "alpha_dropout": lambda: functional.alpha_dropout(wing.ones(50), training=True),
    "exponential_": lambda: wing.empty(4).exponential_(),
    "geometric_": lambda: wing.empty(40).geometric_(0.2),
    "gumbel_softmax": lambda: functional.gumbel_softmax(wing.ones(5)),
    "log_normal_": lambda: wing.empty(4).log_normal_(),
    "multinomial": lambda: wing.multinomial(wing.ones(50), 20),
    "multinomial of one": lambda: wing.multinomial(wing.ones(30, 50), 1),
    "multinomial with replacement": lambda: wing.multinomial(wing.ones(50), 20, replacement=True),
    "normal": lambda: wing.normal(wing.zeros(4), 1.0),
    "normal of numbers": lambda: wing.normal(0.0, 1.0, (4,)),
    "normal_": lambda: wing.empty(4).normal_(),
    "poisson": lambda: wing.poisson(wing.full((20,), 5.0)),
    "rand": lambda: wing.rand(4),
    "rand_like": lambda: wing.rand_like(wing.ones(4)),
    "randint": lambda: wing.randint(1000, (9,)),
    "randint_like": lambda: wing.randint_like(wing.ones(9), 1000),
    "randn": lambda: wing.randn(4),
    "randn_like": lambda: wing.randn_like(wing.ones(4)),
    "random_": lambda: wing.empty(9).random_(),
    "random_ up to a bound": lambda: wing.empty(9).random_(1000),
    "randperm": lambda: wing.randperm(20),
    "rrelu": lambda: functional.rrelu(-wing.ones(9), training=True),
    "uniform_": lambda: wing.empty(4).uniform_(),
}


def by_keys(draw: Callable[[], Any], *seeds: int) -> list[np.ndarray[Any, Any]]:
    """Return what a compiled function draws with the keys of seeds."""

    @tw.jit
    def run(key: wing.Tensor) -> wing.Tensor:
        with drawing_with(key):
            return draw()

    return [np.asarray(run(tw.random.key(seed))) for seed in seeds]


@pytest.mark.parametrize("name", DRAWS)
def test_a_key_gives_the_numbers(name: str) -> None:
    first, again, other = by_keys(DRAWS[name], 0, 0, 1)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_step_of_a_fit_draws_anew() -> None:
    class Noisy(wing.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean = wing.nn.Parameter(wing.zeros(1))

        def forward(self, x: wing.Tensor) -> wing.Tensor:
            return x + wing.bernoulli(wing.full((1,), 0.5)) - self.mean

    x = np.zeros((64, 1))
    model = Noisy()
    tw.fit(
        model, (x, x), loss=wing.nn.MSELoss(), optimizer=tw.optim.sgd(0.02), batch_size=1,
        epochs=40, progress=False,
    )  # fmt: skip
    # Were every draw of the run the same, the mean would be 0 or 1.
    assert 0.2 < model.mean.item() < 0.8


LAWS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "uniform_": (lambda: wing.empty(4000).uniform_(2, 5), stats.uniform(2, 3).cdf),
    "normal_": (lambda: wing.empty(4000).normal_(1, 2), stats.norm(1, 2).cdf),
    "exponential_": (lambda: wing.empty(4000).exponential_(3), stats.expon(scale=1 / 3).cdf),
    "cauchy_": (lambda: wing.empty(4000).cauchy_(1, 2), stats.cauchy(1, 2).cdf),
    "log_normal_": (lambda: wing.empty(4000).log_normal_(1, 2), stats.lognorm(2, 0, np.e).cdf),
}


@pytest.mark.parametrize("name", LAWS)
def test_numbers_drawn_with_a_key_have_their_distribution(name: str) -> None:
    draw, distribution = LAWS[name]
    (found,) = by_keys(draw, 5)
    assert stats.kstest(found, distribution).pvalue > 1e-3


@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda: wing.empty(9000).geometric_(0.3), stats.geom(0.3)),
        (lambda: wing.poisson(wing.full((9000,), 3.5)), stats.poisson(3.5)),
        (lambda: wing.binomial(wing.full((9000,), 9.0), wing.tensor(0.3)), stats.binom(9, 0.3)),
    ],
)
def test_counts_have_their_probabilities(draw: Any, law: Any, is_keyed: bool) -> None:
    wing.manual_seed(4)
    found = by_keys(draw, 5)[0] if is_keyed else draw().numpy()
    values = np.arange(int(law.ppf(0.999)) + 1)
    expected = law.pmf(values) * found.size
    kept = expected > 5
    counts = np.array([(found == value).sum() for value in values])
    rest = [found.size - counts[kept].sum()], [found.size - expected[kept].sum()]
    test = stats.chisquare([*counts[kept], *rest[0]], [*expected[kept], *rest[1]])
    assert test.pvalue > 1e-3


@pytest.mark.parametrize("replacement", [True, False])
def test_categories_are_drawn_in_proportion_to_their_weights(replacement: bool) -> None:
    weights = np.array([0.0, 3.0, 1.0, 2.0, 0.0])

    def draw() -> wing.Tensor:
        rows = wing.tensor(weights).expand(6000, 5)
        return wing.multinomial(rows, 2, replacement)

    (found,) = by_keys(draw, 2)
    counts = np.bincount(found[:, 0], minlength=5)
    assert counts[0] == counts[4] == 0
    assert stats.chisquare(counts[1:4], weights[1:4] / 6 * 6000).pvalue > 1e-3
    assert (found[:, 0] == found[:, 1]).any() == replacement


def test_weights_that_a_run_computes_are_drawn_from() -> None:
    @tw.jit
    def run(key: wing.Tensor, weights: wing.Tensor) -> wing.Tensor:
        with drawing_with(key):
            return wing.multinomial(weights * 2, 3, replacement=True)

    found = run(tw.random.key(1), wing.tensor([0.0, 0.0, 1.0, 0.0]))
    assert found.tolist() == [2, 2, 2]


@pytest.mark.parametrize("replacement", [True, False])
def test_every_example_of_a_batch_draws_from_its_own_weights(replacement: bool) -> None:
    draw = lambda weights: wing.multinomial(weights, 2, replacement)
    weights = wing.tensor(np.tile([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], (50, 1)))
    found = wing.func.vmap(draw, randomness="different")(weights).numpy()
    assert set(found[::2].ravel()) == {0, 1}
    assert set(found[1::2].ravel()) == {1, 2}
    # Without replacement both are drawn.
    assert (found[:, 0] == found[:, 1]).any() == replacement


def test_what_is_no_rate_or_probability_is_refused() -> None:
    torch = pytest.importorskip("torch")
    for lib in (wing, torch):
        with pytest.raises(RuntimeError, match="invalid Poisson rate, expected rate to be non"):
            lib.poisson(lib.tensor([-1.0]))
        with pytest.raises(
            (ValueError, RuntimeError),
            match="binomial only supports floating-point dtypes for count",
        ):
            lib.binomial(lib.tensor([3]), lib.tensor([0.5]))
        with pytest.raises(RuntimeError, match="Found dtype"):
            lib.binomial(lib.ones(2, dtype=lib.float32), lib.ones(2, dtype=lib.float64))


def test_complex_numbers_in_a_run_are_refused() -> None:
    with pytest.raises(tw.errors.TracingError, match="Draw real numbers"):
        by_keys(lambda: wing.rand(3, dtype=wing.complex64).real, 0)
