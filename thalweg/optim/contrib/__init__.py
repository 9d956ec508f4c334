"""Optimizers that are young, or of few friends yet: Optax's `contrib`, and some beyond it."""

from thalweg.optim.optimizers.adaptive.acprop import *
from thalweg.optim.optimizers.adaptive.ademamix import *
from thalweg.optim.optimizers.adaptive.adopt import *
from thalweg.optim.optimizers.adaptive.madgrad import *
from thalweg.optim.optimizers.adaptive.mars import *
from thalweg.optim.optimizers.adaptive.sophia import *
from thalweg.optim.optimizers.averaging.sam import *
from thalweg.optim.optimizers.averaging.schedule_free import *
from thalweg.optim.optimizers.gradient.dpsgd import *
from thalweg.optim.optimizers.matrix.newton_schulz import *
from thalweg.optim.optimizers.matrix.shampoo import *
from thalweg.optim.optimizers.matrix.soap import *
from thalweg.optim.optimizers.memory.galore import *
from thalweg.optim.optimizers.parameter_free.cocob import *
from thalweg.optim.optimizers.parameter_free.dadapt import *
from thalweg.optim.optimizers.parameter_free.dog import *
from thalweg.optim.optimizers.parameter_free.mechanic import *
from thalweg.optim.optimizers.parameter_free.momo import *
from thalweg.optim.optimizers.parameter_free.prodigy import *
from thalweg.optim.transforms.cautious import *
from thalweg.optim.transforms.reduce_on_plateau import *
from thalweg.optim.transforms.split_real_and_imaginary import *
