"""PyTorch's learning rate schedulers: stateful views over pure schedules of the epoch.

    optimizer = tw.optim.SGD(model.parameters(), lr=0.1)
    scheduler = tw.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    for epoch in range(100):
        ...
        optimizer.step()
        scheduler.step()

The schedules themselves, `scheduler.schedules`, are what `tw.optim.adam` takes for a learning
rate: a compiled run then has the same rates without a scheduler.
"""

from thalweg.optim.lr_scheduler.averages import SWALR
from thalweg.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from thalweg.optim.lr_scheduler.cosines import CosineAnnealingLR, CosineAnnealingWarmRestarts
from thalweg.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from thalweg.optim.lr_scheduler.factors import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from thalweg.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from thalweg.optim.lr_scheduler.plateau import ReduceLROnPlateau
from thalweg.optim.lr_scheduler.scheduler import LRScheduler
from thalweg.optim.lr_scheduler.view import ScheduleLR

# What PyTorch's users derived their own from before version 2.
_LRScheduler = LRScheduler

__all__ = [
    "SWALR",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "ScheduleLR",
    "SequentialLR",
    "StepLR",
]
