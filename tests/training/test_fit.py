"""What a fit computes: against loops written out in NumPy and against Optax."""

from collections import OrderedDict
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import IndexOutOfRange
from thalweg.random.bits import keyed_permutation

jax.config.update("jax_enable_x64", True)


def descended(X, y, orders, batch_size, rate, drop_last=False):
    """Gradient descent on squared errors, written out."""
    beta, losses = np.zeros(X.shape[1]), []
    for order in orders:
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            if drop_last and len(rows) < batch_size:
                continue
            residual = y[rows] - X[rows] @ beta
            losses.append(np.mean(residual**2))
            beta = beta + rate * 2 * X[rows].T @ residual / len(rows)
    return beta, losses


# ---- batches


@pytest.mark.parametrize("batch_size", [1, 7, 20, 102, 103])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", ["epoch", "once", False])
def test_batches_are_those_of_a_loop_written_out(
    squared, regression, sgd, engine, batch_size, drop_last, shuffle
) -> None:
    X, y = regression
    found = tw.fit(
        squared, np.zeros(3), (X, y), optimizer=sgd, batch_size=batch_size, epochs=3,
        shuffle=shuffle, seed=5, drop_last=drop_last, engine=engine,
    )  # fmt: skip
    once = np.arange(103)
    if shuffle == "once":
        np.random.default_rng(5).shuffle(once)
    orders = [once] * 3
    if shuffle == "epoch":
        orders = [keyed_permutation(103, 5, epoch) for epoch in range(3)]
    params, losses = descended(X, y, orders, batch_size, 0.1, drop_last)
    assert_allclose(found.params, params, rtol=1e-11)
    assert_allclose(found.history.loss, losses, rtol=1e-11)
    assert found.steps == len(losses)


def test_without_batches_each_step_uses_all_rows(squared, regression, sgd, engine) -> None:
    X, y = regression
    found = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd, epochs=4, engine=engine)
    params, losses = descended(X, y, [np.arange(103)] * 4, 103, 0.1)
    assert_allclose(found.params, params, rtol=1e-11)
    assert_allclose(found.history.loss, losses, rtol=1e-11)


def test_steps_count_instead_of_epochs(squared, regression, sgd) -> None:
    whole = tw.fit(squared, np.zeros(3), regression, optimizer=sgd, batch_size=10, epochs=2)
    found = tw.fit(squared, np.zeros(3), regression, optimizer=sgd, batch_size=10, steps=13)
    assert (whole.steps, found.steps) == (22, 13)
    assert np.array_equal(found.history.loss, whole.history.loss[:13])
    assert found.epochs == 13 / 11
    assert found.history.epoch[[0, 12]].tolist() == [0, 12 / 11]


def test_the_seed_decides_the_order(squared, regression, sgd, engine) -> None:
    def run(seed):
        return tw.fit(
            squared, np.zeros(3), regression, optimizer=sgd, batch_size=10, seed=seed,
            engine=engine,
        ).params  # fmt: skip

    assert np.array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))


# ---- optimizers


