"""Pictures as SVG text: axes with ticks, lines, points, bars and tables of counts.

Colours are classes, which the page's style gives values for light, dark and paper. What is drawn
follows from the numbers alone, so that equal data give equal texts.
"""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.errors import printable

# Of text at 12 pixels: the usual width of a character, and the height of a line.
CHARACTER, LINE = 6.6, 17.0
MOST_POINTS = 1000
SERIES = 6

# Okabe and Ito's colours, told apart by everyone; lighter ones on dark ground.
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DARK = ("#5CB3F0", "#F58A4B", "#3CC79F", "#E3A3C8", "#F0BE48", "#9AD7FA")

STYLE = """
svg{display:block;max-width:100%;height:auto;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .strong{font-weight:600}
svg .grid{stroke:var(--line)}svg .axis{stroke:var(--faint)}
svg .mark{stroke:var(--faint);stroke-dasharray:5 4;fill:none}
svg .line{fill:none;stroke:var(--s);stroke-width:1.7;stroke-linejoin:round}
svg .dots{fill:none;stroke:var(--s);stroke-width:4.5;stroke-linecap:round;stroke-opacity:.55}
svg .large{stroke-width:9;stroke-opacity:.85}
svg .bar{fill:var(--s)}svg .spread,svg .rug{stroke:var(--ink);stroke-width:1.2}
svg .on{fill:var(--ground)}svg .none{fill:var(--faint)}
""" + "".join(f".s{i}{{--s:var(--s{i})}}" for i in range(SERIES))


def variables(colors: Sequence[str]) -> str:
    """Return the series' colours as variables of a style sheet.

    >>> variables(["#000"])
    '--s0:#000'
    """
    return ";".join(f"--s{i}:{color}" for i, color in enumerate(colors))


