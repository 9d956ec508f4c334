"""PyTorch's names in the namespace and as methods: of functions of the wing, and of those below it.

A function that is named here takes PyTorch's names of parameters, and returns tensors of the wing.
What it is given as `out=` has memory of its own, or is all of an operand that may change in place.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Collection
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

import numpy as np

from thalweg.core import tensor as core
from thalweg.core.operation import WITHOUT_OUT, taking_out
from thalweg.core.primitive import Primitive
from thalweg.core.spec import defaults_of
from thalweg.core.tensor import Tensor
from thalweg.core.writing import arrays_of
from thalweg.core.writing import inplace as write_inplace
from thalweg.engines.composed import computed
from thalweg.errors import ShapeError
from thalweg.torch.dtypes import TORCH
from thalweg.torch.return_types import as_named
from thalweg.torch.steps import call_step, steps_of
from thalweg.torch.tensors import TorchTensor

# After so many steps without an answer, memory is taken to be shared.
_STEPS: Any = 10_000  # NumPy's annotations know 0 and -1 only


def require_apart(name: str, outs: Any, operands: Any, in_place: bool) -> None:
    """Refuse memory that an operand has too.

    Args:
        name: What is called.
        outs: The tensor or array that the result is written into; several as a tuple; None.
        operands: The other arguments.
        in_place: Whether the function may write its result into an operand itself.

    Raises:
        ShapeError: If an output overlaps an operand.
    """
    for out in outs if isinstance(outs, (tuple, list)) else (outs,):
        memory = out.array if isinstance(out, Tensor) else out
        for operand in arrays_of(operands) if out is not None else ():
            array = operand.array if isinstance(operand, Tensor) else operand
            same = operand is out or _is_same(array, memory)
            if not in_place if same else _overlap(array, memory):
                raise ShapeError(
                    f"unsupported operation: {name} got an out= that refers to memory of an "
                    "operand; some elements of the input tensor and the written-to tensor refer "
                    "to a single memory location. Please clone() the tensor before performing the "
                    "operation."
                )


def _is_same(x: Any, y: Any) -> bool:
    """Tell whether two arrays are the same elements in the same places."""
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
        return x is y
    mine, other = x.__array_interface__["data"], y.__array_interface__["data"]
    return bool(x.size) and (mine, x.shape, x.strides) == (other, y.shape, y.strides)


def _overlap(x: Any, y: Any) -> bool:
    if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)):
        return False
    return np.may_share_memory(x, y, _STEPS)


Function = TypeVar("Function", bound=Callable[..., Any])

Given = ParamSpec("Given")

Way = TypeVar("Way")

Result = TypeVar("Result")

NAMES: dict[str, Any] = {}

# PyTorch's names of parameters, where a function has ours and not theirs.
_KEYWORDS = {
    "dim": "axis",
    "dim1": "axis1",
    "dim2": "axis2",
    "dims": "axis",
    "exponent": "y",
    "input": "x",
    "keepdim": "keepdims",
    "other": "y",
    "self": "x",
    "tensors": "arrays",
}


# What PyTorch does not take Python numbers for, by function. Both operands are tensors:
_BOTH = """
allclose arctan2 atan2 dist dot equal fmax fmin gcd ger heaviside hypot igamma igammac inner
is_same_size isclose kron lcm ldexp logaddexp logaddexp2 logical_and logical_or logical_xor maximum
minimum nextafter outer special_gammainc special_gammaincc take take_along_dim vdot
"""
# The same, told in other words:
_BOTH_ANYHOW = """
cumulative_trapezoid trapezoid trapz
"""
# The first is a tensor, and the second is one or a number:
_FIRST = """
clamp clamp_max clamp_min clip copysign eq fmod ge greater greater_equal gt le less less_equal lt
max min ne not_equal rsub
"""
# One of the two is a tensor:
_EITHER = """
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor float_power isin pow
remainder special_chebyshev_polynomial_t special_chebyshev_polynomial_u
special_chebyshev_polynomial_v special_chebyshev_polynomial_w special_hermite_polynomial_h
special_hermite_polynomial_he special_laguerre_polynomial_l special_legendre_polynomial_p
special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_u
special_shifted_chebyshev_polynomial_v special_shifted_chebyshev_polynomial_w special_xlog1py
special_xlogy special_zeta xlogy
"""
# And these take a list of tensors, not one that stands for the list of its rows:
_LISTS = """
cat column_stack concat concatenate dstack hstack row_stack stack vstack
"""
_WANTED = {
    name: kind
    for kind, names in (
        ("both", _BOTH), ("both anyhow", _BOTH_ANYHOW), ("first", _FIRST), ("either", _EITHER),
        ("list", _LISTS),
    )
    for name in names.split()
}  # fmt: skip
# What a call of a combination that there is not is told to give.
_COMBINATIONS = {
    "both anyhow": "tensors as both operands", "first": "a tensor as the first operand",
    "either": "a tensor as either operand",
}  # fmt: skip
_SECOND = {
    "dot": "tensor", "ger": "vec2", "heaviside": "values", "outer": "vec2", "take": "index",
    "take_along_dim": "indices",
}  # fmt: skip
_NUMBER = (int, float, complex, np.generic)


def of_tensors(name: str, spoken: Function, first: int = 1) -> Function:
    """Return a function that wants tensors for the operands for which PyTorch's of the name does.

    Args:
        name: PyTorch's name, with its room before it: `special_zeta`.
        spoken: The function; it is returned itself if PyTorch's takes numbers.
        first: The position that its first operand is counted as; 0 of a method.
    """
    if name not in _WANTED:
        return spoken
    refuse = _REFUSE[_WANTED[name]]
    labels = "input", _SECOND.get(name, "other")

    def called(*args: Any, **kwargs: Any) -> Any:
        given = args
        if kwargs and len(args) < 2:
            given += tuple(kwargs[label] for label in labels[len(args) :] if label in kwargs)
        if refuse(given, name):
            raise TypeError(_refusal(name, given, labels, range(first, first + len(args))))
        return spoken(*args, **kwargs)

    return functools.update_wrapper(called, spoken)  # type: ignore[return-value]


def _refuse_each(given: tuple[Any, ...], name: str) -> bool:
    return any(isinstance(value, _NUMBER) for value in given[:2])


def _refuse_pair(given: tuple[Any, ...], name: str) -> bool:
    if not (given and isinstance(given[0], _NUMBER)):
        return False
    return _WANTED[name] == "first" or all(isinstance(value, _NUMBER) for value in given[1:2])


def _refuse_single(given: tuple[Any, ...], name: str) -> bool:
    return bool(given) and isinstance(given[0], Tensor)


_REFUSE = {
    "both": _refuse_each, "both anyhow": _refuse_each, "either": _refuse_pair,
    "first": _refuse_pair, "list": _refuse_single,
}  # fmt: skip


def _refusal(name: str, given: tuple[Any, ...], labels: tuple[str, str], positions: range) -> str:
    """Return PyTorch's words for operands that are not what it wants."""
    kind = _WANTED[name]
    kinds = [type(v).__name__ if isinstance(v, _NUMBER) else "Tensor" for v in given]
    if kind in _COMBINATIONS:
        return (
            f"{name}() received an invalid combination of arguments - got ({', '.join(kinds)}), "
            f"but expected one of: {_COMBINATIONS[kind]}. Make one with torch.tensor."
        )
    place = 0 if kind == "list" else next(i for i, k in enumerate(kinds) if k != "Tensor")
    label = "tensors" if kind == "list" else labels[place]
    where = f" (position {positions[place]})" if place < len(positions) else ""
    wanted = "tuple of Tensors" if kind == "list" else "Tensor"
    advice = "Give [*x] for its rows, or [x]." if kind == "list" else "Use torch.tensor."
    return f"{name}(): argument '{label}'{where} must be {wanted}, not {kinds[place]}. {advice}"