@pytest.mark.parametrize(
    ("chain", "rtol"),
    [
        (lambda o: o.sgd(0.1, momentum=0.9, nesterov=True), 1e-9),
        (lambda o: o.adam(0.05), 1e-9),
        (lambda o: o.chain(o.clip_by_global_norm(0.5), o.adamw(0.05, weight_decay=0.1)), 1e-9),
        (lambda o: o.lion(0.01), 1e-9),
        # Optax computes the schedule in float32.
        (lambda o: o.rmsprop(o.exponential_decay(0.1, 10, 0.9), momentum=0.5), 1e-5),
    ],
)
def test_a_run_is_optaxs(regression, engine, chain, rtol) -> None:
    X, y = regression

    def loss(params, X, y):
        return np.mean(np.tanh(y - X @ params["w"] - params["b"][0]) ** 2)

    params = {"w": np.full(3, 0.1), "b": [np.zeros(())]}
    found = tw.fit(
        loss, params, (X, y), optimizer=chain(tw.optim), batch_size=10, epochs=4, shuffle="once",
        seed=3, engine=engine,
    )  # fmt: skip

    def theirs(p, X, y):
        return jnp.mean(jnp.tanh(y - X @ p["w"] - p["b"][0]) ** 2)

    optimizer = chain(optax)
    p = jax.tree.map(jnp.asarray, params)
    state = optimizer.init(p)
    order = np.arange(103)
    np.random.default_rng(3).shuffle(order)
    step = jax.jit(jax.value_and_grad(theirs))
    losses = []
    for _ in range(4):
        for start in range(0, 103, 10):
            rows = order[start : start + 10]
            value, gradient = step(p, X[rows], y[rows])
            updates, state = optimizer.update(gradient, state, p)
            p = optax.apply_updates(p, updates)
            losses.append(float(value))
    assert_allclose(found.params["w"], p["w"], rtol=rtol)
    assert_allclose(found.params["b"][0], p["b"][0], rtol=rtol)
    assert_allclose(found.history.loss, losses, rtol=rtol)


# ---- forms of data and parameters


def test_data_come_as_tuple_dict_list_or_array(squared, regression, sgd) -> None:
    X, y = regression
    expected = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd, epochs=3).params
    for data in ({"y": y, "X": X}, [X, y], (tw.Tensor(X), tw.Tensor(y)), (X, list(y))):
        found = tw.fit(squared, np.zeros(3), data, optimizer=sgd, epochs=3)
        assert np.array_equal(found.params, expected)

    def single(beta, table):
        return np.mean((table[:, 3] - table[:, :3] @ beta) ** 2)

    found = tw.fit(single, np.zeros(3), np.c_[X, y], optimizer=sgd, epochs=3)
    assert_allclose(found.params, expected, rtol=1e-12)


def test_arguments_of_the_loss_may_be_trees(regression, sgd) -> None:
    X, y = regression

    def loss(beta, inputs, y):
        return np.mean((y - inputs["a"] * beta[0] - inputs["rest"][0] @ beta[1:]) ** 2)

    data = ({"a": X[:, 0], "rest": [X[:, 1:]]}, y)
    found = tw.fit(loss, np.zeros(3), data, optimizer=sgd, batch_size=10, epochs=20)
    assert_allclose(found.params, [1.0, -2.0, 0.5], atol=0.05)


@pytest.mark.parametrize("layout", ["F", "strided", "reversed", "big endian", "read only"])
def test_the_memory_layout_of_data_does_not_matter(squared, regression, sgd, layout) -> None:
    X, y = regression
    expected = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd, batch_size=9).params
    made = {
        "F": lambda a: np.asfortranarray(a),
        "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
        "reversed": lambda a: a[::-1].copy()[::-1],
        "big endian": lambda a: a.astype(">f8"),
        "read only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
    }[layout]
    found = tw.fit(squared, np.zeros(3), (made(X), made(y)), optimizer=sgd, batch_size=9)
    assert np.array_equal(found.params, expected)


def test_data_may_be_a_memory_map(squared, regression, sgd, tmp_path) -> None:
    X, y = regression
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd, batch_size=9)
    found = tw.fit(squared, np.zeros(3), (mapped, y), optimizer=sgd, batch_size=9)
    assert np.array_equal(found.params, expected.params)


def test_data_are_left_as_they_were(squared, regression, sgd, engine) -> None:
    X, y = (a.copy() for a in regression)
    start = np.ones(3)
    tw.fit(squared, start, (X, y), optimizer=sgd, batch_size=9, epochs=3, engine=engine)
    assert np.array_equal(X, regression[0])
    assert np.array_equal(y, regression[1])
    assert np.array_equal(start, np.ones(3))


