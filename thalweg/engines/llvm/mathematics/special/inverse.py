"""The inverses of the incomplete gamma and beta functions, regularized.

Newton's method finds the logarithm of x, or of the odds x / (1 - x), of that of the smaller tail,
which is a concave function of it; a step that leaves what is known is replaced. A lane that has
found its number keeps it: it then is the same whatever the lanes beside it.

Source:
    As the meanings in `thalweg.ops.special.inverse`.
"""

import math
from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp, expm1
from thalweg.engines.llvm.mathematics.logarithm import log, log1p
from thalweg.engines.llvm.mathematics.special.error import ndtri
from thalweg.engines.llvm.mathematics.special.gamma import digamma, lgamma1p, positive_lgamma
from thalweg.engines.llvm.mathematics.special.incomplete import _height, gammainc, gammaincc
from thalweg.engines.llvm.mathematics.special.incomplete_beta import density, lower_of
from thalweg.engines.llvm.mathematics.special.pieces import in_double, only_where
from thalweg.engines.llvm.mathematics.special.zeta import zeta

_INF, _NAN = float("inf"), float("nan")

# A quantile below the first is the first term of its series.
_TINY, _MOST, _STEP = 1e-290, 200, 40.0

# Newton's error is squared: below the first no further step is of use, nor below the second.
_CLOSE, _STILL = 2.0**-27, 2.0**-53

_SMALLEST = 5e-324

# Up to this parameter the logarithm of a B(a, b) is a series in it.
_SMALL = 1e-3


@in_double
def gammaincinv(e: Emitter, a: Value, y: Value) -> Value:
    """The x at which P(a, x) = y."""
    return _gamma_quantile(e, a, y, e.subtract(1.0, y))


@in_double
def gammainccinv(e: Emitter, a: Value, y: Value) -> Value:
    """The x at which Q(a, x) = y."""
    return _gamma_quantile(e, a, e.subtract(1.0, y), y)


@in_double
def betaincinv(e: Emitter, a: Value, b: Value, y: Value) -> Value:
    """The x at which I_x(a, b) = y."""
    return _beta_quantile(e, a, b, y, e.subtract(1.0, y))


@in_double
def betainccinv(e: Emitter, a: Value, b: Value, y: Value) -> Value:
    """The x at which 1 - I_x(a, b) = y."""
    return _beta_quantile(e, a, b, e.subtract(1.0, y), y)


def _root(
    e: Emitter, tails: Callable[[Value], tuple[Value, Value]], target: Value, start: Value
) -> Value:
    """The positive number at which a tail, given with its derivative by ln x, is the target."""
    least, most = (e.constant(v, start.type, start.width) for v in (_TINY, 1.0 / _TINY))
    x = e.minimum(e.maximum(start, _TINY), 1.0 / _TINY)
    _, (x, low, high, going) = e.begin_loop(_MOST, [x, least, most, least])
    tail, slope = tails(x)
    tail = e.maximum(tail, _SMALLEST)
    size = e.maximum(e.maximum(e.absolute(slope), e.multiply(tail, 1e-300)), _SMALLEST)
    off = log(e, e.divide(tail, target))
    step = e.negate(e.multiply(off, e.divide(tail, e.copysign(size, slope))))
    before = e.compare("olt", e.multiply(off, e.copysign(1.0, slope)), 0.0)
    low, high = e.select(before, x, low), e.select(before, high, x)
    moved = e.multiply(x, exp(e, e.minimum(e.maximum(step, -_STEP), _STEP)))
    between = e.bit_or(e.compare("olt", moved, low), e.compare("ogt", moved, high))
    known = e.compare("olt", high, e.multiply(low, math.exp(2.0 * _STEP)))
    useless = e.bit_and(e.compare("ogt", e.absolute(step), _STEP), known)
    middle = e.multiply(e.sqrt(low), e.sqrt(high))
    moved = e.select(e.bit_or(between, useless), middle, moved)
    active = e.compare("ogt", going, 0.0)
    found = e.select(active, moved, x)
    off_target = e.compare("ogt", e.absolute(off), _CLOSE)
    more = e.bit_and(off_target, e.compare("ogt", e.absolute(step), _STILL))
    more = e.bit_and(active, more)
    going = e.select(more, 1.0, e.constant(0.0, x.type, x.width))
    found, *_ = e.end_loop([found, low, high, going], going=e.any_lane(more))
    return found


