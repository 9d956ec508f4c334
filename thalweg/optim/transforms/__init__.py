"""Transformations of updates that are no optimizers by themselves."""

from thalweg.optim.masking import *
from thalweg.optim.moments import *
from thalweg.optim.scaling import *
from thalweg.optim.transforms.accumulation import *
from thalweg.optim.transforms.chains import *
from thalweg.optim.transforms.clipping import *
from thalweg.optim.transforms.conditions import *
from thalweg.optim.transforms.constraints import *
from thalweg.optim.transforms.freezing import *
from thalweg.optim.transforms.layouts import *
from thalweg.optim.transforms.monitoring import *
from thalweg.optim.transforms.noise import *
