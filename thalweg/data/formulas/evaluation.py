"""The door to formulaic: terms that were checked become columns of numbers, with their state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.formulas.expressions import ELEMENTWISE, Factor, alias, with_names
from thalweg.data.table import Column, Floats, finite_numbers
from thalweg.errors import DataError, MissingLibrary, printable

Terms = Sequence[tuple[Factor, ...]]


@dataclass(frozen=True, eq=False)
class EvaluatedTerms:
    """Terms as columns.

    Attributes:
        columns: Names and values, each of shape (rows,).
        terms: The position of the term of each column.
        transforms: What functions such as center learnt, by their code.
        categories: The categories of each factor that has such, by its code.
        strange: Which rows have a value that is not among those, by the factor's code.
    """

    columns: list[tuple[str, Floats]]
    terms: list[int]
    transforms: dict[str, Any]
    categories: dict[str, list[Any]]
    strange: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def require_formulaic() -> None:
    """Make sure that formulaic is installed.

    Raises:
        MissingLibrary: If it is not.
    """
    try:
        import formulaic  # noqa: F401 (only to know)
    except ImportError as error:
        raise MissingLibrary(
            f"Formulas are read by formulaic, and {error}. Install it by pip install "
            "'thalweg[formula]', or name columns by features, category and interactions."
        ) from error


def values_of(column: Column, source: str) -> NDArray[Any]:
    """Return a column's numbers or texts, shape (rows,); what stands for missing ones is any.

    Raises:
        DataError: If numbers are infinite.
    """
    if column.levels is None:
        return finite_numbers(column, source)
    return np.array([*column.levels, None], object)[column.values]


def evaluate(
    terms: Terms,
    columns: Mapping[str, NDArray[Any]],
    transforms: Mapping[str, Any],
    categories: Mapping[str, Sequence[Any]],
    source: str,
) -> EvaluatedTerms:
    """Evaluate terms beside an intercept: of categories that it spans, the first has no column.

    Args:
        terms: What was checked when it was read.
        columns: What they are made of, complete, each of shape (rows,).
        transforms: What was learnt before; what is not here is learnt from these rows.
        categories: What was found before, by the factor's code; likewise.
        source: What messages call the table.

    Raises:
        DataError: If a function refuses its values.
        MissingLibrary: If formulaic is not installed.
    """
    require_formulaic()
    import pandas
    from formulaic import ModelSpec
    from formulaic.materializers import PandasMaterializer
    from formulaic.parser.types import Factor as Part

    spec = ModelSpec(
        formula=_formula(terms),
        na_action="ignore",
        output="pandas",
        transform_state={code: dict(state) for code, state in transforms.items()},
        encoder_state={
            code: (Part.Kind.CATEGORICAL, {"categories": list(found)})
            for code, found in categories.items()
        },
    )
    frame = pandas.DataFrame({alias(name): values for name, values in columns.items()})
    context = {name: getattr(np, name) for name in ELEMENTWISE}
    materializer = PandasMaterializer(frame, context)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # values it warns of are looked for below
            matrix = materializer.get_model_matrix(spec)
            return _evaluated(matrix, materializer.factor_cache)
    except Exception as error:  # whatever a function raises
        if isinstance(error, MemoryError):
            raise
        reason = with_names(printable(str(error).split("\n")[0].rstrip(".")))
        raise DataError(f"{source}: the formula cannot be evaluated. {reason}.") from error


def _formula(terms: Terms) -> Any:
    from formulaic import SimpleFormula
    from formulaic.parser.types import Factor as Part
    from formulaic.parser.types import Term

    one = Term([Part("1", eval_method="literal")])
    made = [Term([Part(f.code, eval_method=f.kind) for f in term]) for term in terms]
    return SimpleFormula([one, *made], _ordering="none")


def _evaluated(matrix: Any, factors: Mapping[str, Any]) -> EvaluatedTerms:
    from pandas import Series

    spec = matrix.model_spec
    found: list[tuple[str, Floats]] = []
    places: list[int] = []
    at = 0
    for position, row in enumerate(spec.structure):
        for name in row.columns:
            if position:  # the first is the intercept
                values = np.asarray(matrix.iloc[:, at], np.float64)
                found.append((with_names(name), values))
                places.append(position - 1)
            at += 1
    states = spec.encoder_state.items()
    categories = {
        code: _plain(state["categories"]) for code, (_, state) in states if "categories" in state
    }
    strange = {}
    for code, known in categories.items():
        values = factors[code].values.__wrapped__
        strange[code] = ~np.asarray(Series(np.asarray(values)).isin(known), np.bool_)
    return EvaluatedTerms(found, places, dict(spec.transform_state), categories, strange)


def _plain(categories: Sequence[Any]) -> list[Any]:
    """Return categories as JSON has them; whole numbers without a point."""
    values = [value.item() if isinstance(value, np.generic) else value for value in categories]
    if all(isinstance(value, float) and value.is_integer() for value in values):
        return [int(value) for value in values]
    return values
