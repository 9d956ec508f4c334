"""Two precisions: `autocast`, which is off on the CPU, and `GradScaler`, which scales losses."""

from thalweg.torch.amp.autocast_mode import (
    autocast,
    custom_bwd,
    custom_fwd,
    is_autocast_available,
    is_autocast_enabled,
)
from thalweg.torch.amp.grad_scaler import GradScaler

__all__ = [
    "GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available",
    "is_autocast_enabled",
]  # fmt: skip
