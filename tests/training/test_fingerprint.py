"""Fits that may share a compiled run do, and those that may not never do."""

import functools
import gc
import threading
import types
import weakref

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines.fingerprint import Fingerprint, names_read
from thalweg.engines.kept import Cache
from thalweg.training import prepare, program

SCALE = 2.0
CONFIG = types.ModuleType("config")
CONFIG.scale = 2.0
CONFIG.unrelated = 1.0


def fitted(loss, params=1.0, **arguments):
    settings = {"optimizer": tw.optim.sgd(0.25), "engine": "numpy", "progress": False}
    return tw.fit(loss, params, **{**settings, **arguments})


@pytest.fixture
def traces(monkeypatch):
    """Count the traces and the compilations; begin with empty caches."""
    for kept in (prepare.STEPS, prepare.EVALUATIONS, prepare.COMPILED):
        kept.clear()
    counts = {"traced": 0, "compiled": 0}

    def traced(*args):
        counts["traced"] += 1
        return trace(*args)

    def compiled(self, loop):
        counts["compiled"] += 1
        return compile_loop(self, loop)

    trace = program.trace_step
    engine = type(tw.engines.registry.engine("numpy"))
    compile_loop = engine.compile_loop
    monkeypatch.setattr(prepare, "trace_step", traced)
    monkeypatch.setattr(engine, "compile_loop", compiled)
    return counts


# ---- what is shared


def test_a_repeated_fit_is_not_traced_again(traces) -> None:
    x = np.arange(10.0)

    def make():
        return lambda b, x: np.mean((x - b) ** 2)

    for rate in (0.1, 0.2):
        for seed in (0, 1):
            fitted(make(), 0.0, data=x, optimizer=tw.optim.sgd(rate), seed=seed, batch_size=5)
            fitted(make(), 3.0, data=2 * x, optimizer=tw.optim.sgd(rate), batch_size=5)
    assert traces == {"traced": 1, "compiled": 1}


@pytest.mark.parametrize(
    "arguments",
    [
        {"optimizer": tw.optim.adam(0.1)},
        {"batch_size": 4},
        {"batch_size": 5, "shuffle": False},
        {"batch_size": 3, "drop_last": True},
        {"batch_size": None},
        {"params": np.float32(0)},
        {"data": np.arange(20.0)},
        {"data": np.arange(10)},
    ],
    ids=str,
)
def test_what_changes_the_program_is_traced_again(traces, arguments) -> None:
    def loss(b, x):
        return np.mean((x - b) ** 2)

    settings = {"params": 0.0, "data": np.arange(10.0), "batch_size": 5}
    fitted(loss, **settings)
    fitted(loss, **{**settings, **arguments})
    assert traces["traced"] == 2


def test_learning_rates_of_schedules_are_run_time_numbers(traces) -> None:
    for rate in (0.1, 0.3):
        schedule = tw.optim.exponential_decay(rate, 10, rate)
        found = fitted(lambda b: b**2, optimizer=tw.optim.sgd(schedule), steps=2)
        first = 1 - 2 * rate
        assert found.params == pytest.approx(first - 2 * rate * rate**0.1 * first)
    assert traces["traced"] == 1


# ---- what is told apart


def test_a_number_in_a_closure_counts_by_value() -> None:
    def make(c):
        return lambda b: (b - c) ** 2

    assert fitted(make(3.0), optimizer=tw.optim.sgd(0.5)).params == 3.0
    assert fitted(make(5.0), optimizer=tw.optim.sgd(0.5)).params == 5.0
    assert Fingerprint(make(3.0)).key == Fingerprint(make(3.0)).key
    assert Fingerprint(make(3)).key != Fingerprint(make(3.0)).key
    assert Fingerprint(make(0.0)).key != Fingerprint(make(-0.0)).key
    assert Fingerprint(make(True)).key != Fingerprint(make(1)).key
    assert Fingerprint(make(np.float32(1))).key != Fingerprint(make(np.float64(1))).key


def test_a_global_counts_by_value(monkeypatch) -> None:
    def loss(b):
        return (b - SCALE) ** 2

    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 2.0
    monkeypatch.setitem(globals(), "SCALE", 7.0)
    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 7.0


