"""Estimators: models fitted to tables, and what they predict.

    from thalweg.estimators import fit_table, load_model, save_model

    fit = fit_table("houses.csv", "price")      # or a data frame, or a dict of columns
    fit.coefficients.values                     # with .names and .std_errors; fit.losses
    save_model(fit.model, "houses.thalweg")     # what `thalweg fit` writes
    load_model("houses.thalweg").predict(new)   # read_model does without scikit-learn

With scikit-learn installed there are its kind of estimators over the same models:

    from thalweg.estimators import Classifier, LinearRegressor, PoissonRegressor

    Classifier(C=0.1).fit(X, y).predict_proba(X)
    LinearRegressor().fit(X, y).save("line.thalweg")

Nothing here prints: the command line does.
"""

import importlib
from typing import TYPE_CHECKING, Any

from thalweg.errors import MissingLibrary, did_you_mean
from thalweg.estimators.evaluation.inspection import PartialDependence, PermutationImportance
from thalweg.estimators.fitted import Coefficients, FittedModel
from thalweg.estimators.fitting import TableFit, fit_table
from thalweg.estimators.folder import read_model
from thalweg.estimators.scikit.loading import load_model, save_model
from thalweg.estimators.settings import Settings

if TYPE_CHECKING:
    from thalweg.estimators.scikit.custom import Estimator
    from thalweg.estimators.scikit.general import Classifier, Regressor
    from thalweg.estimators.scikit.linear import (
        HuberRegressor,
        LinearRegressor,
        PoissonRegressor,
        QuantileRegressor,
    )
    from thalweg.estimators.scikit.networks import MLPClassifier, MLPRegressor
    from thalweg.estimators.tuning import TunedTable, tune_table

__all__ = [
    "Classifier",
    "Coefficients",
    "Estimator",
    "FittedModel",
    "HuberRegressor",
    "LinearRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "PartialDependence",
    "PermutationImportance",
    "PoissonRegressor",
    "QuantileRegressor",
    "Regressor",
    "Settings",
    "TableFit",
    "TunedTable",
    "fit_table",
    "load_model",
    "read_model",
    "save_model",
    "tune_table",
]

# Classes of scikit-learn's kind, imported when they are asked for, and where they are.
_SCIKIT = {
    "Classifier": "general",
    "Estimator": "custom",
    "HuberRegressor": "linear",
    "LinearRegressor": "linear",
    "MLPClassifier": "networks",
    "MLPRegressor": "networks",
    "PoissonRegressor": "linear",
    "QuantileRegressor": "linear",
    "Regressor": "general",
}

# What a fit does without.
_TUNING = ("TunedTable", "tune_table")


def __getattr__(name: str) -> Any:
    if name in _TUNING:
        module = importlib.import_module(f"{__name__}.tuning")
        return globals().setdefault(name, getattr(module, name))
    if name not in _SCIKIT:
        guess = "" if name.startswith("_") else did_you_mean(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{guess}".rstrip("."))
    try:
        module = importlib.import_module(f"{__name__}.scikit.{_SCIKIT[name]}")
    except ImportError as error:
        raise MissingLibrary(
            f"{name} is an estimator of scikit-learn's kind, and {error}. Install it by "
            "pip install 'thalweg[sklearn]'; fit_table and read_model do without."
        ) from error
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted(__all__)
