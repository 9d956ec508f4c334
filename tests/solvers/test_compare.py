"""A quick part of the comparison with SciPy's solvers: `python -m tests.solvers.compare` is all."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

from tests.solvers import compare
from tests.solvers.compare import Row
from tests.solvers.problems import constrained, sums_of_squares

SUMS = {p.name: p for p in sums_of_squares.PROBLEMS}
CONSTRAINED = {p.name: p for p in constrained.PROBLEMS}

ROWS: dict[str, Callable[[], Row]] = {
    **{
        f"{method} of {name}": lambda method=method, name=name: compare.minimized(
            SUMS[name], method
        )
        for method in compare.MINIMIZERS
        for name in ("beale",)
    },
    **{
        f"lm of {name}": lambda name=name: compare.fitted(SUMS[name])
        for name in ("bard", "freudenstein-roth", "chebyquad-8")
    },
    **{
        f"{name} by {method}": lambda n=name, m=method: compare.constrained_by(CONSTRAINED[n], m)
        for name, method in (("hs14", "slsqp"), ("hs43", "slsqp"), ("hs80", "trust-constr"))
    },
}


@pytest.mark.parametrize("name", ROWS)
def test_what_scipy_solves_is_solved(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = ROWS[name]()
    assert not row.is_behind, str(row)
    assert row.ours.nfev <= 1.5 * row.theirs.nfev + 5, str(row)
