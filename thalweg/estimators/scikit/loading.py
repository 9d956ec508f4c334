"""Models and estimators to folders and back."""

from __future__ import annotations

import os
from typing import Any

from thalweg.errors import CheckpointError, MissingLibrary
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.folder import read_description, write_model


def save_model(model: Any, folder: str | os.PathLike[str]) -> None:
    """Write a model to a folder, which is made if it is not there.

    Args:
        model: What a fit found: a `FittedModel`, or a fitted estimator, whose parameters are kept
            as far as they are numbers, texts, truth values and tuples of these.
        folder: A new or an empty folder, or one of an earlier model, which is replaced.

    Raises:
        ArgumentError: If the folder holds files of something else.
        CheckpointError: If it cannot be written.

    Example:
        >>> import tempfile
        >>> from thalweg.estimators import fit_table
        >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(fit_table(columns, "y").model, folder)
        ...     sorted(os.listdir(folder))
        ['model.json', 'model.safetensors']
    """
    if isinstance(model, FittedModel):
        write_model(model, folder)
        return
    from thalweg.estimators.scikit.estimator import save_estimator

    save_estimator(model, folder)


def load_model(folder: str | os.PathLike[str]) -> Any:
    """Read a model as an estimator of scikit-learn's kind; no code in the folder is run.

    Args:
        folder: What `thalweg fit`, `save_model` or an estimator's `save` wrote.

    Returns:
        The estimator that was saved, fitted; of what `thalweg fit` wrote `Regressor`, `Classifier`,
        `MLPRegressor` or `MLPClassifier`, with the classes as texts.

    Raises:
        CheckpointError: If it is missing, damaged, or no model of a fit.
        DataError: If its description is longer than the available memory.
        MissingLibrary: If scikit-learn is not installed; `read_model` does without.

    Example:
        >>> import tempfile
        >>> from thalweg.estimators import fit_table, save_model
        >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(fit_table(houses, "price", holdout=0).model, folder)
        ...     loaded = load_model(folder)
        >>> loaded.predict({"area": [60.0]}), loaded.coef_
        (array([1.25]), array([0.025]))
    """
    model, description = read_description(folder)
    try:
        from thalweg.estimators.scikit.storing import estimator_of
    except ImportError as error:
        raise MissingLibrary(
            f"load_model makes an estimator of scikit-learn's kind, and {error}. Install it by pip "
            "install 'thalweg[sklearn]', or call thalweg.estimators.read_model, which needs none."
        ) from error
    try:
        return estimator_of(model, description.get("estimator"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} is damaged ({error}); fit again.") from error
