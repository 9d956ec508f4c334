"""What a model is: a loss in NumPy, its data, and how its minimum is known elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw

Loss = Callable[..., Any]


@dataclass(frozen=True)
class Optimum:
    """A minimum found by another library or in closed form.

    Attributes:
        loss: The least loss.
        params: Where it is, as the loss takes them; None where several places are as good.
        library: What found it.
    """

    loss: float
    params: Any
    library: str


@dataclass(frozen=True)
class Model:
    """A loss over parameters and data.

    Attributes:
        name: How it is called on the command line and in tables.
        loss: It in plain NumPy, with a Python loop over time where there is time.
        make: Maps a size to where parameters start and the arrays of data.
        size: The size that is timed.
        quick: The size of tests.
        checked: The size at which optima are compared; by default the one that is timed.
        scanned: The loss with `tw.scan` in place of the Python loop, if there is one.
        optimum: Finds the least loss of data without thalweg.
        value: The loss by other means than thalweg's, of parameters and data.
        rate: Adam's learning rate at the beginning of the descent to the optimum.
        steps: The steps of that descent.
        title: What it is, in words.
    """

    name: str
    title: str
    loss: Loss
    make: Callable[[int], tuple[Any, tuple[Any, ...]]]
    size: int
    quick: int
    checked: int | None = None
    scanned: Loss | None = None
    optimum: Callable[..., Optimum] | None = None
    value: Callable[..., float] | None = None
    rate: float = 0.1
    steps: int = 4000

    @property
    def variants(self) -> dict[str, Loss]:
        """The ways it is written, by name."""
        ways = {"plain": self.loss}
        return ways if self.scanned is None else {**ways, "scan": self.scanned}

    @property
    def is_loop(self) -> bool:
        """Whether it has a Python loop that becomes a program of as many equations."""
        return self.scanned is not None

    def fit(self, variant: str, size: int, steps: int, optimizer: Any, **options: Any) -> tw.Fit:
        """Fit it by thalweg for some steps."""
        start, data = self.make(size)
        loss = self.variants[variant]
        return tw.fit(
            loss, start, data, optimizer=optimizer, steps=steps, progress=False, **options
        )

    def descend(self, size: int, steps: int | None = None) -> tw.Fit:
        """Go down to the optimum by Adam, whose steps become small in the end."""
        steps = steps or self.steps
        # From the learning rate to a hundred millionth of it.
        schedule = tw.optim.exponential_decay(self.rate, steps, 1e-8)
        return self.fit([*self.variants][-1], size, steps, tw.optim.adam(schedule))


def apart(found: Any, expected: Any) -> float:
    """How far numbers are from others, relative to the largest of these."""
    found, expected = flat(found), flat(expected)
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


def flat(params: Any) -> Any:
    """The numbers of a tree as one array."""
    return np.concatenate([np.ravel(leaf) for leaf in tw.tree.leaves(params)])
