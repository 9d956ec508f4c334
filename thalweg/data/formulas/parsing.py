"""Formulas as text: their left side, and the terms of their right side."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.data.formulas.evaluation import evaluate, require_formulaic, values_of
from thalweg.data.formulas.expressions import ELEMENTWISE, PLAIN, Factor, quoted, read_factor
from thalweg.data.table import Column, Table, shown_rows
from thalweg.errors import DataError, SpecError, printable, shown

MAX_CHARACTERS = 10_000
EXAMPLE = "Write it like 'log(price) ~ area + C(city) * rooms', what is computed within I(…)."

_MARKED = re.compile("⧛(?:\x1b\\[[0-9;]*m)?(.*?)(?:\x1b\\[[0-9;]*m)?⧚", re.DOTALL)


@dataclass(frozen=True)
class ParsedFormula:
    """A formula as it was read.

    Args:
        text: As written.
        left: What is predicted.
        terms: What it is predicted from, each a product of factors; the intercept is none of them.
        open: Whether it stands for further columns by a dot.

    Example:
        >>> parsed = parse_formula("log(price) ~ area * C(city)")
        >>> parsed.target, parsed.names
        ('log(price)', ('price', 'area', 'city'))
        >>> [[factor.text for factor in term] for term in parsed.terms]
        [['area'], ['C(city)'], ['area', 'C(city)']]
    """

    text: str
    left: Factor
    terms: tuple[tuple[Factor, ...], ...]
    open: bool

    @property
    def target(self) -> str:
        """What the left side is called: a column's name, or the expression."""
        return self.left.names[0] if self.left.kind == "lookup" else self.left.text

    @property
    def right_names(self) -> tuple[str, ...]:
        """The columns that the right side needs."""
        every = (name for term in self.terms for factor in term for name in factor.names)
        return tuple(dict.fromkeys(every))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return tuple(dict.fromkeys([*self.left.names, *self.right_names]))


@functools.lru_cache(maxsize=64)
def parse_formula(text: str, available: tuple[str, ...] = ()) -> ParsedFormula:
    """Read a formula: what is predicted, a tilde, and what it is predicted from.

    The right side is written as in R, patsy and formulaic: `+ - : * / ** ( )`, functions such as
    log, poly and bs, C(column) for categories; a dot stands for all other columns.

    Args:
        text: The formula.
        available: The columns that a dot stands for, those of the left side left out.

    Raises:
        SpecError: If it means nothing, has no left side or several, or no intercept.
        MissingLibrary: If formulaic is not installed.
    """
    require_formulaic()
    from formulaic import SimpleFormula

    if len(text) > MAX_CHARACTERS:
        raise SpecError(f"The formula has {len(text)} characters; at most {MAX_CHARACTERS} are.")
    try:
        read, is_open = _read(text, available)
    except Exception as error:  # of many kinds, that of the operators' own too
        if isinstance(error, MemoryError):
            raise
        raise SpecError(
            f"The formula {shown(text)} cannot be read: {_reason(error)}. {EXAMPLE}"
        ) from error
    sides = getattr(read, "_structure", {})
    simple = all(isinstance(side, SimpleFormula) for side in sides.values())
    if set(sides) != {"lhs", "rhs"} or not simple:
        raise SpecError(
            f"The formula {shown(text)} does not have one left and one right side. {EXAMPLE}"
        )
    terms = [[_factor_of(factor) for factor in term.factors] for term in sides["rhs"]]
    constant = [all(factor.kind == "literal" for factor in term) for term in terms]
    if not any(constant):
        raise SpecError(
            f"The formula {shown(text)} leaves the intercept out, which every model here has. "
            "Leave 0 and -1 out of it."
        )
    right = tuple(tuple(term) for term, is_one in zip(terms, constant, strict=True) if not is_one)
    if not right and not is_open:
        raise SpecError(f"The formula {shown(text)} has nothing to predict from. {EXAMPLE}")
    return ParsedFormula(text, _left_of(text, list(sides["lhs"])), right, is_open)


def _read(text: str, available: Sequence[str]) -> tuple[Any, bool]:
    from formulaic import Formula
    from formulaic.parser.algos.tokenize import tokenize

    is_open = any(token.token == "." for token in tokenize(text))
    context = {"__formulaic_variables_available__": list(available)}
    return Formula.from_spec(text, context=context), is_open


def _reason(error: Exception) -> str:
    """Return in a line what formulaic has against a formula, and where."""
    message = str(error)
    marked = _MARKED.search(message)
    said = message.split("\n")[0].replace("insuffient", "insufficient").rstrip(". ")
    return printable(said + (f", at {shown(marked[1])}" if marked else ""))


def _factor_of(factor: Any) -> Factor:
    is_name = factor.eval_method.value == "lookup"
    return read_factor(quoted(factor.expr) if is_name else factor.expr)


def _left_of(text: str, terms: list[Any]) -> Factor:
    if len(terms) != 1 or len(terms[0].factors) != 1:
        raise SpecError(
            f"The formula {shown(text)} has {len(terms)} terms on its left side; give one, such as "
            "I(a + b) for a sum."
        )
    left = _factor_of(terms[0].factors[0])
    odd = sorted(left.functions - ELEMENTWISE - PLAIN - {"np"})
    if odd or not left.names:
        raise SpecError(
            f"The formula {shown(text)} has {shown(left.text)} on its left side. Give a column, or "
            "a function of one such as log(price)."
        )
    return left


def with_left_side(table: Table, formula: ParsedFormula) -> Table:
    """Return a table with the left side of a formula as a column, missing where its columns are.

    Raises:
        DataError: If a column is not there or holds texts, or a value has none: log(0).
    """
    left = formula.left
    if left.kind == "lookup" or left.text in table.names:
        return table
    columns = {name: table[name] for name in left.names}
    missing = np.logical_or.reduce([column.missing for column in columns.values()])
    values = np.full(table.rows, np.nan)
    present = np.flatnonzero(~missing)
    given = {name: values_of(column, table.source)[present] for name, column in columns.items()}
    if len(present):
        found = evaluate([(left,)], given, {}, {}, table.source).columns
        if len(found) != 1 or (left.names and any(columns[n].levels for n in left.names)):
            raise DataError(
                f"{table.source}: {left.text}, the left side of the formula, is no number a row. "
                "Name a column of numbers or a function of one."
            )
        values[present] = found[0][1]
    bad = np.flatnonzero(~np.isfinite(values) & ~missing)
    if len(bad):
        name = left.names[0]
        raise DataError(
            f"{table.source}: {left.text}, the left side of the formula, has no finite value in "
            f"{shown_rows(bad)} ({quoted(name)} is {table[name].texts()[bad[0]]}). Correct it, or "
            "leave such rows out of the file."
        )
    target = Column(left.text, values, missing)
    return Table((*table.columns, target), table.source)
