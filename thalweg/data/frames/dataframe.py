"""Data frames of other libraries into tables."""

from typing import Any

import narwhals as nw
import numpy as np
from narwhals.typing import IntoDataFrame

from thalweg.data.frames.dialect import check_unique
from thalweg.data.table import Column, Table, as_column, not_empty, unusable
from thalweg.errors import DataError

__all__ = ["from_frame"]


def from_frame(frame: IntoDataFrame, source: str = "the data frame") -> Table:
    """Take the columns of a pandas, Polars, PyArrow or other eager data frame.

    Args:
        frame: The data frame; truth values become the texts 'False' and 'True'.
        source: What messages call it.

    Raises:
        DataError: If it is no data frame, has no rows, or a column holds neither numbers nor texts.

    Example:
        >>> import pandas
        >>> table = from_frame(pandas.DataFrame({"x": [1, 2], "colour": ["red", None]}))
        >>> table["colour"].texts()
        ['red', None]
    """
    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        given = type(frame).__name__
        raise DataError(f"{source} is a {given}, not a data frame held in memory.") from error
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source} has two columns of one name; rename one.") from None
    names = [str(name) for name in native.columns]
    check_unique(source, names)
    columns = tuple(
        _column(series, name, source)
        for name, series in zip(names, native.iter_columns(), strict=True)
    )
    return not_empty(Table(columns, source))


def _column(series: "nw.Series[Any]", name: str, source: str) -> Column:
    missing = series.is_null().to_numpy().astype(np.bool_)
    kind = series.dtype
    if kind.is_numeric():
        numbers = series.cast(nw.Float64).to_numpy().astype(np.float64)
        return Column(name, np.where(missing, np.nan, numbers), missing | np.isnan(numbers))
    if kind in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
        values = [None if m else v for v, m in zip(series.to_list(), missing, strict=True)]
        return as_column(name, values, source)
    raise unusable(source, name, str(kind))
