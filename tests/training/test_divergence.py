"""A run that stops being finite says at which step, why, and what to try."""

import pickle

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import NoResult, TrainingDiverged
from thalweg.training import loop


def written_out(X, y, rate, batch_size, epochs):
    """Return the last finite parameters of a descent, and the first step that is not finite."""
    beta, step = np.zeros(X.shape[1]), 0
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            for start in range(0, len(y), batch_size):
                rows = slice(start, start + batch_size)
                residual = y[rows] - X[rows] @ beta
                new = beta + rate * 2 * X[rows].T @ residual / len(residual)
                if not (np.isfinite(np.mean(residual**2)) and np.isfinite(new).all()):
                    return beta, step
                beta, step = new, step + 1
    raise AssertionError("It did not diverge.")


@pytest.mark.parametrize("rate", [2.0, 30.0, 1e160])
@pytest.mark.parametrize("batch_size", [10, 103])
def test_the_first_bad_step_and_the_last_finite_parameters_are_found(
    squared, regression, engine, rate, batch_size
) -> None:
    X, y = regression
    params, step = written_out(X, y, rate, batch_size, 500)
    with pytest.raises(TrainingDiverged, match=f"at step {step} ") as caught:
        tw.fit(
            squared, np.zeros(3), (X, y), optimizer=tw.optim.sgd(rate), batch_size=batch_size,
            epochs=500, shuffle=False, engine=engine,
        )  # fmt: skip
    error = caught.value
    assert error.step == step
    np.testing.assert_allclose(error.params, params, rtol=1e-9)
    assert error.fit.steps == step
    assert len(error.fit.history.loss) == step
    assert np.isfinite(error.fit.history.loss).all()
    assert not error.fit.finished
    assert isinstance(error, ArithmeticError)


def test_the_step_does_not_depend_on_how_the_run_is_sliced(
    squared, regression, engine, monkeypatch
) -> None:
    found = []
    for steps in (1, 5, 10**6):
        pace = type("Pace", (), {"steps": steps, "learn": lambda *arguments: None})
        monkeypatch.setattr(loop, "Pace", pace)
        with pytest.raises(TrainingDiverged) as caught:
            tw.fit(
                squared, np.zeros(3), regression, optimizer=tw.optim.sgd(3.0, momentum=0.9),
                batch_size=10, epochs=500, engine=engine,
            )  # fmt: skip
        found.append((caught.value.step, caught.value.params.tolist(), str(caught.value)))
    assert found[0] == found[1] == found[2]


def test_a_rate_that_is_too_large_is_named_with_what_to_try(squared, regression) -> None:
    with pytest.raises(TrainingDiverged) as caught:
        tw.fit(squared, np.zeros(3), regression, optimizer=tw.optim.sgd(2.0), epochs=10_000)
    told = str(caught.value)
    for part in (
        "The loss became inf at step",
        "It had climbed from",
        "learning rate (learning_rate=2) is likely too large; where the run began, rates above",
        "make the loss climb. Try a smaller one, such as 0.",
        "clip_by_global_norm(1.0)",
        "last finite parameters are in this error's `params`",
    ):
        assert part in told


def test_the_stable_rate_is_two_over_the_largest_eigenvalue(squared, regression) -> None:
    X, y = regression
    limit = 2 / np.linalg.eigvalsh(2 * X.T @ X / len(y)).max()
    with pytest.raises(TrainingDiverged, match=f"rates above {limit:.2g} make the loss climb"):
        tw.fit(squared, np.zeros(3), (X, y), optimizer=tw.optim.sgd(2 * limit), steps=10**6)
    below = tw.fit(squared, np.zeros(3), (X, y), optimizer=tw.optim.sgd(0.99 * limit), steps=10**4)
    assert below.history.loss[-1] < below.history.loss[0]


def test_other_optimizers_are_told_to_try_a_tenth_of_their_rate() -> None:
    momentum = tw.optim.sgd(3.0, momentum=0.9)
    with pytest.raises(TrainingDiverged, match=r"learning_rate=3\) .* such as 0\.3 or 0\.03"):
        tw.fit(lambda b: b * b, 1.0, optimizer=momentum, steps=10**6)


def test_a_column_of_another_scale_is_named(squared, regression) -> None:
    X, y = regression
    X = X * [1.0, 1e4, 1.0]
    with pytest.raises(TrainingDiverged, match=r"Column 1 of data\[0\] \(X\) has values around"):
        tw.fit(squared, np.zeros(3), (X, y), optimizer=tw.optim.sgd(0.1), epochs=1000)


