"""`GradScaler`: losses are scaled up, gradients down, and steps with infinite ones left out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tape import SparseDerivative
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError
from thalweg.torch.devices import device as Device  # noqa: N812 - PyTorch's name is small
from thalweg.torch.naming import make

__all__ = ["GradScaler"]

_READY, _UNSCALED, _STEPPED = "ready", "unscaled", "stepped"


class GradScaler:
    """Scale losses so that gradients in a lower precision do not vanish.

    A step is left out where a gradient is not finite; the scale sinks by the backoff factor then,
    and grows by the growth factor after so many steps in a row without.

    Args:
        device: The kind of device; but for "cpu" the scaler is off, with a warning.
        init_scale: The scale at first.
        growth_factor: What it is multiplied by, above 1.
        backoff_factor: What it is multiplied by after a step left out, below 1.
        growth_interval: After how many steps it grows.
        enabled: Whether to do anything at all.

    Raises:
        ArgumentError: If a factor is on the wrong side of 1.

    Example:
        >>> import thalweg.torch as torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> optimizer, scaler = torch.optim.SGD([w], lr=0.5), torch.amp.GradScaler("cpu")
        >>> scaler.scale((w * w).sum()).backward()
        >>> scaler.step(optimizer); scaler.update()
        >>> w.item(), scaler.get_scale()
        (0.0, 65536.0)

    Source:
        Micikevicius et al., "Mixed Precision Training", 2018. arXiv:1710.03740
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and Device(device).type != "cpu":
            warnings.warn(
                f"torch.{device}.amp.GradScaler is enabled, but {device.upper()} is not "
                "available.  Disabling.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        if growth_factor <= 1.0 or backoff_factor >= 1.0:
            raise ArgumentError(
                f"The growth factor must be > 1.0 and the backoff factor < 1.0; they are "
                f"{growth_factor:g} and {backoff_factor:g}."
            )
        self._device, self._enabled = device, enabled
        self._scale, self._steps = float(init_scale), 0
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        # Of each optimizer since the last update: how far it is, and whether all was finite.
        self._stages: dict[int, tuple[str, bool]] = {}

    def scale(self, outputs: Any) -> Any:
        """Return a loss, or a list or tuple of them, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * make(np.asarray(self._scale, outputs.dtype))
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(map(self.scale, outputs))
        raise ArgumentError(
            f"outputs must be a Tensor or an iterable of Tensors; {type(outputs).__name__} was "
            "given."
        )

    def unscale_(self, optimizer: Any) -> None:
        """Divide an optimizer's gradients by the scale, to clip them before its step.

        Raises:
            CallError: If it was done since the last `update()`, or after `step()`.
        """
        if not self._enabled:
            return
        stage, _ = self._stages.get(id(optimizer), (_READY, True))
        if stage == _UNSCALED:
            raise CallError(
                "unscale_() has already been called on this optimizer since the last update(). "
                "Call it once a step."
            )
        if stage == _STEPPED:
            raise CallError("unscale_() is being called after step(). Call it before.")
        self._stages[id(optimizer)] = (_UNSCALED, self._divide(optimizer))

    def _divide(self, optimizer: Any) -> bool:
        """Divide gradients by the scale; tell whether all are finite."""
        finite = True
        with no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    g: Any = parameter.grad
                    if g is not None:
                        g.mul_(1.0 / self._scale)
                        sparse = isinstance(g, SparseDerivative)
                        told = g._elements if sparse else g
                        finite = finite and bool(np.isfinite(told.numpy()).all())
        return finite

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Make an optimizer's step with unscaled gradients, unless one is not finite.

        Returns:
            What `optimizer.step` returns; None if the step was left out.

        Raises:
            CallError: If it was made since the last `update()`.
            ArgumentError: If a closure is given.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise ArgumentError(
                "Closure use is not currently supported if GradScaler is enabled. Call "
                "optimizer.step(closure) without a scaler."
            )
        if self._stages.get(id(optimizer), (_READY, True))[0] == _STEPPED:
            raise CallError("step() has already been called since the last update().")
        if id(optimizer) not in self._stages:
            self.unscale_(optimizer)
        finite = self._stages[id(optimizer)][1]
        self._stages[id(optimizer)] = (_STEPPED, finite)
        return optimizer.step(*args, **kwargs) if finite else None

    def update(self, new_scale: Any = None) -> None:
        """Let the scale grow or sink, or set it.

        Raises:
            CallError: If no gradients were looked at since the last one.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._stages:
            raise CallError("No inf checks were recorded prior to update. Call step() before.")
        elif all(finite for _, finite in self._stages.values()):
            self._steps += 1
            if self._steps == self._growth_interval:
                grown = np.float32(self._scale * self._growth_factor)
                self._scale = float(grown) if np.isfinite(grown) else self._scale
                self._steps = 0
        else:
            self._scale, self._steps = self._scale * self._backoff_factor, 0
        self._stages = {}

    def get_scale(self) -> float:
        """Return the scale; 1 if the scaler is off."""
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """Tell whether losses are scaled."""
        return self._enabled

    def get_growth_factor(self) -> float:
        """Return what the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the scale grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """Return what the scale sinks by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the scale sinks by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """Return after how many steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many steps the scale grows."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """Return the scale, its factors and how many steps were in a row; empty if off."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._steps,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what `state_dict` returned.

        Raises:
            ArgumentError: If it is empty and the scaler is on.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise ArgumentError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler. Give that of one that is on."
            )
        self._scale = float(state_dict["scale"])
        self._growth_factor = float(state_dict["growth_factor"])
        self._backoff_factor = float(state_dict["backoff_factor"])
        self._growth_interval = int(state_dict["growth_interval"])
        self._steps = int(state_dict["_growth_tracker"])
