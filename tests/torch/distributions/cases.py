"""A case of every class of distributions: parameters, and values it is asked about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

_RNG = np.random.default_rng(5)


@dataclasses.dataclass(frozen=True)
class Case:
    """What a distribution is made of, by PyTorch and here.

    Attributes:
        name: The class.
        parameters: Its arguments by name; arrays become tensors that require gradients.
        values: Samples, that log_prob and cdf are taken of.
        make: Makes the distribution, of the library, its class and the tensors.
        tolerance: How far numbers may be apart, relative.
        slopes: How far derivatives may be apart; more where PyTorch's have fewer digits.
        shown: What tells cases of one class apart.
    """

    name: str
    parameters: dict[str, Any]
    values: Any
    make: Callable[..., Any] | None = None
    tolerance: float = 1e-12
    slopes: float = 1e-10
    shown: str = ""

    def __str__(self) -> str:
        return self.name + self.shown

    @property
    def arrays(self) -> dict[str, Any]:
        """The parameters that become tensors."""
        return {n: p for n, p in self.parameters.items() if isinstance(p, np.ndarray)}

    def tensors(self, lib: Any) -> dict[str, Any]:
        """Return the parameters of a library, as leaves."""
        return {name: _tensor(lib, value, leaf=True) for name, value in self.parameters.items()}

    def build(self, lib: Any, given: dict[str, Any] | None = None) -> Any:
        """Return the distribution of a library."""
        given = self.tensors(lib) if given is None else given
        if self.make is not None:
            return self.make(lib, **given)
        return getattr(lib.distributions, self.name)(**given)

    def samples(self, lib: Any) -> Any:
        """Return the values of a library."""
        return _tensor(lib, self.values, leaf=False)


def _tensor(lib: Any, value: Any, leaf: bool) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    found = lib.tensor(value)
    return found.requires_grad_() if leaf and value.dtype.kind == "f" else found


def positive(*shape: int) -> Any:
    return _RNG.gamma(3.0, 0.5, shape) + 0.1


def real(*shape: int) -> Any:
    return _RNG.normal(size=shape)


def share(*shape: int) -> Any:
    return _RNG.uniform(0.05, 0.95, shape)


def simplex(*shape: int) -> Any:
    found = _RNG.gamma(2.0, 1.0, shape)
    return found / found.sum(-1, keepdims=True)


def whole(below: int, *shape: int) -> Any:
    return _RNG.integers(0, below, shape).astype(float)


def definite(*shape: int) -> Any:
    factor = real(*shape, shape[-1])
    return factor @ np.swapaxes(factor, -1, -2) / 3 + np.eye(shape[-1])


def correlations(*shape: int) -> Any:
    found = np.linalg.cholesky(definite(*shape))
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


# PyTorch's derivative of the digamma function is right to 5e-10, and terms cancel.
ROUGH = {"slopes": 1e-8}
# PyTorch's Bessel functions in this density are polynomials of single precision.
OF_SINGLE_PRECISION = {"tolerance": 1e-6, "slopes": 1e-5}

CASES = [
    Case("Normal", {"loc": real(3), "scale": positive(3)}, real(4, 3)),
    Case("LogNormal", {"loc": real(3), "scale": positive(3)}, positive(4, 3)),
    Case("HalfNormal", {"scale": positive(3)}, positive(4, 3)),
    Case("Bernoulli", {"probs": share(3)}, whole(2, 4, 3)),
    Case("Bernoulli", {"logits": real(3)}, whole(2, 4, 3), shown=" of logits"),
    Case("Categorical", {"probs": simplex(2, 4)}, whole(4, 4, 2).astype(int)),
    Case("Categorical", {"logits": real(2, 4)}, whole(4, 4, 2).astype(int), shown=" of logits"),
    Case("OneHotCategorical", {"probs": simplex(2, 3)}, np.eye(3)[[0, 2]]),
    Case("OneHotCategoricalStraightThrough", {"logits": real(2, 3)}, np.eye(3)[[1, 2]]),
    Case("Geometric", {"probs": share(3)}, whole(6, 4, 3)),
    Case("Binomial", {"total_count": 5, "probs": share(3)}, whole(6, 4, 3)),
    Case("Binomial", {"total_count": 5, "logits": real(3)}, whole(6, 4, 3), shown=" of logits"),
    Case("NegativeBinomial", {"total_count": positive(3), "probs": share(3)}, whole(6, 4, 3)),
    Case("Multinomial", {"total_count": 6, "probs": simplex(2, 3)}, 
         np.array([[1.0, 2, 3], [6, 0, 0]])),
    Case("Poisson", {"rate": positive(3)}, whole(6, 4, 3)),
    Case("Exponential", {"rate": positive(3)}, positive(4, 3)),
    Case("Gamma", {"concentration": positive(3), "rate": positive(3)}, positive(4, 3), **ROUGH),
    Case("Chi2", {"df": positive(3)}, positive(4, 3), **ROUGH),
    Case("InverseGamma", {"concentration": positive(3) + 2, "rate": positive(3)},
         positive(4, 3), **ROUGH),
    Case("FisherSnedecor", {"df1": positive(3) + 2, "df2": positive(3) + 4}, positive(4, 3)),
    Case("Pareto", {"scale": positive(3), "alpha": positive(3) + 2}, positive(4, 3) + 9),
    Case("Weibull", {"scale": positive(3), "concentration": positive(3) + 1}, positive(4, 3)),
    Case("Uniform", {"low": -positive(3) - 1, "high": positive(3) + 1}, share(4, 3)),
    Case("Cauchy", {"loc": real(3), "scale": positive(3)}, real(4, 3)),
    Case("HalfCauchy", {"scale": positive(3)}, positive(4, 3)),
    Case("Laplace", {"loc": real(3), "scale": positive(3)}, real(4, 3)),
    Case("Gumbel", {"loc": real(3), "scale": positive(3)}, real(4, 3)),
    Case("StudentT", {"df": np.array([0.5, 1.5, 5.0]), "loc": real(3), "scale": positive(3)},
         real(4, 3), **ROUGH),
    Case("Beta", {"concentration1": positive(3) + 1, "concentration0": positive(3)},
         share(4, 3), **ROUGH),
    Case("Dirichlet", {"concentration": positive(2, 3) + 1}, simplex(4, 2, 3), **ROUGH),
    Case("Dirichlet", {"concentration": np.array([[0.5, 0.2], [0.3, 4.0]])}, simplex(4, 2, 2),
         shown=" of small numbers", **ROUGH),
    Case("Kumaraswamy", {"concentration1": positive(3) + 1, "concentration0": positive(3) + 1},
         share(4, 3), **ROUGH),
    Case("ContinuousBernoulli", {"probs": np.array([0.2, 0.4995, 0.9])}, share(4, 3)),
    Case("ContinuousBernoulli", {"logits": np.array([0.2, 1e-4, -2.0])}, share(4, 3),
         shown=" of logits"),
    Case("GeneralizedPareto", {"loc": real(4), "scale": positive(4),
         "concentration": np.array([-0.3, 0.0, 0.2, 0.7])}, share(4, 4) + 11,
         lambda lib, loc, scale, concentration: lib.distributions.GeneralizedPareto(
             loc + 9, scale + 20, concentration), shown=" above"),
    Case("VonMises", {"loc": real(3), "concentration": positive(3)}, real(4, 3),
         **OF_SINGLE_PRECISION),
    Case("MultivariateNormal", {"loc": real(2, 3), "covariance_matrix": definite(2, 3)},
         real(4, 2, 3)),
    Case("MultivariateNormal", {"loc": real(2, 3), "precision_matrix": definite(3)},
         real(4, 2, 3), shown=" of precision"),
    Case("MultivariateNormal", {"loc": real(3), "scale_tril": np.linalg.cholesky(definite(2, 3))},
         real(4, 2, 3), shown=" of a factor"),
    Case("LowRankMultivariateNormal",
         {"loc": real(2, 4), "cov_factor": real(4, 2), "cov_diag": positive(4)}, real(4, 2, 4)),
    Case("LogisticNormal", {"loc": real(2, 3), "scale": positive(2, 3)}, simplex(4, 2, 4)),
    Case("Wishart", {"df": positive(2) + 3, "covariance_matrix": definite(2, 3)},
         definite(4, 2, 3), **ROUGH),
    Case("Wishart", {"df": positive(2) + 3, "precision_matrix": definite(3)},
         definite(4, 2, 3), shown=" of precision", **ROUGH),
    Case("Wishart", {"df": np.array(4.5), "scale_tril": np.linalg.cholesky(definite(3))},
         definite(4, 3), shown=" of a factor", **ROUGH),
    Case("LKJCholesky", {"dim": 3, "concentration": positive(2)}, correlations(4, 2, 3), **ROUGH),
    Case("RelaxedBernoulli", {"temperature": np.array(0.7), "probs": share(3)}, share(4, 3)),
    Case("RelaxedBernoulli", {"temperature": np.array(0.7), "logits": real(3)}, share(4, 3),
         shown=" of logits"),
    Case("RelaxedOneHotCategorical", {"temperature": np.array(0.7), "probs": simplex(2, 3)},
         simplex(4, 2, 3)),
    Case("MixtureSameFamily", {"logits": real(2, 3), "loc": real(2, 3), "scale": positive(2, 3)},
         real(4, 2), lambda lib, logits, loc, scale: lib.distributions.MixtureSameFamily(
             lib.distributions.Categorical(logits=logits), lib.distributions.Normal(loc, scale))),
    Case("MixtureSameFamily", {"probs": simplex(3), "loc": real(3, 2)}, real(4, 2),
         lambda lib, probs, loc: lib.distributions.MixtureSameFamily(
             lib.distributions.Categorical(probs),
             lib.distributions.Independent(lib.distributions.Normal(loc, 1.0), 1)),
         shown=" of vectors"),
    Case(
        "Independent",
        {"loc": real(2, 3), "scale": positive(2, 3)},
        real(4, 2, 3),
        lambda lib, **p: lib.distributions.Independent(lib.distributions.Normal(**p), 1),
    ),
    Case(
        "TransformedDistribution",
        {"loc": real(2, 3), "scale": positive(2, 3)},
        share(4, 2, 3),
        lambda lib, loc, scale: lib.distributions.TransformedDistribution(
            lib.distributions.Normal(0.0 * loc, 1.0),
            [lib.distributions.AffineTransform(loc, scale), lib.distributions.SigmoidTransform()],
        ),
    ),
]  # fmt: skip
