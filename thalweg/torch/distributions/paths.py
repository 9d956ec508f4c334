"""PyTorch's paths of the distributions, each in a module of its own: `distributions.normal`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

# The names that a module has, where they are not one class in its own words.
_NAMES = {
    "exp_family": ("ExponentialFamily",),
    "fishersnedecor": ("FisherSnedecor",),
    "logistic_normal": ("LogisticNormal",),
    "lowrank_multivariate_normal": ("LowRankMultivariateNormal",),
    "mixture_same_family": ("MixtureSameFamily",),
    "one_hot_categorical": ("OneHotCategorical", "OneHotCategoricalStraightThrough"),
    "relaxed_bernoulli": ("LogitRelaxedBernoulli", "RelaxedBernoulli"),
    "relaxed_categorical": ("ExpRelaxedCategorical", "RelaxedOneHotCategorical"),
    "studentT": ("StudentT",),
    "von_mises": ("VonMises",),
}

_OF_ONE_CLASS = """
Bernoulli Beta Binomial Categorical Cauchy Chi2 Continuous_Bernoulli Dirichlet Exponential Gamma
Generalized_Pareto Geometric Gumbel Half_Cauchy Half_Normal Independent Inverse_Gamma Kumaraswamy
Laplace LKJ_Cholesky Log_Normal Multinomial Multivariate_Normal Negative_Binomial Normal Pareto
Poisson Transformed_Distribution Uniform Weibull Wishart
"""


def make_paths(package: str, found: dict[str, Any]) -> None:
    """Make a module of each distribution, by PyTorch's name of it.

    Args:
        package: The package whose modules they are.
        found: The distributions by their names; each module is added to them.
    """
    classes = {words.lower(): (words.replace("_", ""),) for words in _OF_ONE_CLASS.split()}
    for name, members in (classes | _NAMES).items():
        module = ModuleType(f"{package}.{name}", f"PyTorch's path of {', '.join(members)}.")
        vars(module).update({member: found[member] for member in members})
        vars(module)["__all__"] = list(members)
        sys.modules[module.__name__] = found[name] = module
