"""A part of Optax's own tests, as they are in its wheel: the quickest of its files."""

import re
from pathlib import Path

import pytest

from tests.optax_suite.alias import Alias
from tests.optax_suite.page import PAGE
from tests.optax_suite.running import copied, exceptions, files, run
from thalweg import optim

pytest.importorskip("optax")
pytest.importorskip("absl")

QUICK = (
    "_src/base_test.py", "_src/combine_test.py", "_src/lookahead_test.py", "_src/update_test.py",
    "contrib/_mechanic_test.py", "schedules/_join_test.py", "transforms/_freezing_test.py",
    "transforms/_masking_test.py", "transforms/_monitoring_test.py", "tree_utils/_casting_test.py",
    "tree_utils/_state_utils_test.py",
)  # fmt: skip


def test_the_quickest_of_optax_s_tests_pass(tmp_path: Path) -> None:
    found = run("thalweg", copied(tmp_path), QUICK, seconds=900)
    listed = exceptions()
    words = [outcome.word for outcome in found.values()]
    assert words.count("passed") >= 100
    failed = {case: o.text for case, o in found.items() if o.word == "failed"}
    assert not {case: text for case, text in failed.items() if case not in listed}
    here = {case for case in listed if case.partition("::")[0] in QUICK}
    assert here == failed.keys(), "take those that pass off docs/optax-exceptions.txt"


def test_every_exception_is_of_a_file_that_is_there_and_has_a_reason() -> None:
    listed = exceptions()
    assert {case.partition("::")[0] for case in listed} <= set(files())
    assert all(len(reason) > 20 for reason in listed.values())
    assert len(listed) <= 75, "that is 97 % of what Optax passes"


def test_the_page_tells_of_all_exceptions_and_that_97_percent_pass() -> None:
    told = PAGE.read_text()
    assert f"The other {len(exceptions())} are listed" in told
    share = re.search(r"([\d.]+) %", told)
    assert share is not None
    assert float(share[1]) >= 97.0
    assert told.count("| `") > 50, "a row of each file"


def test_names_are_found_where_they_are_public() -> None:
    for path in ("optax", "optax._src.alias", "optax.transforms._combining"):
        assert Alias(path).adam is optim.adam
    assert Alias("optax.contrib._sam").sam is optim.contrib.sam
    assert Alias("optax.losses._ranking").ranking_softmax_loss is optim.losses.ranking_softmax_loss
    with pytest.raises(AttributeError, match=r"no _src\.alias\.adamx"):
        _ = Alias("optax._src.alias").adamx


def test_a_case_passes_with_all_its_subtests_alone(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "some_test.py").write_text(
        "import unittest\n"
        "class T(unittest.TestCase):\n"
        "  def test_whole(self):\n"
        "    with self.subTest('one'): pass\n"
        "  def test_part(self):\n"
        "    with self.subTest('one'): self.fail('not so')\n"
        "    with self.subTest('two'): pass\n"
        "  def test_skipped(self):\n"
        "    self.skipTest('no')\n"
    )
    found = run("optax", tmp_path, ["some_test.py"])
    words = {case.rpartition("::")[2]: outcome.word for case, outcome in found.items()}
    assert words == {"test_whole": "passed", "test_part": "failed", "test_skipped": "skipped"}
    assert "not so" in found["some_test.py::T::test_part"].text
