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

Passes over programs learn there too what they need to know: the `Role` of the primitive, where it
reads its operands, how it acts on a batch, what it costs. Only rules about one primitive, and the
tables by which engines compute, are written elsewhere.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal, TypedDict, Unpack

import numpy as np

from thalweg.core.apply import apply, apply_to_two, kind_of
from thalweg.core.operation import OPERATIONS, WIDER, publish
from thalweg.core.spec import (
    BOOL,
    FLOAT32,
    FLOAT64,
    INT8,
    NUMPY,
    REAL,
    DType,
    Promotion,
    Shape,
    Spec,
    Takes,
    broadcast,
    require_dtypes,
)
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.core.writing import write_out
from thalweg.errors import ArgumentError, DtypeError, UnsupportedOperation
from thalweg.foreign import MODULES, OWN, is_other, may_be_foreign

Rule = Callable[..., Any]
Cast = Callable[[tuple[Spec, ...], Promotion], tuple[DType, ...]]
Resolved = tuple[tuple[Any, ...], dict[str, Any]]
Arguments = Callable[..., Resolved]

# A position an axis, whatever positions are: they are only added, and multiplied by integers.
Index = tuple[Any, ...]

# In an index: the position that the last operand holds, where that is read.
HELD = object()

PRIMITIVES: dict[str, Primitive] = {}


# Of what an element of a primitive's result is made, as far as passes need to know:
#   elementwise  of the elements at its own place of operands that broadcast
#   view         an element of the operand, found by its place, or by its number (a reshape's)
#   move         an element of the operand, anywhere else
#   gather       an element of the first operand, at a position that the second holds
#   scatter      an element of the first operand and all that is added there
#   piecewise    an element of the operand that its place belongs to, or zero
#   reduction    of all elements along the axes `axis`, in any order
#   scan         of elements along the axis `axis`, one after another
#   product      sums of products of two operands
#   draw         random bits of a key, whose last axis are two words, counted along the axes `shape`
#   position     its own place
#   whole        of all of the operands, which lie in memory one element after another
#   part         of a bundle that a primitive of the role `whole` made
Role = Literal[
    "elementwise", "view", "move", "gather", "scatter", "piecewise", "reduction", "scan",
    "product", "draw", "position", "whole", "part",
]  # fmt: skip


class Declared(TypedDict, total=False):
    """What else is stated of a primitive; see `Primitive`."""

    arguments: Arguments | None
    variadic: Rule | None
    together: Rule | None
    identity: bool
    additive: bool
    view: bool | Callable[..., Any]
    expansion: Callable[..., Any] | None
    takes: Takes | None
    strong: bool
    role: Role | None
    reads: Callable[..., tuple[Index | None, ...]]
    batch: Callable[..., Tensor] | None
    order: Literal["C", "K"] | None
    cost: int
    work: Callable[..., int] | None
    zero_if: Callable[[Sequence[bool]], bool] | None
    forward: Rule | None
    recorded: Callable[..., Any] | None


def _anywhere(index: Index, *specs: Spec, **params: Any) -> tuple[None, ...]:
    return (None,) * len(specs)


