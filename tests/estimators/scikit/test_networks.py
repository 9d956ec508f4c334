"""Networks learn, the same again from the same seed, and stop when there is no more to gain."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

import thalweg as tw
from thalweg.estimators import MLPClassifier, MLPRegressor


def digits() -> list[np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=0)


def test_digits_are_read_as_well_as_scikit_learns_network_reads_them() -> None:
    X, held, y, truth = digits()
    model = MLPClassifier(random_state=0, tol=1e-3, learning_rate_init=0.005, max_iter=100)
    assert model.fit(X, y).score(held, truth) >= 0.971  # scikit-learn's, of 200 epochs
    assert model.n_iter_ < 100
    assert model.loss_curve_[-1] < 0.05 < model.loss_curve_[0]
    assert (len(model.coefs_), model.n_layers_, model.n_outputs_) == (2, 3, 10)


def small() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    return X, np.sin(X[:, 0]) + X[:, 1] ** 2


QUICK = {"hidden_layer_sizes": (8,), "max_iter": 20, "n_iter_no_change": 20, "tol": 0.0}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_same_seed_gives_the_same_network() -> None:
    X, y = small()
    first = MLPRegressor(**QUICK, random_state=3).fit(X, y)
    again = MLPRegressor(**QUICK, random_state=3).fit(X, y)
    other = MLPRegressor(**QUICK, random_state=4).fit(X, y)
    assert_array_equal(first.coefs_[0], again.coefs_[0])
    assert first.loss_curve_ == again.loss_curve_ != other.loss_curve_
    drawn = [
        MLPRegressor(**QUICK, random_state=np.random.RandomState(1)).fit(X, y) for _ in range(2)
    ]
    assert_array_equal(drawn[0].coefs_[0], drawn[1].coefs_[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_training_goes_on_from_where_it_was() -> None:
    X, y = small()
    model = MLPRegressor(**QUICK, warm_start=True).fit(X, y)
    before = model.loss_
    assert model.fit(X, y).loss_curve_[0] < before * 1.05
    labels = np.where(y > 1.0, "high", "low")
    parts = MLPClassifier(**QUICK | {"learning_rate_init": 0.05})
    for _ in range(20):
        parts.partial_fit(X[:100], labels[:100], classes=["high", "low"])
        parts.partial_fit(X[100:], labels[100:])
    assert parts.score(X, labels) > 0.9
    assert parts.n_iter_ == len(parts.loss_curve_) == 40
    with pytest.raises(ValueError, match="the class 'middle', which is none of classes_"):
        parts.partial_fit(X[:1], ["middle"])
    with pytest.raises(ValueError, match="The first call of partial_fit wants classes"):
        MLPClassifier().partial_fit(X, labels)


def test_an_epoch_at_a_time_is_the_optimizer_without_a_break() -> None:
    X, y = small()
    options = {"hidden_layer_sizes": (4,), "batch_size": 200, "shuffle": False}
    optimizer = tw.optim.sgd(0.01, momentum=0.9)
    model = MLPRegressor(optimizer=optimizer, **options)
    for _ in range(5):
        model.partial_fit(X, y)
    with pytest.warns(ConvergenceWarning, match="losses still fell after 5 epochs"):
        whole = MLPRegressor(optimizer=optimizer, max_iter=5, **options).fit(X, y)
    np.testing.assert_allclose(model.coefs_[0], whole.coefs_[0], rtol=1e-12)
    np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_, rtol=1e-12)


def test_rows_set_aside_say_when_to_stop() -> None:
    X, y = small()
    model = MLPRegressor((30,), early_stopping=True, learning_rate_init=0.02, max_iter=500)
    model.fit(X, y + np.random.default_rng(1).normal(size=200))
    assert model.n_iter_ < 500
    assert model.best_loss_ == min(model.validation_curve_)
    assert np.argmin(model.validation_curve_) == len(model.validation_curve_) - 11


def test_weights_and_poisson_losses_count() -> None:
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    y = np.tile([1.0, 3.0], 50)
    weights = np.tile([3.0, 1.0], 50)
    model = MLPRegressor(
        (4,), loss="poisson", learning_rate_init=0.02, max_iter=2000, alpha=0.0, tol=1e-9
    )
    assert model.fit(X, y, weights).predict([[0.0]]) == pytest.approx(1.5, rel=1e-2)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hidden_layer_sizes": ()}, "give at least one size"),
        ({"activation": "rleu"}, "activation is 'rleu'. Did you mean 'relu'"),
        ({"batch_size": 0}, "batch_size is 0; give a number of at least 1"),
        ({"early_stopping": True, "validation_fraction": 1.0}, "validation_fraction is 1.0"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MLPRegressor(**options).fit(*small())
