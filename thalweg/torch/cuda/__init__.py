"""What scripts ask about PyTorch's other devices: there are none here.

>>> import thalweg.torch as torch
>>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
device(type='cpu')
"""

from __future__ import annotations

from typing import Any, NoReturn

from thalweg.errors import ArgumentError
from thalweg.torch.cuda import amp as amp

__all__ = [
    "amp", "current_device", "device_count", "empty_cache", "get_device_name", "init",
    "is_available", "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "memory_allocated", "memory_reserved", "reset_peak_memory_stats",
    "seed", "seed_all", "set_device", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Tell that there is no such device."""
    return False


def is_bf16_supported() -> bool:
    """Tell that no device computes in bfloat16."""
    return False


def is_initialized() -> bool:
    """Tell that no such device is in use."""
    return False


def device_count() -> int:
    """Return the number of such devices: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing, as PyTorch without a device: `tw.manual_seed` seeds the CPU's numbers."""


def manual_seed_all(seed: int) -> None:
    """Do nothing, as PyTorch without a device."""


def seed() -> None:
    """Do nothing, as PyTorch without a device."""


def seed_all() -> None:
    """Do nothing, as PyTorch without a device."""


def empty_cache() -> None:
    """Do nothing: there is no memory of such devices."""


def memory_allocated(device: Any = None) -> int:
    """Return how many bytes of such devices tensors take: 0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Return how many bytes of such devices are held: 0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Return the most that was taken: 0."""
    return 0


def reset_peak_memory_stats(device: Any = None) -> None:
    """Do nothing: there is no memory of such devices."""


def _refuse(name: str) -> NoReturn:
    raise ArgumentError(
        f"torch.cuda.{name} was called; there is no such device: Torch not compiled with CUDA "
        "enabled. Guard the call by torch.cuda.is_available()."
    )


def init() -> NoReturn:
    """Refuse to use such devices."""
    _refuse("init")


def synchronize(device: Any = None) -> NoReturn:
    """Refuse to wait for such a device."""
    _refuse("synchronize")


def current_device() -> NoReturn:
    """Refuse to name a device that is not there."""
    _refuse("current_device")


def set_device(device: Any) -> NoReturn:
    """Refuse to choose a device that is not there."""
    _refuse("set_device")


def get_device_name(device: Any = None) -> NoReturn:
    """Refuse to name a device that is not there."""
    _refuse("get_device_name")
