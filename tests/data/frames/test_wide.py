"""Text files of very many columns."""

from pathlib import Path

import numpy as np
import pytest

from thalweg.data.frames import delimited, read_table
from thalweg.errors import DataError


def test_wide_files_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CHARACTERS_AT_ONCE", 20_000)
    X = np.random.default_rng(0).normal(size=(40, 600))
    lines = [",".join(f"c{i}" for i in range(600)), *(",".join(map(repr, r)) for r in X.tolist())]
    lines[7:7] = [""]
    lines[20] = "," + lines[20].partition(",")[2]
    (tmp_path / "w.csv").write_text("\r\n".join(lines), encoding="utf-8")
    table = read_table(tmp_path / "w.csv")
    found = np.column_stack([column.values for column in table.columns])
    assert np.isnan(found[18, 0])
    found[18, 0] = X[18, 0]
    assert np.array_equal(found, X)
    (tmp_path / "w.csv").write_text("\n".join([*lines, "1,2"]), encoding="utf-8")
    with pytest.raises(DataError, match="2 values for 600 columns"):
        read_table(tmp_path / "w.csv")
