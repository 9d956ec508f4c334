"""The workloads as a user of thalweg writes them: a loss in NumPy, an optimizer, `tw.fit`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.timing import ATTEMPTS, SAMPLE_SECONDS, seconds
from benchmarks.workloads import CLIP, DECAY, DECAY_STEPS, MOMENTUM, SEED, WEIGHT_DECAY, Workload
from thalweg.optim import GradientTransformation

# ---- losses


def linear(params, X, y):
    (b,) = params
    return np.sum((y - X @ b) ** 2)


def logistic(params, X, y):
    (b,) = params
    z = X @ b
    return np.mean(np.logaddexp(0, z) - y * z)


def cross_entropy(z, y):
    return np.mean(tw.logsumexp(z, axis=1) - tw.take_along_axis(z, y[:, None], axis=1)[:, 0])


def softmax(params, X, y):
    W, b = params
    return cross_entropy(X @ W + b, y)


def tanh(params, X, y):
    W1, b1, W2, b2, W3, b3 = params
    h = np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2)
    return cross_entropy(h @ W3 + b3, y)


def relu(params, X, y):
    W1, b1, W2, b2 = params
    h = np.maximum(X @ W1 + b1, 0)
    return cross_entropy(h @ W2 + b2, y)


def curve(params, x, y):
    W1, b1, W2, b2, W3, b3 = params
    h = np.tanh(np.tanh(x @ W1 + b1) @ W2 + b2)
    return np.mean((h @ W3 + b3 - y) ** 2)


def factors(params, i, j, y):
    U, V = params
    return np.mean((y - (U[i] * V[j]).sum(1)) ** 2)


def rosenbrock(params):
    (x,) = params
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


LOSSES: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (linear, logistic, softmax, tanh, relu, curve, factors, rosenbrock)
}


def optimizer(w: Workload, rate: float | None = None) -> GradientTransformation:
    """The workload's optimizer, with its own learning rate or another."""
    rate = w.rate if rate is None else rate
    match w.optimizer:
        case "adam":
            return tw.optim.adam(rate)
        case "decayed":
            return tw.optim.adam(tw.optim.exponential_decay(rate, DECAY_STEPS, DECAY))
        case "adamw":
            adamw = tw.optim.adamw(rate, weight_decay=WEIGHT_DECAY)
            return tw.optim.chain(tw.optim.clip_by_global_norm(CLIP), adamw)
        case "nesterov":
            return tw.optim.sgd(rate, momentum=MOMENTUM, nesterov=True)
        case "momentum":
            return tw.optim.sgd(rate, momentum=MOMENTUM)
    return tw.optim.sgd(rate)


def fit(
    w: Workload,
    steps: int,
    *,
    start: Any = None,
    rate: float | None = None,
    seed: int = SEED,
    shuffle: str = "epoch",
) -> Any:
    """Train a workload for some steps, from its own start or from another."""
    return tw.fit(
        LOSSES[w.model],
        w.start() if start is None else start,
        w.data() or None,
        optimizer=optimizer(w, rate),
        batch_size=w.batch or None,
        steps=steps,
        shuffle=shuffle if w.batch else False,
        seed=seed,
        drop_last=True,
        progress=False,
    )


# ---- times


@dataclass
class Fits:
    """A workload through `tw.fit`, as a contestant.

    Attributes:
        workload: What is trained.
        shuffle: How its rows are ordered.
        length: The steps N of the shorter of two timed fits, found by the first sample.
    """

    workload: Workload
    shuffle: str = "epoch"
    length: int = 0

    def train(self) -> Any:
        """The run whose last loss is compared."""
        return fit(self.workload, self.workload.steps, shuffle=self.shuffle).params

    def microseconds(self) -> float:
        """One sample of the time of a step: (time of 3N steps − time of N steps) / 2N.

        The difference leaves out what a fit costs however long it is; N is so large that N steps
        take as long as any other contestant's sample.
        """
        if not self.length:
            self.length = 100
            while (taken := self._difference(1)) < 2 * SAMPLE_SECONDS:
                # Not by more at once: the first differences are small and uncertain.
                self.length *= min(10, max(2, int(2 * SAMPLE_SECONDS / max(taken, 1e-9)) + 1))
        return self._difference(ATTEMPTS) / (2 * self.length) * 1e6

    def _difference(self, attempts: int) -> float:
        return self._seconds(3 * self.length, attempts) - self._seconds(self.length, attempts)

    def _seconds(self, steps: int, attempts: int) -> float:
        return seconds(lambda: fit(self.workload, steps, shuffle=self.shuffle), 1, attempts)
