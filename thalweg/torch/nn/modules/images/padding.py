"""Padding as layers."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg.core.tensor import Tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Applied

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d",
    "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d",
    "ZeroPad3d",
]  # fmt: skip


class _Pad(Applied, of=functional.pad):
    """Widen the last axes.

    Args:
        padding: One number for all sides, or two for each axis, the last axis first.
    """

    mode: ClassVar[str]

    def __init_subclass__(cls, mode: str | None = None, **more: Any) -> None:
        """Keep by what the axes are widened, where that is said."""
        super().__init_subclass__(**more)
        if mode is not None:
            cls.mode = mode

    def __init__(self, padding: Any) -> None:
        super().__init__()
        given = isinstance(padding, (tuple, list))
        self.padding = tuple(padding) if given else (padding,) * (2 * self.rank)

    def forward(self, input: Any) -> Tensor:
        """Return the input widened."""
        return self._function(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return the widths."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """Widen the last axes by a constant.

    Args:
        padding: One number for all sides, or two for each axis, the last axis first.
        value: The constant.
    """

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Tensor:
        """Return the input widened."""
        return self._function(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the widths and the constant."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad, rank=1):
    """Widen the last axis by a constant."""


class ConstantPad2d(_ConstantPad, rank=2):
    """Widen the last two axes by a constant."""


class ConstantPad3d(_ConstantPad, rank=3):
    """Widen the last three axes by a constant."""


class ZeroPad1d(_Pad, rank=1, mode="constant"):
    """Widen the last axis by zeros."""


class ZeroPad2d(_Pad, rank=2, mode="constant"):
    """Widen the last two axes by zeros."""


class ZeroPad3d(_Pad, rank=3, mode="constant"):
    """Widen the last three axes by zeros."""


class ReflectionPad1d(_Pad, rank=1, mode="reflect"):
    """Widen the last axis by what is mirrored at the edge."""


class ReflectionPad2d(_Pad, rank=2, mode="reflect"):
    """Widen the last two axes by what is mirrored at the edge."""


class ReflectionPad3d(_Pad, rank=3, mode="reflect"):
    """Widen the last three axes by what is mirrored at the edge."""


class ReplicationPad1d(_Pad, rank=1, mode="replicate"):
    """Widen the last axis by copies of the edge."""


class ReplicationPad2d(_Pad, rank=2, mode="replicate"):
    """Widen the last two axes by copies of the edge."""


class ReplicationPad3d(_Pad, rank=3, mode="replicate"):
    """Widen the last three axes by copies of the edge."""


class CircularPad1d(_Pad, rank=1, mode="circular"):
    """Widen the last axis by what is at the other end."""


class CircularPad2d(_Pad, rank=2, mode="circular"):
    """Widen the last two axes by what is at the other end."""


class CircularPad3d(_Pad, rank=3, mode="circular"):
    """Widen the last three axes by what is at the other end."""
