"""What is written through views is what NumPy writes, however the function is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg import torch as wing

Array = np.ndarray[Any, Any]
P = np.arange(6.0).reshape(2, 3) / 4 + 0.5

Function = Callable[[Any, Any], Any]
FUNCTIONS: dict[str, Function] = {}


def example(function: Function) -> Function:
    """File a function of an array and a namespace under its name."""
    FUNCTIONS[function.__name__] = function
    return function


@example
def a_row(p: Any, xp: Any) -> Any:
    y = p * 2
    row = y[0]
    row += 1
    return y


@example
def rows_in_a_loop(p: Any, xp: Any) -> Any:
    y = p * 2
    for r in y:
        r *= 2
        r[0] -= 1
    return y


@example
def reshaped(p: Any, xp: Any) -> Any:
    y = p * 2
    y.reshape(-1)[3] = 0
    y.ravel()[1:] = y.ravel()[:-1]
    return y


@example
def a_copy_by_reshape(p: Any, xp: Any) -> Any:
    y = p.T * 2
    z = y.reshape(-1)
    z[3] = 0
    z[1] = y[0, 0]
    return np.concatenate([y.reshape(-1), z])


@example
def a_copy_that_is_contiguous(p: Any, xp: Any) -> Any:
    y = p.T.copy()
    y.reshape(-1)[1] = 0
    z = np.copy(p.T)
    z.reshape(-1)[1] = 0
    return np.concatenate([y.reshape(-1), z.reshape(-1)])


@example
def a_reshape_of_what_lies_in_columns(p: Any, xp: Any) -> Any:
    y = p.T * 2
    y[1:] = y[0, 0]
    z = np.concatenate([y, y]).T.reshape(-1)
    y.T.reshape(-1)[1:] -= 1
    z[2] = y[0, 1]
    return np.concatenate([y.reshape(-1), z])


@example
def halves(p: Any, xp: Any) -> Any:
    y = p * 2
    a, b = np.split(y, 2)
    a += b
    b *= a
    return y


@example
def transposed(p: Any, xp: Any) -> Any:
    y = p * 2
    y.T[0] = 0
    y.T[1:] *= 3
    return y


@example
def an_axis_more(p: Any, xp: Any) -> Any:
    y = p * 2
    np.expand_dims(y, 0)[0, 1] += y[0]
    y[:, None, 0] = 5
    return y


@example
def rows_exchanged_by_views(p: Any, xp: Any) -> Any:
    y = p * 2
    y[0], y[1] = y[1], y[0]
    return y


@example
def rows_exchanged_by_a_copy(p: Any, xp: Any) -> Any:
    y = p * 2
    y[0], y[1] = y[1], y[0].copy()
    return y


@example
def elements_exchanged(p: Any, xp: Any) -> Any:
    y = p[0] * 2
    # As they are, they would be values in NumPy and views in PyTorch.
    y[0], y[2] = y[2] * 1, y[0] * 1
    return y


@example
def chains(p: Any, xp: Any) -> Any:
    y = p * 1
    y[:, 1:][::-1][0] += 1
    y[0][::2][0] += y[1][1]
    np.flip(y)[0, 0] = y[::-1][0, 0]
    np.rot90(y)[0] *= 2
    return y


@example
def views_read_after_the_base_changed(p: Any, xp: Any) -> Any:
    y = p * 2
    v, w = y[1:], y.reshape(-1)
    y *= 3
    v[0, ::2] += w[1]
    w[4] = v[0, 0]
    return np.concatenate([y.reshape(-1), v.reshape(-1), w])


@example
def by_out(p: Any, xp: Any) -> Any:
    y = p * 2
    np.add(y[0], 1, out=y[0])
    np.multiply(y, p, out=y)
    return y


@example
def by_functions(p: Any, xp: Any) -> Any:
    y = p * 2
    np.fill_diagonal(y, 0)
    np.put(y, [1, -1], [7, p[0, 0]])
    np.copyto(y[1], p[0])
    np.copyto(y, 1.5, where=y > 2)
    np.putmask(y, np.array([[True, False, False], [False, True, False]]), p * 3)
    np.place(y, np.array([[False, False, True], [True, False, False]]), [0.25, 0.5])
    np.put_along_axis(y, np.array([[1], [0]]), p[:, :1], 1)
    return y


@example
def by_methods(p: Any, xp: Any) -> Any:
    y = p * 2
    y[0].fill(3)
    y.flat[4] = p[0, 1]
    y.flat[:2] = [0.5, 0.25]
    return y


@example
def a_buffer(p: Any, xp: Any) -> Any:
    r = xp.zeros(3)
    tail = r[1:]
    r[0] = p[0, 0] ** 2
    tail[0] += p[1, 1]
    tail *= 2
    return r


@example
def a_computed_buffer(p: Any, xp: Any) -> Any:
    r = xp.ones(3) * 2
    a = p[0] * r
    r[0] = 5.0
    b = p[0] * r
    r[1] = b[0]
    return np.stack([a, b, r])


@example
def other_buffers(p: Any, xp: Any) -> Any:
    a, b, c = xp.empty((2, 3)), xp.full((2, 3), 0.5), xp.zeros_like(p)
    d = xp.arange(6.0).reshape(2, 3)
    a[:] = p
    b[1] = p[0]
    c.T[1] = p[:, 0]
    d[0, ::2] *= p[1, :2]
    return np.stack([a, b, c, d])


@example
def a_recurrence(p: Any, xp: Any) -> Any:
    y = xp.zeros(6)
    y[0] = p[0, 0]
    for i in range(1, 6):
        y[i] = 0.5 * y[i - 1] + p.reshape(-1)[i]
    return y


@example
def duplicates(p: Any, xp: Any) -> Any:
    y = p[0] * 2
    y[[0, 0, 2]] = p[1]
    y[[1, 1]] += p[0, :2]
    return y


@example
def copies_are_apart(p: Any, xp: Any) -> Any:
    y = p * 1
    for z in (y.copy(), +y, np.copy(y), y.astype(float), np.round(y, 8), y[[0, 1]]):
        z *= 0
    return y


@example
def real_and_imaginary_parts(p: Any, xp: Any) -> Any:
    z = p + 0.5j * p
    z.real[0] *= 2
    z.imag[:, 1] = p[:, 0]
    return z.real - 3 * z.imag


@example
def broadcast_values(p: Any, xp: Any) -> Any:
    y = xp.zeros((2, 2, 3))
    y[:] = p
    y[0, :, 1:] = p[:, :1]
    y[..., 0] -= 1
    return y


def difference_quotients(function: Function) -> Array:
    weights = np.cos(np.arange(np.size(function(P.copy(), np))))
    found = np.zeros(P.size)
    for i in range(P.size):
        ahead, behind = P.copy(), P.copy()
        ahead.flat[i] += 1e-6
        behind.flat[i] -= 1e-6
        rise = function(ahead, np) - function(behind, np)
        found[i] = weights @ rise.reshape(-1) / 2e-6
    return found.reshape(P.shape)


# The native engine has no complex numbers.
ENGINES = {"real_and_imaginary_parts": "numpy"}


def loss_of(function: Function) -> Callable[[Any], Any]:
    def loss(p: Any) -> Any:
        values = function(p, wing).reshape(-1)
        return np.sum(values * np.cos(np.arange(values.size)))

    return loss


@pytest.mark.parametrize("name", FUNCTIONS)
def test_writes_do_what_numpy_does(name: str) -> None:
    function = FUNCTIONS[name]
    wanted, given = function(P.copy(), np), P.copy()
    for found in (
        function(wing.tensor(given), wing),
        tw.jit(lambda p: function(p, wing), engine=ENGINES.get(name, "auto"))(given),
        wing.vmap(lambda p: function(p, wing))(np.stack([given, given + 1]))[0],
        tw.jit(lambda p: wing.vmap(lambda q: function(q, wing))(p), engine="numpy")(
            np.stack([given, given])
        )[1],
        tw.jit(lambda p: tw.jit(lambda q: function(q, wing))(p * 1.0), engine="numpy")(given),
    ):
        np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-13)
    assert (given == P).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_writes_are_those_of_numpys_values(name: str) -> None:
    loss, slopes = loss_of(FUNCTIONS[name]), difference_quotients(FUNCTIONS[name])
    for differentiated in (
        tw.jit(tw.grad(loss), engine="numpy"),
        lambda p: wing.vmap(tw.grad(loss))(np.stack([p, p]))[0],
        tw.jit(lambda p: tw.jvp(loss, (p,), (p,))[1], engine="numpy"),
    ):
        found = np.asarray(differentiated(P))
        right = slopes if found.ndim else np.sum(slopes * P)
        np.testing.assert_allclose(found, right, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["a_row", "rows_in_a_loop", "a_buffer", "by_functions", "chains"])
def test_a_fit_descends_along_the_derivative_of_what_is_written(name: str) -> None:
    loss = loss_of(FUNCTIONS[name])
    found = tw.fit(loss, P, optimizer=optim.sgd(0.125), steps=1, progress=False).params
    wanted = P - 0.125 * difference_quotients(FUNCTIONS[name])
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-6, atol=1e-9)


def test_a_batch_is_the_losss_own() -> None:
    def loss(w: Any, X: Any, y: Any) -> Any:
        X[:, 0] = 1.0
        rows = X - w
        rows[0] = 0.0
        y *= 2.0
        return np.mean((rows.sum(1) - y) ** 2)

    X, y = np.arange(12.0).reshape(4, 3), np.arange(4.0)
    given = X.copy(), y.copy()
    fitted = tw.fit(loss, np.ones(3), (X, y), optimizer=optim.sgd(0.01), steps=1, progress=False)
    slopes = np.zeros(3)
    for i, step in enumerate(np.eye(3) * 1e-6):
        rise = loss(1 + step, X.copy(), y.copy()) - loss(1 - step, X.copy(), y.copy())
        slopes[i] = rise / 2e-6
    np.testing.assert_allclose(np.asarray(fitted.params), 1 - 0.01 * slopes, rtol=1e-6)
    assert (given[0] == X).all()
    assert (given[1] == y).all()
