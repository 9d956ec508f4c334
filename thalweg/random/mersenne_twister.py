"""The Mersenne Twister as a source of words: seeding, state, copies, threads."""

from __future__ import annotations

import ctypes
import operator
import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from thalweg.core.spec import Array
from thalweg.errors import ArgumentError

# What PyTorch seeds a new Generator with.
DEFAULT_SEED = 67280421310721


Filler = Callable[..., Any]

# What fills arrays by machine code, by what it fills them with: a function of where the address of
# the engine's state and the numbers' parameters are; of another array, for some; of the array.
_fillers: dict[str, Filler] = {}

# Finds more of them, given of how many numbers; None where there is none, or not for so few.
_find: Callable[[str, int], Filler | None] | None = None


def compile_with(find: Callable[[str, int], Filler | None] | None) -> None:
    """Let machine code fill arrays, with the same numbers to the last bit."""
    global _find
    _find = find
    _fillers.clear()


def _found(how: str, size: int) -> Filler | None:
    filler = None if _find is None else _find(how, size)
    if filler is not None:
        _fillers[how] = filler
    return filler


Parameters = tuple[float, ...]


class MersenneTwister:
    """A stream of 32-bit words: MT19937 with Knuth's seeding, as PyTorch's on the CPU."""

    _engine: Any = None  # NumPy's MT19937; None until words are drawn
    _place: Any = None  # where these are; None where the first is not known
    _row: Array  # where the engine's state is, and the parameters of numbers: integers
    _reals: Array  # the same memory, of real numbers
    _written: Parameters = ()  # the parameters there
    _is_seeded = False  # whether the engine is in the seed's stream
    _cached: float | None  # the second normal number of a pair
    _drawn = 0

    def __init__(self, device: Any = "cpu") -> None:
        if str(device) != "cpu":
            raise ArgumentError(
                f"Generator got the device {device!r}; random numbers are made on the CPU. "
                "Leave the argument out."
            )
        self._lock = threading.RLock()
        self.manual_seed(DEFAULT_SEED)

    @property
    def device(self) -> str:
        """Where the numbers are made: "cpu"."""
        return "cpu"

    def manual_seed(self, seed: int) -> Self:
        """Start the stream of a seed and return the generator.

        Args:
            seed: From -2⁶³ to 2⁶⁴ - 1; a negative one counts from 2⁶⁴ down. Seeds that agree in
                their low 32 bits start the same stream.

        Raises:
            ArgumentError: If the seed is out of range, or no integer.
        """
        number = _seed(seed)
        with self._lock:
            self._seed = number
            self._cached = None
            self._is_seeded = False
        return self

    @property
    def position(self) -> tuple[int, float | None]:
        """What changes with every draw."""
        return self._drawn, self._cached

    def seed(self) -> int:
        """Start a new stream from the operating system's randomness, and return its seed."""
        number = int.from_bytes(os.urandom(8), "little")
        self.manual_seed(number)
        return number

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def get_state(self) -> NDArray[np.uint8]:
        """Return all that the coming numbers depend on, as `set_state` takes it.

        The bytes are those of PyTorch, whose generators take them and give them too.
        """
        with self._lock:
            return pack(TwisterState(self._seed, self._started().state["state"], self._cached))

    def set_state(self, state: Any) -> Self:
        """Go on where a generator was when `get_state` was called; return the generator.

        Raises:
            ArgumentError: If that is not the state of a generator.
        """
        found = unpack(state)
        with self._lock:
            self.manual_seed(found.seed)
            self._started().state = {"bit_generator": "MT19937", "state": found.engine}
            self._cached = found.cached
        return self

    def clone_state(self) -> Self:
        """Return a new generator that goes on where this one is."""
        return type(self)().set_state(self.get_state())

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.get_state().tobytes())

    def _started(self) -> Any:
        """Return NumPy's engine, at the seed if it was not used since."""
        if not self._is_seeded:
            if self._engine is None:
                # NumPy loads its random numbers when they are first used, and so does thalweg.
                self._engine = np.random.MT19937(0)
                self._lay_out()
            # This class seeds its engine as Knuth did.
            np.random.RandomState(self._engine).seed(self._seed & 0xFFFFFFFF)
            self._is_seeded = True
        return self._engine

    def _lay_out(self) -> None:
        """Note where the engine has its words and its position, if they lie as is known."""
        address = self._engine.ctypes.state_address
        held = np.ctypeslib.as_array((ctypes.c_uint32 * (_WORDS + 1)).from_address(address))
        state = self._engine.state["state"]
        if held[-1] == state["pos"] and np.array_equal(held[:-1], state["key"]):
            self._row = np.array([address, *[0] * _PARAMETERS], np.int64)
            self._reals = self._row.view(np.float64)
            self._place = np.array(self._row.ctypes.data, np.int64)
            self._written = ()

    def fill(
        self, how: str, out: Array, words: int, parameters: Parameters = (), *further: Array
    ) -> bool:
        """Fill an array by machine code; tell whether there is any for it.

        Args:
            how: With what; see `engines/llvm/eager/draws.py`.
            out: Contiguous, of the dtype of those numbers.
            words: How many words of 32 bits that takes.
            parameters: Those of the numbers, real or integer as that takes them.
            further: Other arrays, contiguous; of one axis if that has one.
        """
        filler = _fillers.get(how) or _found(how, out.size)
        if filler is None:
            return False
        if out.ndim != 1:
            out, further = out.reshape(-1), tuple([array.reshape(-1) for array in further])
        with self._lock:
            if not self._is_seeded:
                self._started()
            if self._place is None:
                return False
            self._drawn += words
            if parameters is not self._written:
                for i, number in enumerate(parameters, 1):
                    (self._reals if number.__class__ is float else self._row)[i] = number
                self._written = parameters
            if further:
                filler(self._place, *further, out)
            else:
                filler(self._place, out)
        return True

    def words(self, n: int) -> Array:
        """Draw n words of 32 bits, as unsigned integers of 64."""
        with self._lock:
            self._drawn += n
            return np.asarray(self._started().random_raw(n))

    def long_words(self, n: int) -> Array:
        """Draw n words of 64 bits: the first draw is the high half."""
        pairs = self.words(2 * n).reshape(n, 2)
        found: Array = pairs[:, 0] << np.uint64(32)
        found |= pairs[:, 1]
        return found


