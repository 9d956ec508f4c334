"""What tracing and compiling made, kept for the next run of the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from thalweg.engines.fingerprint import Fingerprint

Kept = TypeVar("Kept")

# A program that made more than this while it was traced is traced anew at each fit.
MOST_KEPT = 2**26


class Cache(Generic[Kept]):
    """The most recently used values, by key; safe to use from several threads.

    Two threads that miss the same key both make the value, and the first one made is kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return the value of a key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, value: Kept) -> Kept:
        """Remember a value unless the key has one; return the one that is kept."""
        with self._lock:
            found = self._kept.setdefault(key, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
            return found

    def values(self) -> list[Kept]:
        """Return what is kept, the most recently used last."""
        with self._lock:
            return list(self._kept.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(frozen=True)
class Captured:
    """The arrays a program captured from a function's surroundings.

    An array that the function refers to itself is found anew at each run, by its place in the
    fingerprint, so that no data of the user are kept alive; others were made while tracing.
    `lines` are the user's lines that use them.
    """

    sources: tuple[Any, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, arrays: Sequence[Any], lines: Sequence[str], fingerprint: Fingerprint) -> Captured:
        """Return captured arrays: those that are not referred to, as copies."""
        places = [fingerprint.position(array) for array in arrays]
        # What was made while tracing may share memory with arrays that change later.
        sources = (a.copy() if p is None else p for a, p in zip(arrays, places, strict=True))
        return cls(tuple(sources), tuple(lines))

    def arrays(self, referred: Sequence[Any]) -> list[Any]:
        """Return the arrays, given those the function refers to."""
        return [referred[s] if type(s) is int else s for s in self.sources]

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays kept."""
        return sum(source.nbytes for source in self.sources if type(source) is not int)
