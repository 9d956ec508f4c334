"""The tape under load: long chains, memory, threads."""

import gc
import threading
import tracemalloc
from typing import Any
from weakref import ref

import numpy as np
import pytest

import thalweg as tw

LONG = 10_000


def chain(x: Any) -> Any:
    for _ in range(LONG):
        x = x * 1.0001
    return x


GROWTH = 1.0001**LONG


def test_long_chains_go_back_and_forward() -> None:
    assert tw.grad(chain)(1.0) == pytest.approx(GROWTH)
    assert tw.jvp(chain, (1.0,), (2.0,))[1] == pytest.approx(2 * GROWTH)
    x = tw.Tensor(1.0, requires_grad=True)
    chain(x).backward()
    assert x.grad.item() == pytest.approx(GROWTH)


def test_long_chains_batch_and_compile() -> None:
    assert tw.vmap(chain)(np.ones(2)).tolist() == pytest.approx([GROWTH] * 2)
    jitted = tw.jit(tw.grad(chain), engine="numpy")
    assert jitted(1.0) == pytest.approx(GROWTH)


def test_a_long_chain_that_is_dropped_is_freed_without_recursion() -> None:
    x = tw.Tensor(1.0, requires_grad=True)
    last = chain(x)
    node = ref(last.node)
    del last
    assert node() is None


@pytest.fixture
def no_collector() -> Any:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_leaf_is_freed_without_the_collector() -> None:
    x = tw.Tensor([1.0, 2.0], requires_grad=True)
    tensor, node = ref(x), ref(x.node)
    y = (x**2).sum()
    y.backward()
    del x, y
    assert tensor() is None
    assert node() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "derivative",
    [
        lambda f, x: tw.value_and_grad(f)(x),
        lambda f, x: tw.jvp(f, (x,), (x,)),
        lambda f, x: tw.vjp(f, x)[1](1.0),
        lambda f, x: tw.hessian(f)(x),
        lambda f, x: tw.vmap(tw.grad(f))(np.stack([x, x])),
        lambda f, x: tw.hvp(f, x, x),
    ],
    ids=["grad", "jvp", "vjp", "hessian", "vmap", "hvp"],
)
def test_derivatives_leave_nothing_behind(derivative: Any) -> None:
    made = []

    def f(x: Any) -> Any:
        y = np.sum(np.exp(x) * np.max(x))
        made.append(ref(y))
        return y

    derivative(f, np.array([1.0, 2.0]))
    assert made
    assert all(tensor() is None for tensor in made)


def test_repeated_gradients_do_not_grow() -> None:
    x = np.random.default_rng(0).normal(size=1000)
    gradient = tw.grad(lambda x: np.sum(np.exp(-(x**2)) * x))
    weights = tw.Tensor(x, requires_grad=True)

    def work() -> None:
        for _ in range(100):
            gradient(x)
            np.sum(np.sin(weights) * weights).backward()

    tracemalloc.start()
    try:
        for _ in range(3):  # Python keeps some freed objects for reuse
            work()
        before = tracemalloc.get_traced_memory()[0]
        work()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < x.nbytes


def test_a_value_keeps_no_graph_alive() -> None:
    big = np.ones(100_000)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = [tw.value_and_grad(lambda x: np.sum(x * big))(1.0) for _ in range(20)]
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(kept) == 20
    assert grown < big.nbytes


def test_threads_record_independently() -> None:
    expected = tw.hessian(lambda x: np.sum(x**4))(np.ones(3)).tolist()
    jitted = tw.jit(tw.grad(lambda x: np.sum(x**4)), engine="numpy")
    failures: list[Any] = []
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        try:
            barrier.wait()
            for _ in range(10):
                x = tw.Tensor(np.ones(3), requires_grad=True)
                if number % 2:
                    with tw.no_grad():
                        assert not (x * 2).requires_grad
                else:
                    (x * number).sum().backward()
                    assert x.grad.tolist() == [number] * 3
                assert tw.hessian(lambda x: np.sum(x**4))(np.ones(3)).tolist() == expected
                assert tw.vmap(lambda x: x * number)(np.ones(2)).tolist() == [number] * 2
                assert jitted(np.ones(3)).tolist() == [4.0] * 3
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
