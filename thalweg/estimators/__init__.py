"""Estimators: models fitted to tables, and what they predict.

    from thalweg.estimators import fit_table, load_model, save_model

    fit = fit_table("houses.csv", "price")      # or a data frame, or a dict of columns
    fit.coefficients.values                     # with .names and .std_errors; fit.losses
    save_model(fit.model, "houses.thalweg")     # what `thalweg fit` writes
    load_model("houses.thalweg").predict(new)

Nothing here prints: the command line does.
"""

from thalweg.estimators.fitted import Coefficients, FittedModel
from thalweg.estimators.fitting import TableFit, fit_table
from thalweg.estimators.folder import load_model, save_model
from thalweg.estimators.settings import Settings
from thalweg.estimators.tuning import TunedTable, tune_table

__all__ = [
    "Coefficients",
    "FittedModel",
    "Settings",
    "TableFit",
    "TunedTable",
    "fit_table",
    "load_model",
    "save_model",
    "tune_table",
]
