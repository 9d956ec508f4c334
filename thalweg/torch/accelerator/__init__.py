"""What scripts ask about devices of whatever kind beside the CPU: there are none here.

>>> import thalweg.torch as torch
>>> torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
'cpu'
"""

from __future__ import annotations

__all__ = ["current_accelerator", "device_count", "is_available"]


def is_available() -> bool:
    """Tell that there is no device beside the CPU."""
    return False


def device_count() -> int:
    """Return the number of devices beside the CPU: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """Return the device beside the CPU: None."""
