"""Random numbers from a stream: PyTorch's on the CPU, bit for bit.

The words come from the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998). What is made of
them is PyTorch's: which bits become a fraction, how many words a number takes, and in which order
they are drawn. So `manual_seed(1234)` here and there start the same stream, whatever is drawn from
it, in any order of kinds.

Float32 normal numbers, 16 or more at once, are PyTorch's on x86 processors with AVX2; on others its
last bits differ. Bernoulli numbers of one probability are PyTorch's except on Intel processors,
where it uses a generator of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.spec import FLOAT32, Array, Shape
from thalweg.errors import DtypeError
from thalweg.ops.elementwise.fused import fma
from thalweg.ops.special.error import of_each
from thalweg.random.box_muller import BLOCK, normal_blocks
from thalweg.random.counts import binomial, poisson
from thalweg.random.fisher_yates import shuffled
from thalweg.random.gamma import gamma
from thalweg.random.memory_order import in_memory_order
from thalweg.random.mersenne_twister import MersenneTwister
from thalweg.random.one_by_one import OneByOne

# Integers from fewer than this many values take one 32-bit word each, others two.
_NARROW = 2**28

_FLOATS = {np.dtype(np.float32): 24, np.dtype(np.float64): 53}

_COMPLEX = {
    np.dtype(np.complex64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.float64),
}


class Generator(MersenneTwister):
    """A stream of random numbers, PyTorch's for the same seed.

    Args:
        device: Where the numbers are made: "cpu".

    A generator can be copied and pickled; the copy goes on where the original was. Each draw is
    one step for other threads.

    Example:
        >>> stream = Generator().manual_seed(1234)
        >>> stream.rand((2,), "float32")
        array([0.02897924, 0.40189856], dtype=float32)
    """

    # ---- uniform numbers

    def rand(self, shape: Shape = (), dtype: Any = np.float64) -> Array:
        """Draw numbers uniform on [0, 1): multiples of 2⁻²⁴ in float32, of 2⁻⁵³ in float64.

        Complex numbers have such real and imaginary parts.
        """
        kind = floating("rand", dtype)
        if kind in _COMPLEX:
            return self.rand((*shape, 2), _COMPLEX[kind]).view(kind).reshape(shape)
        bits = _FLOATS[kind]
        n = math.prod(shape)
        found: Array = np.empty(shape, kind)
        if self.fill(f"uniform {kind.char}", found, n if bits == 24 else 2 * n):
            return found
        words = self.words(n) if bits == 24 else self.long_words(n)
        words &= np.uint64(2**bits - 1)
        values: Array = words.astype(kind) * kind.type(2.0**-bits)
        return values.reshape(shape)

    def uniform(self, low: float, high: float, shape: Shape = (), dtype: Any = np.float64) -> Array:
        """Draw numbers uniform on [low, high): low + (high - low) u, rounded once."""
        kind = floating("uniform", dtype)
        if kind in _COMPLEX:
            return self.uniform(low, high, (*shape, 2), _COMPLEX[kind]).view(kind).reshape(shape)
        fractions = self.rand(shape, kind)
        if low == 0 and high == 1:
            return fractions
        start, stop = kind.type(low), kind.type(high)
        values = fma(fractions, stop - start, start, kind)
        # Rounding may reach the end, which does not belong to the range.
        values[values == stop] = start
        return values

    def randint(self, low: int, high: int, shape: Shape = (), dtype: Any = np.int64) -> Array:
        """Draw integers from low to high - 1, equally probable up to n/2³² or n/2⁶⁴."""
        width = high - low
        n = math.prod(shape)
        if width < _NARROW and dtype is np.int64:
            found = np.empty(shape, np.int64)
            if self.fill("integers", found, n, (low, width)):
                return found
        words = self.words(n) if width < _NARROW else self.long_words(n)
        # All 2⁶⁴ integers are the words as they are. Negative ones are reached by wrapping around.
        if width < 2**64:
            words %= np.uint64(width)
            words += np.uint64(low % 2**64)
        return words.view(np.int64 if low < 0 else np.uint64).astype(dtype).reshape(shape)

    def random(self, shape: Shape = (), dtype: Any = np.int64) -> Array:
        """Draw from all integers that the dtype has, for signed ones from 0.

        In float32 from 0 to 2²⁴, in float64 from 0 to 2⁵³: those are exact.
        """
        kind = np.dtype(dtype)
        if kind in _FLOATS:
            return self._of_width(2 ** _FLOATS[kind] + 1, kind.itemsize, shape, kind)
        if kind.kind == "b":
            return self._of_width(2, 1, shape, kind)
        if kind.kind not in "iu":
            raise DtypeError(f"random got the dtype {kind}; it draws integers, real or Boolean.")
        return self._of_width(int(np.iinfo(kind).max) + 1, kind.itemsize, shape, kind)

    def _of_width(self, width: int, size: int, shape: Shape, dtype: Any) -> Array:
        n = math.prod(shape)
        words = self.words(n) if size < 8 else self.long_words(n)
        if width < 2**64:
            words %= np.uint64(width)
        return words.astype(dtype).reshape(shape)

    def randperm(self, n: int, dtype: Any = np.int64) -> Array:
        """Draw an order of 0 … n - 1, each equally probable up to n²/2³²; shape (n,)."""
        if n < 2:
            return np.zeros(n, dtype)
        found = np.empty(n, np.int64)
        if self.fill("order", found, n - 1):
            return found.astype(dtype, copy=False)
        # The last element has nothing left to be exchanged with, and takes no word.
        targets = np.append(self.words(n - 1), np.uint64(0))
        positions = np.arange(n, dtype=np.uint64)
        targets %= np.uint64(n) - positions
        return shuffled(targets + positions).astype(dtype, copy=False)

    # ---- normal numbers

    def normal(
        self,
        mean: float = 0.0,
        std: float = 1.0,
        shape: Shape = (),
        dtype: Any = np.float64,
        *,
        one_by_one: bool = False,
    ) -> Array:
        """Draw normal numbers.

        Fewer than 16 are drawn in pairs, in float64, and the second of the last pair is kept
        for the next call; more are drawn in blocks, in the dtype. PyTorch fills memory that is
        not contiguous `one_by_one`, like the few.
        """
        kind = floating("normal", dtype)
        if kind in _COMPLEX:
            part = std / math.sqrt(2)
            parts = self.normal(mean, part, (*shape, 2), _COMPLEX[kind], one_by_one=one_by_one)
            return parts.view(kind).reshape(shape)
        n = math.prod(shape)
        with self._lock:
            if n < BLOCK or one_by_one:
                values = _cast(_affine(self._pairs(n), std, mean), kind)
            elif not self.fill_normal(values := np.empty(n, kind), mean, std):
                values = self._blocks(n, mean, std, kind)
        return values.reshape(shape)

    def fill_normal(self, out: Array, mean: float, std: float) -> bool:
        """Fill contiguous memory with normal numbers, if machine code draws so many like that."""
        count = out.size
        if count < BLOCK or out.dtype is not FLOAT32:
            return False
        words = count + BLOCK if count % BLOCK else count
        return self.fill("normal", out, words, _reals(mean, std))

    def _blocks(self, n: int, mean: float, std: float, kind: Any) -> Array:
        fractions = self.rand((n,), kind)
        whole = n - n % BLOCK
        if n == whole:
            return normal_blocks(fractions, mean, std)
        # The last 16 are drawn again, those of the last whole block included.
        again = self.rand((BLOCK,), kind)
        values = normal_blocks(np.append(fractions[:whole], again), mean, std)
        return np.append(values[: n - BLOCK], values[whole:])

    def _pairs(self, n: int) -> NDArray[np.float64]:
        """Draw standard normal numbers, first the one kept from the last call."""
        kept = [] if self._cached is None or not n else [self._cached]
        missing = n - len(kept)
        uniform = self.rand(((missing + 1) // 2, 2))
        radius = np.sqrt(-2.0 * of_each(math.log1p, -uniform[:, 1]))
        angle = 2.0 * math.pi * uniform[:, 0]
        pairs = np.stack([radius * of_each(math.cos, angle), radius * of_each(math.sin, angle)], 1)
        values = np.append(kept, pairs)
        if n:
            self._cached = float(values[-1]) if values.size > n else None
        return values[:n]

    # ---- other distributions

    def bernoulli(self, p: Any, shape: Shape | None = None) -> NDArray[np.bool_]:
        """Draw whether something of probability p happens.

        Args:
            p: A number, for which float64 fractions are drawn; or an array of float32 or
                float64, for which those of its dtype are.
            shape: By default that of p.
        """
        if isinstance(p, np.ndarray):
            fractions = self.rand(p.shape if shape is None else shape, p.dtype)
            return np.asarray(fractions < p)
        wanted, limit = () if shape is None else shape, _limit(float(p))
        found = np.empty(wanted, np.bool_)
        if self.fill("coins", found, 2 * found.size, (limit,)):
            return found
        words = self.long_words(math.prod(wanted))
        words &= np.uint64(2**53 - 1)
        return np.asarray(words < np.uint64(limit)).reshape(wanted)

    def fill_weighted(self, out: Array, weights: Array) -> bool:
        """Fill memory with positions of weights, of which not all are 0, as `multinomial` does."""
        sums = np.empty_like(weights)
        return self.fill(f"weighted {weights.dtype.char}", out, 2 * out.size, (), weights, sums)

    def fill_kept(self, out: Array, x: Array, p: float, factor: float) -> bool:
        """Fill memory with numbers times a factor or, but with probability p, times 0.

        Args:
            out: Contiguous, of the shape and dtype of x.
            x: Contiguous, float32 or float64.
            p: As for `bernoulli`.
            factor: A number.
        """
        return self.fill(f"kept {x.dtype.char}", out, 2 * x.size, (_limit(p), factor), x)

    def fill_events(self, out: Array, p: Array) -> bool:
        """Fill memory with 1 and 0, as `bernoulli` tells it, if machine code does that.

        Args:
            out: Contiguous, of the dtype of p.
            p: Contiguous, of the same shape, float32 or float64.
        """
        if p.dtype is FLOAT32:
            return self.fill("events f", out, p.size, (), p)
        return self.fill("events d", out, 2 * p.size, (), p)

    def exponential(self, rate: float = 1.0, shape: Shape = (), dtype: Any = np.float64) -> Array:
        """Draw numbers with the density rate·exp(-rate·x), x ≥ 0."""
        kind = floating("exponential", dtype, real=True)
        found = np.empty(shape)
        if self.fill("exponential", found, 2 * found.size, (-1.0 / rate,)):
            return _cast(found, kind)
        return _cast(-1.0 / rate * of_each(math.log1p, -self.rand(shape)), kind)

    def cauchy(
        self, median: float = 0.0, sigma: float = 1.0, shape: Shape = (), dtype: Any = np.float64
    ) -> Array:
        """Draw numbers with the density 1/(π sigma (1 + ((x - median)/sigma)²))."""
        kind = floating("cauchy", dtype, real=True)
        tangents = of_each(math.tan, math.pi * (self.rand(shape) - 0.5))
        return _cast(_affine(tangents, sigma, median), kind)

    def log_normal(
        self, mean: float = 1.0, std: float = 2.0, shape: Shape = (), dtype: Any = np.float64
    ) -> Array:
        """Draw numbers whose logarithms are normal."""
        kind = floating("log_normal", dtype, real=True)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.exp(self.normal(mean, std, shape, one_by_one=True) + 0j).real
        return _cast(values, kind)

    def geometric(self, p: float, shape: Shape = (), dtype: Any = np.float64) -> Array:
        """Draw the number of attempts up to the first success, each of probability p."""
        with np.errstate(divide="ignore"):
            # ln u by the C library, as in `box_muller`; u - 1 is exact.
            logarithms = np.log1p(self.rand(shape) - 1 + 0j).real
        return _cast(np.ceil(logarithms / math.log1p(-p)), np.dtype(dtype))

    def poisson(self, mean: Array) -> Array:
        """Draw counts of Poisson's law, each of a mean of its own, of float32 or float64."""
        return self._one_by_one("poisson", lambda s, x: poisson(s, float(x)), mean)

    def binomial(self, count: Array, p: Array) -> Array:
        """Draw numbers of successes among counts of trials, of probabilities p from 0 to 1.

        Args:
            count: Numbers of trials, from 0, of float32 or float64.
            p: Of the same shape and dtype.
        """
        return self._one_by_one("binomial", binomial, count, p)

    def standard_gamma(self, shape: Array) -> Array:
        """Draw gamma variates of rate 1, each of a shape parameter of its own.

        They are at least the least normal number of the dtype, which is float32 or float64.
        """
        return self._one_by_one("gamma", gamma, shape)

    def _one_by_one(self, name: str, draw: Callable[..., Any], *parameters: Array) -> Array:
        """Draw numbers of which each takes as many words as chance wants, in the order of axes."""
        first = parameters[0]
        found: Array = np.empty(first.shape, first.dtype)
        given = [np.ascontiguousarray(array) for array in parameters]
        with self._lock, np.errstate(all="ignore"):
            # Machine code takes the normal number that was kept, and puts back the one it kept.
            kept = int(self._cached is not None), self._cached or 0.0
            if self.fill(f"{name} {first.dtype.char}", found, found.size, kept, *given):
                self._cached = float(self._reals[2]) if self._row[1] else None
                return found
            source = OneByOne(self._started().random_raw, self._cached)
            flat = found.reshape(-1)
            for i, each in enumerate(zip(*(array.flat for array in given), strict=True)):
                flat[i] = draw(source, *each)
            self._cached = source.kept
            self._drawn += source.drawn
        return found

    def multinomial(self, weights: Array, n: int, replacement: bool = False) -> NDArray[np.int64]:
        """Draw n categories of each row of weights, which need not add up to 1.

        Args:
            weights: Shape (..., categories), float32 or float64.
            n: How many; without replacement at most as many as there are categories.
            replacement: Whether a category can be drawn again.
        """
        if n > 1 and replacement:
            found = np.empty(n, np.int64)
            one = weights.ndim == 1 and weights.dtype.char in "fd"
            if one and self.fill_weighted(found, np.ascontiguousarray(weights)):
                return found
            rows = np.cumsum(weights, axis=-1).reshape(-1, weights.shape[-1])
            rows /= rows[:, -1:]
            rows[:, -1] = 1
            fractions = self.rand((len(rows), n))
            places = [np.searchsorted(row, f) for row, f in zip(rows, fractions, strict=True)]
            return np.reshape(np.array(places, np.int64), (*weights.shape[:-1], n))
        # The smallest of exponential numbers of these rates belongs to each with its probability.
        times = in_memory_order(weights, lambda s: self.exponential(1.0, s, weights.dtype))
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = weights / times
        if n == 1:
            return np.asarray(np.argmax(scores, axis=-1, keepdims=True))
        if scores.ndim == 1 and n < scores.size // 2 and not np.isnan(scores).any():
            # Only those are put in order that may be among the largest.
            least = np.partition(scores, scores.size - n)[scores.size - n]
            some = np.flatnonzero(scores >= least)
            return some[np.argsort(-scores[some], kind="stable")[:n]]
        order: NDArray[np.int64] = np.argsort(-scores, axis=-1, kind="stable")
        return order[..., :n]


