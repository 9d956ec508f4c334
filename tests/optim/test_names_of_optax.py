"""Optax's submodules have their names here, and their functions Optax's arguments and defaults."""

import enum
import importlib
import inspect
from types import ModuleType
from typing import Any

import pytest

from thalweg import optim

optax = pytest.importorskip("optax")

FOLDERS = ["transforms", "schedules", "microbatching", "tree", "tree_utils",
           "experimental.aggregating"]  # fmt: skip

# What Optax's modules import and do not hide.
LEAKED = {"Any", "NamedTuple", "Protocol", "Sequence", "MaybeAxis"}

# They are of other files, which `transforms` shows.
ELSEWHERE = {"AddNoiseState", "TraceState", "add_noise", "trace"}

TOP = [
    "MultiSteps", "incremental_update", "microbatch", "per_example_global_norm_clip",
    "per_example_layer_norm_clip", "periodic_update", "safe_increment", "safe_int32_increment",
    "safe_norm", "safe_root_mean_squares", "scale_gradient", "skip_large_updates",
    "skip_not_finite", "tree_map_params", "value_and_grad_from_state", "inject_hyperparams",
    "inject_stateful_hyperparams", "global_norm", "bias_correction", "update_moment",
    "update_infinity_moment", "update_moment_per_elem_norm",
]  # fmt: skip

STATES = [
    "ApplyIfFiniteState", "ConditionallyMaskState", "ConditionallyTransformState", "EmaState",
    "InjectHyperparamsState", "InjectStatefulHyperparamsState", "MaskedNode", "MaskedState",
    "MonitorState", "MultiStepsState", "NonNegativeParamsState", "PartitionState",
    "MultiTransformState", "SnapshotState", "TraceState", "ZeroNansState", "ClipState",
    "ClipByGlobalNormState", "AdaptiveGradClipState",
]  # fmt: skip


def public(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if name[0] != "_" and name not in LEAKED and not isinstance(value, ModuleType)
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_name_of_a_submodule_is_there(folder: str) -> None:
    theirs = public(importlib.import_module(f"optax.{folder}")) if "." not in folder else public(
        importlib.import_module("optax.experimental").aggregating
    )  # fmt: skip
    ours = importlib.import_module(f"thalweg.optim.{folder}")
    assert {name for name in theirs if not hasattr(ours, name)} <= ELSEWHERE
    for name, value in theirs.items():
        if inspect.isfunction(value) and hasattr(ours, name):
            assert_like(getattr(ours, name), value)


@pytest.mark.parametrize("name", TOP)
def test_every_function_has_the_arguments_and_defaults_of_optax(name: str) -> None:
    assert_like(getattr(optim, name), getattr(optax, name))


def assert_like(ours: Any, theirs: Any) -> None:
    mine, other = (inspect.signature(f).parameters.values() for f in (ours, theirs))
    assert [(p.name, p.kind) for p in mine] == [(p.name, p.kind) for p in other]
    for a, b in zip(mine, other, strict=True):
        if isinstance(b.default, enum.Enum):
            assert a.default.name == b.default.name
        elif callable(b.default) and b.default is not inspect.Parameter.empty:
            assert callable(a.default) or a.default == b.default
        else:
            assert a.default == b.default


@pytest.mark.parametrize("name", STATES)
def test_every_state_has_the_fields_of_optax(name: str) -> None:
    ours, theirs = (
        getattr(optim, name),
        getattr(optax, name, None) or getattr(optax.transforms, name),
    )
    assert ours._fields == theirs._fields
    assert ours._field_defaults == theirs._field_defaults
