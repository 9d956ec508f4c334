"""The walk over the public functions, and its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.by_type import walking
from tests.by_type.exceptions import EXCEPTIONS, is_excepted
from tests.by_type.fitted import Entry, fitted, is_native
from tests.by_type.namespace import APART, public_functions, written_in_place
from tests.by_type.oracles import oracle_of
from tests.by_type.samples import SAMPLES, Call

PATH = "docs/types.md"

# The columns of the table: their names and the dtypes they stand for.
GROUPS = {"bool": "?", "int": "bhiq", "uint": "BHIQ", "float": "fd", "complex": "FD"}
FLOATS = [np.dtype(code) for code in "fdFD"]
RUNS = (("d", "numpy"), ("d", "native"), ("f", "native"))

INTRODUCTION = """# Every public function, by type

Made by `python -m tests.by_type`, which calls every public function with operands of the 13 dtypes
of the Array API and compares: with NumPy, or with SciPy or PyTorch where NumPy has no such name;
traced and run, with eager; under `vmap`, with a loop; its derivative in a random direction,
with differences; and its slope in `fit` on the reference engine and natively, with that derivative.
A test does so too and fails where this page is not what it finds.

- `=` value and dtype are the oracle's; of jit those of eager execution, of vmap those of a loop, of
  grad those of differences, of fit those of grad
- `≈` the value is the oracle's and the dtype another: integers are computed with in float64, where
  NumPy takes float16 or float32 for those of one or two bytes; SciPy and PyTorch promote otherwise
- `·` no oracle has it for that dtype: it is what the same function gives in double precision
- `+` the oracle refuses the dtype; here it gives what it gives in double precision
- `–` refused, with the reason
- `0` the derivative is zero everywhere, as differences say
- `!` not as the oracle, on purpose: see the note

Marks of several dtypes stand once where they are equal.

"""


@dataclass
class Row:
    """What the walk found of one function: a mark a dtype and way, and what is wrong."""

    name: str
    library: str
    marks: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def note(self, way: str, code: str, verdict: walking.Verdict) -> None:
        mark = verdict.mark
        if verdict.wrong and is_excepted(self.name, way, code):
            mark = "!"
        elif verdict.wrong:
            self.wrong.append(f"{self.name} {way} {np.dtype(code).name}: {verdict.wrong}")
        self.marks.setdefault(way, {})[code] = mark

    def cell(self, way: str, codes: str) -> str:
        """Return the marks of some dtypes, one if they are equal."""
        found = [mark for code, mark in self.marks.get(way, {}).items() if code in codes]
        return "".join(dict.fromkeys(found)).strip()

    def line(self) -> str:
        marks = [self.cell("eager", codes) for codes in GROUPS.values()]
        every = "".join(GROUPS.values())
        ways = [self.cell(way, every) for way in ("compiled", "batched", "sloped", "fitted")]
        reason = EXCEPTIONS[self.name][2] if self.name in EXCEPTIONS else ""
        return f"| `{self.name}` | {self.library} | {' | '.join([*marks, *ways])} | {reason} |"


def walk(names: Iterable[str] = SAMPLES) -> list[Row]:
    """Call public functions in every way."""
    rows, entries = [], _Entries()
    functions = public_functions()
    for name in names:
        function, call = functions[name], SAMPLES[name]
        row = Row(name, "NumPy" if call.oracle else oracle_of(name)[0])
        rows.append(row)
        for dtype in walking.DTYPES:
            row.note("eager", dtype.char, walking.eager(name, function, call, dtype))
            row.note("compiled", dtype.char, walking.compiled(function, call, dtype)[0])
            if walking.operands(call, dtype):
                row.note("batched", dtype.char, walking.batched(function, call, dtype))
        for dtype in FLOATS:
            if walking.operands(call, dtype):
                verdict, slope = walking.sloped(function, call, dtype)
                row.note("sloped", dtype.char, verdict)
                entries.add(row, function, call, dtype, verdict, slope)
    entries.run({row.name: row for row in rows})
    return rows


class _Entries:
    """The functions with a derivative, to be met again in runs."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[Entry]] = {run: [] for run in RUNS}

    def add(
        self,
        row: Row,
        function: Callable[..., Any],
        call: Call,
        dtype: np.dtype[Any],
        verdict: walking.Verdict,
        slope: float,
    ) -> None:
        if dtype.char not in "fd" or verdict.mark not in (walking.SAME, walking.ZERO):
            return
        native = is_native(function, call, dtype)
        if native is None:
            row.note("fitted", dtype.char, walking.Verdict(walking.REFUSED))
            return
        for code, engine in RUNS:
            if code == dtype.char and (native or engine == "numpy"):
                self.found[code, engine].append((row.name, function, call, slope))

    def run(self, rows: dict[str, Row]) -> None:
        for (code, engine), entries in self.found.items():
            for name, wrong in fitted(entries, np.dtype(code), engine).items():
                verdict = walking.Verdict("x" if wrong else walking.SAME, wrong)
                rows[name].note("fitted", code, verdict)


def table(rows: list[Row]) -> str:
    """Return the page."""
    return INTRODUCTION + "\n".join([*_lines(rows), ""])


def _lines(rows: list[Row]) -> Iterator[str]:
    yield f"| Function | Oracle | {' | '.join(GROUPS)} | jit | vmap | grad | fit | Note |"
    yield "|---" * (len(GROUPS) + 7) + "|"
    yield from (row.line() for row in sorted(rows, key=lambda row: row.name))
    yield ""
    yield "Functions that write into their operand (`add_` and its like) are those above, written."
    yield ""
    yield "Left out, as they compute nothing of a tensor:"
    yield ""
    for reason in dict.fromkeys(APART.values()):
        names = ", ".join(f"`{name}`" for name, why in sorted(APART.items()) if why == reason)
        yield f"- {reason}: {names}"


def lacking() -> list[str]:
    """Return the public functions that have no sample and no reason to have none."""
    functions = public_functions()
    known = SAMPLES.keys() | APART.keys() | written_in_place(functions).keys()
    return [name for name in functions if name not in known]