def test_the_operation_that_made_the_first_infinity_is_named_with_its_line(engine) -> None:
    def loss(b, x):
        return np.mean(np.log(x * b))

    line = loss.__code__.co_firstlineno + 1
    with pytest.raises(TrainingDiverged, match=f"step 0 .*log at {__file__}:{line} gave -inf"):
        tw.fit(loss, 0.0, np.ones(9), optimizer=tw.optim.sgd(0.1), batch_size=4, engine=engine)


def test_the_operation_is_found_in_a_last_smaller_batch_of_a_later_epoch(engine) -> None:
    def loss(b, x):
        return np.mean(1 / np.sqrt(x + b))

    x = np.r_[np.ones(8), -0.02]
    parts = "at step 2 .*sqrt at .* gave NaN"
    with pytest.raises(TrainingDiverged, match=parts):
        tw.fit(
            loss, 0.0, x, optimizer=tw.optim.sgd(0.01), batch_size=4, shuffle=False, epochs=3,
            engine=engine,
        )  # fmt: skip


def test_parameters_that_overflow_under_a_finite_loss_are_noticed(engine) -> None:
    with pytest.raises(TrainingDiverged, match="parameters stopped being finite at step 1 ") as e:
        tw.fit(lambda b: b[0], np.ones(1), optimizer=tw.optim.sgd(1.5e308), steps=9, engine=engine)
    assert e.value.params == [1 - 1.5e308]
    assert e.value.fit.history.loss.tolist() == [1.0]


def test_a_divergence_leaves_the_last_checkpoint_alone(squared, regression, tmp_path) -> None:
    path = tmp_path / "run"
    with pytest.raises(TrainingDiverged) as caught:
        tw.fit(
            squared, np.zeros(3), regression, optimizer=tw.optim.sgd(2.0), steps=10_000,
            checkpoint=tw.Checkpoint(path, steps=50),
        )  # fmt: skip
    kept = tw.load(path)
    assert kept.steps == caught.value.step // 50 * 50
    assert np.isfinite(kept.params).all()


def test_engines_are_asked_only_for_what_the_protocol_offers(squared, regression) -> None:
    """The search runs through `restore` and `advance` alone, so that any engine will do."""

    class Counting(NumpyEngine):
        name = "counting"

        def compile_loop(self, loop):
            made = super().compile_loop(loop)
            begin = made.begin

            def counted(*arguments):
                run = begin(*arguments)
                restore = run.restore
                run.restore = lambda state: (restores.append(1), restore(state))[1]
                return run

            made.begin = counted
            return made

    restores = []
    with pytest.raises(TrainingDiverged):
        tw.fit(
            squared, np.zeros(3), regression, optimizer=tw.optim.sgd(2.0), steps=10_000,
            engine=Counting(),
        )  # fmt: skip
    assert 1 <= len(restores) <= 20


NAN = np.where(np.arange(20) == 3, np.nan, 1.0)
INFINITE = {"weights": np.where(np.arange(20) == 3, np.inf, 1.0)}
NOTHING = float("nan")
MASK = np.where(np.arange(20) < 10, 0.0, -np.inf)


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (lambda r: np.mean(NAN * r**2), r"NAN, which the loss refers to at .*:\d+, holds NaN"),
        (
            lambda r: np.mean(INFINITE["weights"] * r**2),
            r"INFINITE\['weights'\], which the loss refers to at .*:\d+, holds inf",
        ),
        (lambda r: NOTHING * np.mean(r**2), r"uses the number NaN at .*:\d+"),
        (lambda r: np.mean(r**2 * np.array([np.nan] * 20)), r"An array, which .* holds NaN"),
        (lambda r: tw.logsumexp(r + 2 * MASK - MASK), r"subtract at .* gave NaN from infinite"),
        (lambda r: np.mean(np.log(r - r)), r"log at .* gave -inf from finite numbers"),
    ],
    ids=range(6),
)
def test_what_the_loss_refers_to_is_named_where_it_is_not_finite(loss, told, engine) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    with pytest.raises(TrainingDiverged, match=told):
        tw.fit(
            lambda b, x, y: loss(x @ b - y), np.ones(3), (x, y), optimizer=tw.optim.sgd(0.01),
            engine=engine,
        )  # fmt: skip


def test_infinities_that_a_mask_means_are_left_alone(engine) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    found = tw.fit(
        lambda b, x, y: tw.logsumexp((x @ b - y) ** 2 + MASK), np.zeros(3), (x, y),
        optimizer=tw.optim.sgd(0.01), steps=5, engine=engine,
    )  # fmt: skip
    assert np.isfinite(found.history.loss).all()


