"""Tables as matrices: what is computed, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from thalweg.data.encoding import OneHot, Standardized, encode
from thalweg.data.frames import read_table
from thalweg.data.table import Table, as_table
from thalweg.errors import DataError

HOUSES = {
    "area": [50.0, 70.0, 90.0, 110.0],
    "town": ["Lugano", "Como", "Varese", "Como"],
    "price": [1.5, 2.5, 3.25, 4.0],
}


def houses(**changes: object) -> Table:
    return as_table({**HOUSES, **changes}, "houses.csv")  # type: ignore[dict-item]


# ---- what is computed


def test_numbers_are_standardized_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(3, 5, (50, 4)) * [1, 1e6, 1e-6, 0] + [0, 1e6, 0, 0.1]
    table = as_table({**{f"x{i}": X[:, i] for i in range(4)}, "y": rng.normal(size=50)})
    ours = encode(table, "y").matrix(table)
    np.testing.assert_allclose(ours, StandardScaler().fit_transform(X), rtol=1e-12, atol=1e-12)


def test_texts_are_one_hot_with_the_first_level_as_reference() -> None:
    encoding = encode(houses(), "price")
    assert encoding.names == ("area", "town=Lugano", "town=Varese")
    towns = np.array(HOUSES["town"])[:, None]
    theirs = OneHotEncoder(drop="first", sparse_output=False).fit_transform(towns)
    np.testing.assert_array_equal(encoding.matrix(houses())[:, 1:], theirs)


def test_the_matrix_is_row_major_float64() -> None:
    X = encode(houses(), "price").matrix(houses())
    assert X.dtype == np.float64
    assert X.flags.c_contiguous


def test_training_rows_alone_decide_means_and_all_rows_decide_levels() -> None:
    encoding = encode(houses(), "price", rows=[0, 1])
    assert encoding.features[0] == Standardized("area", 60.0, 10.0)
    assert encoding.features[1] == OneHot("town", ("Como", "Lugano", "Varese"), (0.5, 0.5, 0.0))
    assert (encoding.target.mean, encoding.target.scale) == (2.0, 0.5)


def test_the_mean_of_a_missing_number_is_zero_and_of_a_missing_text_its_shares() -> None:
    table = houses(area=[50.0, None, 90.0, 110.0], town=["Como", None, "Como", "Lugano"])
    X = encode(table, "price", missing="mean").matrix(table)
    np.testing.assert_allclose(X[1], [0, 1 / 3])
    np.testing.assert_allclose(X.mean(axis=0), [0, 1 / 3], atol=1e-15)


def test_columns_may_be_dropped() -> None:
    assert encode(houses(), "price", drop=["town"]).names == ("area",)


def test_a_linear_model_is_the_same_in_original_units() -> None:
    rng = np.random.default_rng(2)
    encoding = encode(houses(), "price")
    raw = np.column_stack([HOUSES["area"], encoding.matrix(houses())[:, 1:]])
    for shape in [(3,), (3, 5)]:
        weights, intercept = rng.normal(size=shape), rng.normal(size=shape[1:])
        slopes, constant = encoding.original_units(weights, intercept)
        assert slopes.shape == weights.shape
        assert constant.shape == intercept.shape
        expected = encoding.matrix(houses()) @ weights + intercept
        np.testing.assert_allclose(raw @ slopes + constant, expected, rtol=1e-12)


# ---- tables that come later


def test_later_tables_may_have_other_orders_and_more_columns() -> None:
    encoding = encode(houses(), "price")
    later = as_table({"extra": ["?"], "town": ["Varese"], "area": [80.0]})
    np.testing.assert_allclose(encoding.matrix(later), [[0, 0, 1]])


def test_a_later_file_keeps_codes_that_look_like_numbers(tmp_path: Path) -> None:
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    first.write_text("code,y\n" + "01,1\n2a,2\n" * 3)
    later.write_text("code\n01\n01\n")
    encoding = encode(read_table(first), "y")
    assert encoding.reading.text == ("code",)
    X = encoding.matrix(read_table(later, encoding.reading))
    np.testing.assert_array_equal(X, [[0], [0]])


@pytest.mark.parametrize(
    ("later", "says"),
    [
        ({"x": [1.0]}, "new.csv lacks columns 'area', 'town' that the model was fitted on; add"),
        ({"town": ["Como"]}, "new.csv lacks column 'area' that the model was fitted on; add it"),
        (
            {"area": [1.0, 2.0], "town": ["Como", "Bern"]},
            r"'town' has 'Bern' in row 2, not among the categories fitted \('Como', 'Lugano'",
        ),
        (
            {"area": [1.0, None], "town": ["Como", "Como"]},
            "column 'area' is missing in row 2; fill them in",
        ),
        (
            {"area": ["big"], "town": ["Como"]},
            "column 'area' holds texts such as 'big' in row 1 where numbers are needed",
        ),
        ({"area": [np.inf], "town": ["Como"]}, "column 'area' is infinite.* in row 1"),
        ({"area": [1.0], "town": [3.0]}, "column 'town' has '3' in row 1, not among"),
    ],
)
def test_a_later_table_that_does_not_fit_is_refused(later: dict[str, list], says: str) -> None:
    encoding = encode(houses(), "price")
    with pytest.raises(DataError, match=says):
        encoding.matrix(as_table(later, "new.csv"))


# ---- what is refused


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        (
            {"area": [None, 1.0, None, None]},
            {},
            "column 'area' is missing in rows 1, 3 and 4; fill .* --missing mean",
        ),
        (
            {"area": [None, 1.0, 2.0, 3.0], "town": [None, "a", "b", "c"]},
            {},
            "column 'area' is missing in row 1, and column 'town' too",
        ),
        (
            {"price": [1.0, None, 2.0, 3.0]},
            {"missing": "mean"},
            "target 'price' is missing in row 2",
        ),
        ({"area": [None] * 4}, {"missing": "mean"}, "'area' has no value in any training row"),
        ({"area": [1.0, np.inf, 2.0, 3.0]}, {}, "column 'area' is infinite.* in row 2"),
        ({"area": [1e308, -1e308, 1e308, 0.0]}, {}, "'area' has numbers too large to square"),
        ({}, {"drop": ["area", "town"]}, "has no column beside 'price'"),
        ({}, {"drop": ["aria"]}, "has no column 'aria'; perhaps 'area' is meant"),
        ({}, {"target": "prize"}, "has no column 'prize'; perhaps 'price' is meant"),
        ({}, {"missing": "zero"}, "missing is 'zero'; choose 'refuse', 'mean' or 'drop'"),
        ({}, {"rows": []}, "no training rows"),
    ],
)
def test_a_table_that_cannot_be_encoded_is_refused(
    changes: dict[str, object], options: dict[str, object], says: str
) -> None:
    options = {"target": "price", **options}
    with pytest.raises(DataError, match=says):
        encode(houses(**changes), **options)  # type: ignore[arg-type]


def test_names_and_dates_are_no_categories() -> None:
    table = as_table({"id": [f"n{i}" for i in range(40)], "y": np.arange(40) / 7}, "file.csv")
    with pytest.raises(DataError, match=r"column 'id' has 40 different texts in 40 rows, such as"):
        encode(table, "y")
