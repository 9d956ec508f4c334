"""The package is the namespace: NumPy's functions under NumPy's names, dtypes, constants."""

import builtins
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw

NAMES_TEXT = """
abs absolute add all any append apply_along_axis apply_over_axes arange arctan argmax argmin array
asarray block cbrt ceil choose clip compress concatenate convolve copy correlate cos cumsum delete
diag_indices_from digitize divide dot e ediff1d einsum equal exp expand_dims expm1 extract eye
fabs flip float32 float64 floor full full_like greater greater_equal histogram histogram_bin_edges
inf insert int32 int64 interp isfinite isinf isnan less less_equal linspace log log1p logaddexp
logical_and logical_not logical_or logical_xor matmul max maximum mean min minimum moveaxis
multiply nan nanargmax nanargmin nancumprod nancumsum nanmax nanmean nanmin nanpercentile nanprod
nanquantile nanstd nansum nanvar negative newaxis not_equal ones ones_like outer pad percentile pi
piecewise power prod quantile ravel reciprocal repeat reshape rollaxis sign sin split sqrt square
squeeze stack std subtract sum swapaxes take take_along_axis tan tanh tensordot tile transpose
tril tril_indices_from triu triu_indices_from unwrap var vdot where zeros zeros_like
"""
NAMES = NAMES_TEXT.split()
OWN_TEXT = """
associative_scan checkpoint cond custom_jvp custom_vjp fori_loop map scan switch while_loop
Tensor gelu grad log_softmax logsumexp one_hot
relu sigmoid silu softmax softplus stop_gradient tensor value_and_grad
"""
OWN = OWN_TEXT.split()


@pytest.mark.parametrize("name", [*NAMES, *OWN])
def test_the_package_lists_the_name(name: str) -> None:
    assert name in dir(tw)
    assert hasattr(tw, name)
    # A star shadows no name of Python's.
    assert (name in tw.__all__) is not hasattr(builtins, name)


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_numpy(name: str) -> None:
    assert hasattr(np, name)


def test_every_listed_name_exists_once() -> None:
    assert len(set(tw.__all__)) == len(tw.__all__)
    assert all(hasattr(tw, name) for name in tw.__all__)


def test_a_tensor_names_the_package_as_its_namespace() -> None:
    assert tw.ones(2).__array_namespace__() is tw


def test_primitives_are_functions_with_a_signature_and_a_documentation() -> None:
    assert tw.exp.__name__ == "exp"
    assert "eˣ" in tw.exp.__doc__
    assert repr(tw.exp) == "<primitive exp>"


METHODS_TEXT = """
all any argmax argmin astype clip cumsum diagonal dot flatten max mean min prod ravel repeat
reshape round squeeze std sum swapaxes take trace transpose var
"""
METHODS = METHODS_TEXT.split()


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_those_of_an_array(name: str) -> None:
    assert hasattr(np.ndarray, name)
    assert callable(getattr(tw.ones((2, 2)), name))


LOSSES_TEXT = """
hinge_loss huber_loss l2_loss log_cosh sigmoid_binary_cross_entropy softmax_cross_entropy
softmax_cross_entropy_with_integer_labels squared_error
"""


@pytest.mark.parametrize("name", LOSSES_TEXT.split())
def test_losses_are_found_where_optax_has_them(name: str) -> None:
    optax = pytest.importorskip("optax")
    assert getattr(tw.optim, name) is getattr(tw.losses, name)
    assert getattr(tw.optim.losses, name) is getattr(tw.losses, name)
    assert hasattr(optax, name)
    assert hasattr(optax.losses, name)


def test_the_version_is_known_and_stated_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", tw.__version__)
    assert "__version__" in dir(tw)
    project = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text("utf-8")
    assert tw.__version__ not in project


@pytest.mark.parametrize(
    ("name", "room"),
    [("huber_loss", "losses"), ("svdvals", "linalg"), ("erf", "special"), ("unsqueeze", "torch")],
)
def test_a_name_of_another_room_is_told_with_its_room(name: str, room: str) -> None:
    with pytest.raises(AttributeError, match=rf"It is thalweg\.{room}\.{name}$"):
        getattr(tw, name)
    assert hasattr(getattr(tw, room), name)


@pytest.mark.parametrize(
    ("where", "name", "meant"), [(tw, "zeroes", "zeros"), (tw.optim, "adm", "adam")]
)
def test_a_misspelt_name_gets_a_suggestion(where: Any, name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=rf"no attribute '{name}'. Did you mean '{meant}'?"):
        getattr(where, name)
