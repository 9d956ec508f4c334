"""Models of the command line: parameters, and scores from features in plain NumPy."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.cli.spec import Model

__all__ = ["Array", "Params", "flat", "initial", "nested", "scores", "squared_weights"]

Array = NDArray[Any]
Params = dict[str, list[Any]]


def initial(model: Model, features: int, outputs: int, seed: int) -> Params:
    """Return parameters to start from: zeros for a linear model, He's normal draws for layers.

    Args:
        model: What to fit.
        features: The number of features.
        outputs: The number of scores a row; 1 gives scores of shape (rows,).
        seed: What the draws follow from.

    Source:
        He et al., "Delving Deep into Rectifiers", 2015. arXiv:1502.01852

    Example:
        >>> initial(Model("linear"), 2, 1, seed=0)
        {'weights': [array([0., 0.])], 'biases': [array(0.)]}
    """
    tail = () if outputs == 1 else (outputs,)
    sizes = [features, *model.hidden]
    random = np.random.default_rng([seed, 1])
    hidden = [
        random.normal(scale=np.sqrt(2 / max(1, before)), size=(before, after))
        for before, after in itertools.pairwise(sizes)
    ]
    weights = [*hidden, np.zeros((sizes[-1], *tail))]
    biases = [*(np.zeros(size) for size in model.hidden), np.zeros(tail)]
    return {"weights": weights, "biases": biases}


def scores(params: Params, X: Any) -> Any:
    """Return the scores of rows: X W₁ + b₁, rectified, times W₂ plus b₂, and so on.

    Args:
        params: Weights and biases, one a layer.
        X: Features, shape (rows, features).

    Returns:
        Shape (rows,) or (rows, outputs).

    Example:
        >>> scores({"weights": [np.array([2.0])], "biases": [np.array(1.0)]}, np.array([[3.0]]))
        array([7.])
    """
    layers = list(zip(params["weights"], params["biases"], strict=True))
    for weight, bias in layers[:-1]:
        X = np.maximum(X @ weight + bias, 0.0)
    weight, bias = layers[-1]
    return X @ weight + bias


def squared_weights(params: Params) -> Any:
    """Return the sum of all squared weights, without the biases."""
    return sum(np.sum(weight**2) for weight in params["weights"])


def flat(params: Params) -> dict[str, Array]:
    """Return parameters as named arrays: weights.0, biases.0, weights.1 and so on."""
    return {f"{kind}.{i}": np.asarray(a) for kind in params for i, a in enumerate(params[kind])}


def nested(arrays: dict[str, Array]) -> Params:
    """Return parameters from their named arrays.

    >>> nested({"weights.0": np.zeros(1), "biases.0": np.zeros(())})
    {'weights': [array([0.])], 'biases': [array(0.)]}
    """
    layers = range(len(arrays) // 2)
    return {kind: [arrays[f"{kind}.{i}"] for i in layers] for kind in ("weights", "biases")}