def _share(e: Emitter, p: Value, q: Value) -> tuple[Value, Value, Value]:
    """Whether both tails are inside, and they there."""
    inside = e.bit_and(e.compare("ogt", p, 0.0), e.compare("ogt", q, 0.0))
    return inside, e.select(inside, p, 0.25), e.select(inside, q, 0.75)


# ---- gamma


def _gamma_quantile(e: Emitter, a: Value, p: Value, q: Value) -> Value:
    """The quantile of the gamma distribution, of its two tails."""
    within, below, above = _share(e, p, q)
    shaped = e.bit_and(e.compare("ogt", a, 0.0), e.compare("olt", a, _INF))
    inside = e.bit_and(within, shaped)
    edge = e.select(e.compare("oeq", q, 0.0), _INF, e.constant(_NAN, p.type, p.width))
    edge = e.select(e.compare("oeq", p, 0.0), 0.0, edge)
    edge = e.select(e.compare("oge", a, 0.0), edge, _NAN)
    operands = [e.select(shaped, a, 1.0), below, above]
    return only_where(e, inside, _gamma_inside, operands, edge)


def _gamma_inside(e: Emitter, a: Value, p: Value, q: Value) -> Value:
    lower = e.compare("ole", p, 0.5)
    target = e.select(lower, p, q)
    log_p = e.select(lower, log(e, p), log1p(e, e.negate(q)))
    few = lgamma1p(e, e.minimum(a, 2.0))
    few = e.select(e.compare("olt", a, 2.0), few, positive_lgamma(e, e.add(a, 1.0)))
    first = exp(e, e.minimum(e.divide(e.add(log_p, few), a), 700.0))

    def tails(x: Value) -> tuple[Value, Value]:
        tail = e.select(lower, gammainc(e, a, x), gammaincc(e, a, x))
        return tail, e.multiply(e.select(lower, a, e.negate(a)), _height(e, a, x))

    found = _root(e, tails, target, _gamma_start(e, a, target, lower, first))
    return e.select(e.compare("olt", first, _TINY), first, found)


def _gamma_start(e: Emitter, a: Value, target: Value, lower: Value, first: Value) -> Value:
    """About the quantile: by the first term, Wilson & Hilferty's cube, or far out the density."""
    tail = ndtri(e, target)
    z = e.select(lower, tail, e.negate(tail))
    cube = e.subtract(1.0, e.divide(1.0, e.multiply(a, 9.0)))
    cube = e.maximum(e.add(cube, e.divide(z, e.multiply(e.sqrt(a), 3.0))), 0.0)
    large = e.maximum(e.multiply(a, e.multiply(cube, e.multiply(cube, cube))), first)
    less = e.subtract(a, 1.0)
    height = e.negate(e.add(log(e, target), positive_lgamma(e, a)))
    far = e.fma(less, log(e, e.maximum(height, 1.0)), height)
    far = e.fma(less, log(e, e.maximum(far, 1.0)), height)
    out = e.bit_and(e.compare("ogt", height, a), e.compare("ogt", far, a))
    large = e.select(e.bit_and(out, e.invert(lower)), far, large)
    near = e.compare("olt", first, e.multiply(e.add(a, 1.0), 0.2))
    bend = exp(e, e.divide(e.select(near, first, 0.0), e.add(a, 1.0)))
    return e.select(near, e.multiply(first, bend), large)


# ---- beta