@overload
def function(given: Function, /) -> Function: ...


@overload
def function(*names: str, inplace: bool = False) -> Callable[[Function], Function]: ...


def function(*given: Any, inplace: bool = False) -> Any:
    """Put a function into PyTorch's namespace, under its own name and others.

    Args:
        given: Further names.
        inplace: Whether `name_` shall exist too, which writes the result into the first operand.
    """
    return _declare(given, inplace, methods=False)


@overload
def method(given: Function, /) -> Function: ...


@overload
def method(*names: str, inplace: bool = False) -> Callable[[Function], Function]: ...


def method(*given: Any, inplace: bool = False) -> Any:
    """Put a function into PyTorch's namespace, and make it a method of the wing's tensors."""
    return _declare(given, inplace, methods=True)


def _declare(given: tuple[Any, ...], inplace: bool, methods: bool) -> Any:
    def declare(own: Any) -> Any:
        spoken = speaking(taking_out(own), inplace)
        for name in (own.__name__, *names):
            publish(name, spoken, methods, inplace)
        return spoken

    names = () if given and callable(given[0]) else given
    return declare if names is given else declare(given[0])


def publish(name: str, spoken: Any, methods: bool, inplace: bool) -> None:
    """Put a function that speaks PyTorch's words under a name, with its variants."""
    NAMES[name] = of_tensors(name, spoken)
    as_method = of_tensors(name, spoken, 0)
    if methods:
        setattr(TorchTensor, name, as_method)
    if inplace:
        NAMES[f"{name}_"] = written = in_place_variant(name, as_method)
        setattr(TorchTensor, f"{name}_", written)


