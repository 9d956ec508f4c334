"""Parts of complex numbers.

Derivatives of complex numbers are holomorphic ones, transposed without conjugation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.apply import stacked
from thalweg.core.operation import attach, method, op, operation, register
from thalweg.core.primitive import linear
from thalweg.core.spec import COMPLEX, Array, Spec, real_dtype
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.arithmetic import add, multiply, square
from thalweg.ops.elementwise.conversion import astype

__all__ = ["angle", "conj", "imag", "iscomplexobj", "real"]


def _of_parts(x: Spec) -> Spec:
    return Spec(x.shape, real_dtype(x.dtype))


@linear(_of_parts, lambda g, out, x: astype(g, x.dtype), view=True, batch=stacked)
def real_part(x: Array) -> Array:
    """Real part of complex numbers."""
    return np.real(x)


@linear(_of_parts, lambda g, out, x: multiply(astype(g, x.dtype), -1j), view=True, batch=stacked)
def imaginary_part(x: Array) -> Array:
    """Imaginary part of complex numbers."""
    return np.imag(x)


@linear(lambda x: x, lambda g, out, x: conjugated(g), takes=COMPLEX, batch=stacked)
def conjugate(x: Array) -> Array:
    """Complex conjugate."""
    return np.conjugate(x)


@operation
def real(x: Any) -> Tensor:
    """Real part; of real numbers, they themselves."""
    tensor = as_tensor(x)
    return real_part(tensor) if tensor.dtype.kind == "c" else tensor


@operation
def imag(x: Any) -> Tensor:
    """Imaginary part; of real numbers zeros."""
    tensor = as_tensor(x)
    return imaginary_part(tensor) if tensor.dtype.kind == "c" else op.zeros_like(tensor)


def conjugated(x: Any) -> Tensor:
    """Return the complex conjugate, of real numbers the tensor itself."""
    tensor = as_tensor(x)
    return conjugate(tensor) if tensor.dtype.kind == "c" else tensor


register("conjugated", conjugated)


@method
def conj(x: Any) -> Tensor:
    """Complex conjugate: a - bi of a + bi; of real numbers a copy."""
    found = conjugated(x)
    return op.clone(found) if found is x else found


register("conjugate", conj)

attach("conjugate", conj)


def squared_magnitude(x: Tensor) -> Tensor:
    """Return |x|², which is real and has a derivative everywhere."""
    return square(real(x)) + square(imag(x)) if x.dtype.kind == "c" else square(x)


@operation
def angle(x: Any) -> Tensor:
    """Angle of complex numbers in radians between -π and π; of real ones 0 or π."""
    return op.arctan2(imag(x), add(real(x), 0.0))


@operation
def along_direction(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    """Return g times the derivative of |x|: of complex z, Re(z̄ g / |z|), or back, g z̄ / |z|."""
    if x.dtype.kind != "c":
        return g * op.sign(x)
    at_zero = op.equal(out, 0.0)
    slope = g * op.where(at_zero, 0.0, conjugated(x) / op.where(at_zero, 1.0, out))
    return real(slope) if g.dtype.kind == "c" else slope


@operation
def iscomplexobj(x: Any) -> bool:
    """Tell whether the dtype is complex."""
    return as_tensor(x).dtype.kind == "c"


attach("real", property(real, doc="The real part."))

attach("imag", property(imag, doc="The imaginary part."))
