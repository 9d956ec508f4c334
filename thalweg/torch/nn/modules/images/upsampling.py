"""Resampling as layers."""

from __future__ import annotations

from typing import Any

from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Layer

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Layer, of=functional.interpolate):
    """Resample along all axes but the first two, by `functional.interpolate`.

    Args:
        size: The new extents, one number or one an axis.
        scale_factor: By what the extents are multiplied, in place of `size`.
        mode: "nearest", "linear", "bilinear", "bicubic" or "trilinear".
        align_corners: Whether the centres of the corner elements stay where they are.
        recompute_scale_factor: Whether the step is by the new extents, rounded down.
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        self._begin(locals())
        if isinstance(scale_factor, tuple):
            scale_factor = tuple(float(factor) for factor in scale_factor)
        self.scale_factor = float(scale_factor) if isinstance(scale_factor, int) else scale_factor

    def extra_repr(self) -> str:
        """Return the grid and the mode."""
        given = "size" if self.scale_factor is None else "scale_factor"
        return f"{given}={getattr(self, given)}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resample images with the nearest pixel.

    Args:
        size: The new extents, one number or one an axis.
        scale_factor: By what the extents are multiplied, in place of `size`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor)


class UpsamplingBilinear2d(Upsample):
    """Resample images between the centres of corner pixels, which stay where they are.

    Args:
        size: The new extents, one number or one an axis.
        scale_factor: By what the extents are multiplied, in place of `size`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", True)