def attach(name: str, value: Any) -> None:
    """Make a function or a property a member of the wing's tensors."""
    setattr(TorchTensor, name, speaking(value) if inspect.isfunction(value) else value)


def variant_of(
    general: Callable[Concatenate[str, Way, Given], Result], way: Way
) -> Callable[[Callable[[], None]], Callable[Given, Result]]:
    """Let a function that states its name and its documentation alone be a general one.

    Args:
        general: What is called: with the name, the way, and the arguments.
        way: What tells the variants apart.
    """

    def declare(stated: Callable[[], None]) -> Callable[Given, Result]:
        namer = steps_of(stated)

        def variant(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            found = general(stated.__name__, way, *args, **kwargs)
            if namer is not None:
                call_step(found, args, namer(args, kwargs))
            return found

        functools.update_wrapper(variant, stated)
        variant.__annotations__ = dict([*general.__annotations__.items()][2:])
        whole = inspect.signature(general)
        own = list(whole.parameters.values())[2:]
        variant.__signature__ = whole.replace(parameters=own)  # type: ignore[attr-defined]
        return variant

    return declare


def named(name: str, documentation: str) -> Callable[[Function], Function]:
    """Give a function that is made for a name that name, and what it says of itself."""

    def declare(made: Function) -> Function:
        made.__name__ = made.__qualname__ = name
        made.__doc__ = documentation
        return made

    return declare


def in_place_variant(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    """Return `name_`: the function with its result written into the first operand."""

    @named(f"{name}_", f"Write the result of `{name}` into the tensor itself, and return it.")
    def written(x: Any, *args: Any, **kwargs: Any) -> Any:
        return write_inplace(own, x, *args, **kwargs)

    written.__module__ = own.__module__
    written.__wrapped__ = own  # type: ignore[attr-defined]
    return written


def keywords_of(parameters: Collection[str]) -> dict[str, str]:
    """Return ours by PyTorch's names of parameters, where a function has ours and not theirs."""
    # Of two of PyTorch's names for one parameter a call gives one.
    keywords = _KEYWORDS if "axis" in parameters else _KEYWORDS | {"dim": "axes", "dims": "axes"}
    if "left" in parameters:
        # Both sides of a system are in capital letters.
        keywords = keywords | {"A": "a", "B": "b"}
    return {
        theirs: ours
        for theirs, ours in keywords.items()
        if ours in parameters and theirs not in parameters
    }


# Functions of one operand, and from how many elements on they are computed by machine code.
COMPILED = dict.fromkeys(
    ["digamma", "erf", "erfc", "erfinv", "expm1", "lgamma", "logit", "sigmoid"], 1
) | dict.fromkeys(
    [
        "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "exp", "exp2",
        "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh",
    ],
    1 << 13,
)  # fmt: skip


def _compiled_from(least: int, own: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is compiled for operands of so many elements, and more."""

    def of_one(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs:
            x = args[0]
            if isinstance(x, TorchTensor) and getattr(x.array, "size", 0) >= least:
                return computed(own, x)
        return own(*args, **kwargs)

    return of_one


def speaking(own: Function, inplace: bool = False, prefix: str = "") -> Function:
    """Return a function that takes PyTorch's names of its parameters, and returns its tensors.

    Args:
        own: The function.
        inplace: Whether it may write its result into an operand itself, by `out=`.
        prefix: What stands before its name where several results print under it.
    """
    signature = inspect.signature(own)
    names = keywords_of(signature.parameters)
    without_out = own if isinstance(own, Primitive) else WITHOUT_OUT.get(own, own)
    if own.__name__ in COMPILED:
        without_out = _compiled_from(COMPILED[own.__name__], without_out)
    positions, name = _positions(signature), f"{prefix}{own.__name__}"
    steps = steps_of(own)

    def spoken(*args: Any, **kwargs: Any) -> Any:
        if len(args) > positions:
            args, kwargs = _reordered(own.__name__, args, kwargs, positions)
        if kwargs:
            kwargs = {names.get(name, name): value for name, value in kwargs.items()}
            if "out" in kwargs:
                rest = {name: value for name, value in kwargs.items() if name != "out"}
                require_apart(own.__name__, kwargs["out"], (args, rest), inplace)
                return as_named(adopted(own(*args, **kwargs), args), name)
        found = without_out(*args, **kwargs)
        if steps is not None and getattr(found, "node", found) is not None:
            call_step(found, args, steps(args, kwargs))
        if found.__class__ is TorchTensor and not found.weak:
            return found
        return as_named(_strong(adopted(found, args)), name)

    functools.update_wrapper(spoken, own)
    if isinstance(own, Primitive):
        spoken.__dict__.clear()  # of the primitive's own attributes
        spoken.__wrapped__ = own  # type: ignore[attr-defined]
    if isinstance(own, Primitive) or positions < len(signature.parameters):
        spoken.__signature__ = _with_positions(signature, positions)  # type: ignore[attr-defined]
    return spoken  # type: ignore[return-value]


def _positions(signature: inspect.Signature) -> int:
    """Return how many arguments come by position before NumPy's order leaves PyTorch's.

    It does in what sums: NumPy's third is the dtype, PyTorch's is whether dimensions are kept.
    """
    # What takes any number of arguments, or too many, says so itself.
    return 2 if [*signature.parameters][2:4] == ["dtype", "keepdims"] else sys.maxsize


def _reordered(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], positions: int
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments whose last one by position is PyTorch's `keepdim`, by its name here."""
    if len(args) > positions + 1:
        raise TypeError(
            f"{name}() takes {positions + 1} positional arguments but {len(args)} were given. "
            "Give dtype= and out= by name."
        )
    if "keepdim" in kwargs or "keepdims" in kwargs:
        raise TypeError(f"{name}() got multiple values for argument 'keepdim'")
    return args[:positions], {**kwargs, "keepdims": args[positions]}


def _with_positions(signature: inspect.Signature, positions: int) -> inspect.Signature:
    """Return a signature in PyTorch's order."""
    parameters = [*signature.parameters.values()]
    moved = [p for p in parameters[positions:] if p.name == "keepdims"]
    rest = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters[positions:] if p not in moved]
    return signature.replace(parameters=[*parameters[:positions], *moved, *rest])


def _strong(found: Any) -> Any:
    """Return a number as a tensor of the dtype that it has by itself."""
    if isinstance(found, Tensor) and found.weak:
        return core.astype(found, TORCH.strong(found.spec))
    return found


def operands_by_name(function: Function, *names: tuple[str, ...]) -> Function:
    """Return a function whose first operands can be given by PyTorch's names.

    Args:
        function: The function.
        names: By place, the names of an operand.
    """

    def called(*args: Any, **kwargs: Any) -> Any:
        for choices in names[len(args) :] if kwargs else ():
            given = [name for name in choices if name in kwargs]
            if not given:
                break
            args += (kwargs.pop(given[0]),)
        return function(*args, **kwargs)

    return functools.update_wrapper(called, function)  # type: ignore[return-value]


def creating(own: Function) -> Function:
    """Return a function that makes floating tensors of the wing's default dtype."""

    def made(*args: Any, **kwargs: Any) -> Any:
        with defaults_of(TORCH):
            return own(*args, **kwargs)

    return functools.update_wrapper(made, own)  # type: ignore[return-value]


def adopted(found: Any, given: tuple[Any, ...] = ()) -> Any:
    """Return results as tensors of the wing: those that are new, and not what was given.

    Args:
        found: A tensor, a tuple or list of tensors, or anything else.
        given: The operands, which stay what they are.
    """
    if isinstance(found, Tensor):
        if found.__class__ is Tensor and not any(found is operand for operand in given):
            found.__class__ = TorchTensor
    elif isinstance(found, (tuple, list)):
        for part in found:
            adopted(part, given)
    return found


def make(array: Any) -> Tensor:
    """Return a tensor of the wing on an array's memory."""
    return core.make(array, kind=TorchTensor)


def as_tensor(value: Any) -> Tensor:
    """Return a tensor as it is, and of anything else one of the wing over it."""
    if value.__class__ is TorchTensor:
        return value
    found: Tensor = adopted(core.as_tensor(value), (value,))
    return found
