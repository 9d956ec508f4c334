"""Training steps of ordinary networks, beside PyTorch's: eager, and trained natively.

`taskset -c 0 python -m benchmarks.steps`; a name or several choose among the networks.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import thalweg as tw
from benchmarks.habits import lenet
from benchmarks.timing import processor_microseconds
from thalweg import torch as wing

BUDGET, ROUNDS, EXAMPLES = 0.15, 9, 1024

Step = Callable[[], Any]


def perceptron(lib: Any) -> Any:
    """Two hidden layers with batch norm and dropout."""
    nn, layers = lib.nn, []
    for width in (20, 64):
        layers += [nn.Linear(width, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def recurrent(lib: Any) -> Any:
    """An LSTM whose last state is classified."""

    class Recurrent(lib.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = lib.nn.LSTM(8, 32, batch_first=True)
            self.head = lib.nn.Linear(32, 10)

        def forward(self, x: Any) -> Any:
            out, _ = self.lstm(x)
            return self.head(out[:, -1])

    return Recurrent()


def transformer(lib: Any) -> Any:
    """Two encoder layers, whose outputs' mean is classified."""

    class Transformer(lib.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            layer = lib.nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
            self.encoder = lib.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = lib.nn.Linear(32, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.encoder(x).mean(dim=1))

    return Transformer()


@dataclass(frozen=True)
class Network:
    """A network, and the data of a step.

    Attributes:
        name: What it is.
        build: Makes it with one of the libraries.
        shape: The shape of an example.
        batch: How many examples a step takes.
    """

    name: str
    build: Callable[[Any], Any]
    shape: tuple[int, ...]
    batch: int

    def data(self) -> tuple[Any, Any]:
        """Return inputs of float32, and classes."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(EXAMPLES, *self.shape)).astype(np.float32)
        return x, rng.integers(0, 10, EXAMPLES)

    def eager(self, lib: Any, compiled: bool = False) -> Step:
        """Return a step in PyTorch's habit: forward, cross entropy, backward, Adam."""
        lib.manual_seed(0)
        model = self.build(lib)
        optimizer = lib.optim.Adam(model.parameters(), lr=1e-3)
        x, y = (lib.tensor(part[: self.batch]) for part in self.data())
        forward = torch.compile(model) if compiled else model

        def step() -> Any:
            optimizer.zero_grad()
            loss = lib.nn.functional.cross_entropy(forward(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def fitted(self, steps: int) -> Step:
        """Return a run of steps in the native loop."""
        model, data = self.build(wing), self.data()
        return lambda: tw.fit(
            model, data, loss=wing.nn.functional.cross_entropy, batch_size=self.batch,
            optimizer=tw.optim.adam(1e-3), steps=steps, shuffle=False, progress=False,
        )  # fmt: skip


NETWORKS = (
    Network("MLP, batch norm, dropout, 64", perceptron, (20,), 64),
    Network("LeNet-5, 32", lambda lib: lenet(lib.nn, 28), (1, 28, 28), 32),
    Network("LSTM 32, T = 20, 32", recurrent, (20, 8), 32),
    Network("transformer 2×32, T = 16, 32", transformer, (16, 32), 32),
)


def compare(network: Network) -> dict[str, list[float]]:
    """Return samples of microseconds a step, taken in turn, by what takes them."""
    count = 200
    steps = {"PyTorch": network.eager(torch), "eager": network.eager(wing)}
    if shutil.which("g++"):
        steps["torch.compile"] = network.eager(torch, compiled=True)
    steps["tw.fit"] = network.fitted(count)
    calls = {}
    for name, step in steps.items():
        for _ in range(3):
            step()
        calls[name] = max(1, int(BUDGET * 1e6 / processor_microseconds(step, 1)))
    samples: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            taken = processor_microseconds(step, calls[name])
            samples[name].append(taken / count if name == "tw.fit" else taken)
    return samples


def report(wanted: list[str]) -> None:
    """Print microseconds a step, and the ratios to PyTorch's, as medians."""
    torch.set_num_threads(1)
    # A network that was trained to the end is trained again, and the loss goes up and down.
    warnings.filterwarnings("ignore", "The loss rose")
    for network in NETWORKS:
        if wanted and not any(word.lower() in network.name.lower() for word in wanted):
            continue
        samples = compare(network)
        sys.stdout.write(f"{network.name}\n")
        for name, taken in samples.items():
            ratios = [a / b for a, b in zip(taken, samples["PyTorch"], strict=True)]
            sys.stdout.write(
                f"    {name:<14}{statistics.median(taken):9.0f} µs"
                f"{statistics.median(ratios):8.2f}\n"
            )
        sys.stdout.flush()


if __name__ == "__main__":
    report(sys.argv[1:])
