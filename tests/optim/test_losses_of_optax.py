"""Every loss of Optax: its values and derivatives in float64, and compiled natively."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(6, 4)) * 3
Y = RANDOM.normal(size=(6, 4))
SOFT = RANDOM.dirichlet(np.ones(4), size=6)
ONE_HOT = np.eye(4)[[0, 3, 1, 1, 2, 0]]
CLASSES = np.array([0, 3, 1, 1, 2, 0])
SIGNS = np.where(Y > 0, 1.0, -1.0)
HARD = (Y > 0).astype(float)
MASK = RANDOM.uniform(size=(6, 4)) < 0.7
MASK[:, 1] = True
EMPTY_ROW = MASK.copy()
EMPTY_ROW[2] = False
LABELLED = MASK.copy()
LABELLED[np.arange(6), CLASSES] = True
IMPOSSIBLE = np.where(ONE_HOT > 0, X, np.where(X > 2, -np.inf, X))
CUBE = RANDOM.normal(size=(3, 4, 5))
PICTURE = RANDOM.normal(size=(2, 3, 3, 4))
PLACES = np.eye(4)[RANDOM.integers(0, 4, (2, 3, 3))]
PROBABILITIES = RANDOM.dirichlet(np.ones(4), size=(2, 3, 3))
FRAMES = RANDOM.normal(size=(3, 7, 5))
TIMES = (np.arange(7) >= np.array([7, 5, 6])[:, None]).astype(float)
WORDS = np.array([[1, 2, 2], [3, 3, 0], [4, 9, -1]])
ENDS = (np.arange(3) >= np.array([3, 2, 1])[:, None]).astype(float)
ZEROS = (np.zeros((3, 7)), np.zeros((3, 3)))
WEIGHTS = RANDOM.uniform(size=4)


class Row(NamedTuple):
    """A loss of one array, of which the derivative is taken, and what else it is called with."""

    call: Callable[[Any, Any], Any]  # of the namespace and that array
    start: Any
    same_gradient: bool = True  # False where Optax's has a NaN and ours has none
    nearness: float = 1e-13  # of derivatives, where a logarithm of -10⁵ has no more digits


def of(name: str, start: Any, *args: Any, same_gradient: bool = True, **kwargs: Any) -> Row:
    def call(losses: Any, x: Any) -> Any:
        return getattr(losses, name)(x, *args, **kwargs)

    return Row(call, start, same_gradient)


ROWS: dict[str, list[Row]] = {
    "squared_error": [of("squared_error", X, Y), of("squared_error", X)],
    "l2_loss": [of("l2_loss", X, Y), of("l2_loss", X)],
    "huber_loss": [
        of("huber_loss", X, Y),
        of("huber_loss", X, delta=2.5),
        of("huber_loss", np.array([-1.0, 0.0, 1.0, 5.0])),
    ],
    "log_cosh": [of("log_cosh", X, Y), of("log_cosh", np.array([-800.0, 0.0, 800.0]))],
    "cosine_similarity": [
        of("cosine_similarity", X, Y),
        of("cosine_similarity", X, Y, axis=None, where=MASK),
        of("cosine_similarity", CUBE, CUBE[::-1], axis=(0, 2)),
        of("cosine_similarity", X * 1e-3, Y, epsilon=1e-4, axis=0),
    ],
    "cosine_distance": [of("cosine_distance", X, Y), of("cosine_distance", X, Y, where=MASK)],
    "hinge_loss": [of("hinge_loss", X, SIGNS), of("hinge_loss", np.array([1.0, 2.0]), 1.0)],
    "perceptron_loss": [of("perceptron_loss", X, SIGNS)],
    "sigmoid_binary_cross_entropy": [
        of("sigmoid_binary_cross_entropy", X, SOFT),
        of("sigmoid_binary_cross_entropy", X * 200, HARD),
    ],
    "sigmoid_focal_loss": [
        of("sigmoid_focal_loss", X, HARD),
        of("sigmoid_focal_loss", X, SOFT, alpha=0.3, gamma=1.5),
        of("sigmoid_focal_loss", X * 20, HARD, gamma=0.5),
    ],
    "sparsemax_loss": [
        of("sparsemax_loss", X, HARD.astype(int)),
        of("sparsemax_loss", np.array([-1.0, 1.0, 0.5]), np.array([True, False, True])),
    ],
    "softmax_cross_entropy": [
        of("softmax_cross_entropy", X, SOFT),
        of("softmax_cross_entropy", X, SOFT, axis=None),
        of("softmax_cross_entropy", X, SOFT, axis=0, where=MASK),
        of("softmax_cross_entropy", X, SOFT, where=EMPTY_ROW),
        of("softmax_cross_entropy", CUBE, CUBE**2, axis=(0, 2)),
    ],
    "safe_softmax_cross_entropy": [
        of("safe_softmax_cross_entropy", X, SOFT),
        of("safe_softmax_cross_entropy", IMPOSSIBLE, ONE_HOT),
    ],
    "softmax_cross_entropy_with_integer_labels": [
        of("softmax_cross_entropy_with_integer_labels", X, CLASSES),
        of("softmax_cross_entropy_with_integer_labels", X, CLASSES - 4),
        of("softmax_cross_entropy_with_integer_labels", X, CLASSES, where=LABELLED),
        of("softmax_cross_entropy_with_integer_labels", X, CLASSES, where=CLASSES > 0),
        of("softmax_cross_entropy_with_integer_labels", CUBE, np.array([14, 3, 7, 0]), axis=(2, 0)),
        of("softmax_cross_entropy_with_integer_labels", X, CLASSES[:4], axis=0),
    ],
    "poly_loss_cross_entropy": [
        of("poly_loss_cross_entropy", X, SOFT),
        of("poly_loss_cross_entropy", X, SOFT, epsilon=-0.5, axis=0, where=MASK),
        of("poly_loss_cross_entropy", CUBE, CUBE**2, axis=(0, 1)),
    ],
    "kl_divergence": [
        of("kl_divergence", X, SOFT),
        of("kl_divergence", X, ONE_HOT, axis=0, where=MASK),
        Row(lambda o, q: o.kl_divergence(X, q, axis=None), SOFT),
        Row(lambda o, q: o.kl_divergence(X, q), ONE_HOT, same_gradient=False),
    ],
    "kl_divergence_with_log_targets": [
        of("kl_divergence_with_log_targets", X, Y),
        of("kl_divergence_with_log_targets", X, Y, axis=(0, 1), where=MASK),
        Row(lambda o, q: o.kl_divergence_with_log_targets(X, q), Y),
    ],
    "generalized_kl_divergence": [
        of("generalized_kl_divergence", X, SOFT),
        of("generalized_kl_divergence", X, ONE_HOT, where=MASK),
    ],
    "convex_kl_divergence": [of("convex_kl_divergence", X, SOFT, axis=0)],
    "multiclass_hinge_loss": [
        of("multiclass_hinge_loss", X, CLASSES),
        of("multiclass_hinge_loss", CUBE, np.array([[0, 1, 4, 7], [2, 2, -1, 3], [4, 0, 1, 1]])),
        of("multiclass_hinge_loss", np.zeros((2, 3)), np.array([0, 1])),
    ],
    "multiclass_perceptron_loss": [
        of("multiclass_perceptron_loss", X, CLASSES),
        of("multiclass_perceptron_loss", X, np.array([0, 9, 1, 1, 2, -1])),
    ],
    "multiclass_sparsemax_loss": [
        of("multiclass_sparsemax_loss", X, CLASSES),
        of("multiclass_sparsemax_loss", 0.1 * X, CLASSES),
        of("multiclass_sparsemax_loss", np.zeros((2, 3)), np.array([0, 1])),
    ],
    "smooth_labels": [
        of("smooth_labels", SOFT, 0.1),
        of("smooth_labels", SOFT, 0.3, axis=None),
        of("smooth_labels", CUBE, 0.3, axis=(0, 1)),
        of("smooth_labels", SOFT, 0.2, axis=0, where=MASK),
    ],
    "ranking_softmax_loss": [
        of("ranking_softmax_loss", X, Y**2),
        of("ranking_softmax_loss", X, CLASSES[:4] * np.ones((6, 1)), weights=WEIGHTS),
        of("ranking_softmax_loss", X, Y**2, where=MASK),
        of("ranking_softmax_loss", X, Y**2, where=EMPTY_ROW),
        of("ranking_softmax_loss", X, Y**2, where=EMPTY_ROW, reduce_fn=None),
        of("ranking_softmax_loss", X, Y**2, where=MASK & False),
        Row(
            lambda o, x: o.ranking_softmax_loss(
                x, Y**2, where=MASK, reduce_fn=jax.numpy.sum if o is optax.losses else tw.sum
            ),
            X,
        ),
    ],
    "dice_loss": [
        of("dice_loss", PICTURE, PLACES),
        of("dice_loss", PICTURE, PLACES, class_weights=WEIGHTS, reduction="none"),
        of("dice_loss", PICTURE, PLACES, reduction="sum", ignore_background=True, axis=(0, 1, 2)),
        of("dice_loss", PICTURE, PLACES, alpha=0.3, beta=0.7, smooth=0.1, axis=1),
        of("dice_loss", PICTURE[..., 0], PLACES[..., :1]),
    ],
    "multiclass_generalized_dice_loss": [
        of("multiclass_generalized_dice_loss", PICTURE, PLACES),
        of("multiclass_generalized_dice_loss", PICTURE, PLACES, ignore_background=True, smooth=0.5),
    ],
    "binary_dice_loss": [
        of("binary_dice_loss", PICTURE[..., 0], PLACES[..., 0]),
        of("binary_dice_loss", PICTURE[..., :1], PLACES[..., :1], smooth=0.5),
    ],
    "ctc_loss": [
        of("ctc_loss", FRAMES, TIMES, WORDS, ENDS),
        of("ctc_loss", FRAMES, ZEROS[0], WORDS % 5, ZEROS[1], blank_id=4),
        of("ctc_loss", FRAMES[:, :2], TIMES[:, :2], WORDS % 5, ZEROS[1], log_epsilon=-1e3),
    ],
    "ctc_loss_with_forward_probs": [
        Row(
            lambda o, x, i=i: o.ctc_loss_with_forward_probs(x, TIMES, WORDS, ENDS)[i],
            FRAMES,
            True,
            1e-10,
        )
        for i in range(3)
    ],
    "ntxent": [
        of("ntxent", X, np.array([0, 0, 1, 1, 2, 2])),
        of("ntxent", X, np.array([0, 0, 0, 1, 1, 5]), temperature=0.5),
        of("ntxent", X[:, :1], np.array([0, 0, 1, 1, 0, 1]), 1.0),
        of("ntxent", X, np.zeros(6, int)),
    ],
    "triplet_margin_loss": [
        of("triplet_margin_loss", X, Y, Y[::-1]),
        of("triplet_margin_loss", X, Y, Y + 9, axis=0, norm_degree=4, margin=0.3, eps=0.1),
    ],
    "make_fenchel_young_loss": [
        Row(
            lambda o, x: o.make_fenchel_young_loss(
                jax.nn.logsumexp if o is optax.losses else tw.logsumexp
            )(x, SOFT),
            X,
        ),
        Row(
            lambda o, x: o.make_fenchel_young_loss(jax.numpy.max if o is optax.losses else tw.max)(
                x, CUBE**2
            ),
            CUBE,
        ),
    ],
}

LISTED = [
    pytest.param(row, id=f"{name}-{i}") for name, rows in ROWS.items() for i, row in enumerate(rows)
]
each_row = pytest.mark.parametrize("row", LISTED)
quiet = pytest.mark.filterwarnings("ignore:The function convex_kl:DeprecationWarning")


def summed(row: Row, losses: Any, total: Any) -> Callable[[Any], Any]:
    """Return the sum of a row's losses, each with a weight of its own."""

    def function(x: Any) -> Any:
        found = row.call(losses, x)
        weights = np.cos(np.arange(float(np.prod(found.shape)))).reshape(found.shape)
        return total(found * weights)

    return function


