"""Function: an operation with a derivative of the user's own, by PyTorch's calls."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from thalweg.core.apply import refresh
from thalweg.core.memory import known_memory, memory_of
from thalweg.core.tape import Node, is_recording, set_recording
from thalweg.core.tensor import Tensor, astype, make
from thalweg.errors import GradientError, MissingDerivative
from thalweg.ops.creation.creation import zeros
from thalweg.ops.shape.broadcast import sum_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape

__all__ = [
    "Function",
    "once_differentiable",
]


class Context:
    """What a Function's forward leaves for its backward.

    Attributes:
        needs_input_grad: For each argument, whether its derivative is wanted.
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._to_save: tuple[Tensor | None, ...] = ()
        self._saved: list[Callable[[], Tensor | None]] = []
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `saved_tensors`; a change in place of one of them is noticed there."""
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved for the backward.

        Raises:
            GradientError: If one was changed in place since.
        """
        return tuple(recall() for recall in self._saved)

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which arguments the forward changes in place; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results have no derivative."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether results that nothing depends on have a cotangent of zeros, or None."""
        self._materialize = value


class Function:
    """An operation whose forward and backward are given, instead of derived.

    A subclass defines two static methods: `forward(ctx, *args)`, or `forward(*args)` and
    `setup_context(ctx, inputs, output)`; and `backward(ctx, *cotangents)`, which returns one
    cotangent an argument, None for what has none. Both are written in tensor operations, so that
    they differentiate again, and are traced, batched and compiled like any others.

    Raises:
        GradientError: From the walk back, if backward returns another number of cotangents, or
            if a saved tensor was changed in place.
        MissingDerivative: From the walk back, if there is no backward.

    Example:
        >>> import thalweg.torch as torch
        >>> class Cube(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x**3
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         (x,) = ctx.saved_tensors
        ...         return 3 * x**2 * g
        >>> x = torch.tensor(2.0, requires_grad=True)
        >>> Cube.apply(x).backward()
        >>> x.grad
        tensor(12.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results."""
        raise MissingDerivative(
            "A Function without forward was applied; it wants a static method forward(ctx, ...)."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what backward needs, where `forward` does not take ctx."""

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        """Compute the arguments' cotangents from the results'."""
        raise MissingDerivative(
            "You must implement backward for your custom autograd.Function to differentiate it: "
            "a static method backward(ctx, *cotangents)."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute the results, and record how their derivative is computed."""
        if kwargs:
            args = _positional(cls, args, kwargs)
        for arg in args:
            if isinstance(arg, Tensor) and arg.origin is not None:
                refresh(arg)
        recorded = is_recording()
        needs = tuple(isinstance(arg, Tensor) and arg.node is not None for arg in args)
        ctx = Context(needs)
        tensors = tuple(arg for arg in args if isinstance(arg, Tensor))
        sources = tuple(t.node for t in tensors)
        with set_recording(False):
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        several = isinstance(result, (tuple, list))
        outputs = [_fresh(r, ctx, args) for r in (result if several else (result,))]
        if recorded and any(needs):
            _record(cls, ctx, args, tensors, sources, outputs)
        elif ctx._dirty and recorded:
            for tensor in ctx._dirty:
                memory_of(tensor)
        return tuple(outputs) if several else outputs[0]


def _positional(
    cls: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """Return the arguments in the order of forward's, those left out by their defaults."""
    takes_context = cls.setup_context is Function.setup_context
    names = list(inspect.signature(cls.forward).parameters.values())[takes_context:]
    bound = inspect.Signature(names).bind(*args, **kwargs)
    return bound.args


def _fresh(output: Any, ctx: Context, args: tuple[Any, ...]) -> Any:
    """Return a result; one that is an argument, not changed, as another tensor on its memory."""
    if not isinstance(output, Tensor) or any(output is t for t in ctx._dirty):
        return output
    return output.detach() if any(output is arg for arg in args) else output


def _record(
    cls: type[Function],
    ctx: Context,
    args: tuple[Any, ...],
    tensors: tuple[Tensor, ...],
    sources: tuple[Node | None, ...],
    outputs: list[Any],
) -> None:
    for tensor in ctx._dirty:
        _require_changed(tensor)
    constant = ctx._constant
    wanted = [
        o
        for o in outputs
        if isinstance(o, Tensor) and o.dtype.kind in "fc" and not any(o is c for c in constant)
    ]
    if not wanted:
        return
    call = _Call(cls, ctx, args, wanted, outputs)
    inputs = tuple(make(t.array, s, t.weak) for t, s in zip(tensors, sources, strict=True))
    if len(outputs) == 1:
        nodes = [Node(call, inputs, {}, wanted[0].array)]  # type: ignore[arg-type]
    else:
        with set_recording(False):
            flat = concatenate([reshape(o.detach(), (-1,)) for o in wanted])
        joint = make(flat.array, Node(call, inputs, {}, flat.array))  # type: ignore[arg-type]
        nodes = [
            Node(_Part(call, i), (joint,), {}, o.array)  # type: ignore[arg-type]
            for i, o in enumerate(wanted)
        ]
    for output, node in zip(wanted, nodes, strict=True):
        output.node = node
        if output.memory is not None:
            memory_of(output)
    ctx._saved = [_recalling(cls.__name__, tensor, wanted) for tensor in ctx._to_save]
    ctx._to_save = ctx._dirty = ctx._constant = ()


def _require_changed(tensor: Tensor) -> None:
    if tensor.origin is not None:
        raise GradientError(
            "A Function changed a view in place, whose base has a history of its own. Give it a "
            "clone() of the view."
        )
    if tensor.node is not None and tensor.node.leaf is not None:
        raise GradientError(
            "a leaf Variable that requires grad is being used in an in-place operation of a "
            "Function. Give it a clone() of the leaf."
        )


def _recalling(name: str, tensor: Tensor | None, outputs: list[Any]) -> Callable[[], Any]:
    """Return what gives a saved tensor back; a result is held without a circle of references."""
    if tensor is None:
        return lambda: None
    memory = known_memory(tensor)
    version = 0 if memory is None else memory.version
    array, node = tensor.array, tensor.node
    held: Any = ref(node) if node is not None and any(tensor is o for o in outputs) else None
    kept = None if held is not None else tensor
    owner = memory_of(tensor) if memory is None and not tensor.is_symbolic else memory

    def recall() -> Tensor:
        if owner is not None and owner.version != version:
            line = f" at {owner.line}" if owner.line else ""
            raise GradientError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: {name} saved a tensor of shape {tuple(array.shape)}, which "
                f"was changed in place since{line}, and is at version {owner.version}; expected "
                f"version {version} instead. Change a clone(), or call backward() before it."
            )
        return kept if kept is not None else make(array, held())

    return recall


class _Call:
    """One application of a Function: what stands for its primitive on the tape."""

    kind, additive, identity, view = "general", False, False, False
    variadic = together = None

    def __init__(
        self,
        cls: type[Function],
        ctx: Context,
        args: tuple[Any, ...],
        wanted: list[Tensor],
        outputs: list[Any],
    ) -> None:
        self.name = cls.__name__
        self.step_name = f"{cls.__name__}Backward"
        self.seen: set[int] = set()
        self.specs = [(tuple(o.array.shape), o.dtype) for o in wanted]
        self._cls, self._ctx, self._count = cls, ctx, len(args)
        tensors = {i: arg for i, arg in enumerate(args) if isinstance(arg, Tensor)}
        self._places = list(tensors)
        self._wanted = [(tuple(t.array.shape), t.dtype) for t in tensors.values()]
        positions = {id(o): i for i, o in enumerate(wanted)}
        self._order = [positions.get(id(o)) for o in outputs]
        self._blank = [
            (tuple(o.array.shape), o.dtype) if isinstance(o, Tensor) else None for o in outputs
        ]
        self._known: tuple[Any, list[Tensor | None]] | None = None

    def rule(self, position: int) -> Any:
        """Return the rule of one operand; backward itself is called once for all of them."""
        if not self._ctx.needs_input_grad[self._places[position]]:
            return None

        def pulled(g: Tensor, out: Tensor, *inputs: Tensor) -> Tensor | None:
            if self._known is None or self._known[0]() is not g:
                self._known = (ref(g), self._pull(g))
            return self._known[1][position]

        return pulled

    def _pull(self, g: Tensor) -> list[Tensor | None]:
        found = self._cls.backward(self._ctx, *self._cotangents(g))
        given: Sequence[Any] = found if isinstance(found, (tuple, list)) else (found,)
        surplus = given[self._count :]
        if len(given) < self._count or any(extra is not None for extra in surplus):
            raise GradientError(
                f"function {self.step_name} returned an incorrect number of gradients (expected "
                f"{self._count}, got {len(given)}). Return one for each argument of forward, None "
                "for those that have none."
            )
        self.seen.clear()
        return [
            self._fitted(given[place], i, *wanted)
            for i, (place, wanted) in enumerate(zip(self._places, self._wanted, strict=True))
        ]

    def _fitted(self, g: Any, position: int, shape: tuple[int, ...], dtype: Any) -> Tensor | None:
        """Return a cotangent in the shape and dtype of its argument."""
        if g is None or not self._ctx.needs_input_grad[self._places[position]]:
            return None
        if not isinstance(g, Tensor):
            raise GradientError(
                f"function {self.step_name} returned a {type(g).__name__} as the gradient at index "
                f"{position}; it wants a tensor, or None. Return tw.tensor(…) in its place."
            )
        if g.shape != shape:
            g = self._summed(g, position, shape)
        return g if g.dtype == dtype else astype(g, dtype)

    def _summed(self, g: Tensor, position: int, shape: tuple[int, ...]) -> Tensor:
        if len(shape) > g.ndim or any(
            n not in (1, m) for n, m in zip(shape[::-1], g.shape[::-1], strict=False)
        ):
            raise GradientError(
                f"function {self.step_name} returned an invalid gradient at index {position} - got "
                f"{list(g.shape)} but expected shape compatible with {list(shape)}. Return one "
                "number for each element of the argument."
            )
        summed: Tensor = sum_to(g, shape)
        return summed

    def _cotangents(self, g: Tensor) -> list[Tensor | None]:
        if len(self._order) == 1:
            return [g]
        parts: list[Tensor | None] = []
        start = 0
        for i, (shape, _) in enumerate(self.specs):
            stop = start + _count(shape)
            absent = i not in self.seen and not self._ctx._materialize
            parts.append(None if absent else reshape(g[start:stop], shape))
            start = stop
        return [
            parts[i] if i is not None else self._zeros(blank)
            for i, blank in zip(self._order, self._blank, strict=True)
        ]

    def _zeros(self, blank: Any) -> Tensor | None:
        if blank is None or not self._ctx._materialize:
            return None
        found: Tensor = zeros(blank[0], dtype=blank[1])
        return found


class _Part:
    """One of several results of a Function, cut out of all of them laid end to end."""

    kind, additive, identity, view, name = "general", False, False, False, "part"
    variadic = together = None

    def __init__(self, call: _Call, position: int) -> None:
        self.call, self._position = call, position
        sizes = [_count(shape) for shape, _ in call.specs]
        self._before, self._after = sum(sizes[:position]), sum(sizes[position + 1 :])

    def rule(self, position: int) -> Any:
        """Return the rule: the cotangent among zeros."""

        def placed(g: Tensor, out: Tensor, joint: Tensor) -> Tensor:
            self.call.seen.add(self._position)
            parts = [zeros((self._before,), dtype=g.dtype), reshape(g, (-1,))]
            return concatenate([*parts, zeros((self._after,), dtype=g.dtype)])

        return placed


def _count(shape: tuple[int, ...]) -> int:
    found = 1
    for extent in shape:
        found *= extent
    return found


class _Refusal:
    """Stands for the derivative of a derivative that was declared to have none."""

    kind, additive, identity, view = "general", False, False, False
    variadic = together = None
    name = "once_differentiable"

    def rule(self, position: int) -> Any:
        """Return a rule that refuses."""

        def refused(g: Tensor, *rest: Any) -> Tensor:
            raise GradientError(
                "trying to differentiate twice a function that was marked with "
                "@once_differentiable. Write its backward in tensor operations, and leave the "
                "mark out."
            )

        return refused


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a backward that cannot itself be differentiated; asking for that is refused."""

    @functools.wraps(backward)
    def run(ctx: Any, *cotangents: Any) -> Any:
        with set_recording(False):
            found = backward(ctx, *cotangents)
        depends = [g for g in cotangents if isinstance(g, Tensor) and g.node is not None]
        if not is_recording() or not depends:
            return found
        several = isinstance(found, (tuple, list))
        marked = [
            make(g.array, Node(_Refusal(), (depends[0],), {}, g.array))  # type: ignore[arg-type]
            if isinstance(g, Tensor)
            else g
            for g in (found if several else (found,))
        ]
        return tuple(marked) if several else marked[0]

    return run
