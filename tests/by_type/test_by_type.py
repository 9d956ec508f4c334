"""The walk over the public functions by type: see `docs/types.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import thalweg as tw
from tests.by_type.namespace import APART, public_functions, written_in_place
from tests.by_type.report import PATH, Row, lacking, table, walk
from tests.by_type.samples import SAMPLES
from tests.by_type.walking import DTYPES, Refused, apply, arrays, asked, operands

# Made anew by `python -m tests.by_type`.
PAGE = (Path(__file__).parents[2] / PATH).read_text(encoding="utf-8")
PARTS = 24
WRITTEN = {
    name: base for name, base in written_in_place(public_functions()).items() if base in SAMPLES
}


def test_every_public_function_has_a_sample() -> None:
    assert lacking() == []
    assert SAMPLES.keys() <= public_functions().keys()
    assert APART.keys() <= public_functions().keys()


def test_the_table_is_of_every_function() -> None:
    rows = [Row(name, "") for name in SAMPLES]
    assert _names(table(rows)) == _names(PAGE)


def _names(page: str) -> list[str]:
    return [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]


@pytest.mark.singles
@pytest.mark.sampled(3)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_function_gives_in_every_way_what_the_table_says(part: int) -> None:
    rows = walk(sorted(SAMPLES)[part::PARTS])
    assert [wrong for row in rows for wrong in row.wrong] == []
    assert {row.line() for row in rows} <= set(PAGE.splitlines())


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_into_an_operand_is_the_result(name: str) -> None:
    functions, call = public_functions(), SAMPLES[WRITTEN[name]]
    for dtype in DTYPES:
        given = operands(call, dtype)
        written = list(map(tw.tensor, given))
        try:
            wanted = arrays(
                asked(apply, functions[WRITTEN[name]], call, list(map(tw.tensor, given)))
            )
            asked(apply, functions[name], call, written)
        except Refused:
            continue
        found = written[0].numpy()
        assert found.dtype == dtype
        np.testing.assert_allclose(found, wanted[0].astype(dtype), rtol=1e-3, err_msg=dtype.name)
