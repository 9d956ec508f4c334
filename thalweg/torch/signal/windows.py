"""Windows that signals are multiplied with: PyTorch's `torch.signal.windows`.

Each has M elements; symmetric ones end as they begin, others (`sym=False`) would at element M + 1,
as the transform of a period wants it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError
from thalweg.torch.dtypes import TORCH, of_numpy
from thalweg.torch.naming import make

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine",
    "general_hamming", "hamming", "hann", "kaiser", "nuttall",
]  # fmt: skip

Array = np.ndarray[Any, Any]


def kind_of_window(name: str, length: int, dtype: Any) -> Any:
    """Return the dtype of a window.

    Raises:
        ArgumentError: If it is not float32 or float64, or the length is negative.
    """
    kind = np.dtype(TORCH.default if dtype is None else dtype)
    if length < 0:
        raise ArgumentError(
            f"{name} requires non-negative window length, got M={length}. Give the number of "
            "elements."
        )
    if kind.name not in ("float32", "float64"):
        raise ArgumentError(
            f"{name} expects float32 or float64 dtypes, got: {of_numpy(kind)}. Convert the window."
        )
    return kind


def finished(values: Array, kind: Any, requires_grad: bool) -> Tensor:
    """Return a window's values as a tensor."""
    found = make(values.astype(kind))
    found.requires_grad = requires_grad
    return found


def _span(length: int, sym: bool) -> float:
    """Return how many steps there are from the first element to the one that is like it."""
    return float(max(length - 1 if sym or length == 1 else length, 1))


def cosines(length: int, factors: list[float], sym: bool) -> Array:
    """Return Σ (-1)ⁱ aᵢ cos(2π i k / N), N the steps of a period."""
    if length == 1:
        return np.ones(1)
    angles = np.arange(length) * (2 * math.pi / _span(length, sym))
    terms = [(-1) ** i * a * np.cos(i * angles) for i, a in enumerate(factors)]
    found: Array = np.sum(terms, axis=0)
    return found


def triangle(length: int, sym: bool) -> Array:
    """Return 1 - |2k / N - 1|."""
    if length == 1:
        return np.ones(1)
    found: Array = 1 - np.abs(np.arange(length) * (2 / _span(length, sym)) - 1)
    return found


def bessel(length: int, beta: float, sym: bool) -> Array:
    """Return I₀(β √(1 - (2k / N - 1)²)) / I₀(β)."""
    if length == 1:
        return np.ones(1)
    places = np.minimum(np.arange(length) * (2 / _span(length, sym)) - 1, 1.0)
    found: Array = np.i0(beta * np.sqrt(np.maximum(1 - places * places, 0))) / np.i0(beta)
    return found


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle, 0 at both ends: 1 - |2k / (M - 1) - 1|.

    Args:
        M: The number of elements.
        sym: Whether it ends as it begins.
        dtype: float32 or float64; by default the default dtype.
        layout: Accepted as in PyTorch.
        device: Accepted as in PyTorch; tensors are on the CPU.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        ArgumentError: If M is negative or the dtype another one.

    Example:
        >>> from thalweg.torch.signal import windows
        >>> windows.bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    kind = kind_of_window("bartlett", M, dtype)
    return finished(triangle(M, sym), kind, requires_grad)


def general_cosine(
    M: int,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A sum of cosines: Σ (-1)ⁱ aᵢ cos(2π i k / (M - 1)); other arguments as of `bartlett`.

    Raises:
        CallError: If the factors are no list.
        ArgumentError: If there are none.
    """
    kind = kind_of_window("general_cosine", M, dtype)
    if M > 1 and not isinstance(a, Iterable):
        raise CallError("Coefficients must be a list/tuple, and a number was given. Give [a].")
    factors = [float(factor) for factor in a] if M > 1 else [1.0]
    if not factors:
        raise ArgumentError("Coefficients cannot be empty. Give at least one.")
    return finished(cosines(M, factors, sym), kind, requires_grad)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """α - (1 - α) cos(2π k / (M - 1)); other arguments as of `bartlett`."""
    return general_cosine(
        M, a=[alpha, 1.0 - alpha], sym=sym, dtype=dtype, requires_grad=requires_grad
    )


def hamming(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.54 - 0.46 cos(2π k / (M - 1)); arguments as of `bartlett`."""
    return general_hamming(M, sym=sym, dtype=dtype, requires_grad=requires_grad)


def hann(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """½ - ½ cos(2π k / (M - 1)); arguments as of `bartlett`."""
    return general_hamming(M, alpha=0.5, sym=sym, dtype=dtype, requires_grad=requires_grad)


def blackman(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.42 - 0.5 cos(2π k / (M - 1)) + 0.08 cos(4π k / (M - 1)); arguments as of `bartlett`."""
    kind_of_window("blackman", M, dtype)
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, dtype=dtype, requires_grad=requires_grad)


def nuttall(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Nuttall's sum of four cosines; arguments as of `bartlett`."""
    factors = [0.3635819, 0.4891775, 0.1365995, 0.0106411]
    return general_cosine(M, a=factors, sym=sym, dtype=dtype, requires_grad=requires_grad)


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """sin(π (k + ½) / M); arguments as of `bartlett`."""
    kind = kind_of_window("cosine", M, dtype)
    period = M if sym or M == 1 else M + 1
    values = np.sin((np.arange(M) + 0.5) * (math.pi / max(period, 1)))
    return finished(values, kind, requires_grad)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """e^(-|k - c| / τ).

    Args:
        M: The number of elements.
        center: c, of windows that are not symmetric; by default the middle.
        tau: τ.
        sym: Whether it ends as it begins.
        dtype: float32 or float64; by default the default dtype.
        layout: Accepted as in PyTorch.
        device: Accepted as in PyTorch; tensors are on the CPU.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        ArgumentError: If τ is not positive, or there is a centre of a symmetric window.
    """
    kind = kind_of_window("exponential", M, dtype)
    if tau <= 0:
        raise ArgumentError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ArgumentError("Center must be None for symmetric windows. Give sym=False.")
    middle = (M - 1 if sym or M == 1 else M) / 2 if center is None else center
    return finished(np.exp(-np.abs((np.arange(M) - middle) / tau)), kind, requires_grad)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """e^(-½ ((k - (M - 1) / 2) / σ)²), σ the `std`; other arguments as of `bartlett`.

    Raises:
        ArgumentError: If σ is not positive.
    """
    kind = kind_of_window("gaussian", M, dtype)
    if std <= 0:
        raise ArgumentError(f"Standard deviation must be positive, got: {std} instead.")
    places = (np.arange(M) - (M - 1 if sym or M == 1 else M) / 2) / (std * math.sqrt(2))
    return finished(np.exp(-places * places), kind, requires_grad)


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """I₀(β √(1 - (2k / (M - 1) - 1)²)) / I₀(β); other arguments as of `bartlett`.

    Raises:
        ArgumentError: If β is negative.
    """
    kind = kind_of_window("kaiser", M, dtype)
    if beta < 0:
        raise ArgumentError(f"beta must be non-negative, got: {beta} instead.")
    return finished(bessel(M, beta, sym), kind, requires_grad)
