"""Rules in PyTorch's form are values of the algebra: they print, rebuild, trace and compile."""

import inspect
import pickle
from typing import Any

import jax
import numpy as np
import optax
import pytest

import thalweg as tw
from tests.optim.samples import Sample, listed, params
from tests.optim.test_recipe import computed, traced
from thalweg import optim
from thalweg.optim import rules

RULES: dict[str, list[Sample]] = {
    "averaged_descent": [
        lambda r: r.averaged_descent(0.01),
        lambda r: r.averaged_descent(0.05, lambd=0.1, alpha=0.5, t0=2.0),
    ],
    "count_steps": [lambda r: r.count_steps()],
    "dampened_trace": [lambda r: r.dampened_trace(0.9, 0.5)],
    "factored_descent": [
        lambda r: r.factored_descent(0.01),
        lambda r: r.factored_descent(0.1, beta2_decay=-0.5, eps1=1e-4, eps2=0.1, d=2.0),
    ],
    "orthogonalize": [lambda r: r.orthogonalize(), lambda r: r.orthogonalize((3.4, -4.7, 2.0), 3)],
    "resilient_descent": [
        lambda r: r.resilient_descent(0.1),
        lambda r: r.resilient_descent(0.1, 0.3, 1.5, 0.05, 0.12),
    ],
    "scale_by_adadelta": [lambda r: r.scale_by_adadelta(), lambda r: r.scale_by_adadelta(0.5, 0.1)],
    "scale_by_adamax": [lambda r: r.scale_by_adamax(), lambda r: r.scale_by_adamax(0.5, 0.7, 0.1)],
    "scale_by_amsgrad": [lambda r: r.scale_by_amsgrad(0.5, 0.7, 0.1)],
    "scale_by_nadam": [
        lambda r: r.scale_by_nadam(),
        lambda r: r.scale_by_nadam(0.5, 0.7, 0.1, 0.1),
    ],
    "scale_by_radam": [lambda r: r.scale_by_radam(), lambda r: r.scale_by_radam(0.5, 0.9, 0.1)],
    "scale_by_shape": [lambda r: r.scale_by_shape(), lambda r: r.scale_by_shape("match_rms_adamw")],
    "scale_by_sum": [lambda r: r.scale_by_sum(), lambda r: r.scale_by_sum(0.5, 0.1)],
    "trace_average": [lambda r: r.trace_average(), lambda r: r.trace_average(0.5, False)],
}
OF_MATRICES = ("orthogonalize", "scale_by_shape")
# They update by themselves; the others leave the step down the slope to a rate.
DESCENTS = ("averaged_descent", "factored_descent", "resilient_descent")

each_rule = pytest.mark.parametrize("sample", listed(RULES))


def names(sample: Sample) -> str:
    return repr(sample(rules)).partition("(")[0]


def values_for(sample: Sample, dtype: Any = np.float64) -> Any:
    """Return sample parameters; matrices alone for rules of matrices."""
    values = params(dtype)
    if names(sample) in OF_MATRICES:
        return {"matrix": values["matrix"], "wide": values["matrix"].T * 2}
    return values


def test_every_rule_has_a_row() -> None:
    made = {
        name
        for name in rules.__all__
        if inspect.isfunction(getattr(rules, name)) and name != "inverse_decay"
    }
    assert made == RULES.keys()


@each_rule
def test_a_rule_prints_pickles_and_rebuilds(sample: Sample) -> None:
    made = sample(rules)
    assert eval(repr(made), {name: getattr(rules, name) for name in rules.__all__}) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.rebuild(list(made.hyperparameters.values())) == made


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@each_rule
def test_a_traced_step_equals_the_eager_one_and_keeps_dtypes(sample: Sample, dtype: Any) -> None:
    made, values = sample(rules), values_for(sample, dtype)
    gradient = tw.tree.map(lambda p: np.cos(3 * p), values)
    state = made.init(values)
    for _ in range(2):
        _, state = made.update(gradient, state, values)
    program, arguments = traced(made, values, gradient, state)
    updates, after = made.update(gradient, state, values)
    before = [np.asarray(leaf).dtype for leaf in tw.tree.leaves((values, state))]
    expected = tw.tree.leaves((optim.apply_updates(values, updates), after))
    assert [np.asarray(leaf).dtype for leaf in expected] == before
    for ours, eager in zip(computed(program, arguments), expected, strict=True):
        rtol = 1e-13 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(ours, np.asarray(eager), rtol=rtol, atol=rtol)


