"""Eight training workloads: data from fixed seeds, hyperparameters, starts, batch orders, losses.

| name | model | data | optimizer | batch |
|---|---|---|---|---|
| W1/10 … W1/10000 | linear regression, sum of squares, float64 | 10000×21 | Adam | 10 … 10000 |
| W2 | logistic regression, float64 | 5000×31 | Nesterov's momentum | 32 |
| W3 | softmax regression 64-10, float32 | digits | Adam, exponential decay | 64 |
| W4 | network 64-32-32-10, tanh, float32 | digits | AdamW, clipped by global norm | 32 |
| W5 | network 784-128-10, relu, float32 | 60000×784 | momentum | 64 |
| W6 | network 1-16-16-1, tanh, float64 | 64 points | Adam | all |
| W7 | matrix factorization 1000×1000, rank 16, float32 | 100000 ratings | gradient descent | 256 |
| W8 | Rosenbrock's function of 1000 numbers, float64 | none | Adam | none |
"""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.random.bits import keyed_permutation

Array = np.ndarray[Any, Any]

# What all workloads share. Adam is (0.9, 0.999, 1e-8) everywhere.
SEED = 1234
MOMENTUM = 0.9
DECAY, DECAY_STEPS = 0.9, 100
WEIGHT_DECAY, CLIP = 1e-2, 1.0
RANK = 16
CLASSES = 10


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Attributes:
        name: Its name; `W1/10` is W1 at batch 10.
        model: `linear`, `logistic`, `softmax`, `tanh`, `relu` (classifiers of these layers),
            `curve` (a tanh network for squares), `factors` or `rosenbrock`.
        optimizer: `adam`, `decayed`, `adamw`, `nesterov`, `momentum` or `descent`.
        rate: The learning rate.
        dataset: The name of its data, or nothing.
        rows: The number of rows of its data.
        batch: The rows of a batch; 0 is all of them at every step.
        steps: The length of the run whose last loss is compared. Longer runs of W5 and W6
            amplify rounding until losses of equal mathematics differ.
        sizes: The layers of a network.
    """

    name: str
    model: str
    optimizer: str
    rate: float
    dataset: str
    rows: int
    batch: int
    steps: int
    sizes: tuple[int, ...] = ()

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """The dtype of its parameters."""
        narrow = self.model in ("softmax", "tanh", "relu", "factors")
        return np.float32 if narrow else np.float64

    def data(self) -> tuple[Array, ...]:
        """Its arrays, which share axis 0; none for a function of the parameters alone."""
        return load(self.dataset) if self.dataset else ()

    def order(self, steps: int | None = None) -> Array | None:
        """The rows of each step, (steps, batch) int32, as `tw.fit` with this seed draws them."""
        if self.batch == 0:
            return None
        steps = self.steps if steps is None else steps
        per_epoch = self.rows // self.batch
        epochs = range(-(-steps // per_epoch))
        rows = [keyed_permutation(self.rows, SEED, e)[: per_epoch * self.batch] for e in epochs]
        return np.concatenate(rows).reshape(-1, self.batch)[:steps].copy()

    def start(self) -> list[Array]:
        """Its first parameters, new arrays: W₁, b₁, W₂, … for networks."""
        match self.model:
            case "linear" | "logistic":
                return [np.zeros(self.data()[0].shape[1])]
            case "softmax":
                return [np.zeros(self.sizes, np.float32), np.zeros(CLASSES, np.float32)]
            case "factors":
                draw = np.random.default_rng(9).normal
                return [(draw(size=(1000, RANK)) * 0.3).astype(np.float32) for _ in range(2)]
            case "rosenbrock":
                return [np.where(np.arange(1000) % 2, 1.0, -1.2)]
        return _network_start(self.sizes, self.dtype)

    def loss(self, params: Sequence[Any]) -> float:
        """The mean loss of parameters on all rows, in float64."""
        params = [np.asarray(p, np.float64) for p in params]
        if self.model == "rosenbrock":
            (x,) = params
            return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
        *inputs, y = self.data()
        if self.model == "factors":
            (U, V), (i, j) = params, inputs
            return float(np.mean((y - (U[i] * V[j]).sum(1)) ** 2))
        z = outputs(self.model, params, inputs[0].astype(np.float64))[-1]
        if self.model in ("linear", "curve"):
            return float(np.mean((y - z) ** 2))
        if self.model == "logistic":
            return float(np.mean(np.logaddexp(0, z) - y * z))
        z = z - z.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]))


def outputs(model: str, params: Sequence[Array], X: Array) -> list[Array]:
    """Each layer's output, the inputs first: of a linear model or a network."""
    if len(params) == 1:
        return [X, X @ params[0]]
    layers = [X]
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        z = layers[-1] @ W + b
        layers.append(np.maximum(z, 0) if model == "relu" else np.tanh(z))
    return [*layers, layers[-1] @ params[-2] + params[-1]]


