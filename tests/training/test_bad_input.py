"""Bad input is refused with what was given, what was wanted and what to do."""

import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import thalweg as tw
from thalweg import errors
from thalweg.engines.llvm.code import lacking


def refused(kind, *parts):
    """Expect an error whose message holds these parts in this order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(re.escape(part) for part in parts))


# ---- values


def test_nan_names_the_array_the_column_and_the_first_rows(squared, regression, sgd) -> None:
    X, y = regression
    X = X.copy()
    X[[3, 7, 9, 20], 1] = np.nan
    parts = "data[0] (X) holds NaN in column 1, rows 3, 7, 9 and 1 more", "needs finite", "Drop"
    with refused(errors.DataError, *parts):
        tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd)


def test_nan_names_the_column_of_a_data_frame(squared, regression, sgd) -> None:
    X, y = regression
    frame = pd.DataFrame(X, columns=["age", "income", "height"])
    frame.loc[5, "income"] = np.nan
    with refused(errors.DataError, "data['X'] holds NaN in column 1 ('income'), row 5,"):
        tw.fit(squared, np.zeros(3), {"X": frame, "y": y}, optimizer=sgd)


def test_nan_is_found_in_the_last_of_many_rows(sgd) -> None:
    x = np.zeros(3_000_001)
    x[-1] = -np.inf
    with refused(errors.DataError, "data (x) holds -inf in row 3000000"):
        tw.fit(lambda b, x: np.mean((x - b) ** 2), 0.0, x, optimizer=sgd)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_nan_that_comes_into_data_between_two_fits_is_named_all_the_same(sgd, engine) -> None:
    x = np.ones((300_000, 2))

    def loss(b, x):
        return np.mean((x - b) ** 2)

    for _ in range(2):
        tw.fit(loss, np.zeros(2), x, optimizer=sgd, batch_size=1000, engine=engine)
    x[1234, 1] = np.nan
    with refused(errors.DataError, "data (x) holds NaN in column 1, row 1234,"):
        tw.fit(loss, np.zeros(2), x, optimizer=sgd, batch_size=1000, engine=engine)


def test_nan_in_the_validation_data_is_named(squared, regression, sgd) -> None:
    X, y = regression
    held = y.copy()
    held[2] = np.inf
    with refused(errors.DataError, "validation[1] holds inf in row 2"):
        tw.fit(squared, np.zeros(3), (X, y), validation=(X, held), optimizer=sgd)


def test_parameters_must_be_finite_to_start_from(squared, regression, sgd) -> None:
    with refused(errors.DataError, "params['w'] holds values that are not finite", "Replace"):
        tw.fit(
            lambda p, X, y: squared(p["w"], X, y),
            {"w": np.array([0.0, np.nan, 0.0])},
            regression,
            optimizer=sgd,
        )


@pytest.mark.parametrize(
    ("params", "name"),
    [
        (np.zeros(3, int), "params has dtype int64"),
        ({"w": np.zeros(3), "b": 0}, "params['b'] has dtype int64"),
        ([np.zeros(2), np.array([True])], "params[1] has dtype bool"),
        (1j, "params has dtype complex128"),
    ],
)
def test_parameters_must_be_floating(params, name, sgd) -> None:
    with refused(errors.DtypeError, name, "must be floating", "astype(float)"):
        tw.fit(lambda p: 0.0, params, optimizer=sgd)


def test_parameters_must_be_arrays(sgd) -> None:
    with refused(errors.ArgumentError, "params={}", "holds no array", "Give a tree"):
        tw.fit(lambda p: 0.0, {}, optimizer=sgd)
    with refused(errors.DtypeError, "params['w'] has dtype <U3", "must be floating"):
        tw.fit(lambda p: 0.0, {"w": "abc"}, optimizer=sgd)


def test_data_must_be_numbers(squared, regression, sgd) -> None:
    X, y = regression
    with refused(errors.DtypeError, "data[0] (X) has dtype <U32", "real numbers", "Encode"):
        tw.fit(squared, np.zeros(3), (X.astype(str), y), optimizer=sgd)
    with refused(errors.DtypeError, "data[0] (X) has dtype object"):
        tw.fit(squared, np.zeros(3), (X.astype(str).astype(object), y), optimizer=sgd)


# ---- shapes


def test_arrays_of_different_length_are_listed(squared, regression, sgd) -> None:
    X, y = regression
    parts = "data[0] (X) (103, 3), data[1] (y) (102,)", "equally long"
    with refused(errors.ShapeError, *parts):
        tw.fit(squared, np.zeros(3), (X, y[1:]), optimizer=sgd)


def test_data_without_rows_are_refused(squared, regression, sgd) -> None:
    X, y = regression
    with refused(errors.DataError, "no rows: data[0] (X) (0, 3)", "at least one row", "check"):
        tw.fit(squared, np.zeros(3), (X[:0], y[:0]), optimizer=sgd)
    with refused(errors.DataError, "no rows: data (x) (0,)"):
        tw.fit(lambda b, x: np.sum(b * x), 0.0, np.zeros(0), optimizer=sgd)


def test_a_number_is_no_data(squared, regression, sgd) -> None:
    with refused(errors.ShapeError, "data[1] (y) is a single number", "arrays of rows", "lambda"):
        tw.fit(squared, np.zeros(3), (regression[0], 0.5), optimizer=sgd)


def test_shapes_that_do_not_fit_in_the_loss_are_named_with_its_line(squared, regression, sgd):
    parts = (
        "matmul got shapes (103, 3) and (4,)",
        "The loss was called with beta (4,), X (103, 3), y (103,)",
        "conftest.py:",
    )
    with refused(errors.ShapeError, *parts):
        tw.fit(squared, np.zeros(4), regression, optimizer=sgd)


# ---- sizes


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"batch_size": 104}, ("batch_size=104", "only 103 rows", "Choose one")),
        ({"batch_size": 0}, ("batch_size=0", "at least 1", "Choose one")),
        ({"batch_size": -5}, ("batch_size=-5", "at least 1")),
        ({"batch_size": 10.0}, ("batch_size=10.0", "whole number")),
        ({"batch_size": True}, ("batch_size=True", "whole number")),
        ({"epochs": 0}, ("epochs=0", "at least 1")),
        ({"epochs": -1}, ("epochs=-1", "at least 1")),
        ({"steps": 0}, ("steps=0", "at least 1")),
        ({"steps": 2.5}, ("steps=2.5", "whole number")),
        ({"seed": -1}, ("seed=-1", "at least 0")),
        ({"seed": "x"}, ("seed='x'", "whole number")),
        ({"shuffle": "epcoh"}, ("shuffle='epcoh'", "Did you mean 'epoch'?")),
        ({"shuffle": True}, ("shuffle=True", "'once'")),
        ({"evaluate_every": 5}, ("evaluate_every=5", "no validation data", "Give validation")),
        ({"patience": 5}, ("patience=5", "no validation data", "Give validation")),
        ({"progress": "loud"}, ("progress='loud'", "'auto'")),
        ({"callbacks": [3]}, ("callbacks holds 3", "Give a function")),
        ({"engine": "nativ"}, ("engine='nativ'", "Did you mean 'native'?")),
        ({"checkpoint": 3}, ("checkpoint=3", "wants a path")),
        ({"resume": 3}, ("resume=3", "wants the path")),
        ({"optimizer": tw.optim.sgd}, ("sgd was given", "Call it first: sgd(…)")),
        ({"optimizer": 0.1}, ("0.1 was given", "Give one such as")),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_arguments_outside_their_range(squared, regression, sgd, arguments, parts) -> None:
    with refused(errors.ArgumentError, *parts):
        tw.fit(squared, np.zeros(3), regression, **{"optimizer": sgd, **arguments})


def test_validation_arguments_outside_their_range(squared, regression, sgd) -> None:
    for name in ("evaluate_every", "patience"):
        with refused(errors.ArgumentError, f"{name}=0", "at least 1"):
            tw.fit(
                squared, np.zeros(3), regression, optimizer=sgd, validation=regression, **{name: 0}
            )


def test_batches_need_data(sgd) -> None:
    with refused(errors.ArgumentError, "batch_size=2", "data is None", "Leave batch_size out"):
        tw.fit(lambda b: b**2, 1.0, optimizer=sgd, batch_size=2)


# ---- losses


@pytest.mark.parametrize(
    ("loss", "parts"),
    [
        (lambda b, X, y: (y - X @ b) ** 2, ("shape (103,)", "needs a scalar", "np.mean")),
        (lambda b, X, y: None, ("returned None", "one number", "return statement")),
        (lambda b, X, y: (np.sum(b), X), ("returned a tuple", "Return the loss alone")),
        (lambda b, X, y: np.sum(X @ b > y), ("int64", "no derivative", "smooth")),
        (lambda b, X, y: np.mean(y**2), ("ignores its parameters", "nothing to fit", "Use")),
        (lambda b, X, y: 3.0, ("ignores its parameters",)),
        (lambda b, X, y: np.mean(np.sign(X @ b)), ("zero everywhere", "sign", "smooth loss")),
        (lambda b, X, y: np.mean(tw.stop_gradient(X @ b)), ("zero everywhere",)),
    ],
)
def test_losses_that_cannot_be_minimized(regression, sgd, loss, parts) -> None:
    with refused(errors.GradientError, *parts):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd, batch_size=103)


def test_a_loss_that_ignores_one_parameter_names_it(squared, regression, sgd) -> None:
    params = {"w": np.zeros(3), "rest": [np.zeros(2)]}
    with pytest.warns(UserWarning, match=r"ignores params\['rest'\]\[0\].*leave it out"):
        tw.fit(lambda p, X, y: squared(p["w"], X, y), params, regression, optimizer=sgd)


def test_a_parameter_may_be_frozen_on_purpose(regression, sgd) -> None:
    def loss(params, X, y):
        return np.mean((y - X @ params["w"] - tw.stop_gradient(params["b"])) ** 2)

    found = tw.fit(loss, {"w": np.zeros(3), "b": 0.25}, regression, optimizer=sgd, epochs=5)
    assert found.params["b"] == 0.25
    assert np.all(found.params["w"] != 0)


def test_a_loss_must_be_a_function(squared, regression, sgd) -> None:
    with refused(errors.ArgumentError, "loss=3.0", "a loss is a function", "Give the function"):
        tw.fit(3.0, np.zeros(3), regression, optimizer=sgd)


def test_an_unsupported_numpy_function_is_named_with_the_users_line(regression, sgd) -> None:
    def loss(b, X, y):
        return np.histogram2d(X @ b, y)[0]

    line = loss.__code__.co_firstlineno + 1
    with refused(errors.UnsupportedOperation, "numpy.histogram2d", f"{__file__}:{line}") as caught:
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)
    assert isinstance(caught.value, TypeError)


def test_a_branch_on_a_traced_value_is_told_with_the_users_line(squared, regression, sgd):
    def loss(b, X, y):
        return squared(b, X, y) if b[0] > 0 else squared(2 * b, X, y)

    line = loss.__code__.co_firstlineno + 1
    with refused(errors.TracingError, "where instead of if", f"{__file__}:{line}"):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


def test_errors_of_the_users_own_pass_unchanged(regression, sgd) -> None:
    def loss(b, X, y):
        raise LookupError("mine")

    with pytest.raises(LookupError, match=r"^'?mine'?$"):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


def test_what_the_native_engine_lacks_is_called_back_for_with_one_warning(sgd) -> None:
    x = np.arange(10.0)

    def loss(b, x):
        return np.mean((np.fft.fft(x).real / 10 - b) ** 2)

    line = loss.__code__.co_firstlineno + 1
    told = re.escape(f"native engine cannot run fourier (made at {__file__}:{line})")
    with pytest.warns(UserWarning, match=told) as warned:
        found = tw.fit(loss, 0.0, x, optimizer=sgd, epochs=2, validation=x)
    assert len(warned) == 1
    assert found.engine == "native"
    # Known by now, it needs no second warning.
    tw.fit(loss, 0.0, x, optimizer=sgd, epochs=2, validation=x)


def test_a_primitive_the_native_engine_lacks_is_named_with_its_line(sgd, monkeypatch) -> None:
    monkeypatch.setattr(lacking, "_ROWS", lacking._ROWS - {"tanh"})

    def loss(b, x):
        return np.mean(np.tanh(x * b))

    line = loss.__code__.co_firstlineno + 1
    told = re.escape(f"native engine cannot run tanh (made at {__file__}:{line})")
    with pytest.warns(UserWarning, match=told):
        found = tw.fit(loss, 1.0, np.ones(4), optimizer=sgd)
    assert found.engine == "native"
    assert list(found.called) == [f"tanh at {__file__}:{line}"]


# ---- memory


def test_a_copy_that_does_not_fit_is_refused_before_it_is_made(sgd) -> None:
    x = np.broadcast_to(np.zeros(100), (10**10, 100))
    parts = "data (x), of shape (10000000000, 100), is not contiguous", "7.3 TiB", "are free"
    with refused(errors.DataError, *parts):
        tw.fit(lambda b, x: np.mean(x @ b), np.zeros(100), x, optimizer=sgd)


def test_sparse_data_that_do_not_fit_densely_are_refused(squared, sgd) -> None:
    X = scipy.sparse.identity(10**6, format="csr")
    with refused(errors.DataError, "data[0] (X) is sparse", "7.3 TiB", "Train on fewer rows"):
        tw.fit(squared, np.zeros(10**6), (X, np.zeros(10**6)), optimizer=sgd)


def test_sparse_data_that_fit_are_trained_on(squared, regression, sgd) -> None:
    X, y = regression
    dense = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd, epochs=3)
    sparse = tw.fit(squared, np.zeros(3), (scipy.sparse.csr_matrix(X), y), optimizer=sgd, epochs=3)
    assert np.array_equal(dense.params, sparse.params)


def test_a_history_that_does_not_fit_is_refused(squared, regression, sgd) -> None:
    with refused(errors.DataError, "The loss of each of 10,000,000,000,000 steps", "TiB"):
        tw.fit(squared, np.zeros(3), regression, optimizer=sgd, steps=10**13)
