"""Data frames of other libraries."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from thalweg.data.frames.frame import from_frame
from thalweg.errors import DataError


def test_pandas_columns_of_every_kind() -> None:
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, None, np.inf],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "s": ["x", None, "y"],
            "c": pd.Categorical(["b", None, "a"]),
            "b": [True, False, True],
        }
    )
    table = from_frame(frame)
    np.testing.assert_array_equal(table["i"].values, [1, 2, 3])
    np.testing.assert_array_equal(table["f"].values, [0.5, np.nan, np.inf])
    np.testing.assert_array_equal(table["n"].values, [1, np.nan, 3])
    assert table["s"].texts() == ["x", None, "y"]
    assert table["c"].texts() == ["b", None, "a"]
    assert table["b"].texts() == ["True", "False", "True"]
    assert [c.missing.sum() for c in table.columns] == [0, 1, 1, 1, 1, 0]


def test_arrow_tables() -> None:
    table = from_frame(pa.table({"x": [1, None], "s": ["a", "b"]}))
    np.testing.assert_array_equal(table["x"].values, [1, np.nan])
    assert table["s"].levels == ("a", "b")


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame({"d": pd.to_datetime(["2024-01-01"])}), "column 'd' holds dates .*--date d"),
        (pd.DataFrame({"m": pd.Series([1, "x"], dtype=object)}), "column 'm' has 1 in row 1"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a'|one name"),
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame(), "no rows"),
        ([1, 2, 3], "is a list, not a data frame"),
    ],
    ids=["dates", "mixed", "two names equal", "no rows", "no columns", "no frame"],
)
def test_a_data_frame_that_cannot_be_used_is_refused(frame: object, says: str) -> None:
    with pytest.raises(DataError, match=says):
        from_frame(frame)  # type: ignore[arg-type]