def _network_start(sizes: Sequence[int], dtype: type[np.floating[Any]]) -> list[Array]:
    random = np.random.default_rng(3)
    params = []
    for a, b in itertools.pairwise(sizes):
        params.append((random.normal(size=(a, b)) * np.sqrt(1 / a)).astype(dtype))
        params.append(np.zeros(b, dtype))
    return params


WORKLOADS = {
    w.name: w
    for w in (
        Workload("W1/10", "linear", "adam", 0.1, "regression", 10_000, 10, 2000),
        Workload("W1/100", "linear", "adam", 0.1, "regression", 10_000, 100, 1000),
        Workload("W1/1000", "linear", "adam", 0.1, "regression", 10_000, 1000, 500),
        Workload("W1/10000", "linear", "adam", 0.1, "regression", 10_000, 10_000, 200),
        Workload("W2", "logistic", "nesterov", 0.05, "classification", 5000, 32, 3120),
        Workload("W3", "softmax", "decayed", 0.01, "digits", 1797, 64, 1400, (64, 10)),
        Workload("W4", "tanh", "adamw", 1e-3, "digits", 1797, 32, 1120, (64, 32, 32, 10)),
        Workload("W5", "relu", "momentum", 0.02, "images", 60_000, 64, 300, (784, 128, 10)),
        Workload("W6", "curve", "adam", 1e-3, "curve", 64, 0, 1000, (1, 16, 16, 1)),
        Workload("W7", "factors", "descent", 0.05 * 256, "ratings", 100_000, 256, 1950),
        Workload("W8", "rosenbrock", "adam", 1e-2, "", 0, 0, 5000),
    )
}


def chosen(names: Sequence[str]) -> list[Workload]:
    """The workloads of these names, `W1` being all of W1; every workload if there are none."""
    unknown = [n for n in names if not any(_is_of(w, n) for w in WORKLOADS)]
    if unknown:
        raise SystemExit(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    return [w for name, w in WORKLOADS.items() if not names or any(_is_of(name, n) for n in names)]


def _is_of(name: str, family: str) -> bool:
    return name == family or name.startswith(family + "/")


# ---- data


def directory() -> Path:
    """Where data and libraries are kept: $BENCH_DIR, else the user's cache directory."""
    path = Path(os.environ.get("BENCH_DIR") or Path.home() / ".cache" / "thalweg-bench")
    path.mkdir(parents=True, exist_ok=True)
    return path


def data_file(name: str) -> Path:
    """The file of a data set, made on first use."""
    path = directory() / f"{name}.npz"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(partial, *MAKERS[name]())
        partial.replace(path)
    return path


_loaded: dict[str, tuple[Array, ...]] = {}


def load(name: str) -> tuple[Array, ...]:
    """The arrays of a data set. The last one asked for is kept in memory."""
    if name not in _loaded:
        with np.load(data_file(name)) as file:
            arrays = tuple(file[key] for key in file.files)
        _loaded.clear()
        _loaded[name] = arrays
    return _loaded[name]


def _with_intercept(X: Array) -> Array:
    return np.ascontiguousarray(np.c_[np.ones(len(X)), X])


def _regression() -> tuple[Array, ...]:
    from sklearn.datasets import make_regression

    X, y = make_regression(10_000, 20, n_informative=4, bias=3, noise=1, random_state=1234)
    return _with_intercept(X), y


def _classification() -> tuple[Array, ...]:
    from sklearn.datasets import make_classification

    X, y = make_classification(5000, 30, n_informative=12, flip_y=0.05, random_state=7)
    return _with_intercept(X), y.astype(np.float64)


def _digits() -> tuple[Array, ...]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.data / 16).astype(np.float32), digits.target.astype(np.int32)


def _images() -> tuple[Array, ...]:
    random = np.random.default_rng(5)
    X = random.random((60_000, 784), dtype=np.float32)
    T = random.normal(size=(784, CLASSES)).astype(np.float32)
    return X, ((X - 0.5) @ T).argmax(1).astype(np.int32)


def _curve() -> tuple[Array, ...]:
    x = np.linspace(-1, 1, 64).reshape(-1, 1)
    return x, np.sin(3 * x) + 0.3 * np.cos(9 * x)


def _ratings() -> tuple[Array, ...]:
    random = np.random.default_rng(8)
    U, V = (random.normal(size=(1000, RANK)) / 2 for _ in range(2))
    i, j = (random.integers(0, 1000, 100_000).astype(np.int32) for _ in range(2))
    y = (U[i] * V[j]).sum(1) + 0.1 * random.normal(size=100_000)
    return i, j, y.astype(np.float32)


MAKERS = {
    "regression": _regression,
    "classification": _classification,
    "digits": _digits,
    "images": _images,
    "curve": _curve,
    "ratings": _ratings,
}
