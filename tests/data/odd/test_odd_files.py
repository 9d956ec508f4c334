"""Odd files are read right, or refused for the right reason; none is silently wrong."""

import math
from pathlib import Path

import pytest

from tests.data.odd.cases import CASES, Odd
from thalweg.data.frames import read_table
from thalweg.errors import DataError


def test_there_are_many() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_odd_file_is_read_right_or_refused_for_the_right_reason(
    case: Odd, tmp_path: Path
) -> None:
    path = tmp_path / case.name
    if isinstance(case.make, bytes):
        path.write_bytes(case.make)
    else:
        case.make(path)
    if case.columns is None:
        with pytest.raises(DataError) as refusal:
            read_table(path, case.reading)
        message = str(refusal.value)
        assert case.name in message
        for part in case.says:
            assert part in message
        return
    table = read_table(path, case.reading)
    assert table.names == tuple(case.columns)
    for name, expected in case.columns.items():
        column = table[name]
        if column.numeric:
            assert column.values.tolist() == pytest.approx(expected, rel=0, nan_ok=True), name
            assert column.missing.tolist() == [math.isnan(float(v or 0)) for v in expected]
        else:
            assert column.texts() == expected
