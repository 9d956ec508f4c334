"""Modules that hold modules or parameters: in a chain, in a list, under names."""

from __future__ import annotations

import operator
import warnings
from collections import OrderedDict
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)  # fmt: skip
from itertools import groupby
from typing import Any, Self, overload

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, IndexOutOfRange, MemberError, printable
from thalweg.lines import level_of_user
from thalweg.torch.nn.modules.module import Module, layout
from thalweg.torch.nn.parameter import Parameter
from thalweg.torch.tensors import TorchTensor
from thalweg.torch.typed import typename

__all__ = ["Container", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class Container(Module):
    """Modules under names: what every `Module` is by itself; of old."""

    def __init__(self, **kwargs: Module | None) -> None:
        warnings.warn(
            "`nn.Container` is deprecated. All of its functionality is now implemented in "
            "`nn.Module`. Subclass that instead.",
            FutureWarning,
            stacklevel=level_of_user(),
        )
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)


class Numbered(Module):
    """Modules under the names "0", "1", …, which behave as a list."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._modules.values()))

    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    @overload
    def __getitem__(self, idx: int) -> Any: ...
    def __getitem__(self, idx: slice | int) -> Any:
        if isinstance(idx, slice):
            return self._of(dict(list(self._modules.items())[idx]))
        return list(self)[self._position(idx)]

    def _of(self, members: dict[str, Any]) -> Self:
        """Return such a list of other modules under names."""
        raise NotImplementedError

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, list(self._modules)[self._position(idx)], module)

    def __delitem__(self, idx: slice | int) -> None:
        modules = list(self)
        del modules[idx if isinstance(idx, slice) else self._position(idx)]
        self._renumber(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end.

        Raises:
            CallError: If these are no modules that can be iterated over.
        """
        if not isinstance(modules, Iterable):
            raise CallError(
                f"{type(self).__name__}.extend should be called with an iterable, but got "
                f"{type(modules).__name__}. Use append for one module."
            )
        for module in list(modules):
            self.append(module)
        return self

    def _insert(self, index: int, module: Module) -> None:
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

    def pop(self, key: int | slice) -> Any:
        """Remove a module and return it."""
        found = self[key]
        del self[key]
        return found

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _renumber(self, modules: list[Any]) -> None:
        self._modules.clear()
        self._modules.update((str(number), module) for number, module in enumerate(modules))

    def _position(self, idx: int) -> int:
        return _position(idx, len(self), type(self).__name__, "modules")


def _position(idx: int, size: int, owner: str, what: str) -> int:
    index = operator.index(idx)
    if not -size <= index < size:
        raise IndexOutOfRange(
            f"index {index} is out of range; {owner} has {size} {what}. Count from 0."
        )
    return index % size


