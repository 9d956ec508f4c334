"""`x[...]` reads what NumPy reads, eagerly and traced, and its derivative writes there."""

from __future__ import annotations

import random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.program import evaluate, finish, trace
from thalweg.core.tensor import make
from thalweg.errors import DtypeError, IndexOutOfRange, ShapeError, UnsupportedOperation

Array = np.ndarray[Any, Any]


def random_slice(extent: int) -> slice:
    def bound() -> int | None:
        return random.choice([None, random.randint(-extent - 2, extent + 2)])

    return slice(bound(), bound(), random.choice([None, 1, 2, 3, -1, -2, -3]))


def random_item(extent: int, shape: tuple[int, ...]) -> Any:
    """Draw a slice, an integer or an index array of a shape, as any type a user may have."""
    kind = random.random()
    if kind < 0.4 or not extent:
        return random_slice(extent)
    if kind < 0.65:
        return random.choice([int, np.int64])(random.randint(-extent, extent - 1))
    shape = shape if random.random() < 0.7 else (1,) * len(shape)
    dtype = random.choice([np.int64, np.int32, np.int8])
    indices = np.array([random.randrange(-extent, extent) for _ in range(int(np.prod(shape)))])
    indices = indices.reshape(shape).astype(dtype)
    as_list = indices.tolist() if indices.size and indices.ndim else indices
    return random.choice([indices, tw.Tensor(indices), as_list])


def random_key(extents: tuple[int, ...]) -> Any:
    used = random.randint(0, len(extents))
    front = random.randint(0, used)
    shape = random.choice([(2,), (1,), (2, 1), (3,), (), (0,)])
    items: list[Any] = [random_item(extent, shape) for extent in extents[:front]]
    if front < used or random.random() < 0.3:
        items.append(Ellipsis)
        items += [random_item(extent, shape) for extent in extents[len(extents) - used + front :]]
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        items.insert(random.randint(0, len(items)), None)
    return items[0] if len(items) == 1 and random.random() < 0.5 else tuple(items)


def random_extents() -> tuple[int, ...]:
    extents = [random.randint(1, 5) for _ in range(random.randint(0, 4))]
    return tuple(0 if random.random() < 0.03 else extent for extent in extents)


