"""PyTorch's habit beside PyTorch: eager steps, loaders, and modules trained natively."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import thalweg as tw
from benchmarks import thalweg_runs
from benchmarks.timing import SAMPLE_SECONDS, seconds
from benchmarks.workloads import WORKLOADS, Workload
from thalweg import torch as wing
from thalweg.bridges.torch import Optimizer

REPEATS = 7
BATCH, COLUMNS, ROWS = 10, 21, 1000


@dataclass(frozen=True)
class Pair:
    """The same work done by both.

    Attributes:
        name: What is done.
        ours: The microseconds it takes thalweg.
        theirs: Those it takes the other: PyTorch, or thalweg in another way.
        apart: How far the results are apart, relatively; NaN where there is none to compare.
    """

    name: str
    ours: Callable[[], float]
    theirs: Callable[[], float]
    apart: float = math.nan


def timed(run: Callable[[], Any], steps: int = 1) -> Callable[[], float]:
    """What takes a sample of the microseconds of one of a run's steps."""
    run()
    calls = max(1, math.ceil(SAMPLE_SECONDS / max(seconds(run), 1e-9)))
    return lambda: seconds(run, calls) / (calls * steps) * 1e6


def _regression(count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, COLUMNS))
    return X, X.sum(1) + rng.normal(size=count)


def _mini_batch_step(library: Any, tensor: Callable[[Any], Any]) -> Callable[[], Any]:
    """Forward, backward, Adam and zero_grad of a least-squares loss."""
    X, y = map(tensor, _regression(BATCH))
    b = library.zeros(COLUMNS, dtype=library.float64, requires_grad=True)
    optimizer = library.optim.Adam([b], lr=1e-3)

    def step() -> Any:
        loss = (X @ b - y).pow(2).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return b

    return step


def eager() -> Iterator[Pair]:
    """Single operations, and the lecture's step."""
    ours, theirs = tw.ones(COLUMNS), torch.ones(COLUMNS, dtype=torch.float64)
    yield Pair("a + a, 21 numbers", timed(lambda: ours + ours), timed(lambda: theirs + theirs))
    step = _mini_batch_step(wing, wing.tensor), _mini_batch_step(torch, torch.tensor)
    for _ in range(100):
        found, expected = (run().detach().numpy() for run in step)
    apart = float(np.max(np.abs(found - expected) / np.abs(expected)))
    yield Pair("step at batch 10, Adam", *map(timed, step), apart)


def loaders() -> Iterator[Pair]:
    """Epochs of a loader over arrays."""
    X, y = _regression(ROWS)
    ours = wing.utils.data.TensorDataset(X, y)
    theirs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(y))
    for shuffle in (False, True):
        both = (
            wing.utils.data.DataLoader(ours, BATCH, shuffle=shuffle),
            torch.utils.data.DataLoader(theirs, BATCH, shuffle=shuffle),
        )
        name = f"loader, batch 10, {'shuffled' if shuffle else 'in order'}"
        yield Pair(name, *(timed(lambda one=one: list(one), ROWS // BATCH) for one in both))


# ---- optimizers of PyTorch's parameters


def _clipped_step(library: str, threads: int) -> Callable[[], Any]:
    """AdamW after clipping by the global norm, over 11 million parameters."""
    torch.manual_seed(0)
    widths = (784, 2048, 2048, 2048, 512, 10)
    layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(widths)]
    params = [param for layer in layers for param in layer.parameters()]
    for param in params:
        param.grad = torch.randn_like(param) * 0.01
    if library == "thalweg":
        links = tw.optim.clip_by_global_norm(1.0), tw.optim.adamw(1e-3, weight_decay=1e-2)
        optimizer = Optimizer(params, tw.optim.chain(*links))
    else:
        optimizer = torch.optim.AdamW(params, 1e-3, weight_decay=1e-2, fused=True)

    def step() -> Any:
        torch.set_num_threads(threads)
        if library == "torch":
            torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        return params

    return step


def attached() -> Iterator[Pair]:
    """A step of a transformation over PyTorch's parameters, beside PyTorch's fused one."""
    before = torch.get_num_threads()
    for threads in (1, 2):
        both = _clipped_step("thalweg", threads), _clipped_step("torch", threads)
        found, expected = (run()[0].detach() for run in both)
        apart = float((found - expected).abs().max() / expected.abs().max())
        yield Pair(f"clip, AdamW, 11M, {threads} threads", *map(timed, both), apart)
    torch.set_num_threads(before)


# ---- modules, trained natively


def lenet(nn: Any, extent: int) -> Any:
    """LeNet-5 for images of 28×28, or its like for 8×8."""
    window, padding = (5, 2) if extent == 28 else (3, 1)
    hidden = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84)]
    return nn.Sequential(
        nn.Conv2d(1, 6, window, padding=padding), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, window, padding=0 if extent == 28 else 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), *(hidden if extent == 28 else [nn.Linear(64, 84)]), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def _built_lenet(library: Any, extent: int) -> Any:
    """The same network of float32 from either library."""
    before = library.get_default_dtype()
    library.manual_seed(0)
    library.set_default_dtype(library.float32)
    try:
        return lenet(library.nn, extent)
    finally:
        library.set_default_dtype(before)


