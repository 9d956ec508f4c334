"""Rows of few numbers, one after another in memory, as vectors down their columns, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thalweg.engines.llvm.ir.arithmetic import Arithmetic
from thalweg.engines.llvm.ir.values import Value

# A vector of numbers that lie one after another, from a place on.
Read = Callable[[int], Value]

Write = Callable[[int, Value], None]


def turned(e: Arithmetic, vectors: Sequence[Value]) -> list[Value]:
    """Transpose a square of lanes by exchanging ever larger blocks across the diagonal."""
    width, step = len(vectors), 1
    square = [e.splat(v, width) for v in vectors]
    while step < width:
        exchanged = list(square)
        for i in range(width):
            if i & step:
                continue
            a, b = square[i], square[i | step]
            low = [j if not j & step else width + (j ^ step) for j in range(width)]
            high = [(j | step) if not j & step else width + j for j in range(width)]
            exchanged[i] = e.shuffle(a, b, low)
            exchanged[i | step] = e.shuffle(a, b, high)
        square, step = exchanged, 2 * step
    return square


def column_read(e: Arithmetic, read: Read, columns: int, width: int, column: int) -> Value:
    """Return a column of as many rows as a vector has lanes.

    Args:
        e: What is written.
        read: Returns the numbers from one on, counted from the first of the first row.
        columns: The numbers of a row.
        width: The lanes of a vector.
        column: Which of them.
    """
    if columns >= width:
        # The last square may overlap another.
        first = min(column - column % width, columns - width)
        square = turned(e, [read(row * columns + first) for row in range(width)])
        return square[column - first]
    places = [divmod(row * columns + column, width) for row in range(width)]
    return _picked(e, [read(i * width) for i in range(columns)], places)


def columns_written(e: Arithmetic, write: Write, columns: Sequence[Value]) -> None:
    """Write columns of as many rows as a vector has lanes, row after row.

    Args:
        e: What is written.
        write: Writes numbers from one on, counted from the first of the first row.
        columns: A vector each.
    """
    count, width = len(columns), columns[0].width
    if count >= width:
        for first in [*range(0, count - width, width), count - width]:
            for row, vector in enumerate(turned(e, columns[first : first + width])):
                write(row * count + first, vector)
        return
    vectors, is_odd = list(columns), count % 2 == 1
    if is_odd:
        # Each number goes to the lane that it has in the end, which no other of its column has.
        for column, vector in enumerate(columns):
            lanes = [0] * width
            for row in range(width):
                lanes[(row * count + column) % width] = row
            vectors[column] = e.shuffle(vector, None, lanes)
    for i in range(count):
        places = [divmod(i * width + lane, count)[::-1] for lane in range(width)]
        if is_odd:
            places = [(column, lane) for lane, (column, _) in enumerate(places)]
        write(i * width, _picked(e, vectors, places))


def _picked(e: Arithmetic, vectors: Sequence[Value], places: Sequence[tuple[int, int]]) -> Value:
    """Return the lanes at some places, each of a vector and a lane of it."""
    width, lanes = len(places), [lane for _, lane in places]
    moves = len(set(lanes)) == width
    if moves:
        # Lanes are taken where they are, which costs least, and put in order at the end.
        places = sorted(places, key=lambda place: place[1])
    used = sorted({vector for vector, _ in places})
    result = vectors[used[0]]
    if not moves:
        result = e.shuffle(result, None, [lane if v == used[0] else 0 for v, lane in places])
    for vector in used[1:]:
        picks = [width + lane if v == vector else at for at, (v, lane) in enumerate(places)]
        result = e.shuffle(result, vectors[vector], picks)
    return e.shuffle(result, None, lanes) if moves and lanes != sorted(lanes) else result