class Line(NamedTuple):
    slope: np.ndarray
    level: float


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        (np.zeros(3), np.ndarray),
        (tw.Tensor(np.zeros(3)), tw.Tensor),
        (2.0, float),
        (np.float32(2.0), np.float32),
        (np.array(2.0), np.ndarray),
    ],
    ids=["array", "tensor", "float", "float32", "0-d"],
)
def test_parameters_come_back_as_what_they_were(params, kinds, sgd, engine) -> None:
    found = tw.fit(lambda p: np.sum(p**2), params, optimizer=sgd, engine=engine)
    assert type(found.params) is kinds
    assert type(found.best_params) is kinds
    assert np.shape(found.params) == np.shape(params)


def test_parameters_come_back_in_their_tree(regression, sgd) -> None:
    X, y = regression

    def loss(params, X, y):
        line = params["lines"][0]
        return np.mean((y - X @ line.slope - line.level - params["c"]["d"]) ** 2)

    params = OrderedDict(lines=(Line(np.zeros(3), 0.0),), c={"d": tw.Tensor(0.5)})
    found = tw.fit(loss, params, (X, y), optimizer=sgd, epochs=3).params
    assert type(found) is OrderedDict
    assert type(found["lines"][0]) is Line
    assert type(found["lines"][0].level) is float
    assert type(found["c"]["d"]) is tw.Tensor


def test_float32_stays_float32(regression, engine) -> None:
    X, y = (a.astype(np.float32) for a in regression)

    def loss(beta, X, y):
        return np.mean((y - X @ beta) ** 2)

    found = tw.fit(
        loss, np.zeros(3, np.float32), (X, y), optimizer=tw.optim.adam(0.1), batch_size=10,
        epochs=20, engine=engine,
    )  # fmt: skip
    assert found.params.dtype == np.float32
    assert_allclose(found.params, [1.0, -2.0, 0.5], atol=0.1)


def test_integer_labels_and_indices_are_data(engine) -> None:
    rng = np.random.default_rng(1)
    word = rng.integers(0, 5, size=200)
    target = np.array([0.5, -1.0, 2.0, 0.0, 1.0])[word]
    found = tw.fit(
        lambda table, word, target: np.mean((table[word] - target) ** 2),
        np.zeros(5), (word, target), optimizer=tw.optim.sgd(0.5), batch_size=20, epochs=50,
        engine=engine,
    )  # fmt: skip
    assert_allclose(found.params, [0.5, -1.0, 2.0, 0.0, 1.0], atol=1e-6)


def test_a_pure_function_needs_no_data(engine) -> None:
    def rosenbrock(p):
        return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2

    found = tw.fit(
        rosenbrock, {"x": -1.0, "y": 1.0}, optimizer=tw.optim.adam(0.02), steps=5000, engine=engine
    )
    assert_allclose([found.params["x"], found.params["y"]], 1.0, atol=1e-3)
    assert found.history.loss[-1] < 1e-6


def test_an_index_out_of_range_is_an_error(sgd, engine) -> None:
    with pytest.raises(IndexOutOfRange):
        tw.fit(
            lambda b, i: np.sum(b[i] ** 2), np.zeros(3), np.arange(5), optimizer=sgd, engine=engine
        )


def test_no_grad_around_a_fit_changes_nothing(squared, regression, sgd) -> None:
    expected = tw.fit(squared, np.zeros(3), regression, optimizer=sgd).params
    with tw.no_grad():
        found = tw.fit(lambda *a: squared(*a), np.zeros(3), regression, optimizer=sgd).params
    assert np.array_equal(found, expected)


# ---- evaluation


def test_validation_is_the_loss_on_held_out_data(squared, regression, sgd, engine) -> None:
    X, y = regression
    seen = []
    found = tw.fit(
        squared, np.zeros(3), (X[:80], y[:80]), optimizer=sgd, batch_size=16, epochs=4,
        validation=(X[80:], y[80:]), callbacks=lambda info: seen.append(info.params),
        engine=engine,
    )  # fmt: skip
    assert found.history.validation_step.tolist() == [5, 10, 15, 20]
    assert found.history.validation_epoch.tolist() == [1, 2, 3, 4]
    expected = [np.mean((y[80:] - X[80:] @ beta) ** 2) for beta in seen]
    assert_allclose(found.history.validation, expected, rtol=1e-11)


