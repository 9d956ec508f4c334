"""`autocast`: on the CPU operations keep the dtypes that they are given."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, Self

from thalweg.torch.devices import device

__all__ = ["autocast", "custom_bwd", "custom_fwd", "is_autocast_available", "is_autocast_enabled"]


class autocast:  # noqa: N801 - PyTorch's name
    """A `with` block or decorator in which PyTorch would compute in a lower precision.

    Here it is off, with a warning if it was asked for: bfloat16 is not computed in, and a result in
    the full precision is one that training in two precisions comes near to.

    Args:
        device_type: "cpu", "cuda" or another kind of device.
        dtype: The lower precision.
        enabled: Whether it was asked for.
        cache_enabled: Accepted as in PyTorch.

    Example:
        >>> import thalweg.torch as torch
        >>> with torch.autocast("cpu", enabled=False):
        ...     (torch.ones(2, 2) @ torch.ones(2)).dtype
        torch.float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise TypeError(
                f"Expected `device_type` of type `str`, got: `{type(device_type)}`. Give 'cpu'."
            )
        self.device = device(device_type).type
        if enabled:
            reason = (
                "the CPU computes in the dtypes that tensors have"
                if self.device == "cpu"
                else f"{self.device.upper()} is not available"
            )
            warnings.warn(
                f"autocast was asked for with device_type of '{device_type}', but {reason}. "
                "Disabling",
                UserWarning,
                stacklevel=2,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave: nothing was changed."""

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function, which computes as it did."""

        @functools.wraps(func)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            return func(*args, **kwargs)

        return decorated


def is_autocast_available(device_type: str) -> bool:
    """Tell that no device computes in two precisions."""
    device(device_type)
    return False


def is_autocast_enabled(device_type: str = "cpu") -> bool:
    """Tell that nothing is computed in two precisions."""
    device(device_type)
    return False


def custom_fwd(
    fwd: Any = None, *, device_type: str = "cpu", cast_inputs: Any = None
) -> Callable[..., Any]:
    """Decorate `forward` of a `Function`, which computes as it did."""
    return (lambda given: given) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str = "cpu") -> Callable[..., Any]:
    """Decorate `backward` of a `Function`, which computes as it did."""
    return (lambda given: given) if bwd is None else bwd
