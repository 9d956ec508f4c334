"""Every number the course lecture prints in its Optax half, through `fit` on each engine."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_regression
from sklearn.linear_model import LinearRegression

import thalweg as tw

pytestmark = pytest.mark.parametrize("engine", ["numpy", "native"])

LM_LOSS = 10105.859508383426


def lr_loss(beta, X, y):
    return np.sum((y - X @ beta) ** 2)


@pytest.fixture(scope="module")
def data():
    X, y, _ = make_regression(
        n_samples=10000,
        n_features=20,
        n_informative=4,
        bias=3,
        noise=1,
        random_state=1234,
        coef=True,
    )
    return np.c_[np.ones(len(y)), X], y


def fitted(data, engine, optimizer, steps, batch_size):
    return tw.fit(
        lr_loss,
        np.zeros(21),
        data,
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=steps,
        shuffle="once",
        seed=1234,
        engine=engine,
    )


def test_the_least_squares_loss_is_the_lectures(data, engine) -> None:
    coef = LinearRegression(fit_intercept=False).fit(*data).coef_
    assert_allclose(lr_loss(coef, *data), LM_LOSS, rtol=1e-9)
    closed_form = np.linalg.lstsq(*data, rcond=None)[0]
    at_rest = tw.fit(
        lr_loss, closed_form, data, optimizer=tw.optim.sgd(1e-5), steps=2, engine=engine
    )
    assert_allclose(at_rest.history.loss, LM_LOSS, rtol=1e-9)


UPDATES = """
    7.1983 1.8515 1.1396 1.7858 -2.8407 -0.1266 0.1514 -0.4875 -0.2072 25.7022 90.4929 7.5036
    0.2313 123.5414 1.3136 2.567 -0.4262 -1.2996 0.5124 -0.2265 2.3771"""


def test_the_first_update_is_the_lectures(data, engine) -> None:
    found = tw.fit(
        lr_loss, np.zeros(21), data, optimizer=tw.optim.sgd(0.0001), steps=1, engine=engine
    )
    assert found.params.round(4).tolist() == [float(u) for u in UPDATES.split()]
    assert found.opt_state == (tw.optim.EmptyState(), tw.optim.EmptyState())


DESCENDED = """
    3.0097 0.0169 0.0046 0.0117 -0.008 0.0029 0.0275 -0.0024 -0.0021 12.268 44.443 3.6387 0.0175
    61.3183 0.0043 0.0054 0.0125 -0.0145 -0.0015 0.0005 0.0318"""

# The PyTorch half prints the same run with more digits.
DESCENDED_IN_FULL = """
    3.00966e+00 1.68516e-02 4.60588e-03 1.17352e-02 -8.00591e-03 2.92673e-03 2.75073e-02
    -2.41682e-03 -2.09060e-03 1.22680e+01 4.44430e+01 3.63872e+00 1.75074e-02 6.13183e+01
    4.31299e-03 5.35222e-03 1.24837e-02 -1.45383e-02 -1.50216e-03 5.14881e-04 3.18094e-02"""


def test_thirty_steps_of_gradient_descent_are_the_lectures(data, engine) -> None:
    found = tw.fit(
        lr_loss, np.zeros(21), data, optimizer=tw.optim.sgd(0.00001), steps=30, engine=engine
    )
    assert found.params.round(4).tolist() == [float(b) for b in DESCENDED.split()]
    printed = np.array(DESCENDED_IN_FULL.split(), float)
    assert_allclose(found.params, printed, rtol=5.1e-6)
    assert round(found.history.loss[-1], 4) == 10244.7649
    assert_allclose(found.history.loss[-1], 10244.764879521514, rtol=1e-9)


def test_every_fifth_loss_of_gradient_descent_is_the_lectures(data, engine) -> None:
    found = tw.fit(
        lr_loss, np.zeros(21), data, optimizer=tw.optim.sgd(0.00001), steps=31, engine=engine
    )
    printed = [59888326.6300, 6266083.4579, 669796.6821, 80312.2264, 17645.4153, 10922.7506,
               10195.1335]  # fmt: skip
    assert found.history.loss[::5].round(4).tolist() == printed
    assert_allclose(found.history.loss[:2], [59888326.630047254, 38094962.507031634], rtol=1e-9)
    assert_allclose(lr_loss(found.params, *data), 10163.254649280698, rtol=1e-9)


SGD_FIXED = {
    10: 10458.8010476452,
    100: 10455.143628883325,
    1000: 10419.084076347228,
    10000: 10195.133454434466,
}


@pytest.mark.parametrize("batch_size", SGD_FIXED)
def test_sgd_with_a_small_fixed_rate_is_the_lectures(data, engine, batch_size) -> None:
    found = fitted(data, engine, tw.optim.sgd(0.00001), 30, batch_size)
    assert_allclose(lr_loss(found.params, *data), SGD_FIXED[batch_size], rtol=1e-9)


SGD_ADJUSTED = {
    10: (0.005, 10963.709829142354),
    100: (0.001, 10365.713752947544),
    1000: (0.0001, 10116.327374495744),
    10000: (0.00001, 10195.133454434466),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("batch_size", SGD_ADJUSTED)
def test_sgd_with_adjusted_rates_is_the_lectures(data, engine, batch_size) -> None:
    rate, printed = SGD_ADJUSTED[batch_size]
    found = fitted(data, engine, tw.optim.sgd(rate), 30, batch_size)
    assert_allclose(lr_loss(found.params, *data), printed, rtol=1e-9)


ADAM_FIXED = {
    10: 24536.597439967307,
    25: 12697.144058664155,
    50: 11484.064849550556,
    100: 10385.231077560382,
}


@pytest.mark.parametrize("batch_size", ADAM_FIXED)
def test_adam_with_a_fixed_rate_is_the_lectures(data, engine, batch_size) -> None:
    optimizer = tw.optim.adam(learning_rate=1, b1=0.9, b2=0.999, eps=1e-8)
    found = fitted(data, engine, optimizer, 2, batch_size)
    assert_allclose(lr_loss(found.params, *data), ADAM_FIXED[batch_size], rtol=1e-9)


ADAM_SMALLER = {
    10: 12462.56275387035,
    25: 10545.409745819998,
    50: 10181.523600884477,
    100: 217415.5995628308,
}


@pytest.mark.parametrize("batch_size", ADAM_SMALLER)
def test_adam_with_a_smaller_fixed_rate_is_the_lectures(data, engine, batch_size) -> None:
    optimizer = tw.optim.adam(learning_rate=0.1, b1=0.9, b2=0.999, eps=1e-8)
    found = fitted(data, engine, optimizer, 10, batch_size)
    assert_allclose(lr_loss(found.params, *data), ADAM_SMALLER[batch_size], rtol=1e-9)


def test_the_linear_schedule_is_the_lectures(engine) -> None:
    schedule = tw.optim.linear_schedule(init_value=1.0, end_value=0.0, transition_steps=5)
    rates = []
    # The gradient of the sum is 1, so that each step goes down by the rate.
    tw.fit(
        lambda x: x,
        0.0,
        optimizer=tw.optim.sgd(schedule),
        steps=6,
        evaluate_every=1,
        callbacks=lambda info: rates.append(info.params),
        engine=engine,
    )
    taken = -np.diff([0.0, *rates])
    assert_allclose(taken, [1.0, 0.8, 0.6, 0.4, 0.19999999999999996, 0.0], rtol=1e-9, atol=1e-15)
    printed = [1.0, 0.8, 0.6, 0.4, 0.19999999999999996, 0.0]
    assert_allclose([float(schedule(step)) for step in range(6)], printed, rtol=1e-9)


ADAM_DECAYED = {
    10: 11179.679407559443,
    25: 11414.747137047098,
    50: 10754.985906532085,
    100: 10341.367689453024,
}


@pytest.mark.parametrize("batch_size", ADAM_DECAYED)
def test_adam_with_exponential_decay_is_the_lectures(data, engine, batch_size) -> None:
    # There Optax computes the schedule in float32, thalweg in float64.
    schedule = tw.optim.schedules.exponential_decay(
        init_value=1, transition_steps=100, decay_rate=0.9
    )
    optimizer = tw.optim.adam(learning_rate=schedule, b1=0.9, b2=0.999, eps=1e-8)
    found = fitted(data, engine, optimizer, 2, batch_size)
    assert_allclose(lr_loss(found.params, *data), ADAM_DECAYED[batch_size], rtol=1e-7)


def test_the_recorded_losses_are_the_lectures_loop(data, engine) -> None:
    """The lecture records the loss on all rows before each step, and once at the end."""
    found = tw.fit(
        lr_loss,
        np.zeros(21),
        data,
        optimizer=tw.optim.sgd(0.001),
        batch_size=100,
        epochs=2,
        shuffle="once",
        seed=1234,
        validation=data,
        evaluate_every=1,
        engine=engine,
    )
    X, y = data
    order = np.arange(len(y))
    np.random.default_rng(1234).shuffle(order)
    beta, losses = np.zeros(21), []
    for _ in range(2):
        for rows in order.reshape(-1, 100):
            beta = beta - 0.001 * -2 * X[rows].T @ (y[rows] - X[rows] @ beta)
            losses.append(lr_loss(beta, X, y))
    assert_allclose(found.history.validation, losses, rtol=1e-9)
    assert_allclose(found.history.validation_epoch[[0, -1]], [0.01, 2.0])
