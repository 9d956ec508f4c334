"""Hooks that keep what steps of the tape need for their derivatives."""

from __future__ import annotations

import dis
import functools
import math
import threading
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NoReturn
from weakref import ref

from thalweg.autodiff.changed import require_unchanged
from thalweg.core.memory import Memory, memory_of
from thalweg.core.program import Symbol, clock
from thalweg.core.tape import Node, PackedNode, recording, set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import CallError, GradientError

Hooks = tuple[Callable[[Any], Any], Callable[[Any], Any]]


class _HooksOfThread(threading.local):
    """The hooks of this thread, and why further ones are refused; innermost last."""

    def __init__(self) -> None:
        self.hooks: list[Hooks] = []
        self.messages: list[str] = []


stack = _HooksOfThread()


def push(hooks: Hooks) -> None:
    """Let what is recorded from here on be kept by hooks.

    Raises:
        GradientError: If hooks are disabled.
        CallError: If one is no function.
    """
    require_allowed()
    if not all(map(callable, hooks)):
        raise CallError(
            f"saved_tensors_hooks got {hooks[0]!r} and {hooks[1]!r}; it wants two functions, from "
            "a tensor to anything and back."
        )
    stack.hooks.append(hooks)
    recording.packing = _pack_node


def pop() -> None:
    """Take the innermost hooks away."""
    stack.hooks.pop()
    recording.packing = _pack_node if stack.hooks else None


def require_allowed() -> None:
    """Refuse hooks where they are disabled.

    Raises:
        GradientError: If they are.
    """
    if stack.messages:
        raise GradientError(stack.messages[-1])


class Packed:
    """A tensor that hooks keep.

    Args:
        tensor: What is kept; the first hook is given it.
        hooks: The functions.

    Raises:
        GradientError: If the first hook changed it in place.
    """

    def __init__(self, tensor: Tensor, hooks: Hooks) -> None:
        self._weak, self._kind = tensor.weak, tensor.results
        before = memory_of(tensor).version
        pack, self._unpack = hooks
        packing, recording.packing = recording.packing, None
        try:
            with set_recording(False):
                self._kept = pack(tensor)
        finally:
            recording.packing = packing
        if memory_of(tensor).version != before:
            raise GradientError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead to "
                "unexpected side-effects. Change a clone() of it."
            )

    def tensor(self, source: Node | None, user: Node, position: int | None) -> Tensor:
        """Return what the second hook makes of what is kept.

        Args:
            source: The history that it had.
            user: The step that needs it.
            position: As which operand; None as the result.

        Raises:
            DtypeError: If that is no tensor.
            GradientError: If it was changed in place since.
        """
        with set_recording(False):
            found = self._unpack(self._kept)
        if not isinstance(found, Tensor):
            raise CallError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                f"type {type(found).__name__}. Return the tensor that pack_hook was given."
            )
        require_unchanged(found, user, position)
        return make(found.array, source, self._weak, self._kind)


class _LeftOut:
    """Stands for values that no rule reads: their shape is known, asking for more is refused."""

    __slots__ = ("dtype", "ndim", "shape", "size")

    def __init__(self, array: Any) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self.ndim, self.size = len(self.shape), math.prod(self.shape)

    def _refuse(self) -> NoReturn:
        raise GradientError(
            "A derivative needs values that were not given to saved_tensors_hooks. Compute this "
            "step outside of their block."
        )

    def __getattr__(self, name: str) -> Any:
        self._refuse()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        self._refuse()


# So that asking for the result of a step goes the longer way, where it is unpacked.
_APART = Memory()
_APART.changed = 2**62


