"""What Python's operators of tensors mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.memory import Element
from thalweg.core.operation import attach
from thalweg.core.primitive import Primitive
from thalweg.core.tensor import Tensor
from thalweg.core.writing import inplace
from thalweg.ops.elementwise import arithmetic as of_numbers
from thalweg.ops.elementwise import comparison as logic

Function = Callable[..., Any]

_OF_ONE: dict[str, Function] = {
    "abs": of_numbers.absolute,
    "invert": logic.invert,
    "neg": of_numbers.negative,
    "pos": of_numbers.positive,
}

_OF_TWO: dict[str, Function] = {
    "add": of_numbers.add,
    "and": logic.bitwise_and,
    "floordiv": of_numbers.floor_divide,
    "lshift": logic.bitwise_left_shift,
    "mod": of_numbers.remainder,
    "mul": of_numbers.multiply,
    "or": logic.bitwise_or,
    "pow": of_numbers.pow,
    "rshift": logic.bitwise_right_shift,
    "sub": of_numbers.subtract,
    "truediv": of_numbers.divide,
    "xor": logic.bitwise_xor,
}

_COMPARISONS: dict[str, Function] = {
    "ge": logic.greater_equal,
    "gt": logic.greater,
    "le": logic.less_equal,
    "lt": logic.less,
}

_EQUALITIES: dict[str, Function] = {"eq": logic.equal, "ne": logic.not_equal}


def _of_one(function: Function) -> Function:
    return lambda x: function(x)


def _of_two(function: Function) -> Function:
    return lambda x, y: function(x, y)


def _of_power(function: Function) -> Function:
    # Most powers are squares.
    square = of_numbers.square
    return lambda x, y: square(x) if y.__class__ is int and y == 2 else function(x, y)


def _reflected(function: Function) -> Function:
    return lambda x, y: function(y, x)


def _in_place(function: Function) -> Function:
    def _written(x: Tensor, y: Any) -> Any:
        # As NumPy's scalars: x = y[0]; x += 1 leaves y as it is.
        return function(x, y) if x.memory.__class__ is Element else inplace(function, x, y)

    return _written


def _equality(function: Function) -> Function:
    # None equals no tensor, as a whole.
    return lambda x, y: NotImplemented if y is None else function(x, y)


for _prefix, _form, _functions in (
    ("", _of_one, _OF_ONE),
    ("", _of_two, _OF_TWO),
    ("r", _reflected, _OF_TWO),
    ("i", _in_place, _OF_TWO),
    ("", _of_two, _COMPARISONS),
    ("", _equality, _EQUALITIES),
):
    for _name, _function in _functions.items():
        _text = _function.__doc__
        if isinstance(_function, Primitive) and len(_function.rules) == 2:
            _function = _function.of_two
        _operator = (_of_power if (_prefix, _name) == ("", "pow") else _form)(_function)
        _operator.__doc__ = _text
        attach(f"__{_prefix}{_name}__", _operator)