def test_every_loss_of_optax_has_a_row() -> None:
    public = {name for name in vars(optax.losses) if not name.startswith("_")}
    assert {name for name in public if callable(getattr(optax.losses, name))} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_arguments_are_those_of_optax(name: str) -> None:
    ours, theirs = (
        inspect.signature(getattr(space, name)).parameters for space in (tw.losses, optax.losses)
    )
    assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]
    for mine, other in zip(ours.values(), theirs.values(), strict=True):
        if not callable(mine.default):
            assert mine.default == other.default
    assert getattr(tw.optim, name, None) is getattr(tw.losses, name)


@pytest.mark.sampled(3)
@quiet
@each_row
def test_values_and_derivatives_are_those_of_optax(row: Row) -> None:
    with jax.enable_x64(True):
        expected = np.asarray(jax.jit(lambda x: row.call(optax.losses, x))(row.start))
        slope = np.asarray(jax.jit(jax.grad(summed(row, optax.losses, jax.numpy.sum)))(row.start))
    found = row.call(tw.losses, row.start)
    assert found.dtype == np.float64
    assert tuple(found.shape) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    ours = tw.grad(summed(row, tw.losses, tw.sum))(row.start)
    if not row.same_gradient:
        assert np.isnan(slope).any()
        assert np.isfinite(ours).all()
        slope = np.where(np.isnan(slope), ours, slope)
    np.testing.assert_allclose(ours, slope, rtol=1e-12, atol=row.nearness)


