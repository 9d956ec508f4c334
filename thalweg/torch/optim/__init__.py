"""The stateful habit: transformations attached to parameters, under PyTorch's names."""

from thalweg.torch.optim import lr_scheduler, swa_utils
from thalweg.torch.optim.adadelta import *
from thalweg.torch.optim.adafactor import *
from thalweg.torch.optim.adagrad import *
from thalweg.torch.optim.adam import *
from thalweg.torch.optim.adamax import *
from thalweg.torch.optim.adamw import *
from thalweg.torch.optim.asgd import *
from thalweg.torch.optim.lbfgs import *
from thalweg.torch.optim.muon import *
from thalweg.torch.optim.nadam import *
from thalweg.torch.optim.optimizer.hooks import *
from thalweg.torch.optim.optimizer.optimizer import *
from thalweg.torch.optim.radam import *
from thalweg.torch.optim.rmsprop import *
from thalweg.torch.optim.rprop import *
from thalweg.torch.optim.sgd import *
