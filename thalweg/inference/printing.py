"""Tables of estimates: 80 columns of text, a notebook's HTML, plain values for JSON."""

from __future__ import annotations

import html as markup
import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.errors import printable

if TYPE_CHECKING:
    from thalweg.inference.result import Inference

WIDTH = 80

# A space at which no line ends.
TIED = "\u00a0"

# From here on, in standard errors, a fit's distance from the optimum is worth a column.
NOTEWORTHY = 0.01


def number(value: float) -> str:
    """Write a number to six digits, as short as it can be.

    >>> number(1234567.0), number(0.5), number(-0.0)
    ('1.23457e+06', '0.5', '0')
    """
    return f"{value + 0.0:.6g}"


def readable(value: float, digits: int = 6) -> str:
    """Write a number for people: thousands marked, no powers of ten where digits will do.

    >>> readable(1234567.0), readable(42116.4, 5), readable(0.5), readable(np.nan)
    ('1,234,567', '42,116', '0.5', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else str(value)
    if 10.0**digits <= abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value + 0.0:,.{digits}g}"


def probability(value: float) -> str:
    """Write a probability to three decimals.

    >>> probability(0.04), probability(1e-9)
    ('0.040', '<0.001')
    """
    return f"{value:.3f}" if value >= 0.0005 else "<0.001"


def header(inference: Inference) -> list[str]:
    """Return the titles of a table's columns, behind that of the names."""
    if inference.convention is None:
        return ["estimate"]
    letter = inference.convention.reference.letter
    low, high = (f"{100 * q:.6g} %" for q in _ends(inference.level))
    titles = ["estimate", "std. error", letter, f"P>|{letter}|", low, high]
    return [*titles, "opt. error"] if _is_off(inference) else titles


def _ends(level: float) -> tuple[float, float]:
    return (1.0 - level) / 2.0, (1.0 + level) / 2.0


def _is_off(inference: Inference) -> bool:
    errors = inference.optimization_error
    return errors is not None and bool(np.nanmax([0.0, *errors]) >= NOTEWORTHY)


def cells(inference: Inference) -> list[list[str]]:
    """Return the texts of a table, a row a parameter; a reason is a row's last and only text."""
    errors, ends = inference.std_errors, inference.intervals()
    statistics, p_values = inference.statistics, inference.p_values
    off, found = inference.optimization_error, []
    for i, name in enumerate(inference.names):
        value = inference.estimates[i]
        row = ["–" if math.isnan(value) else number(value)]
        if name in inference.left_out:
            row.append(f"left out: {inference.left_out[name]}")
        elif inference.convention is not None:
            row.append(number(errors[i]))
            exact = not errors[i] > 0.0
            row += ["", ""] if exact else [f"{statistics[i]:.2f}", probability(p_values[i])]
            row += map(number, ends[i].tolist())
            if off is not None and _is_off(inference):
                row.append("" if exact else f"{off[i]:.2g}")
        found.append(row)
    return found


def paragraphs(inference: Inference) -> list[str]:
    """Return what stands under a table."""
    found = []
    if inference.why:
        found.append(f"No standard errors. {inference.why}")
    if inference.facts:
        found.append(
            ", ".join(
                f"{name} {number(v)}".replace(" ", TIED) for name, v in inference.facts.items()
            )
        )
    errors = inference.optimization_error
    if errors is not None and not np.isnan(errors).all():
        worst = int(np.nanargmax(errors))
        size = f"{errors[worst]:.2g} standard errors ({printable(inference.names[worst])})"
        if _is_off(inference):
            found.append(
                f"The fit stopped short of the optimum by up to {size}. The table is of the "
                "optimum, which Newton's steps reached from there."
            )
        else:
            found.append(f"Optimization error of the fit: at most {size}.")
    return [*found, *inference.notes]


def title(inference: Inference) -> str:
    """Return what stands above a table."""
    return f"{inference.title}, {inference.rows:,} row{'s' * (inference.rows != 1)}"


def text(inference: Inference) -> str:
    """Return a table that fits 80 columns; long names and reasons take lines of their own."""
    lines = textwrap.wrap(title(inference), WIDTH)
    if inference.convention is not None:
        lines += textwrap.wrap(inference.convention.text, WIDTH, subsequent_indent="  ")
    lines += ["", *_grid(header(inference), inference.names, cells(inference))]
    for paragraph in paragraphs(inference):
        lines += ["", *textwrap.wrap(printable(paragraph), WIDTH)]
    return "\n".join(line.replace(TIED, " ") for line in lines)