@dataclass(frozen=True, eq=False)
class Primitive:
    """A named operation with its meaning, its spec rule and its derivative rules.

    Attributes:
        name: The name of its function.
        kind: Which of the three ways it was declared in.
        meaning: What it computes, in NumPy.
        spec: `(*specs, **params) -> Spec` of the result.
        rules: One `(g, out, *operands, **params) -> cotangent` an operand, or None.
        cast: How an elementwise primitive's operands are brought together first.
        arguments: Maps a user's call to `(operands, params)`, validated and normalised.
        variadic: The rule of all operands where their number varies: it yields their cotangents
            in turn, so that many take a time that grows as their number does.
        together: `(pieces, operand) -> cotangent` of an operand from which many results were
            made, pieces being pairs of one's cotangent and its parameters.
        identity: Whether a result of the operand's own spec is always the operand itself.
        additive: Whether it is linear in all operands with a rule together, a sum such as
            x + S·u; otherwise it is linear in each of them alone, a product such as x·y.
        view: Whether the result may lie in the first operand's memory; where that depends on how
            its elements lie, `(array, **params)`, which shows it or returns None.
        names: Other names of the function, such as PyTorch's.
        inplace: Whether `name_` writes the result into the first operand.
        expansion: `(*operands, **params)`, how it is written in a program, of other primitives;
            eagerly it is one operation.
        takes: Tells which dtypes it has a meaning for; None for all.
        strong: Whether its result has a dtype that was asked for, and not a number's, which
            gives way.
        role: Of what an element of the result is made; None if passes know nothing of it.
        reads: `(index, *specs, **params)`, the index each operand is read at for the element of
            the result at an index, None for places unknown. A product's index goes on with a
            position along each axis that is summed, in the order of its first operand.
        batch: `(primitive, size, operands, flags, params)`, its result for operands of which
            those with a flag have an axis 0 of `size` examples; it has that axis in front. With a
            role it need not be stated where the operands are repeated for every example, and the
            parameters `axis` and `axes` count one axis more: `stacked`.
        order: How NumPy lays out the result, where it is none of a view: as the operands lie,
            "K", or in row-major order, "C". None if that is not known.
        cost: That of an element beside an addition's, in vectors, roughly; 0 where it is part of
            reading the operand.
        work: `(*specs, **params)`, how often it does what it costs, where that is not once for
            each element; of programs that it runs, how often it runs them.
        forward: `(tangents, out, *operands, **params) -> tangent`, tangents being None where an
            operand does not move; where it is not told, the rules are transposed.
        recorded: `(operands, params) -> (operands, params)`, how it is applied where a derivative
            may be wanted, so that what that needs is kept.
        zero_if: Tells, of which operands are zero, whether the result is, whatever the others are.
        number: The same of Python's numbers, which may raise where NumPy gives Inf or NaN.
        unlisted: Whether it belongs to one file alone: no function of users has its name.
    """

    name: str
    kind: str
    meaning: Callable[..., Any]
    spec: Callable[..., Spec]
    rules: tuple[Rule | None, ...]
    cast: Cast | None
    arguments: Arguments | None = None
    _: KW_ONLY
    variadic: Rule | None = None
    together: Rule | None = None
    identity: bool = False
    additive: bool = False
    view: bool | Callable[..., Any] = False
    names: tuple[str, ...] = ()
    # How it is written in a program, of other primitives; eagerly it is one operation.
    expansion: Callable[..., Any] | None = None
    takes: Takes | None = None
    strong: bool = False
    role: Role | None = None
    reads: Callable[..., tuple[Index | None, ...]] = _anywhere
    batch: Callable[..., Tensor] | None = None
    order: Literal["C", "K"] | None = None
    cost: int = 0
    work: Callable[..., int] | None = None
    forward: Rule | None = None
    recorded: Callable[..., Any] | None = None
    zero_if: Callable[[Sequence[bool]], bool] | None = None
    number: Callable[..., Any] | None = None
    unlisted: bool = False

    # Whether every operand has a derivative rule.
    ruled: bool = field(init=False)

    def __post_init__(self) -> None:
        operands = getattr(getattr(self.meaning, "__code__", None), "co_argcount", 0)
        each = operands == len(self.rules) > 0 and None not in self.rules
        object.__setattr__(self, "ruled", each or self.variadic is not None)
        if not self.unlisted:
            PRIMITIVES[self.name] = self
            publish(self, self.names, own=self.name)
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
            if len(args) == 2 == len(self.rules):
                found = self.of_two(*args)
                return _not_declined(self.name, args) if found is NotImplemented else found
            if len(args) == 1 and self.cast in _UNIFORM and isinstance(args[0], Tensor):
                dtype = args[0].array.dtype
                if dtype is FLOAT64 or dtype is FLOAT32:
                    return apply(self, args, kwargs)
        if ("jax" in MODULES or "torch" in MODULES) and may_be_foreign(args, kwargs):
            hosted: Tensor = OPERATIONS["of_library"](self, args, kwargs)
            if hosted is not NotImplemented:
                return hosted
        if self.cast is not None:
            if len(args) != len(self.rules):
                wider = WIDER.get(self.name)
                if wider is not None and not wider[0]:
                    return wider[1](*args)  # type: ignore[no-any-return]
                raise UnsupportedOperation(
                    f"{self.name} got {len(args)} operands; it wants {len(self.rules)} operands, "
                    f"by position: {', '.join(inspect.signature(self.meaning).parameters)}."
                )
            return apply(self, self._taken(_cast_operands(args, self.cast)), kwargs)
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

    def of_two(self, x: Any, y: Any) -> Tensor:
        """Apply an elementwise primitive to two operands: what an operator does, in less time."""
        pair = _matching(x, y) if self.cast in _UNIFORM else None
        if pair is not None:
            return apply_to_two(self, *pair)
        if type(x) not in OWN or type(y) not in OWN:
            if getattr(y, "__array_ufunc__", y) is None:
                # It has operators of its own, which Python asks next, as for NumPy's arrays.
                return NotImplemented  # type: ignore[no-any-return]
            hosted: Tensor = OPERATIONS["of_library"](self, (x, y), {})
            if hosted is not NotImplemented:
                return hosted
        return apply(self, self._taken(_cast_operands((x, y), self.cast or same)), {})

    def _taken(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if self.takes is not None:
            require_dtypes(self.name, self.takes, *tensors)
        return tensors

    def _named(self, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return a call with the names of parameters that this primitive has."""
        known = self.__signature__.parameters  # type: ignore[attr-defined]
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
        if spec.weak:
            return False
        result = self.spec(spec, **params)
        return result.shape == spec.shape and result.dtype == spec.dtype

    def rule(self, position: int) -> Rule | None:
        """Return the derivative rule of one operand, or None if it has none."""
        if self.variadic is None:
            return self.rules[position] if position < len(self.rules) else None
        return functools.partial(_one_of, self.variadic, position)

    def locates(self, *specs: Spec, **params: Any) -> bool:
        """Tell whether the place of an element along the axes says where operands are read."""
        rank = len(self.spec(*specs, **params).shape)
        return None not in self.reads((0,) * rank, *specs, **params)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def _not_declined(name: str, operands: tuple[Any, ...]) -> Tensor:
    kinds = " and a ".join(type(operand).__name__ for operand in operands)
    raise UnsupportedOperation(
        f"{name} got a {kinds}, of which the second has operators of its own. Use these, +, * and "
        "the like, or its methods."
    )


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
        kind = y.__class__
        taken = kind is float or kind is int or (kind is _float64 and dtype is FLOAT64)
        return (x, make(np.array(y, dtype))) if taken else None
    kind = x.__class__
    if (kind is float or kind is int or kind is _float64) and isinstance(y, Tensor) and not y.weak:
        dtype = y.array.dtype
        if dtype is FLOAT64 or (dtype is FLOAT32 and kind is not _float64):
            return make(np.array(x, dtype)), y
    return None


_float64 = np.float64


def _cast_operands(operands: tuple[Any, ...], cast: Cast) -> tuple[Tensor, ...]:
    """Return tensors of the dtypes an elementwise primitive wants."""
    tensors = tuple(map(as_tensor, operands))
    dtype = tensors[0].array.dtype
    if len(tensors) == 1 and cast in _UNIFORM and (dtype is FLOAT64 or dtype is FLOAT32):
        return tensors
    promotion = kind_of(tensors).promotion
    specs = [tensor.spec for tensor in tensors]
    if promotion is not NUMPY:
        specs = [
            replace(spec, weak=True) if promotion.is_number(operand) else spec
            for spec, operand in zip(specs, operands, strict=True)
        ]
    dtypes = cast(tuple(specs), promotion)
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
        # Of a dtype that NumPy has none of, the number is the library's to convert.
        wanted = FLOAT64 if is_other(dtype) else dtype
        return make(tensor.array.astype(wanted), None, True)
    return astype(tensor, dtype)


# ---- how operands are cast before an elementwise primitive


def same(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """All operands take their common dtype."""
    return (promotion.join(specs),) * len(specs)


def counted(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """All operands take their common dtype; booleans are counted as int8, as NumPy does."""
    dtype = promotion.join(specs)
    return (INT8 if dtype.kind == "b" else dtype,) * len(specs)


def numeric(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """All operands take their common dtype, which must not be boolean.

    Raises:
        DtypeError: If all operands are booleans.
    """
    dtypes = same(specs, promotion)
    if dtypes[0].kind == "b":
        raise DtypeError(
            "Booleans were subtracted or negated, or their sign was asked for, which has no "
            "meaning for them. Use ^ and ~ for logic, or convert them with astype(int)."
        )
    return dtypes


def floating(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """All operands take their common dtype; integers and booleans become floats."""
    dtype = promotion.join(specs)
    return (dtype if dtype.kind in "fc" else promotion.real(),) * len(specs)


def boolean(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """All operands become booleans."""
    return (BOOL,) * len(specs)


def choice(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    """The first operand becomes boolean, the others take their common dtype."""
    return (BOOL, *(promotion.chosen(specs[1:]),) * (len(specs) - 1))


# Those that leave operands of one floating dtype as they are.
_UNIFORM = {same, counted, numeric, floating}


# ---- the three ways to declare a primitive


def aligned(index: Index, *specs: Spec) -> tuple[Index, ...]:
    """Return where operands that broadcast are read: trailing axes align, extent 1 is read at 0."""
    return tuple([_tail(index, spec.shape) for spec in specs])


def _tail(index: Index, shape: Shape) -> Index:
    tail = index[len(index) - len(shape) :]
    if 1 not in shape:
        return tail
    return tuple([0 if n == 1 else at for at, n in zip(tail, shape, strict=True)])


def elementwise(
    *rules: Rule | None,
    cast: Cast = same,
    result: DType | Callable[[DType], DType] | None = None,
    takes: Takes | None = None,
    names: tuple[str, ...] = (),
    expansion: Callable[..., Any] | None = None,
    cost: int = 1,
    zero_if: Callable[[Sequence[bool]], bool] | None = None,
    number: Callable[..., Any] | None = None,
    unlisted: bool = False,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a primitive that acts on each element alone; its operands broadcast.

    Args:
        rules: One `(g, out, *operands) -> cotangent` an operand, at the broadcast shape; the sum
            over broadcast axes is added here. None where there is no derivative.
        cast: How the operands' dtypes are brought together first.
        result: The dtype of the result, or how it follows, if it is not the operands'.
        takes: As for `Primitive`, and likewise all others.
        names: Other names that NumPy has for it.
        expansion: `(*operands)`, how it is written in a program, of other primitives.
        cost: That of an element beside an addition's.
        zero_if: Tells, of which operands are zero, whether the result is.
        number: The same of Python's numbers.
        unlisted: As for `Primitive`.
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
            name, "elementwise", meaning, spec, rules, cast, None, names=names,
            expansion=expansion, takes=takes, role="elementwise", reads=aligned, order="K",
            cost=cost, zero_if=zero_if, number=number, unlisted=unlisted,
        )  # fmt: skip

    return declare


# Of floating numbers that are not complex; integers become float64.
of_reals = functools.partial(elementwise, cast=floating, takes=REAL)


def linear(
    spec: Callable[..., Spec], *rules: Rule | None, **facts: Unpack[Declared]
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a primitive that is linear in each operand with a rule; rules are its transposes.

    Args:
        spec: `(*specs, **params) -> Spec` of the result.
        rules: One `(g, out, *operands, **params) -> cotangent` an operand, or None.
        facts: What else is to be stated, as `Primitive` has it.
    """
    facts.setdefault("zero_if", all if facts.get("additive") else any)
    return _declare("linear", spec, rules, facts)


def general(
    spec: Callable[..., Spec], *rules: Rule | None, **facts: Unpack[Declared]
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare any other primitive by its vector-Jacobian products; arguments as for `linear`."""
    return _declare("general", spec, rules, facts)


def _declare(
    kind: str, spec: Callable[..., Spec], rules: tuple[Rule | None, ...], facts: Declared
) -> Callable[[Callable[..., Any]], Primitive]:
    takes = facts.get("takes")

    def declare(meaning: Callable[..., Any]) -> Primitive:
        name = meaning.__name__

        def stated(*specs: Spec, **params: Any) -> Spec:
            if takes is not None:
                require_dtypes(name, takes, *specs)
            return spec(*specs, **params)

        return Primitive(name, kind, meaning, stated if takes else spec, rules, None, **facts)

    return declare


def is_floating(dtype: DType) -> bool:
    """Tell whether values of a dtype have derivatives."""
    return dtype.kind in "fc"
