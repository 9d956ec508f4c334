"""Values in the place of a module's own, while its tensors stay the ones that they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from thalweg.core.memory import Memory, View
from thalweg.core.tape import Node
from thalweg.core.tensor import Tensor, make
from thalweg.errors import TracingError
from thalweg.nn.parameter import Parameter, own

if TYPE_CHECKING:
    from thalweg.nn.module import Module


@dataclass(frozen=True)
class _Own:
    """What a tensor was before it stood for another value."""

    array: Any
    node: Node | None
    memory: Memory | None
    origin: View | None
    weak: bool
    grad: Tensor | None

    @classmethod
    def of(cls, tensor: Tensor) -> _Own:
        return cls(
            tensor.array, tensor.node, tensor.memory, tensor.origin, tensor.weak, tensor._grad
        )

    def give_back(self, tensor: Tensor) -> None:
        tensor.array, tensor.node, tensor.weak = self.array, self.node, self.weak
        tensor.memory, tensor.origin, tensor._grad = self.memory, self.origin, self.grad


class Substitution:
    """Parameters and buffers of a module that stand for other values inside a `with` block.

    Each tensor stays the object it is. So whoever holds it meets the value: the module, tied
    layers, lists of parameters, closures over one of them. Afterwards all is as it was. While it
    lasts, no other thread may use the module.

    Args:
        module: Whose tensors they are.
        parameters: The parameters by name.
        buffers: The buffers by name.
        aliases: Tensors on the whole memory of one of these, as `detach()` makes them, with the
            name of that one; they stand for its value without its history.
    """

    def __init__(
        self,
        module: Module,
        parameters: Mapping[str, Tensor],
        buffers: Mapping[str, Tensor],
        aliases: Sequence[tuple[Tensor, str]] = (),
    ) -> None:
        self._parameters, self._buffers = dict(parameters), dict(buffers)
        self._aliases = list(aliases)
        self._own = {id(t): _Own.of(t) for t in self._tensors()}
        self._put: dict[str, tuple[Any, Node | None]] = {}
        # What is assigned to a name, instead of written into the tensor there, is found there.
        self._members: list[tuple[str, dict[str, Any], str, Tensor | None]] = [
            (f"{path}.{key}" if path else key, members, key, value)
            for path, part in module.named_modules()
            for members in _registries(part)
            for key, value in members.items()
        ]

    def _tensors(self) -> Iterator[Tensor]:
        yield from self._parameters.values()
        yield from self._buffers.values()
        yield from (tensor for tensor, _ in self._aliases)

    def __enter__(self) -> Substitution:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for tensor in self._tensors():
            self._own[id(tensor)].give_back(tensor)
        self._return_members()

    def _return_members(self) -> None:
        for _, members, key, value in self._members:
            members[key] = value

    def put(self, parameters: Mapping[str, Tensor], buffers: Mapping[str, Tensor]) -> None:
        """Let the tensors stand for values, with the values' history and their own hooks."""
        self._return_members()
        self._put.clear()
        for name, value in parameters.items():
            tensor = self._parameters[name]
            _stand_for(tensor, value)
            before = self._own[id(tensor)].node
            if before is not None and before.watched is not None and value.node is not None:
                value.node.watched = before.watched
            self._put[name] = value.array, value.node
        for name, value in buffers.items():
            _stand_for(self._buffers[name], own(value))
        values = {**parameters, **buffers}
        for alias, name in self._aliases:
            _stand_for(alias, values[name].detach())

    def left(self) -> dict[str, Tensor]:
        """Return what became of the buffers, by name.

        Raises:
            TracingError: If a parameter was changed, or a buffer has only now been given a value.
        """
        for name, (array, node) in self._put.items():
            tensor = self._parameters[name]
            if tensor.array is not array or tensor.node is not node:
                raise TracingError(_CHANGED.format(name))
        found: dict[int, Tensor] = {}
        for name, members, key, before in self._members:
            now = members.get(key)
            if now is before or now is None:
                continue
            if before is None:
                raise TracingError(
                    f"{name!r} was None and was given a value by the module or the loss; a run "
                    "needs its first value before it starts. Register it with one, such as "
                    "zeros of its shape, or call the module once before the fit."
                )
            if id(before) in self._own and not isinstance(before, Parameter):
                found[id(before)] = now
            else:
                raise TracingError(_CHANGED.format(name))
        values = {name: found.get(id(t), t) for name, t in self._buffers.items()}
        # The buffers themselves are given back what they were.
        return {name: make(t.array, t.node, t.weak) for name, t in values.items()}


_CHANGED = (
    "The parameter {!r} was changed by the module or the loss, in place, by an assignment or by "
    "its requires_grad; in a run parameters are changed by the optimizer alone. Use the changed "
    "value without writing it, as in w = self.weight.clamp(min=0), or change it before the fit."
)


def _stand_for(tensor: Tensor, value: Tensor) -> None:
    tensor.array, tensor.node, tensor.weak = value.array, value.node, False
    tensor.memory = tensor.origin = tensor._grad = None


def _registries(module: Module) -> tuple[dict[str, Any], dict[str, Any]]:
    return module._parameters, module._buffers
