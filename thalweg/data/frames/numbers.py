"""Numbers as people write them: what the marks in a whole column mean, or why nobody can know.

A point or a comma before three digits may mark thousands or decimals, and to take one for the
other is wrong by a factor of 1000. So a column decides as a whole, with the file's delimiter and
the other columns; where these leave it open, the column is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.data.table import Column, Floats
from thalweg.errors import DataError, shown

MINUS = "\u2212"

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)

# Digits and marks: 1,234.50 · 1'234 · 1 234,5
MARKED = re.compile(r"([-+]?)(\d[\d.,'’ \u00a0\u202f]*)", re.ASCII)

_BLANKS = "'’ \u00a0\u202f"

_GROUPS = {mark: re.compile(rf"[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+") for mark in ".,'"}

_PROOFS = {
    mark: re.compile(rf"[-+\u2212]?[1-9]\d{{0,2}}(\{mark}\d{{3}})+(\{point}\d*)?", re.ASCII)
    for mark, point in ((".", ","), (",", "."))
}

# A number of at most three digits, or an ambiguous one: the same in SQL and here.
PERHAPS_THOUSANDS = r"[-+]?([1-9][0-9]{0,2}([.,][0-9]{3})?|[0-9]+)"

LEADING_ZERO = r"[-+]?0[0-9].*"

WAYS = {"point": ".", "comma": ","}

REMEDY = "write plain numbers, or say which mark is before decimals: --decimal point or comma"


class Ambiguous(DataError):
    """The marks of a column may mean one thing or another."""


@dataclass(frozen=True)
class Marks:
    """What is known of a file's marks before a column is looked at.

    Args:
        delimiter: What separates the file's columns.
        stated: The mark before decimals that the user stated.
        elsewhere: The mark before decimals in the file's other columns, where they agree.
    """

    delimiter: str
    stated: str | None = None
    elsewhere: str | None = None


def decimal_mark(column: Column) -> str | None:
    """Return the mark before decimals that some number of a column proves, if one does.

    >>> from thalweg.data.table import as_column
    >>> decimal_mark(as_column("x", ["12", "1.250.000"])), decimal_mark(as_column("x", ["1.250"]))
    (',', None)
    """
    for level in column.levels or ():
        for thousands, point in ((".", ","), (",", ".")):
            twice = level.count(thousands) > 1 or point in level
            if twice and _PROOFS[thousands].fullmatch(level):
                return point
    return None


def numbers_in(column: Column, known: Marks, source: str) -> Floats | None:
    """Return a column of texts as numbers, or None if not all of them are.

    Args:
        column: Texts as they stand in the file.
        known: What is known of the marks.
        source: What messages call the file.

    Raises:
        DataError: If the texts are numbers, and their marks may mean two things.

    Example:
        >>> from thalweg.data.table import as_column
        >>> numbers_in(as_column("kg", ["1.250", "979"]), Marks(";"), "a.csv")
        array([1250.,  979.])
    """
    levels = [level.replace(MINUS, "-") for level in column.levels or ()]
    if not all(MARKED.fullmatch(level) or NUMBER.fullmatch(level) for level in levels):
        return None
    if any(re.fullmatch(LEADING_ZERO, level) for level in levels):
        return None
    matches = [MARKED.fullmatch(level) for level in levels]
    bodies = [re.sub(f"[{_BLANKS}]", "'", match[2]) for match in matches if match]
    try:
        found = _marks(bodies, known)
    except Ambiguous as doubt:
        raise DataError(f"{source}: column {shown(column.name)} {doubt}") from None
    if found is None:
        return None
    parsed = [
        float(_plain(level, *found) if match else level)
        for level, match in zip(levels, matches, strict=True)
    ]
    return np.where(column.missing, np.nan, np.array([*parsed, np.nan])[column.values])


def _plain(level: str, point: str, thousands: str) -> str:
    for mark in _BLANKS if thousands == "'" else thousands:
        level = level.replace(mark, "")
    return level.replace(point, ".") if point else level


def _marks(bodies: Sequence[str], known: Marks) -> tuple[str, str] | None:
    """Return the mark before decimals and that of thousands ("" for none); None if neither fits."""
    used = {mark for body in bodies for mark in ".,'" if mark in body}
    if "'" in used:
        others = used - {"'"}
        return _valid(bodies, others.pop() if others else "", "'") if len(others) < 2 else None
    if known.stated is not None and used:
        other = "." if known.stated == "," else ","
        return _valid(bodies, known.stated, other if other in used else "")
    if used == {".", ","}:
        return _two_marks(bodies, known)
    return _one_mark(bodies, used.pop(), known) if used else ("", "")


def _two_marks(bodies: Sequence[str], known: Marks) -> tuple[str, str] | None:
    if known.delimiter == ",":
        return _valid(bodies, ".", ",")  # a comma before decimals would need quotes at each value
    for body in bodies:
        if "." in body and "," in body:
            point = max(".,", key=body.rfind)
            return _valid(bodies, point, "." if point == "," else ",")
        for mark, point in ((".", ","), (",", ".")):
            if body.count(mark) > 1:
                return _valid(bodies, point, mark)
    example = {mark: next(b for b in bodies if mark in b) for mark in ".,"}
    raise Ambiguous(
        f"has a comma in {shown(example[','])} and a point in {shown(example['.'])}; {REMEDY}."
    )


def _one_mark(bodies: Sequence[str], mark: str, known: Marks) -> tuple[str, str] | None:
    marked = [body for body in bodies if mark in body]
    if not all(_GROUPS[mark].fullmatch(body) for body in marked):
        # In a file with commas between columns a comma before decimals is more likely a mistake.
        return None if mark == known.delimiter else _valid(bodies, mark, "")
    if mark == known.delimiter or any(body.count(mark) > 1 for body in marked):
        return _valid(bodies, "", mark)
    whole = [body for body in bodies if mark not in body]
    if any(len(body) > 3 for body in whole):
        return mark, ""  # 1250 beside 1.250: thousands have no mark here
    # Decimals would not end in 0 beside whole numbers that have none.
    thousands = bool(whole) and any(body.endswith("0") for body in marked)
    if known.elsewhere is None and thousands:
        return "", mark
    if known.elsewhere is not None and (known.elsewhere != mark or not thousands):
        return (mark, "") if known.elsewhere == mark else ("", mark)
    other = f"{marked[0].replace(mark, '')} or {marked[0].replace(mark, '.')}"
    raise Ambiguous(f"has {shown(marked[0])}, which may be {other}; {REMEDY}.")


def _valid(bodies: Sequence[str], point: str, thousands: str) -> tuple[str, str] | None:
    """Return the marks if every body is written with them."""
    groups = rf"[1-9]\d{{0,2}}({re.escape(thousands)}\d{{3}})+|" if thousands else ""
    tail = rf"({re.escape(point)}\d*)?" if point else ""
    form = re.compile(rf"({groups}\d+){tail}")
    return (point, thousands) if all(form.fullmatch(body) for body in bodies) else None


# ---- what is no number, and looks like one


FEW_LEVELS = 20

# 1,23,456 · 3,5 · $12 · 40 % · 1_000
DECORATED = re.compile(
    r"[-+\u2212\u2013]?\s?[$€£¥₹]?\s?[-+\u2212\u2013]?"
    r"(\d{1,3}([.,'’ \u00a0\u202f_]\d{2,3})+([.,]\d+)?|\d+([.,]\d+)?)"
    r"\s?(%|‰|[$€£¥₹]|[A-Z]{3})?"
)

WITH_UNIT = re.compile(r"[-+\u2212]?\d[\d.,]*\s?([^\W\d_]{1,6}[²³23]?|°[CF]?|[^\W\d_]+/[^\W\d_]+)")


def refuse_disguised_numbers(column: Column, source: str, comma: bool = False) -> None:
    """Refuse a column of texts if all, or most and more than a few different, are numbers.

    A column of few different texts, such as '0', '1', '2' and '3+', stays a column of categories.

    Args:
        column: The column.
        source: What messages call its file.
        comma: Whether decimals may have commas.

    Raises:
        DataError: Naming the first row whose text kept the column from being numeric.
    """
    levels = column.levels or ()
    numeric = np.array([_is_number(level, comma) for level in levels], dtype=np.bool_)
    others = [level for level, number in zip(levels, numeric, strict=True) if not number]
    if not others:
        return
    present = column.values[~column.missing]
    row = int(np.argmax(np.append(~numeric, False)[column.values]))  # −1 where missing
    where = f"{source}: column {shown(column.name)} has {shown(levels[column.values[row]])}"
    units = {match[1] if (match := WITH_UNIT.fullmatch(level)) else "" for level in others}
    if all(DECORATED.fullmatch(level) for level in others) or (len(units) == 1 and all(units)):
        unit = f" without the unit {shown(units.pop())}" if len(units) == 1 and all(units) else ""
        raise DataError(
            f"{where} in row {row + 1}; write plain numbers{unit}, with a point for decimals and "
            "no other marks, or take them as texts: --category."
        )
    many = len(levels) > FEW_LEVELS or 2 * len(levels) > len(present)
    numbers = int(np.count_nonzero(numeric[present]))
    if 2 * numbers > len(present) and many:
        raise DataError(
            f"{where} in row {row + 1}, but {numbers} of its {len(present)} values are numbers; "
            "correct it, or say that it means missing: --na."
        )


def _is_number(text: str, comma: bool) -> bool:
    if re.fullmatch(LEADING_ZERO, text):
        return False
    plain = text.replace(MINUS, "-")
    return NUMBER.fullmatch(plain.replace(",", ".") if comma else plain) is not None
