"""Functions that bring their own derivatives: custom_vjp, custom_jvp."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.reverse import cotangents
from thalweg.control.body import tensors_of
from thalweg.core.apply import Flags, Operands, Params, apply, repeated
from thalweg.core.primitive import Primitive, general, is_floating
from thalweg.core.spec import Array, Bundle, pack
from thalweg.core.tape import PartDerivatives, is_recorded, is_recording, set_recording
from thalweg.core.tensor import Tensor, make, variable
from thalweg.errors import ArgumentError, GradientError, ShapeError
from thalweg.ops.control.bundle import parts
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.numpy.libraries import in_library, is_foreign

__all__ = ["custom_jvp", "custom_vjp"]


@dataclass(frozen=True, eq=False)
class Rule:
    """A derivative of results as a function of them.

    Attributes:
        results: How many results there are: the first operands; then come the arguments.
        arguments: How many there are; what is behind them is kept for the rule.
        pull_back: Maps (arguments, results, kept, cotangents of the results) to the arguments'
            cotangents, or None.
        push_forward: Maps (arguments, results, tangents of the arguments) to the results' tangents,
            or None.
    """

    results: int
    arguments: int
    pull_back: Callable[[list[Tensor], list[Tensor], list[Tensor], list[Tensor]], Any] | None
    push_forward: Callable[[list[Tensor], list[Tensor], list[Tensor]], Any] | None

    def __str__(self) -> str:
        # What it computes is in the operands; compiled code does not depend on the rule.
        return "rule"


def _pulled_back(
    g: PartDerivatives, out: Tensor, inputs: Operands, rule: Rule
) -> Iterator[Tensor | None]:
    yield from (None for _ in range(rule.results))
    results = _results(out, inputs, rule)
    arguments = list(inputs[rule.results : rule.results + rule.arguments])
    moving = [g[i] if i in g else _zeros(out, i) for i in range(rule.results)]
    if rule.pull_back is not None:
        kept = list(inputs[rule.results + rule.arguments :])
        yield from rule.pull_back(arguments, results, kept, moving)
    else:
        yield from _transposed(rule, arguments, results, moving)
    yield from (None for _ in inputs[rule.results + rule.arguments :])


def _results(out: Tensor, inputs: Operands, rule: Rule) -> list[Tensor]:
    """Return the results as a rule finds them, whatever was written into the user's since."""
    if not out.is_symbolic and not is_recording():
        return [make(x.array, None, x.weak, x.results) for x in inputs[: rule.results]]
    shown = parts(out, range(rule.results))
    if out.is_symbolic:
        return shown
    return [make(x.array, y.node, y.weak, y.results) for x, y in zip(inputs, shown, strict=False)]


def _zeros(out: Tensor, number: int) -> Tensor:
    """Return zeros like one of the results."""
    return zeros_like(parts(out, [number])[0])


def _transposed(
    rule: Rule, arguments: list[Tensor], results: list[Tensor], moving: list[Tensor]
) -> Iterator[Tensor | None]:
    """Yield the cotangents of a rule that maps tangents forward, which it does linearly."""
    assert rule.push_forward is not None
    create_graph = is_recording()
    directions = [variable(zeros_like(x)) if is_floating(x.dtype) else x for x in arguments]
    with set_recording(True):
        turned = rule.push_forward(arguments, results, directions)
    nodes = [x.node for x in directions if x.node is not None]
    found = cotangents(list(zip(turned, moving, strict=True)), nodes, create_graph)
    for direction in directions:
        node = direction.node
        yield None if node is None else found.get(node, zeros_like(direction))


def _pushed_forward(
    moving: Sequence[Tensor | None], out: Tensor, inputs: Operands, rule: Rule
) -> PartDerivatives:
    end = rule.results + rule.arguments
    results, arguments = _results(out, inputs, rule), inputs[rule.results : end]
    directions = [
        zeros_like(x) if t is None else t
        for x, t in zip(arguments, moving[rule.results : end], strict=True)
    ]
    if rule.push_forward is not None:
        turned = rule.push_forward(list(arguments), results, directions)
        return PartDerivatives(enumerate(turned))
    assert rule.pull_back is not None
    g = [variable(_zeros(out, i)) for i in range(rule.results)]
    with set_recording(True):
        pulled = rule.pull_back(list(arguments), results, list(inputs[end:]), list(g))
    pairs = [(p, t) for p, t in zip(pulled, directions, strict=True) if p is not None]
    nodes = [x.node for x in g if x.node is not None]
    found = cotangents(pairs, nodes, is_recording())
    return PartDerivatives({i: found[x.node] for i, x in enumerate(g) if x.node in found})


