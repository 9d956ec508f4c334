"""Probability distributions by SciPy's names and arguments: `tw.stats.norm.logpdf` and its like.

What `scipy.stats` has of densities, distribution functions and quantiles, with its shape
parameters, `loc` and `scale`; differentiable in all that is continuous. Of arrays it gives arrays.

>>> import thalweg as tw
>>> tw.grad(lambda mu: tw.stats.norm.logpdf(3.0, mu, 1.0))(1.0)
2.0
"""

from thalweg.ops.stats.counts import bernoulli, binom, geom, nbinom, poisson
from thalweg.ops.stats.multivariate import dirichlet, multinomial, multivariate_normal, wishart
from thalweg.ops.stats.positive import (
    beta,
    chi2,
    expon,
    gamma,
    invgamma,
    lognorm,
    pareto,
    uniform,
    weibull_min,
)
from thalweg.ops.stats.symmetric import cauchy, laplace, logistic, norm, t, vonmises

__all__ = [
    "bernoulli", "beta", "binom", "cauchy", "chi2", "dirichlet", "expon", "gamma", "geom",
    "invgamma", "laplace", "logistic", "lognorm", "multinomial", "multivariate_normal", "nbinom",
    "norm", "pareto", "poisson", "t", "uniform", "vonmises", "weibull_min", "wishart",
]  # fmt: skip
