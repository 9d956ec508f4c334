"""Complex numbers made of real ones, and shown as them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec, broadcast
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.complex import imag, real
from thalweg.ops.elementwise.trigonometric import cos, sin
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import stack
from thalweg.ops.torch.parts import select

__all__ = [
    "complex",
    "polar",
    "view_as_complex",
    "view_as_real",
]


Array = np.ndarray[Any, Any]


def _parts(name: str, x: Any, y: Any) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    one, other = as_tensor(x), as_tensor(y)
    if one.dtype != other.dtype or one.dtype.kind != "f":
        raise DtypeError(
            f"{name} expects both inputs to be floating and of one dtype; it got {one.dtype} and "
            f"{other.dtype}. Convert them with astype."
        )
    shape = broadcast(name, (one.spec, other.spec))
    return (broadcast_to(one, shape), broadcast_to(other, shape)), {}


def _joined(x: Spec, y: Spec) -> Spec:
    return Spec(x.shape, np.dtype(f"c{2 * x.dtype.itemsize}"))


@linear(
    _joined,
    lambda g, out, x, y: real(g),
    # The derivative of the imaginary part is i, and nothing is conjugated.
    lambda g, out, x, y: multiply(imag(g), -1.0),
    arguments=lambda x, y: _parts("complex", x, y),
    additive=True,
)
def complex_of(x: Array, y: Array) -> Array:
    """Complex numbers of real and imaginary parts: x + i y."""
    found = np.empty(x.shape, _joined(Spec(x.shape, x.dtype), Spec(y.shape, y.dtype)).dtype)
    found.real, found.imag = x, y
    return found


@operation
def complex(real: Any, imag: Any) -> Tensor:
    """Return complex numbers of real and imaginary parts.

    Raises:
        DtypeError: If they are not floating numbers of one dtype.
    """
    return complex_of(real, imag)


@operation
def polar(abs: Any, angle: Any) -> Tensor:
    """Return complex numbers of sizes and angles: r (cos θ + i sin θ)."""
    (size, turn), _ = _parts("polar", abs, angle)
    return complex_of(multiply(size, cos(turn)), multiply(size, sin(turn)))


@operation
def view_as_complex(x: Any) -> Tensor:
    """Return complex numbers of which the last axis, of extent 2, holds both parts.

    Raises:
        ShapeError: If it has another extent.
    """
    tensor = as_tensor(x)
    if not tensor.ndim or tensor.shape[-1] != 2:
        raise ShapeError(f"view_as_complex wants a last axis of extent 2; got {tensor.shape}.")
    return complex_of(select(tensor, -1, 0), select(tensor, -1, 1))


@operation
def view_as_real(x: Any) -> Tensor:
    """Return both parts of complex numbers along a new last axis.

    Raises:
        DtypeError: If they are not complex.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind != "c":
        raise DtypeError(
            f"view_as_real is only supported for complex tensors, not for {tensor.dtype}."
        )
    return stack([real(tensor), imag(tensor)], axis=-1)
