"""The line searches by name."""

from __future__ import annotations

from thalweg.errors import ArgumentError, did_you_mean
from thalweg.solvers.linesearches.hager_zhang import hager_zhang
from thalweg.solvers.linesearches.line import LineSearch
from thalweg.solvers.linesearches.more_thuente import more_thuente
from thalweg.solvers.linesearches.of_optim import backtracking, zoom

SEARCHES: dict[str, LineSearch] = {
    "more-thuente": more_thuente,
    "zoom": zoom,
    "hager-zhang": hager_zhang,
    "backtracking": backtracking,
}


def search_of(name: str) -> LineSearch:
    """Return the line search of a name.

    Raises:
        ArgumentError: If there is none.
    """
    if name not in SEARCHES:
        raise ArgumentError(
            f"linesearch={name!r} was given.{did_you_mean(str(name), SEARCHES)} It wants one of "
            f"{', '.join(SEARCHES)}."
        )
    return SEARCHES[name]
