"""Positions that put an axis into order: keys, and integers sorted by them.

Every number has a key, an unsigned integer; the order of keys is that of numbers, with NaN behind
all others and both zeros alike. Pairs of a key and a position are sorted: few of them by merging
runs of 16, which insertion puts in order; many by their digits of 8 bits, from the last to the
first (Knuth, The Art of Computer Programming, vol. 3, 5.2.4 and 5.2.5). Both leave equal keys as
they are; the second takes a time that grows as the number of elements, and passes over a digit
that is the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from thalweg.core.program import Equation
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import BYTES, Value, is_float, relabelled
from thalweg.engines.llvm.kernels.facts import STOP
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.writer import Writer

# Up to so many elements merging takes less time, by the digits of a key.
_FEW = {8: 800, 4: 100, 1: 32}

# A key and a position, and how often each value of each digit of a key occurs.
_PAIR, _COUNTS = 16, 8 * 256 * 8

_MEMSET = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"

# Writes the positions of sorted pairs, `step` elements apart.
_GIVE = """\
give:
  %held = phi ptr {held}
  br label %each
each:
  %g = phi i64 [0, %give], [%g1, %each]
  %gp = getelementptr {{i64, i64}}, ptr %held, i64 %g, i32 1
  %position = load i64, ptr %gp, align 8
  %far = mul i64 %g, %step
  %op = getelementptr i64, ptr %out, i64 %far
  store i64 %position, ptr %op, align 8
  %g1 = add i64 %g, 1
  %rest = icmp ult i64 %g1, %n
  br i1 %rest, label %each, label %leave
