"""What the native engine lacks: called back for in NumPy, from inside the native loop."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import traceback
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of, spec
from tests.engines.agreement import check_primitive
from tests.engines.llvm.kernels import runnable
from tests.engines.loops import given
from tests.interruptions.sent import interrupt_after
from tests.samples import COMPLEX, samples
from thalweg.control.scan import scan
from thalweg.core.operation import OPERATIONS
from thalweg.core.primitive import PRIMITIVES, Primitive, elementwise, general
from thalweg.core.program import Equation, Program, Symbol, evaluate
from thalweg.core.spec import Spec
from thalweg.engines.llvm.code.lacking import calling_back
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.registry import engine
from thalweg.errors import EngineError, IndexOutOfRange

pytestmark = pytest.mark.filterwarnings("ignore:The native engine cannot run")

ROOT = Path(__file__).parents[3]
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 8))
Z = X + 1j * RANDOM.normal(size=(5, 8))


@pytest.fixture
def own_primitives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget primitives that a test declares."""
    for register in (PRIMITIVES, OPERATIONS):
        for name in ("third", "stuck", "rows_sorted"):
            monkeypatch.setitem(register, name, None)  # undone after the test


def check(function: Any, *arguments: Any, rtol: float = 1e-12) -> None:
    """Fail unless the native engine and the reference engine give the same."""
    found = tw.tree.leaves(tw.jit(function, engine="native")(*arguments))
    wanted = tw.tree.leaves(tw.jit(function, engine="numpy")(*arguments))
    for a, b in zip(found, wanted, strict=True):
        assert (np.shape(a), np.asarray(a).dtype) == (np.shape(b), np.asarray(b).dtype)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


# ---- what is computed


def test_every_primitive_of_complex_numbers_is_its_meaning() -> None:
    native = NativeEngine(calls_back=True)
    for name in COMPLEX:
        check_primitive(native, PRIMITIVES[name], samples(name))


def test_calls_are_made_from_code_without_wide_vectors_too() -> None:
    native = NativeEngine(runnable("sse"), calls_back=True)
    check_primitive(native, PRIMITIVES["fourier"], samples("fourier"))


@pytest.mark.parametrize("name", ["add", "reduce_sum", "matrix_product", "take", "transpose"])
def test_complex_operands_are_those_of_the_meaning(name: str) -> None:
    rows = [
        replace(row, operands=tuple(_complex(x) for x in row.operands))
        for row in samples(name)
        if all(np.asarray(x).dtype.kind in "fi" for x in row.operands)
    ]
    check_primitive(NativeEngine(calls_back=True), PRIMITIVES[name], rows)


def _complex(operand: Any) -> Any:
    array = np.asarray(operand)
    return array * (1 - 2j) if array.dtype == np.float64 else operand


