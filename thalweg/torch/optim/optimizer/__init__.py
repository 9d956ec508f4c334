"""The stateful habit: a transformation attached to parameters in groups, with hooks around it."""

from thalweg.torch.optim.optimizer.hooks import *
from thalweg.torch.optim.optimizer.optimizer import *
