"""How the figures are shown: a table on the terminal, the same as a page of the documentation."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from benchmarks.losses.measure import Agreement
from benchmarks.losses.model import Model
from thalweg.engines.llvm.ir.target import Target

_HEADS = (
    "loss", "engine", "Python loop", "scan", "JAX", "ratio", "compiling", "JAX's",
    "loss apart", "params apart", "value apart", "by",
)  # fmt: skip

_LIBRARIES = ("thalweg", "numpy", "llvmlite", "jax", "scipy", "statsmodels", "scikit-learn")

HEAD = "| " + " | ".join(_HEADS) + " |\n|" + "---|" * len(_HEADS)

_PAGE = """# Any loss

What `python -m benchmarks.losses --write` measured: losses that their users write in plain NumPy
(`benchmarks/losses/`), fitted by Adam natively, beside the same lines in JAX (`jax.numpy`,
`lax.scan` over time, Optax's Adam, the whole run as one jitted loop, the faster of two sets of XLA
flags), and the minima that other libraries find.

{table}

{titles}

- Times are microseconds of an update (loss, gradient, Adam, float64): of the processor's time on
  one core, the median of samples that alternate with JAX's in one process; Python loops at their
  full length have a process of their own. Compiling is the seconds of a first update, nothing
  being compiled before. The ratio is thalweg's time by that of JAX at the same size: below 1
  thalweg is faster.
- *Python loop* is the loss with `for t in range(T)`, *scan* the same with `tw.scan`; both ratios
  are to JAX's scan. T is beside times of a shorter series, with the ratio to JAX's for it. Losses
  without time stand under *Python loop*.
- *engine*: native, or the reference engine where a primitive has no native form, which is named.
- *apart*: how far the least loss and the parameters at it are from the other library's, relatively;
  "–" where several minima are as good. *value*: how far the loss at the start is from one computed
  otherwise.

{machine}.
"""


@dataclass(frozen=True)
class Cell:
    """What one loss, written in one way, costs; JAX's are None where it was not measured."""

    size: int
    engine: str
    lacking: list[str]
    ours: float
    theirs: float | None
    compiling: float
    their_compiling: float | None


@dataclass(frozen=True)
class Row:
    """All that is known of a loss; words where there is no figure."""

    model: Model
    cells: dict[str, Cell | str]
    agreement: Agreement | str | None


def line(row: Row) -> str:
    """Return a line of the table."""
    known = [cell for cell in row.cells.values() if isinstance(cell, Cell)]
    main = [*row.cells.values()][-1]
    theirs = main.theirs if isinstance(main, Cell) else None
    ratios = [_ratio(cell, theirs) for cell in known if cell.size == row.model.size]
    cells = [
        row.model.name,
        _engine(known),
        _time(row, "plain"),
        _time(row, "scan"),
        _number(theirs),
        " / ".join(ratios),
        " / ".join(f"{cell.compiling:.2f}" for cell in known),
        _number(main.their_compiling if isinstance(main, Cell) else None),
        *_agreement(row.agreement),
    ]
    return "| " + " | ".join(cells) + " |"


def text(rows: Sequence[Row]) -> str:
    """Return the page."""
    table = "\n".join([HEAD, *map(line, rows)])
    titles = "\n".join(f"- `{row.model.name}`: {row.model.title}." for row in rows)
    return _PAGE.format(table=table, titles=titles, machine=machine())


def machine(libraries: Sequence[str] = _LIBRARIES) -> str:
    """Return what it was measured with."""
    target = Target.host()
    versions = ", ".join(f"{name} {_version(name)}" for name in libraries)
    return (
        f"{platform.machine()}, {_vectors(target)}; Python {platform.python_version()}, {versions}"
    )


def _vectors(target: Target) -> str:
    for feature, name in (("+avx512f", "AVX-512"), ("+avx2", "AVX2")):
        if feature in target.features.split(","):
            return name
    return "SSE"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _engine(cells: Sequence[Cell]) -> str:
    lacking = sorted({name for cell in cells for name in cell.lacking})
    engines = "/".join(sorted({cell.engine for cell in cells}))
    return f"{engines} ({', '.join(lacking)})" if lacking else engines


def _time(row: Row, variant: str) -> str:
    cell = row.cells.get(variant)
    if not isinstance(cell, Cell):
        return cell or ""
    if cell.size == row.model.size:
        return _number(cell.ours)
    return f"{_number(cell.ours)} (T={cell.size}, {_ratio(cell, cell.theirs)})"


def _ratio(cell: Cell, theirs: float | None) -> str:
    return f"{cell.ours / theirs:.2f}" if theirs else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _agreement(found: Agreement | str | None) -> list[str]:
    if not isinstance(found, Agreement):
        return [found or "–", "–", "–", ""]
    distances = [found.loss, found.params, found.value]
    return ["–" if d is None else f"{d:.0e}" for d in distances] + [found.library]
