"""The programs of `examples/`, run as a reader runs them, and a fact that each must find."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.printed import assert_shown

FOLDER = Path(__file__).resolve().parent.parent / "examples"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))
FACTS: dict[str, Callable[[Any], None]] = {}


def fact(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Enter what is checked of what the program of that name returns."""
    FACTS[check.__name__] = check
    return check


@fact
def bootstrap(found: Any) -> None:
    assert found["squares"].shape == found["robust"].shape == (400, 3)
    spread = found["squares"].std(axis=0), found["robust"].std(axis=0)
    assert (spread[1] < spread[0]).all(), "with outliers Huber's estimate varies less"
    np.testing.assert_allclose(found["robust"].mean(axis=0), [1, 2, -1], atol=0.2)
    assert found["recompiled"] <= 1


@fact
def classification_from_csv(found: Any) -> None:
    assert found["accuracy"] > 0.95
    assert found["null"] < 0.5
    assert found["species"] == ["Adelie", "Gentoo"]


@fact
def convolutional_network(found: Any) -> None:
    assert found["by hand"] > 0.8
    assert found["native"] > 0.9
    assert found["engine"] == "native"


@fact
def count_regression(found: Any) -> None:
    poisson, negative_binomial = found["poisson"], found["negative_binomial"]
    assert poisson["slope"] < 1e-6
    assert negative_binomial["slope"] < 1e-6
    assert negative_binomial["loss"] < poisson["loss"]
    assert (negative_binomial["std_errors"] > poisson["std_errors"]).all()
    misses = (negative_binomial["beta"] - [1.0, 0.5, -0.3]) / negative_binomial["std_errors"]
    assert (np.abs(misses) < 3).all()


@fact
def custom_optimizer(found: Any) -> None:
    assert found["adabelief"]["loss"] < 0.05 < found["sgd"]["loss"]
    assert found["adabelief"]["engine"] == "native"
    assert found["difference"] < 1e-12


@fact
def gaussian_process(found: Any) -> None:
    assert found["noise"] == pytest.approx(0.2, abs=0.05)
    assert found["rmse"] < 0.1
    assert found["inside"] > 0.85


@fact
def lecture_optax(found: Any) -> None:
    # As the lecture prints them.
    assert found["lm_loss"] == pytest.approx(10105.859508383426, rel=1e-9)
    assert found["gd_loss"] == pytest.approx(10244.764879521514, rel=1e-9)
    printed = {10: 10963.709829142354, 100: 10365.713752947544, 1000: 10116.327374495744}
    assert found["sgd"] == pytest.approx(printed | {10000: 10195.133454434466}, rel=1e-9)
    printed = {10: 11179.679407559443, 25: 11414.747137047098, 50: 10754.985906532085}
    assert found["adam"] == pytest.approx(printed | {100: 10341.367689453024}, rel=1e-7)


@fact
def lecture_torch(found: Any) -> None:
    assert found["ones"] == 6
    np.testing.assert_allclose(found["slopes"].numpy(), 1 / np.linspace(1, 2, 11), rtol=1e-6)
    assert found["by hand"] == pytest.approx(10195.133454434466, rel=1e-9)
    assert found["module"] == pytest.approx(10244.764879521514, rel=1e-9)


@fact
def many_learning_rates(found: Any) -> None:
    assert found["best"] == min(found["losses"], key=found["losses"].get) == 0.01
    assert 10.0 not in found["losses"]
    assert "the learning rate (learning_rate=10) is likely too large" in found["advice"]
    assert found["compiled"] <= 1


@fact
def matrix_factorization(found: Any) -> None:
    assert found["rmse"] < 0.25 < found["null"]
    assert found["epochs"] < 100


@fact
def per_sample_gradients(found: Any) -> None:
    rows = found["rows"]
    assert rows.shape == (1000, 4)
    assert np.abs(rows.mean(axis=0)).max() < 1e-12
    assert found["hardest"] == 7
    # Of a correct model robust errors are near the usual ones; 1000 rows give about 0.1.
    assert ((found["robust"] > 0.05) & (found["robust"] < 0.2)).all()
    np.testing.assert_allclose(found["private"], found["beta"], atol=0.8)


@fact
def quantile_bands(found: Any) -> None:
    assert found["coverage"] == pytest.approx(0.9, abs=0.04)
    left, right = found["widths"]
    assert 2 * left < right


@fact
def stop_and_resume(found: Any) -> None:
    assert found["equal"]
    stopped = found["stopped"]
    assert found["seen"] == stopped.epochs < 2000
    assert found["best"] == pytest.approx(np.min(stopped.history.validation), rel=1e-9)


def test_every_program_has_a_fact_and_a_line_in_the_list() -> None:
    assert sorted(FACTS) == PROGRAMS
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in PROGRAMS:
        assert f"| [{name}.py]({name}.py) |" in listed


@pytest.mark.singles
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_runs_and_finds_what_it_should(name: str, capsys: Any) -> None:
    found = runpy.run_path(str(FOLDER / f"{name}.py"))["main"]()
    FACTS[name](found)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) >= 3
    # The pages of the site show it.
    assert_shown(printed, (FOLDER / "output" / f"{name}.txt").read_text(encoding="utf-8"), 0.1)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_can_be_read_at_one_sitting_and_needs_little(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert 30 <= len(text.splitlines()) <= 90
    tree = ast.parse(text)
    assert "You learn" in (ast.get_docstring(tree) or "")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = {"csv", "numpy", "pathlib", "sklearn", "tempfile", "thalweg", "time"}
    assert imported <= foreign
