"""What a refusal says of the user's own line: what was called there, and what to write."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.integrate
import scipy.linalg
import scipy.sparse
import scipy.special
import scipy.special as special
import scipy.stats
import torch
from scipy.special import logsumexp
from scipy.stats import norm

import thalweg as tw
from thalweg.errors import GradientError, TracingError, UnsupportedOperation

T, POSITIONS = np.array([0.5, 1.0, 2.0]), np.array([0, 2, 1])
table, matrix, rows = np.arange(10.0), np.arange(12.0).reshape(3, 4), [[1.0, 2.0], [3.0, 4.0]]
series, frame = pd.Series([1.0, 2.0, 3.0]), pd.DataFrame({"x": [1.0, 2.0, 3.0]})
sparse, array = scipy.sparse.csr_matrix(np.eye(3) * 2), scipy.sparse.csr_array(np.eye(3))

FUNCTIONS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda t: scipy.special.logsumexp(t), r"scipy.special.logsumexp .* Write tw.special.logsumex"),
    (lambda t: logsumexp(t), r"scipy.special.logsumexp knows.* Write tw.special.logsumexp"),
    (lambda t: special.softmax(t), r"Write tw.special.softmax"),
    (lambda t: special.polygamma(1, t), r"scipy.special.polygamma.* Write tw.special.polygamma"),
    (lambda t: norm.logpdf(t), r"scipy.stats.norm.logpdf.* Write tw.stats.norm.logpdf"),
    (lambda t: scipy.stats.norm.cdf(t), r"Write tw.stats.norm.cdf"),
    (lambda t: scipy.stats.gamma.logpdf(t, 2), r"Write tw.stats.gamma.logpdf"),
    (lambda t: scipy.stats.levy.pdf(t), r"levy.pdf is SciPy's.* Write its formula"),
    (lambda t: scipy.linalg.cholesky(np.outer(t, t)), r"Write tw.linalg.cholesky"),
    (lambda t: scipy.linalg.expm(np.outer(t, t)), r"Write tw.matrix_exp"),
    (lambda t: scipy.integrate.trapezoid(t), r"Write np.trapezoid"),
    (lambda t: math.exp(t[0]), r"math.exp knows plain numbers and arrays alone. Write np.exp"),
    (lambda t: sum(math.lgamma(x) for x in t), r"Write tw.special.gammaln"),
    (lambda t: np.array([t[0], t[1]]), r"numpy.array does not look for tensors.*Write tw.array"),
    (lambda t: np.r_[0.0, t], r"joins plain arrays alone. Write np.concatenate"),
    (lambda t: np.c_[t, t], r"Write np.column_stack"),
    (lambda t: sparse @ t, r"sparse is a sparse matrix of SciPy's.* Write t @ sparse.T for"),
    (lambda t: array.dot(t), r"Write t @ array.T for a vector t"),
    (lambda t: array.multiply(t), r"Write tw.asarray\(array.toarray\(\)\) instead of array"),
]


@pytest.mark.parametrize("position", range(len(FUNCTIONS)))
def test_a_function_that_was_met_is_named_with_ours(position: int) -> None:
    call, message = FUNCTIONS[position]
    with pytest.raises(TracingError, match=rf"test_callers.py:\d+: .*{message}"):
        tw.jit(call)(T)
    with pytest.raises(GradientError, match=rf"test_callers.py:\d+: .*{message}"):
        tw.grad(lambda t: np.sum(call(t)))(T)


TABLES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda i: table[i], r"table is a NumPy array.* Write tw.asarray\(table\)\[i\], or tw"),
    (lambda i: matrix[i, :], r"Write tw.asarray\(matrix\)\[i, :\]\."),
    (lambda i: matrix[i, i], r"Write tw.asarray\(matrix\)\[i, i\]\."),
    (lambda i: matrix[:, i], r"Write tw.asarray\(matrix\)\[:, i\]\."),
    (lambda i: np.take(table, i), r"numpy.take does not look for tensors.* Write tw.take"),
    (lambda i: table.take(i), r"Write tw.asarray\(table\).take\(i\)"),
    (lambda i: rows[i[0]][0], r"rows is a list.* Write tw.asarray\(rows\)\[i\[0\]\]"),
    (lambda i: np.asarray(rows)[i], r"rows is a list.* Write tw.asarray\(rows\)\[i\]"),
    (lambda i: series[i], r"series is pandas' own.* Write tw.asarray\(series\)\[i\]"),
    (lambda i: series.iloc[i], r"Write tw.asarray\(series\)\[i\]"),
    (lambda i: frame["x"].values[i], r"Write tw.asarray\(frame\['x'\]\)\[i\]"),
]


@pytest.mark.parametrize("position", range(len(TABLES)))
def test_a_table_indexed_by_what_is_traced_says_what_to_write(position: int) -> None:
    call, message = TABLES[position]
    with pytest.raises(TracingError, match=rf"test_callers.py:\d+: .*{message}"):
        tw.jit(call)(POSITIONS)


def test_what_it_says_to_write_works() -> None:
    def looked_up(t: Any, i: Any) -> Any:
        parts = [
            tw.asarray(table)[i] * t,
            tw.take(table, i, axis=0),
            tw.asarray(matrix)[i, :].sum(1),
            tw.asarray(matrix)[i, i],
            tw.asarray(rows)[i[0]].sum(),
            tw.asarray(series)[i],
            tw.asarray(frame["x"])[i],
            t @ sparse.T,
            (np.outer(t, t).T @ array.T).T.sum(0),
            series * t + t * series + frame["x"] / t,
        ]
        return sum(np.sum(part) for part in parts)

    compiled = tw.jit(looked_up)(T, POSITIONS)
    np.testing.assert_allclose(np.asarray(compiled), looked_up(tw.Tensor(T), POSITIONS).item())
    found = np.asarray(tw.grad(lambda t: looked_up(t, POSITIONS))(T))
    by_part = [[0, 2, 1], 2 * np.ones(3), 2 * T.sum() * np.ones(3), 2 * series - series / T**2]
    np.testing.assert_allclose(found, np.sum(by_part, axis=0))


def test_products_with_sparse_matrices_are_those_with_whole_ones() -> None:
    random = np.random.default_rng(0)
    whole = np.where(random.random((4, 6)) < 0.3, random.normal(size=(4, 6)), 0.0)
    for x in (random.normal(size=4), random.normal(size=(3, 4)), random.normal(size=(2, 3, 4))):
        for kind in (scipy.sparse.csr_array, scipy.sparse.coo_matrix, scipy.sparse.csc_matrix):
            found = tw.Tensor(x) @ kind(whole)
            np.testing.assert_allclose(found.numpy(), x @ whole, atol=1e-14)
    with pytest.raises(tw.errors.ShapeError, match=r"of a sparse matrix; the inner extents"):
        tw.ones(3) @ sparse[:2]


def test_what_is_not_known_of_a_line_leaves_its_number() -> None:
    def loss(x: Any) -> Any:
        return x[0] if x[0] > 0 else x[1]

    with pytest.raises(TracingError, match=r"where instead of if.* asked for at .*callers.py:\d+"):
        tw.jit(loss)(T)
    source = "def loss(x):\n    return float(x)\n"
    space: dict[str, Any] = {}
    exec(source, space)  # no file has this source
    with pytest.raises(TracingError, match=r"It is asked for at <string>:2\."):
        tw.jit(space["loss"])(1.0)


def test_torch_is_named() -> None:
    with pytest.raises(UnsupportedOperation, match=r"torch.exp was called .* Write np.exp"):
        tw.jit(lambda t: torch.exp(t))(T)
    with pytest.raises(TypeError, match="Tensor"):
        tw.jit(lambda t: jnp.exp(t))(T)