def _beta_quantile(e: Emitter, a: Value, b: Value, p: Value, q: Value) -> Value:
    """The quantile of the beta distribution, of its two tails."""
    within, below, above = _share(e, p, q)
    positive = e.bit_and(e.compare("ogt", a, 0.0), e.compare("ogt", b, 0.0))
    finite = e.bit_and(e.compare("olt", a, _INF), e.compare("olt", b, _INF))
    shaped = e.bit_and(positive, finite)
    start = e.bit_and(e.compare("oeq", a, _INF), e.compare("ogt", p, 0.0))
    one = e.bit_or(e.compare("oeq", q, 0.0), start)
    edge = e.select(one, 1.0, e.constant(0.0, p.type, p.width))
    outside = e.bit_or(e.compare("ult", p, 0.0), e.compare("ult", q, 0.0))
    both = e.bit_and(e.compare("oeq", a, _INF), e.compare("oeq", b, _INF))
    wrong = e.bit_or(e.bit_or(e.invert(positive), outside), both)
    edge = e.select(wrong, _NAN, edge)
    operands = [e.select(shaped, a, 1.0), e.select(shaped, b, 1.0), below, above]
    return only_where(e, e.bit_and(within, shaped), _beta_inside, operands, edge)


def _beta_inside(e: Emitter, a: Value, b: Value, p: Value, q: Value) -> Value:
    upper = e.compare("ogt", p, 0.5)
    a, b = e.select(upper, b, a), e.select(upper, a, b)
    p = e.select(upper, q, p)
    first = e.minimum(e.divide(e.add(log(e, p), _log_size(e, a, b)), a), 0.0)
    last = e.divide(e.add(log1p(e, e.negate(p)), _log_size(e, b, a)), b)

    def tails(odds: Value) -> tuple[Value, Value]:
        y = e.divide(1.0, e.add(odds, 1.0))
        x = e.multiply(odds, y)
        return lower_of(e, a, b, x, y)

    odds = _root(e, tails, p, _beta_start(e, a, b, p, first))
    below = math.log(_TINY)
    small, large = e.compare("olt", first, below), e.compare("olt", last, below)
    total = e.add(odds, 1.0)
    x = e.select(large, 1.0, e.divide(odds, total))
    x = e.select(small, exp(e, first), x)
    y = e.select(small, 1.0, e.divide(1.0, total))
    y = e.select(large, exp(e, last), y)
    return e.select(upper, y, x)


def _log_size(e: Emitter, a: Value, b: Value) -> Value:
    """The logarithm of a B(a, b), which for small a is about a."""
    small = e.minimum(a, _SMALL)
    middle = e.add(e.fma(small, 0.5, b), 1.0)
    bend = e.multiply(zeta(e, e.constant(3.0, a.type, a.width), middle), 1.0 / 12.0)
    slope = e.subtract(digamma(e, middle), e.multiply(e.multiply(small, small), bend))
    near = e.add(lgamma1p(e, small), log1p(e, e.divide(small, b)))
    near = e.subtract(near, e.multiply(small, slope))
    total = e.add(a, b)
    factor = density(e, a, b, e.divide(a, total), e.divide(b, total))
    apart = e.multiply(a, log1p(e, e.divide(b, a)))
    apart = e.add(apart, e.multiply(b, log1p(e, e.divide(a, b))))
    far = e.negate(e.add(log(e, e.divide(factor, a)), apart))
    return e.select(e.compare("olt", a, _SMALL), near, far)


def _beta_start(e: Emitter, a: Value, b: Value, p: Value, first: Value) -> Value:
    """About the odds, by the first term, or for larger parameters Abramowitz & Stegun 26.5.22."""
    z = e.negate(ndtri(e, p))
    both = e.bit_and(e.compare("ogt", a, 1.0), e.compare("ogt", b, 1.0))
    one, two = (
        e.divide(1.0, e.subtract(e.multiply(e.select(both, v, 2.0), 2.0), 1.0)) for v in (a, b)
    )
    width = e.divide(2.0, e.add(one, two))
    bend = e.multiply(e.subtract(e.multiply(z, z), 3.0), 1.0 / 6.0)
    part = e.divide(e.multiply(z, e.sqrt(e.maximum(e.add(width, bend), 0.0))), width)
    rest = e.subtract(e.add(bend, 5.0 / 6.0), e.divide(2.0 / 3.0, width))
    part = e.subtract(part, e.multiply(e.subtract(two, one), rest))
    normal = e.subtract(e.subtract(log(e, a), log(e, b)), e.add(part, part))
    left = e.negate(expm1(e, e.minimum(first, -0.1)))
    series = e.subtract(first, log(e, left))
    found = e.select(both, e.maximum(normal, series), series)
    return exp(e, e.minimum(e.maximum(found, -660.0), 660.0))
