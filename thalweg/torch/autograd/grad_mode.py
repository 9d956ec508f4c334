"""PyTorch's `torch.autograd.grad_mode`: whether and how operations are recorded."""

from __future__ import annotations

from thalweg.autodiff.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "enable_grad", "inference_mode", "is_multithreading_enabled", "no_grad", "set_grad_enabled",
    "set_multithreading_enabled",
]  # fmt: skip

_enabled = [True]


def is_multithreading_enabled() -> bool:
    """Tell what `set_multithreading_enabled` was given last; a backward pass uses one thread."""
    return _enabled[-1]


class set_multithreading_enabled:  # noqa: N801 - PyTorch's name
    """Accept whether a backward pass may use several threads: at once, or in a `with` block.

    It uses one, whatever is given, and its results are the same.

    Args:
        mode: Whether it may.
    """

    def __init__(self, mode: bool) -> None:
        self._before, _enabled[-1] = _enabled[-1], bool(mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        _enabled[-1] = self._before