def kinds_of(result: Any) -> set[type]:
    return set(map(type, tw.tree.leaves(result)))


@quiet
@each_row
def test_results_are_of_the_kind_of_the_predictions(row: Row) -> None:
    found = row.call(tw.losses, row.start)
    assert kinds_of(found) <= {np.ndarray, np.float64}
    tensors = row.call(tw.losses, tw.Tensor(row.start))
    assert kinds_of(tensors) == {tw.Tensor}
    listed = row.call(tw.losses, row.start.tolist())
    assert kinds_of(listed) <= {np.ndarray, np.float64}
    for one, other, third in zip(*map(tw.tree.leaves, (found, tensors, listed)), strict=True):
        assert other.numpy().tobytes() == third.tobytes() == one.tobytes()


@quiet
@pytest.mark.parametrize("name", ROWS)
def test_a_fit_in_numpy_calls_them_natively(name: str) -> None:
    row = ROWS[name][0]

    def loss(w: Any) -> Any:
        found = row.call(tw.losses, w)
        assert kinds_of(found) == {tw.Tensor}
        return np.mean(found)

    fit = tw.fit(loss, row.start, optimizer=tw.optim.sgd(1e-4), steps=3)
    assert fit.engine == "native"
    slope = tw.grad(loss)(row.start)
    one = tw.fit(loss, row.start, optimizer=tw.optim.sgd(1e-4), steps=1).params
    np.testing.assert_allclose(one, row.start - 1e-4 * slope, rtol=1e-12, atol=1e-15)