# ---- matrices without what is asked of them

I3, ONES = np.eye(3), np.ones((3, 3))


def definite(w):
    return np.sum(np.linalg.cholesky(I3 * w))


def solved(w):
    return np.sum(np.linalg.solve(ONES * w, np.ones(3)))


def inverted(w):
    return np.sum(np.linalg.inv(ONES * w))


def measured(w):
    return np.linalg.slogdet(ONES * w)[1]


def determined(w):
    return np.log(np.linalg.det(ONES * w))


def triangular(w):
    return np.sum(tw.linalg.solve_triangular(ONES * (w - 1.0), np.ones(3)))


@pytest.mark.parametrize(
    ("loss", "start", "step", "told"),
    [
        (definite, 0.25, 1, "linalg.cholesky at {} found no result: Matrix is not positive"),
        (solved, 1.0, 0, "linalg.solve or inv at {} found no result: Singular matrix"),
        (inverted, 1.0, 0, "linalg.solve or inv at {} found no result: Singular matrix"),
        (measured, 1.0, 0, "log at {} gave -inf from finite numbers"),
        (determined, 1.0, 0, "log at {} gave -inf from finite numbers"),
        (triangular, 1.0, 0, "linalg.solve_triangular at {} found no result: the matrix has 0 on"),
    ],
)
def test_a_matrix_without_a_result_is_told_with_step_and_line(
    loss, start, step, told, engine
) -> None:
    line = f"{__file__}:{loss.__code__.co_firstlineno + 1}"
    with pytest.raises(TrainingDiverged) as caught:
        tw.fit(loss, start, optimizer=tw.optim.sgd(0.1), steps=20, engine=engine)
    assert caught.value.step == step
    assert np.isfinite(caught.value.params)
    assert f"at step {step} " in str(caught.value)
    assert told.format(line) in str(caught.value)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: np.linalg.cholesky(x),
        lambda x: np.linalg.eigh(x)[0],
        lambda x: np.linalg.svd(x)[1],
        lambda x: np.linalg.qr(x)[1],
        lambda x: np.linalg.inv(x),
        lambda x: np.linalg.det(x),
    ],
    ids=["cholesky", "eigh", "svd", "qr", "inv", "det"],
)
def test_a_matrix_that_holds_nan_is_blamed_on_what_made_it(read, engine) -> None:
    def loss(w):
        matrix = I3 + np.log(w)
        return np.sum(read(matrix))

    line = f"{__file__}:{loss.__code__.co_firstlineno + 1}"
    with pytest.raises(TrainingDiverged, match=f"step 0 .*log at {line} gave NaN"):
        tw.fit(loss, -1.0, optimizer=tw.optim.sgd(0.1), steps=20, engine=engine)


def test_a_matrix_is_named_though_the_loss_had_climbed(engine) -> None:
    def loss(w):
        return np.exp(-5.0 * w) + 0.0 * np.sum(np.linalg.cholesky(I3 * w))

    rising = tw.optim.chain(tw.optim.sgd(1.0), tw.optim.clip(0.1), tw.optim.scale(-1.0))
    told = r"at step 15 .*linalg\.cholesky at .* found no result.* It had climbed from"
    with pytest.raises(TrainingDiverged, match=told):
        tw.fit(loss, 1.05, optimizer=rising, steps=20, engine=engine)


def test_a_matrix_that_native_code_alone_finds_no_factor_of_is_named() -> None:
    factor = tw.jit(np.linalg.cholesky, engine="native")
    for seed in range(1000):
        half = np.random.default_rng(seed).normal(size=(6, 3))
        matrix = half @ half.T
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            continue
        if np.isnan(factor(matrix)).any():
            break
    else:
        pytest.skip("rounding is the same everywhere")
    with pytest.raises(TrainingDiverged, match=f"step 0 .*cholesky.* at {__file__}.* gave NaN"):
        tw.fit(
            lambda w: np.sum(np.linalg.cholesky(matrix * w)), 1.0, optimizer=tw.optim.sgd(0.1),
            engine="native",
        )  # fmt: skip


def test_what_has_no_result_is_numpys_error_too() -> None:
    with pytest.raises(np.linalg.LinAlgError) as caught:
        tw.linalg.cholesky(-I3)
    error = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(error, NoResult)
    assert str(error) == str(caught.value)
    assert str(error).startswith("linalg.cholesky found no result: Matrix is not positive definite")
