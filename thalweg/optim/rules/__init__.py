"""Gradient transformations in PyTorch's form, where it differs from Optax's of the same name.

They are values of the same algebra: they chain, print, compare, compile, and work in `tw.fit`.
`tw.optim.SGD`, `Adam` and the other classes are made of them.
"""

from thalweg.optim.rules.averaged import AveragedDescentState, averaged_descent
from thalweg.optim.rules.dampened import DampenedTraceState, dampened_trace
from thalweg.optim.rules.deltas import ScaleByAdaDeltaState, scale_by_adadelta
from thalweg.optim.rules.factored import (
    FactoredDescentState,
    factored_descent,
)
from thalweg.optim.rules.infinity import ScaleByAdamaxState, scale_by_adamax
from thalweg.optim.rules.maximal import ScaleByAmsgradState, scale_by_amsgrad
from thalweg.optim.rules.nesterov import ScaleByNadamState, scale_by_nadam
from thalweg.optim.rules.orthogonal import (
    MuonState,
    orthogonalize,
    scale_by_shape,
    trace_average,
)
from thalweg.optim.rules.rectified import ScaleByRadamState, scale_by_radam
from thalweg.optim.rules.resilient import ResilientDescentState, resilient_descent
from thalweg.optim.rules.sums import ScaleBySumState, count_steps, inverse_decay, scale_by_sum

__all__ = [
    "AveragedDescentState",
    "DampenedTraceState",
    "FactoredDescentState",
    "MuonState",
    "ResilientDescentState",
    "ScaleByAdaDeltaState",
    "ScaleByAdamaxState",
    "ScaleByAmsgradState",
    "ScaleByNadamState",
    "ScaleByRadamState",
    "ScaleBySumState",
    "averaged_descent",
    "count_steps",
    "dampened_trace",
    "factored_descent",
    "inverse_decay",
    "orthogonalize",
    "resilient_descent",
    "scale_by_adadelta",
    "scale_by_adamax",
    "scale_by_amsgrad",
    "scale_by_nadam",
    "scale_by_radam",
    "scale_by_shape",
    "scale_by_sum",
    "trace_average",
]
