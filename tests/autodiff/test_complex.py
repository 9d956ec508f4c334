"""Complex intermediates of real functions: eager, compiled, batched, differentiated, trained."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg import torch as wing

X = np.random.default_rng(0).normal(size=8)
PAIR = np.stack([X, 2 * X])

# Real functions of (np, x), x real, by way of complex numbers.
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "|fft|^2": lambda np, x: np.sum(np.abs(np.fft.fft(x)) ** 2 * np.arange(1.0, 9)),
    "|fft|": lambda np, x: np.sum(np.abs(np.fft.fft(x)) * np.arange(1.0, 9)),
    "|rfft|^2": lambda np, x: np.sum(np.abs(np.fft.rfft(x)) ** 2 * np.arange(1.0, 6)),
    "fft real": lambda np, x: np.sum(np.real(np.fft.fft(x * x)) * np.arange(1.0, 9)),
    "fft imag": lambda np, x: np.sum(np.imag(np.fft.fft(np.exp(x))) * np.arange(1.0, 9)),
    "ifft fft": lambda np, x: np.sum(np.real(np.fft.ifft(np.fft.fft(x) * np.fft.fft(x))) ** 2),
    "irfft": lambda np, x: np.sum(np.fft.irfft(np.fft.rfft(x) * np.arange(5.0)) ** 3),
    "angle": lambda np, x: np.sum(np.angle(np.fft.fft(x)[1:4])),
    "conj": lambda np, x: np.sum(
        np.real(np.fft.fft(x) * np.conj(np.fft.fft(x))) * np.arange(1.0, 9)
    ),
    "exp i x": lambda np, x: np.sum(np.abs(np.sum(np.exp(1j * x * np.arange(1.0, 9)))) ** 2),
    "complex var": lambda np, x: np.var(x * (1 + 2j) * np.exp(1j * x)),
    "complex std": lambda np, x: np.std(x * (1 + 2j) * np.exp(1j * x)),
    "abs mul": lambda np, x: np.sum(np.abs(x * (1j + x))),
    "norm": lambda np, x: np.linalg.norm(np.fft.fft(x * x)),
    "norm3": lambda np, x: np.linalg.norm(np.fft.fft(x * x), 3),
    "norm1": lambda np, x: np.linalg.norm(np.fft.fft(x * x), 1),
    "norminf": lambda np, x: np.linalg.norm(np.fft.fft(x * x), np.inf),
    "log spec": lambda np, x: np.sum(np.log(np.abs(np.fft.rfft(x)) ** 2 + 1.0)),
    "fft2": lambda np, x: np.sum(
        np.abs(np.fft.fft2(np.outer(x, x**2))) ** 2 * np.outer(np.arange(8.0), np.arange(8.0))
    ),
    "matmul": lambda np, x: np.sum(
        np.abs((np.outer(x, x) + 1j * np.outer(x**2, x)) @ (x * (2 - 1j))) ** 2
    ),
    "complex power": lambda np, x: np.sum(np.real((x + 2j) ** 3)),
    "complex div": lambda np, x: np.sum(np.abs((x + 2j) / (1.0 + 1j * x))),
    "complex sqrt": lambda np, x: np.sum(np.imag(np.sqrt(x + 2j))),
    "complex log": lambda np, x: np.sum(np.real(np.log(x + 2j))),
    "complex where": lambda np, x: np.sum(np.abs(np.where(x > 0, x * 1j, x + 1j)) ** 2),
    "complex cumsum": lambda np, x: np.sum(np.abs(np.cumsum(x * np.exp(1j * x)))),
    "complex mean": lambda np, x: np.abs(np.mean(x * np.exp(1j * x))) ** 2,
    "complex prod": lambda np, x: np.abs(np.prod(x + 1j)),
    "vdot": lambda np, x: np.abs(np.vdot(np.exp(1j * x), x * np.exp(2j * x))),
    "real prop": lambda np, x: np.sum((np.exp(1j * x) * x).real ** 2),
    "imag prop": lambda np, x: np.sum((np.exp(1j * x) * x).imag ** 2),
    "sinc fft": lambda np, x: np.sum(np.abs(np.fft.fftshift(np.fft.fft(x)))[2:5] ** 2),
    "tanh": lambda np, x: np.sum(np.abs(np.tanh(x + 0.3j))),
    "concat": lambda np, x: np.sum(np.abs(np.concatenate([x * 1j, x + 0j])) ** 2 * np.arange(16.0)),
}
# Complex numbers run on the reference engine, which a warning says.
pytestmark = pytest.mark.filterwarnings("ignore:The native engine cannot run")
each_function = pytest.mark.parametrize("name", FUNCTIONS)
RUNS: dict[str, Callable[[Any], Any]] = {
    "eager": lambda f: f(tw.tensor(X)),
    "jit": lambda f: tw.jit(f)(X),
    "vmap": lambda f: tw.vmap(f)(PAIR)[0],
    "jit of vmap": lambda f: tw.jit(tw.vmap(f))(PAIR)[0],
}
SLOPES: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: tw.grad(f)(X),
    "jit of grad": lambda f: tw.jit(tw.grad(f))(X),
    "vmap of grad": lambda f: tw.vmap(tw.grad(f))(PAIR)[0],
    "jit of vmap of grad": lambda f: tw.jit(tw.vmap(tw.grad(f)))(PAIR)[0],
    "jvp": lambda f: np.array([float(tw.jvp(f, (X,), (e,))[1]) for e in np.eye(8)]),
}


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@functools.cache
def oracle(name: str) -> Callable[[Any], Any]:
    return jax.jit(jax.grad(lambda x: FUNCTIONS[name](jnp, x)))


def slopes(name: str, x: Any) -> Any:
    return np.asarray(oracle(name)(x))


@each_function
def test_values_are_those_of_numpy(name: str) -> None:
    wanted = np.asarray(FUNCTIONS[name](np, X))
    for way, run in RUNS.items():
        found = np.asarray(run(lambda x: FUNCTIONS[name](np, x)))
        assert found.dtype == wanted.dtype, way
        np.testing.assert_allclose(found, wanted, rtol=1e-9, err_msg=way)


@each_function
def test_derivatives_are_those_of_jax(name: str) -> None:
    wanted = slopes(name, X)
    for way, run in SLOPES.items():
        found = np.asarray(run(lambda x: FUNCTIONS[name](np, x)))
        assert found.dtype == np.float64, way
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9, err_msg=way)


@each_function
def test_runs_follow_the_derivatives_of_jax(name: str) -> None:
    result = tw.fit(lambda p: FUNCTIONS[name](np, p) * 1e-4, X, steps=2, optimizer=optim.sgd(0.1))
    wanted = X
    for _ in range(2):
        wanted = wanted - 1e-5 * slopes(name, wanted)
    np.testing.assert_allclose(result.params, wanted, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("single", [True, False])
def test_parts_of_complex_numbers_have_their_precision(single: bool) -> None:
    z = (X + 1j * X[::-1]).astype(np.complex64 if single else np.complex128)
    real = np.float32 if single else np.float64
    for function in (np.abs, np.real, np.imag, np.angle, np.var, np.std, np.linalg.norm):
        assert np.asarray(tw.jit(function)(z)).dtype == np.asarray(function(z)).dtype == real
    for norm in (tw.linalg.vector_norm, lambda x: tw.linalg.vector_norm(x, ord=3), wing.norm):
        assert np.asarray(tw.jit(norm)(z)).dtype == real


def test_distances_between_complex_points() -> None:
    points = (X + 1j * X[::-1]).reshape(4, 2)

    wanted = sum(np.linalg.norm(points[i] - points[j]) for i in range(4) for j in range(i + 1, 4))
    found = tw.jit(lambda x: tw.sum(wing.nn.functional.pdist(x)))(points)
    assert np.asarray(found).dtype == np.float64
    np.testing.assert_allclose(np.asarray(found), wanted)
