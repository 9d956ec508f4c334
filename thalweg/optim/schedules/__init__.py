"""Schedules: hyperparameters as pure functions of the step, computed in float64.

Steps count from 0. Each schedule accepts one step or an array of steps, traced too.
"""

from thalweg.optim.schedules.cycles import *
from thalweg.optim.schedules.decays import *
from thalweg.optim.schedules.pieces import *
from thalweg.optim.schedules.schedule import *
from thalweg.optim.schedules.stairs import *