def floating(name: str, dtype: Any, real: bool = False) -> np.dtype[Any]:
    """Return the dtype, real or complex, that numbers with a fraction are drawn in.

    Raises:
        DtypeError: If it has no fractions, or thalweg draws none in it.
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in _FLOATS and (real or kind not in _COMPLEX):
        drawn = "float32 and float64" if real else "float32, float64, complex64 and complex128"
        raise DtypeError(
            f"{name} got the dtype {kind}; it draws {drawn}. "
            "Draw in one of those and convert with astype."
        )
    return kind


def _limit(p: float) -> int:
    """Return below which of 2⁵³ integers, equally probable, one is with probability p.

    k 2⁻⁵³ < p where k < p 2⁵³, a product without error, and so where k is below its ceiling.
    """
    return math.ceil(min(max(p, 0.0), 1.0) * 2.0**53)


@functools.lru_cache(maxsize=64)
def _reals(mean: float, std: float) -> tuple[float, float]:
    """Return real numbers, the same ones of the same."""
    return float(mean), float(std)


def _affine(x: Array, factor: float, term: float) -> Array:
    return x if factor == 1 and term == 0 else fma(x, factor, term, np.float64)


def _cast(values: Array, dtype: np.dtype[Any]) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values).astype(dtype)


def _seeded_by_chance() -> Generator:
    generator = Generator()
    generator.seed()
    return generator


# What is drawn from where no generator is given: another stream in every process until seeded.
default_generator = _seeded_by_chance()