class Sequential(Numbered):
    """Modules of which each is given the result of the one before.

    Args:
        args: The modules, or one dictionary of them by name.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        Sequential(
          (0): Flatten(start_dim=1, end_dim=-1)
          (1): Linear(in_features=4, out_features=2, bias=True)
        )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = len(args) == 1 and isinstance(args[0], dict)
        members = args[0] if named else {str(n): module for n, module in enumerate(args)}
        for name, module in members.items():
            self.register_module(name, module)

    def forward(self, input: Any) -> TorchTensor:
        """Return the result of the last module."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        result: TorchTensor = input
        return result

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before the one of an index.

        Raises:
            IndexOutOfRange: If the index is beyond the end.
            CallError: If it is no Module.
        """
        if not -len(self) <= index <= len(self):
            raise IndexOutOfRange(
                f"Index out of range: {index}; there are {len(self)} modules. Use append to add "
                "one at the end."
            )
        if not isinstance(module, Module):
            raise CallError(
                f"module should be of type Module, and {type(module).__name__} was given. Put a "
                "function into the forward of one."
            )
        self._insert(index, module)
        return self

    def __add__(self, other: Any) -> Sequential:
        return Sequential(*self, *_require_sequential(other))

    def __iadd__(self, other: Any) -> Self:
        return self.extend(_require_sequential(other))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*(list(self) * self._times(other)))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (self._times(other) - 1))

    def _times(self, other: Any) -> int:
        if not isinstance(other, int):
            raise CallError(
                f"unsupported operand type(s) for *: {type(self)} and {type(other)}. Multiply by "
                "an integer."
            )
        if other <= 0:
            raise ArgumentError(
                f"Non-positive multiplication factor {other} for {type(self)}. Give at least 1."
            )
        return other

    def _of(self, members: dict[str, Any]) -> Self:
        return type(self)(members)


def _require_sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ArgumentError(
            "add operator supports only objects of Sequential class, but "
            f"{type(other)} is given. Use append or extend."
        )
    return other


class ModuleList(Numbered):
    """A list of modules, whose parameters are those of the module that holds it.

    Args:
        modules: The modules.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
        ModuleList(
          (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
        )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one of an index."""
        self._insert(index, module)

    def _of(self, members: dict[str, Any]) -> Self:
        return type(self)(members.values())

    def __repr__(self) -> str:
        members, first = [], 0
        for text, run in groupby(map(repr, self)):
            last = first + len(list(run)) - 1
            several = last > first
            times = f"{last - first + 1} x " if several else ""
            members.append((f"{first}-{last}" if several else f"{first}", times + text))
            first = last + 1
        return layout(self._get_name(), "", members)


class ModuleDict(Module):
    """Modules under names, whose parameters are those of the module that holds it.

    Args:
        modules: A dictionary of modules, or pairs of names and modules.

    Example:
        >>> from thalweg.torch import nn
        >>> layers = nn.ModuleDict({"first": nn.Linear(2, 2)})
        >>> list(layers.keys()), "first" in layers
        (['first'], True)
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a module and return it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        """Return the names with the modules."""
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        """Return the modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add modules, or replace them, from a dictionary or from pairs.

        Raises:
            CallError: If it is neither.
        """
        for name, module in pairs(modules, "ModuleDict"):
            self[name] = module


def pairs(given: Any, owner: str) -> Iterator[tuple[Any, Any]]:
    """Yield the names and values of a mapping or of pairs.

    Raises:
        CallError: If it is neither.
        ArgumentError: If an element is no pair.
    """
    if isinstance(given, Mapping | ModuleDict) or hasattr(given, "items"):
        yield from given.items()
        return
    if not isinstance(given, Iterable):
        raise CallError(
            f"{owner}.update should be called with an iterable of key/value pairs, but got "
            f"{type(given).__name__}. Give a dictionary."
        )
    for number, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            raise CallError(
                f"{owner} update sequence element #{number} should be Iterable; is "
                f"{type(pair).__name__}. Give pairs of names and values."
            )
        found = tuple(pair)
        if len(found) != 2:
            raise ArgumentError(
                f"{owner} update sequence element #{number} has length {len(found)}; 2 is "
                "required. Give pairs of names and values."
            )
        yield found


class ParameterList(Module):
    """A list of parameters, which are those of the module that holds it.

    Args:
        values: Parameters; tensors become such, other values are kept as they are.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> weights = nn.ParameterList([torch.zeros(2), torch.zeros(3)])
        >>> [name for name, _ in weights.named_parameters()]
        ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    @overload
    def __getitem__(self, idx: int) -> Any: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(getattr(self, str(i)) for i in range(self._size)[idx])
        return getattr(self, self._key(idx))

    def __setitem__(self, idx: int, param: Any) -> None:
        setattr(self, self._key(idx), _as_parameter(param))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, str(i)) for i in range(self._size)])

    def __iadd__(self, parameters: Iterable[Any]) -> Self:
        return self.extend(parameters)

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add parameters at the end.

        Raises:
            CallError: If the values cannot be iterated over.
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise CallError(
                f"ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}. Use append for one parameter."
            )
        for value in list(values):
            self.append(value)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a list of parameters computes nothing."""
        raise ArgumentError(
            "ParameterList should not be called. Use the parameters in it in a module's forward."
        )

    def extra_repr(self) -> str:
        """Return one line a value."""
        return "\n".join(f"  ({i}): {_describe_value(value)}" for i, value in enumerate(self))

    def _key(self, idx: int) -> str:
        return str(_position(idx, self._size, "the ParameterList", "values"))


class ParameterDict(Module):
    """Parameters under names, which are those of the module that holds it.

    Args:
        parameters: A dictionary of parameters, or pairs; tensors become parameters, other
            values are kept as they are. A plain dictionary is put in the order of its names.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> weights = nn.ParameterDict({"slope": torch.ones(2)})
        >>> weights["slope"].requires_grad
        True
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        self._require(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise CallError(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type "
                f"is '{type(key).__name__}'). Use str(key)."
            )
        self._keys[key] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key: str) -> None:
        self._require(key)
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: Any) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: Any) -> ParameterDict:
        return ParameterDict(other) | self

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """Return the parameters."""
        return (self[key] for key in self._keys)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return the names with the parameters."""
        return ((key, self[key]) for key in self._keys)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a parameter, or the default if there is none of that name."""
        return getattr(self, key) if key in self else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a parameter, which is the default from now on if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove a parameter and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last name and parameter and return them."""
        key = next(reversed(self._keys), "")
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all."""
        for key in list(self._keys):
            del self[key]

    def copy(self) -> ParameterDict:
        """Return another dictionary of the same parameters."""
        return ParameterDict(dict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Return a dictionary of other names, all for one value."""
        return ParameterDict(dict.fromkeys(keys, default))

    def update(self, parameters: Any) -> None:
        """Add parameters, or replace them, from a dictionary or from pairs.

        Raises:
            CallError: If it is neither.
        """
        given = list(pairs(parameters, "ParameterDict"))
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            given.sort(key=lambda pair: str(pair[0]))  # as in PyTorch
        for key, value in given:
            self[key] = value

    def extra_repr(self) -> str:
        """Return one line a value."""
        return "\n".join(
            f"  ({printable(key)}): {_describe_value(value, typename)}"
            for key, value in self.items()
        )

    def _require(self, key: str) -> None:
        if key not in self._keys:
            raise MemberError(
                f"the ParameterDict has no parameter {key!r}; it has "
                f"{', '.join(self._keys) or 'none'}. Assign it first."
            )


def _as_parameter(value: Any) -> Any:
    is_plain = isinstance(value, Tensor) and not isinstance(value, Parameter)
    return Parameter(value) if is_plain else value


def _describe_value(value: Any, kind_of: Callable[[Any], Any] = lambda x: x.dtype) -> str:
    """Say what a list holds by its dtype, and a dictionary by PyTorch's older name of the type."""
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(map(str, value.shape))
    return f"{what} containing: [{kind_of(value)} of size {size}]"
