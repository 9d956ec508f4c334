"""The wing's tensor: the one Tensor, with PyTorch's methods and dtypes beside NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core import tensor as core
from thalweg.core.spec import FLOAT32, INT64, DType, Promotion, Spec
from thalweg.errors import DtypeError

_BOOL = np.dtype(np.bool_)

# Their order decides: of Booleans, integers, real and complex numbers.
_KINDS = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}


class TorchPromotion(Promotion):
    """PyTorch's rules: operands with axes count before those without, and these before numbers.

    What counts less makes a difference where its kind is a higher one. Integers make floats of the
    default dtype, and join real numbers of any.

    Source:
        PyTorch, "Tensor Attributes", section "Type Promotion".
    """

    def join(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype that operands take together."""
        first = specs[0].dtype
        if not specs[0].weak and all(spec.dtype is first and not spec.weak for spec in specs):
            return first
        if all(spec.weak for spec in specs):
            # A number still, with all its digits: what it is combined with says of which dtype.
            return np.result_type(*(spec.dtype for spec in specs))
        found: DType | None = None
        for rank in (_has_axes, _has_none, _is_weak):
            dtypes = [self.strong(s) for s in specs if rank(s)]
            if not dtypes:
                continue
            lower = dtypes[0]
            for dtype in dtypes[1:]:
                lower = _common(lower, dtype)
            found = lower if found is None else _outranked(found, lower)
        assert found is not None
        return found

    def chosen(self, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype of what is chosen from these, which is no number any more."""
        joined = self.join(specs)
        return self.strong(Spec((), joined, True)) if all(s.weak for s in specs) else joined

    def real(self) -> DType:
        """Return the dtype of functions of integers that are none."""
        return self.default

    def product(self, name: str, specs: tuple[Spec, ...]) -> DType:
        """Return the dtype of a product of matrices, whose operands have one.

        Raises:
            DtypeError: If they have not.
        """
        first, *others = (spec.dtype for spec in specs)
        for other in others:
            if other != first:
                raise DtypeError(
                    f"expected m1 and m2 to have the same dtype, but got: {first} != {other} in "
                    f"{name}. Convert one with .to(dtype)."
                )
        return first

    def is_number(self, operand: Any) -> bool:
        """Tell whether a NumPy scalar is a number that gives way: all are."""
        return isinstance(operand, np.generic)

    def strong(self, spec: Spec) -> DType:
        """Return the dtype that a Python number has by itself."""
        if not spec.weak:
            return spec.dtype
        kind = spec.dtype.kind
        if kind == "f":
            return self.default
        if kind == "c":
            return np.result_type(self.default, np.complex64)
        return _BOOL if kind == "b" else INT64


def _has_axes(spec: Spec) -> bool:
    return spec.shape != ()


def _has_none(spec: Spec) -> bool:
    return spec.shape == () and not spec.weak


def _is_weak(spec: Spec) -> bool:
    return spec.shape == () and spec.weak


def _common(x: DType, y: DType) -> DType:
    """Return the dtype of two that count alike: of real numbers and integers, that of the real."""
    if _KINDS[x.kind] < 2 <= _KINDS[y.kind]:
        return y
    if _KINDS[y.kind] < 2 <= _KINDS[x.kind]:
        return x
    return np.result_type(x, y)


def _outranked(higher: DType, lower: DType) -> DType:
    """Return the dtype of operands of which the first count before the second."""
    if _KINDS[higher.kind] >= _KINDS[lower.kind]:
        return higher
    if higher.kind == "f":
        # Of complex numbers that count less, what is complex is taken, not the precision.
        return np.result_type(higher, np.complex64)
    return lower


TORCH = TorchPromotion(FLOAT32)


def get_default_dtype() -> DType:
    """Return the dtype of new floating tensors: float32, or what `set_default_dtype` gave."""
    return TORCH.default


def set_default_dtype(d: Any) -> None:
    """Set the dtype of new floating tensors: float32 or float64; it is told from `tw`'s.

    Raises:
        DtypeError: If it is no floating dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.set_default_dtype(torch.float64)
        >>> torch.zeros(2).dtype
        dtype('float64')
        >>> torch.set_default_dtype(torch.float32)
    """
    TORCH.set_default(d)


class TorchTensor(core.Tensor):
    """A tensor with PyTorch's methods; what is computed from it is one too.

    Args:
        data: Anything `numpy.asarray` accepts.
        requires_grad: Whether `backward()` computes its derivative.
        dtype: The dtype to convert to; by default that of the data.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.Tensor([[1.0, 4.0]])
        >>> x.sqrt().unsqueeze(0).size()
        thalweg.Size([1, 1, 2])
    """

    __slots__ = ()

    promotion = TORCH


TorchTensor.results = TorchTensor
