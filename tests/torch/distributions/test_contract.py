"""Names, errors and habits of `torch.distributions`, beside PyTorch's."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.distributions.cases import CASES, Case, real
from thalweg import torch as wing

torch = pytest.importorskip("torch")


BOTH = (wing, torch)


def test_every_public_name_is_here() -> None:
    for module in ("", ".constraints", ".transforms", ".kl", ".utils", ".constraint_registry"):
        theirs = pytest.importorskip(f"torch.distributions{module}")
        ours = pytest.importorskip(f"thalweg.torch.distributions{module}")
        public = getattr(theirs, "__all__", None) or [
            name
            for name, value in vars(theirs).items()
            if getattr(value, "__module__", "") == theirs.__name__ and name[0] != "_"
        ]
        assert [name for name in public if not hasattr(ours, name)] == []


def test_every_distribution_has_a_case() -> None:
    classes = {
        name
        for name in torch.distributions.__all__
        if inspect.isclass(found := getattr(torch.distributions, name))
        and issubclass(found, torch.distributions.Distribution)
    }
    assert classes - {case.name for case in CASES} == {"Distribution", "ExponentialFamily"}


@pytest.mark.parametrize("name", sorted({case.name for case in CASES}))
def test_signatures_are_pytorch_s(name: str) -> None:
    ours, theirs = (
        {
            p.name: p.default
            for p in inspect.signature(getattr(lib.distributions, name)).parameters.values()
        }
        for lib in BOTH
    )
    assert ours == theirs


def error(lib: Any, wrong: Callable[[Any, Any], Any]) -> Exception:
    with pytest.raises((ValueError, TypeError, NotImplementedError, AssertionError)) as raised:
        wrong(lib.distributions, lib)
    return raised.value


WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "a negative scale": lambda d, t: d.Normal(0.0, -1.0),
    "one of several": lambda d, t: d.Normal(t.tensor([0.0, 1.0]), t.tensor([1.0, -1.0])),
    "a text": lambda d, t: d.Normal("a", 1.0),
    "not a tensor": lambda d, t: d.Normal(0.0, 1.0).log_prob(1.0),
    "outside": lambda d, t: d.Exponential(1.0).log_prob(t.tensor(-1.0)),
    "another shape": lambda d, t: d.Normal(t.zeros(3), 1.0).log_prob(t.zeros(2)),
    "another event": lambda d, t: d.MultivariateNormal(t.zeros(3), t.eye(3)).log_prob(t.zeros(2)),
    "neither": lambda d, t: d.Bernoulli(),
    "both": lambda d, t: d.Categorical(t.ones(2), t.ones(2)),
    "no axis": lambda d, t: d.Categorical(t.tensor(1.0)),
    "no axis of logits": lambda d, t: d.Categorical(logits=t.tensor(1.0)),
    "no derivative": lambda d, t: d.Poisson(1.0).rsample(),
    "several counts": lambda d, t: d.Binomial(t.tensor([2, 3]), t.tensor(0.5)).entropy(),
    "counts in a tensor": lambda d, t: d.Multinomial(t.tensor([2, 3]), t.ones(2)),
    "two families": lambda d, t: d.kl_divergence(d.Normal(0.0, 1.0), d.Poisson(1.0)),
    "too many axes": lambda d, t: d.Independent(d.Normal(0.0, 1.0), 1),
    "bounds turned": lambda d, t: d.Uniform(1.0, 0.0),
    "no vector": lambda d, t: d.MultivariateNormal(t.tensor(0.0), t.eye(1)),
    "no matrix": lambda d, t: d.MultivariateNormal(t.zeros(2)),
    "a number for a matrix": lambda d, t: d.MultivariateNormal(t.zeros(2), t.tensor(1.0)),
    "not definite": lambda d, t: d.MultivariateNormal(t.zeros(2), -t.eye(2)),
    "rows": lambda d, t: d.LowRankMultivariateNormal(t.zeros(2), t.zeros(3, 1), t.ones(2)),
    "a diagonal": lambda d, t: d.LowRankMultivariateNormal(t.zeros(2), t.zeros(2, 1), t.ones(3)),
    "no vector of numbers": lambda d, t: d.Dirichlet(t.tensor(1.0)),
    "two matrices": lambda d, t: d.Wishart(t.tensor(3.0), t.eye(2), t.eye(2)),
    "too few": lambda d, t: d.Wishart(t.tensor(1.0), t.eye(2)),
    "one row": lambda d, t: d.LKJCholesky(1),
    "no choice": lambda d, t: d.MixtureSameFamily(d.Normal(0.0, 1.0), d.Normal(0.0, 1.0)),
    "no components": lambda d, t: d.MixtureSameFamily(d.Categorical(t.ones(3)), 1),
    "other components": lambda d, t: d.MixtureSameFamily(
        d.Categorical(t.ones(3)), d.Normal(t.zeros(2), 1.0)
    ),
    "another batch": lambda d, t: d.MixtureSameFamily(
        d.Categorical(t.ones(2, 3)), d.Normal(t.zeros(4, 3), 1.0)
    ),
    "no transform": lambda d, t: d.TransformedDistribution(d.Normal(0.0, 1.0), 3),
    "no axis to transform": lambda d, t: d.TransformedDistribution(
        d.Normal(0.0, 1.0), [d.StickBreakingTransform()]
    ),
    "no inverse": lambda d, t: d.TransformedDistribution(
        d.Normal(0.0, 1.0), d.AbsTransform()
    ).log_prob(t.tensor(1.0)),
    "no probability": lambda d, t: d.Geometric(t.tensor(0.0)),
    "degrees": lambda d, t: d.Chi2(t.tensor(-1.0)),
    "a list of all": lambda d, t: d.Normal(0.0, 1.0).enumerate_support(),
    "not a bool": lambda d, t: d.Distribution.set_default_validate_args(3),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_begin_as_pytorch_s(name: str) -> None:
    ours, theirs = (error(lib, WRONG[name]) for lib in BOTH)
    assert isinstance(ours, type(theirs))
    plain = lambda e: " ".join(str(e).split()).removesuffix(".")[:60]
    assert plain(ours).startswith(plain(theirs))


def test_checks_can_be_left_out() -> None:
    for lib in BOTH:
        d = lib.distributions
        assert np.isnan(d.Normal(0.0, -1.0, validate_args=False).log_prob(lib.tensor(0.0)).numpy())
        d.Distribution.set_default_validate_args(False)
        try:
            d.Normal(0.0, -1.0)
        finally:
            d.Distribution.set_default_validate_args(True)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_distribution_can_be_copied(case: Case) -> None:
    tensors = {n: t.detach() if n in case.arrays else t for n, t in case.tensors(wing).items()}
    found = case.build(wing, tensors)
    x = case.samples(wing)
    expected = found.log_prob(x).numpy()
    np.testing.assert_array_equal(copy.deepcopy(found).log_prob(x).numpy(), expected)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.log_prob(x).numpy(), expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_densities_compile(case: Case) -> None:
    given = case.arrays
    fixed = {n: p for n, p in case.parameters.items() if n not in given}

    def loss(given: dict[str, Any], x: Any) -> Any:
        return case.build(wing, {**fixed, **given}).log_prob(x).sum()

    tensors, x = {n: wing.tensor(p) for n, p in given.items()}, case.samples(wing)
    value, slopes = tw.value_and_grad(loss)(tensors, x)
    compiled, native = tw.jit(tw.value_and_grad(loss))(tensors, x)
    np.testing.assert_allclose(float(compiled), float(value), 1e-11)
    for name, slope in slopes.items():
        np.testing.assert_allclose(np.asarray(native[name]), np.asarray(slope), 1e-9, 1e-11)


def test_a_user_s_distribution() -> None:
    for lib in BOTH:
        d = lib.distributions

        class Plain(d.Distribution):  # type: ignore[misc, name-defined]
            pass

        with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
            plain = Plain()
        for name in ("mean", "variance", "support", "arg_constraints", "mode"):
            with pytest.raises(NotImplementedError):
                getattr(plain, name)
        with pytest.raises(NotImplementedError):
            plain.expand((2,))

        class Standard(d.Normal):  # type: ignore[misc, name-defined]
            def __init__(self, lib: Any = lib) -> None:
                super().__init__(lib.tensor(0.0), 1.0)

        with pytest.raises(NotImplementedError, match="Subclass Standard of Normal that defines"):
            Standard().expand((2,))


def test_a_policy_s_gradient() -> None:
    """The step of a reinforcement learner: categories drawn, their probabilities' gradient."""
    for lib in BOTH:
        lib.manual_seed(0)
        logits = lib.tensor(real(5, 3) * 0 + np.arange(3.0)).requires_grad_()
        policy = lib.distributions.Categorical(logits=logits)
        action = policy.sample()
        loss = -(policy.log_prob(action) * lib.arange(5.0)).sum() - 0.1 * policy.entropy().mean()
        loss.backward()
        if lib is wing:
            expected = logits.grad.numpy()
    np.testing.assert_allclose(logits.grad.numpy(), expected, 1e-12)


