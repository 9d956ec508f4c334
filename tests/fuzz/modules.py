"""Random modules, penalties and hooks: a fit beside the loop of backward() and step().

`python -m tests.fuzz.modules FIRST END` tries seeds and prints what differs.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.growth import Growth
from thalweg import torch as wing
from thalweg.torch import nn

Loss = Callable[[Any, Any], Any]
FLOAT = {"dtype": tw.float64}


@dataclass
class Case:
    """A module with a loss, and how it is trained.

    Attributes:
        build: Makes the module, always the same.
        loss: Makes the loss for a module.
        hook: Registers hooks on a module; returns what takes them away.
        pure: The transformation.
        stateful: Makes the optimizer of parameters that does the same.
        batch: The rows of a batch.
        said: What was chosen, in words.
    """

    build: Callable[[], nn.Module]
    loss: Callable[[Any], Loss]
    hook: Callable[[Any], list[Any]]
    pure: Any
    stateful: Callable[[Any], Any]
    batch: int
    said: list[str] = field(default_factory=list)


class Shifted(nn.Module):
    """A map with buffers that are written and assigned."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(tw.ones(width, **FLOAT))
        self.register_buffer("mean", tw.zeros(width, **FLOAT))
        self.register_buffer("count", tw.tensor(0.0, **FLOAT))

    def forward(self, x: Any) -> Any:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(axis=0)
            self.count += 1.0
        return (x - self.mean) * self.weight / (1.0 + 0.01 * self.count)


class Residual(nn.Module):
    """A layer that is added to its input; its weight may be used twice."""

    def __init__(self, width: int, tied: bool) -> None:
        super().__init__()
        self.first = nn.Linear(width, width, **FLOAT)
        self.second = nn.Linear(width, width, bias=False, **FLOAT)
        if tied:
            self.second.weight = self.first.weight

    def forward(self, x: Any) -> Any:
        return x + 0.3 * self.second(tw.tanh(self.first(x)))