def test_evaluations_may_come_more_often_or_less(squared, regression, sgd) -> None:
    def at(**arguments):
        return tw.fit(
            squared, np.zeros(3), regression, optimizer=sgd, batch_size=20,
            validation=regression, **arguments,
        ).history.validation_step.tolist()  # fmt: skip

    assert at(epochs=3, evaluate_every=7) == [7, 14]
    assert at(epochs=3, evaluate_every=1) == list(range(1, 19))
    assert at(epochs=3, evaluate_every=100) == []
    assert at(steps=4) == [4]


def test_the_best_parameters_are_those_of_the_least_validation_loss() -> None:
    seen = []
    # The training data pull away from the validation data after a while.
    found = tw.fit(
        lambda b, x: np.mean((x - b) ** 2), 0.0, np.full(10, 3.0),
        optimizer=tw.optim.sgd(0.05), epochs=20, validation=np.full(4, 1.0),
        callbacks=lambda info: seen.append((info.validation, info.params)),
    )  # fmt: skip
    assert found.best_params == min(seen)[1]
    assert abs(found.best_params - 1.0) < 0.2
    assert found.params > 2.0


def test_without_validation_the_best_parameters_are_the_last(squared, regression, sgd) -> None:
    found = tw.fit(squared, np.zeros(3), regression, optimizer=sgd, epochs=2)
    assert np.array_equal(found.best_params, found.params)


def test_patience_stops_after_so_many_evaluations_without_a_better_one() -> None:
    found = tw.fit(
        lambda b, x: np.mean((x - b) ** 2), 0.0, np.full(10, 3.0),
        optimizer=tw.optim.sgd(0.05), epochs=100, validation=np.full(4, 1.0), patience=3,
    )  # fmt: skip
    best = int(np.argmin(found.history.validation))
    assert len(found.history.validation) == best + 1 + 3
    assert found.steps == best + 4 < 100
    assert found.finished
    assert abs(found.best_params - 1.0) < 0.2


# ---- what a fit knows


def test_a_fit_states_its_times_and_its_engine(squared, regression, sgd, engine) -> None:
    def fresh(beta, X, y):
        return squared(beta, X, y) * 1.0625

    found = tw.fit(fresh, np.zeros(3), regression, optimizer=sgd, steps=100, engine=engine)
    assert found.engine == engine
    assert found.compile_seconds > 0
    assert 0 < found.us_per_step * found.steps * 1e-6 <= found.seconds < 10
    again = tw.fit(fresh, np.zeros(3), regression, optimizer=sgd, steps=100, engine=engine)
    assert again.compile_seconds == 0


def test_the_optimizers_state_comes_back_as_init_made_it(squared, regression) -> None:
    optimizer = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.adam(0.1))
    found = tw.fit(squared, np.zeros(3), regression, optimizer=optimizer, steps=7)
    fresh = optimizer.init(np.zeros(3))
    assert tw.tree.structure(found.opt_state) == tw.tree.structure(fresh)
    adam = found.opt_state[1][0]
    assert type(adam) is tw.optim.ScaleByAdamState
    assert type(adam.count) is np.int32
    assert adam.count == 7
    assert type(adam.mu) is type(fresh[1][0].mu) is np.ndarray


def test_a_loop_may_go_on_from_a_fits_state(squared, regression) -> None:
    optimizer = tw.optim.adam(0.1)
    found = tw.fit(squared, np.zeros(3), regression, optimizer=optimizer, steps=7)
    gradient = tw.grad(squared)(found.params, *regression)
    updates, _ = optimizer.update(gradient, found.opt_state, found.params)
    params = tw.optim.apply_updates(found.params, updates)
    whole = tw.fit(squared, np.zeros(3), regression, optimizer=optimizer, steps=8)
    assert_allclose(np.asarray(params), whole.params, rtol=1e-12)
