"""Module: what every layer and every model is; and hooks around the calls of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from thalweg.autodiff.hooks import Handle
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, printable
from thalweg.torch.nn.hooks import Hook, register_for_all
from thalweg.torch.nn.parameter import convert
from thalweg.torch.nn.state import WithState

__all__ = ["Module"]


class Module(WithState):
    """A part of a model: parameters, buffers and modules, and `forward`, which uses them.

    What is assigned to an attribute is registered if it is a `Parameter`, a `Buffer` or a Module.
    A subclass calls `super().__init__()` first, and defines `forward`.

    Attributes:
        training: Whether layers behave as in training, which `train` and `eval` set.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> class Line(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope = nn.Parameter(torch.ones(1))
        ...     def forward(self, x):
        ...         return self.slope * x
        >>> line = Line()
        >>> line(torch.tensor([2.0, 3.0])).tolist()
        [2.0, 3.0]
        >>> [name for name, _ in line.named_parameters()]
        ['slope']
    """

    # ---- modes

    def train(self, mode: bool = True) -> Self:
        """Set `training` of this module and all modules in it.

        Raises:
            ArgumentError: If the mode is not Boolean.
        """
        if not isinstance(mode, bool):
            raise ArgumentError(
                f"training mode is expected to be boolean, and {mode!r} was given. Give True or "
                "False."
            )
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Let layers behave as in prediction: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say of all parameters whether `backward()` computes their derivatives."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad = parameter.grad.detach()
                parameter.grad.zero_()

    # ---- conversions

    def to(
        self,
        *args: Any,
        device: Any = None,
        dtype: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Self:
        """Convert all floating parameters and buffers to a dtype, in place.

        Args:
            args: A dtype, the device "cpu", both, or a tensor whose dtype is taken.
            device: The only device is "cpu".
            dtype: A floating dtype.
            non_blocking: Accepted as in PyTorch; it has no meaning here.
            memory_format: Accepted as in PyTorch; it has no meaning here.

        Raises:
            DtypeError: If the dtype is not floating.
            ArgumentError: If the device is another one.

        Example:
            >>> from thalweg.torch import nn
            >>> import thalweg.torch as torch
            >>> nn.Linear(2, 1).to(torch.float32).weight.dtype
            dtype('float32')
        """
        for given in args:
            if isinstance(given, Tensor):
                dtype = given.dtype
            elif _is_dtype(given):
                dtype = given
            elif not isinstance(given, bool):
                device = given
        _require_here(device)
        if dtype is None:
            return self
        wanted = np.dtype(dtype)
        if wanted.kind not in "fc":
            raise DtypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={wanted}. Convert the inputs instead."
            )
        return self._apply(lambda t: t.to(wanted) if t.dtype.kind in "fc" else t)

    def float(self) -> Self:
        """Convert all floating parameters and buffers to float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Convert all floating parameters and buffers to float64."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Convert all floating parameters and buffers to float16."""
        return self.to(np.float16)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers, the integers too, to a dtype."""
        wanted = np.dtype(dst_type)
        return self._apply(lambda t: t.to(wanted))

    def cpu(self) -> Self:
        """Return the module, which is on the CPU already."""
        return self

    def _apply(self, function: Callable[[Tensor], Tensor]) -> Self:
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter is not None:
                    convert(parameter, function)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = function(buffer)
        return self

    # ---- printing

    def extra_repr(self) -> str:
        """Return what stands between the parentheses when the module prints; modules define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        members = [
            f"({printable(name)}): {_indented(repr(m))}" for name, m in self._modules.items()
        ]
        return printed(self._get_name(), extra.split("\n") if extra else [], members)


def printed(name: str, extra: list[str], members: list[str]) -> str:
    """Lay out a module: on one line if it has no members and little to say."""
    if not members and len(extra) <= 1:
        return f"{name}({''.join(extra)})"
    lines = "\n  ".join([*extra, *members])
    return f"{name}(\n  {lines}\n)"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _is_dtype(given: Any) -> bool:
    if isinstance(given, str) and given.partition(":")[0] in ("cpu", "cuda", "mps"):
        return False
    try:
        np.dtype(given)
    except TypeError:
        return False
    return given is not None


def _require_here(device: Any) -> None:
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise ArgumentError(
            f'the device {device!r} was asked for; tensors are on the CPU. Give "cpu", or run '
            'the fit with engine="jax" to use another device.'
        )


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, args)` before every module's `forward`.

    What it returns, unless None, replaces the arguments.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> called = []
        >>> register = nn.modules.module.register_module_forward_pre_hook
        >>> with register(lambda module, args: called.append(type(module).__name__)):
        ...     _ = nn.Sequential(nn.Linear(2, 1), nn.ReLU())(torch.ones(2))
        >>> called
        ['Sequential', 'Linear', 'ReLU']
    """
    return register_for_all("forward_pre", Hook(hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """Call a function after every module's `forward`.

    Args:
        hook: Called as `hook(module, args, output)`; what it returns, unless None, replaces the
            output. With keywords, `hook(module, args, kwargs, output)`.
        with_kwargs: Whether it is given the keyword arguments.
        always_call: Whether it is called even if the call fails.
    """
    return register_for_all("forward", Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_output)` when the derivative of any module's output is known.

    What it returns, unless None, replaces `grad_output`.
    """
    return register_for_all("backward_pre", Hook(hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(module, grad_input, grad_output)` when those of any module's arguments are known.

    What it returns, unless None, replaces `grad_input`.
    """
    return register_for_all("backward", Hook(hook))
