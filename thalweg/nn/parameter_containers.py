"""Modules that hold parameters: in a list, under names. Other values may stand among them."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, IndexOutOfRange, MemberError, printable
from thalweg.nn.containers import pairs
from thalweg.nn.module import Module
from thalweg.nn.parameter import Parameter


class ParameterList(Module):
    """A list of parameters, which are those of the module that holds it.

    Args:
        values: Parameters; tensors become such, other values are kept as they are.

    Example:
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> weights = nn.ParameterList([tw.zeros(2), tw.zeros(3)])
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
        return "\n".join(f"  ({i}): {_described(value)}" for i, value in enumerate(self))

    def _key(self, idx: int) -> str:
        index = operator.index(idx)
        if not -self._size <= index < self._size:
            raise IndexOutOfRange(
                f"index {idx} is out of range; the ParameterList has {self._size} values. Count "
                "from 0."
            )
        return str(index % self._size)


class ParameterDict(Module):
    """Parameters under names, which are those of the module that holds it.

    Args:
        parameters: A dictionary of parameters, or pairs; tensors become parameters, other
            values are kept as they are. A plain dictionary is put in the order of its names.

    Example:
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> weights = nn.ParameterDict({"slope": tw.ones(2)})
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
            f"  ({printable(key)}): {_described(value)}" for key, value in self.items()
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


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    size = "x".join(map(str, value.shape))
    return f"{what} containing: [thalweg.{value.dtype} of size {size}]"