# ---- scales


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers between two, evenly spaced, at most `most` and one.

    >>> ticks(0.0, 1.0), ticks(-3.0, 12.0, 4)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 5.0, 10.0])
    """
    raw = (high - low) / most
    if not (math.isfinite(raw) and raw > 0):
        return [low]
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) for i in range(first, last + 1)]


def decades(low: float, high: float) -> list[float]:
    """Return powers of ten between two positive numbers, or their 1, 2 and 5 if there are few.

    >>> decades(1.0, 1e4), decades(2.0, 30.0)
    ([1.0, 10.0, 100.0, 1000.0, 10000.0], [2.0, 5.0, 10.0, 20.0])
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 2:
        found = [m * 10.0**e for e in range(first - 1, last + 1) for m in (1.0, 2.0, 5.0)]
        return [v for v in found if low <= v * (1 + 1e-9) and v <= high * (1 + 1e-9)]
    return [10.0**e for e in range(first, last + 1, -(-(last - first) // 6))]


def tick_texts(values: Sequence[float]) -> list[str]:
    """Return the texts of ticks, with as many decimals as tell them apart.

    >>> tick_texts([0.0, 0.5, 1.0]), tick_texts([-2000.0, 0.0]), tick_texts([0.0, 5e7])
    (['0.0', '0.5', '1.0'], ['−2,000', '0'], ['0', '5e7'])
    """
    size = max(map(abs, values), default=0.0)
    apart = min((b - a for a, b in itertools.pairwise(values)), default=size)
    if size >= 1e7 or (apart and apart < 1e-5):
        texts = [f"{value:.6g}" if value else "0" for value in values]
        texts = [t if "e" in t or len(t) < 7 else f"{float(t):.3e}" for t in texts]
        return [_short(text) for text in texts]
    places = max(0, -math.floor(math.log10(apart) + 1e-9)) if apart else 0
    if apart and places < 6 and round(apart * 10**places, 6) % 1:
        places += 1
    return [f"{value:,.{places}f}".replace("-", "−") for value in values]


def _short(text: str) -> str:
    mantissa, e, power = text.partition("e")
    if not e:
        return text.replace("-", "−") if len(text) < 7 else _short(f"{float(text):e}")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(power)}".replace("-", "−")


@dataclass(frozen=True)
class Scale:
    """Where numbers stand on an axis of a given length."""

    low: float
    high: float
    length: float
    logarithmic: bool = False

    @staticmethod
    def over(values: ArrayLike, length: float, logarithmic: bool = False) -> Scale:
        """Return a scale that shows all finite values, with a little room around them."""
        given = np.asarray(values, np.float64)
        given = given[np.isfinite(given) & ((given > 0) | (not logarithmic))]
        low, high = (float(given.min()), float(given.max())) if given.size else (0.0, 1.0)
        if logarithmic:
            return Scale(low / 1.15, high * 1.15, length, True)
        room = 0.04 * (high - low) or abs(high) * 0.1 or 1.0
        return Scale(low - room, high + room, length)

    def at(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the distances from the axis' beginning, in pixels; NaN where there are none."""
        given, low, high = np.asarray(values, np.float64), self.low, self.high
        if self.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                given, low, high = np.log(given), math.log(low), math.log(high)
        shares = (given - low) / (high - low)
        return np.where(np.isfinite(shares), shares * self.length, np.nan)

    def ticks(self, most: int) -> list[float]:
        """Return where its ticks are."""
        if self.logarithmic:
            return decades(self.low, self.high) or [self.low]
        return ticks(self.low, self.high, most)


# ---- a picture with two axes


@dataclass
class Panel:
    """A picture with two axes.

    Args:
        x_label: What is on the horizontal axis.
        y_label: What is on the vertical axis.
        width: Of the area between the axes, in pixels.
        height: The same.
        log_y: Whether the vertical axis is logarithmic.
        whole_x: Whether the horizontal axis counts.
        y_ends: Values that the vertical axis shows whatever is drawn.
        x_names: What stands below 0, 1, 2 and so on in place of numbers.

    Example:
        >>> panel = Panel("x", "x squared")
        >>> panel.line([0, 1, 2], [0, 1, 4], "a line")
        >>> panel.text("a parabola").startswith('<svg role="img" aria-label="a parabola"')
        True
    """

    x_label: str
    y_label: str
    width: float = 400.0
    height: float = 250.0
    log_y: bool = False
    whole_x: bool = False
    y_ends: tuple[float, ...] = ()
    x_names: Sequence[str] = ()
    _marks: list[tuple[str, str, NDArray[np.float64], NDArray[np.float64]]] = field(
        default_factory=list
    )
    _names: list[tuple[str, str]] = field(default_factory=list)
    _rug: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def line(self, x: ArrayLike, y: ArrayLike, name: str = "", series: int = 0) -> None:
        """Draw a line; of many points at most a thousand, the ends among them."""
        self._add(f"line s{series % SERIES}", name, *_thin(x, y))

    def points(
        self, x: ArrayLike, y: ArrayLike, name: str = "", series: int = 0, large: bool = False
    ) -> None:
        """Draw points, the first thousand of them; large ones where there are few."""
        xs, ys = np.asarray(x, np.float64)[:MOST_POINTS], np.asarray(y, np.float64)[:MOST_POINTS]
        self._add(f"dots{' large' * large} s{series % SERIES}", name, xs, ys)

    def mark(self, x: ArrayLike, y: ArrayLike, name: str = "") -> None:
        """Draw a dashed line, to compare with."""
        self._add("mark", name, np.asarray(x, np.float64), np.asarray(y, np.float64))

    def rug(self, x: ArrayLike) -> None:
        """Draw a short line up from the horizontal axis at each of some values."""
        self._rug = np.asarray(x, np.float64)

    def _add(self, style: str, name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self._marks.append((style, "", x, y))
        if name:
            self._names.append((style, name))

    def text(self, description: str) -> str:
        """Return the picture.

        Args:
            description: What it shows, for those who do not see it.
        """
        horizontal = Scale.over(
            np.concatenate([self._rug, *(m[2] for m in self._marks)]), self.width
        )
        vertical = Scale.over(
            np.concatenate([self.y_ends, *(m[3] for m in self._marks)]), self.height, self.log_y
        )
        across, up = horizontal.ticks(6), vertical.ticks(6)
        if self.whole_x:
            across = [x for x in across if x == round(x)]
        below, room = _names_below(across, self.x_names, horizontal)
        names = tick_texts(up) if not self.log_y else [tick_texts([value])[0] for value in up]
        left = 30 + CHARACTER * max(map(len, names))
        rows = _legend_rows(self._names, self.width)
        top = 10 + LINE * len(rows)
        inside = [*self._grid(up, vertical, names), _lowered(below, self.height)]
        for style, _, x, y in self._marks:
            xs, ys = horizontal.at(x), self.height - vertical.at(y)
            inside.append(_path(style, xs, ys, apart=style.startswith("dots")))
        up_from = (
            _line("rug", x, self.height, x, self.height - 7) for x in horizontal.at(self._rug)
        )
        inside.extend(up_from)
        above = _legend(rows)
        under = _text(self.width / 2, self.height + room - 8, self.x_label, "middle")
        side = (
            f'<g transform="translate({_n(14 - left)},{_n(self.height / 2)}) rotate(-90)">'
            f"{_text(0, 0, self.y_label, 'middle')}</g>"
        )
        content = "".join([*inside, above, under, side])
        return _svg(description, left, top, self.width, self.height, 14, room, content)

    def _grid(self, up: list[float], vertical: Scale, names: list[str]) -> list[str]:
        found = []
        for y, name in zip(self.height - vertical.at(up), names, strict=True):
            found.append(_line("grid", 0, y, self.width, y) + _text(-7, y + 4, name, "end"))
        return [*found, _line("axis", 0, self.height, self.width, self.height)]


def _names_below(ticks: list[float], names: Sequence[str], scale: Scale) -> tuple[list[str], float]:
    """Return what stands below a horizontal axis, and how much room it takes."""
    if not names:
        texts = tick_texts(ticks)
        return [_tick(x, name) for x, name in zip(scale.at(ticks), texts, strict=True)], 46.0
    at, shown = scale.at(np.arange(len(names))), [_shorten(name, 16) for name in names]
    longest = CHARACTER * max(map(len, shown))
    turned = longest > scale.length / len(names)
    ticks_and_names = [_tick(x, name, turned) for x, name in zip(at, shown, strict=True)]
    return ticks_and_names, 34.0 + longest if turned else 46.0


def _tick(x: float, name: str, turned: bool = False) -> str:
    if not turned:
        return _line("axis", x, 0, x, 4) + _text(x, 18, name, "middle")
    place = f"translate({_n(x + 4)},8) rotate(-90)"
    return f'{_line("axis", x, 0, x, 4)}<g transform="{place}">{_text(0, 0, name, "end")}</g>'


def _lowered(parts: Sequence[str], y: float) -> str:
    return f'<g transform="translate(0,{_n(y)})">{"".join(parts)}</g>'


# ---- pictures without a second axis


def bars(
    names: Sequence[str],
    values: ArrayLike,
    label: str,
    description: str,
    spreads: ArrayLike | None = None,
) -> str:
    """Draw one bar a name, from the top down; negative ones in another colour.

    Args:
        names: What they are of.
        values: How long they are.
        label: What is on the axis.
        description: What it shows, for those who do not see it.
        spreads: The ends of a thin line over each, shape (bars, 2).

    Example:
        >>> bars(["a", "b"], [1.0, -2.0], "size", "two bars").count('class="bar')
        2
    """
    lengths = np.asarray(values, np.float64)
    shown = [_shorten(name, 32) for name in names]
    left, width, step = 16 + CHARACTER * max(map(len, shown)), 340.0, 20.0
    ends = np.empty((0, 2)) if spreads is None else np.asarray(spreads, np.float64)
    scale = Scale.over([0.0, *lengths.tolist(), *ends.ravel().tolist()], width)
    height, zero = step * len(shown), float(scale.at(0.0))
    found = []
    across = scale.ticks(5)
    for x, name in zip(scale.at(across), tick_texts(across), strict=True):
        found.append(_line("grid", x, 0, x, height) + _text(x, height + 18, name, "middle"))
    for i, (end, name) in enumerate(zip(scale.at(lengths), shown, strict=True)):
        found.append(_text(-7, step * i + 14, name, "end"))
        if math.isfinite(end):
            x, size = min(zero, float(end)), abs(float(end) - zero)
            found.append(
                f'<rect class="bar s{int(end < zero)}" x="{_n(x)}" y="{_n(step * i + 3)}" '
                f'width="{_n(size)}" height="{_n(step - 6)}"/>'
            )
    for i, (low, high) in enumerate(scale.at(ends) if len(ends) else []):
        if math.isfinite(low + high):
            found.append(_line("spread", low, step * i + 10, high, step * i + 10))
    found += [_line("axis", zero, 0, zero, height), _text(width / 2, height + 38, label, "middle")]
    return _svg(description, left, 6, width, height, 14, 46, "".join(found))


def counts(table: NDArray[np.int64], names: Sequence[str], description: str) -> str:
    """Draw how often each class (row) was taken for each (column), darker for a larger share.

    >>> counts(np.array([[3, 1], [0, 2]]), ["no", "yes"], "confusion").count("<rect")
    4
    """
    shown = [_shorten(name, 20) for name in names]
    size = 44.0 if len(shown) < 8 else 34.0
    side, margin = size * len(shown), 34 + CHARACTER * max(map(len, shown))
    turned = max(map(len, shown)) * CHARACTER > size
    below = margin if turned else 46.0
    found = []
    for (row, column), count in np.ndenumerate(table):
        share = count / max(1, int(table[row].sum()))
        x, y = size * column, size * row
        box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(size - 1)}" height="{_n(size - 1)}"'
        # The least is still seen as a cell.
        found.append(f'<rect class="bar s0" fill-opacity="{0.06 + 0.94 * share:.3f}" {box}/>')
        style = "on" if share > 0.5 else "" if count else "none"
        found.append(_text(x + size / 2, y + size / 2 + 4, f"{count:,}", "middle", style))
    for i, name in enumerate(shown):
        middle = size * (i + 0.5)
        found.append(_text(-7, middle + 4, name, "end"))
        if turned:
            place = f"translate({_n(middle + 4)},{_n(side + 7)}) rotate(-90)"
            found.append(f'<g transform="{place}">{_text(0, 0, name, "end")}</g>')
        else:
            found.append(_text(middle, side + 17, name, "middle"))
    found.append(_text(side / 2, side + below - 8, "predicted", "middle", "strong"))
    place = f"translate({_n(14 - margin)},{_n(side / 2)}) rotate(-90)"
    found.append(f'<g transform="{place}">{_text(0, 0, "actual", "middle", "strong")}</g>')
    return _svg(description, margin, 6, side, side, 14, below, "".join(found))


# ---- elements


def _svg(
    description: str,
    left: float,
    top: float,
    width: float,
    height: float,
    right: float,
    bottom: float,
    content: str,
) -> str:
    across, down = left + width + right, top + height + bottom
    return (
        f'<svg role="img" aria-label="{_escape(description)}" width="{_n(across)}" '
        f'height="{_n(down)}" viewBox="{_n(-left)} {_n(-top)} {_n(across)} {_n(down)}" '
        f'xmlns="http://www.w3.org/2000/svg">{content}</svg>'
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escape(text: str) -> str:
    return html.escape(printable(text))


def _text(x: float, y: float, text: str, anchor: str, style: str = "") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text{kind} x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{_escape(text)}</text>'


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="{style}" d="M{_n(x1)},{_n(y1)}L{_n(x2)},{_n(y2)}"/>'


def _path(style: str, x: NDArray[np.float64], y: NDArray[np.float64], apart: bool = False) -> str:
    """Draw points as dots or joined; what is not finite leaves a gap."""
    drawn, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if not math.isfinite(a + b):
            pen = "M"
            continue
        drawn.append(f"{pen}{a:.1f},{b:.1f}" + ("h0" if apart else ""))
        pen = "M" if apart else "L"
    return f'<path class="{style}" d="{"".join(drawn)}"/>'


def _thin(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(xs) > MOST_POINTS:
        kept = np.linspace(0, len(xs) - 1, MOST_POINTS).round().astype(int)
        xs, ys = xs[kept], ys[kept]
    return xs, ys


def _shorten(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _legend_rows(names: Sequence[tuple[str, str]], width: float) -> list[list[tuple[str, str]]]:
    rows: list[list[tuple[str, str]]] = []
    used = math.inf
    for style, name in names:
        name = _shorten(name, 40)
        needed = 42 + CHARACTER * len(name)
        if used + needed > width:
            rows.append([])
            used = 0.0
        rows[-1].append((style, name))
        used += needed
    return rows


def _legend(rows: list[list[tuple[str, str]]]) -> str:
    found = []
    for i, row in enumerate(rows):
        x, y = 0.0, LINE * (i - len(rows)) + 9
        for style, name in row:
            end = x if style.startswith("dots") else x + 20
            found.append(
                f'<path class="{style}" d="M{_n(x)},{_n(y - 4)}'
                + (f"L{_n(end)},{_n(y - 4)}" if end > x else "h0")
                + f'"/>{_text(x + (26 if end > x else 8), y, name, "start")}'
            )
            x += 42 + CHARACTER * len(name)
    return "".join(found)
