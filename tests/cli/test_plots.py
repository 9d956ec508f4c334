"""Plots are images in data URLs, equal for equal data, and draw any name."""

import base64

import numpy as np
import pytest

from thalweg.cli import plots


def svg(url: str) -> str:
    kind, _, content = url.partition(",")
    assert kind == "data:image/svg+xml;base64"
    return base64.b64decode(content).decode()


X = np.arange(5000.0)
DRAWINGS = {
    "curves": lambda: plots.curves([("a $1 b", [("x", X, X + 1), ("y", X, X)])], ("x", "y")),
    "level": lambda: plots.curves([("", [("x", X, X)])], ("x", "y"), level=2.0, level_name="l"),
    "scatter": lambda: plots.scatter(X, X[::-1], ("$p", "q")),
    "bars": lambda: plots.bars(["$a$", "b" * 90], [1.0, -2.0], "size"),
    "confusion": lambda: plots.confusion(np.array([[3, 1], [0, 0]]), ["no", "$yes"]),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_each_time(name: str) -> None:
    first = DRAWINGS[name]()
    assert "<svg" in svg(first)
    assert first == DRAWINGS[name]()


def test_long_lines_are_thinned() -> None:
    url = plots.curves([("", [("x", np.arange(1e5), np.arange(1e5) % 7)])], ("x", "y"))
    assert len(svg(url)) < 100_000