def test_sample_n_is_an_old_name() -> None:
    for lib in BOTH:
        with pytest.warns(FutureWarning, match=r"`sample_n\(n\)` will be deprecated"):
            assert tuple(lib.distributions.Normal(0.0, 1.0).sample_n(3).shape) == (3,)


@pytest.mark.parametrize("a", [1.5, 4.0])
def test_kumaraswamy_s_mode_is_where_its_density_is_highest(a: float) -> None:
    found = wing.distributions.Kumaraswamy(a, 2.5)
    x = wing.linspace(0.001, 0.999, 9981)
    best = float(x[found.log_prob(x).argmax()])
    np.testing.assert_allclose(float(found.mode), best, atol=2e-4)


def test_von_mises_density_is_exact() -> None:
    from scipy import stats

    kappa, x = np.array([0.1, 3.0, 40.0, 500.0]), np.array([0.3, -0.2, 0.1, 0.0])
    found = wing.distributions.VonMises(wing.tensor(0.05), wing.tensor(kappa))
    np.testing.assert_allclose(
        found.log_prob(wing.tensor(x)).numpy(), stats.vonmises(kappa, 0.05).logpdf(x), 1e-12
    )


def test_every_module_of_pytorch_is_here() -> None:
    for found in pkgutil.iter_modules(torch.distributions.__path__):
        theirs = importlib.import_module(f"torch.distributions.{found.name}")
        ours = importlib.import_module(f"thalweg.torch.distributions.{found.name}")
        assert [name for name in theirs.__all__ if not hasattr(ours, name)] == []


