"""Estimators made of what is written of them beside the models of their fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.data.encoding import OneHot
from thalweg.errors import SpecError, shown
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.scikit.estimator import MORE, ModelEstimator
from thalweg.estimators.scikit.general import Classifier, Regressor
from thalweg.estimators.scikit.linear import (
    HuberRegressor,
    LinearRegressor,
    PoissonRegressor,
    QuantileRegressor,
)
from thalweg.estimators.scikit.networks import MLPClassifier, MLPRegressor

STORED: dict[str, type[ModelEstimator]] = {
    kind.__name__: kind
    for kind in (
        Classifier, HuberRegressor, LinearRegressor, MLPClassifier, MLPRegressor, PoissonRegressor,
        QuantileRegressor, Regressor,
    )
}  # fmt: skip


def estimator_of(model: FittedModel, said: dict[str, Any] | None) -> ModelEstimator:
    """Return the fitted estimator of a model.

    Args:
        model: The model.
        said: What `described` returned; None for a model of `thalweg fit`.

    Raises:
        SpecError: If there is no such estimator.
    """
    if said is None:
        return _of_table(model)
    if said["name"] not in STORED:
        raise SpecError(f"There is no estimator {shown(said['name'])}.")
    params = {k: tuple(v) if isinstance(v, list) else v for k, v in said["params"].items()}
    estimator = STORED[said["name"]](**params)
    if "classes" in said:
        estimator.classes_ = np.array(said["classes"], np.dtype(said["dtype"]))
    for name in MORE:
        if name in said["more"]:
            setattr(estimator, name, said["more"][name])
    return _fitted(estimator, model, bool(said["tabular"]), bool(said["named"]))


def _of_table(model: FittedModel) -> ModelEstimator:
    regression = model.encoding.target.kind == "regression"
    estimator: ModelEstimator
    if model.spec.kind == "linear":
        options: dict[str, Any] = {"standardize": True, "missing": model.encoding.missing}
        kind = Regressor if regression else Classifier
        estimator = kind(model.objective.text, **options)
    elif regression:
        estimator = MLPRegressor(model.spec.hidden, loss=model.objective.text)
    else:
        estimator = MLPClassifier(model.spec.hidden)
    if not regression:
        estimator.classes_ = np.array(model.encoding.target.classes, object)
    return _fitted(estimator, model, True, True)


def _fitted(
    estimator: ModelEstimator, model: FittedModel, tabular: bool, named: bool
) -> ModelEstimator:
    encoding = model.encoding
    if encoding.derivation or any(isinstance(f, OneHot) for f in encoding.features):
        tabular = True
    estimator.model_, estimator.tabular_ = model, tabular
    estimator.n_features_in_ = len(encoding.needed)
    if named:
        estimator.feature_names_in_ = np.array(encoding.needed, object)
    estimator._show()
    return estimator
