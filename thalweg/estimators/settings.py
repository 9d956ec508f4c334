"""What a fit is asked to do with a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

from thalweg import optim
from thalweg.data.dates import parts_of
from thalweg.data.encoding import Kind, Missing
from thalweg.data.formulas import ParsedFormula, parse_formula
from thalweg.data.reading import Decimal, ReadOptions
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.estimators.models import parse_model
from thalweg.inference.covariance import Covariance

NEWTON: Literal["newton"] = "newton"

HOLDOUT = 0.2

_LEAST = {"batch_size": 1, "epochs": 1, "patience": 0, "seed": 0, "l2": 0, "folds": 2}


# What is given as several texts, or one.
_SEVERAL = ("drop", "features", "interactions", "category", "date", "na")


@dataclass(frozen=True)
class Settings:
    """A fit; None leaves a choice to the data.

    Args:
        target: The column to predict; with a formula, its left side.
        formula: What to predict from what, such as 'log(price) ~ area + C(city) * rooms', in the
            place of target and features; read by formulaic. Predictions are of its left side.
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
        interactions: Products of columns to predict from too, such as --interactions area:town;
            or all, for every pair.
        category: The columns whose values are categories, whatever they look like.
        date: The columns that are dates: their year, month, weekday and elapsed days are taken.
        na: Values that mean missing, such as -999, beside the usual ones.
        decimal: The mark before decimals in a text file, point or comma, where the file leaves it
            open.
        holdout: The share of rows held out, from 0 to less than 1; 0.2 by default, of each class
            alike.
        folds: Hold every row out once, in so many parts, and judge by all of them; the model is
            then fitted to all rows.
        groups: A column, such as a person, whose values are never both in training and among what
            is held out, with the classes of a target as nearly alike as that allows; it is no
            feature unless it is among `features` or `category`.
        time: A column of dates or numbers: the latest rows are those held out. It is no feature
            unless it is among `features` or `date`.
        weights: A column of what each row counts, not negative: least squares are then weighted,
            and so are losses and metrics. It is no feature unless it is among `features`.
        covariance: What standard errors of a linear model are made by: HC1 (the default), HC0, HC2,
            HC3, classical, or clustered by --groups.
        seed: What the rows held out and all other random choices follow from, 0 by default.

    Raises:
        ArgumentError: If one is outside its range; the message begins with its name.
        SpecError: If there is no such model.

    Example:
        >>> Settings("price", model="mlp:32", l2=1.0).holdout
        0.2
    """

    target: str
    formula: str | None = None
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
    interactions: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    decimal: Decimal | None = None
    holdout: float = HOLDOUT
    folds: int | None = None
    groups: str | None = None
    time: str | None = None
    weights: str | None = None
    covariance: Covariance = "HC1"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in _SEVERAL:
            value = getattr(self, name)
            several = (value,) if isinstance(value, str) else tuple(value)
            object.__setattr__(self, name, several)
        parse_model(self.model)
        _choice("task", self.task, get_args(Kind))
        _choice("missing", self.missing, get_args(Missing))
        _choice("decimal", self.decimal, get_args(Decimal))
        _choice("covariance", self.covariance, get_args(Covariance))
        if self.covariance == "clustered" and self.groups is None:
            raise ArgumentError(
                "covariance is 'clustered', and no column says which rows belong together; name it "
                "by groups (--groups)."
            )
        if self.target in (*self.drop, *self.features):
            raise ArgumentError(
                f"target is {shown(self.target)}, also among the columns to drop or to predict "
                "from; name it once."
            )
        self._check_parts()
        self._check_formula()
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

    def _check_formula(self) -> None:
        """Refuse what a formula excludes."""
        if self.formula is None:
            return
        for name in ("features", "interactions"):
            if getattr(self, name):
                raise ArgumentError(
                    f"{name} is {list(getattr(self, name))}, and there is a formula, which names "
                    "them itself; leave one of them out."
                )
        formula = parse_formula(self.formula)
        left = formula.target
        if both := set(formula.names) & set(self.drop):
            raise ArgumentError(
                f"drop is {list(self.drop)}, and the formula needs {shown(min(both))}; leave it "
                "out of one of them."
            )
        if self.target != left:
            raise ArgumentError(
                f"target is {shown(self.target)}, and the formula's left side is {shown(left)}; "
                "leave the target out."
            )

    def _check_parts(self) -> None:
        """Refuse ways to hold rows out that exclude each other."""
        if self.time is not None and (self.groups is not None or self.folds is not None):
            other = "groups" if self.groups is not None else "folds"
            raise ArgumentError(
                f"time is {shown(self.time)}, and {other} is given too; the latest rows are those "
                "held out, so leave one of them out."
            )
        if self.folds is not None and self.holdout not in (0, HOLDOUT):
            raise ArgumentError(
                f"holdout is {self.holdout}, and folds is {self.folds}, which hold every row out "
                "once; leave one of them out."
            )
        for name in ("groups", "time", "weights"):
            column = getattr(self, name)
            if column is not None and column in (self.target, *self.drop):
                raise ArgumentError(
                    f"{name} is {shown(column)}, which is the target or dropped; name another "
                    "column. It is no feature unless it is asked for."
                )

    @property
    def apart(self) -> tuple[str, ...]:
        """The columns that say which rows are held out or what they count, and are no features."""
        formula = self.parsed_formula
        named = () if formula is None else formula.right_names
        asked = {*self.features, *self.category, *self.date, *named}
        roles = dict.fromkeys((self.groups, self.time, self.weights))
        return tuple(c for c in roles if c is not None and c not in asked)

    @property
    def parsed_formula(self) -> ParsedFormula | None:
        """The formula, read."""
        return None if self.formula is None else parse_formula(self.formula)

    @property
    def reading(self) -> ReadOptions:
        """What of a table is read, and what its values mean."""
        roles = tuple(c for c in (self.groups, self.time, self.weights) if c is not None)
        only = (*self.features, self.target, *roles) if self.features else None
        formula = self.parsed_formula
        if formula is not None and not formula.open:
            of_dates = {part: name for name in self.date for part in parts_of(name)}
            only = (*(of_dates.get(name, name) for name in formula.names), *roles)
        return ReadOptions(only, self.drop, self.category, self.date, self.na, self.decimal)


def _choice(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        guess = did_you_mean(value, allowed)
        raise ArgumentError(f"{name} is {shown(value)}.{guess} Choose {' or '.join(allowed)}.")