def test_classes_are_imported_by_their_paths() -> None:
    from thalweg.torch.distributions.categorical import Categorical
    from thalweg.torch.distributions.multivariate_normal import MultivariateNormal

    assert Categorical is wing.distributions.Categorical
    assert MultivariateNormal is wing.distributions.multivariate_normal.MultivariateNormal


def test_a_user_s_subclass_expands_by_its_own_way() -> None:
    for lib in BOTH:
        d = lib.distributions

        class Shifted(d.Normal):  # type: ignore[misc, name-defined]
            def __init__(self, shift: Any, lib: Any = lib) -> None:
                self.shift = shift
                super().__init__(lib.tensor(0.0) + shift, 1.0)

            def expand(self, batch_shape: Any, _instance: Any = None, lib: Any = lib) -> Any:
                new = self._get_checked_instance(type(self), _instance)
                new.shift = self.shift
                return lib.distributions.Normal.expand(self, batch_shape, _instance=new)

        found = Shifted(lib.tensor(2.0)).expand((3, 2))
        assert type(found) is Shifted
        assert tuple(found.batch_shape) == (3, 2)
        assert tuple(found.loc.shape) == (3, 2)
        assert found.shift == 2


def test_batches_within_batches() -> None:
    for lib in BOTH:
        d = lib.distributions
        inner = d.Independent(d.Normal(lib.zeros(4, 3, 2), 1.0), 1)
        whole = d.Independent(inner, 1).expand((5, 4))
        assert tuple(whole.batch_shape) == (5, 4)
        assert tuple(whole.event_shape) == (3, 2)
        assert tuple(whole.rsample((7,)).shape) == (7, 5, 4, 3, 2)
        assert tuple(whole.entropy().shape) == (5, 4)
        assert whole.support.event_dim == 2
