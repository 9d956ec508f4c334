"""Which of an optimizer's hyperparameters to search, by how many trials there are."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from thalweg import optim
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.tuning.space import Dimension, loguniform, near_one

# Each with the number of trials from which on it is worth searching.
_MOMENTUM: list[tuple[int, str, Dimension]] = [
    (0, "learning_rate", loguniform(1e-4, 1.0)),
    (10, "momentum", near_one(0.5, 0.99)),
]
_ADAM: list[tuple[int, str, Dimension]] = [
    (0, "learning_rate", loguniform(1e-5, 1e-1)),
    (10, "b1", near_one(0.5, 0.99)),
    (25, "eps", loguniform(1e-10, 1e-3)),
    (100, "b2", near_one(0.9, 0.9999)),
]
SPACES: dict[str, list[tuple[int, str, Dimension]]] = {
    "sgd": _MOMENTUM,
    "adam": _ADAM,
    "nadam": _ADAM,
    "adamw": [*_ADAM, (10, "weight_decay", loguniform(1e-5, 1.0))],
}


def optimizer_space(name: str = "adam", trials: int = 64) -> dict[str, Dimension]:
    """Return the ranges of an optimizer's hyperparameters that so many trials are enough for.

    Fewer than 10 trials search the learning rate alone; from 10 on b1 or the momentum too, from 25
    on Adam's eps, and from 100 on its b2. b1, b2 and momentum are searched by 1 minus them.

    Args:
        name: "sgd" (with Nesterov's momentum), "adam", "nadam" or "adamw".
        trials: How many there will be.

    Raises:
        ArgumentError: If there is none of that name.

    Source:
        Godbole, Dahl, Gilmer, Shallue and Nado, "Deep Learning Tuning Playbook", 2023:
        "How should Adam's hyperparameters be tuned?"

    Example:
        >>> list(optimizer_space("adam", 8)), list(optimizer_space("adam", 30))
        (['learning_rate'], ['learning_rate', 'b1', 'eps'])
    """
    return {key: dimension for least, key, dimension in _known(name) if trials >= least}


def optimizer_of(config: Mapping[str, Any], name: str = "adam") -> optim.GradientTransformation:
    """Return the optimizer that hyperparameters describe.

    Args:
        config: Hyperparameters; those with names of the optimizer's arguments are its own, and
            "optimizer", if there is one, is its name.
        name: The optimizer where the hyperparameters name none.

    Raises:
        ArgumentError: If there is none of that name, or no learning rate.

    Example:
        >>> optimizer_of({"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9, "epochs": 5})
        sgd(learning_rate=0.1, momentum=0.9, nesterov=True)
    """
    name = config.get("optimizer", name)
    _known(name)
    factory = getattr(optim, name)
    if "learning_rate" not in config:
        raise ArgumentError(
            f"The hyperparameters {shown(dict(config))} have no learning_rate. Give one, fixed or "
            "searched."
        )
    taken = inspect.signature(factory).parameters.keys() & config.keys()
    given = {key: config[key] for key in config if key in taken}
    if name == "sgd" and "momentum" in given:
        given.setdefault("nesterov", True)
    made: optim.GradientTransformation = factory(**given)
    return made


def _known(name: str) -> list[tuple[int, str, Dimension]]:
    if name not in SPACES:
        raise ArgumentError(
            f"The optimizer is {shown(name)}.{did_you_mean(str(name), SPACES)} Choose one of "
            f"{', '.join(SPACES)}, or write the space of your own."
        )
    return SPACES[name]
