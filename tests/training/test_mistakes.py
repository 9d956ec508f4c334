"""Mistakes of every day, made on purpose: each is told in the user's words, with the line."""

import random
import re

import numpy as np
import optax
import pandas as pd
import pytest
import torch

import thalweg as tw
from thalweg import errors


def told(kind, *parts):
    """Expect an error whose message holds these parts in this order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(re.escape(part) for part in parts))


def line_of(function, offset=1):
    return f"{__file__}:{function.__code__.co_firstlineno + offset}"


@pytest.fixture
def classes(regression):
    X, _ = regression
    labels = np.arange(len(X)) % 3
    labels[77] = 3
    return X, labels


# ---- positions out of range


@pytest.mark.parametrize("batch_size", [None, 1, 10])
def test_a_label_that_is_no_class_is_named_with_its_row_and_line(classes, sgd, engine, batch_size):
    def loss(W, X, y):
        return -np.mean((X @ W)[np.arange(len(y)), y])

    parts = "data[1] (y) holds 3 in row 77", line_of(loss), "extent 3", "between -3 and 2", "from 0"
    with told(errors.IndexOutOfRange, *parts):
        tw.fit(loss, np.zeros((3, 3)), classes, optimizer=sgd, batch_size=batch_size, engine=engine)


def test_a_label_that_is_converted_first_is_named_all_the_same(classes, sgd) -> None:
    def loss(W, X, y):
        return -np.mean(np.take_along_axis(X @ W, y[:, None].astype(int), axis=1))

    X, labels = classes
    with told(errors.IndexOutOfRange, "data['y'] holds 3 in row 77", line_of(loss)):
        tw.fit(loss, np.zeros((3, 3)), {"X": X, "y": labels * 1.0}, optimizer=sgd, batch_size=10)


def test_a_position_in_validation_data_is_named(classes, sgd) -> None:
    _, labels = classes
    good = np.minimum(labels, 2)
    loss = lambda E, i: np.mean((E[i] - 1) ** 2)
    with told(errors.IndexOutOfRange, "validation holds 3 in row 77", __file__):
        tw.fit(loss, np.zeros(3), good, optimizer=sgd, validation=labels)


def test_a_position_the_loss_brings_itself_is_told_with_its_line(sgd) -> None:
    table = np.array([0, 5])
    with told(errors.IndexOutOfRange, "An array that the loss refers to holds 5", "extent 3"):
        tw.fit(lambda E: np.sum(E[table] ** 2), np.ones(3), None, optimizer=sgd)


# ---- shapes that fit by accident


def test_a_column_met_with_a_vector_is_warned_of(regression, sgd) -> None:
    X, y = regression

    def loss(b, X, y):
        return np.mean((y - X @ b) ** 2)

    message = rf"subtract at {re.escape(line_of(loss))} .*\(10, 1\) .*\(10,\), .*y\[:, 0\]"
    with pytest.warns(UserWarning, match=message) as seen:
        tw.fit(loss, np.zeros(3), (X, y[:, None]), optimizer=sgd, batch_size=10)
    assert len(seen) == 1


def test_a_vector_met_with_a_column_of_predictions_is_warned_of(regression, sgd) -> None:
    with pytest.warns(UserWarning, match=r"\(103, 1\) .*\(103,\), which gives \(103, 103\)"):
        tw.fit(
            lambda W, X, y: np.mean((X @ W - y) ** 2), np.zeros((3, 1)), regression, optimizer=sgd
        )


PAIRS = [
    lambda b, X, y: np.mean((y[:, None] - y) ** 2 * np.sum(X @ b)),
    lambda b, X, y: np.mean(((X @ b)[:, None] - y[None, :]) ** 2),
    lambda b, X, y: np.mean((X[:, :1] - b) ** 2) + np.mean(y),
    lambda b, X, y: np.mean((X - X.mean(axis=1, keepdims=True)) @ b - y),
]


@pytest.mark.parametrize("position", range(len(PAIRS)))
def test_pairs_that_are_meant_are_not_warned_of(regression, sgd, position) -> None:
    X, y = regression
    tw.fit(PAIRS[position], np.ones(3), (X[:3], y[:3]), optimizer=tw.optim.sgd(1e-3))


# ---- what happens while the loss is traced

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda y: np.random.normal(size=y.shape),  # noqa: NPY002
        lambda y: random.random(),
        lambda y: GENERATOR.normal(size=y.shape),
    ],
)
def test_random_numbers_drawn_while_tracing_are_warned_of(regression, sgd, draw) -> None:
    def loss(b, X, y):
        return np.mean((y - X @ b + draw(y)) ** 2)

    with pytest.warns(UserWarning, match=r"test_mistakes.*drawn once: every step uses the same"):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


def test_numbers_from_a_generator_made_inside_the_loss_are_constants(regression, sgd) -> None:
    def loss(b, X, y):
        return np.mean((y - X @ b + np.random.default_rng(0).normal(size=y.shape)) ** 2)

    tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


def test_a_write_into_a_numpy_array_is_told_with_its_line(regression, sgd) -> None:
    def loss(b, X, y):
        out = np.zeros(3)
        out[0] = b[0] * 2
        return np.sum(out)

    with told(errors.TracingError, "written into a NumPy array", "np.stack", line_of(loss, 2)):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


def test_a_write_into_a_tensor_compiles(regression, sgd) -> None:
    def loss(b, X, y):
        c = 2.0 * b
        c[0] = 0.0
        c[1:] *= 3.0
        return np.sum((y - X @ c) ** 2)

    def without(b, X, y):
        return np.sum((y - X @ (b * np.array([0.0, 6.0, 6.0]))) ** 2)

    fits = [tw.fit(f, np.ones(3), regression, optimizer=sgd) for f in (loss, without)]
    assert fits[0].engine == "native"
    np.testing.assert_allclose(fits[0].params, fits[1].params, rtol=1e-12)


def test_a_schedule_that_branches_is_told_with_its_line(squared, regression) -> None:
    def schedule(step):
        return 0.1 if step < 10 else 0.01

    parts = "where instead of if", "from the optimizer, sgd(learning_rate=schedule)"
    with told(errors.TracingError, *parts, line_of(schedule)):
        tw.fit(squared, np.zeros(3), regression, optimizer=tw.optim.sgd(schedule))


def test_a_library_between_is_not_the_users_line(regression, sgd) -> None:
    special = pytest.importorskip("scipy.special")

    def loss(b, X, y):
        return special.logsumexp(X @ b)

    with told(errors.GradientError, "gradient would be lost", line_of(loss)):
        tw.fit(loss, np.zeros(3), regression, optimizer=sgd)


# ---- arguments


@pytest.mark.parametrize(
    ("optimizer", "parts"),
    [
        (optax.adam(0.1), ("Optax", "import thalweg.optim as optax")),
        ("adam", ("'adam' was given", "Write optim.adam(0.01)")),
        ([tw.optim.sgd(0.1)], ("Join several with chain",)),
        (tw.optim.adam, ("Call it first: adam(…)",)),
        (0.1, ("0.1 was given", "sgd(0.1)")),
    ],
)
def test_what_is_no_optimizer_says_what_to_write(squared, regression, optimizer, parts) -> None:
    with told(errors.ArgumentError, *parts):
        tw.fit(squared, np.zeros(3), regression, optimizer=optimizer)


def test_momentum_outside_its_range_is_called_momentum() -> None:
    with told(errors.ArgumentError, "momentum=2.0 was given", "[0, 1)"):
        tw.optim.sgd(0.1, momentum=2)


def test_epochs_and_steps_exclude_each_other(squared, regression, sgd) -> None:
    with told(errors.ArgumentError, "epochs=3 and steps=5", "Give one of them"):
        tw.fit(squared, np.zeros(3), regression, optimizer=sgd, epochs=3, steps=5)


def test_a_fraction_for_validation_is_told_to_hold_out_rows(squared, regression, sgd) -> None:
    with told(errors.ShapeError, "validation is a single number", "Hold out rows yourself"):
        tw.fit(squared, np.zeros(3), regression, optimizer=sgd, validation=0.2)


def test_what_is_no_engine_is_refused(squared, regression, sgd) -> None:
    with told(errors.ArgumentError, "engine=None", '"auto"'):
        tw.fit(squared, np.zeros(3), regression, optimizer=sgd, engine=None)


def test_masked_values_are_refused(squared, regression, sgd) -> None:
    X, y = regression
    hidden = np.ma.masked_greater(X, 1.0)
    with told(errors.DataError, "data[0] (X) is a masked array with", "masked values", "filled"):
        tw.fit(squared, np.zeros(3), (hidden, y), optimizer=sgd)
    tw.fit(squared, np.zeros(3), (np.ma.masked_greater(X, 1e9), y), optimizer=sgd)


def test_parameters_of_torch_that_require_gradients_are_refused(squared, regression, sgd) -> None:
    params = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    with told(errors.DtypeError, "params holds a Tensor", "detach().numpy()"):
        tw.fit(squared, params, regression, optimizer=sgd)


@pytest.mark.filterwarnings("error")
def test_unsigned_integers_need_no_conversion(sgd) -> None:
    pixels = np.arange(12, dtype=np.uint64).reshape(6, 2)
    fits = [
        tw.fit(
            lambda b, X: np.mean((X // 2 / 255 - b) ** 2), np.zeros(2), pixels, optimizer=sgd,
            engine=engine,
        )
        for engine in ("native", "numpy")
    ]  # fmt: skip
    np.testing.assert_allclose(fits[0].params, fits[1].params, rtol=1e-13)
    assert fits[0].called == {}


# ---- runs that go wrong


def test_an_infinite_derivative_is_told_with_the_line_it_belongs_to(sgd, engine) -> None:
    def loss(b):
        return np.sqrt(np.sum(b**2))

    parts = "parameters stopped being finite", line_of(loss), "(in its derivative)", "np.sqrt(x +"
    with told(errors.TrainingDiverged, *parts):
        tw.fit(loss, np.zeros(3), None, optimizer=sgd, engine=engine)


def test_an_optimizer_without_a_sign_is_warned_of(squared, regression) -> None:
    rising = r"rose from .* never below .*scale_by_learning_rate"
    with pytest.warns(UserWarning, match=rising) as caught:
        tw.fit(squared, np.zeros(3), regression, optimizer=tw.optim.scale_by_adam(), steps=50)
    assert {warning.filename for warning in caught} == {__file__}


# ---- data frames


def test_columns_of_different_kinds_are_read_as_numbers(squared, sgd) -> None:
    X, y = np.c_[np.linspace(0, 1, 6), np.arange(6) % 2, np.arange(6)], np.ones(6)
    frame = pd.DataFrame({"size": X[:, 0], "new": X[:, 1] == 1, "rooms": np.arange(6)})
    expected = tw.fit(squared, np.zeros(3), (X, y), optimizer=sgd).params
    for given in (frame, frame.convert_dtypes()):
        assert tw.fit(squared, np.zeros(3), (given, y), optimizer=sgd).params.tolist() == list(
            expected
        )


def test_a_missing_value_and_a_text_are_named_with_column_and_row(squared, sgd) -> None:
    frame = pd.DataFrame({"size": [1.0, 2.0], "rooms": pd.array([1, None], dtype="Int64")})
    parts = "data[0] (X) lacks a value in column 1 ('rooms'), row 1", "Drop those rows"
    with told(errors.DataError, *parts):
        tw.fit(squared, np.zeros(2), (frame, np.ones(2)), optimizer=sgd)
    frame = pd.DataFrame({"size": [1.0, 2.0], "city": ["Ulm", "Bonn"]})
    parts = "holds 'Ulm' in column 1 ('city'), row 0", "real numbers", "Encode text"
    with told(errors.DtypeError, *parts):
        tw.fit(squared, np.zeros(2), (frame, np.ones(2)), optimizer=sgd)


def test_a_column_asked_for_by_name_is_told_how_to_get_it(sgd) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [2.0, 4.0]})
    loss = lambda b, table: np.mean((table["y"] - b * table["x"]) ** 2)
    with told(errors.UnsupportedOperation, "x['y'] was asked", "x[:, 0]", "dict(frame)"):
        tw.fit(loss, 0.0, frame, optimizer=sgd)
    by_name = lambda b, x, y: np.mean((y - b * x) ** 2)
    assert tw.fit(by_name, 0.0, dict(frame), optimizer=sgd, epochs=50).params == pytest.approx(2)


def test_parameters_in_an_object_are_told_what_to_be_put_into(squared, regression, sgd) -> None:
    class Model:
        pass

    with told(errors.DtypeError, "params['m'] is a Model", "dicts, lists, tuples or named tuples"):
        tw.fit(squared, {"m": Model()}, regression, optimizer=sgd)


@pytest.mark.parametrize("choice", ["function", True])
def test_progress_that_was_asked_for_is_shown_once_at_least(
    squared, regression, sgd, choice, capsys
):
    steps = []
    progress = (lambda info: steps.append(info.step)) if choice == "function" else choice
    tw.fit(squared, np.zeros(3), regression, optimizer=sgd, epochs=4, progress=progress)
    assert steps == ([4] if choice == "function" else [])
    assert ("step 4/4" in capsys.readouterr().err) is (choice is True)
