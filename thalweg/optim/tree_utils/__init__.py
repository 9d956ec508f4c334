"""Optax's functions of trees by their longer names; `optim.tree` has them by short ones."""

import functools as _functools
import warnings as _warnings
from typing import Any as _Any

from thalweg.errors import did_you_mean as _did_you_mean
from thalweg.optim.tree_utils.arithmetic import *
from thalweg.optim.tree_utils.casting import *
from thalweg.optim.tree_utils.drawing import *
from thalweg.optim.tree_utils.states import *

__all__ = [name for name in vars() if name.startswith("tree_")] + ["NamedTupleKey"]

# Older names, with what they are now called.
_OLD: dict[str, tuple[str, _Any]] = {
    "tree_scalar_mul": ("tree_scale", tree_scale),
    "tree_add_scalar_mul": ("tree_add_scale", tree_add_scale),
    "tree_l1_norm": ("tree_norm(..., ord=1)", _functools.partial(tree_norm, ord=1)),
    "tree_l2_norm": ("tree_norm", _functools.partial(tree_norm, ord=2)),
    "tree_linf_norm": ("tree_norm(..., ord='inf')", _functools.partial(tree_norm, ord="inf")),
}


def __getattr__(name: str) -> _Any:
    if name in _OLD:
        today, function = _OLD[name]
        _warnings.warn(
            f"optim.tree_utils.{name} is deprecated: use optim.tree_utils.{today}.",
            DeprecationWarning,
            stacklevel=2,
        )
        return function
    hint = _did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