def _grid(titles: list[str], names: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table of numbers behind names."""
    whole = [row for row in rows if len(row) == len(titles)] or [[row[0]] for row in rows]
    columns = [titles[: len(whole[0])] if not rows else titles, *whole]
    widths = [max(len(row[i]) for row in columns if i < len(row)) for i in range(len(titles))]
    widths[0] = max([widths[0], *(len(row[0]) for row in rows)])
    longest = max([0, *(len(printable(name)) for name in names)])
    # Wide numbers leave names less room, and stand closer.
    close, apart = (WIDTH - sum(widths) - spaces * len(widths) for spaces in (1, 2))
    gap = "  " if apart >= min(longest, 12) else " "
    first = max(0, min(longest, apart if gap == "  " else close))
    lines = [
        "".join([" " * first, *(gap + t.rjust(w) for t, w in zip(titles, widths, strict=True))])
    ]
    for name, row in zip(names, rows, strict=True):
        shown = printable(name)
        # A name of its own lines: no digit and no letter is cut.
        *above, last = textwrap.wrap(shown, WIDTH) if len(shown) > first else [shown]
        if len(shown) > first:
            above, last = [*above, last], ""
        lines += above
        start = last.ljust(first) + gap + row[0].rjust(widths[0])
        if len(row) == len(titles):
            start += "".join(gap + c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))
            lines.append(start.rstrip())
        elif len(row) > 1:
            lines += textwrap.wrap(
                start + "    " + row[-1], WIDTH, subsequent_indent="    ",
                drop_whitespace=True, break_long_words=True, initial_indent="",
            ) if len(start) + 4 + len(row[-1]) > WIDTH else [start + "    " + row[-1]]  # fmt: skip
        else:
            lines.append(start)
    return lines


def html(inference: Inference) -> str:
    """Return what a notebook shows."""

    def cell(tag: str, value: str, side: str = "right") -> str:
        return f"<{tag} style='text-align:{side}'>{markup.escape(printable(value))}</{tag}>"

    titles = header(inference)
    head = "".join(cell("th", t) for t in ["", *titles])
    body = ""
    for name, row in zip(inference.names, cells(inference), strict=True):
        body += "<tr>" + cell("th", name, "left") + cell("td", row[0])
        if len(row) == len(titles):
            body += "".join(cell("td", value) for value in row[1:])
        elif len(row) > 1:
            reason = markup.escape(printable(row[-1]))
            body += f"<td colspan='{len(titles) - 1}' style='text-align:left'>{reason}</td>"
        body += "</tr>"
    above = title(inference)
    if inference.convention is not None:
        above += f"; {inference.convention.text}"
    below = "".join(f"<p>{markup.escape(printable(p))}</p>" for p in paragraphs(inference))
    caption = f"<caption>{markup.escape(printable(above))}</caption>"
    return f"<table>{caption}<tr>{head}</tr>{body}</table>{below}"


def plain(inference: Inference) -> dict[str, Any]:
    """Return everything in values that JSON has: no NaN, no infinity."""
    convention, ends = inference.convention, inference.intervals()
    statistics, p_values = inference.statistics, inference.p_values
    errors, off = inference.std_errors, inference.optimization_error
    parameters = {}
    for i, name in enumerate(inference.names):
        values = {
            "estimate": inference.estimates[i], "std_error": errors[i], "statistic": statistics[i],
            "p_value": p_values[i], "low": ends[i, 0], "high": ends[i, 1],
        }  # fmt: skip
        if off is not None:
            values["optimization_error"] = off[i]
        parameters[name] = {key: finite(value) for key, value in values.items()}
        if name in inference.left_out:
            parameters[name]["left_out"] = inference.left_out[name]
    return {
        "title": inference.title,
        "rows": inference.rows,
        "covariance": None if convention is None else convention.name,
        "convention": None if convention is None else convention.text,
        "df": None if convention is None else convention.reference.df,
        "level": inference.level,
        "parameters": parameters,
        "why": inference.why or None,
        "facts": {name: finite(value) for name, value in inference.facts.items()},
        "notes": list(inference.notes),
    }


def finite(value: float) -> Any:
    """Return a number for JSON, or None if it is not finite.

    >>> finite(np.float64(0.5)), finite(np.nan)
    (0.5, None)
    """
    return float(value) if math.isfinite(value) else None
