"""PyTorch's older names of what computes in two precisions on other devices: off here."""

from __future__ import annotations

import warnings
from typing import Any

from thalweg.torch import amp

__all__ = ["GradScaler", "autocast"]


def _told(name: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use "
        f"`torch.amp.{name}('cuda', args...)` instead.",
        FutureWarning,
        stacklevel=3,
    )


def GradScaler(  # noqa: N802 - PyTorch's name
    init_scale: float = 65536.0,
    growth_factor: float = 2.0,
    backoff_factor: float = 0.5,
    growth_interval: int = 2000,
    enabled: bool = True,
) -> amp.GradScaler:
    """Return a scaler of losses for a device that is not there: it is off."""
    _told("GradScaler")
    return amp.GradScaler(
        "cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled
    )


def autocast(
    enabled: bool = True, dtype: Any = None, cache_enabled: bool | None = True
) -> amp.autocast:
    """Return what would compute in two precisions on a device that is not there: it is off."""
    _told("autocast")
    return amp.autocast("cuda", dtype, enabled, cache_enabled)
