"""The tape: what a tensor remembers of how it was made, and whether anything is remembered."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

from thalweg.core.program import clock, tracing

if TYPE_CHECKING:
    from thalweg.core.memory import Memory
    from thalweg.core.primitive import Primitive
    from thalweg.core.tensor import Tensor


class Node:
    """One recorded operation: what a backward walk needs to know about a tensor.

    A variable (a tensor whose derivative is wanted) is a node without a primitive. Its input is
    the tensor it stands for; or, if the derivative is to be stored in a tensor's `.grad`, it has
    no input and `leaf` refers to that tensor, weakly, because the tensor holds the node.
    `sources` are the inputs' own nodes then, as a later change in place gives a tensor another.
    `order` increases with time, so descending order is a valid backward order. `array` is the
    result, whose `memory` is known where others share it; `watched` is what users asked to be
    told when the walk comes by. `called` is what a user calls the step, if it is not the primitive.
    """

    __slots__ = (
        "__weakref__",
        "array",
        "called",
        "inputs",
        "leaf",
        "memory",
        "order",
        "params",
        "primitive",
        "sources",
        "watched",
    )

    def __init__(
        self,
        primitive: Primitive | None,
        inputs: tuple[Tensor, ...],
        params: Mapping[str, Any],
        array: Any,
        leaf: ReferenceType[Tensor] | None = None,
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.sources = tuple([tensor.node for tensor in inputs])
        self.params = params
        self.array = array
        self.leaf = leaf
        self.memory: Memory | None = None
        self.watched: Watched | None = None
        self.called: str | None = None
        self.order = next(clock)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What the operands hold."""
        return tuple([tensor.array for tensor in self.inputs])

    @property
    def is_variable(self) -> bool:
        """Whether it is what grad, vjp or the like differentiate with respect to, no leaf."""
        return self.primitive is None and self.leaf is None

    def is_differentiated(self) -> bool:
        """Tell whether grad, vjp or the like wants a derivative with respect to what is below."""
        return any(node.is_variable for node in history([self]))


class PartDerivatives(dict[int, Any]):
    """The cotangents or tangents of a bundle's parts, by their number; the others are zero."""

    def __add__(self, other: Mapping[int, Any]) -> PartDerivatives:
        total = PartDerivatives(self)
        for number, derivative in other.items():
            total[number] = total[number] + derivative if number in total else derivative
        return total


def history(nodes: Iterable[Node | None], since: int = 0) -> Iterator[Node]:
    """Yield nodes and all that they were made of, once each; none older than a moment."""
    seen: set[Node] = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if node is not None and node not in seen and node.order >= since:
            seen.add(node)
            yield node
            stack += node.sources


class Watched:
    """What users asked of one step of the tape.

    Attributes:
        hooks: Called in turn with the cotangent of the step's result; each may replace it.
        before: Called with the cotangents before the step's rule runs.
        after: Called with the operands' cotangents and the result's after the rule ran.
        stored: Called with a leaf after its `.grad` was added to.
        retained: The tensor whose `.grad` shall be kept though it is no leaf.
        line: The line of the user's code that made the step, while anomalies are looked for.
    """

    __slots__ = ("after", "before", "hooks", "line", "retained", "stored")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Tensor], Tensor | None]] = {}
        self.before: dict[int, Callable[..., Any]] = {}
        self.after: dict[int, Callable[..., Any]] = {}
        self.stored: dict[int, Callable[[Tensor], None]] = {}
        self.retained: ReferenceType[Tensor] | None = None
        self.line = ""


def watched(node: Node) -> Watched:
    """Return what users asked of a step, made when they first ask."""
    if node.watched is None:
        node.watched = Watched()
    return node.watched


class _Recording(threading.local):
    enabled = True
    anomalies = False
    # How many functions are being run for grad, vjp or the like, one inside another.
    functions = 0


recording = _Recording()


def is_recording() -> bool:
    """Tell whether operations are recorded on the tape in this thread."""
    return recording.enabled


def is_recorded(tensor: Tensor) -> bool:
    """Tell whether what is computed of a tensor is traced or recorded."""
    return tensor.is_symbolic or (tensor.node is not None and recording.enabled)


class set_recording:  # noqa: N801 - a context manager
    """Switch the tape on or off inside a `with` block or a decorated function, in this thread."""

    __slots__ = ("_before", "_enabled")

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append((recording.enabled, tracing.cuts))
        recording.enabled = self._enabled
        if self._enabled:
            tracing.cuts = False

    def __exit__(self, *exception: object) -> None:
        recording.enabled, tracing.cuts = self._before.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs with this setting."""

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return run

    def _again(self) -> set_recording:
        """Return the same setting for another block, also in another thread."""
        return set_recording(self._enabled)