def test_an_attribute_of_a_module_counts_by_value_if_it_is_read(monkeypatch) -> None:
    def loss(b):
        return (b - CONFIG.scale) ** 2

    before = Fingerprint(loss).key
    monkeypatch.setattr(CONFIG, "unrelated", 5.0)
    assert Fingerprint(loss).key == before
    monkeypatch.setattr(CONFIG, "scale", 5.0)
    assert Fingerprint(loss).key != before


def helped(b):
    return b * SCALE


def test_functions_count_by_what_they_refer_to(monkeypatch) -> None:
    def loss(b):
        def inner():
            return helped(b)

        return inner()

    before = Fingerprint(loss).key
    assert Fingerprint(loss).key == before
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    assert Fingerprint(loss).key != before


def test_transformed_functions_count_by_what_made_them(traces) -> None:
    def make(scale, power):
        inner = tw.jit(lambda b: np.sum(b**power) * scale[0])
        return lambda b: np.sum(tw.grad(inner)(b) ** 2)

    scale = np.ones(1)
    for loss in (make(scale, 2), make(scale, 2), make(scale, 3)):
        fitted(loss, np.ones(2))
    assert traces["traced"] == 2
    scale[0] = 3.0
    assert Fingerprint(make(scale, 2)).key != Fingerprint(make(np.ones(1), 2)).key
    assert fitted(make(scale, 2), np.ones(2), steps=1).history.loss[0] == 72.0


def test_objects_count_by_their_attributes_and_methods() -> None:
    class Model:
        power = 2

        def __init__(self, center):
            self.center = center

        def __call__(self, b):
            return (b - self.center) ** self.power

    model = Model(3.0)
    assert fitted(model, optimizer=tw.optim.sgd(0.5)).params == 3.0
    model.center = 4.0
    assert fitted(model, optimizer=tw.optim.sgd(0.5)).params == 4.0
    assert fitted(lambda b: model(b), optimizer=tw.optim.sgd(0.5)).params == 4.0
    assert fitted(model.__call__, optimizer=tw.optim.sgd(0.5)).params == 4.0
    model.center = 5.0
    assert fitted(lambda b: model(b), optimizer=tw.optim.sgd(0.5)).params == 5.0


def test_attributes_of_classes_count() -> None:
    class Settings:
        center = 3.0

    def loss(b):
        return (b - Settings.center) ** 2

    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 3.0
    Settings.center = 4.0
    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 4.0


def test_containers_defaults_and_partial_functions_count() -> None:
    table = {"center": [3.0]}

    def loss(b, *, c=table):
        return (b - c["center"][0]) ** 2

    def two(c, b):
        return (b - c) ** 2

    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 3.0
    table["center"][0] = 6.0
    assert fitted(loss, optimizer=tw.optim.sgd(0.5)).params == 6.0
    for c in (1.0, 2.0):
        assert fitted(functools.partial(two, c), 0.0, optimizer=tw.optim.sgd(0.5)).params == c


def test_slots_count() -> None:
    class Slotted:
        __slots__ = ("center",)

    holder = Slotted()
    for center in (3.0, 4.0):
        holder.center = center
        found = fitted(lambda b: (b - holder.center) ** 2, optimizer=tw.optim.sgd(0.5))
        assert found.params == center


def test_structures_that_refer_to_themselves_are_told_apart() -> None:
    def make(value):
        loop = [value]
        loop.append(loop)
        return lambda b: b * loop[0]

    assert Fingerprint(make(1.0)).key == Fingerprint(make(1.0)).key
    assert Fingerprint(make(1.0)).key != Fingerprint(make(2.0)).key

    def recursive(b, n=3):
        return b if n == 0 else recursive(b * b, n - 1)

    assert Fingerprint(recursive).key is not None


def test_two_arrays_and_one_array_twice_are_told_apart() -> None:
    a = np.ones(3)

    def make(x, y):
        return lambda b: np.sum(x * y) * b

    assert Fingerprint(make(a, a)).key != Fingerprint(make(a, a.copy())).key


# ---- arrays the loss refers to


