"""Mistakes of a user, which type checkers report: each line names its error of mypy's."""

import thalweg as tw
import thalweg.torch as torch
from thalweg.torch import nn


def mistakes(x: tw.Tensor, y: torch.Tensor) -> None:
    tw.exponential(x)  # attr-defined
    tw.linalg.inverse(x)  # attr-defined
    x.no_such_method()  # attr-defined
    x.unsqueeze(0)  # attr-defined
    tw.sum(x, dim=0)  # call-arg
    x.sum(keepdim=True)  # call-arg
    tw.exp()  # call-arg
    tw.exp(x, x)  # call-arg
    x + object()  # operator
    y.sum(axis=0)  # call-arg
    nn.Linear(2, 1, biass=False)  # call-arg
    nn.Linear(2, 1)(y, y)  # call-overload
    torch.optim.Adam(nn.ReLU().parameters(), learning_rate=0.1)  # call-arg
