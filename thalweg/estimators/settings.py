"""What a fit is asked to do with a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

from thalweg import optim
from thalweg.data.encoding import Kind, Missing
from thalweg.data.reading import Decimal, ReadOptions
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.estimators.models import parse_model

NEWTON: Literal["newton"] = "newton"

_LEAST = {"batch_size": 1, "epochs": 1, "patience": 0, "seed": 0, "l2": 0}


@dataclass(frozen=True)
class Settings:
    """A fit; None leaves a choice to the data.

    Args:
        target: The column to predict.
        task: regression, binary or multiclass; guessed from the target by default.
        model: linear (the default), or mlp:64,32 with the sizes of the hidden layers.
        loss: squared, absolute, huber(1.0), quantile(0.9), poisson, logistic, hinge or softmax.
        optimizer: Such as adam(0.01) or chain(clip_by_global_norm(1.0), sgd(0.1)) of `tw.optim`.
            By default linear models with a smooth loss go to their optimum by Newton's method.
        batch_size: Rows a step.
        epochs: How often to go through the training rows.
        patience: Stop after this many epochs without a better loss on a tenth of the training rows
            set aside; 0 for never.
        l2: The penalty ½·l2·‖coefficients‖² beside the sum of losses, 1/C in scikit-learn; by
            default 1 for classes and 0 for a regression.
        missing: refuse (the default) missing values, take the mean, or drop their rows. Rows
            without a target are left out by the last two.
        drop: The columns to leave out, such as --drop a --drop b.
        features: The columns to predict from; all others than the target by default.
        category: The columns whose values are categories, whatever they look like.
        date: The columns that are dates: their year, month, weekday and elapsed days are taken.
        na: Values that mean missing, such as -999, beside the usual ones.
        decimal: The mark before decimals in a text file, point or comma, where the file leaves it
            open.
        holdout: The share of rows held out, from 0 to less than 1; 0.2 by default.
        seed: What the rows held out and all other random choices follow from, 0 by default.

    Raises:
        ArgumentError: If one is outside its range; the message begins with its name.
        SpecError: If there is no such model.

    Example:
        >>> Settings("price", model="mlp:32", l2=1.0).holdout
        0.2
    """

    target: str
    task: Kind | None = None
    model: str = "linear"
    loss: str | None = None
    optimizer: optim.GradientTransformation | Literal["newton"] | None = None
    batch_size: int | None = None
    epochs: int | None = None
    patience: int | None = None
    l2: float | None = None
    missing: Missing = "refuse"
    drop: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    decimal: Decimal | None = None
    holdout: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        parse_model(self.model)
        _choice("task", self.task, get_args(Kind))
        _choice("missing", self.missing, get_args(Missing))
        _choice("decimal", self.decimal, get_args(Decimal))
        if self.target in (*self.drop, *self.features):
            raise ArgumentError(
                f"target is {shown(self.target)}, also among the columns to drop or to predict "
                "from; name it once."
            )
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not (value >= least and math.isfinite(value)):
                raise ArgumentError(f"{name} is {value}; give a number of at least {least}.")
            if name != "l2" and value is not None and not isinstance(value, Integral):
                raise ArgumentError(f"{name} is {value}; give a whole number.")
        if not 0 <= self.holdout < 1:
            raise ArgumentError(
                f"holdout is {self.holdout}; give the share of rows to hold out, such as 0.2, "
                "or 0 for none."
            )
        if isinstance(self.optimizer, str) and self.optimizer != NEWTON:
            raise ArgumentError(
                f"optimizer is {shown(self.optimizer)}; give a transformation, such as "
                f"tw.optim.adam(0.01), or {NEWTON!r}."
            )

    @property
    def reading(self) -> ReadOptions:
        """What of a table is read, and what its values mean."""
        only = (*self.features, self.target) if self.features else None
        return ReadOptions(only, self.drop, self.category, self.date, self.na, self.decimal)


def _choice(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        guess = did_you_mean(value, allowed)
        raise ArgumentError(f"{name} is {shown(value)}.{guess} Choose {' or '.join(allowed)}.")
