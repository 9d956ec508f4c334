"""What Python's operators and a tensor's methods mean: the operations of the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.core.operation import OPERATIONS

if TYPE_CHECKING:
    from thalweg.core.tensor import Tensor


def _call(name: str, *args: Any) -> Tensor:
    result: Tensor = OPERATIONS[name](*args)
    return result


def _in_place(name: str, tensor: Any, other: Any) -> Tensor:
    result: Tensor = OPERATIONS["inplace"](OPERATIONS[name], tensor, other)
    return result


class Operators:
    """The part of a tensor that only names operations; the operations decide everything."""

    __slots__ = ()

    if TYPE_CHECKING:
        # The operations declared with `method` are methods too.
        def __getattr__(self, name: str) -> Any: ...

    def __getitem__(self, key: Any) -> Tensor:
        return _call("getitem", self, key)

    # ---- operators

    def __add__(self, other: Any) -> Tensor:
        return _call("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _call("add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _call("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _call("subtract", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _call("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _call("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _call("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _call("divide", other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return _call("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _call("floor_divide", other, self)

    def __mod__(self, other: Any) -> Tensor:
        return _call("remainder", self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return _call("remainder", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _call("pow", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _call("pow", other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return _call("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return _call("matmul", other, self)

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
        return _call("negative", self)

    def __pos__(self) -> Tensor:
        return self  # type: ignore[return-value]

    def __abs__(self) -> Tensor:
        return _call("absolute", self)

    def __invert__(self) -> Tensor:
        return _call("invert", self)

    def __and__(self, other: Any) -> Tensor:
        return _call("bitwise_and", self, other)

    def __or__(self, other: Any) -> Tensor:
        return _call("bitwise_or", self, other)

    def __xor__(self, other: Any) -> Tensor:
        return _call("bitwise_xor", self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _call("bitwise_and", other, self)

    def __ror__(self, other: Any) -> Tensor:
        return _call("bitwise_or", other, self)

    def __rxor__(self, other: Any) -> Tensor:
        return _call("bitwise_xor", other, self)

    def __lshift__(self, other: Any) -> Tensor:
        return _call("bitwise_left_shift", self, other)

    def __rlshift__(self, other: Any) -> Tensor:
        return _call("bitwise_left_shift", other, self)

    def __rshift__(self, other: Any) -> Tensor:
        return _call("bitwise_right_shift", self, other)

    def __rrshift__(self, other: Any) -> Tensor:
        return _call("bitwise_right_shift", other, self)

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return _call("equal", self, other)

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        return _call("not_equal", self, other)

    def __lt__(self, other: Any) -> Tensor:
        return _call("less", self, other)

    def __le__(self, other: Any) -> Tensor:
        return _call("less_equal", self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _call("greater", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _call("greater_equal", self, other)

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """The transpose: all axes in reverse order."""
        return _call("transpose", self)

    @property
    def mT(self) -> Tensor:  # noqa: N802 - the Array API's name
        """The matrix transpose: the last two axes swapped."""
        return _call("swapaxes", self, -1, -2)
