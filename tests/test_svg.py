"""Pictures are SVG that a browser reads, equal for equal data, with round ticks and any name."""

from xml.etree import ElementTree

import numpy as np
import pytest

from thalweg import svg
from thalweg.svg import Panel

X = np.arange(5000.0)
CODE = "<b>&\x1b[31m $x$"


def panel(log_y: bool = False, **more: object) -> Panel:
    drawn = Panel(CODE, "y", log_y=log_y, **more)  # type: ignore[arg-type]
    drawn.line(X, X + 1.0, CODE)
    drawn.points(X, X[::-1], "points", 1)
    drawn.mark([0.0, 5000.0], [2.0, 2.0], "level")
    return drawn


DRAWINGS = {
    "panel": lambda: panel().text(CODE),
    "decades": lambda: panel(log_y=True).text(CODE),
    "empty": lambda: Panel("x", "y").text("nothing"),
    "levels": lambda: panel(x_names=[CODE, "b" * 90], y_ends=(0.0,)).text(CODE),
    "bars": lambda: svg.bars([CODE, "b" * 90], [1.0, np.nan], "size", "bars", [[0, 1], [2, 3]]),
    "counts": lambda: svg.counts(np.array([[3, 1], [0, 0]]), [CODE, "a long name"], "counts"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_each_time_and_well_formed(name: str) -> None:
    text = DRAWINGS[name]()
    assert text == DRAWINGS[name]()
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "nan" not in text
    assert "\x1b" not in text


def test_points_stand_where_their_numbers_say() -> None:
    scale = svg.Scale(0.0, 10.0, 100.0)
    np.testing.assert_allclose(scale.at([0.0, 2.5, 10.0]), [0.0, 25.0, 100.0])
    decades = svg.Scale(1.0, 100.0, 100.0, True)
    np.testing.assert_allclose(decades.at([1.0, 10.0, 100.0, 0.0]), [0.0, 50.0, 100.0, np.nan])
    shown = svg.Scale.over([3.0, np.nan, np.inf, 7.0], 100.0)
    assert shown.low < 3.0 < 7.0 < shown.high < 8.0


def test_long_lines_are_thinned_and_keep_their_ends() -> None:
    drawn = Panel("x", "y")
    drawn.line(np.arange(1e5), np.arange(1e5))
    text = drawn.text("a line")
    assert len(text) < 20_000
    assert f"L{400 * (1 - 0.04 / 1.08):.1f}," in text


def test_gaps_are_left_where_numbers_are_not_finite() -> None:
    drawn = Panel("x", "y")
    drawn.line([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, np.nan, 3.0])
    path = next(
        e for e in ElementTree.fromstring(drawn.text("")).iter() if e.get("class") == "line s0"
    )
    assert str(path.get("d")).count("M") == 2


@pytest.mark.parametrize("seed", range(40))
def test_ticks_are_round_inside_and_few(seed: int) -> None:
    random = np.random.default_rng(seed)
    low = random.normal() * 10.0 ** random.integers(-8, 9)
    high = low + 10.0 ** random.uniform(-3, 3) * abs(low)
    found = svg.ticks(low, high)
    assert 2 <= len(found) <= 7
    assert low <= found[0] < found[-1] <= high
    texts = svg.tick_texts(found)
    assert len(set(texts)) == len(texts)
    read = [float(text.replace("−", "-").replace(",", "")) for text in texts]
    np.testing.assert_allclose(read, found, rtol=1e-3, atol=1e-3 * (found[1] - found[0]))


def test_a_panel_shows_the_ends_asked_for_its_rug_and_names_in_place_of_numbers() -> None:
    drawn = Panel("x", "y", y_ends=(-100.0, 100.0), x_names=("low", "middling", "high"))
    drawn.points([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], large=True)
    text = drawn.text("levels")
    for shown in ("low", "middling", "high", "−100", "100", 'class="dots large s0"'):
        assert shown in text
    assert ">0.5<" not in text
    # Names that are too long to stand beside each other are turned, and have room.
    turned = Panel("x", "y", width=100.0, x_names=("a long name", "another one"))
    turned.points([0.0, 1.0], [1.0, 2.0])
    heights = [float(t.split('height="')[1].split('"')[0]) for t in (text, turned.text("turned"))]
    assert heights[1] > heights[0] + 50.0
    assert turned.text("turned").count("rotate(-90)") == 3
    rug = Panel("x", "y")
    rug.line([0.0, 10.0], [0.0, 1.0])
    rug.rug([2.0, 5.0])
    assert rug.text("a rug").count('class="rug"') == 2
