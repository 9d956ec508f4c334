"""PyTorch as it is usually written: eager steps, an optimizer of `torch.optim`, fused or not."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.timing import Contestant
from benchmarks.workloads import CLIP, DECAY, DECAY_STEPS, MOMENTUM, WEIGHT_DECAY, Workload

torch.set_num_threads(1)

# Steps of the timed run, which need not be the whole.
TIMED_STEPS = 300


def network(params, X, activation):
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        X = activation(torch.addmm(b, X, W))
    return torch.addmm(params[-1], X, params[-2])


def linear(params, X, y):
    return ((y - X @ params[0]) ** 2).sum()


def logistic(params, X, y):
    return functional.binary_cross_entropy_with_logits(X @ params[0], y)


def tanh(params, X, y):
    return functional.cross_entropy(network(params, X, torch.tanh), y)


def relu(params, X, y):
    return functional.cross_entropy(network(params, X, torch.relu), y)


def curve(params, x, y):
    return ((network(params, x, torch.tanh) - y) ** 2).mean()


def factors(params, i, j, y):
    u, v = (
        functional.embedding(i, params[0], sparse=True),
        functional.embedding(j, params[1], sparse=True),
    )
    return ((y - (u * v).sum(1)) ** 2).mean()


def rosenbrock(params):
    (x,) = params
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


LOSSES = {f.__name__: f for f in (linear, logistic, tanh, relu, curve, factors, rosenbrock)}
LOSSES["softmax"] = tanh


def optimizer(w: Workload, params: list[torch.Tensor], fused: bool) -> torch.optim.Optimizer:
    """The workload's optimizer."""
    match w.optimizer:
        case "adam" | "decayed":
            return torch.optim.Adam(params, lr=w.rate, fused=fused)
        case "adamw":
            return torch.optim.AdamW(params, lr=w.rate, weight_decay=WEIGHT_DECAY, fused=fused)
    momentum, nesterov = (0.0 if w.optimizer == "descent" else MOMENTUM), w.optimizer == "nesterov"
    return torch.optim.SGD(params, lr=w.rate, momentum=momentum, nesterov=nesterov, fused=fused)


def tensors(w: Workload) -> list[torch.Tensor]:
    """The data; integers are 64 bits wide, which PyTorch indexes with."""
    found = [torch.from_numpy(a) for a in w.data()]
    return [a.long() if a.dtype == torch.int32 else a for a in found]


def eager(w: Workload, fused: bool) -> Contestant:
    """A Python loop of eager steps."""
    data, loss, order = tensors(w), LOSSES[w.model], w.order()
    rows = None if order is None else torch.from_numpy(order.astype(np.int64))

    def train(steps: int) -> list[Any]:
        params = [torch.from_numpy(p).requires_grad_() for p in w.start()]
        optimize = optimizer(w, params, fused)
        scheduler = None
        if w.optimizer == "decayed":
            decay = lambda step: DECAY ** (step / DECAY_STEPS)
            scheduler = torch.optim.lr_scheduler.LambdaLR(optimize, decay)
        for step in range(steps):
            batch = data if rows is None else [a[rows[step]] for a in data]
            optimize.zero_grad(set_to_none=True)
            loss(params, *batch).backward()
            if w.optimizer == "adamw":
                torch.nn.utils.clip_grad_norm_(params, CLIP)
            optimize.step()
            if scheduler is not None:
                scheduler.step()
        return [p.detach().numpy() for p in params]

    steps = min(TIMED_STEPS, w.steps)
    return Contestant(lambda: train(w.steps), lambda: train(steps), steps)


def ways(w: Workload) -> dict[str, Callable[[], Contestant]]:
    """The ways to train a workload, each made when called."""
    found = {"eager": functools.partial(eager, w, False)}
    # Fused optimizers take no sparse gradients.
    if w.model != "factors":
        found["fused"] = functools.partial(eager, w, True)
    return found