PROGRAMS: dict[str, Any] = {
    "arithmetic": (lambda z: z * 2 + 1, Z),
    "passed through": (lambda z, x: (x, z, z.T, 3j), Z, X),
    "into real numbers": (lambda z: np.sum(np.abs(np.exp(z))), Z),
    "rows": (lambda z: z[np.array([1, 2])] * 2, Z),
    "gradient of a spectrum": (tw.grad(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2)), X),
    "gradient of a convolution": (
        tw.grad(lambda x: np.sum(np.fft.irfft(np.fft.rfft(np.sin(x)) * np.fft.rfft(x)) ** 3)), X,
    ),
    "two calls in a row": (
        lambda x: np.fft.fft(np.tanh(np.fft.fft(x).real)).real + np.fft.fft(x).imag, X,
    ),
    "unsigned": (
        lambda u: (u // 2, np.abs(np.fft.fft(u)), u), np.arange(5, dtype=np.uint64) + 2**63,
    ),
    "eigenvalues": (lambda x: tw.linalg.eigvals(x[:, :5]), X),
    "halves": (lambda x: np.sort(x * 2), X.astype(np.float16)),
    "nothing": (lambda z: z[:0] * 2, Z),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_with_calls_agree_with_the_reference(name: str) -> None:
    check(*PROGRAMS[name])


LOOPS: dict[str, Any] = {
    "a call a turn": lambda x, z: scan(
        lambda c, r: (c * 0.5 + np.fft.irfft(np.fft.rfft(r) * 2), np.sum(c)), np.zeros(8), x
    ),
    "carries that change places": lambda x, z: scan(
        lambda c, r: ((c[1], c[0] * r), c[0]), (z[0], z[1]), z
    ),
    "a carry that stays": lambda x, z: scan(
        lambda c, r: ((c[0], c[1] + np.real(r)), c[0]), (z[0], np.zeros(8)), z
    ),
    "a number carried over": lambda x, z: scan(lambda c, r: (c + r, c), 0j, z[:, 0]),
    "loops in loops": lambda x, z: scan(
        lambda c, r: scan(lambda d, i: (d + np.fft.fft(r).real * i, d), c, np.arange(3.0)), x[0], x
    ),
    "a batch of loops": lambda x, z: tw.vmap(lambda r: scan(lambda c, q: (c * q, c), 1j, r))(z),
    "a gradient": lambda x, z: tw.grad(
        lambda x: np.sum(
            scan(
                lambda c, r: (c * 0.5 + np.fft.irfft(np.fft.rfft(r) * np.fft.rfft(np.sin(c))), c),
                x[0], x,
            )[1] ** 2
        )
    )(x),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_calls_inside_of_loops_agree_with_the_reference(name: str) -> None:
    check(LOOPS[name], X, Z, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_batches_of_complex_rows_agree_with_the_reference(dtype: Any) -> None:
    rows = (RANDOM.normal(size=(23, 6)) + 1j * RANDOM.normal(size=(23, 6))).astype(dtype)
    real = rows.real.dtype
    y = np.real(rows @ np.arange(6)).astype(real)

    def loss(w: Any, i: Any, y: Any) -> Any:
        return np.mean((y - np.real(tw.asarray(rows)[i] @ w.astype(dtype))) ** 2)

    data = np.arange(23), y
    options = {"optimizer": tw.optim.adam(0.1), "batch_size": 5, "epochs": 3, "validation": data}
    found, wanted = (
        tw.fit(loss, np.zeros(6, real), data, engine=name, **options) for name in ("auto", "numpy")
    )
    rtol = 1e-5 if real == np.float32 else 1e-12
    assert (found.engine, found.params.dtype) == ("native", real)
    np.testing.assert_allclose(found.params, wanted.params, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(found.history.loss, wanted.history.loss, rtol=rtol)
    np.testing.assert_allclose(found.history.validation, wanted.history.validation, rtol=rtol)


def test_what_no_native_equation_parts_is_one_call() -> None:
    def filtered(x: Any) -> Any:
        return np.fft.irfft(np.fft.rfft(np.sin(x)) * (1.0 - 0.5j)) + np.abs(np.fft.fft(x + 1.0))[0]

    program = program_of(filtered, spec(8))
    (ready,), called = calling_back([program])
    assert len(called) == 1
    assert not list(NativeEngine().unsupported(ready))
    x = X[0]
    np.testing.assert_allclose(evaluate(ready, [x])[0], filtered(x), rtol=1e-13)
    assert [str(c.program) for c in calling_back([program])[1]] == [str(called[0].program)]


def test_native_programs_are_left_as_they_are() -> None:
    program = program_of(lambda x: np.sum(np.sin(x)), spec(8))
    (ready,), called = calling_back([program])
    assert ready is program
    assert not called


# ---- primitives of the user's


def test_a_users_primitive_with_a_meaning_alone_costs_itself(own_primitives: None) -> None:
    @general(lambda x: Spec(x.shape, x.dtype), lambda g, out, x: 3.0 * g * x**2)
    def third(x: np.ndarray) -> np.ndarray:
        """The cube."""
        return x**3

    def loss(w: Any, x: Any) -> Any:
        return np.sum(third(w - x) ** 2)

    data = RANDOM.normal(size=(20, 3))
    options = {"optimizer": tw.optim.adam(0.05), "batch_size": 6, "epochs": 4}
    found = tw.fit(loss, np.zeros(3), data, **options)
    wanted = tw.fit(loss, np.zeros(3), data, engine="numpy", **options)
    assert found.engine == "native"
    np.testing.assert_allclose(found.params, wanted.params, rtol=1e-12)
    np.testing.assert_allclose(found.history.loss, wanted.history.loss, rtol=1e-12)


def test_a_primitive_declared_anew_is_run_by_its_new_meaning(own_primitives: None) -> None:
    def declared(factor: float) -> Primitive:
        @elementwise(lambda g, out, x: factor * g)
        def third(x: np.ndarray) -> np.ndarray:
            """A multiple."""
            return factor * x

        return third

    found = []
    for factor in (1.0, 2.0):
        third = declared(factor)
        fit = tw.fit(
            lambda w, x, third=third: np.sum(third(w) * x), 1.0, np.ones((1, 1)),
            optimizer=tw.optim.sgd(0.0),
        )  # fmt: skip
        found.append(fit.history.loss[0])
    assert found == [1.0, 2.0]


@pytest.mark.parametrize("wrong", [lambda x: x[:2], lambda x: x.astype(np.float32)])
def test_a_meaning_that_breaks_its_spec_is_told_with_both(wrong: Any) -> None:
    strange = Primitive("strange", "elementwise", wrong, lambda x: x, (None,), None, None)
    try:
        x, y = Symbol(spec(3)), Symbol(spec(3))
        program = Program((x,), (Equation(strange, (x,), {}, y, "model.py:7"),), (y,))
        run = NativeEngine(calls_back=True).compile(program)
        told = (
            r"strange at model\.py:7 .* gave float(64\[2\]|32\[3\]); its spec states float64\[3\]"
        )
        with pytest.raises(EngineError, match=told):
            run(np.ones(3))
    finally:
        del PRIMITIVES["strange"]


def test_a_meaning_may_keep_its_operands(own_primitives: None) -> None:
    kept: list[Any] = []

    @general(lambda x: Spec(x.shape, x.dtype), None)
    def third(x: np.ndarray) -> np.ndarray:
        """The operand, which is remembered."""
        kept.append(x)
        return x + 0.0

    f = tw.jit(lambda x: third(np.sin(x)) + 1.0)
    for i in range(3):
        f(np.full(1000, float(i)))
    del f
    assert all(np.isfinite(x).all() for x in kept)
    assert not any(x.flags.writeable for x in kept[-2:]), "operands are the program's"


# ---- refusal, and what is told


def test_refusing_names_the_primitive_and_the_line() -> None:
    def spectrum(x: Any) -> Any:
        return np.abs(np.fft.fft(x))

    line = spectrum.__code__.co_firstlineno + 1
    told = rf"cannot run fourier on complex128 \(.*test_callbacks\.py:{line}\)"
    for name in ("auto", "native"):
        with pytest.raises(EngineError, match=told):
            tw.jit(spectrum, engine=name, fallback="refuse")(X)
        with pytest.raises(EngineError, match=told):
            tw.fit(
                lambda w, x: np.sum(spectrum(w * x)), 1.0, X, optimizer=tw.optim.sgd(0.1),
                engine=name, fallback="refuse",
            )  # fmt: skip
    with pytest.raises(tw.errors.ArgumentError, match=r"fallback='refused'.*Did you mean 'refuse'"):
        tw.jit(spectrum, fallback="refused")(X)


@pytest.mark.filterwarnings("error")
def test_the_first_call_says_once_what_it_called_for_and_how_long_that_took() -> None:
    f = tw.jit(lambda x: np.fft.fft(x).real)
    line = sys._getframe().f_lineno - 1
    told = rf"cannot run fourier \(made at .*:{line}\) on complex128; it calls NumPy.*\d+% of the"
    with pytest.warns(UserWarning, match=told) as warned:
        f(X)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    f(X)


@pytest.mark.filterwarnings("error")
def test_a_fit_warns_once_and_its_result_tells_the_share() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.mean(np.abs(np.fft.rfft(x - w)) ** 2)

    line = loss.__code__.co_firstlineno + 1
    with pytest.warns(UserWarning, match=rf"cannot run fourier \(made at .*:{line}\)") as warned:
        found = tw.fit(loss, np.zeros(8), X, optimizer=tw.optim.sgd(0.01), steps=50, validation=X)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    assert set(found.called) == {
        f"fourier at {__file__}:{line}", f"fourier at {__file__}:{line} (in its derivative)",
    }  # fmt: skip
    assert 0.0 < sum(found.called.values()) <= 1.0
    assert "% of the steps' time" in repr(found)


def test_a_native_fit_tells_of_no_calls() -> None:
    found = tw.fit(lambda w, x: np.mean((x - w) ** 2), 0.0, X, optimizer=tw.optim.sgd(0.01))
    assert found.called == {}
    assert "in NumPy" not in repr(found)


# ---- errors


def failing(after: int, error: BaseException) -> Any:
    """Return a function of arrays that raises at one of its calls."""
    calls = []

    def sorted_unless(x: np.ndarray) -> np.ndarray:
        calls.append(x)
        if len(calls) == after:
            raise error
        return np.sort(x)

    sorted_unless.calls = calls  # type: ignore[attr-defined]
    return sorted_unless


def step(function: Any) -> Any:
    def stepped(w: Any, x: Any, rate: Any) -> Any:
        sorted_ = tw.pure_callback(function, np.empty(3), np.sin(w))
        return w + rate * sorted_, np.sum(w)

    return stepped


def test_an_error_ends_the_loop_at_once_and_is_raised_from_its_line() -> None:
    function = failing(4, LookupError("mine"))
    run = given(step(function), [np.ones(3)], [X], [0.1]).begin(engine("native"))
    losses = np.full(10, -1.0)
    with pytest.raises(LookupError, match="mine") as raised:
        run.advance(0, 10, losses)
    assert len(function.calls) == 4
    assert (losses[3:] == -1.0).all()
    assert "raise error" in "".join(traceback.format_tb(raised.tb))
    with pytest.raises(EngineError, match="in the middle of a step"):
        run.advance(4, 1, losses)
    run.restore([np.ones(3)])
    run.advance(0, 10, losses)
    assert len(function.calls) == 14
    reference = given(step(np.sort), [np.ones(3)], [X], [0.1]).begin(engine("numpy"))
    wanted = np.empty(10)
    reference.advance(0, 10, wanted)
    np.testing.assert_allclose(losses, wanted, rtol=1e-13)


def test_an_error_inside_of_nested_loops_ends_them_all() -> None:
    function = failing(5, ZeroDivisionError("mine"))

    def turned(c: Any, r: Any) -> Any:
        return scan(
            lambda d, i: (tw.pure_callback(function, np.empty(8), d + i), None), c, np.arange(3.0)
        )[0], None

    f = tw.jit(lambda x: scan(turned, x[0], x)[0])
    with pytest.raises(ZeroDivisionError, match="mine"):
        f(X)
    assert len(function.calls) == 5
    np.testing.assert_allclose(f(X).shape, (8,))


def test_an_error_passes_through_jit_and_fit_and_both_go_on_afterwards() -> None:
    function = failing(3, OSError("mine"))

    def loss(w: Any, x: Any) -> Any:
        order = tw.pure_callback(function, np.empty(8), x[0])
        return np.mean((w - order) ** 2)

    options = {"optimizer": tw.optim.sgd(0.1), "steps": 6}
    with pytest.raises(OSError, match="mine"):
        tw.fit(loss, np.zeros(8), X, **options)
    found = tw.fit(loss, np.zeros(8), X, **options)
    wanted = tw.fit(loss, np.zeros(8), X, engine="numpy", **options)
    np.testing.assert_allclose(found.params, wanted.params, rtol=1e-13)


def test_an_index_out_of_range_before_a_call_is_what_is_raised() -> None:
    def refused(x: np.ndarray) -> np.ndarray:
        raise ValueError("what comes of the wrong index")

    f = tw.jit(lambda x, i: tw.pure_callback(refused, np.empty(3), x[i]) + 1.0)
    with pytest.raises(IndexOutOfRange) as raised:
        f(np.ones(5), np.array([0, 7, 1]))
    assert isinstance(raised.value.__cause__, ValueError)


# ---- Ctrl-C


def test_ctrl_c_in_a_call_ends_the_fit_with_the_last_good_state(interrupts: None) -> None:
    def slow(x: np.ndarray) -> np.ndarray:
        time.sleep(0.02)
        return np.sort(x)

    def loss(w: Any, x: Any) -> Any:
        return np.mean((w - tw.pure_callback(slow, np.empty(8), x[0])) ** 2)

    options = {"optimizer": tw.optim.sgd(0.1)}
    interrupt_after(0.6)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt) as raised:
        tw.fit(loss, np.zeros(8), X, steps=1500, **options)
    assert time.perf_counter() - began < 20
    stopped = raised.value.fit  # type: ignore[attr-defined]
    assert 0 < stopped.steps < 1500
    again = tw.fit(loss, np.zeros(8), X, steps=stopped.steps, engine="numpy", **options)
    np.testing.assert_allclose(stopped.params, again.params, rtol=1e-12)


def test_ctrl_c_in_a_long_step_is_heard_at_once(interrupts: None) -> None:
    def long(x: np.ndarray) -> np.ndarray:
        end = time.perf_counter() + 1.0
        while time.perf_counter() < end:
            np.sort(np.ones(1000))
        return x

    def computed(x: Any) -> Any:
        # Long enough that the native code runs in a thread of its own.
        return tw.pure_callback(long, np.empty((400, 400)), x @ x) @ x

    f = tw.jit(computed)
    interrupt_after(0.3)
    with pytest.raises(KeyboardInterrupt):
        f(np.ones((400, 400)))
    assert f(np.eye(400)).shape == (400, 400)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seconds", [0.2, 0.3, 0.45])
def test_ctrl_c_between_calls_is_heard_at_the_next_one(interrupts: None, seconds: float) -> None:
    calls: list[int] = []

    def sorted_(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return np.sort(x)

    def stepped(w: Any, x: Any, rate: Any) -> Any:
        # Mostly native: the signal comes while the machine code runs.
        work = np.sum(np.exp(np.sin(x * w[0])) ** 0.3)
        return tw.pure_callback(sorted_, np.empty(3), w) + 0.0 * work, np.sum(w)

    run = given(stepped, [np.ones(3)], [np.ones(10_000)], [0.1]).begin(engine("native"))
    assert not run._compiled.long, "it runs in the main thread"
    losses = np.full(100_000, -1.0)
    interrupt_after(seconds)
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run.advance(0, 100_000, losses)
    assert time.perf_counter() - began < 20
    assert (losses[len(calls) + 1 :] == -1.0).all()


# ---- threads


def test_runs_in_threads_have_their_own_calls_and_errors() -> None:
    def sorted_unless(x: np.ndarray) -> np.ndarray:
        if x[0] > 1e3:
            raise ValueError(f"thread {x[1]:.0f}")
        return np.sort(x) * 0.5

    def stepped(w: Any, x: Any, rate: Any) -> Any:
        return w + tw.pure_callback(sorted_unless, np.empty(3), w) + rate, np.sum(w)

    begun = given(stepped, [np.zeros(3)], [X], [0.1])
    compiled = engine("native").compile_loop(begun.loop)
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        start = np.array([2e3 if number % 2 else 1.0, float(number), 0.0])
        run = compiled.begin([start], begun.data, begun.scalars, None, 0)
        losses = np.empty(15)
        try:
            run.advance(0, 15, losses)
            results[number] = losses
        except ValueError as error:
            results[number] = str(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (1, 3, 5):
        assert results[number] == f"thread {number}"
    for number in (0, 2, 4):
        work(number + 6)
        wanted = given(stepped, [np.array([1.0, number, 0.0])], [X], [0.1]).begin(engine("numpy"))
        losses = np.empty(15)
        wanted.advance(0, 15, losses)
        np.testing.assert_allclose(results[number], losses, rtol=1e-13)


def test_a_call_may_itself_run_compiled_functions_with_calls() -> None:
    inner = tw.jit(lambda x: np.abs(np.fft.fft(x)))
    f = tw.jit(lambda x: tw.pure_callback(inner, np.empty(8), np.sin(x)) * 2.0)
    np.testing.assert_allclose(f(X[0]), 2 * np.abs(np.fft.fft(np.sin(X[0]))), rtol=1e-13)


# ---- resuming, and images from disk


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.mean(np.abs(np.fft.rfft(x - w)) ** 2) + np.sum(np.sort(w) ** 2)

    run = {"optimizer": tw.optim.adam(0.01), "batch_size": 2, "seed": 3}
    half = tw.fit(loss, np.zeros(8), X, epochs=3, checkpoint=tmp_path / "half", **run)
    resumed = tw.fit(loss, np.zeros(8), X, epochs=3, resume=tmp_path / "half", **run)
    whole = tw.fit(loss, np.zeros(8), X, epochs=6, **run)
    assert half.engine == resumed.engine == "native"
    assert resumed.params.tobytes() == whole.params.tobytes()
    assert resumed.history.loss.tobytes() == whole.history.loss.tobytes()
    assert tw.load(tmp_path / "half").called == half.called


PROCESS = """
import sys
import warnings
import numpy as np
import thalweg as tw
from thalweg.engines.llvm.code import image, jit

warnings.simplefilter("ignore")
if sys.argv[1] == "kept":
    def refused(*arguments):
        raise AssertionError("compiled anew")
    image.compile_object = refused

def loss(w, x):
    sorted_ = tw.pure_callback(np.sort, np.empty(8), x[0])
    return np.mean(np.abs(np.fft.rfft(x - w)) ** 2) + np.sum((w - sorted_) ** 2)

x = np.random.default_rng(0).normal(size=(5, 8))
fit = tw.fit(loss, np.zeros(8), x, optimizer=tw.optim.adam(0.01), batch_size=2, epochs=3)
print(fit.engine, fit.params.tobytes().hex())
"""


def test_an_image_kept_on_disk_calls_the_same_in_another_process() -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", PROCESS, argument], cwd=ROOT, capture_output=True, text=True,
            check=True,
        ).stdout
        for argument in ("first", "kept")
    ]  # fmt: skip
    assert found[0].startswith("native")
    assert found[0] == found[1]


def test_overflow_in_a_call_is_a_value_and_not_a_warning() -> None:
    f = tw.jit(lambda z: np.exp(z * 1e6))
    f(np.ones(2, complex))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        f(np.ones(2, complex))
