"""The losses of `benchmarks/losses`: values, gradients, steps, and some of the minima."""

import functools

import numpy as np
import pytest

import thalweg as tw
from benchmarks.losses import MODELS
from benchmarks.losses.model import apart

WAYS = [(name, variant) for name, model in MODELS.items() for variant in model.variants]
OPTIMUM = ("gamma", "ar", "arma", "garch", "cox", "mixture")


@functools.cache
def in_jax(name):
    """Value and gradient at the start by JAX, of the loss with a scan if there is one."""
    jax = pytest.importorskip("jax")
    from benchmarks.losses.in_jax import arrays, translated

    model = MODELS[name]
    params, data = map(arrays, model.make(model.quick))
    both = jax.value_and_grad(translated(model.scanned or model.loss))
    return jax.jit(both)(params, *data)


def by_engine(name, variant, engine):
    model = MODELS[name]
    params, data = model.make(model.quick)
    return tw.jit(tw.value_and_grad(model.variants[variant]), engine=engine)(params, *data)


def natively(run):
    """What a run returns, or a skipped test if the native engine lacks a primitive."""
    try:
        return run()
    except tw.errors.EngineError as error:
        pytest.skip(str(error).split(" (")[0])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("name", "variant"), WAYS)
def test_value_and_gradient_are_those_of_jax(name, variant):
    expected, slope = in_jax(name)
    found, gradient = by_engine(name, variant, "numpy")
    assert abs(found - expected) <= 1e-9 * abs(expected)
    assert apart(gradient, slope) <= 1e-9


@pytest.mark.parametrize(("name", "variant"), WAYS)
def test_native_value_and_gradient_are_the_reference_engines(name, variant):
    found, gradient = natively(lambda: by_engine(name, variant, "native"))
    expected, slope = by_engine(name, variant, "numpy")
    assert abs(found - expected) <= 1e-9 * abs(expected)
    assert apart(gradient, slope) <= 1e-9


@pytest.mark.parametrize(("name", "variant"), WAYS)
def test_native_steps_are_the_reference_engines(name, variant):
    model = MODELS[name]
    run = lambda engine: model.fit(variant, model.quick, 3, tw.optim.adam(0.01), engine=engine)
    found = natively(lambda: run("native"))
    expected = run("numpy")
    np.testing.assert_allclose(found.history.loss, expected.history.loss, rtol=1e-9)
    assert apart(found.params, expected.params) <= 1e-9


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.value])
def test_value_is_that_of_another_computation(name):
    if name == "gru":
        pytest.importorskip("torch")
    pytest.importorskip("scipy")
    model = MODELS[name]
    params, data = model.make(model.quick)
    assert apart(model.loss(params, *data), model.value(params, *data)) <= 1e-9


@pytest.mark.filterwarnings("ignore:The native engine cannot run")
@pytest.mark.parametrize("name", OPTIMUM)
def test_minimum_is_that_of_another_library(name):
    for library in ("scipy", "sklearn", *(["statsmodels"] if name == "cox" else [])):
        pytest.importorskip(library)
    model = MODELS[name]
    best = model.optimum(*model.make(model.size)[1])
    found = model.descend(model.size)
    assert apart(found.history.loss[-1], best.loss) <= 1e-6
    assert apart(found.params, best.params) <= 1e-6