leave:
  ret void
}}
"""

_BY_MERGING = """\
define void @order_by_merging(ptr %pairs, ptr %out, i64 %n, i64 %step) nounwind {
entry:
  %othersat = shl i64 %n, 4
  %others = getelementptr i8, ptr %pairs, i64 %othersat
  br label %next
next:
  %i = phi i64 [1, %entry], [%i1, %put]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %take, label %pass
take:
  %begin = and i64 %i, -16
  %ip = getelementptr <2 x i64>, ptr %pairs, i64 %i
  %pair = load <2 x i64>, ptr %ip, align 16
  %key = extractelement <2 x i64> %pair, i32 0
  br label %look
look:
  %j = phi i64 [%i, %take], [%before, %move]
  %first = icmp eq i64 %j, %begin
  %before = sub i64 %j, 1
  br i1 %first, label %put, label %compare
compare:
  %bp = getelementptr <2 x i64>, ptr %pairs, i64 %before
  %other = load <2 x i64>, ptr %bp, align 16
  %otherkey = extractelement <2 x i64> %other, i32 0
  %larger = icmp ugt i64 %otherkey, %key
  br i1 %larger, label %move, label %put
move:
  %jp = getelementptr <2 x i64>, ptr %pairs, i64 %j
  store <2 x i64> %other, ptr %jp, align 16
  br label %look
put:
  %pp = getelementptr <2 x i64>, ptr %pairs, i64 %j
  store <2 x i64> %pair, ptr %pp, align 16
  %i1 = add i64 %i, 1
  br label %next
pass:
  %width = phi i64 [16, %next], [%width2, %merged]
  %from = phi ptr [%pairs, %next], [%to, %merged]
  %to = phi ptr [%others, %next], [%from, %merged]
  %apart = icmp ult i64 %width, %n
  %width2 = shl i64 %width, 1
  br i1 %apart, label %runs, label %give
runs:
  %low = phi i64 [0, %pass], [%high, %remaining]
  %lowmid = add i64 %low, %width
  %midin = icmp ult i64 %lowmid, %n
  %mid = select i1 %midin, i64 %lowmid, i64 %n
  %lowhigh = add i64 %low, %width2
  %highin = icmp ult i64 %lowhigh, %n
  %high = select i1 %highin, i64 %lowhigh, i64 %n
  br label %both
both:
  %a = phi i64 [%low, %runs], [%a1, %merge]
  %b = phi i64 [%mid, %runs], [%b1, %merge]
  %c = phi i64 [%low, %runs], [%c1, %merge]
  %alast = icmp ult i64 %a, %mid
  %blast = icmp ult i64 %b, %high
  %two = and i1 %alast, %blast
  br i1 %two, label %merge, label %remaining
merge:
  %ap = getelementptr <2 x i64>, ptr %from, i64 %a
  %ak = load i64, ptr %ap, align 16
  %bq = getelementptr <2 x i64>, ptr %from, i64 %b
  %bk = load i64, ptr %bq, align 16
  %second = icmp ult i64 %bk, %ak
  %mask = sext i1 %second to i64
  %between = xor i64 %a, %b
  %chosen = and i64 %between, %mask
  %source = xor i64 %a, %chosen
  %sp = getelementptr <2 x i64>, ptr %from, i64 %source
  %smaller = load <2 x i64>, ptr %sp, align 16
  %cp = getelementptr <2 x i64>, ptr %to, i64 %c
  store <2 x i64> %smaller, ptr %cp, align 16
  %b1 = sub i64 %b, %mask
  %a0 = add i64 %a, 1
  %a1 = add i64 %a0, %mask
  %c1 = add i64 %c, 1
  br label %both
remaining:
  %left = select i1 %alast, i64 %a, i64 %b
  %end = select i1 %alast, i64 %mid, i64 %high
  %count = sub i64 %end, %left
  %bytes = shl i64 %count, 4
  %lp = getelementptr <2 x i64>, ptr %from, i64 %left
  %rp = getelementptr <2 x i64>, ptr %to, i64 %c
  call void @llvm.memcpy.p0.p0.i64(ptr align 16 %rp, ptr align 16 %lp, i64 %bytes, i1 false)
  %moreruns = icmp ult i64 %high, %n
  br i1 %moreruns, label %runs, label %merged
merged:
  br label %pass
""" + _GIVE.format(held="[%from, %pass]")

_BY_DIGITS = """\
define void @order_by_digits(ptr %pairs, ptr %out, i64 %n, i64 %step, i64 %digits, ptr %stop) \
nounwind {
entry:
  %othersat = shl i64 %n, 4
  %others = getelementptr i8, ptr %pairs, i64 %othersat
  %countsat = shl i64 %n, 5
  %counts = getelementptr i8, ptr %pairs, i64 %countsat
  %cleared = shl i64 %digits, 11
  call void @llvm.memset.p0.i64(ptr align 8 %counts, i8 0, i64 %cleared, i1 false)
  br label %count
count:
  %c = phi i64 [0, %entry], [%c1, %counted]
  %before = phi i64 [0, %entry], [%key, %counted]
  %ordered = phi i1 [true, %entry], [%stillordered, %counted]
  %cp = getelementptr {i64, i64}, ptr %pairs, i64 %c
  %key = load i64, ptr %cp, align 8
  %follows = icmp ule i64 %before, %key
  %stillordered = and i1 %ordered, %follows
  br label %digit
digit:
  %d = phi i64 [0, %count], [%d1, %digit]
  %left = phi i64 [%key, %count], [%left1, %digit]
  %value = and i64 %left, 255
  %row = shl i64 %d, 8
  %slot = or i64 %row, %value
  %sp = getelementptr i64, ptr %counts, i64 %slot
  %so = load i64, ptr %sp, align 8
  %so1 = add i64 %so, 1
  store i64 %so1, ptr %sp, align 8
  %left1 = lshr i64 %left, 8
  %d1 = add i64 %d, 1
  %moredigits = icmp ult i64 %d1, %digits
  br i1 %moredigits, label %digit, label %counted
counted:
  %c1 = add i64 %c, 1
  %morekeys = icmp ult i64 %c1, %n
  br i1 %morekeys, label %count, label %judged
judged:
  br i1 %stillordered, label %give, label %pass
pass:
  %p = phi i64 [0, %judged], [%p1, %passed]
  %from = phi ptr [%pairs, %judged], [%sorted, %passed]
  %to = phi ptr [%others, %judged], [%free, %passed]
  %asked = load atomic i64, ptr %stop monotonic, align 8
  %going = icmp eq i64 %asked, 0
  br i1 %going, label %look, label %give
look:
  %shift = shl i64 %p, 3
  %tableat = shl i64 %p, 8
  %table = getelementptr i64, ptr %counts, i64 %tableat
  %firstkey = load i64, ptr %from, align 8
  %firstshifted = lshr i64 %firstkey, %shift
  %firstvalue = and i64 %firstshifted, 255
  %fp = getelementptr i64, ptr %table, i64 %firstvalue
  %often = load i64, ptr %fp, align 8
  %same = icmp eq i64 %often, %n
  br i1 %same, label %passed, label %sum
sum:
  %k = phi i64 [0, %look], [%k1, %sum]
  %start = phi i64 [0, %look], [%start1, %sum]
  %kp = getelementptr i64, ptr %table, i64 %k
  %many = load i64, ptr %kp, align 8
  store i64 %start, ptr %kp, align 8
  %start1 = add i64 %start, %many
  %k1 = add i64 %k, 1
  %morevalues = icmp ult i64 %k1, 256
  br i1 %morevalues, label %sum, label %move
move:
  %m = phi i64 [0, %sum], [%m1, %move]
  %mp = getelementptr <2 x i64>, ptr %from, i64 %m
  %pair = load <2 x i64>, ptr %mp, align 16
  %pairkey = extractelement <2 x i64> %pair, i32 0
  %pairshifted = lshr i64 %pairkey, %shift
  %pairvalue = and i64 %pairshifted, 255
  %vp = getelementptr i64, ptr %table, i64 %pairvalue
  %place = load i64, ptr %vp, align 8
  %placed = getelementptr <2 x i64>, ptr %to, i64 %place
  store <2 x i64> %pair, ptr %placed, align 16
  %place1 = add i64 %place, 1
  store i64 %place1, ptr %vp, align 8
  %m1 = add i64 %m, 1
  %morepairs = icmp ult i64 %m1, %n
  br i1 %morepairs, label %move, label %passed
passed:
  %sorted = phi ptr [%from, %look], [%to, %move]
  %free = phi ptr [%to, %look], [%from, %move]
  %p1 = add i64 %p, 1
  %morepasses = icmp ult i64 %p1, %digits
  br i1 %morepasses, label %pass, label %give
""" + _GIVE.format(held="[%pairs, %judged], [%from, %pass], [%sorted, %passed]")


def write_order(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Sequence[Value | None]
) -> None:
    """Write the positions that put an axis into order."""
    (symbol,), axis, e = equation.inputs, equation.params["axis"], writer.e
    shape, type, out = symbol.shape, TYPES[symbol.dtype], results[0]
    if 0 in shape or out is None:
        return
    count, step = shape[axis], math.prod(shape[axis + 1 :])
    pairs = writer.scratch(2 * _PAIR * count + _COUNTS)
    with writer.nest((math.prod(shape[:axis]), step)) as (row, column):
        first = row * (count * step) + column
        at, _ = writer.loop(count)
        source = e.element(operands[0], writer.scalar(first + at * step), type)
        key = _key(e, e.load(source, type, cse=False), equation.params["descending"])
        place = writer.scalar(at)
        pair = e.insert(e.insert(e.constant(0, "i64", 2), key, 0), place, 1)
        e.store(pair, e.element(pairs, e.multiply(place, 2), "i64"))
        e.end_loop()
        target = e.element(out, writer.scalar(first), "i64")
        if count <= _FEW[BYTES[type]]:
            writer.called["order_by_merging"] = _BY_MERGING
            e.raw(f"call void @order_by_merging({pairs}, {target}, i64 {count}, i64 {step})")
        else:
            writer.called["order_by_digits"] = _BY_DIGITS
            e.declarations.add(_MEMSET)
            stop = e.offset(writer.pointer(None), STOP)
            e.raw(
                f"call void @order_by_digits({pairs}, {target}, i64 {count}, i64 {step},"
                f" i64 {BYTES[type]}, {stop})"
            )


def _key(e: Emitter, value: Value, descending: bool) -> Value:
    """Return the unsigned integer, as i64, that stands for a number in the order."""
    type = value.type
    if type == "i1":
        key = e.convert(value, "i64")
        return e.bit_xor(key, 1) if descending else key
    least = -1 << (8 * BYTES[type] - 1)
    if is_float(type):
        # A sum with 0 makes -0 the 0 that it is equal to; every NaN is the one of the key.
        number = e.select(e.compare("uno", value, value), math.nan, e.add(value, 0.0))
        bits = e.bitcast(number, "i64" if type == "f64" else "i32")
        sign = e.shift_right_arithmetic(bits, 8 * BYTES[type] - 1)
        key = e.bit_xor(bits, e.bit_or(sign, least))
    else:
        key = e.bit_xor(value, least)
    key = e.invert(key) if descending else key
    return e.convert(relabelled(key, "u32"), "i64") if key.type == "i32" else key
