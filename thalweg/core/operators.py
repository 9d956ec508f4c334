"""What Python's operators and a tensor's methods mean: the operations of the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.memory import Element
from thalweg.core.operation import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from thalweg.core.tensor import Tensor


def _in_place(name: str, tensor: Any, other: Any) -> Tensor:
    if tensor.memory.__class__ is Element:
        # As NumPy's scalars: x = y[0]; x += 1 leaves y as it is.
        return OPERATIONS[name](tensor, other)  # type: ignore[no-any-return]
    result: Tensor = OPERATIONS["inplace"](OPERATIONS[name], tensor, other)
    return result


class Operators:
    """The part of a tensor that only names operations; the operations decide everything."""

    __slots__ = ()

    if TYPE_CHECKING:
        # The operations declared with `method` are methods too.
        def __getattr__(self, name: str) -> Any: ...

        data: Any
        detach: Callable[[], Tensor]

    def __getitem__(self, key: Any) -> Tensor:
        return OPERATIONS["getitem"](self, key)  # type: ignore[no-any-return]

    # ---- operators

    def __add__(self, other: Any) -> Tensor:
        return OPERATIONS["add"](self, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Tensor:
        return OPERATIONS["add"](other, self)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Tensor:
        return OPERATIONS["subtract"](self, other)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Tensor:
        return OPERATIONS["subtract"](other, self)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Tensor:
        return OPERATIONS["multiply"](self, other)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Tensor:
        return OPERATIONS["multiply"](other, self)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Tensor:
        return OPERATIONS["divide"](self, other)  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Tensor:
        return OPERATIONS["divide"](other, self)  # type: ignore[no-any-return]

    def __floordiv__(self, other: Any) -> Tensor:
        return OPERATIONS["floor_divide"](self, other)  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> Tensor:
        return OPERATIONS["floor_divide"](other, self)  # type: ignore[no-any-return]

    def __mod__(self, other: Any) -> Tensor:
        return OPERATIONS["remainder"](self, other)  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> Tensor:
        return OPERATIONS["remainder"](other, self)  # type: ignore[no-any-return]

    def __pow__(self, other: Any) -> Tensor:
        return OPERATIONS["pow"](self, other)  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> Tensor:
        return OPERATIONS["pow"](other, self)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Tensor:
        if other.__class__ is not self.__class__ and hasattr(other, "tocoo"):
            return OPERATIONS["sparse_product"](self, other)  # type: ignore[no-any-return]
        return OPERATIONS["matmul"](self, other)  # type: ignore[no-any-return]

    def __rmatmul__(self, other: Any) -> Tensor:
        return OPERATIONS["matmul"](other, self)  # type: ignore[no-any-return]

    # ---- operators that change the tensor itself

    def __iadd__(self, other: Any) -> Tensor:
        return _in_place("add", self, other)

    def __isub__(self, other: Any) -> Tensor:
        return _in_place("subtract", self, other)

    def __imul__(self, other: Any) -> Tensor:
        return _in_place("multiply", self, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return _in_place("divide", self, other)

    def __ifloordiv__(self, other: Any) -> Tensor:
        return _in_place("floor_divide", self, other)

    def __imod__(self, other: Any) -> Tensor:
        return _in_place("remainder", self, other)

    def __ipow__(self, other: Any) -> Tensor:
        return _in_place("pow", self, other)

    def __iand__(self, other: Any) -> Tensor:
        return _in_place("bitwise_and", self, other)

    def __ior__(self, other: Any) -> Tensor:
        return _in_place("bitwise_or", self, other)

    def __ixor__(self, other: Any) -> Tensor:
        return _in_place("bitwise_xor", self, other)

    def __ilshift__(self, other: Any) -> Tensor:
        return _in_place("bitwise_left_shift", self, other)

    def __irshift__(self, other: Any) -> Tensor:
        return _in_place("bitwise_right_shift", self, other)

    def __neg__(self) -> Tensor:
        return OPERATIONS["negative"](self)  # type: ignore[no-any-return]

    def __pos__(self) -> Tensor:
        return OPERATIONS["positive"](self)  # type: ignore[no-any-return]

    def __abs__(self) -> Tensor:
        return OPERATIONS["absolute"](self)  # type: ignore[no-any-return]

    def __invert__(self) -> Tensor:
        return OPERATIONS["invert"](self)  # type: ignore[no-any-return]

    def __and__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_and"](self, other)  # type: ignore[no-any-return]

    def __or__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_or"](self, other)  # type: ignore[no-any-return]

    def __xor__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_xor"](self, other)  # type: ignore[no-any-return]

    def __rand__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_and"](other, self)  # type: ignore[no-any-return]

    def __ror__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_or"](other, self)  # type: ignore[no-any-return]

    def __rxor__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_xor"](other, self)  # type: ignore[no-any-return]

    def __lshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_left_shift"](self, other)  # type: ignore[no-any-return]

    def __rlshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_left_shift"](other, self)  # type: ignore[no-any-return]

    def __rshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_right_shift"](self, other)  # type: ignore[no-any-return]

    def __rrshift__(self, other: Any) -> Tensor:
        return OPERATIONS["bitwise_right_shift"](other, self)  # type: ignore[no-any-return]

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        # None equals no tensor, as a whole.
        if other is None:
            return NotImplemented
        return OPERATIONS["equal"](self, other)  # type: ignore[no-any-return]

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        if other is None:
            return NotImplemented
        return OPERATIONS["not_equal"](self, other)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Tensor:
        return OPERATIONS["less"](self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Tensor:
        return OPERATIONS["less_equal"](self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> Tensor:
        return OPERATIONS["greater"](self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Tensor:
        return OPERATIONS["greater_equal"](self, other)  # type: ignore[no-any-return]

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """The transpose: all axes in reverse order."""
        return OPERATIONS["transpose"](self)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:  # noqa: N802 - the Array API's name
        """The matrix transpose: the last two axes swapped."""
        return OPERATIONS["swapaxes"](self, -1, -2)  # type: ignore[no-any-return]
