"""A generator's state as bytes, in PyTorch's layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError

_WORDS = 624
_LAYOUT = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),  # words until the engine makes new ones, and one more
        ("seeded", "<i4"),
        ("next", "<u8"),  # words used since the engine made new ones
        ("words", "<u8", (_WORDS,)),
        ("unused", "<f8"),
        ("normal", "<f8"),
        ("unused_too", "<f8"),
        ("has_normal", "<i8"),
        ("single_normal", "<f4"),
        ("has_single_normal", "<i4"),
    ]
)


class State(NamedTuple):
    """All that the coming numbers of a generator depend on."""

    seed: int
    engine: dict[str, Any]  # NumPy's state of the Mersenne Twister: its words and position
    cached: float | None  # the second normal number of a pair


def pack(state: State) -> NDArray[np.uint8]:
    """Return a state as bytes; shape (5056,)."""
    record = np.zeros(1, _LAYOUT)
    position = int(state.engine["pos"])
    record["seed"], record["seeded"] = state.seed, 1
    record["left"], record["next"] = _WORDS + 1 - position, position % _WORDS
    record["words"] = state.engine["key"]
    record["has_normal"] = state.cached is not None
    record["normal"] = state.cached or 0.0
    return record.view(np.uint8)


def unpack(given: Any) -> State:
    """Read the bytes of a state.

    Raises:
        ArgumentError: If they are not those of a generator's state.
    """
    data = np.asarray(given)
    if data.dtype != np.uint8 or data.shape != (_LAYOUT.itemsize,):
        raise ArgumentError(
            f"set_state got an array of {data.dtype} and shape {data.shape}; the state of a "
            f"generator has dtype uint8 and shape ({_LAYOUT.itemsize},). Give what get_state() "
            "returned."
        )
    record = np.ascontiguousarray(data).view(_LAYOUT)[0]
    position = _WORDS + 1 - int(record["left"])
    if record["seeded"] != 1 or not 1 <= position <= _WORDS:
        raise ArgumentError(
            "set_state got bytes that are no state of a generator. Give what get_state() returned."
        )
    engine = {"key": record["words"].astype(np.uint32), "pos": position}
    cached = float(record["normal"]) if record["has_normal"] & 1 else None
    return State(int(record["seed"]), engine, cached)