def _batched(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    """Return the same of examples, to each of which the rule is applied."""
    rule: Rule = params["rule"]
    pull_back = None if rule.pull_back is None else vmap(rule.pull_back)
    push_forward = None if rule.push_forward is None else vmap(rule.push_forward)
    batched = Rule(rule.results, rule.arguments, pull_back, push_forward)
    return apply(primitive, repeated(size, operands, flags), {"rule": batched})


@general(
    lambda *specs, rule: Bundle.of(specs[: rule.results]),
    variadic=lambda g, out, *inputs, rule: _pulled_back(g, out, inputs, rule),
    forward=lambda moving, out, *inputs, rule: _pushed_forward(moving, out, inputs, rule),
    strong=True,
    role="whole",
    work=lambda *specs, **params: 0,
    batch=_batched,
)
def with_rule(*arrays: Array, rule: Rule) -> Array:
    """Return the first operands, whose derivatives with respect to others a rule tells.

    They are copies: what is kept for the rule may lie in the same memory, and stays as it is.
    """
    return pack(np.array(array) for array in arrays[: rule.results])


class _Running(threading.local):
    """The functions of which values are being computed, within which no derivatives are wanted."""

    functions: tuple[_Custom, ...] = ()


_running = _Running()


class _Custom:
    """A function with a derivative of its own.

    Args:
        function: Maps trees of arrays to a tree of arrays.
        nondiff_argnums: The positions of arguments that are no arrays, or have no derivative; the
            rule gets them in front.
    """

    def __init__(
        self, function: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._fixed = (
            (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        )

    def __call__(self, *args: Any) -> Any:
        """Return the function's result."""
        if is_foreign(tree.leaves(args), held=True):
            made_of = self._function, self._fixed, *self._told()
            return in_library(type(self).__name__, self._function, *made_of)(*args)
        moving = [x for i, x in enumerate(args) if i not in self._fixed]
        leaves = tensors_of(moving)
        wanted = any(map(is_recorded, leaves))
        if not wanted or self in _running.functions:
            return self._function(*args)
        return self._apply([args[i] for i in self._fixed], args, moving, leaves)

    def _apply(
        self, fixed: list[Any], args: tuple[Any, ...], moving: list[Any], leaves: list[Tensor]
    ) -> Any:
        raise NotImplementedError

    def _told(self) -> tuple[Any, ...]:
        """Return the functions that the rule is made of."""
        raise NotImplementedError

    def _value(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Return what a function returns that may call this one, without a history."""
        before = _running.functions
        _running.functions = (*before, self)
        try:
            with set_recording(False):
                return function(*args)
        finally:
            _running.functions = before


def ruled(found: Any, leaves: Sequence[Tensor], kept: Sequence[Tensor], rule: Rule) -> Any:
    """Return a tree of results that a rule makes functions of leaves."""
    bundle = apply(with_rule, (*tensors_of(found), *leaves, *kept), {"rule": rule})
    return tree.unflatten(tree.structure(found), parts(bundle, range(rule.results)))


def _missing(name: str, method: str) -> GradientError:
    return GradientError(
        f"{name} has no rule yet, and a derivative may be wanted. Give it one with {method}."
    )


class custom_vjp(_Custom):  # noqa: N801 (JAX's name)
    """A function whose reverse derivative is given by two others.

    `f.defvjp(fwd, bwd)`: fwd returns (result, kept), bwd maps (kept, cotangent of the result) to a
    tuple of cotangents, one an argument; None is zero. Arguments named by `nondiff_argnums` come
    first in bwd's.

    Args:
        function: Maps trees of arrays to a tree of arrays.
        nondiff_argnums: The positions of arguments that have no derivative.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> @tw.custom_vjp
        ... def clipped(x):
        ...     return x
        >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))
        >>> tw.grad(lambda x: np.sum(5 * clipped(x)))(np.zeros(2))
        array([1., 1.])
    """

    _forward: Callable[..., Any] | None = None
    _backward: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the rule."""
        self._forward, self._backward = fwd, bwd

    def _told(self) -> tuple[Any, ...]:
        return self._forward, self._backward

    def _apply(
        self, fixed: list[Any], args: tuple[Any, ...], moving: list[Any], leaves: list[Tensor]
    ) -> Any:
        forward, backward, name = self._forward, self._backward, self.__name__  # type: ignore[attr-defined]
        if forward is None or backward is None:
            raise _missing(name, "defvjp(fwd, bwd)")
        found = self._value(forward, args)
        if not isinstance(found, tuple) or len(found) != 2:
            raise ArgumentError(
                f"The fwd of {name} returned {type(found).__name__}; it wants a pair (result, "
                "kept)."
            )
        result, kept = found
        shaped = [tree.structure(x) for x in (moving, result, kept)]

        def pull_back(
            x: list[Tensor], _: list[Tensor], held: list[Tensor], g: list[Tensor]
        ) -> list[Any]:
            known = tree.unflatten(shaped[2], held)
            if is_recording():
                # Derivatives of the derivative depend on the arguments through what is kept.
                rest = iter(tree.unflatten(shaped[0], x))
                known = forward(
                    *(a if i in self._fixed else next(rest) for i, a in enumerate(args))
                )[1]
            return _cotangents(
                name, backward(*fixed, known, tree.unflatten(shaped[1], g)), moving, leaves
            )

        rule = Rule(len(tree.leaves(result)), len(leaves), pull_back, None)
        return ruled(result, leaves, tensors_of(kept), rule)


def _cotangents(
    name: str, found: Any, moving: list[Any], leaves: list[Tensor]
) -> list[Tensor | None]:
    """Return what bwd returned, one a leaf of the arguments, checked against these."""
    if not isinstance(found, (tuple, list)) or len(found) != len(moving):
        count = len(found) if isinstance(found, (tuple, list)) else "no tuple of"
        raise ArgumentError(
            f"The bwd of {name} returned {count} cotangents for {len(moving)} arguments; return a "
            "tuple with one an argument, None where it is zero."
        )
    whole: list[Tensor | None] = []
    for cotangent, argument in zip(found, moving, strict=True):
        count = len(tree.leaves(argument))
        whole += [None] * count if cotangent is None else tensors_of(cotangent)
    if len(whole) != len(leaves):
        raise ShapeError(
            f"The bwd of {name} returned cotangents that are nested otherwise than its arguments; "
            "give each the structure of its argument."
        )
    for g, x in zip(whole, leaves, strict=True):
        if g is not None and is_floating(x.dtype) and g.ndim > x.ndim:
            raise ShapeError(
                f"The bwd of {name} returned a cotangent of shape {tuple(g.shape)} for an argument "
                f"of shape {tuple(x.shape)}; give it the argument's shape."
            )
    return [g if is_floating(x.dtype) else None for g, x in zip(whole, leaves, strict=True)]


class custom_jvp(_Custom):  # noqa: N801 (JAX's name)
    """A function whose forward derivative is given by another; the reverse one follows from it.

    `f.defjvp(jvp)`: jvp maps (primals, tangents), tuples with one entry an argument, to (result,
    its tangent), linear in the tangents. Arguments named by `nondiff_argnums` come first in its.

    Args:
        function: Maps trees of arrays to a tree of arrays.
        nondiff_argnums: The positions of arguments that have no derivative.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> @tw.custom_jvp
        ... def softplus(x):
        ...     return np.logaddexp(x, 0.0)
        >>> @softplus.defjvp
        ... def _(primals, tangents):
        ...     (x,), (t,) = primals, tangents
        ...     return softplus(x), t / (1 + np.exp(-x))
        >>> tw.grad(softplus)(0.0)
        0.5
    """

    _rule: Callable[..., Any] | None = None

    def defjvp(self, jvp: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule, and return it."""
        self._rule = jvp
        return jvp

    def _told(self) -> tuple[Any, ...]:
        return (self._rule,)

    def _apply(
        self, fixed: list[Any], args: tuple[Any, ...], moving: list[Any], leaves: list[Tensor]
    ) -> Any:
        jvp, name = self._rule, self.__name__  # type: ignore[attr-defined]
        if jvp is None:
            raise _missing(name, "defjvp(jvp)")
        definition = tree.structure(tuple(moving))
        result = self._value(self._function, args)

        def push_forward(
            primals: list[Tensor], _: list[Tensor], directions: list[Tensor]
        ) -> list[Any]:
            given = (tree.unflatten(definition, x) for x in (primals, directions))
            found = jvp(*fixed, *given)
            if not isinstance(found, tuple) or len(found) != 2:
                raise ArgumentError(
                    f"The rule of {name} returned {type(found).__name__}; it wants a pair (result, "
                    "tangent)."
                )
            return tensors_of(found[1])

        rule = Rule(len(tree.leaves(result)), len(leaves), None, push_forward)
        return ruled(result, leaves, [], rule)
