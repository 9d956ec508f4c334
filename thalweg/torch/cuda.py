"""What scripts ask about PyTorch's other devices: there are none here.

>>> import thalweg.torch as torch
>>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
device(type='cpu')
"""

__all__ = ["device_count", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """Tell that there is no such device."""
    return False


def device_count() -> int:
    """Return the number of such devices: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing, as PyTorch without a device: `tw.manual_seed` seeds the CPU's numbers."""


manual_seed_all = manual_seed
