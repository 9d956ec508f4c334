"""PyTorch's learning rate schedulers: stateful views over pure schedules of the epoch.

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    for epoch in range(100):
        ...
        optimizer.step()
        scheduler.step()

The schedules themselves, `scheduler.schedules`, are what `tw.optim.adam` takes for a learning
rate: a compiled run then has the same rates without a scheduler.
"""

from thalweg.torch.optim.lr_scheduler.composed import *
from thalweg.torch.optim.lr_scheduler.cycles import *
from thalweg.torch.optim.lr_scheduler.factors import *
from thalweg.torch.optim.lr_scheduler.plateau import *
from thalweg.torch.optim.lr_scheduler.scheduler import *
from thalweg.torch.optim.lr_scheduler.view import *

__all__ = [name for name, value in vars().items() if isinstance(value, type)]
