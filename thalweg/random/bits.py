"""Counter-based random bits and the permutations made from them: the definition.

Threefry2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as
1, 2, 3. SC 2011) is a keyed function from pairs of 32-bit words to pairs of 32-bit words, the one
JAX uses. A draw is a function of key and counter alone, so that every engine gives the same
bits, in any order and from any point of a run.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint32]

# The left rotations of each round, and the constant of the third key word.
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))

PARITY = 0x1BD11BDA

# A permutation's rows in groups: see `keyed_permutation`.
ROWS_PER_BLOCK = 64

# The fewest rounds that the authors' statistical tests (BigCrush) cannot tell from random.
PERMUTATION_ROUNDS = 13


def threefry2x32(key: ArrayLike, counter: ArrayLike) -> Words:
    """Random 32-bit words from a key of two words and an array of counters.

    The counters' first half are the high words and the second half the low words of the pairs
    (padded with a 0 where their number is odd), and so are the results: JAX's `threefry_2x32`.

    >>> threefry2x32((0, 7), [0, 1, 2, 3])
    array([ 966301609,  989289821, 1948237315, 1058547403], dtype=uint32)
    """
    counters = np.asarray(counter, np.uint32)
    words = counters.ravel()
    if odd := words.size % 2:
        words = np.append(words, np.uint32(0))
    high, low = np.split(words, 2)
    bits = np.concatenate(threefry2x32_pairs(key, high, low))
    return bits[: bits.size - odd].reshape(counters.shape)


def threefry2x32_pairs(
    key: ArrayLike, high: ArrayLike, low: ArrayLike, rounds: int = 20
) -> tuple[Words, Words]:
    """The two random words of each pair of counter words (high, low), elementwise."""
    first, second = np.asarray(key, np.uint32)
    counters = np.asarray(high, np.uint32), np.asarray(low, np.uint32)
    return _pairs(first, second, *counters, rounds)


def _pairs(first: Any, second: Any, high: Any, low: Any, rounds: int = 20) -> tuple[Words, Words]:
    schedule = (first, second, first ^ second ^ np.uint32(PARITY))
    with np.errstate(over="ignore"):
        x, y = high + first, low + second
        for number in range(rounds):
            rotation = ROTATIONS[number // 4 % 2][number % 4]
            x = x + y
            y = (y << np.uint32(rotation) | y >> np.uint32(32 - rotation)) ^ x
            if number % 4 == 3:
                group = number // 4 + 1
                x = x + schedule[group % 3]
                y = y + schedule[(group + 1) % 3] + np.uint32(group)
    return x, y


def folded(key: NDArray[np.int32], data: NDArray[Any]) -> NDArray[np.int32]:
    """Keys made of keys (…, 2) and whole numbers (…): JAX's `fold_in`.

    Words are the bits of 32-bit integers, signed or not. The two counter words are those of the
    number; a 32-bit number is the low word alone.
    """
    first, second = np.moveaxis(_unsigned(key), -1, 0)
    low = data.astype(np.uint32)
    high = (data >> 32).astype(np.uint32) if data.dtype.itemsize > 4 else np.uint32(0)
    words = _pairs(first, second, high, low)
    return np.stack(np.broadcast_arrays(*words), axis=-1).view(np.int32)


def random_words(key: NDArray[np.int32], size: int) -> tuple[Words, Words]:
    """The two random words of each counter 0 … size-1, under each key: (…, 2) gives (…, size)."""
    first, second = np.moveaxis(_unsigned(key), -1, 0)
    counters = np.arange(size, dtype=np.uint32)
    return _pairs(first[..., None], second[..., None], np.uint32(0), counters)


def drawn(first: Words, second: Words, dtype: Any) -> NDArray[Any]:
    """Pairs of random words as one random number each, JAX's.

    Integers are random bits; floats are uniform in [0, 1), the leading bits behind the point.
    """
    if np.dtype(dtype) in (np.int32, np.float32):
        bits = first ^ second
        if np.dtype(dtype) == np.int32:
            return bits.view(np.int32)
        return (bits >> np.uint32(9) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
    wide = first.astype(np.uint64) << np.uint64(32) | second
    if np.dtype(dtype) == np.int64:
        return wide.view(np.int64)
    return (wide >> np.uint64(12) | np.uint64(0x3FF0000000000000)).view(np.float64) - 1.0


def _unsigned(key: NDArray[np.int32]) -> Words:
    return np.ascontiguousarray(key).view(np.uint32)


def split_words(number: int) -> tuple[int, int]:
    """A 64-bit integer, signed or not, as its high and low word.

    >>> split_words(-1) == (0xFFFFFFFF, 0xFFFFFFFF)
    True
    """
    return number >> 32 & 0xFFFFFFFF, number & 0xFFFFFFFF


def keyed_permutation(n: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """A uniformly random order of the rows 0 … n-1, a function of (n, seed, epoch) alone.

    The epoch's key is threefry of the epoch's two words under the seed's: JAX's
    `fold_in(key(seed), epoch)`. Under it and with 13 rounds, counter c (high word 0) gives two
    words: the first to row 64·⌊c/32⌋ + c mod 32, the second to the row 32 further on. A row's
    word w is its target ⌊w·(row + 1) / 2³²⌋, which is uniform up to n/2³². The shuffle is
    Fisher's and Yates's, inside out: for each row from 0 on, the order's entry at the target
    moves to the row, and the row takes its place.

    >>> keyed_permutation(8, seed=0, epoch=1)
    array([0, 6, 4, 2, 7, 1, 5, 3], dtype=int32)
    """
    key = threefry2x32(split_words(seed), split_words(epoch))
    blocks = -(-n // ROWS_PER_BLOCK)
    counters = np.arange(blocks * (ROWS_PER_BLOCK // 2), dtype=np.uint32)
    first, second = threefry2x32_pairs(key, np.zeros_like(counters), counters, PERMUTATION_ROUNDS)
    pairs = [w.reshape(blocks, ROWS_PER_BLOCK // 2) for w in (first, second)]
    words = np.concatenate(pairs, axis=1).ravel()[:n]
    bounds: NDArray[np.uint64] = np.arange(1, n + 1, dtype=np.uint64)
    targets = np.right_shift(words.astype(np.uint64) * bounds, np.uint64(32))
    order = [0] * n
    for row, target in enumerate(targets.tolist()):
        order[row] = order[target]
        order[target] = row
    return np.array(order, np.int32)