def for_numpy(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(for_numpy(item) for item in key)
    return key.numpy() if isinstance(key, tw.Tensor) else key


@pytest.mark.parametrize("seed", range(4))
def test_random_keys_read_what_numpy_reads(seed: int) -> None:
    random.seed(seed)
    for _ in range(1000):
        extents = random_extents()
        x = np.arange(float(np.prod(extents))).reshape(extents)
        key = random_key(extents)
        expected = x[for_numpy(key)]
        found = tw.Tensor(x)[key]
        assert found.shape == np.shape(expected), (extents, key)
        np.testing.assert_array_equal(found.numpy(), expected, err_msg=str((extents, key)))


def split_key(key: Any) -> tuple[list[Array], Any]:
    """Return the index arrays of a key, and the function that puts others in their places."""
    items = list(key) if isinstance(key, tuple) else [key]
    places = [i for i, item in enumerate(items) if isinstance(item, (list, np.ndarray, tw.Tensor))]

    def filled(indices: Any) -> tuple[Any, ...]:
        result = list(items)
        for place, array in zip(places, indices, strict=True):
            result[place] = array
        return tuple(result)

    return [np.asarray(for_numpy(items[place])) for place in places], filled


def run_traced(x: Array, key: Any) -> Array:
    indices, filled = split_key(key)
    specs = [tw.Tensor(array).spec for array in (x, *indices)]
    result, current, inputs = trace(
        lambda tensor, *positions: tensor[filled(positions)], specs, make
    )
    captured = [tensor.numpy() for tensor, _ in current.captured.values()]
    program = finish(current, inputs, [result.array])
    program.check()
    (value,) = evaluate(program, [x, *indices, *captured])
    return np.asarray(value)


def test_random_keys_with_traced_index_arrays_read_what_numpy_reads() -> None:
    random.seed(10)
    for _ in range(1000):
        extents = random_extents()
        x = np.arange(float(np.prod(extents))).reshape(extents)
        key = random_key(extents)
        expected = x[for_numpy(key)]
        found = run_traced(x, key)
        assert found.shape == np.shape(expected), (extents, key)
        np.testing.assert_array_equal(found, expected, err_msg=str((extents, key)))


def test_the_derivative_writes_where_the_key_read() -> None:
    random.seed(20)
    for _ in range(300):
        extents = random_extents()
        x = np.arange(float(np.prod(extents))).reshape(extents)
        key = random_key(extents)
        expected = np.zeros_like(x)
        weights = np.cos(np.arange(x[for_numpy(key)].size)).reshape(np.shape(x[for_numpy(key)]))
        np.add.at(expected, for_numpy(key), weights)
        found = tw.grad(lambda t, k=key, w=weights: tw.sum(w * t[k]))(x)
        np.testing.assert_allclose(found, expected, atol=1e-14, err_msg=str(key))


def test_derivatives_through_repeated_positions_are_those_of_jax() -> None:
    x = np.linspace(0.5, 2.0, 12).reshape(4, 3)
    rows, columns = np.array([0, 0, 3, -1]), np.array([[2], [2]])

    def loss(namespace: Any, t: Any) -> Any:
        return namespace.sum(t[rows, columns] ** 3) + namespace.sum(t[::-2, 1] * t[None, 0, :2])

    found = tw.hessian(lambda t: loss(np, t))(x)
    expected = jax.jit(jax.hessian(lambda t: loss(jnp, t)))(x)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_masks_that_are_not_traced_read_what_numpy_reads() -> None:
    x = np.arange(12.0).reshape(3, 4)
    t = tw.Tensor(x)
    rows = np.array([True, False, True])
    for key in (x > 4, rows, (rows, 1), (slice(None), x[0] > 1), (0, x[0] > 1), x > 100):
        np.testing.assert_array_equal(t[key].numpy(), x[key])
    np.testing.assert_array_equal(t[t > 4].numpy(), x[x > 4])
    np.testing.assert_array_equal(t[[True, False, False]].numpy(), x[[True, False, False]])


def test_a_traced_mask_is_refused() -> None:
    with pytest.raises(UnsupportedOperation, match=r"traced Boolean mask.*Use where\(mask, x, 0\)"):
        trace(lambda x: x[x > 0], [tw.ones(3).spec], make)


@pytest.mark.parametrize("key", [3, -4, [0, 3], np.array([-4]), (0, 2), (slice(None), [[5]])])
def test_positions_outside_the_axis_are_refused(key: Any) -> None:
    with pytest.raises(IndexOutOfRange, match=r"out of bounds for dimension \d with size"):
        tw.zeros((3, 2))[key]


def test_a_traced_position_outside_its_axis_is_refused_when_the_program_runs() -> None:
    for key in (np.array([0, 7]), (np.array([0]), np.array([2]))):
        with pytest.raises(IndexOutOfRange, match=r"out of bounds for dimension \d with size"):
            run_traced(np.zeros((3, 2)), key)


def test_other_wrong_keys_are_refused() -> None:
    x = tw.zeros((3, 2))
    with pytest.raises(
        IndexOutOfRange, match=r"3 indices were given for a tensor of shape \(3, 2\)"
    ):
        x[0, 0, 0]
    with pytest.raises(IndexOutOfRange, match=r"one \.\.\. fit"):
        x[..., 0, ...]
    with pytest.raises(DtypeError, match="must be integers"):
        x[np.array([0.5])]
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\).*do not broadcast together"):
        x[np.array([0, 1]), np.array([0, 1, 0])]


def test_rows_are_read_by_iteration_and_by_length() -> None:
    x = tw.Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    assert len(x) == 2
    first, second = x
    assert (first[1].item(), second[0].item()) == (2.0, 3.0)


def test_an_element_of_a_traced_tensor_is_itself_at_each_reading():
    def loss(p):
        first = p[0]
        p[0] = 5.0 * p[1]
        with tw.no_grad():
            fixed = p[1]
        return first**2 + p[0] * p[1] + fixed * p[1] + p[-2] * 0.5

    p = np.array([2.0, 3.0])
    value, gradient = tw.jit(tw.value_and_grad(lambda p: loss(p.copy())))(p)
    assert float(value) == 4 + 45 + 9 + 7.5
    np.testing.assert_array_equal(gradient, [4.0, 2 * 15 + 3 + 2.5])


def test_what_is_hooked_to_one_reading_of_an_element_is_not_to_another():
    def loss(p):
        hooked, plain = p[0], p[0]
        hooked.register_hook(lambda g: 10.0 * g)
        return 3.0 * hooked + plain

    for form in (tw.grad(loss), tw.jit(tw.grad(loss))):
        np.testing.assert_array_equal(form(np.array([1.0, 2.0])), [31.0, 0.0])