def _images(extent: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, 2048)
    places = rng.normal(size=(10, 1, extent, extent))
    X = places[label] + rng.normal(size=(2048, 1, extent, extent))
    return X.astype(np.float32), label


def _trained_lenet(extent: int, steps: int) -> Pair:
    X, y = _images(extent)
    ours, theirs = (_built_lenet(library, extent) for library in (wing, torch))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9)
    Xt, yt = torch.tensor(X), torch.tensor(y)

    def native(steps: int = steps) -> Any:
        return tw.fit(
            ours, (X, y), loss=wing.nn.functional.cross_entropy, batch_size=32, steps=steps,
            optimizer=tw.optim.sgd(0.01, momentum=0.9), shuffle=False, progress=False,
        )  # fmt: skip

    def stepped(steps: int = steps) -> Any:
        optimizer.state.clear()
        for at in range(0, 32 * steps, 32):
            optimizer.zero_grad()
            rows = slice(at % 2048, at % 2048 + 32)
            loss = torch.nn.functional.cross_entropy(theirs(Xt[rows]), yt[rows])
            loss.backward()
            optimizer.step()
        return loss.item()

    found, expected = native(10).history.loss[-1], stepped(10)
    apart = abs(found - expected) / abs(expected)
    name = f"LeNet-5, {extent}×{extent}, batch 32"
    return Pair(name, lambda: native().us_per_step, timed(stepped, steps), apart)


def _sequential(w: Workload) -> Any:
    """The workload's network as modules."""
    start = w.start()
    layers: list[Any] = []
    for W, b in zip(start[::2], start[1::2], strict=True):
        layer = wing.nn.Linear(*W.shape, dtype=W.dtype)
        layer.load_state_dict({"weight": wing.tensor(W.T.copy()), "bias": wing.tensor(b)})
        layers += [layer, wing.nn.Tanh() if w.model == "tanh" else wing.nn.ReLU()]
    return wing.nn.Sequential(*layers[:-1])


def _modules_and_functions(name: str, steps: int) -> Pair:
    """A workload's network as `nn.Sequential`, beside the same as a function of arrays."""
    w = WORKLOADS[name]

    def module() -> Any:
        return tw.fit(
            _sequential(w), w.data(), loss=wing.nn.functional.cross_entropy, batch_size=w.batch,
            optimizer=thalweg_runs.optimizer(w), steps=steps, seed=thalweg_runs.SEED,
            drop_last=True, progress=False,
        )  # fmt: skip

    function = lambda: thalweg_runs.fit(w, steps)
    found, expected = module().history.loss[9], function().history.loss[9]
    apart = abs(found - expected) / abs(expected)
    name = f"{name} as nn.Sequential / as a function"
    return Pair(name, lambda: module().us_per_step, lambda: function().us_per_step, apart)


def pairs() -> Iterator[Pair]:
    """All of them."""
    yield from eager()
    yield from loaders()
    yield from attached()
    yield _trained_lenet(8, 500)
    yield _trained_lenet(28, 60)
    yield _modules_and_functions("W4", 10_000)
    yield _modules_and_functions("W5", 300)


def compare(pair: Pair) -> tuple[float, float, float]:
    """Microseconds of ours and of theirs, and the median of the ratios of interleaved samples."""
    samples = [(pair.ours(), pair.theirs()) for _ in range(REPEATS)]
    ours, theirs = map(statistics.median, zip(*samples, strict=True))
    return ours, theirs, statistics.median(a / b for a, b in samples)


def report() -> None:
    """Print a line for each pair."""
    torch.set_num_threads(1)
    print("Microseconds, one thread; the other is PyTorch where nothing else is said.")
    print(f"{'':<40}{'thalweg':>10}{'other':>10}{'ratio':>8}{'apart':>9}")
    for pair in pairs():
        ours, theirs, ratio = compare(pair)
        apart = "" if math.isnan(pair.apart) else f"{pair.apart:.0e}"
        print(f"{pair.name:<40}{ours:>10.3g}{theirs:>10.3g}{ratio:>8.3f}{apart:>9}", flush=True)


if __name__ == "__main__":
    report()
