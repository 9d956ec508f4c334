"""What a target is guessed to be, and what it refuses to be."""

import numpy as np
import pytest

from thalweg.data.encoding import Kind, guess_target
from thalweg.data.table import Table, as_table
from thalweg.errors import DataError


def table(values: object) -> Table:
    return as_table({"y": values}, "file.csv")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("values", "kind", "classes", "reason"),
    [
        ([0.5, 1.25, 2.0], "regression", (), "3 different numbers, not all of them whole"),
        (list(range(25)), "regression", (), "25 different whole numbers"),
        ([1, 2, 3, 1, 2], "regression", (), "too few rows for each to be a class"),
        ([0, 1, 1], "binary", ("0", "1"), "its values are '0' and '1'"),
        ([-1.5, 2, 2], "binary", ("-1.5", "2"), "its values are '-1.5' and '2'"),
        (["yes", "no", "no"], "binary", ("no", "yes"), "its values are 'no' and 'yes'"),
        ([True, False], "binary", ("False", "True"), "its values are 'False' and 'True'"),
        (["a", "b", "c"] * 2, "multiclass", ("a", "b", "c"), "3 different texts"),
        ([10, 9, 2] * 10, "multiclass", ("2", "9", "10"), "only 3 different whole numbers"),
    ],
)
def test_the_kind_is_guessed_and_explained(
    values: list[object], kind: Kind, classes: tuple[str, ...], reason: str
) -> None:
    target = guess_target(table(values), "y")
    assert target.kind == kind
    assert target.classes == classes
    assert reason in target.reason
    assert target.reason.count(".") == 1 + target.reason.count("-1.5")


def test_the_guess_can_be_overruled() -> None:
    counts = table([0, 1, 2] * 20)
    assert guess_target(counts, "y").kind == "multiclass"
    target = guess_target(counts, "y", "regression")
    assert target.kind == "regression"
    assert "as asked" in target.reason


def test_classes_are_positions_and_numbers_are_kept() -> None:
    classes = table(["b", "a", "c", "a"])
    assert guess_target(classes, "y").values(classes).tolist() == [1, 0, 2, 0]
    numbers = table([0.5, 1.25, 7.0])
    assert guess_target(numbers, "y").values(numbers).tolist() == [0.5, 1.25, 7.0]


def test_classes_are_found_whether_written_as_numbers_or_texts() -> None:
    target = guess_target(table([0, 1, 1]), "y")
    assert target.values(table(["1", "0"])).tolist() == [1, 0]


def test_mean_and_scale_are_those_of_the_training_rows() -> None:
    target = guess_target(table([1.0, 3.0, 100.5]), "y", rows=np.array([0, 1]))
    assert (target.mean, target.scale) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("values", "kind", "says"),
    [
        ([1.0, None, 2.0, None], None, "target 'y' is missing in rows 2 and 4; leave those"),
        ([1.0, np.inf, 2.0], None, "column 'y' is infinite, or too large for a number, in row 2"),
        ([7, 7, 7], None, "target 'y' is '7' in every row"),
        (["a", "b"], "regression", "holds texts such as 'a'; a regression needs numbers"),
        ([1, 2, 3], "binary", "has 3 different values; a binary target has two"),
        (list(range(30)), "multiclass", "30 different values in 30 rows, too many to be classes"),
        ([f"n{i}" for i in range(30)], None, "30 different values in 30 rows, too many to be"),
        ([1, 2, 3], "ranking", "kind is 'ranking'; choose one of regression, binary, multiclass"),
    ],
)
def test_an_unusable_target_is_refused(values: list[object], kind: Kind, says: str) -> None:
    with pytest.raises(DataError, match=says):
        guess_target(table(values), "y", kind)


def test_an_unknown_class_is_named_with_its_row() -> None:
    target = guess_target(table(["a", "b"]), "y")
    with pytest.raises(DataError, match="target 'y' has 'z' in row 2, which is not among its 2"):
        target.values(table(["a", "z"]))
