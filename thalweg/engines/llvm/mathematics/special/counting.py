"""Quantiles of counts, searched for as the meanings in `thalweg.ops.stats.searching` do."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Operand, Value
from thalweg.engines.llvm.mathematics.special.error import ndtri
from thalweg.engines.llvm.mathematics.special.incomplete import gammainc, gammaincc
from thalweg.engines.llvm.mathematics.special.incomplete_beta import betainc
from thalweg.engines.llvm.mathematics.special.pieces import in_double, only_where
from thalweg.ops.stats.searching import SAME, WHOLE

_INF, _NAN = float("inf"), float("nan")

# More turns than doubling up to the largest whole number and halving what is between takes.
_MOST = 200

# Of the shapes: mean, deviation, deviation times skewness, the last number.
Moments = tuple[Value, Value, Operand, Operand]


def _of_poisson(e: Emitter, mu: Value) -> Moments:
    return mu, e.sqrt(mu), 1.0, _INF


def _of_binom(e: Emitter, n: Value, share: Value) -> Moments:
    mean = e.multiply(n, share)
    deviation = e.sqrt(e.multiply(mean, e.subtract(1.0, share)))
    return mean, deviation, e.subtract(1.0, e.add(share, share)), n


def _of_nbinom(e: Emitter, n: Value, share: Value) -> Moments:
    rest = e.multiply(n, e.subtract(1.0, share))
    skewed = e.divide(e.subtract(2.0, share), share)
    return e.divide(rest, share), e.divide(e.sqrt(rest), share), skewed, _INF


def _poisson(lower: bool) -> Callable[..., Value]:
    tail = gammaincc if lower else gammainc
    return lambda e, k, mu: tail(e, e.add(k, 1.0), mu)


def _binom(lower: bool) -> Callable[..., Value]:
    def tail(e: Emitter, k: Value, n: Value, share: Value) -> Value:
        rest, after = e.subtract(n, k), e.add(k, 1.0)
        if lower:
            return betainc(e, rest, after, e.subtract(1.0, share))
        return betainc(e, after, rest, share)

    return tail


def _nbinom(lower: bool) -> Callable[..., Value]:
    def tail(e: Emitter, k: Value, n: Value, share: Value) -> Value:
        after = e.add(k, 1.0)
        if lower:
            return betainc(e, n, after, share)
        return betainc(e, after, n, e.subtract(1.0, share))

    return tail


def _quantile(
    name: str, tail: Callable[..., Value], moments: Callable[..., Moments], lower: bool
) -> Callable[..., Value]:
    """The smallest whole number up to which, or beyond which, there is a probability."""

    def searched(e: Emitter, p: Value, *shapes: Value) -> Value:
        mean, deviation, skewed, last = moments(e, *shapes)
        z = ndtri(e, p)
        z = z if lower else e.negate(z)
        bend = e.multiply(e.subtract(e.multiply(z, z), 1.0), 1.0 / 6.0)
        start = e.add(e.add(mean, e.multiply(deviation, z)), e.multiply(bend, skewed))
        start = e.minimum(e.maximum(e.floor(start), 0.0), last)
        return _search(e, lambda k: tail(e, k, *shapes), lower, p, start, last)

    def quantile(e: Emitter, p: Value, *shapes: Value) -> Value:
        mean, deviation, *_ = moments(e, *shapes)
        inside = e.bit_and(e.compare("ogt", p, 0.0), e.compare("olt", p, 1.0))
        for size in (mean, deviation):
            inside = e.bit_and(inside, e.compare("olt", e.absolute(size), _INF))
        searched.__qualname__ = name
        otherwise = e.constant(_NAN, p.type, p.width)
        return only_where(e, inside, searched, [e.select(inside, p, 0.5), *shapes], otherwise)

    quantile.__name__ = name
    return in_double(quantile)


def _search(
    e: Emitter, tail: Callable[[Value], Value], lower: bool, p: Value, start: Value, last: Operand
) -> Value:
    wanted = e.multiply(p, 1.0 - SAME if lower else 1.0 + SAME)
    least, one = e.constant(-1.0, p.type, p.width), e.constant(1.0, p.type, p.width)
    end = last if isinstance(last, Value) else e.constant(last, p.type, p.width)
    _, (k, low, high, step, going) = e.begin_loop(_MOST, [start, least, end, one, one])
    found = e.select(e.compare("olt", k, WHOLE), tail(k), _NAN)
    hit = e.compare("oge" if lower else "ole", found, wanted)
    below, most = e.select(hit, low, k), e.select(hit, k, high)
    most = e.select(e.compare("uno", found, found), _NAN, most)
    after = e.select(hit, e.subtract(k, step), e.add(k, step))
    known = e.bit_and(e.compare("oge", below, 0.0), e.compare("olt", most, end))
    straight = e.bit_and(_between(e, after, below, most), e.invert(known))
    middle = e.floor(e.fma(e.subtract(most, below), 0.5, below))
    after = e.select(straight, after, middle)
    active = e.compare("ogt", going, 0.0)
    more = e.bit_and(active, _between(e, after, below, most))
    going = e.select(more, one, 0.0)
    state = [e.select(active, *pair) for pair in ((after, k), (below, low), (most, high))]
    state += [e.add(step, step), going]
    _, _, high, *_ = e.end_loop(state, going=e.any_lane(more))
    return high


def _between(e: Emitter, x: Value, low: Value, high: Value) -> Value:
    return e.bit_and(e.compare("ogt", x, low), e.compare("olt", x, high))


_OF: dict[str, tuple[Callable[[bool], Callable[..., Value]], Callable[..., Moments]]] = {
    "poisson": (_poisson, _of_poisson),
    "binom": (_binom, _of_binom),
    "nbinom": (_nbinom, _of_nbinom),
}

# What counts' quantiles are, by name.
COUNTING: dict[str, Callable[..., Value]] = {
    name: _quantile(name, tail(lower), moments, lower)
    for family, (tail, moments) in _OF.items()
    for lower, name in ((True, f"{family}_quantile"), (False, f"{family}_upper_quantile"))
}
