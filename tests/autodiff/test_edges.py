"""Derivatives where a formula has no finite value, beside PyTorch's and JAX's."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch.nn import functional as ours

torch = pytest.importorskip("torch")
theirs = torch.nn.functional

inf, nan = np.inf, np.nan
Case = tuple[Callable[..., Any], tuple[Any, ...]]


def f(name: str, *arguments: Any, **named: Any) -> Callable[..., Any]:
    """Return a function of nn.functional with further arguments, in either library."""

    def call(lib: Any, functional: Any, *x: Any) -> Any:
        def known(value: Any) -> Any:
            if not isinstance(value, list):
                return value
            tensor = lib.tensor(value)
            return tensor.to(x[0].dtype) if np.asarray(value).dtype.kind == "f" else tensor

        further = map(known, arguments)
        given = {key: known(value) for key, value in named.items()}
        return getattr(functional, name)(*x, *further, **given)

    return call


def t(name: str, *arguments: Any, **named: Any) -> Callable[..., Any]:
    """Return a function of the main namespace, or of `special` or `linalg`."""

    def call(lib: Any, functional: Any, *x: Any) -> Any:
        space = lib
        *path, own = name.split(".")
        for part in path:
            space = getattr(space, part)
        return getattr(space, own)(*x, *arguments, **named)

    return call


SURE = [0.0, 1.0, 1.0, 0.0, 0.5, 1e-8]
FAR = [-200.0, 200.0, 100.0, -100.0, 20.0, 17.0]
CLASSES = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]
EQUAL = [[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]]

CASES: dict[str, Case] = {
    "cross entropy of sure ones": (f("binary_cross_entropy", CLASSES), (SURE,)),
    "cross entropy of logits": (f("binary_cross_entropy_with_logits", CLASSES), (FAR,)),
    "cross entropy of a saturated sigmoid": (
        lambda lib, F, x: F.binary_cross_entropy(lib.sigmoid(x), lib.tensor(CLASSES).to(x.dtype)),
        (FAR,),
    ),
    "classes": (f("cross_entropy", [0, 1]), ([[1000.0, -1000.0], [500.0, -500.0]],)),
    "smoothed classes": (
        f("cross_entropy", [0, 1], label_smoothing=0.1),
        ([[1000.0, -1000.0], [500.0, -500.0]],),
    ),
    "impossible classes": (f("cross_entropy", [0, 1]), ([[1.0, -inf], [-inf, 2.0]],)),
    "ignored classes": (f("cross_entropy", [0, 1], ignore_index=1), ([[1.0, -3.0], [nan, 2.0]],)),
    "ignored likelihoods": (f("nll_loss", [0, 1], ignore_index=1), ([[1.0, -inf], [nan, nan]],)),
    "divergence": (f("kl_div", [0.0, 0.5, 0.0], reduction="sum"), ([-1.0, -2.0, -100.0],)),
    "divergence of logarithms": (
        f("kl_div", [-inf, -0.5, -100.0], reduction="sum", log_target=True),
        ([-1.0, -2.0, -9.0],),
    ),
    "no variance": (f("gaussian_nll_loss", [0.0, 0.0], [0.0, 1.0]), ([1.0, 2.0],)),
    "counts": (f("poisson_nll_loss", [1.0, 0.0], log_input=False), ([0.0, 1e-12],)),
    "softmax": (t("softmax", -1), ([[1.0, -inf], [1000.0, -1000.0], [-inf, -inf]],)),
    "log_softmax": (t("log_softmax", -1), ([[1.0, -inf], [1000.0, -1000.0]],)),
    "logsumexp": (t("logsumexp", -1), ([[1.0, -inf], [1000.0, 1000.0], [inf, 0.0]],)),
    "logaddexp": (t("logaddexp"), ([-inf, -inf, 0.0, 1000.0], [-inf, 1.0, -inf, 1000.0])),
    "a cosine of nothing": (f("cosine_similarity", dim=-1), ([[0.0, 0.0]] * 2, [[1.0, 2.0]] * 2)),
    "normalized nothing": (f("normalize", dim=-1), ([[0.0, 0.0], [1e-15, 1e-15], [1.0, 0.0]],)),
    "masked attention": (
        lambda lib, F, x: F.scaled_dot_product_attention(
            x, x, x, attn_mask=lib.tensor([[False, False], [True, True]])
        ),
        ([[1.0, 2.0], [3.0, 4.0]],),
    ),
    "a layer of equal values": (f("layer_norm", (3,)), ([[2.0, 2.0, 2.0], [1.0, 2.0, 1.0]],)),
    "a batch of equal values": (f("batch_norm", None, None, training=True), ([[2.0, 1.0]] * 3,)),
    "products with a zero": (t("prod", 1), ([[0.0, 2.0, 3.0], [0.0, 0.0, 1.0]],)),
    "running products": (t("cumprod", 0), ([2.0, 0.0, 3.0, 0.0],)),
    "deviation of equal values": (t("std", correction=1), ([2.0, 2.0, 2.0],)),
    "variance of equal values": (t("var", correction=1), ([2.0, 2.0, 2.0],)),
    "ties": (t("amax", -1), ([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [-inf, -inf, -inf]],)),
    "the least of NaN": (t("amin", -1), ([[1.0, nan, 2.0]],)),
    "entropy": (t("special.entr"), ([0.0, -0.0, 0.5, 1.0, 5.0],)),
    "x log y": (t("xlogy"), ([0.0, 0.0, 1.0, 2.0], [2.0, 0.5, 1.0, 3.0])),
    "angles": (t("atan2"), ([0.0, 0.0, 1.0, -0.0], [0.0, 1.0, 0.0, -1.0])),
    "larger": (t("maximum"), ([0.0, 1.0, inf], [0.0, 2.0, inf])),
    "huber": (f("huber_loss", [0.0, 0.0, 0.0]), ([0.0, 1.0, -1.0],)),
    "absolute errors": (f("l1_loss", [0.0, 0.0]), ([0.0, 1.0],)),
    "many labels": (f("multilabel_soft_margin_loss", [[0.0, 1.0]]), ([[1000.0, -1000.0]],)),
}
for _p in (1.0, 2.0, 3.0, 0.5, inf):
    CASES[f"norm {_p} of nothing"] = t("linalg.vector_norm", _p), ([0.0, 0.0, 0.0],)
    CASES[f"norm {_p} with a zero"] = t("linalg.vector_norm", _p), ([0.0, 1.0, -2.0],)
    CASES[f"distances {_p}"] = f("pdist", _p), (EQUAL,)
    CASES[f"distances {_p} between"] = t("cdist", _p), (EQUAL, EQUAL)
    CASES[f"distances {_p} of pairs"] = f("pairwise_distance", _p), (EQUAL, EQUAL)
for _name in ("sqrt", "log", "log1p", "expm1", "sinc", "abs", "relu", "rsqrt", "asin", "atanh"):
    CASES[_name] = t(_name), ([0.0, -0.0, 1.0, -1.0, 1e-30, 0.5],)
for _name in ("elu", "selu", "gelu", "softplus", "hardtanh", "softsign", "logsigmoid", "mish"):
    CASES[_name] = f(_name), ([0.0, -0.0, 1.0, -1.0, 100.0, -100.0, 1e30, -1e30],)
_BASES, _EXPONENTS = [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 2.0], [0.0, 1.0, 2.0, -1.0, 0.0, 0.0, 0.0]
CASES["powers"] = t("pow"), (_BASES, _EXPONENTS)
for _e in (0, 0.0, 1, 2, 3, -1, 0.5, 2.5):
    CASES[f"power {_e}"] = lambda lib, F, x, e=_e: x**e, ([0.0, -0.0, 1.0, 2.0],)


def of(lib: Any, functional: Any, case: Case, dtype: Any) -> list[Any]:
    """Return the value and the derivatives of a weighted sum of it, by the stateful habit."""
    function, given = case
    xs = [lib.tensor(np.array(x, dtype), requires_grad=True) for x in given]
    value = function(lib, functional, *xs)
    weights = lib.tensor(np.linspace(0.5, 1.5, int(np.prod(value.shape))).astype(dtype))
    (value.reshape(-1) * weights).sum().backward()
    return [value.detach().numpy(), *(x.grad.numpy() for x in xs)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives_at_the_edge_are_torchs(name: str, dtype: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = of(wing, ours, CASES[name], dtype)
        expected = of(torch, theirs, CASES[name], dtype)
    # PyTorch rounds its bound of 1e-12 to float32.
    close = 5e-5 if dtype == np.float32 else 1e-8
    for mine, other in zip(found, expected, strict=True):
        size = np.max(np.abs(other), where=np.isfinite(other), initial=1.0)
        np.testing.assert_allclose(mine, other, close, 1e-2 * close * size)


# Where PyTorch's is NaN or another choice, the derivative is the one that is documented.
CHOSEN: dict[str, tuple[Callable[[Any], Any], list[float], list[float]]] = {
    "a sum of nothing": (lambda x: wing.logsumexp(x), [-inf, -inf], [0.0, 0.0]),
    "hypotenuse of nothing": (lambda x: wing.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    "at the bounds": (lambda x: tw.clip(x, -1, 1).sum(), [-1.0, 0.0, 1.0], [0.5, 1.0, 0.5]),
    "at PyTorch's": (lambda x: wing.clip(x, -1, 1).sum(), [-1.0, 0.0, 1.0], [1.0, 1.0, 1.0]),
    "x log 0 where x is 0": (lambda x: wing.xlogy(x, 0.0).sum(), [0.0], [0.0]),
    "far margins": (
        lambda x: ours.soft_margin_loss(x, wing.tensor([-1.0, -1.0])),
        [1000.0, -1000.0], [0.5, 0.0],
    ),
    "divergence by its target": (
        lambda y: ours.kl_div(wing.tensor([-1.0]), y, reduction="sum"), [0.0], [-inf],
    ),
    "cross entropy by its target": (
        lambda y: ours.binary_cross_entropy(wing.tensor([0.0, 1.0]), y, reduction="sum"),
        [1.0, 0.0], [100.0, -100.0],
    ),
    "a guarded root": (
        lambda x: wing.where(x > 0, wing.sqrt(wing.where(x > 0, x, 1.0)), 0.0).sum(),
        [0.0, 4.0], [0.0, 0.25],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_derivatives_that_are_chosen_are_so_traced_too(name: str) -> None:
    function, at, expected = CHOSEN[name]
    gradient = tw.grad(function)
    np.testing.assert_allclose(np.asarray(gradient(np.array(at))), expected, 1e-12)
    traced = tw.jit(gradient, engine="numpy")(np.array(at))
    np.testing.assert_allclose(np.asarray(traced), expected, 1e-12)


def test_the_bounded_cross_entropy_is_the_same_compiled() -> None:
    y = np.array(CLASSES, np.float32)

    def loss(x: Any) -> Any:
        return ours.binary_cross_entropy(wing.sigmoid(x), y)

    for x in (np.array(FAR, np.float32), np.array(FAR, np.float32) / 10):
        eager, native = tw.grad(loss)(x), tw.jit(tw.grad(loss))(x)
        assert np.isfinite(np.asarray(eager)).all()
        np.testing.assert_allclose(np.asarray(native), np.asarray(eager), 2e-5, 1e-7)