class Scaled(nn.Module):
    """A linear map whose rows have a length of their own."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.direction = nn.Parameter(wing.randn(outputs, inputs, **FLOAT))
        self.length = nn.Parameter(tw.ones(outputs, 1, **FLOAT))

    @property
    def weight(self) -> Any:
        return self.length * self.direction / (self.direction**2).sum(dim=1, keepdim=True).sqrt()

    def forward(self, x: Any) -> Any:
        return x @ self.weight.T


def _layers(g: Growth, width: int, said: list[str]) -> Callable[[], nn.Module]:
    """Return what makes a random network from `width` columns to 2, the same at each call."""
    kinds = [
        str(g.choose(("linear", "residual", "tied", "shifted", "batch", "scaled", "layer")))
        for _ in range(g.integer(1, 4))
    ]
    activation = g.choose((nn.Tanh, nn.ReLU, nn.Sigmoid, nn.GELU, nn.SiLU))
    sizes = [width, *(g.integer(2, 6) for _ in kinds)]
    said += [*kinds, activation.__name__]
    made: dict[str, Callable[[int, int], nn.Module]] = {
        "linear": lambda n, m: nn.Linear(n, m, **FLOAT),
        "scaled": Scaled,
        "residual": lambda n, m: Residual(n, False),
        "tied": lambda n, m: Residual(n, True),
        "shifted": lambda n, m: Shifted(n),
        "batch": lambda n, m: nn.BatchNorm1d(n, **FLOAT),
        "layer": lambda n, m: nn.LayerNorm(n, **FLOAT),
    }

    def build() -> nn.Module:
        wing.manual_seed(3)
        parts: list[nn.Module] = []
        n = width
        for kind, m in zip(kinds, sizes[1:], strict=True):
            parts.append(made[kind](n, m))
            n = m if kind in ("linear", "scaled") else n
            parts.append(activation())
        return nn.Sequential(*parts, nn.Linear(n, 2, **FLOAT))

    return build


def _penalties(g: Growth, other: Any) -> list[tuple[str, Callable[[Any, Any, Any], Any]]]:
    power = g.choose((2, 4))
    return [
        ("all", lambda m, o, y: sum((p**power).sum() for p in m.parameters())),
        ("weights", lambda m, o, y: sum(
            p.abs().sum() for n, p in m.named_parameters() if n.endswith("weight")
        )),
        ("last", lambda m, o, y: m[-1].weight.square().sum()),
        ("vector", lambda m, o, y: nn.utils.parameters_to_vector(m.parameters()).norm()),
        ("state", lambda m, o, y: o.square().mean() * m.state_dict()["0." + _first(m)].sum()),
        ("again", lambda m, o, y: m(other).square().mean()),
        ("quiet", _quiet(other)),
        ("slopes", _slopes),
        ("still", lambda m, o, y: o.square().mean() * m[-1].weight.detach().square().sum()),
        ("none", lambda m, o, y: 0.0),
    ]  # fmt: skip


def _first(model: Any) -> str:
    return next(iter(dict(model[0].named_parameters())))


def _quiet(other: Any) -> Callable[[Any, Any, Any], Any]:
    def penalty(model: Any, out: Any, y: Any) -> Any:
        model.eval()
        found = model(other).square().mean()
        model.train()
        return found

    return penalty


def _slopes(model: Any, out: Any, y: Any) -> Any:
    wanted = [p for p in model.parameters() if p.requires_grad][-2:]
    found = wing.autograd.grad(((out - y) ** 2).mean(), wanted, create_graph=True)
    return sum((g**2).sum() for g in found)


def _hooks(g: Growth) -> tuple[str, Callable[[Any], list[Any]]]:
    factor = float(g.choose((0.5, 2.0, -1.0)))
    half = lambda m, i, o: tuple(None if g is None else g * factor for g in i)
    kinds: list[tuple[str, Callable[[Any], list[Any]]]] = [
        ("none", lambda m: []),
        ("none", lambda m: []),
        ("parameters", lambda m: [p.register_hook(lambda g: g * factor) for p in m.parameters()]),
        (
            "clipped",
            lambda m: [p.register_hook(lambda g: g.clamp(-0.1, 0.1)) for p in m.parameters()],
        ),
        ("backward", lambda m: [part.register_full_backward_hook(half) for part in m]),
        ("forward", lambda m: [m[-1].register_forward_hook(lambda m, i, o: o * factor + 0.1)]),
        ("before", lambda m: [m[0].register_forward_pre_hook(lambda m, i: (i[0] * 0.5,))]),
        ("frozen", lambda m: [p.requires_grad_(False) for p in m[-1].parameters()][:0]),
    ]
    return kinds[g.integer(0, len(kinds))]


def random_case(seed: int) -> Case:
    """Return the case of a seed."""
    g = Growth(seed)
    width, said = g.integer(2, 5), [f"seed {seed}"]
    build = _layers(g, width, said)
    other = tw.tensor(g.random.normal(size=(5, width)))
    penalties = _penalties(g, other)
    chosen = [penalties[g.integer(0, len(penalties))] for _ in range(g.integer(1, 3))]
    name, hook = _hooks(g)
    factor = float(g.choose((0.01, 0.1)))
    optimizers = (
        ("sgd", tw.optim.sgd(0.02, momentum=0.9), lambda p: wing.optim.SGD(p, 0.02, momentum=0.9)),
        ("sgd", tw.optim.sgd(0.05), lambda p: wing.optim.SGD(p, 0.05)),
        ("adam", tw.optim.adam(0.01, eps=1e-3), lambda p: wing.optim.Adam(p, 0.01, eps=1e-3)),
        (
            "adamw",
            tw.optim.adamw(0.01, eps=1e-3, weight_decay=0.1),
            lambda p: wing.optim.AdamW(p, 0.01, eps=1e-3, weight_decay=0.1),
        ),
    )
    rule, pure, stateful = optimizers[g.integer(0, len(optimizers))]
    said += [*(n for n, _ in chosen), f"hook {name}", rule]

    def loss(model: Any) -> Loss:
        def of(out: Any, y: Any) -> Any:
            fit = ((out - y) ** 2).mean()
            return fit + factor * sum(penalty(model, out, y) for _, penalty in chosen)

        return of

    return Case(build, loss, hook, pure, stateful, int(g.choose((4, 5, 7, 20))), said)


def difference(case: Case, engine: str) -> str | None:
    """Return how a fit differs from the loop, None if it does not."""
    random = np.random.default_rng(0)
    ours, theirs = case.build(), case.build()
    width = next(p for n, p in ours.named_parameters()).shape[-1]
    width = dict(ours.named_buffers()).get("0.mean", np.zeros(width)).shape[-1]
    x, y = random.normal(size=(20, width)), random.normal(size=(20, 2))
    for model in (ours, theirs):
        case.hook(model)
    found = tw.fit(
        ours, (x, y), loss=case.loss(ours), optimizer=case.pure, batch_size=case.batch, epochs=2,
        shuffle=False, engine=engine,
    )  # fmt: skip
    losses, loss = [], case.loss(theirs)
    optimizer = case.stateful([p for p in theirs.parameters() if p.requires_grad])
    for _ in range(2):
        for start in range(0, 20, case.batch):
            rows = slice(start, start + case.batch)
            optimizer.zero_grad()
            value = loss(theirs(tw.tensor(x[rows])), tw.tensor(y[rows]))
            value.backward()
            optimizer.step()
            losses.append(value.item())
    if not np.allclose(found.history.loss, losses, rtol=1e-9, atol=1e-12):
        return f"losses {found.history.loss} beside {losses}"
    want = theirs.state_dict()
    for name, tensor in ours.state_dict().items():
        if not np.allclose(tensor.numpy(), want[name].numpy(), rtol=1e-8, atol=1e-10):
            return f"{name}: {tensor.tolist()} beside {want[name].tolist()}"
    return None


def attempt(seed: int) -> str | None:
    """Return what is wrong with a seed, None if nothing is."""
    case = random_case(seed)
    engine = "native" if seed % 4 == 0 else "numpy"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The loss ignores")
            told = difference(case, engine)
    except Exception:
        told = traceback.format_exc(limit=-3)
    return None if told is None else f"{', '.join(case.said)} ({engine}): {told}"


def main(first: int, end: int) -> int:
    """Try seeds first … end - 1; print what fails; return the exit status."""
    failed = [told for seed in range(first, end) if (told := attempt(seed))]
    sys.stdout.write("\n".join([*failed, f"{end - first} modules, {len(failed)} failed\n"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