@pytest.mark.parametrize("wrap", [np.asarray, tw.Tensor], ids=["array", "tensor"])
@pytest.mark.parametrize("n", [4, 50_000])
def test_arrays_in_a_closure_are_read_anew_at_each_fit(wrap, n, engine) -> None:
    values = np.full(n, 3.0)
    held = wrap(values)
    array = held.array if isinstance(held, tw.Tensor) else held

    def loss(b):
        return np.mean((held - b) ** 2)

    def run():
        return fitted(loss, 0.0, optimizer=tw.optim.sgd(0.5), engine=engine).params

    assert run() == pytest.approx(3.0, rel=1e-9)
    array[:] = 4.0
    assert run() == pytest.approx(4.0, rel=1e-9)


def test_numbers_computed_from_arrays_while_tracing_are_never_stale(engine) -> None:
    def make(x):
        return lambda b: (b - float(np.std(x))) ** 2 + 0 * np.mean((x - b) ** 2)

    x = np.array([0.0, 2.0])
    for factor in (1.0, 2.0, 3.0):
        found = fitted(make(factor * x), 0.0, optimizer=tw.optim.sgd(0.5), engine=engine)
        assert found.params == factor
    x[:] = [0.0, 10.0]
    assert fitted(make(x), 0.0, optimizer=tw.optim.sgd(0.5), engine=engine).params == 5.0


def test_arrays_made_while_tracing_are_never_stale(engine) -> None:
    table = np.arange(6.0).reshape(2, 3)

    def loss(b):
        return np.sum((table.T @ np.ones(2) - b) ** 2) / 2

    def run():
        return fitted(loss, np.zeros(3), optimizer=tw.optim.sgd(1.0), engine=engine).params

    assert run().tolist() == [3.0, 5.0, 7.0]
    table[:] = 1.0
    assert run().tolist() == [2.0, 2.0, 2.0]
    table[:] = np.arange(6.0).reshape(2, 3)
    assert run().tolist() == [3.0, 5.0, 7.0]


def test_a_trace_that_writes_the_same_program_is_not_compiled_again(traces) -> None:
    def make(x):
        return lambda b: np.mean((x - b) ** 2)

    for value in (1.0, 2.0, 3.0):
        x = np.full(4, value)
        assert fitted(make(x), 0.0, optimizer=tw.optim.sgd(0.5)).params == value
    assert traces == {"traced": 3, "compiled": 1}


def test_what_cannot_be_told_is_traced_at_every_fit(traces) -> None:
    rng = np.random.default_rng(0)
    centers = []

    def loss(b):
        centers.append(rng.normal())
        return (b - centers[-1]) ** 2

    with pytest.warns(UserWarning, match="drawn once"):
        found = [fitted(loss, 0.0, optimizer=tw.optim.sgd(0.5)).params for _ in range(3)]
    assert found == centers
    assert traces["traced"] == 3
    assert Fingerprint(loss).key is None
    many = list(range(5000))
    assert Fingerprint(lambda b: b * len(many)).key is None


def test_a_cached_run_keeps_no_data_alive() -> None:
    class Owner(np.ndarray):
        pass

    x = np.ones(1000).view(Owner)
    held = np.ones(1000).view(Owner)
    gone = [weakref.ref(x), weakref.ref(held)]

    def make(held):
        return lambda b, x: np.mean((x + held - b) ** 2)

    fitted(make(held), 0.0, data=x)
    del x, held
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_names_read_are_globals_and_closure_variables_with_their_attributes() -> None:
    outer = types.SimpleNamespace(a=types.SimpleNamespace(b=1.0))

    def loss(b):
        return np.linalg.norm(b) * outer.a.b + (lambda: SCALE)()

    assert names_read(loss.__code__) == (
        ("np", ("linalg", "norm")), ("outer", ("a", "b")), ("SCALE", ()),
    )  # fmt: skip


# ---- the cache itself


def test_a_cache_forgets_what_was_not_used_for_longest() -> None:
    kept = Cache(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)
    assert kept.keep("a", 9) == 1


def test_a_cache_is_safe_in_threads() -> None:
    kept = Cache(8)

    def work(seed):
        rng = np.random.default_rng(seed)
        for key in rng.integers(0, 20, size=2000).tolist():
            assert kept.keep(key, key + 1) == key + 1
            assert kept.get(key) in (key + 1, None)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 8
