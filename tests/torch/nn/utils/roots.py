"""The library under its own name, for code that `same` runs by both."""

from typing import Any

import torch
import torch.nn.utils.prune  # PyTorch does not load it by itself

from tests.torch.nn.libraries import Library
from thalweg import torch as wing
from thalweg.torch import nn


def root(lib: Library) -> Any:
    """Return `thalweg.torch` or `torch`, its random numbers begun anew."""
    found = wing if lib.nn is nn else torch
    found.manual_seed(0)
    return found


def trained(lib: Library, model: Any, width: int = 4, steps: int = 3) -> Any:
    """Take steps of gradient descent on a squared error; return the losses and the state."""
    space = root(lib)
    x = lib.range(5, width)
    optimizer = space.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model.state_dict()
