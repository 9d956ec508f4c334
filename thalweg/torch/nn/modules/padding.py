"""Padding as layers."""

from __future__ import annotations

from typing import Any, ClassVar

from thalweg.core.tensor import Tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d",
    "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d",
    "ZeroPad3d",
]  # fmt: skip


class _Pad(Module):
    """Widen the last axes.

    Args:
        padding: One number for all sides, or two for each axis, the last axis first.
    """

    rank: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        given = isinstance(padding, (tuple, list))
        self.padding = tuple(padding) if given else (padding,) * (2 * self.rank)

    def forward(self, input: Any) -> Tensor:
        """Return the input widened."""
        return functional.pad(input, self.padding, self.mode)

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
        return functional.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the widths and the constant."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """Widen the last axis by a constant."""

    rank = 1


class ConstantPad2d(_ConstantPad):
    """Widen the last two axes by a constant."""

    rank = 2


class ConstantPad3d(_ConstantPad):
    """Widen the last three axes by a constant."""

    rank = 3


class ZeroPad1d(_Pad):
    """Widen the last axis by zeros."""

    rank = 1
    mode = "constant"


class ZeroPad2d(_Pad):
    """Widen the last two axes by zeros."""

    rank = 2
    mode = "constant"


class ZeroPad3d(_Pad):
    """Widen the last three axes by zeros."""

    rank = 3
    mode = "constant"


class ReflectionPad1d(_Pad):
    """Widen the last axis by what is mirrored at the edge."""

    rank = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """Widen the last two axes by what is mirrored at the edge."""

    rank = 2
    mode = "reflect"


class ReflectionPad3d(_Pad):
    """Widen the last three axes by what is mirrored at the edge."""

    rank = 3
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """Widen the last axis by copies of the edge."""

    rank = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """Widen the last two axes by copies of the edge."""

    rank = 2
    mode = "replicate"


class ReplicationPad3d(_Pad):
    """Widen the last three axes by copies of the edge."""

    rank = 3
    mode = "replicate"


class CircularPad1d(_Pad):
    """Widen the last axis by what is at the other end."""

    rank = 1
    mode = "circular"


class CircularPad2d(_Pad):
    """Widen the last two axes by what is at the other end."""

    rank = 2
    mode = "circular"


class CircularPad3d(_Pad):
    """Widen the last three axes by what is at the other end."""

    rank = 3
    mode = "circular"
