"""NumPy's functions called as NumPy's documentation says: by place, by name, each alone."""

from __future__ import annotations

import functools
import inspect
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.ops.numpy_arguments import ARGUMENTS
from thalweg import torch as wing
from thalweg.core.operation import OPERATIONS
from thalweg.errors import UnsupportedOperation
from thalweg.ops.numpy.protocols import operation_called

# Functions that take any number of operands, make nothing of numbers, write, or may give one of
# several results: tested below or, partitions, in `test_order`.
APART = {
    "argpartition", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "can_cast",
    "copy", "copyto", "einsum", "empty_like", "fill_diagonal", "linalg.eigh", "linalg.qr",
    "linalg.svd", "meshgrid", "partition", "place", "put", "put_along_axis", "putmask",
    "result_type", "unique_all", "unique_counts", "unique_inverse", "unique_values", "unstack",
}  # fmt: skip


# Eigenvalues are complex whatever the values, as a trace must know; the rank is an int64.
OTHER_DTYPES = {"linalg.eig", "linalg.eigvals", "linalg.lstsq"}
NOWHERE = np.array([], int)


def function_named(name: str) -> Any:
    return functools.reduce(getattr, name.split("."), np)


def dispatched() -> dict[str, Any]:
    """Return NumPy's functions that ask their operands for an implementation, and have one here."""
    found = {}
    for prefix, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        for name, function in vars(module).items():
            own = hasattr(function, "__wrapped__") and function.__name__ == name
            if own and str(function.__module__).startswith("numpy") and operation_called(function):
                found[f"{prefix}{name}"] = function
    return found


def on_tensors(given: Any) -> Any:
    if isinstance(given, np.ndarray):
        return tw.tensor(given)
    return type(given)(map(on_tensors, given)) if isinstance(given, (list, tuple)) else given


def calls(name: str, count: int = 25) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield calls: everything by name, by place as far as may be, and each parameter alone."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    signature = inspect.signature(function_named(name)).parameters
    choices = ARGUMENTS[name]
    required = [n for n, p in signature.items() if p.default is p.empty and n in choices]
    placed = [n for n, p in signature.items() if p.kind is not p.KEYWORD_ONLY]
    for number in range(count):
        drawn = {n: values[random.integers(len(values))] for n, values in choices.items()}
        if number % 3 == 0:
            yield (), _named(drawn, signature)
        elif number % 3 == 1:
            last = max(i for i, n in enumerate(placed) if n in drawn)
            whole = tuple(drawn.get(n, signature[n].default) for n in placed[: last + 1])
            yield whole, {n: v for n, v in drawn.items() if n not in placed}
        else:
            alone = list(choices)[random.integers(len(choices))]
            first = tuple(drawn[n] for n in required)
            yield first, ({alone: drawn[alone]} if alone not in required else {})


def _named(drawn: dict[str, Any], signature: Any) -> dict[str, Any]:
    return {n: v for n, v in drawn.items() if v is not signature[n].default}


def outcome(function: Any, args: Any, kwargs: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)
    except UnsupportedOperation:
        return UnsupportedOperation
    except (TypeError, ValueError, IndexError):
        return ValueError


def test_every_function_that_numpy_dispatches_here_is_called() -> None:
    assert set(dispatched()) <= set(ARGUMENTS) | APART
    assert not set(ARGUMENTS) & APART


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_call_means_what_numpy_means_or_is_refused(name: str) -> None:
    function, refused, count = function_named(name), 0, 0
    for args, kwargs in calls(name):
        expected = outcome(function, args, kwargs)
        if expected is ValueError:
            continue
        found = outcome(function, on_tensors(args), {k: on_tensors(v) for k, v in kwargs.items()})
        count += 1
        if found is UnsupportedOperation:
            refused += 1
            continue
        shown = f"{name}{args} {kwargs}"
        assert found is not ValueError, shown
        for one, other in zip(_parts(found), _parts(expected), strict=True):
            got, wanted = np.asarray(one), np.asarray(other)
            assert got.shape == wanted.shape, shown
            assert got.dtype == wanted.dtype or name in OTHER_DTYPES, shown
            np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-9, err_msg=shown)
    assert refused < count, f"{name} is always refused"


def _parts(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (list, tuple)) else [found]


def test_put_writes_into_the_tensor_as_numpy_does() -> None:
    for indices, values, mode in (
        ([0, 5], [7.0, 8.0], "raise"), ([-1, 1, 2], [3.0, 4.0], "raise"), (4, 2, "raise"),
        ([13, -14], [1.0], "wrap"), ([99, -99], [1.0, 2.0], "clip"), (NOWHERE, [], "raise"),
    ):  # fmt: skip
        array, tensor = np.arange(12.0).reshape(3, 4), tw.arange(12.0).reshape(3, 4)
        assert np.put(array, indices, values, mode) is None
        assert np.put(tensor, indices, values, mode) is None
        np.testing.assert_array_equal(tensor.numpy(), array)


def test_select_chooses_by_conditions_and_differentiates() -> None:
    x = np.array([-2.0, -0.5, 0.5, 3.0])

    def chosen(x: Any) -> Any:
        return np.select([x < -1, x < 0, x > 2], [x**2, np.exp(x), 3 * x], default=x - 1)

    np.testing.assert_allclose(chosen(tw.tensor(x)).numpy(), chosen(x))
    np.testing.assert_allclose(np.asarray(tw.jit(chosen)(x)), chosen(x))
    slopes = tw.jit(tw.grad(lambda x: tw.sum(chosen(x))))(x)
    np.testing.assert_allclose(np.asarray(slopes), [-4.0, np.exp(-0.5), 1.0, 3.0])
    assert wing.select(tw.tensor(x), 0, 1) == -0.5


def test_functions_of_any_number_of_operands_mean_what_numpy_means() -> None:
    x, y = np.arange(3.0), np.arange(4.0)
    a, b = tw.tensor(x), tw.tensor(y)
    for name, given, kwargs in (
        ("meshgrid", (x, y), {"indexing": "ij"}), ("meshgrid", (x, y), {}),
        ("broadcast_arrays", (x, y[:, None]), {}), ("atleast_1d", (x, x), {}),
        ("atleast_2d", (x,), {}), ("atleast_3d", (x,), {}), ("einsum", ("i,j->ij", x, y), {}),
        ("unique_counts", (x,), {}), ("unique_inverse", (x,), {}), ("unique_values", (y,), {}),
        ("unique_all", (x,), {}), ("unstack", (np.outer(x, y),), {"axis": 1}),
        ("linalg.qr", (np.outer(x, y) + np.eye(3, 4),), {}),
    ):  # fmt: skip
        function = function_named(name)
        expected, found = (
            _parts(function(*given, **kwargs)),
            function(*map(on_tensors, given), **kwargs),
        )
        for one, other in zip(_parts(found), expected, strict=True):
            np.testing.assert_allclose(np.asarray(one), other, atol=1e-12)
    assert np.result_type(a, np.float32) == np.float64
    assert np.can_cast(b.dtype, np.float32) is False
    assert np.empty_like(a, dtype=np.float32).dtype == np.float32


def test_names_of_functions_of_text_are_not_those_of_numbers() -> None:
    with pytest.raises(TypeError):
        np.char.equal(tw.tensor([1.0]), tw.tensor([1.0]))


def test_operations_of_numpys_own_meaning_are_functions_of_numpy() -> None:
    for name in OPERATIONS:
        if name.startswith("numpy."):
            assert function_named(name.removeprefix("numpy.")) is not None
