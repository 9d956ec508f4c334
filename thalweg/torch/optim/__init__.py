"""The stateful habit: transformations attached to parameters, under PyTorch's names."""

from thalweg.torch.optim import lr_scheduler, swa_utils
from thalweg.torch.optim.adam import *
from thalweg.torch.optim.hooks import *
from thalweg.torch.optim.lbfgs import *
from thalweg.torch.optim.optimizer import *
from thalweg.torch.optim.sgd import *
from thalweg.torch.optim.signs import *
from thalweg.torch.optim.squares import *
