"""Exponentials, cofactors and their derivatives: composed of what the other files find."""

from __future__ import annotations

from dataclasses import dataclass

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices import singular
from thalweg.engines.llvm.kernels.matrices.elimination import elimination, solving
from thalweg.engines.llvm.kernels.matrices.routine import Count, Routine
from thalweg.engines.llvm.kernels.matrices.singular import decomposition
from thalweg.engines.llvm.kernels.matrices.symmetric import EPSILON
from thalweg.engines.llvm.kernels.matrices.update import add_product

# ---- the exponential

# Terms of the series of a matrix of norm 1, as many as the meaning has.
_TERMS = 18


def exponential(type: str, target: Target, n: int) -> Routine:
    """Return `(x, out, work, stop)`: the exponential; `work` has 3 n rows of whole vectors."""
    r = Routine(f"exponential_{type}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    across = r.padded(n)
    found, free = r.at(work, n * across), r.at(work, 2 * n * across)
    r.copy_rows(x, n, work, across, n, stop)
    halvings, shrink = _halvings(r, work, n, across)
    r.scale(shrink, work, 0, n * across)
    r.fill(r.number(0.0), found, 0, n * across)
    _add_one(r, found, n, across)

    def multiplied(left: Value, divisor: Value) -> None:
        r.fill(r.number(0.0), free, 0, n * across)
        vectors = across // r.width
        add_product(r, free, across, left, (across, 1), found, across, n, vectors, n)
        with r.loop(n * vectors) as v:
            at = r.times(v, r.width)
            r.put(r.divide(r.row(free, at), r.splat(divisor, r.width)), found, at)

    with r.downwards(1, _TERMS + 1, stop) as k:
        multiplied(work, r.convert(k, type))
        _add_one(r, found, n, across)
    with r.loop(halvings, stop):
        multiplied(found, r.number(1.0))
    r.copy_back(found, across, out, n, n, stop)
    return r


def _add_one(r: Routine, x: Value, n: int, across: int) -> None:
    with r.loop(n) as i:
        at = r.times(i, across + 1)
        r.put(r.add(r.get(x, at), 1.0), x, at)


def _halvings(r: Routine, x: Value, n: int, across: int) -> tuple[Value, Value]:
    """Return s and 2⁻ˢ, so that the columns' sums of magnitudes of x 2⁻ˢ are 1 at most."""

    def larger(j: Value, best: list[Value]) -> list[Value]:
        def added(i: Value, total: list[Value]) -> list[Value]:
            return [r.add(total[0], r.absolute(r.get(x, r.times(i, across), j)))]

        (total,) = r.fold(0, n, [r.number(0.0)], added)
        return [r.select(r.compare("ogt", total, best[0]), total, best[0])]

    (norm,) = r.fold(0, n, [r.number(1.0)], larger)
    integer, bits, bias = ("i64", 52, 1023) if r.type == "f64" else ("i32", 23, 127)
    below = r.power_of_two_below(norm)
    exponent = r.shift_right_logical(r.bitcast(below, integer), bits)
    above = r.convert(r.compare("ogt", norm, below), "i64")
    halvings = r.add(r.subtract(r.convert(exponent, "i64"), bias), above)
    half = r.select(r.compare("ne", above, 0), r.number(0.5), r.number(1.0))
    return halvings, r.multiply(r.divide(r.number(1.0), below), half)


# ---- cofactors


@dataclass(frozen=True)
class _CofactorMemory:
    """Where what cofactors are made of is found, each of it n × n numbers or a little more."""

    factors: Value
    inverse: Value
    one: Value
    parts: Value
    weights: Value
    rest: Value


def room(r: Routine, n: int) -> int:
    """Return how many numbers cofactors and their derivatives work in."""
    own = singular.room(r, n, n, n) + n * r.padded(n)
    return own + 2 * (n + 1) * n + 2 * n * n + (2 * n + 1) * n + 2 * n * n


def _laid_out(r: Routine, work: Value, n: int) -> _CofactorMemory:
    sizes = (n + 1) * n, n * n, n * n, (2 * n + 1) * n, 2 * n * n
    starts = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    # What comes last holds words too: it begins where they may.
    starts[-1] += -starts[-1] % 2
    return _CofactorMemory(*(r.at(work, start) for start in starts))


def _determinant(r: Routine, factors: Value, n: int) -> Value:
    def turn(k: Value, carried: list[Value]) -> list[Value]:
        pivot = r.multiply(carried[0], r.get(factors, r.times(k, n + 1)))
        place = r.get(factors, n * n, k)
        stayed = r.compare("oeq", place, r.convert(k, r.type))
        return [r.select(stayed, pivot, r.negate(pivot))]

    (found,) = r.fold(0, n, [r.number(1.0)], turn)
    return found


def _longest_row(r: Routine, x: Value, n: int) -> Value:
    """Return the largest sum of magnitudes of a row; NaN if one is."""

    def larger(i: Value, best: list[Value]) -> list[Value]:
        line = r.at(x, r.times(i, n))

        def added(j: Value, total: list[Value]) -> list[Value]:
            return [r.add(total[0], r.absolute(r.get(line, j)))]

        (total,) = r.fold(0, n, [r.number(0.0)], added)
        return [r.select(r.compare("ogt", best[0], total), best[0], total)]

    (found,) = r.fold(0, n, [r.number(0.0)], larger)
    return found


def _multiply(
    r: Routine, c: Value, a: Value, of_a: tuple[int, int], b: Value, of_b: tuple[int, int], n: int
) -> None:
    """Write c = a·b of small matrices, whose numbers lie apart as told."""
    with r.loop(n) as i, r.loop(n) as j:

        def turn(k: Value, total: list[Value], i: Count = i, j: Count = j) -> list[Value]:
            x = r.get(a, r.times(i, of_a[0]), r.times(k, of_a[1]))
            y = r.get(b, r.times(k, of_b[0]), r.times(j, of_b[1]))
            return [r.fma(x, y, total[0])]

        (total,) = r.fold(0, n, [r.number(0.0)], turn)
        r.put(total, c, r.times(i, n), j)


def _prepare(r: Routine, x: Value, p: _CofactorMemory, n: int, stop: Value) -> tuple[Value, Value]:
    """Find the inverse; return the determinant, and whether the inverse has half of the digits."""
    r.call_to(elimination(r.type, r.target, n), x, p.factors, p.rest, stop)
    r.fill(r.number(0.0), p.one, 0, n * n)
    with r.loop(n) as i:
        r.put(r.number(1.0), p.one, r.times(i, n + 1))
    r.call_to(solving(r.type, r.target, n, n, False), p.factors, p.one, p.inverse, p.rest, stop)
    determinant = _determinant(r, p.factors, n)
    condition = r.multiply(_longest_row(r, x, n), _longest_row(r, p.inverse, n))
    regular = r.compare("olt", condition, EPSILON[r.type] ** -0.5)
    finite = r.compare("oeq", r.multiply(determinant, 0.0), 0.0)
    return determinant, r.bit_and(regular, finite)


def _rotated(r: Routine, x: Value, p: _CofactorMemory, n: int, stop: Value) -> tuple[Value, ...]:
    """Return U, the singular values and V, and the sign of det(U) det(V)."""
    r.call_to(decomposition(r.type, r.target, n, n, False), x, p.parts, p.rest, stop)
    u, values, v = p.parts, r.at(p.parts, n * n), r.at(p.parts, (n + 1) * n)
    sign = r.number(1.0)
    for vectors in (u, v):
        r.call_to(elimination(r.type, r.target, n), vectors, p.factors, p.rest, stop)
        sign = r.multiply(sign, r.copysign(r.number(1.0), _determinant(r, p.factors, n)))
    return u, values, v, sign


def _product_without(r: Routine, values: Value, n: int, *left_out: Value) -> Value:
    def turn(j: Value, total: list[Value]) -> list[Value]:
        counts = r.constant(True, "i1")
        for i in left_out:
            counts = r.bit_and(counts, r.compare("ne", i, j))
        return [r.multiply(total[0], r.select(counts, r.get(values, j), r.number(1.0)))]

    (found,) = r.fold(0, n, [r.number(1.0)], turn)
    return found


def cofactors(type: str, target: Target, n: int) -> Routine:
    """Return `(x, out, work, stop)`: det(x) x⁻ᵀ, or by singular values where that has no digits."""
    r = Routine(f"cofactors_{type}_{n}", type, target)
    x, out, work, stop = r.pointers("x", "out", "work", "stop")
    p = _laid_out(r, work, n)
    determinant, regular = _prepare(r, x, p, n, stop)
    with r.when(regular), r.loop(n) as i, r.loop(n) as j:
        r.put(r.multiply(determinant, r.get(p.inverse, r.times(j, n), i)), out, r.times(i, n), j)
    with r.when(r.bit_xor(regular, r.constant(True, "i1"))):
        u, values, v, sign = _rotated(r, x, p, n, stop)
        with r.loop(n) as c:
            weight = r.multiply(sign, _product_without(r, values, n, c))
            with r.loop(n) as i:
                r.put(r.multiply(weight, r.get(u, r.times(i, n), c)), p.weights, r.times(i, n), c)
        _multiply(r, out, p.weights, (n, 1), v, (1, n), n)
    return r


def minors(type: str, target: Target, n: int) -> Routine:
    """Return `(x, g, out, work, stop)`: the derivative of cofactors, summed with weights g."""
    r = Routine(f"minors_{type}_{n}", type, target)
    x, g, out, work, stop = r.pointers("x", "g", "out", "work", "stop")
    p = _laid_out(r, work, n)
    determinant, regular = _prepare(r, x, p, n, stop)
    along, both = p.weights, r.at(p.weights, n * n)
    with r.when(regular):
        _multiply(r, along, p.inverse, (n, 1), g, (n, 1), n)
        _multiply(r, both, along, (n, 1), p.inverse, (n, 1), n)

        def traced(i: Value, total: list[Value]) -> list[Value]:
            return [r.add(total[0], r.get(along, r.times(i, n + 1)))]

        (trace,) = r.fold(0, n, [r.number(0.0)], traced)
        with r.loop(n) as i, r.loop(n) as j:
            place = r.times(j, n), i
            share = r.multiply(trace, r.get(p.inverse, *place))
            found = r.multiply(determinant, r.subtract(share, r.get(both, *place)))
            r.put(found, out, r.times(i, n), j)
    with r.when(r.bit_xor(regular, r.constant(True, "i1"))):
        u, values, v, sign = _rotated(r, x, p, n, stop)
        _multiply(r, along, u, (1, n), g, (n, 1), n)
        _multiply(r, both, along, (n, 1), v, (n, 1), n)
        with r.loop(n) as i, r.loop(n) as k:
            _put_inner(r, along, both, values, n, sign, i, k)
        _multiply(r, both, u, (n, 1), along, (n, 1), n)
        _multiply(r, out, both, (n, 1), v, (1, n), n)
    return r


def _put_inner(
    r: Routine, result: Value, turned: Value, values: Value, n: int, sign: Value, i: Value, k: Value
) -> None:
    """Write -T[k, i] times all values but two; on the diagonal the sum of T[k, k] times those."""
    same = r.compare("eq", i, k)
    with r.when(r.compare("ne", i, k)):
        pair = r.multiply(sign, _product_without(r, values, n, i, k))
        found = r.negate(r.multiply(pair, r.get(turned, r.times(k, n), i)))
        r.put(found, result, r.times(i, n), k)
    with r.when(same):

        def turn(j: Value, total: list[Value]) -> list[Value]:
            pair = _product_without(r, values, n, i, j)
            counts = r.compare("ne", i, j)
            share = r.fma(pair, r.get(turned, r.times(j, n + 1)), total[0])
            return [r.select(counts, share, total[0])]

        (total,) = r.fold(0, n, [r.number(0.0)], turn)
        r.put(r.multiply(sign, total), result, r.times(i, n), k)