@quiet
@each_row
def test_gradients_compile_natively(row: Row) -> None:
    gradient = tw.value_and_grad(summed(row, tw.losses, tw.sum))
    compiled = tw.jit(gradient, engine="native", fallback="refuse")
    for found, expected in zip(compiled(row.start), gradient(row.start), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@quiet
@each_row
def test_single_precision_stays(row: Row) -> None:
    start = row.start.astype(np.float32)
    assert tw.grad(summed(row, tw.losses, tw.sum))(start).dtype == np.float32


def test_numbers_give_numbers_and_a_constant_stays_one_inside_a_gradient() -> None:
    assert tw.losses.l2_loss(2.0) == 2.0
    assert type(tw.losses.l2_loss(2.0)) is float
    assert type(tw.losses.hinge_loss(np.float32(0.5), 1)) is np.float32
    kinds: list[type] = []

    def loss(w: Any) -> Any:
        constant = tw.losses.l2_loss(X, Y)
        kinds.append(type(constant))
        return np.sum(tw.losses.l2_loss(w, constant))

    np.testing.assert_allclose(tw.grad(loss)(X), X - (X - Y) ** 2 / 2, rtol=1e-14)
    assert set(kinds) == {np.ndarray}


def test_results_are_the_callers_own() -> None:
    found = tw.losses.smooth_labels(SOFT, 0.0)
    assert not np.shares_memory(found, SOFT)
    found[:] = 0.0
    assert SOFT.sum() == pytest.approx(6.0)


def test_results_are_written_where_out_says() -> None:
    out = np.empty((6, 4))
    assert tw.losses.l2_loss(X, Y, out=out) is out
    np.testing.assert_array_equal(out, tw.losses.l2_loss(X, Y))
    number = np.empty(())
    assert tw.losses.l2_loss(2.0, out=number) is number
    assert number == 2.0
    tensor = tw.zeros((6, 4))
    assert tw.losses.l2_loss(X, Y, out=tensor) is tensor
    np.testing.assert_array_equal(tensor.numpy(), out)


def test_logits_that_cannot_be_have_no_gradient() -> None:
    slope = tw.grad(lambda x: tw.sum(tw.losses.safe_softmax_cross_entropy(x, ONE_HOT)))(IMPOSSIBLE)
    assert np.isfinite(slope).all()
    assert (slope[np.isinf(IMPOSSIBLE)] == 0).all()


def test_a_deprecated_name_warns_with_the_new_one() -> None:
    with pytest.warns(DeprecationWarning, match="Please use generalized_kl_divergence instead"):
        found = tw.losses.convex_kl_divergence(X, SOFT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = tw.losses.generalized_kl_divergence(X, SOFT)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["squared_error", "l2_loss", "perceptron_loss"])
def test_shapes_that_fit_in_pairs_only_are_refused(name: str) -> None:
    with pytest.raises(ShapeError, match="one target for each prediction"):
        getattr(tw.losses, name)(np.zeros(4), np.zeros((4, 1)))
    assert getattr(tw.losses, name)(np.zeros(4), 1.0).shape == (4,)


def test_masks_of_examples_are_those_without_the_axis_of_classes() -> None:
    found = tw.losses.softmax_cross_entropy(X, SOFT, where=(CLASSES > 0)[:, None])
    np.testing.assert_array_equal(found == 0, CLASSES == 0)
    np.testing.assert_array_equal(
        found, tw.losses.softmax_cross_entropy(X, SOFT, where=CLASSES > 0)
    )


def test_classes_that_are_none_are_refused_where_their_score_is_read() -> None:
    with pytest.raises(IndexOutOfRange):
        tw.losses.multiclass_sparsemax_loss(X, CLASSES + 4)


def test_probabilities_are_looked_at() -> None:
    found = tw.losses.dice_loss(PROBABILITIES, PLACES, apply_softmax=False)
    np.testing.assert_allclose(
        found, tw.losses.dice_loss(np.log(PROBABILITIES), PLACES), rtol=1e-12
    )
    with pytest.raises(ArgumentError, match="valid probability distributions"):
        tw.losses.dice_loss(PICTURE, PLACES, apply_softmax=False)
    one = PROBABILITIES[..., 0]
    found = tw.losses.binary_dice_loss(one, PLACES[..., 0], apply_sigmoid=False)
    logits = np.log(one / (1 - one))
    np.testing.assert_allclose(found, tw.losses.binary_dice_loss(logits, PLACES[..., 0]), 1e-12)
    with pytest.raises(ArgumentError, match="valid probability distributions"):
        tw.losses.binary_dice_loss(one + 1, PLACES[..., 0], apply_sigmoid=False)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_probabilities_of_other_libraries_are_looked_at_where_they_are_known(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    jnp = jax.numpy

    def dice(p: Any) -> Any:
        return tw.losses.dice_loss(p, PLACES, apply_softmax=False)

    whole = jnp.asarray(PROBABILITIES, dtype)
    tensor = torch.tensor(PROBABILITIES, dtype=getattr(torch, dtype))
    # What is traced may be anything.
    for p, transformed in ((whole, jax.jit(dice)), (tensor, torch.func.vmap(lambda p: dice(p)))):
        found = dice(p)
        np.testing.assert_allclose(
            *(np.asarray(x, np.float64) for x in (found, dice(PROBABILITIES))), rtol=0.03
        )
        with pytest.raises(ArgumentError, match="valid probability distributions"):
            dice(p * 0.5)
        batch = p[None] * 0.5 if p is tensor else p * 0.5
        assert np.isfinite(np.asarray(transformed(batch), np.float64)).all()
    if dtype == "float16":
        assert np.isfinite(dice(PROBABILITIES.astype(dtype))).all()


def test_arguments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="must be the same"):
        tw.losses.dice_loss(PICTURE, PLACES[:1])
    with pytest.raises(ShapeError, match="must be the same"):
        tw.losses.multiclass_generalized_dice_loss(PICTURE, PLACES[..., 0])
    with pytest.raises(ArgumentError, match="reduction='max' was given"):
        tw.losses.dice_loss(PICTURE, PLACES, reduction="max")
    with pytest.raises(ArgumentError, match="class_weights of shape"):
        tw.losses.dice_loss(PICTURE, PLACES, class_weights=np.ones((1, 4)))
    with pytest.raises(ShapeError, match="must have the same leading dimension"):
        tw.losses.ntxent(X, CLASSES[:3])
    with pytest.raises(ShapeError, match=r"\(batch, times, classes\)"):
        tw.losses.ctc_loss(FRAMES, TIMES[:, 1:], WORDS, ENDS)
    with pytest.raises(ArgumentError, match="axis None; it wants an integer"):
        tw.losses.softmax_cross_entropy_with_integer_labels(X, CLASSES, axis=None)
    with pytest.raises(ShapeError, match="scores without an axis"):
        tw.losses.make_fenchel_young_loss(tw.logsumexp)(1.0, 1.0)
