"""Measure every function of the table, and write what was found into `docs/accuracy.md`.

With gmpy2 installed, which mpmath then uses, it takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.accuracy.measuring import BITS, Worst, exact_values, operands, worst
from tests.accuracy.table import ROWS, SPECIAL_ROWS, Row
from tests.engines.llvm.kernels import runnable

POINTS = 10_000

# Special functions of float32, which are those of float64, rounded.
FEWER_POINTS = 1_000

PAGE = Path("docs/accuracy.md")

HEAD = """# Accuracy

What the native engine's own functions are off by at most, at about {points:,} points each: of every
exponent, subnormal numbers too, where the function is busy, and close to zeros, poles, borders of
overflow and underflow and the places where one formula takes over from another. The exact values
are mpmath's, of incomplete functions and zeta sums in its arithmetic, with {bits} bits. An error is
counted in units of the last place (ulp) of the exact result; 0.5 is the best there can be. Signs of
zeros, infinities and NaN are exactly NumPy's: that is tested apart. `make accuracy` writes this
page.

Special functions follow the elementary ones. Their unit is that of what one unit of the operands
makes of the result, where that is larger. In float32, where all are those of float64 rounded,
there are {fewer:,} points.

Of `logaddexp` the unit is that of the larger operand if that is negative and the result is smaller:
then they may cancel. The last two columns are those of processors without a fused multiply-add.

| function | dtype | ulp | at | without FMA | at |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Write the page, and what was measured to the screen meanwhile."""
    lines = [head()]
    for name, row in (ROWS | SPECIAL_ROWS).items():
        for line in _lines(name, row):
            print(line, flush=True)  # noqa: T201
            lines.append(line + "\n")
    PAGE.write_text("".join(lines))


def head() -> str:
    """Return what stands before the table."""
    return HEAD.format(points=POINTS, bits=BITS, fewer=FEWER_POINTS)


def _lines(name: str, row: Row) -> Iterator[str]:
    for dtype in (np.float64, np.float32):
        count = FEWER_POINTS if name in SPECIAL_ROWS and dtype is np.float32 else POINTS
        arrays = operands(row, dtype, count)
        exact = exact_values(row, arrays)
        found = [worst(name, arrays, exact, runnable(target)) for target in ("avx512", "sse")]
        cells = " | ".join(map(_shown, found))
        yield f"| {name} | {np.dtype(dtype).name} | {cells} |"


def _shown(found: Worst) -> str:
    return f"{found.error:.3f} | {', '.join(str(number) for number in found.at)}"


if __name__ == "__main__":
    main()
