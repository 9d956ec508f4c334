"""Every public name of Optax is here, with its arguments and fields, or listed as missing."""

import inspect
from typing import Any, NamedTuple

import pytest

optax = pytest.importorskip("optax")

from tests.optim.names import Row, difference, listed, rows  # noqa: E402
from thalweg import optim  # noqa: E402


@pytest.fixture(scope="module")
def found() -> dict[str, Row]:
    return {row.path: row for row in rows()}


def test_what_is_missing_or_different_is_listed_and_nothing_else(found: dict[str, Row]) -> None:
    problems = {path: row.problem for path, row in found.items() if row.problem}
    assert not {path: text for path, text in problems.items() if path not in listed()}
    mended = listed() - problems.keys()
    assert not mended, "take them off the list: python -m tests.optim.names --write"


def test_all_of_optax_is_looked_at(found: dict[str, Row]) -> None:
    assert len(found) > 480
    assert {row.kind for row in found.values()} == {"alias", "class", "fields", "function"}
    for path in (
        "sgd",
        "contrib.adopt",
        "tree_utils.tree_l2_norm",
        "experimental.aggregating.process",
    ):
        assert path in found


def test_an_object_does_not_differ_from_itself() -> None:
    for name in ("adam", "ScaleByAdamState", "MultiSteps", "Params", "join_schedules"):
        assert not difference(getattr(optax, name), getattr(optax, name))


class OtherState(NamedTuple):
    count: Any


def other_order(b2: float = 0.999, b1: float = 0.9, eps: float = 1e-8) -> None: ...


def other_default(b1: float = 0.8, b2: float = 0.999, eps: float = 1e-8) -> None: ...


def too_many(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, b3: float = 1.0) -> None: ...


def one_by_keyword(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, *, b3: float = 1.0
) -> None: ...


@pytest.mark.parametrize(
    ("function", "text"),
    [(other_order, "arguments"), (other_default, "b1=0.8"), (too_many, "b3"), (one_by_keyword, "")],
)
def test_differences_of_arguments_are_found(function: Any, text: str) -> None:
    problem = difference(function, optax.scale_by_adamax)
    assert text in problem
    assert bool(problem) == bool(text)


def test_differences_of_fields_are_found() -> None:
    assert "count" in difference(OtherState, optax.ScaleByAdamState)
    assert not difference(optim.ScaleByAdamState, optax.ScaleByAdamState)


def test_transformations_have_the_fields_of_optax() -> None:
    init, update = optim.sgd(0.1)
    assert callable(init)
    assert "params" in inspect.signature(update).parameters
