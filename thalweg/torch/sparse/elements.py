"""Arithmetic of sparse tensors: what leaves zeros zero."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError, UnsupportedOperation
from thalweg.ops.shape.join import concatenate
from thalweg.torch.naming import adopted, make
from thalweg.torch.size import TorchSize
from thalweg.torch.tensors import TorchTensor


class SparseElements:
    """The arithmetic of a sparse tensor of places and values.

    What is not linear joins places that are there twice first.
    """

    shape: TorchSize
    _places: Tensor
    _elements: TorchTensor
    _coalesced: bool

    def coalesce(self) -> Any:
        """Return the same tensor, with no place there twice."""
        raise NotImplementedError

    def _like(self, values: Any) -> Any:
        """Return a tensor with other values at the same places."""
        raise NotImplementedError

    def _become(self, other: Any) -> Self:
        """Take the places and values of another, and return this tensor."""
        raise NotImplementedError

    # ---- with numbers

    def __mul__(self, other: Any) -> Any:
        return self._like(self._elements * _number("*", other))

    __rmul__ = mul = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._like(self._elements / _number("/", other))

    div = __truediv__

    def __neg__(self) -> Any:
        return self._like(-self._elements)

    neg = __neg__

    def _each(self, name: str, *args: Any) -> Any:
        joined = self.coalesce()
        return joined._like(getattr(joined._elements, name)(*args))

    def __pow__(self, exponent: Any) -> Any:
        return self._each("pow", _number("**", exponent))

    pow = __pow__

    def conj(self) -> Any:
        """Return the complex conjugate."""
        return self._like(self._elements.conj())

    def abs(self) -> Any:
        """Return the sizes of the elements."""
        return self._each("abs")

    def sqrt(self) -> Any:
        """Return the square roots of the elements."""
        return self._each("sqrt")

    def square(self) -> Any:
        """Return the squares of the elements."""
        return self._each("square")

    # ---- with others

    def __add__(self, other: Any) -> Any:
        # Whichever is first, what is dense decides; PyTorch wants it to be the first.
        return self._whole() + other if isinstance(other, Tensor) else self._joined(other)

    add = __add__

    __radd__ = __add__

    def _whole(self) -> TorchTensor:
        return self.to_dense()  # type: ignore[attr-defined,no-any-return]

    def _joined(self, other: Any) -> Any:
        if not isinstance(other, SparseElements) or other.shape != self.shape:
            raise ShapeError(
                f"a sparse tensor of shape {tuple(self.shape)} was added to {_told(other)}; both "
                "must be sparse and have one shape. Use to_dense() first."
            )
        indices = np.concatenate([self._places.array, other._places.array], axis=1)
        values = adopted(concatenate([self._elements, other._elements], axis=0))
        found = type(self)(make(indices), values, self.shape)  # type: ignore[call-arg]
        # As PyTorch: places stay there twice unless both have none.
        return found.coalesce() if self._coalesced and other._coalesced else found

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    sub = __sub__

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    # ---- in place

    def add_(self, other: Any, *, alpha: Any = 1) -> Self:
        """Add another sparse tensor, in place."""
        return self._become(self + (other if alpha == 1 else other * alpha))

    def mul_(self, other: Any) -> Self:
        """Multiply by a number, in place."""
        return self._become(self * other)

    def div_(self, other: Any) -> Self:
        """Divide by a number, in place."""
        return self._become(self / other)

    def zero_(self) -> Self:
        """Forget all elements, in place."""
        with no_grad():
            none = self._like(self._elements[:0])
        none._places = make(self._places.array[:, :0].copy())
        return self._become(none)

    # ---- to one number

    def sum(self) -> TorchTensor:
        """Return the sum of all elements."""
        return self._elements.sum()

    def norm(self, p: Any = 2) -> TorchTensor:
        """Return the norm of all elements as one vector."""
        return self.coalesce()._elements.norm(p)  # type: ignore[no-any-return]


def _told(x: Any) -> str:
    return f"one of shape {tuple(x.shape)}" if hasattr(x, "shape") else f"a {type(x).__name__}"


def _number(name: str, other: Any) -> Any:
    if isinstance(other, SparseElements) or getattr(other, "ndim", False):
        raise UnsupportedOperation(
            f"a sparse tensor was given to {name} with {_told(other)}; it takes one number. Use "
            "to_dense() first."
        )
    return other
