"""NumPy's own functions on tensors: converted where they remember nothing, else refused by name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import GradientError, UnsupportedOperation

X = np.random.default_rng(3).normal(size=(4, 5))
Call = Callable[[Any], Any]

# What NumPy has and thalweg has not, or not with these arguments: an array comes out.
NUMPYS: dict[str, Call] = {
    "histogram2d": lambda x: np.histogram2d(x[0], x[1], 3)[0],
    "spacing": np.spacing,
    "lexsort": lambda x: np.lexsort(x),
    "polyfit": lambda x: np.polyfit(x[0], x[1], 1),
    "array2string": lambda x: np.array(np.array2string(x)),
    "where=": lambda x: np.add(x, 1.0, where=x > 0, out=np.zeros((4, 5))),
    "modf": lambda x: np.modf(x)[1],
    "choice": lambda x: np.random.default_rng(0).choice(x[0], 3),
    "permutation": lambda x: np.random.default_rng(0).permutation(x),
    "normal": lambda x: np.random.default_rng(0).normal(x, 1.0),
    "array of two": lambda x: np.array([x, x]),
    "vectorize": lambda x: np.vectorize(lambda value: value + 1)(x),
    "masked": lambda x: np.ma.masked_array(x, mask=X > 0).filled(0.0),
    "polynomial": lambda x: np.polynomial.Polynomial(x[0])(X[1]),
}

# What both have, in calls where NumPy's arguments stand elsewhere than ours, or mean more.
BOTH: dict[str, Call] = {
    "std by position": lambda x: np.std(x, 0, None, None, 1),
    "sum by position": lambda x: np.sum(x, 0, None, None, True),
    "mean by position": lambda x: np.mean(x, 0, None, None, True),
    "max by position": lambda x: np.max(x, 0, None, True),
    "median by position": lambda x: np.median(x, 0, None, False, True),
    "sort by kind": lambda x: np.sort(x, 0, "stable"),
    "argsort by kind": lambda x: np.argsort(x, 1, "stable"),
    "zeros_like by order": lambda x: np.zeros_like(x, float, "C"),
    "nan_to_num by copy": lambda x: np.nan_to_num(x, True, 0.0),
    "cross by axes": lambda x: np.cross(x[:3, :3], x[:3, :3], -1, -1, -1),
    "isin by position": lambda x: np.isin(x, X, False, True),
    "take by mode": lambda x: np.take(x, [0, 9], 1, None, "wrap"),
    "clip by position": lambda x: np.clip(x, -0.5, 0.5),
    "qr": lambda x: np.linalg.qr(x, "r"),
    "an array of objects": lambda x: np.broadcast_arrays(x, None)[0],
    "apply_along_axis": lambda x: np.apply_along_axis(np.sort, 0, x),
    "block of lists": lambda x: np.block([[x, x]]),
    "reduceat": lambda x: np.add.reduceat(x, [0, 2]),
    "dtype=": lambda x: np.multiply(x, x, dtype=np.float32, casting="same_kind"),
    "linspace by endpoint": lambda x: np.linspace(x[0], x[1], 5, False),
}


@pytest.mark.parametrize("call", NUMPYS.values(), ids=NUMPYS)
def test_a_tensor_that_remembers_nothing_is_converted(call: Call) -> None:
    found, wanted = call(tw.Tensor(X)), call(X)
    assert type(found) is type(wanted)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("call", BOTH.values(), ids=BOTH)
def test_a_call_means_what_it_means_in_numpy(call: Call) -> None:
    found, wanted = call(tw.Tensor(X)), call(X)
    assert np.asarray(found).dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("call", [np.save, np.savez, np.savez_compressed])
def test_tensors_are_saved_as_arrays(call: Any) -> None:
    file = io.BytesIO()
    call(file, tw.Tensor(X))
    file.seek(0)
    loaded = np.load(file)
    np.testing.assert_array_equal(loaded if call is np.save else loaded["arr_0"], X)


@pytest.mark.parametrize(
    "write",
    [
        lambda x: np.add.at(x, [0, 0], 1.0),
        lambda x: np.put(x, [1, 2], [7.0, 8.0]),
        lambda x: np.copyto(x, np.arange(20.0).reshape(4, 5)),
        lambda x: np.place(x, np.asarray(x) > 0, [1.0, 2.0]),
        lambda x: np.putmask(x, np.asarray(x) > 0, 3.0),
        lambda x: np.fill_diagonal(x, 5.0),
        lambda x: np.put_along_axis(x, np.zeros((4, 1), int), 9.0, axis=1),
        lambda x: np.spacing(np.arange(20.0).reshape(4, 5), out=x),
        lambda x: np.add(x, 1.0, out=x, where=np.asarray(x) > 0),
    ],
)
def test_what_numpy_writes_is_in_the_tensor(write: Call) -> None:
    x, array = tw.Tensor(X), X.copy()
    seen = x[:2]
    result, wanted = write(x), write(array)
    assert (result is x) == (wanted is array)
    np.testing.assert_array_equal(x, array)
    np.testing.assert_array_equal(seen, array[:2])


def test_what_numpy_wrote_is_noticed_by_backward() -> None:
    w, x = tw.ones(3, requires_grad=True), tw.zeros(3)
    loss = (w * x).sum()
    np.add.at(x, [0], 1.0)
    with pytest.raises(GradientError, match=r"modified|changed"):
        loss.backward()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.histogram2d(x, x)[0], "numpy.histogram2d is not supported"),
        (lambda x: np.add(x, x, where=x > 0), "numpy.add with where= and no out="),
        (lambda x: np.take(x, [0], mode="wrap"), "numpy.take with mode .* thalweg.take takes"),
        (lambda x: np.spacing(x), "numpy.spacing is not"),
        (lambda x: np.save(io.BytesIO(), x), r"numpy.save is not .* x.detach\(\)"),
        (lambda x: np.lexsort(x[None]), "lexsort is not"),
    ],
)
def test_a_tensor_with_a_gradient_or_traced_is_refused(call: Call, message: str) -> None:
    for of in (tw.grad, tw.jit, tw.vmap):
        with pytest.raises(UnsupportedOperation, match=message):
            of(lambda x: np.sum(call(x)))(np.ones((1, 3)) if of is tw.vmap else np.ones(3))
    with pytest.raises(UnsupportedOperation, match=message):
        call(tw.ones(3, requires_grad=True))


def test_scipys_functions_take_tensors() -> None:
    special = pytest.importorskip("scipy.special")
    stats, linalg = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.linalg")
    x = tw.Tensor(X)
    for call in (
        lambda x: special.ellipk(x - 3),
        lambda x: special.logsumexp(x, axis=0),
        lambda x: stats.norm.logpdf(x),
        lambda x: stats.ttest_1samp(x, 0.0).pvalue,
        lambda x: linalg.expm(x[:, :4]),
        lambda x: linalg.cho_factor(x @ x.T)[0],
    ):
        found = call(x)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, call(X))


def test_tables_and_plots_take_tensors() -> None:
    pandas = pytest.importorskip("pandas")
    matplotlib = pytest.importorskip("matplotlib")
    x = tw.Tensor(X)
    assert pandas.DataFrame(x).equals(pandas.DataFrame(X))
    assert pandas.DataFrame({"a": x[0]}).describe().equals(pandas.DataFrame({"a": X[0]}).describe())
    matplotlib.use("Agg")
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = pyplot.figure().subplots()
        axes.plot(x[0], x[1])
        axes.bar(tw.arange(3), tw.arange(3))
        axes.hist(x)
        axes.imshow(x)
        axes.boxplot(x)
        axes.errorbar(x[0], x[1], x[2] ** 2)
        axes.contourf(x)
        pyplot.close("all")
