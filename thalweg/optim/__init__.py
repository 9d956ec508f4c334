"""Gradient transformations in Optax's algebra: optimizers, schedules, and what they are made of.

Lower case names are transformations, pairs of pure functions:

    optimizer = chain(clip_by_global_norm(1.0), adam(exponential_decay(0.1, 100, 0.9)))
    state = optimizer.init(params)
    updates, state = optimizer.update(gradients, state, params)
    params = apply_updates(params, updates)

CamelCase names are the same transformations attached to parameters, as in PyTorch:

    optimizer = Adam(model.parameters(), lr=0.1)
    loss.backward()
    optimizer.step()
"""

from typing import Any

from thalweg.errors import did_you_mean
from thalweg.optim import losses, lr_scheduler, rules, schedules, swa_utils
from thalweg.optim.accumulation import (
    EmaState,
    TraceState,
    ema,
    trace,
)
from thalweg.optim.clipping import (
    clip,
    clip_by_block_rms,
    clip_by_global_norm,
    global_norm,
)
from thalweg.optim.combining import (
    chain,
    named_chain,
)
from thalweg.optim.decay import (
    WeightDecaySchedule,
    add_decayed_weights,
)
from thalweg.optim.injecting import (
    InjectStatefulHyperparamsState,
    WrappedScheduleState,
    inject_hyperparams,
)
from thalweg.optim.masking import (
    MaskedNode,
    MaskedState,
    PartitionState,
    masked,
    multi_transform,
    partition,
)
from thalweg.optim.moments import (
    ScaleByAdamState,
    ScaleByLionState,
    scale_by_adam,
    scale_by_lion,
)
from thalweg.optim.optimizers import (
    adagrad,
    adam,
    adamw,
    lion,
    nadam,
    nadamw,
    rmsprop,
    sgd,
    sign_sgd,
)
from thalweg.optim.recipe import (
    factory,
)
from thalweg.optim.root_mean_squares import (
    ScaleByRmsState,
    ScaleByRmsWithCountState,
    ScaleByRssState,
    ScaleByRStdDevState,
    ScaleByRStdDevWithCountState,
    scale_by_rms,
    scale_by_rss,
    scale_by_stddev,
)
from thalweg.optim.scaling import (
    ScaleByScheduleState,
    scale,
    scale_by_learning_rate,
    scale_by_schedule,
    scale_by_sign,
)
from thalweg.optim.schedules import (
    ScalarOrSchedule,
    Schedule,
    constant_schedule,
    cosine_annealing_schedule,
    cosine_decay_schedule,
    cosine_restarts_schedule,
    exponential_decay,
    join_schedules,
    linear_schedule,
    multi_step_schedule,
    one_cycle_schedule,
    piecewise_constant_schedule,
    piecewise_interpolate_schedule,
    polynomial_schedule,
    step_schedule,
    triangular_schedule,
    warmup_constant_schedule,
    warmup_cosine_decay_schedule,
    warmup_exponential_decay_schedule,
)
from thalweg.optim.stateful import (
    ASGD,
    LBFGS,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Muon,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Updates,
    apply_updates,
    identity,
    init_empty_state,
    safe_increment,
    set_to_zero,
    stateless,
    stateless_with_tree_map,
)

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "EmaState",
    "EmptyState",
    "GradientTransformation",
    "GradientTransformationExtraArgs",
    "InjectStatefulHyperparamsState",
    "MaskedNode",
    "MaskedState",
    "Muon",
    "NAdam",
    "OptState",
    "Optimizer",
    "Params",
    "PartitionState",
    "RAdam",
    "RMSprop",
    "Rprop",
    "ScalarOrSchedule",
    "ScaleByAdamState",
    "ScaleByLionState",
    "ScaleByRStdDevState",
    "ScaleByRStdDevWithCountState",
    "ScaleByRmsState",
    "ScaleByRmsWithCountState",
    "ScaleByRssState",
    "ScaleByScheduleState",
    "Schedule",
    "TraceState",
    "Updates",
    "WeightDecaySchedule",
    "WrappedScheduleState",
    "adagrad",
    "adam",
    "adamw",
    "add_decayed_weights",
    "apply_updates",
    "chain",
    "clip",
    "clip_by_block_rms",
    "clip_by_global_norm",
    "constant_schedule",
    "cosine_annealing_schedule",
    "cosine_decay_schedule",
    "cosine_restarts_schedule",
    "ema",
    "exponential_decay",
    "factory",
    "global_norm",
    "identity",
    "init_empty_state",
    "inject_hyperparams",
    "join_schedules",
    "linear_schedule",
    "lion",
    "lr_scheduler",
    "masked",
    "multi_step_schedule",
    "multi_transform",
    "nadam",
    "nadamw",
    "named_chain",
    "one_cycle_schedule",
    "partition",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polynomial_schedule",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "rmsprop",
    "rules",
    "safe_increment",
    "scale",
    "scale_by_adam",
    "scale_by_learning_rate",
    "scale_by_lion",
    "scale_by_rms",
    "scale_by_rss",
    "scale_by_schedule",
    "scale_by_sign",
    "scale_by_stddev",
    "schedules",
    "set_to_zero",
    "sgd",
    "sign_sgd",
    "stateless",
    "stateless_with_tree_map",
    "step_schedule",
    "swa_utils",
    "trace",
    "triangular_schedule",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]


# Optax has these in its namespace too; here they belong to `thalweg`.
_LOSSES = frozenset(
    {"hinge_loss", "huber_loss", "l2_loss", "log_cosh", "sigmoid_binary_cross_entropy"}
    | {"softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels", "squared_error"}
)


def __getattr__(name: str) -> Any:
    if name in _LOSSES:
        return getattr(losses, name)
    hint = did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))


def __dir__() -> list[str]:
    return __all__
