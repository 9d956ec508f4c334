"""Anything that holds columns becomes the same table."""

from pathlib import Path

import pandas as pd
import pytest

from thalweg.data.reading import ReadOptions
from thalweg.data.sources import table_of
from thalweg.data.table import as_table
from thalweg.errors import DataError


def test_a_path_a_frame_a_dict_and_a_table_are_one_table(tmp_path: Path) -> None:
    columns = {"x": [1.5, None], "town": ["Como", "Lugano"]}
    path = tmp_path / "t.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    table = as_table(columns)
    assert table_of(table) is table
    for data in (path, str(path), columns, pd.DataFrame(columns)):
        found = table_of(data)
        assert found.names == ("x", "town")
        assert [found[name].texts() for name in found.names] == [["1.5", None], ["Como", "Lugano"]]


def test_columns_named_as_texts_are_read_as_texts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("code,x\n01,1\n02,2\n")
    assert table_of(tmp_path / "t.csv", ReadOptions(text=("code",)))["code"].texts() == ["01", "02"]


@pytest.mark.parametrize("data", [3, None, [[1, 2]]])
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(DataError, match="not a data frame"):
        table_of(data)
