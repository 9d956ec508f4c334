"""Schedules: hyperparameters as pure functions of the step, computed in float64.

Steps count from 0. Each schedule accepts one step or an array of steps, traced too.
"""

from thalweg.optim.schedules.cycles import (
    cosine_annealing_schedule,
    cosine_restarts_schedule,
    one_cycle_schedule,
    triangular_schedule,
)
from thalweg.optim.schedules.decays import (
    constant_schedule,
    cosine_decay_schedule,
    exponential_decay,
    linear_schedule,
    polynomial_schedule,
)
from thalweg.optim.schedules.pieces import (
    join_schedules,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
    warmup_constant_schedule,
    warmup_cosine_decay_schedule,
    warmup_exponential_decay_schedule,
)
from thalweg.optim.schedules.schedule import ScalarOrSchedule, Schedule
from thalweg.optim.schedules.stairs import multi_step_schedule, step_schedule

__all__ = [
    "ScalarOrSchedule",
    "Schedule",
    "constant_schedule",
    "cosine_annealing_schedule",
    "cosine_decay_schedule",
    "cosine_restarts_schedule",
    "exponential_decay",
    "join_schedules",
    "linear_schedule",
    "multi_step_schedule",
    "one_cycle_schedule",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "step_schedule",
    "triangular_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]
