"""A module called with other tensors than its own, under the name PyTorch had first."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from thalweg.lines import level_of_user
from thalweg.torch.nn import functional_call as calling
from thalweg.torch.nn.modules.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with the given tensors in place of its own: `torch.func.functional_call`.

    It warns, as PyTorch's, that the other name is the newer one; the arguments are the same.
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=level_of_user(),
    )
    return calling.functional_call(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )
