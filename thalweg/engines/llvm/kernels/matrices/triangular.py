"""Systems with triangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.routine import Count, Routine
from thalweg.engines.llvm.kernels.matrices.update import subtract_product

# Rows that are solved together; what those before them contribute is one product.
_ROWS = 8

# Systems of one right-hand side are written out up to this size.
_WRITTEN_OUT = 16


@dataclass(frozen=True)
class Triangle:
    """Which triangle of a matrix of n rows a system has.

    Attributes:
        n: The rows of the matrix.
        lower: Whether it is the lower one.
        transposed: Whether the system has its transpose.
        unit: Whether its diagonal counts as ones, and is not read.
    """

    n: int
    lower: bool
    transposed: bool
    unit: bool

    @property
    def forwards(self) -> bool:
        """Whether the first unknown is found first."""
        return self.lower != self.transposed

    @property
    def name(self) -> str:
        """What tells its functions from others'."""
        marks = zip("ltu", (self.lower, self.transposed, self.unit), strict=True)
        return f"{self.n}_{''.join(letter for letter, holds in marks if holds) or 'n'}"

    def place(self, r: Routine, i: Count, j: Count) -> Count:
        """Return where the number of the system's row i and column j lies."""
        i, j = (j, i) if self.transposed else (i, j)
        return r.plus(r.times(i, self.n), j)

    @property
    def strides(self) -> tuple[int, int]:
        """How far rows and columns of the system lie apart."""
        return (1, self.n) if self.transposed else (self.n, 1)


def triangular(type: str, target: Target, triangle: Triangle, columns: int) -> Routine:
    """Return `(a, b, x, work, stop)`: solve op(A) X = B; x may be b.

    `work` has n rows of whole vectors, and is not used of one column.
    """
    r = Routine(f"triangular_{type}_{triangle.name}_{columns}", type, target)
    a, b, x, work, stop = r.pointers("a", "b", "x", "work", "stop")
    if columns == 1:
        solve_vector(r, triangle, a, b, x)
        return r
    n, across = triangle.n, r.padded(columns)
    r.copy_rows(b, columns, work, across, n, stop)
    solve_rows(r, triangle, a, work, across, stop)
    r.copy_back(work, across, x, columns, n, stop)
    return r


def solve_rows(
    r: Routine, triangle: Triangle, a: Value, work: Value, across: int, stop: Value
) -> None:
    """Replace right-hand sides, in rows of whole vectors, by solutions."""
    n = triangle.n
    blocks = -(-n // _ROWS)
    vectors = across // r.width
    with r.loop(blocks, stop) as step:
        block = step if triangle.forwards else r.count(r.minus(blocks - 1, step))
        first = r.count(r.times(block, _ROWS))
        last = r.count(r.least(r.plus(first, _ROWS), n))
        begin, known = (0, first) if triangle.forwards else (last, r.minus(n, last))
        corner = r.at(work, r.times(first, across))
        subtract_product(
            r, corner, across, r.at(a, triangle.place(r, first, begin)), triangle.strides,
            r.at(work, r.times(begin, across)), across, r.minus(last, first), vectors, known,
        )  # fmt: skip
        over = r.span if triangle.forwards else r.downwards
        with over(first, last) as i:
            line = r.at(work, r.times(i, across))
            around = (first, i) if triangle.forwards else (r.plus(i, 1), last)
            with r.span(*around) as j:
                factor = r.splat(r.negate(r.get(a, triangle.place(r, i, j))), r.width)
                other = r.at(work, r.times(j, across))
                with r.loop(vectors) as v:
                    at = r.times(v, r.width)
                    r.put(r.fma(factor, r.row(other, at), r.row(line, at)), line, at)
            if not triangle.unit:
                pivot = r.splat(r.get(a, triangle.place(r, i, i)), r.width)
                with r.loop(vectors) as v:
                    at = r.times(v, r.width)
                    r.put(r.divide(r.row(line, at), pivot), line, at)


def solve_vector(r: Routine, triangle: Triangle, a: Value, b: Value, x: Value) -> None:
    """Solve a system with one right-hand side; x may be b."""
    if triangle.n <= _WRITTEN_OUT:
        _write_out(r, triangle, a, b, x)
    elif triangle.transposed:
        _by_columns(r, triangle, a, b, x)
    else:
        _by_rows(r, triangle, a, b, x)


def _write_out(r: Routine, triangle: Triangle, a: Value, b: Value, x: Value) -> None:
    n = triangle.n
    found = [r.get(b, i) for i in range(n)]
    order = list(range(n)) if triangle.forwards else list(range(n))[::-1]
    for done, j in enumerate(order):
        if not triangle.unit:
            found[j] = r.divide(found[j], r.get(a, triangle.place(r, j, j)))
        r.put(found[j], x, j)
        minus = r.negate(found[j])
        for i in order[done + 1 :]:
            found[i] = r.fma(minus, r.get(a, triangle.place(r, i, j)), found[i])


def _in_order(r: Routine, triangle: Triangle) -> Any:
    return (r.span if triangle.forwards else r.downwards)(0, triangle.n)


def _by_columns(r: Routine, triangle: Triangle, a: Value, b: Value, x: Value) -> None:
    """Take each unknown's share from the others' right-hand sides: columns lie side by side."""
    n = triangle.n
    r.copy(b, x, n)
    with _in_order(r, triangle) as j:
        column = r.at(a, r.times(j, n))
        found = r.get(x, j)
        if not triangle.unit:
            found = r.divide(found, r.get(column, j))
            r.put(found, x, j)
        left = (r.plus(j, 1), n) if triangle.forwards else (0, j)
        r.add_row(r.negate(found), column, x, *left)


def _by_rows(r: Routine, triangle: Triangle, a: Value, b: Value, x: Value) -> None:
    """Sum the shares of the unknowns that are known: rows lie side by side."""
    n = triangle.n
    with _in_order(r, triangle) as i:
        line = r.at(a, r.times(i, n))
        known = (0, i) if triangle.forwards else (r.plus(i, 1), n)
        found = r.subtract(r.get(b, i), r.dot(line, x, *known))
        if not triangle.unit:
            found = r.divide(found, r.get(line, i))
        r.put(found, x, i)
