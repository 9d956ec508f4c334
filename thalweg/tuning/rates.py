"""tw.lr_find: a run whose learning rate rises until the loss does, and the rate it suggests."""

from __future__ import annotations

import html as markup
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from thalweg import optim
from thalweg.errors import ArgumentError, TrainingDiverged, shown
from thalweg.training.fit import fit
from thalweg.training.inputs import whole_number
from thalweg.training.plots import data_url
from thalweg.tuning import plots

Floats = np.ndarray[Any, np.dtype[np.float64]]

# Where the loss is so many times its fall above its least value, it has begun to diverge.
_GONE = 1.0


@dataclass(frozen=True, eq=False)
class RateTest:
    """A run with a rising learning rate.

    Args:
        rates: The learning rate of each step, shape (steps,).
        losses: The loss after it, on the next batch, shape (steps,).

    Example:
        >>> rates = np.geomspace(1e-4, 1.0, 50)
        >>> test = RateTest(rates, 1.0 - np.exp(-np.log(rates / 0.1) ** 2 / 2))
        >>> bool(0.01 < test.suggestion < 0.1)
        True
    """

    rates: Floats
    losses: Floats

    @cached_property
    def smoothed(self) -> Floats:
        """The losses as means over a twentieth of the run around each."""
        half = max(1, len(self.losses) // 40)
        padded = np.pad(self.losses, half, mode="edge")
        return np.convolve(padded, np.full(2 * half + 1, 1 / (2 * half + 1)), "valid")

    @property
    def largest(self) -> float:
        """The rate at which the smoothed loss is least: larger ones make it worse."""
        return float(self.rates[int(np.argmin(self.smoothed))])

    @property
    def suggestion(self) -> float | None:
        """The rate at which the smoothed loss falls fastest, per decade; None if it never falls.

        A good learning rate to begin a search around.
        """
        end = int(np.argmin(self.smoothed)) + 1
        level = float(np.median(self.smoothed[: max(1, end // 5)]))
        fall = level - float(self.smoothed[end - 1])
        # Batches differ: the fall begins where the loss stays a tenth of it below the start.
        flat = np.flatnonzero(self.smoothed[:end] > level - 0.1 * fall)
        start = int(flat[-1]) if len(flat) else 0
        if fall <= 0 or end - start < 2:
            return None
        slopes = _slopes(self.smoothed, max(2, len(self.rates) // 20))
        return float(self.rates[start + int(np.argmin(slopes[start:end]))])

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses against the rates, and the suggestion; return the axes.

        Args:
            ax: Matplotlib axes to draw on; by default new ones. Nothing is shown.
        """
        return plots.rate_test(self, ax=ax)

    def __repr__(self) -> str:
        tried = f"{self.rates[0]:.2g} to {self.rates[-1]:.2g}"
        if self.suggestion is None:
            return f"RateTest(rates {tried}: the loss never falls; try lower ones)"
        return (
            f"RateTest(rates {tried}, suggestion={self.suggestion:.2g}, largest={self.largest:.2g})"
        )

    def _repr_html_(self) -> str:
        return f'{markup.escape(repr(self))}<br><img src="{data_url(self.plot().figure)}">'


def _slopes(values: Floats, half: int) -> Floats:
    """Return the slope of the least-squares line through so many values on both sides of each."""
    offsets = np.arange(-half, half + 1.0)
    padded = np.pad(values, half, mode="edge")
    return np.convolve(padded, offsets[::-1] / np.sum(offsets**2), "valid")


def lr_find(
    loss: Any,
    params: Any,
    data: Any = None,
    /,
    *,
    optimizer: Callable[[Any], optim.GradientTransformation] | optim.GradientTransformation = (
        optim.adam
    ),
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 200,
    **options: Any,
) -> RateTest:
    """Find a learning rate: train while it rises by powers, and look where the loss falls.

    Args:
        loss: As for `tw.fit`: the loss, or a module to train.
        params: As for `tw.fit`: where to start, or with a module the data.
        data: As for `tw.fit`.
        optimizer: What takes a learning rate: `tw.optim.adam` (the default),
            `lambda rate: tw.optim.chain(tw.optim.clip(1.0), tw.optim.sgd(rate))`; or an optimizer
            with a learning rate, which is replaced.
        low: The rate of the first step, above 0.
        high: The rate of the last step, unless the run diverges before.
        steps: How many steps to make, at least 10.
        options: Others of `tw.fit`, such as batch_size, seed or a module's loss.

    Raises:
        ArgumentError: If the rates are not positive and in order, or there is no learning rate.

    Source:
        Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. arXiv:1506.01186

    Example:
        >>> import numpy as np, thalweg as tw
        >>> X = np.random.default_rng(0).normal(size=(500, 5))
        >>> y = X @ np.arange(5.0)
        >>> test = tw.lr_find(
        ...     lambda w, X, y: np.mean((y - X @ w) ** 2), np.zeros(5), (X, y), batch_size=50
        ... )
        >>> bool(0.003 < test.suggestion < 3)
        True
    """
    steps = whole_number("steps", steps, 10, "It is how many rates are tried.")
    if not 0 < low < high < np.inf:
        raise ArgumentError(
            f"low={low!r} and high={high!r} were given. Give positive rates, the lower one first."
        )
    rising = optim.exponential_decay(low, steps - 1, high / low)
    given = (loss, params) if data is None and "loss" in options else (loss, params, data)
    try:
        with warnings.catch_warnings():
            # That the loss rises is what is looked for.
            warnings.filterwarnings("ignore", "The loss rose")
            run: Any = fit(*given, optimizer=_with_rate(optimizer, rising), steps=steps, **options)
    except TrainingDiverged as error:
        run = error.fit
    losses = np.asarray(run.history.loss, np.float64)
    if len(losses) < 3:
        raise ArgumentError(
            f"The run diverged after {len(losses)} steps at rates from {low!r} on. Give a lower "
            "one, or standardize the data."
        )
    # A step's loss is that before its update: the next one's tells what the rate did.
    return _cut(low * (high / low) ** (np.arange(len(losses) - 1) / (steps - 1)), losses[1:])


def _cut(rates: Floats, losses: Floats) -> RateTest:
    """Leave out what follows once the loss is far above where it began."""
    test = RateTest(rates, losses)
    least, first = float(test.smoothed.min()), float(test.smoothed[0])
    bound = max(first, least) + _GONE * max(first - least, 1e-3 * abs(first))
    gone = np.flatnonzero(test.smoothed > bound)
    end = int(gone[0]) + 1 if len(gone) and gone[0] >= 10 else len(losses)
    return RateTest(rates[:end], losses[:end])


def _with_rate(optimizer: Any, schedule: Any) -> optim.GradientTransformation:
    if isinstance(optimizer, optim.GradientTransformation):
        factory, arguments = optimizer.made_by
        if "learning_rate" not in arguments:
            raise ArgumentError(
                f"optimizer={shown(optimizer)} has no learning rate of its own. Give a function of "
                "it: lambda rate: tw.optim.chain(…, tw.optim.sgd(rate))."
            )
        made: optim.GradientTransformation = factory(**{**arguments, "learning_rate": schedule})
        return made
    return optimizer(schedule)  # type: ignore[no-any-return]