@each_rule
def test_a_rule_compiles(sample: Sample) -> None:
    made = sample(rules)
    optimizer = made if names(sample) in DESCENTS else optim.chain(made, optim.sgd(0.01))
    rng = np.random.default_rng(0)
    start = {"w": rng.normal(size=(4, 3))}
    x = rng.normal(size=(20, 4))
    data = (x, x @ rng.normal(size=(4, 3)))

    def loss(p: Any, x: Any, y: Any) -> Any:
        return np.mean((x @ p["w"] - y) ** 2)

    fits = [
        tw.fit(loss, start, data, optimizer=optimizer, batch_size=5, epochs=3, engine=engine)
        for engine in ("native", "numpy")
    ]
    found, expected = (np.asarray(fit.params["w"]) for fit in fits)
    assert np.isfinite(found).all()
    # Rounding to eight bits turns a last digit now and then.
    rtol = 1e-2 if names(sample) == "orthogonalize" else 1e-9
    np.testing.assert_allclose(found, expected, rtol=rtol)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (rules.scale_by_adamax(0.8, 0.9, 1e-3), optax.scale_by_adamax(0.8, 0.9, 1e-3)),
        (rules.scale_by_adadelta(0.8, 1e-3), optax.scale_by_adadelta(0.8, 1e-3)),
    ],
)
def test_a_rule_of_the_same_form_equals_that_of_optax(ours: Any, theirs: Any) -> None:
    values = {name: value for name, value in params().items() if name != "layer"}
    with jax.enable_x64(True):
        mine, reference = ours.init(values), theirs.init(values)
        for step in range(5):
            gradient = {name: np.cos(value + step) for name, value in values.items()}
            found, mine = ours.update(gradient, mine, values)
            expected, reference = theirs.update(gradient, reference, values)
            for name in values:
                np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_a_rate_falls_inversely() -> None:
    schedule = rules.inverse_decay(2.0, 0.5)
    assert [schedule(step) for step in (0, 2, 6)] == [2.0, 1.0, 0.5]
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_matrices_become_nearly_orthogonal() -> None:
    g = np.random.default_rng(0).normal(size=(6, 3))
    flat = rules.orthogonalize()
    u, _ = flat.update(tw.Tensor(g), flat.init(g))
    singular = np.linalg.svd(np.asarray(u), compute_uv=False)
    assert ((singular > 0.6) & (singular < 1.3)).all()
    left, _, right = np.linalg.svd(g, full_matrices=False)
    assert np.abs(np.asarray(u) - left @ right).max() < 0.4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: rules.scale_by_nadam(momentum_decay=-1.0), "momentum_decay=-1.0"),
        (lambda: rules.resilient_descent(eta_plus=0.0), "eta_plus=0.0"),
        (lambda: rules.scale_by_shape("originel"), "Did you mean 'original'"),
        (lambda: rules.factored_descent(d=0.0), "d=0.0"),
        (lambda: rules.averaged_descent(-0.1), "learning_rate=-0.1"),
    ],
)
def test_numbers_out_of_range_are_refused(make: Any, words: str) -> None:
    with pytest.raises(tw.errors.ArgumentError, match=words):
        make()


def test_only_matrices_can_be_made_orthogonal() -> None:
    with pytest.raises(tw.errors.ShapeError, match="only matrices can be"):
        rules.orthogonalize().update(tw.ones(3), optim.EmptyState())
