"""Tensors print as PyTorch prints them, character by character."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from thalweg.core import printing
from thalweg.errors import ArgumentError

FLOATS = ["float16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = [*FLOATS, *COMPLEX, *INTEGERS, "bool"]
DEFAULTS = {"float64": torch.float64, "float32": torch.float32}


@contextmanager
def torch_prints_with(default: str, options: dict[str, Any]) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(DEFAULTS[default])
    try:
        with torch._tensor_str.printoptions(**options):
            yield
    finally:
        torch.set_default_dtype(before)


@pytest.fixture(autouse=True)
def options_as_at_first() -> Iterator[None]:
    with printing.printoptions(profile="default"):
        yield


def theirs(array: np.ndarray, default: str, options: dict[str, Any], tracked: bool) -> str:
    tensor = torch.from_numpy(array.copy())
    with torch_prints_with(default, options):
        return repr(tensor.requires_grad_() if tracked else tensor)


def ours(array: np.ndarray, default: str, options: dict[str, Any], tracked: bool) -> str:
    suffixes = ["requires_grad=True"] if tracked else []
    with printing.printoptions(**options):
        return printing.tensor_text(
            array, suffixes=suffixes, default=np.dtype(default), library="torch"
        )


def assert_prints_alike(
    array: np.ndarray, default: str = "float64", tracked: bool = False, **options: Any
) -> None:
    array = np.asarray(array)
    expected = theirs(array, default, options, tracked)
    assert ours(array, default, options, tracked) == expected


# ---- values


def arrays_to_print() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    nan, inf = math.nan, math.inf
    rows: list[Any] = [
        [0.0, -0.0, 0.0],
        [nan, inf, -inf, 0.0],
        [1.0, 2.0, nan],
        [1.5, -inf, 2.0],
        [1.0, 1000.0],
        [1.0, 1001.0],
        [1e8, 1e8 - 1],
        [1e8 + 1.0],
        [1e-4, 2e-4],
        [9.9e-5],
        [0.5, 500.0],
        [0.5, 500.1],
        [5e-324, 1.7e308],
        [-0.0, 1.25],
        [123456.0, -1.0],
        7.0,
        0.1,
        nan,
        -3,
        True,
        [1 + 2j, 3.5 - 100j],
        [complex(nan, -inf), complex(-0.0, -0.0)],
        2e10j,
        [[True, False], [True, True]],
    ]
    shapes = [(0,), (0, 3), (2, 0), (1, 1), (2, 3), (3, 1, 2), (2, 2, 2, 2), (1, 0, 2), (40,)]
    drawn = [rng.standard_normal(shape) for shape in shapes]
    long = [np.arange(1001), np.arange(1000.0), rng.random((50, 50)), rng.random((2, 600))]
    deep = [rng.random((7, 6, 8, 7)), rng.random((1, 2000)), rng.random((12, 1, 100)) * 1e5]
    return [np.asarray(row) for row in rows] + drawn + long + deep


ARRAYS = arrays_to_print()


@pytest.mark.parametrize("default", DEFAULTS)
@pytest.mark.parametrize("position", range(len(ARRAYS)))
def test_an_array_prints_as_in_pytorch(position: int, default: str) -> None:
    array = ARRAYS[position]
    assert_prints_alike(array, default)
    if array.dtype.kind in "fc":
        assert_prints_alike(array, default, tracked=True)


@pytest.mark.parametrize("default", DEFAULTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_prints_as_in_pytorch(dtype: str, default: str) -> None:
    for shape in [(), (0,), (0, 2), (5,), (3, 4), (30,), (20, 60)]:
        values = np.arange(math.prod(shape)).reshape(shape) % 120
        assert_prints_alike(values.astype(dtype), default)
        if dtype in FLOATS + COMPLEX:
            assert_prints_alike((values / 7).astype(dtype), default)


OPTIONS: list[dict[str, Any]] = [
    {"precision": 0},
    {"precision": 7, "linewidth": 120},
    {"threshold": 10},
    {"threshold": 0, "edgeitems": 1},
    {"threshold": 0, "edgeitems": 0},
    {"threshold": math.inf, "linewidth": 200},
    {"linewidth": 5},
    {"sci_mode": True},
    {"sci_mode": False},
    {"profile": "short"},
    {"profile": "full", "precision": 1},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_options_mean_what_they_mean_in_pytorch(options: dict[str, Any]) -> None:
    for array in ARRAYS:
        assert_prints_alike(array, **options)


# ---- random arrays


def numbers(dtype: np.dtype) -> st.SearchStrategy[Any]:
    """Values of one magnitude or of many, whole or not, with zeros, infinities and NaN."""
    if dtype.kind not in "fc":
        return hnp.from_dtype(dtype)
    width = {2: 16, 4: 32, 8: 64}[dtype.itemsize // (2 if dtype.kind == "c" else 1)]
    exponents = st.integers(-5, 9 if width > 16 else 4)
    small = st.builds(lambda digits, e: digits * 10.0**e, st.integers(-9, 9), exponents)
    whole = st.integers(-2000, 2000).map(float)
    special = st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan])
    moderate = st.floats(-1000, 1000, width=width)
    kinds = [special, whole, small, moderate, st.floats(width=width)]
    chosen = st.sampled_from([kinds[1:2], kinds[:2], kinds[2:4], kinds[3:4], kinds]).flatmap(
        st.one_of
    )
    return chosen if dtype.kind == "f" else st.builds(complex, chosen, chosen)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Few drawn values, spread at random over a shape that may hold thousands."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shapes = st.one_of(
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=9),
        st.sampled_from([(1001,), (1000,), (2, 501), (6, 200), (7, 160), (1200, 1), (3, 20, 20)]),
    )
    shape = draw(shapes)
    values = draw(st.lists(numbers(dtype), min_size=1, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    with np.errstate(over="ignore", invalid="ignore"):
        return rng.choice(np.array(values).astype(dtype), size=shape)


PRINT_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 9),
        "threshold": st.sampled_from([0, 5, 100, 1000, math.inf]),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.integers(1, 160),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@settings(
    max_examples=800,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(arrays(), PRINT_OPTIONS, st.sampled_from(sorted(DEFAULTS)), st.booleans())
def test_random_arrays_print_as_in_pytorch(
    array: np.ndarray, options: dict[str, Any], default: str, tracked: bool
) -> None:
    assert_prints_alike(array, default, tracked and array.dtype.kind in "fc", **options)


# ---- the lines after the values


BROKEN = [
    (57, "tensor([0., 0., 0.], dtype=thalweg.float32, grad_fn=<A>)"),
    (56, "tensor([0., 0., 0.], dtype=thalweg.float32,\n       grad_fn=<A>)"),
    (44, "tensor([0., 0., 0.], dtype=thalweg.float32,\n       grad_fn=<A>)"),
    (43, "tensor([0., 0., 0.],\n       dtype=thalweg.float32, grad_fn=<A>)"),
    (41, "tensor([0., 0., 0.],\n       dtype=thalweg.float32, grad_fn=<A>)"),
    (40, "tensor([0., 0., 0.],\n       dtype=thalweg.float32,\n       grad_fn=<A>)"),
]


@pytest.mark.parametrize(("linewidth", "text"), BROKEN)
def test_a_suffix_that_would_pass_the_line_goes_to_the_next(linewidth: int, text: str) -> None:
    with printing.printoptions(linewidth=linewidth):
        assert printing.tensor_text(np.zeros(3, "f4"), suffixes=["grad_fn=<A>"]) == text


def test_dtypes_that_go_without_saying_follow_the_default() -> None:
    def suffix(dtype: str, default: str) -> str:
        text = printing.tensor_text(np.ones(1, dtype), default=np.dtype(default))
        return text.partition("dtype=")[2]

    assert suffix("float32", "float64") == "thalweg.float32)"
    assert suffix("complex64", "float64") == "thalweg.complex64)"
    assert suffix("float64", "float32") == "thalweg.float64)"
    unsaid = [("float64", "float64"), ("complex128", "float64"), ("complex64", "float32")]
    for dtype, default in [*unsaid, ("int64", "float32"), ("bool", "float64")]:
        assert suffix(dtype, default) == ""


def test_a_prefix_of_another_length_moves_the_lines_along() -> None:
    text = printing.tensor_text(np.eye(2), prefix="p(", suffixes=["grad_fn=<AddBackward>"])
    assert text == "p([[1., 0.],\n   [0., 1.]], grad_fn=<AddBackward>)"


# ---- options


def test_the_options_are_told_by_pytorchs_names() -> None:
    with torch_prints_with("float64", {"profile": "default"}):
        assert printing.get_printoptions() == torch._tensor_str.get_printoptions()


def test_options_left_out_keep_their_values_but_for_sci_mode() -> None:
    printing.set_printoptions(precision=2, sci_mode=True)
    printing.set_printoptions(edgeitems=5)
    expected = {"precision": 2, "edgeitems": 5, "threshold": 1000, "linewidth": 80}
    assert printing.get_printoptions() == {**expected, "sci_mode": None}


def test_options_of_a_block_end_with_it_also_after_an_error() -> None:
    def fail_inside() -> None:
        with printing.printoptions(precision=1):
            assert printing.get_printoptions()["precision"] == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert printing.get_printoptions()["precision"] == 4


def test_a_line_may_be_infinitely_wide() -> None:
    with printing.printoptions(linewidth=math.inf):
        assert "\n" not in printing.tensor_text(np.arange(1000), suffixes=["requires_grad=True"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": -1}, "precision=-1; precision is 0 or more"),
        ({"linewidth": 0}, "linewidth=0; linewidth is 1 or more"),
        ({"threshold": math.nan}, "threshold=nan"),
        ({"profile": "shrot"}, "Did you mean 'short'"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        printing.set_printoptions(**options)
    assert printing.get_printoptions()["precision"] == 4
