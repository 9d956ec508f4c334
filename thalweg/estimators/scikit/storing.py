"""Estimators beside the models of their fits: what is written of them, and made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from thalweg.data.encoding import OneHot
from thalweg.errors import ArgumentError, SpecError, shown
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.scikit.base import ModelEstimator
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

# Attributes of some estimators that no model tells of.
MORE = ("n_iter_", "scale_", "loss_", "best_loss_")


def description_of(estimator: Any) -> tuple[FittedModel, dict[str, Any]]:
    """Return the model of a fitted estimator, and what else makes it in plain values.

    Raises:
        ArgumentError: If it is none of thalweg's, or has classes that no file can hold.
        NotFittedError: If it is not fitted.
    """
    name = type(estimator).__name__
    if STORED.get(name) is not type(estimator):
        raise ArgumentError(
            f"save_model was given {shown(str(type(estimator)))}. Give the model of a fit, or one "
            f"of {', '.join(STORED)}, fitted; others are pickled."
        )
    check_is_fitted(estimator)
    given = estimator.get_params(deep=False)
    plain = {key: _plain(value) for key, value in given.items() if _is_plain(value)}
    said: dict[str, Any] = {"name": name, "params": plain, "tabular": estimator.tabular_}
    said["columns"] = int(estimator.n_features_in_)
    said["named"] = hasattr(estimator, "feature_names_in_")
    if hasattr(estimator, "classes_"):
        classes = estimator.classes_
        if classes.dtype.kind not in "biufUO":
            raise ArgumentError(
                f"The classes are of dtype {classes.dtype}; give numbers or texts to save them."
            )
        said["classes"], said["dtype"] = classes.tolist(), classes.dtype.str
    said["more"] = {key: getattr(estimator, key) for key in MORE if hasattr(estimator, key)}
    return estimator.model_, said


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.number)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.number) else value


def estimator_of(model: FittedModel, said: dict[str, Any] | None) -> ModelEstimator:
    """Return the fitted estimator of a model.

    Args:
        model: The model.
        said: What `description_of` returned; None for a model of `thalweg fit`.

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
    features = model.encoding.features
    if any(isinstance(feature, OneHot) for feature in features):
        tabular = True
    estimator.model_, estimator.tabular_ = model, tabular
    estimator.n_features_in_ = len(features)
    if named:
        estimator.feature_names_in_ = np.array([feature.name for feature in features], object)
    estimator._show()
    return estimator
