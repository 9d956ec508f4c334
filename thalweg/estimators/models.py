"""Models by name: their parameters, and scores from features in plain NumPy."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import SpecError, shown

Array = NDArray[Any]
Params = dict[str, list[Any]]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "logistic": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "identity": lambda x: x,
}

MAX_LAYERS = 32
MAX_LAYER_SIZE = 1 << 16


@dataclass(frozen=True)
class Model:
    """A model by name: linear, or a multilayer perceptron with the sizes of its hidden layers.

    >>> print(parse_model("mlp: 64, 32"), parse_model("mlp:8:tanh"))
    mlp:64,32 mlp:8:tanh
    """

    kind: str
    hidden: tuple[int, ...] = ()
    activation: str = "relu"

    def __str__(self) -> str:
        if not self.hidden:
            return self.kind
        activation = "" if self.activation == "relu" else f":{self.activation}"
        return f"{self.kind}:{','.join(map(str, self.hidden))}{activation}"


def parse_model(text: str) -> Model:
    """Read a model: `linear`, or `mlp:` and the sizes of its hidden layers.

    Behind these may stand a colon and what is applied between layers: relu, which it is by default,
    tanh, logistic or identity.

    Raises:
        SpecError: If it is anything else, or a size is not from 1 to 65536.

    Example:
        >>> parse_model("mlp:64,32")
        Model(kind='mlp', hidden=(64, 32), activation='relu')
    """
    kind, colon, sizes = (part.strip() for part in text.partition(":"))
    if kind not in ("linear", "mlp"):
        raise SpecError(f"there is no model {shown(text)}; choose linear, or mlp:64,32.")
    if kind == "linear":
        if colon:
            raise SpecError(f"the model {shown(text)} has sizes; linear has none, mlp:64,32 has.")
        return Model("linear")
    sizes, _, activation = (part.strip() for part in sizes.partition(":"))
    if activation and activation not in ACTIVATIONS:
        raise SpecError(
            f"the model {shown(text)} has the activation {shown(activation)}; choose "
            f"{', '.join(ACTIVATIONS)}."
        )
    hidden = [size.strip() for size in sizes.split(",")]
    if len(hidden) > MAX_LAYERS:
        raise SpecError(f"the model has {len(hidden)} hidden layers; give at most {MAX_LAYERS}.")
    for size in hidden:
        if not re.fullmatch(r"0*[1-9][0-9]{0,4}", size) or int(size) > MAX_LAYER_SIZE:
            raise SpecError(
                f"the model {shown(text)} has a layer of size {shown(size)}; give whole numbers "
                f"from 1 to {MAX_LAYER_SIZE}, as in mlp:64,32."
            )
    return Model("mlp", tuple(map(int, hidden)), activation or "relu")


# ---- parameters


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


def scores(params: Params, X: Any, activation: str = "relu") -> Any:
    """Return the scores of rows: X W₁ + b₁, rectified, times W₂ plus b₂, and so on.

    Args:
        params: Weights and biases, one a layer.
        X: Features, shape (rows, features).
        activation: What is applied between layers, one of `ACTIVATIONS`.

    Returns:
        Shape (rows,) or (rows, outputs).

    Example:
        >>> scores({"weights": [np.array([2.0])], "biases": [np.array(1.0)]}, np.array([[3.0]]))
        array([7.])
    """
    layers = list(zip(params["weights"], params["biases"], strict=True))
    for weight, bias in layers[:-1]:
        X = ACTIVATIONS[activation](X @ weight + bias)
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
