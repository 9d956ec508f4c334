"""Tables and columns made from arrays and lists."""

import numpy as np
import pytest

from thalweg.data.table import as_column, as_table
from thalweg.errors import DataError


def test_masked_values_are_missing() -> None:
    column = as_column("x", np.ma.masked_array([1, 2, 3], [False, True, False]))
    np.testing.assert_array_equal(column.values, [1, np.nan, 3])
    assert column.missing.tolist() == [False, True, False]


def test_numbers_and_texts_do_not_mix() -> None:
    with pytest.raises(DataError, match=r"column 'x' has 1\.0 in row 2; give numbers alone"):
        as_column("x", ["a", 1.0])


def test_a_column_has_one_axis() -> None:
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        as_column("x", np.zeros((2, 2)))


def test_columns_have_equal_lengths() -> None:
    with pytest.raises(DataError, match="differ in length"):
        as_table({"x": [1.0], "y": [1.0, 2.0]})


def test_an_unknown_column_is_met_with_the_nearest_names() -> None:
    table = as_table({"price": [1.0], "area": [2.0]}, "houses.csv")
    with pytest.raises(DataError, match=r"houses\.csv has no column 'prize'; perhaps 'price'"):
        table["prize"]
    with pytest.raises(DataError, match=r"it has 'price', 'area'"):
        table["zzz"]


def test_rows_are_taken_in_the_order_asked_for() -> None:
    table = as_table({"x": [1.0, None, 3.0], "s": ["a", "b", None]}).take([2, 2, 1])
    np.testing.assert_array_equal(table["x"].values, [3, 3, np.nan])
    assert table["s"].texts() == [None, None, "b"]
    assert table["s"].levels == ("a", "b")