def _seed(given: Any) -> int:
    try:
        number = operator.index(given)
    except TypeError:
        number = 2**64
    if not -(2**63) <= number < 2**64:
        raise ArgumentError(
            f"manual_seed got {given!r}; a seed is an integer from -2**63 to 2**64 - 1. "
            "Give one of those."
        )
    return number % 2**64


def _restored(kind: type[MersenneTwister], state: bytes) -> MersenneTwister:
    return kind().set_state(np.frombuffer(state, np.uint8))


_WORDS = 624

# The most that numbers have.
_PARAMETERS = 2

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


class TwisterState(NamedTuple):
    """All that the coming numbers of a generator depend on."""

    seed: int
    engine: dict[str, Any]  # NumPy's state of the Mersenne Twister: its words and position
    cached: float | None  # the second normal number of a pair


def pack(state: TwisterState) -> NDArray[np.uint8]:
    """Return a state as bytes; shape (5056,)."""
    record = np.zeros(1, _LAYOUT)
    position = int(state.engine["pos"])
    record["seed"], record["seeded"] = state.seed, 1
    record["left"], record["next"] = _WORDS + 1 - position, position % _WORDS
    record["words"] = state.engine["key"]
    record["has_normal"] = state.cached is not None
    record["normal"] = state.cached or 0.0
    return record.view(np.uint8)


def unpack(given: Any) -> TwisterState:
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
    return TwisterState(int(record["seed"]), engine, cached)
