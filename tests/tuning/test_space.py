"""Ranges, conditions and spaces of hyperparameters."""

import math
from typing import Any

import numpy as np
import pytest

from thalweg.errors import ArgumentError
from thalweg.tuning import Space, choice, integers, loguniform, near_one, uniform
from thalweg.tuning.space import Dimension

DIMENSIONS = [
    uniform(-1.0, 3.0), loguniform(1e-4, 10.0), near_one(0.5, 0.999), integers(1, 9),
    integers(4, 256, log=True), choice("a", 2, None),
]  # fmt: skip


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=str)
def test_places_and_values_are_one_another_s_inverse(dimension: Any) -> None:
    for u in np.linspace(0, 1 - 1e-12, 41):
        value = dimension.at(float(u))
        place = dimension.place(value)
        assert 0 <= place <= 1
        again = dimension.at(min(place, 1 - 1e-12))
        assert again == value or again == pytest.approx(value, rel=1e-9)


def test_scales_are_even_where_they_say() -> None:
    u = np.linspace(0, 1 - 1e-12, 1001)
    assert np.median([loguniform(1e-4, 1.0).at(x) for x in u]) == pytest.approx(1e-2, rel=1e-2)
    assert np.median([near_one(0.9, 0.999).at(x) for x in u]) == pytest.approx(0.99, rel=1e-3)
    _, counts = np.unique([integers(1, 4).at(x) for x in u], return_counts=True)
    assert counts.max() - counts.min() <= 1
    assert uniform(2.0, 4.0).at(0.25) == 2.5


def test_ends_are_reached_and_not_passed() -> None:
    for dimension in (uniform(0.1, 0.3), loguniform(1e-7, 0.3), near_one(0.1, 0.9)):
        assert dimension.at(0.0) >= dimension.low
        assert dimension.at(math.nextafter(1, 0)) <= dimension.high
    assert {integers(3, 5).at(u) for u in (0.0, 0.5, math.nextafter(1, 0))} == {3, 4, 5}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: uniform(1.0, 0.0), "the lower one first"),
        (lambda: uniform(0.0, math.inf), "finite"),
        (lambda: loguniform(0.0, 1.0), "no logarithm"),
        (lambda: near_one(0.5, 1.0), "below 1"),
        (lambda: integers(0, 4, log=True), "positive"),
        (lambda: integers(1, 2.5), "whole number"),
        (lambda: choice(), "different"),
        (lambda: choice(1, True), "different"),
        (lambda: choice(np.zeros(2)), "cannot hold"),
        (lambda: Space({}, {}, {"epochs": 3}), "no range"),
        (lambda: Space({"a": choice(1, 2)}, {"a": choice(1, 2)}), "more than once"),
        (lambda: Space({"a": ["x", "y"]}), "no range"),
        (lambda: Space({}, {"a": choice(1, 2)}, {"b": uniform(0, 1)}), "Give its value"),
        (lambda: Space.of({"m": uniform(0, 1).when(mods=1), "mode": choice(1, 2)}), "'mode'"),
        (lambda: Space.of([1]), "Space"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_condition_leaves_out_what_does_not_count() -> None:
    space = Space.of({
        "momentum": near_one(0.5, 0.99).when(optimizer="sgd"),
        "b1": near_one(0.5, 0.99).when(optimizer=("adam", "nadam")),
        "optimizer": choice("sgd", "adam"),
        "epochs": 3,
    })  # fmt: skip
    assert space.config([0.5, 0.5, 0.1]).keys() == {"momentum", "optimizer", "epochs"}
    assert space.config([0.5, 0.5, 0.9]).keys() == {"b1", "optimizer", "epochs"}


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=str)
def test_a_range_prints_as_it_is_written(dimension: Dimension) -> None:
    names = {f.__name__: f for f in (uniform, loguniform, near_one, integers, choice)}
    assert eval(repr(dimension), names) == dimension
    conditioned = dimension.when(other=(1, "x"))
    assert eval(repr(conditioned), names) == conditioned
