"""SOAP, Shampoo, MARS and cautious updates equal their papers' algorithms in plain NumPy."""

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import MASK, params
from thalweg import optim
from thalweg.errors import ArgumentError
from thalweg.optim import contrib

STEPS = 40


def gradients_of(tree: Any) -> list[Any]:
    rng = np.random.default_rng(7)
    return [tw.tree.map(lambda p: rng.normal(size=p.shape), tree) for _ in range(STEPS)]


def updates_of(made: Any, values: Any, gradients: list[Any]) -> list[Any]:
    state, found = made.init(values), []
    for gradient in gradients:
        updates, state = made.update(gradient, state, values)
        values = optim.apply_updates(values, updates)
        found.append(updates)
    return found


def assert_leaves_close(ours: list[Any], theirs: list[Any], rtol: float = 1e-10) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(tw.tree.leaves(mine), tw.tree.leaves(other), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


# ---- MARS


def mars(gradients: list[Any], rate: float, decay: float, p: Any, max_norm: float) -> list[Any]:
    """Return the updates of a vector: algorithm 2, with the last batch's gradient."""
    b1, b2, eps, gamma = 0.9, 0.95, 1e-6, 0.3
    m, v, before, found = np.zeros_like(p), np.zeros_like(p), gradients[0], []
    for t, g in enumerate(gradients, 1):
        c = g + gamma * b1 / (1 - b1) * (g - before)
        size = np.linalg.norm(c)
        c = c / size * max_norm if size > max_norm else c
        m, v, before = b1 * m + (1 - b1) * c, b2 * v + (1 - b2) * c * c, g
        u = -rate * (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + decay * p)
        p = p + u
        found.append(u)
    return found


@pytest.mark.parametrize("max_norm", [1.0, 100.0])
def test_mars_is_the_algorithm_of_its_paper(max_norm: float) -> None:
    start = np.array([1.0, -2.0, 0.5])
    gradients = gradients_of(start)
    made = contrib.mars(0.1, 0.9, 0.95, 1e-6, 0.3, max_norm, weight_decay=0.1)
    expected = mars(gradients, 0.1, 0.1, start, max_norm)
    assert_leaves_close(updates_of(made, start, gradients), expected)


# ---- cautious


def test_cautious_adam_is_the_algorithm_of_its_paper() -> None:
    start = np.linspace(-1.0, 1.0, 6)
    gradients = gradients_of(start)
    plain = updates_of(optim.adam(0.1), start, gradients)
    expected = []
    for u, g in zip(plain, gradients, strict=True):
        mask = (-u * g > 0).astype(float)
        expected.append(u * mask / max(mask.mean(), 1e-3))
    made = contrib.cautious(optim.adam(0.1))
    assert_leaves_close(updates_of(made, start, gradients), expected)
    assert any((u == 0).any() for u in expected)


def test_cautious_updates_of_which_all_disagree_are_zero() -> None:
    made = contrib.cautious(optim.scale(1.0))
    updates, _ = made.update(np.array([1.0, -2.0]), made.init(0.0))
    np.testing.assert_array_equal(updates, 0.0)


# ---- SOAP


def soap(gradients: list[Any], b1: float, b2: float, eps: float, every: int) -> list[Any]:
    """Return the directions of a matrix: algorithms 3 and 4."""
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    first = gradients[0]
    left, right = (1 - b2) * first @ first.T, (1 - b2) * first.T @ first
    q, p = np.linalg.eigh(left)[1], np.linalg.eigh(right)[1]
    found = [np.zeros_like(first)]
    for t, g in enumerate(gradients[1:], 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (q.T @ g @ p) ** 2
        turned = q.T @ (m / (1 - b1**t)) @ p
        found.append(q @ (turned / (np.sqrt(v / (1 - b2**t)) + eps)) @ p.T)
        left, right = b2 * left + (1 - b2) * g @ g.T, b2 * right + (1 - b2) * g.T @ g
        if t % every == 0:
            q, p = np.linalg.qr(left @ q)[0], np.linalg.qr(right @ p)[0]
    return found


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (2, 3)])
def test_soap_is_the_algorithm_of_its_paper(shape: Any, every: int) -> None:
    start = np.zeros(shape)
    gradients = gradients_of(start)
    made = contrib.scale_by_soap(0.8, 0.9, 1e-6, every)
    expected = soap(gradients, 0.8, 0.9, 1e-6, every)
    # Where singular values vanish the basis is free, and rounding chooses it.
    assert_leaves_close(updates_of(made, start, gradients), expected, 1e-6)


def test_soap_of_vectors_and_of_axes_that_are_too_long_is_adam_a_step_late() -> None:
    start = {"vector": np.zeros(3), "scalar": np.zeros(()), "long": np.zeros((3, 5))}
    gradients = gradients_of(start)
    made = contrib.scale_by_soap(0.9, 0.99, 1e-6, max_precondition_dim=2)
    late = updates_of(optim.scale_by_adam(0.9, 0.99, 1e-6), start, gradients[1:])
    assert_leaves_close(updates_of(made, start, gradients)[1:], late)


def test_soap_decays_weights_and_descends() -> None:
    start = np.full((3, 2), 2.0)
    made = contrib.soap(0.1, weight_decay=0.5)
    updates, _ = made.update(start, made.init(start), start)
    np.testing.assert_allclose(updates, -0.1 * 0.5 * start)


