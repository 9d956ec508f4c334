"""Random bits and permutations in vectors, equal bit for bit to `thalweg.random.bits`."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Operand, Value
from thalweg.random.bits import PARITY, PERMUTATION_ROUNDS, ROTATIONS, ROWS_PER_BLOCK

Pair = tuple[Value, Value]

# Rows moved in one turn of the loop.
_ROWS_TOGETHER = 8


def threefry2x32(e: Emitter, key: Pair, high: Operand, low: Value, rounds: int = 20) -> Pair:
    """The two random words (i32) of each pair of counter words, under a key of two words."""
    first, second = key
    schedule = (first, second, e.bit_xor(e.bit_xor(first, second), PARITY))
    x, y = e.add(first, high), e.add(low, second)
    for number in range(rounds):
        rotation = ROTATIONS[number // 4 % 2][number % 4]
        x = e.add(x, y)
        turned = e.bit_or(e.shift_left(y, rotation), e.shift_right_logical(y, 32 - rotation))
        y = e.bit_xor(turned, x)
        if number % 4 == 3:
            group = number // 4 + 1
            x = e.add(x, schedule[group % 3])
            y = e.add(y, e.add(schedule[(group + 1) % 3], group))
    return x, y


def bounded(e: Emitter, words: Value, bound: Value) -> Value:
    """Random words as integers in [0, bound): ⌊word·bound / 2³²⌋, with a bias of bound/2³²."""
    # Products of 32 bits by 32 are made for every second lane at once: even lanes, then odd.
    wide = words.width // 2
    w, b = (e.instruction(f"bitcast {v} to <{wide} x i64>", "i64", wide, (v,)) for v in
            (words, bound))  # fmt: skip
    low = (1 << 32) - 1
    even = e.multiply(e.bit_and(w, low), e.bit_and(b, low))
    odd = e.multiply(e.shift_right_logical(w, 32), e.shift_right_logical(b, 32))
    both = e.bit_or(e.shift_right_logical(even, 32), e.bit_and(odd, low << 32))
    width = words.width
    return e.instruction(f"bitcast {both} to <{width} x i32>", "i32", width, (both,))


def split_words(e: Emitter, number: Value) -> Pair:
    """A 64-bit integer as its high and low word."""
    return e.convert(e.shift_right_logical(number, 32), "i32"), e.convert(number, "i32")


def permutation(target: Target, name: str = "permute") -> str:
    """The function `void @name(ptr order, i64 n, i64 seed, i64 epoch)`.

    It writes `keyed_permutation(n, seed, epoch)` to the n 32-bit integers at `order`, and reads
    and writes nothing else; n may be 0. The function needs no declarations.
    """
    e = Emitter(target)
    order, n = e.parameter("order", "ptr"), e.parameter("n", "i64")
    seed, epoch = e.parameter("seed", "i64"), e.parameter("epoch", "i64")
    key = threefry2x32(e, split_words(e, seed), *split_words(e, epoch))
    e.raw(f"%targets = alloca [{ROWS_PER_BLOCK} x i32], align 64", depth=0)
    targets = e.parameter("targets", "ptr")
    block, _ = e.begin_loop(e.divide(e.add(n, ROWS_PER_BLOCK - 1), ROWS_PER_BLOCK))
    start = e.multiply(block, ROWS_PER_BLOCK)
    _write_targets(e, key, targets, block, start)
    rest = e.subtract(n, start)
    whole = e.compare("sgt", rest, ROWS_PER_BLOCK)
    _move(e, order, targets, start, e.select(whole, ROWS_PER_BLOCK, rest))
    e.end_loop()
    return e.function(name, [order, n, seed, epoch])


def _write_targets(e: Emitter, key: Pair, targets: Value, block: Value, start: Value) -> None:
    """The targets of a block's rows, those of the second words half a block after the first."""
    half = ROWS_PER_BLOCK // 2
    width = min(e.target.lanes("i32"), half)
    group, _ = e.begin_loop(half // width)
    lane = e.multiply(group, width)
    counter = e.convert(e.add(e.multiply(block, half), lane), "i32")
    counter = e.add(counter, e.lanes("i32", width))
    words = threefry2x32(e, key, 0, counter, PERMUTATION_ROUNDS)
    for which, word in enumerate(words):
        at = e.add(lane, which * half)
        bound = e.add(e.convert(e.add(start, at), "i32"), e.lanes("i32", width))
        e.store(bounded(e, word, e.add(bound, 1)), e.element(targets, at, "i32"))
    e.end_loop()


def _move(e: Emitter, order: Value, targets: Value, start: Value, rows: Value) -> None:
    """Move each row into the order: the entry at its target goes to the row's own place."""
    groups = e.divide(rows, _ROWS_TOGETHER)
    group, _ = e.begin_loop(groups)
    first = e.multiply(group, _ROWS_TOGETHER)
    for k in range(_ROWS_TOGETHER):
        _move_row(e, order, targets, start, e.add(first, k))
    e.end_loop()
    done = e.multiply(groups, _ROWS_TOGETHER)
    single, _ = e.begin_loop(e.subtract(rows, done))
    _move_row(e, order, targets, start, e.add(done, single))
    e.end_loop()


def _move_row(e: Emitter, order: Value, targets: Value, start: Value, within: Value) -> None:
    row = e.add(start, within)
    target = e.load(e.element(targets, within, "i32"), "i32", cse=False)
    place = e.element(order, e.convert(target, "i64"), "i32")
    e.store(e.load(place, "i32", cse=False), e.element(order, row, "i32"))
    e.store(e.convert(row, "i32"), place)
