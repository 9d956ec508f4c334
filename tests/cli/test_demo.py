"""`thalweg demo`: the lecture's data, its numbers, and the page."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_regression as oracle

from tests.cli.conftest import Thalweg
from thalweg.cli import demo
from thalweg.cli.lecture import LEAST_SQUARES, Demonstration, demonstrate, make_regression


@pytest.fixture(scope="module")
def shown() -> Demonstration:
    return demonstrate()


def test_the_data_are_scikit_learns() -> None:
    X, y = make_regression()
    expected, target = oracle(
        n_samples=10_000, n_features=20, n_informative=4, bias=3, noise=1, random_state=1234
    )
    np.testing.assert_array_equal(X[:, 1:], expected)
    np.testing.assert_array_equal(X[:, 0], 1.0)
    np.testing.assert_array_equal(y, target)


def test_every_printed_number_is_reproduced(shown: Demonstration) -> None:
    assert abs(shown.least_squares / LEAST_SQUARES - 1) < 1e-9
    differences = {
        (study.title, run.case.batch_size): (run.difference, study.tolerance)
        for study, runs in shown.studies
        for run in runs
    }
    assert len(differences) == 20
    assert all(difference <= tolerance for difference, tolerance in differences.values())
    # The lecture's schedule alone is in float32.
    assert sorted({tolerance for _, tolerance in differences.values()}) == [1e-9, 1e-7]
    assert all(run.fit.engine == "native" for _, runs in shown.studies for run in runs)
    assert shown.agrees


def test_a_disagreement_is_noticed(shown: Demonstration) -> None:
    assert not Demonstration(
        shown.least_squares * (1 + 2e-9), shown.largest, shown.studies, 1.0
    ).agrees


def test_the_page_needs_nothing_from_elsewhere(shown: Demonstration) -> None:
    page = demo.page(shown)
    assert page.count("<svg") == len(shown.studies) + 1
    assert page.count("<pre>") == len(shown.studies)
    assert page.index("<svg") < page.index("<table")
    assert "http" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<(script|link|iframe)|url\(|@import", page)


def test_the_words_hold(shown: Demonstration) -> None:
    """What the page says of the runs beyond the numbers that it takes from them."""
    above = [[run.loss - shown.least_squares for run in runs] for _, runs in shown.studies]
    assert above[0][3] < min(above[0][:3])
    assert max(above[0][:3]) < 1.2 * min(above[0][:3])
    assert above[1][0] > above[1][1] > above[1][2]
    assert above[2] == sorted(above[2], reverse=True)
    assert min(above[3]) == above[3][2]
    assert above[4][0] < above[2][0] / 10
    slow = shown.studies[3][1]
    assert slow[-1].fit.steps == 1000
    assert shown.largest < 100
    assert np.abs(np.asarray(slow[-1].fit.params)).max() < shown.largest - 1


def test_the_program_prints_the_tables(thalweg: Thalweg, tmp_path: Path) -> None:
    ran = thalweg("demo", "--out", "shown")
    assert ran.status == 0
    assert ran.err == ""
    assert ran.out.count("10963.7098291") == 2
    assert "every printed number reproduced" in ran.out
    assert (tmp_path / "shown" / "demo.html").exists()
