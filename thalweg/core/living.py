"""Objects by identity, for as long as they live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T")

# So many references are kept before those to what is gone are dropped.
_FEW = 1024


class Living(Generic[T]):
    """A set by identity that keeps nothing alive.

    Unlike the standard library's it has no callbacks: they are Python's, and a Ctrl-C that comes
    inside of one is lost.
    """

    def __init__(self) -> None:
        self._references: dict[int, ref[T]] = {}
        self._room = _FEW

    def add(self, value: T) -> None:
        """Take note of an object."""
        self._references[id(value)] = ref(value)
        if len(self._references) > self._room:
            kept = {
                place: known for place, known in self._references.items() if known() is not None
            }
            self._references, self._room = kept, max(_FEW, 2 * len(kept))

    def __contains__(self, value: object) -> bool:
        known = self._references.get(id(value))
        return known is not None and known() is value

    def __iter__(self) -> Iterator[T]:
        found = [known() for known in self._references.values()]
        return iter([value for value in found if value is not None])
