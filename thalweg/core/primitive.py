"""Primitives: declared once, by their NumPy meaning and their rule.

A primitive's body is its NumPy meaning and its docstring the documentation. The decorator states
what else there is to know: how shapes and dtypes follow from the operands', and one rule an
operand, `(g, out, *operands, **params) -> cotangent`, written in thalweg operations so that it
differentiates again and traces. The decorated name *is* the public function.

    @elementwise   acts on each element alone; operands broadcast. Its rules are diagonal, so the
                   same rule maps tangents forward and cotangents back.
    @linear        linear in each differentiable operand, or `additive`: linear in all of them
                   together. A tangent goes through the primitive itself.
    @general       anything else; forward derivatives come from transposing the rule.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.apply import apply, apply_to_two
from thalweg.core.operation import WIDER, publish, translated
from thalweg.core.spec import (
    BOOL,
    FLOAT32,
    FLOAT64,
    INT8,
    DType,
    Spec,
    Takes,
    broadcast,
    promote,
    require_dtypes,
)
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.core.writing import write_out
from thalweg.errors import ArgumentError, DtypeError, UnsupportedOperation

Rule = Callable[..., Any]
Cast = Callable[[tuple[Spec, ...]], tuple[DType, ...]]
Arguments = Callable[..., tuple[tuple[Any, ...], dict[str, Any]]]

PRIMITIVES: dict[str, Primitive] = {}


@dataclass(frozen=True, eq=False)
class Primitive:
    """A named operation with its meaning, its spec rule and its derivative rules."""

    name: str
    kind: str
    meaning: Callable[..., Any]
    spec: Callable[..., Spec]
    rules: tuple[Rule | None, ...]
    cast: Cast | None
    arguments: Arguments | None
    variadic: Rule | None = None
    together: Rule | None = None
    identity: bool = False
    additive: bool = False
    view: bool = False
    names: tuple[str, ...] = ()
    inplace: bool = False
    # How it is written in a program, of other primitives; eagerly it is one operation.
    expansion: Callable[..., Any] | None = None
    takes: Takes | None = None
    # Whether its result has a dtype that was asked for, and not a number's, which gives way.
    strong: bool = False

    def __post_init__(self) -> None:
        PRIMITIVES[self.name] = self
        publish(self, self.names, self.kind == "elementwise", self.inplace, self.name)
        documented = self.arguments or self.meaning
        for key, value in (
            ("__doc__", self.meaning.__doc__),
            ("__name__", self.name),
            ("__qualname__", self.name),
            ("__module__", self.meaning.__module__),
            ("__signature__", inspect.signature(documented)),
        ):
            object.__setattr__(self, key, value)

    def __get__(self, tensor: Tensor | None, owner: type) -> Callable[..., Any]:
        return self if tensor is None else types.MethodType(self, tensor)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Apply the primitive to what a user passes: tensors, arrays, numbers."""
        if kwargs:
            if "out" in kwargs:
                written: Tensor = write_out(kwargs.pop("out"), self, args, kwargs)
                return written
            wider = WIDER.get(self.name)
            if wider is not None and not wider[0].isdisjoint(kwargs):
                found: Tensor = wider[1](*args, **kwargs)
                return found
            args, kwargs = self._named(args, kwargs)
        if self.cast is not None:
            if len(args) == 2 and self.cast in _UNIFORM:
                pair = _matching(*args)
                if pair is not None:
                    return apply_to_two(self, *pair)
            elif len(args) == 1 and self.cast in _UNIFORM and isinstance(args[0], Tensor):
                dtype = args[0].array.dtype
                if dtype is FLOAT64 or dtype is FLOAT32:
                    return apply(self, args, kwargs)
            if len(args) != len(self.rules):
                wider = WIDER.get(self.name)
                if wider is not None and not wider[0]:
                    return wider[1](*args)  # type: ignore[no-any-return]
                raise UnsupportedOperation(
                    f"{self.name} got {len(args)} operands; it wants {len(self.rules)} operands, "
                    f"by position: {', '.join(inspect.signature(self.meaning).parameters)}."
                )
            return apply(self, self._taken(_brought_together(args, self.cast)), kwargs)
        operands, params = self.arguments(*args, **kwargs) if self.arguments else (args, kwargs)
        tensors = tuple(map(as_tensor, operands))
        if (
            self.identity
            # A view is another tensor even of the same shape: its flags and its axes are its own.
            and (not self.view or tensors[0].is_symbolic)
            and self._changes_nothing(tensors[0].spec, params)
        ):
            return tensors[0]
        return apply(self, self._taken(tensors), params)

    def _taken(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if self.takes is not None:
            require_dtypes(self.name, self.takes, *tensors)
        return tensors

    def _named(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return a call with the names of parameters that this primitive has."""
        known = self.__signature__.parameters  # type: ignore[attr-defined]
        kwargs = translated(kwargs, tuple(known))
        if self.cast is None:
            return args, kwargs
        named = [name for name in list(known)[len(args) :] if name in kwargs]
        operands = [*args, *(kwargs.pop(name) for name in named)]
        if kwargs:
            raise UnsupportedOperation(
                f"{self.name} got the arguments {', '.join(kwargs)}; it wants the operands "
                f"{', '.join(known)} alone. Leave the others out."
            )
        return tuple(operands), kwargs

    def _changes_nothing(self, spec: Spec, params: dict[str, Any]) -> bool:
        result = self.spec(spec, **params)
        return result.shape == spec.shape and result.dtype == spec.dtype and not spec.weak

    def rule(self, position: int) -> Rule | None:
        """Return the derivative rule of one operand, or None if it has none."""
        if self.variadic is None:
            return self.rules[position] if position < len(self.rules) else None
        return functools.partial(_one_of, self.variadic, position)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def _one_of(variadic: Rule, position: int, *args: Any, **params: Any) -> Any:
    """Return one operand's cotangent of those of all."""
    return next(itertools.islice(variadic(*args, **params), position, None))


def _matching(x: Any, y: Any) -> tuple[Tensor, Tensor] | None:
    """Return two operands that need no casts beyond a number's; the common case, fast."""
    if isinstance(x, Tensor):
        dtype = x.array.dtype
        if x.weak or not (dtype is FLOAT64 or dtype is FLOAT32):
            return None
        if isinstance(y, Tensor):
            return (x, y) if y.array.dtype is dtype and not y.weak else None
        return (x, make(np.array(y, dtype))) if y.__class__ is float or y.__class__ is int else None
    if (x.__class__ is float or x.__class__ is int) and isinstance(y, Tensor) and not y.weak:
        dtype = y.array.dtype
        if dtype is FLOAT64 or dtype is FLOAT32:
            return make(np.array(x, dtype)), y
    return None


def _brought_together(operands: tuple[Any, ...], cast: Cast) -> tuple[Tensor, ...]:
    """Return tensors of the dtypes an elementwise primitive wants."""
    tensors = tuple(map(as_tensor, operands))
    dtype = tensors[0].array.dtype
    if len(tensors) == 1 and cast in _UNIFORM and (dtype is FLOAT64 or dtype is FLOAT32):
        return tensors
    dtypes = cast(tuple(tensor.spec for tensor in tensors))
    return tuple(map(_cast_operand, tensors, dtypes))


def _cast_operand(tensor: Tensor, dtype: DType) -> Tensor:
    if tensor.dtype == dtype:
        return tensor
    if tensor.weak and dtype.kind in "iu" and not tensor.is_symbolic:
        limits = np.iinfo(dtype)
        if not limits.min <= tensor.item() <= limits.max:
            raise ArgumentError(
                f"The Python integer {tensor.item()} was combined with a tensor of dtype {dtype}, "
                f"which holds {limits.min} to {limits.max}. Convert the tensor with astype."
            )
    if tensor.weak and tensor.node is None and not tensor.is_symbolic:
        return make(tensor.array.astype(dtype), None, True)
    return astype(tensor, dtype)


# ---- how operands are cast before an elementwise primitive


def same(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """All operands take their common dtype."""
    return (promote(specs)[0],) * len(specs)


def counted(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """All operands take their common dtype; booleans are counted as int8, as NumPy does."""
    dtype = promote(specs)[0]
    return (INT8 if dtype.kind == "b" else dtype,) * len(specs)


def numeric(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """All operands take their common dtype, which must not be boolean.

    Raises:
        DtypeError: If all operands are booleans.
    """
    dtypes = same(specs)
    if dtypes[0].kind == "b":
        raise DtypeError(
            "Booleans were subtracted or negated, or their sign was asked for, which has no "
            "meaning for them. Use ^ and ~ for logic, or convert them with astype(int)."
        )
    return dtypes


def floating(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """All operands take their common dtype; integers and booleans become float64."""
    dtype = promote(specs)[0]
    return (dtype if dtype.kind in "fc" else FLOAT64,) * len(specs)


def boolean(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """All operands become booleans."""
    return (BOOL,) * len(specs)


def choice(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    """The first operand becomes boolean, the others take their common dtype."""
    return (BOOL, *same(specs[1:]))


# Those that leave operands of one floating dtype as they are.
_UNIFORM = {same, counted, numeric, floating}


# ---- the three ways to declare a primitive


def elementwise(
    *rules: Rule | None,
    cast: Cast = same,
    result: DType | Callable[[DType], DType] | None = None,
    takes: Takes | None = None,
    names: tuple[str, ...] = (),
    inplace: bool = True,
    expansion: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a primitive that acts on each element alone; its operands broadcast.

    Args:
        rules: One `(g, out, *operands) -> cotangent` an operand, at the broadcast shape; the sum
            over broadcast axes is added here. None where there is no derivative.
        cast: How the operands' dtypes are brought together first.
        result: The dtype of the result, or how it follows, if it is not the operands'.
        takes: Tells which dtypes it has a meaning for; None for all.
        names: Other names of the function, such as PyTorch's.
        inplace: Whether `name_` writes the result into the first operand.
        expansion: `(*operands)`, how it is written in a program, of other primitives.
    """

    def declare(meaning: Callable[..., Any]) -> Primitive:
        name = meaning.__name__

        def spec(*specs: Spec) -> Spec:
            if takes is not None:
                require_dtypes(name, takes, *specs)
            dtype = specs[-1].dtype
            if result is not None:
                dtype = result(dtype) if callable(result) else result
            return Spec(broadcast(name, specs), dtype, all(s.weak for s in specs))

        return Primitive(
            name, "elementwise", meaning, spec, rules, cast, None, names=names, inplace=inplace,
            expansion=expansion, takes=takes,
        )  # fmt: skip

    return declare


def linear(
    spec: Callable[..., Spec],
    *rules: Rule | None,
    arguments: Arguments | None = None,
    variadic: Rule | None = None,
    together: Rule | None = None,
    identity: bool = False,
    additive: bool = False,
    view: bool = False,
    expansion: Callable[..., Any] | None = None,
    takes: Takes | None = None,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a primitive that is linear in each operand with a rule; rules are its transposes.

    Args:
        spec: `(*specs, **params) -> Spec` of the result.
        rules: One `(g, out, *operands, **params) -> cotangent` an operand, or None.
        arguments: Maps a user's call to `(operands, params)`, validated and normalised.
        variadic: The rule of all operands where their number varies: it yields their cotangents
            in turn, so that many take a time that grows as their number does.
        together: `(pieces, operand) -> cotangent` of an operand from which many results were
            made, pieces being pairs of one's cotangent and its parameters.
        identity: Whether a result of the operand's own spec is always the operand itself.
        additive: Whether it is linear in all operands with a rule together, a sum such as
            x + S·u; otherwise it is linear in each of them alone, a product such as x·y.
        view: Whether the result may lie in the first operand's memory.
        expansion: `(*operands, **params)`, how it is written in a program, of other primitives.
        takes: Tells which dtypes it has a meaning for; None for all.
    """
    return _declare(
        "linear",
        spec,
        rules,
        arguments,
        takes,
        variadic,
        together,
        identity,
        additive,
        view,
        expansion,
    )


def general(
    spec: Callable[..., Spec],
    *rules: Rule | None,
    arguments: Arguments | None = None,
    identity: bool = False,
    takes: Takes | None = None,
    strong: bool = False,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare any other primitive by its vector-Jacobian products; arguments as for `linear`.

    `strong` tells that results are never weakly typed: their dtype was asked for.
    """
    return _declare("general", spec, rules, arguments, takes, None, None, identity, strong=strong)


def _declare(
    kind: str,
    spec: Callable[..., Spec],
    rules: tuple[Rule | None, ...],
    arguments: Arguments | None,
    takes: Takes | None,
    variadic: Rule | None,
    together: Rule | None,
    identity: bool,
    additive: bool = False,
    view: bool = False,
    expansion: Callable[..., Any] | None = None,
    strong: bool = False,
) -> Callable[[Callable[..., Any]], Primitive]:
    def declare(meaning: Callable[..., Any]) -> Primitive:
        name = meaning.__name__

        def stated(*specs: Spec, **params: Any) -> Spec:
            if takes is not None:
                require_dtypes(name, takes, *specs)
            return spec(*specs, **params)

        return Primitive(
            name, kind, meaning, stated if takes else spec, rules, None, arguments, variadic,
            together, identity, additive, view, expansion=expansion, takes=takes,
            strong=strong,
        )  # fmt: skip

    return declare


def is_floating(dtype: DType) -> bool:
    """Tell whether values of a dtype have derivatives."""
    return bool(np.issubdtype(dtype, np.inexact))