# ---- Shampoo


def power(matrix: Any, exponent: float) -> Any:
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**exponent) @ vectors.T


def shampoo(gradients: list[Any], eps: float) -> list[Any]:
    """Return the directions of a tensor: algorithm 2."""
    shape = gradients[0].shape
    matrices, found = [eps * np.eye(n) for n in shape], []
    for g in gradients:
        u = g
        for i, n in enumerate(shape):
            rows = np.moveaxis(g, i, 0).reshape(n, -1)
            matrices[i] = matrices[i] + rows @ rows.T
            root = power(matrices[i], -0.5 / len(shape))
            u = np.moveaxis(np.tensordot(root, u, (1, i)), 0, i)
        found.append(u)
    return found


@pytest.mark.parametrize("shape", [(3,), (3, 2), (2, 3, 2)])
def test_shampoo_is_the_algorithm_of_its_paper(shape: Any) -> None:
    start = np.zeros(shape)
    gradients = gradients_of(start)
    made = contrib.scale_by_shampoo(0.01)
    assert_leaves_close(updates_of(made, start, gradients), shampoo(gradients, 0.01))


def test_shampoo_of_scalars_is_adagrad() -> None:
    gradients = gradients_of(np.zeros(()))
    made = contrib.scale_by_shampoo(0.01)
    sums = 0.01 + np.cumsum(np.square(gradients))
    expected = [g / np.sqrt(s) for g, s in zip(gradients, sums, strict=True)]
    assert_leaves_close(updates_of(made, np.zeros(()), gradients), expected)


def test_shampoo_renews_its_roots_as_often_as_asked() -> None:
    start = np.zeros((2, 2))
    gradients = gradients_of(start)
    state = (made := contrib.scale_by_shampoo(precondition_frequency=3)).init(start)
    roots = []
    for gradient in gradients[:7]:
        _, state = made.update(gradient, state)
        roots.append(tw.tree.leaves(state.root)[0])
    changes = [not np.array_equal(a, b) for a, b in itertools.pairwise(roots)]
    assert changes == [False, False, True, False, False, True]


# ---- what all are

MADE = [
    contrib.soap(0.01, precondition_frequency=2),
    contrib.soap(0.01, weight_decay=0.1, mask=MASK),
    contrib.shampoo(0.1),
    contrib.shampoo(0.1, 0.9, weight_decay=0.1, precondition_frequency=2, mask=MASK),
    contrib.mars(0.01),
    contrib.cautious(optim.adam(0.05)),
    optim.chain(contrib.reduce_variance(), optim.lion(0.01)),
]
of_all = pytest.mark.parametrize("made", MADE, ids=repr)


@of_all
def test_they_pickle_and_rebuild(made: Any) -> None:
    assert pickle.loads(pickle.dumps(made)) == made
    again = made.rebuild(list(made.hyperparameters.values()))
    gradients = gradients_of(params())[:3]
    assert_leaves_close(
        updates_of(made, params(), gradients), updates_of(again, params(), gradients)
    )


@of_all
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_dtypes_and_structure_stay(made: Any, dtype: Any) -> None:
    values = params(dtype)
    state = made.init(values)
    specs = [(np.shape(s), np.asarray(s).dtype) for s in tw.tree.leaves(state)]
    for _ in range(3):
        updates, state = made.update(tw.tree.map(np.cos, values), state, values)
        values = optim.apply_updates(values, updates)
    assert {leaf.dtype for leaf in tw.tree.leaves((values, updates))} == {np.dtype(dtype)}
    assert [(np.shape(s), np.asarray(s).dtype) for s in tw.tree.leaves(state)] == specs
    assert tw.tree.structure(updates) == tw.tree.structure(values)


def loss(p: Any, x: Any) -> Any:
    return ((x @ p["w"] + p["b"] - x[:, :2]) ** 2).mean()


@of_all
def test_a_native_fit_without_fallback_equals_the_reference_engine(made: Any) -> None:
    if "mask" in repr(made):
        pytest.skip("the mask is of other parameters")
    rng = np.random.default_rng(2)
    start = {"w": rng.normal(size=(3, 2)), "b": np.zeros(2)}
    x = rng.normal(size=(20, 3))
    native, reference = (
        tw.fit(loss, start, x, optimizer=made, batch_size=5, epochs=3, engine=engine)
        for engine in ("native", "numpy")
    )
    for a, b in zip(tw.tree.leaves(native.params), tw.tree.leaves(reference.params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: contrib.soap(0.1, precondition_frequency=0), "precondition_frequency=0"),
        (lambda: contrib.shampoo(0.1, max_precondition_dim=0), "max_precondition_dim=0"),
        (lambda: contrib.shampoo(0.1, eps=0.0), "eps=0.0"),
        (lambda: contrib.mars(0.1, max_norm=0.0), "max_norm=0.0"),
        (lambda: contrib.cautious(optim.adam(0.1), 0.0), "least_share=0.0"),
        (lambda: contrib.cautious(optim.adam), r"Call it first: adam\(…\)"),
    ],
)
def test_errors_say_what_was_given_and_what_is_wanted(call: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        call()