class _KeptApart(PackedNode):
    """A step of which what its rules read is packed, and of the rest the shapes are known."""

    __slots__ = ("_operands", "_result", "_shown")

    def __init__(self, primitive: Any, tensors: Any, params: Any, result: Tensor) -> None:
        hooks = stack.hooks[-1]
        self.primitive, self.params, self.memory = primitive, params, _APART
        self.leaf = self.watched = self.called = None
        self.sources = tuple([tensor.node for tensor in tensors])
        self.order = next(clock)
        read = _read_by(primitive, tuple([source is not None for source in self.sources]))
        self._shown: Any = _LeftOut(result.array)
        self._operands: Any = tuple([_keep(t, i + 2 in read, hooks) for i, t in enumerate(tensors)])
        self._result: Any = _keep(result.detach(), 1 in read, hooks)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The operands, as they are given back."""
        pairs = enumerate(zip(self._operands, self.sources, strict=True))
        return tuple([_given_back(kept, node, self, i) for i, (kept, node) in pairs])

    @inputs.setter
    def inputs(self, given: tuple[Tensor, ...]) -> None:
        self._operands = given

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The shapes of the operands."""
        return tuple([kept[1] for kept in self._operands])

    @property
    def array(self) -> Any:
        """The shape of the result."""
        return self._shown

    @array.setter
    def array(self, given: Any) -> None:
        self._shown = self._result = given

    def result(self) -> Tensor:
        """Return the result, as it is given back."""
        return _given_back(self._result, self, self, None)


def _keep(tensor: Tensor, read: bool, hooks: Hooks) -> Any:
    """Return a tensor packed, or as it is where that is a number or no floating one; its shape."""
    number = tensor.node is None and not tensor.array.ndim and tensor.results is Tensor
    if number or tensor.array.dtype.kind not in "fc":
        return tensor, tensor.array
    absent = _LeftOut(tensor.array)
    kept = Packed(tensor, hooks) if read else make(absent, None, tensor.weak, tensor.results)
    return kept, absent


def _given_back(kept: Any, source: Node | None, user: Node, position: int | None) -> Tensor:
    held = kept[0]
    if isinstance(held, Packed):
        return held.tensor(source, user, position)
    found: Tensor = make(held.array, source, held.weak, held.results)
    return found


def pack_saved(tensor: Tensor, of_results: bool, user: Node) -> Callable[[], Tensor]:
    """Return what gives back a tensor that a Function saves, which hooks keep now.

    Args:
        tensor: What it saves.
        of_results: Whether it is one of the Function's results, whose history is the step itself.
        user: The step.
    """
    packed = Packed(tensor.detach() if of_results else tensor, stack.hooks[-1])
    source = None if of_results else tensor.node
    asking = ref(user)

    def given_back() -> Tensor:
        step: Any = asking()
        return packed.tensor(step if of_results else source, step, None)

    return given_back


def is_packing() -> bool:
    """Tell whether what is recorded now is kept by hooks."""
    return bool(stack.hooks) and not recording.functions


def _pack_node(
    primitive: Any, tensors: tuple[Tensor, ...], params: Mapping[str, Any], result: Tensor
) -> Node:
    traced = any(t.array.__class__ is Symbol for t in (result, *tensors))
    # What is differentiated as a function is kept for that alone.
    if traced or not is_packing():
        return Node(primitive, tensors, params, result.array)
    return _KeptApart(primitive, tensors, params, result)


# ---- what a rule reads


@functools.cache
def _read_by(primitive: Any, moving: tuple[bool, ...]) -> frozenset[int]:
    """Return which arguments of (cotangent, result, *operands) the derivatives read."""
    if primitive.variadic is not None:
        return _read(primitive.variadic, 2 + len(moving))
    rules = (primitive.rule(i) for i, moves in enumerate(moving) if moves)
    return frozenset().union(*(_read(rule, 2 + len(moving)) for rule in rules if rule is not None))


# What is known of values that are not kept.
_SHAPES = {"shape", "ndim", "size", "dtype"}


def _read(rule: Callable[..., Any], count: int) -> frozenset[int]:
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & 4:
        return frozenset(range(1, count))
    names = code.co_varnames[: code.co_argcount][:count]
    read = {name for name in names if name in code.co_cellvars}
    for step, following in pairwise(dis.get_instructions(code)):
        shape = following.opname == "LOAD_ATTR" and following.argval in _SHAPES
        if step.opname.startswith("LOAD_FAST") and not shape:
            read.add(step.argval)
    return frozenset(i for i, name in enumerate(names) if name in read)
