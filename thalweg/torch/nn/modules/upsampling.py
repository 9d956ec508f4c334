"""Resampling as layers."""

from __future__ import annotations

from typing import Any

from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Layer

__all__ = ["Upsample"]


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

    def extra_repr(self) -> str:
        """Return the grid and the mode."""
        given = "size" if self.scale_factor is None else "scale_factor"
        return f"{given}={getattr(self, given)}, mode={self.mode!r}"
