"""Function: an operation with a derivative of the user's own, by PyTorch's calls."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any
from weakref import ref

from thalweg import tree
from thalweg.autodiff.hooks import turned
from thalweg.autodiff.modes import no_grad
from thalweg.autodiff.reverse import stretches
from thalweg.control.custom import Rule, with_rule
from thalweg.core.apply import apply, refresh, standing_for
from thalweg.core.memory import known_memory, memory_of
from thalweg.core.primitive import is_floating
from thalweg.core.spec import Spec
from thalweg.core.tape import Node, is_recording, set_recording
from thalweg.core.tensor import Tensor, astype, make
from thalweg.errors import GradientError, MissingDerivative
from thalweg.ops.control.bundle import parts
from thalweg.ops.creation.creation import zeros
from thalweg.ops.shape.broadcast import sum_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.autograd.packing import is_packing, pack_saved
from thalweg.torch.autograd.rules import StepRule
from thalweg.torch.naming import adopted
from thalweg.torch.tensors import TorchTensor

__all__ = ["Function", "once_differentiable"]


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
        tensors = tuple(arg for arg in args if isinstance(arg, Tensor))
        # A program may be differentiated later on.
        traced = any(tensor.is_symbolic for tensor in tensors)
        needs = tuple(
            isinstance(arg, Tensor)
            and (arg.node is not None or (traced and is_floating(arg.dtype)))
            for arg in args
        )
        ctx = Context(needs)
        sources = tuple(t.node for t in tensors)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        several = isinstance(result, (tuple, list))
        outputs = [_fresh(r, ctx, args) for r in (result if several else (result,))]
        if traced and any(needs):
            operands = [make(t.array, s, t.weak) for t, s in zip(tensors, sources, strict=True)]
            _write_rule(cls, ctx, args, operands, outputs)
        elif recorded and any(needs):
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
    return inspect.Signature(names).bind(*args, **kwargs).args


def _fresh(output: Any, ctx: Context, args: tuple[Any, ...]) -> Any:
    """Return a result; one that is an argument, not changed, as another tensor on its memory."""
    if not isinstance(output, Tensor) or _is_among(output, ctx._dirty):
        return output
    return output.detach() if _is_among(output, args) else output


def _is_among(tensor: Tensor, others: Sequence[Any]) -> bool:
    return any(tensor is other for other in others)


def _record(
    cls: type[Function],
    ctx: Context,
    args: tuple[Any, ...],
    tensors: tuple[Tensor, ...],
    sources: tuple[Node | None, ...],
    outputs: list[Any],
) -> None:
    wanted = _differentiable(ctx, outputs)
    if not wanted:
        return
    call = _Application(cls, ctx, args, wanted, outputs)
    inputs = tuple(make(t.array, s, t.weak) for t, s in zip(tensors, sources, strict=True))
    if len(outputs) == 1:
        nodes = [_node(call, inputs, wanted[0])]
    else:
        with set_recording(False):
            flat = concatenate([reshape(o.detach(), (-1,)) for o in wanted])
        joint = make(flat.array, _node(call, inputs, flat))
        nodes = [_node(_ResultPart(call, i), (joint,), o) for i, o in enumerate(wanted)]
    for output, node in zip(wanted, nodes, strict=True):
        output.node = node
        if output.memory is not None:
            memory_of(output)
    if is_packing():
        ctx._saved = [_packed(tensor, wanted, nodes) for tensor in ctx._to_save]
    else:
        ctx._saved = [_recall_of(cls.__name__, tensor, wanted) for tensor in ctx._to_save]
    ctx._to_save = ctx._dirty = ctx._constant = ()


def _differentiable(ctx: Context, outputs: list[Any]) -> list[Tensor]:
    """Return the results that have a derivative."""
    for tensor in ctx._dirty:
        _require_changed(tensor)
    return [
        o
        for o in outputs
        if isinstance(o, Tensor) and is_floating(o.dtype) and not _is_among(o, ctx._constant)
    ]


def _write_rule(
    cls: type[Function],
    ctx: Context,
    args: tuple[Any, ...],
    operands: list[Tensor],
    outputs: list[Any],
) -> None:
    """Let a program, which may be differentiated, have the backward with the traced results."""
    wanted = _differentiable(ctx, outputs)
    if not wanted:
        return
    call = _Application(cls, ctx, args, wanted, outputs)
    kept, restored = _kept(ctx, tuple(arg for arg in args if isinstance(arg, Tensor)), wanted)

    def pull_back(
        x: list[Tensor], results: list[Tensor], held: list[Tensor], g: list[Tensor]
    ) -> list[Tensor | None]:
        return call.of(restored(x, results, held)).pull(list(g))

    rule = Rule(len(wanted), len(operands), pull_back, None)
    bundle = apply(with_rule, (*map(standing_for, wanted), *operands, *kept), {"rule": rule})
    for output, found in zip(wanted, parts(bundle, range(len(wanted))), strict=True):
        output.array, output.node = found.array, found.node


def _kept(
    ctx: Context, arguments: tuple[Tensor, ...], results: list[Tensor]
) -> tuple[list[Tensor], Callable[..., Context]]:
    """Return the tensors that a context holds, and what makes it again of others."""
    own = {name: value for name, value in vars(ctx).items() if not name.startswith("_")}
    leaves, definition = tree.flatten((ctx._to_save, own))
    kept = [standing_for(leaf) for leaf in leaves if isinstance(leaf, Tensor)]

    def place(leaf: Any) -> tuple[int, int]:
        for i, known in enumerate((arguments, results)):
            for j, tensor in enumerate(known):
                if leaf is tensor:
                    return i, j
        return 2, 0

    places = [place(leaf) for leaf in leaves]

    def restored(x: list[Tensor], found: list[Tensor], held: list[Tensor]) -> Context:
        # Arguments and results have their history, for derivatives of derivatives.
        rest = iter(held)
        given = [
            (x, found, [next(rest)])[i][j] if isinstance(leaf, Tensor) else leaf
            for leaf, (i, j) in zip(leaves, places, strict=True)
        ]
        again = Context(ctx.needs_input_grad)
        saved, others = tree.unflatten(definition, adopted(given))
        vars(again).update(others)
        again._materialize = ctx._materialize
        again._saved = [functools.partial(_same, tensor) for tensor in saved]
        return again

    return kept, restored


def _same(tensor: Tensor | None) -> Tensor | None:
    return tensor


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


def _packed(tensor: Tensor | None, outputs: list[Any], nodes: list[Node]) -> Callable[[], Any]:
    """Return what gives a saved tensor back that hooks keep."""
    if tensor is None:
        return lambda: None
    places = [i for i, output in enumerate(outputs) if output is tensor]
    return pack_saved(tensor, bool(places), nodes[places[0] if places else 0])


def _recall_of(name: str, tensor: Tensor | None, outputs: list[Any]) -> Callable[[], Any]:
    """Return what gives a saved tensor back; a result is held without a circle of references."""
    if tensor is None:
        return lambda: None
    memory = known_memory(tensor)
    version = 0 if memory is None else memory.version
    array, node = tensor.array, tensor.node
    held: Any = ref(node) if node is not None and _is_among(tensor, outputs) else None
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
        return kept if kept is not None else make(array, held(), kind=TorchTensor)

    return recall


def _node(rule: StepRule, inputs: tuple[Tensor, ...], result: Tensor) -> Node:
    return Node(rule, inputs, {}, result.array)  # type: ignore[arg-type]


class _Application(StepRule):
    """One application of a Function."""

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
        self.specs = [o.spec for o in wanted]
        self._cls, self._ctx, self._count = cls, ctx, len(args)
        self._operands = [(i, arg.spec) for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        # Of every result, where it is among those with a derivative, and the zeros in its place.
        positions = {id(o): i for i, o in enumerate(wanted)}
        self._outputs = [
            (positions.get(id(o)), o.spec if isinstance(o, Tensor) else None) for o in outputs
        ]
        self._known: tuple[Any, list[Tensor | None]] | None = None

    def rule(self, position: int) -> Any:
        """Return the rule of one operand; backward itself is called once for all of them."""
        if not self._ctx.needs_input_grad[self._operands[position][0]]:
            return None

        def pull(g: Tensor, out: Tensor, *inputs: Tensor) -> Tensor | None:
            if self._known is None or self._known[0]() is not g:
                self._known = (ref(g), self.pull(self._split(g)))
            return self._known[1][position]

        return pull

    def of(self, ctx: Context) -> _Application:
        """Return the same application with another context."""
        again = copy(self)
        again._ctx = ctx
        return again

    def pull(self, g: list[Tensor | None]) -> list[Tensor | None]:
        """Return the cotangents of the operands from those of results that have a derivative."""
        found = self._cls.backward(self._ctx, *map(turned, adopted(self._cotangents(g))))
        given: Sequence[Any] = found if isinstance(found, (tuple, list)) else (found,)
        surplus = given[self._count :]
        if len(given) < self._count or any(extra is not None for extra in surplus):
            raise GradientError(
                f"function {self.step_name} returned an incorrect number of gradients (expected "
                f"{self._count}, got {len(given)}). Return one for each argument of forward, None "
                "for those that have none."
            )
        self.seen.clear()
        needed = self._ctx.needs_input_grad
        return [
            self._fit(given[place], i, spec) if needed[place] else None
            for i, (place, spec) in enumerate(self._operands)
        ]

    def _fit(self, g: Any, position: int, spec: Spec) -> Tensor | None:
        """Return a cotangent in the shape and dtype of its argument."""
        if g is None:
            return None
        if not isinstance(g, Tensor):
            raise GradientError(
                f"function {self.step_name} returned a {type(g).__name__} as the gradient at index "
                f"{position}; it wants a tensor, or None. Return tw.tensor(…) in its place."
            )
        if not stretches(spec.shape, g.shape):
            raise GradientError(
                f"function {self.step_name} returned an invalid gradient at index {position} - got "
                f"{list(g.shape)} but expected shape compatible with {list(spec.shape)}. Return "
                "one number for each element of the argument."
            )
        summed: Tensor = sum_to(g, spec.shape)
        summed = summed if summed.dtype == spec.dtype else astype(summed, spec.dtype)
        return turned(summed)  # type: ignore[no-any-return]

    def _split(self, g: Tensor) -> list[Tensor | None]:
        """Return the cotangents of results that are laid end to end."""
        if len(self._outputs) == 1:
            return [g]
        blank = self._ctx._materialize
        parts: list[Tensor | None] = []
        start = 0
        for i, spec in enumerate(self.specs):
            part = g[start : start + spec.size] if i in self.seen or blank else None
            parts.append(None if part is None else reshape(part, spec.shape))
            start += spec.size
        return parts

    def _cotangents(self, parts: list[Tensor | None]) -> list[Tensor | None]:
        """Return cotangents of all results, also of those without a derivative."""
        blank = self._ctx._materialize
        return [
            parts[i] if i is not None else zeros(spec.shape, spec.dtype) if spec and blank else None
            for i, spec in self._outputs
        ]


class _ResultPart(StepRule):
    """One of several results of a Function, cut out of all of them laid end to end."""

    name = "part"

    def __init__(self, call: _Application, position: int) -> None:
        self._call, self._position = call, position

    def rule(self, position: int) -> Any:
        """Return the rule: the cotangent among zeros."""

        def place(g: Tensor, out: Tensor, joint: Tensor) -> Tensor:
            self._call.seen.add(self._position)
            sizes = [spec.size for spec in self._call.specs]
            before, after = sizes[: self._position], sizes[self._position + 1 :]
            return concatenate(
                [zeros(sum(before), g.dtype), reshape(g, (-1,)), zeros(sum(after), g.dtype)]
            )

        return place


class _Refusal(StepRule):
    """Stands for the derivative of a derivative that was declared to have none."""

    name = "once_differentiable"

    def rule(self, position: int) -> Any:
        """Return a rule that refuses."""

        def refuse(g: Tensor, *rest: Any) -> Tensor:
            raise GradientError(
                "trying to differentiate twice a function that was marked with "
                "@once_differentiable. Write its backward in tensor operations, and leave the "
                "mark out."
            )

        return refuse


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
            make(g.array, _node(_Refusal(), (depends[0],), g)) if isinstance(g, Tensor) else g
            for g in (found if several else (found,))
        ]
        return tuple(marked) if several else marked[0]

    return run
