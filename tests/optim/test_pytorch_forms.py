"""What Optax has not, or not in PyTorch's form: it prints, rebuilds, traces and compiles."""

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import OWN_TRANSFORMATIONS, Sample, listed, params
from tests.optim.test_recipe import traced
from thalweg import optim
from thalweg.core.program import evaluate

OF_MATRICES = ("orthogonalize", "scale_by_shape")
# They update by themselves; the others leave the step down the slope to a rate.
DESCENTS = ("asgd", "factored_descent")

# They look at parameters by their names, and have tests of their own.
BY_NAME = ("groups", "monitor", "with_weight_decay")

FORMS = {name: rows for name, rows in OWN_TRANSFORMATIONS.items() if name not in BY_NAME}

each_form = pytest.mark.parametrize("sample", listed(FORMS))


def names(sample: Sample) -> str:
    return repr(sample(optim)).partition("(")[0]


def values_for(sample: Sample, dtype: Any = np.float64) -> Any:
    """Return sample parameters; matrices alone for rules of matrices."""
    values = params(dtype)
    if names(sample) in OF_MATRICES:
        return {"matrix": values["matrix"], "wide": values["matrix"].T * 2}
    return values


@each_form
def test_it_prints_pickles_and_rebuilds(sample: Sample) -> None:
    made = sample(optim)
    assert eval(repr(made), {name: getattr(optim, name) for name in optim.__all__}) == made
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.rebuild(list(made.hyperparameters.values())) == made


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@each_form
def test_a_traced_step_equals_the_eager_one_and_keeps_dtypes(sample: Sample, dtype: Any) -> None:
    made, values = sample(optim), values_for(sample, dtype)
    gradient = tw.tree.map(lambda p: np.cos(3 * p), values)
    state = made.init(values)
    for _ in range(2):
        _, state = made.update(gradient, state, values)
    program, arguments = traced(made, values, gradient, state)
    updates, after = made.update(gradient, state, values)
    before = [np.asarray(leaf).dtype for leaf in tw.tree.leaves((values, state))]
    expected = tw.tree.leaves((optim.apply_updates(values, updates), after))
    assert [np.asarray(leaf).dtype for leaf in expected] == before
    for ours, eager in zip(evaluate(program, arguments), expected, strict=True):
        rtol = 1e-13 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(ours, np.asarray(eager), rtol=rtol, atol=rtol)


@each_form
def test_it_compiles(sample: Sample) -> None:
    made = sample(optim)
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


def test_a_rate_falls_inversely() -> None:
    schedule = optim.inverse_decay(2.0, 0.5)
    assert [schedule(step) for step in (0, 2, 6)] == [2.0, 1.0, 0.5]
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_matrices_become_nearly_orthogonal() -> None:
    g = np.random.default_rng(0).normal(size=(6, 3))
    flat = optim.orthogonalize()
    u, _ = flat.update(tw.Tensor(g), flat.init(g))
    singular = np.linalg.svd(np.asarray(u), compute_uv=False)
    assert ((singular > 0.6) & (singular < 1.3)).all()
    left, _, right = np.linalg.svd(g, full_matrices=False)
    assert np.abs(np.asarray(u) - left @ right).max() < 0.4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: optim.scale_by_nadam(momentum_decay=-1.0), "momentum_decay=-1.0"),
        (lambda: optim.scale_by_rprop(0.1, eta_plus=0.0), "eta_plus=0.0"),
        (lambda: optim.scale_by_shape("originel"), "Did you mean 'original'"),
        (lambda: optim.factored_descent(d=0.0), "d=0.0"),
        (lambda: optim.asgd(-0.1), "learning_rate=-0.1"),
    ],
)
def test_numbers_out_of_range_are_refused(make: Any, words: str) -> None:
    with pytest.raises(tw.errors.ArgumentError, match=words):
        make()


def test_only_matrices_can_be_made_orthogonal() -> None:
    with pytest.raises(tw.errors.ShapeError, match="only matrices can be"):
        optim.orthogonalize().update(tw.ones(3), optim.EmptyState())
