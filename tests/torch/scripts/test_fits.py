"""Models of the scripts train in native runs, as the reference engine trains them."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.scripts.running import WING, executed, settings_kept
from thalweg import torch as wing
from thalweg.torch.nn import functional as F  # noqa: N812 - as everyone calls it

pytestmark = pytest.mark.singles

ROWS, EPOCHS = 24, 5

# The script, its model, the loss and the data, whose last is the loss's.
Case = tuple[str, Callable[[Any], Any], Callable[[Any], Callable[..., Any]], tuple[Any, ...]]


def real(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).normal(size=(ROWS, *shape)).astype(np.float32)


def whole(end: int, *shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, end, *shape]).integers(0, end, (ROWS, *shape))


def share(*shape: int) -> Any:
    return np.random.default_rng(shape).random((ROWS, *shape)).astype(np.float32)


def each(vocabulary: int) -> Callable[..., Any]:
    """Return the loss of predicting every token of sequences."""
    return lambda out, y: F.cross_entropy(out[0].reshape(-1, vocabulary), y.reshape(-1))


# fmt: off
CASES: dict[str, Case] = {
    "convolutions": ("vision/image_classifier", lambda m: m.Net(), lambda m: F.cross_entropy, (real(3, 16, 16), whole(4))),
    "dropout": ("vision/lenet_mnist", lambda m: m.Net(), lambda m: F.nll_loss, (real(1, 14, 14), whole(10))),
    "residuals": ("vision/resnet", lambda m: m.ResNet(), lambda m: F.cross_entropy, (real(3, 8, 8), whole(5))),
    "vision transformer": ("vision/vision_transformer", lambda m: m.ViT(), lambda m: F.cross_entropy, (real(3, 8, 8), whole(3))),
    "u-net": ("vision/unet_segmentation", lambda m: m.UNet(1), lambda m: m.dice_loss, (real(1, 8, 8), share(1, 8, 8).round())),
    "siamese": ("vision/siamese", lambda m: m.SiameseNetwork(), lambda m: lambda out, y: m.ContrastiveLoss()(*out, y), (real(1, 8, 8), real(1, 8, 8, seed=1), share(1).round())),
    "spatial transformer": ("vision/spatial_transformer", lambda m: m.Net(), lambda m: F.nll_loss, (real(1, 12, 12), whole(3))),
    "LSTM": ("sequences/char_lstm", lambda m: m.CharRNN(8, 16), lambda m: each(8), (whole(8, 10), whole(8, 10, seed=1))),
    "bidirectional GRU": ("sequences/time_series_gru", lambda m: m.GRUNet(8, 2), lambda m: lambda out, y: F.smooth_l1_loss(out[0], y), (real(12, 1), real())),
    "GPT": ("sequences/nano_gpt", lambda m: m.GPT(m.GPTConfig()), lambda m: lambda out, y: out[1], (whole(24, 16), whole(24, 16, seed=1), whole(24, 16, seed=1))),
    "1-D convolutions": ("sequences/conv1d_keyword", lambda m: m.M5(), lambda m: lambda out, y: F.nll_loss(out.squeeze(1), y), (real(1, 200), whole(3))),
    "negative sampling": ("sequences/skipgram_negative_sampling", lambda m: m.SkipGram(30, 8), lambda m: lambda out, y: out, (whole(30), whole(30, seed=1), whole(30, 3), real())),
    "VAE": ("generative/vae", lambda m: m.VAE(), lambda m: lambda out, x: m.loss_function(out[0], x, *out[1:]) / 36, (share(1, 6, 6), share(1, 6, 6))),
    "autoencoder": ("generative/autoencoder", lambda m: m.ConvAutoencoder(), lambda m: F.mse_loss, (share(1, 12, 12), share(1, 12, 12))),
    "mixture density": ("generative/mixture_density", lambda m: m.MDN(20, 5), lambda m: lambda out, y: m.mdn_loss_fn(*out, y), (real(1), real(1, seed=1))),
    "diffusion": ("generative/diffusion", lambda m: m.Denoiser(), lambda m: F.smooth_l1_loss, (real(2), whole(20), real(2, seed=1))),
    "logistic regression": ("basics/logistic_regression", lambda m: m.LogisticRegression(4), lambda m: F.binary_cross_entropy, (real(4), share().round())),
    "matrix factorization": ("classical/matrix_factorization", lambda m: m.MF(20, 15), lambda m: F.mse_loss, (whole(20), whole(15), real() + 3)),
    "per-sample CNN": ("functional/per_sample_gradients", lambda m: m.SimpleCNN(), lambda m: m.loss_fn, (real(1, 8, 8), whole(10))),
    "Bayes by backprop": ("functional/bayes_by_backprop", lambda m: m.Net(), lambda m: F.mse_loss, (real(1), real(1, seed=1))),
    "batch norm": ("training/checkpoint_resume", lambda m: m.Net(), lambda m: F.mse_loss, (real(5), real(1))),
    "tied weights": ("training/weight_tying_sharing", lambda m: m.TiedAutoencoder(6, 3), lambda m: F.mse_loss, (real(6), real(6))),
}
# fmt: on


def fitted(name: str, engine: str) -> tuple[tw.Fit, dict[str, Any]]:
    """Return the fit of a model of a script, and the model's state after it."""
    _, build, loss, data = CASES[name]
    script = script_of(name)
    wing.manual_seed(0)
    model = build(script)
    fit = tw.fit(
        model, data, loss=loss(script), optimizer=tw.optim.sgd(0.02, momentum=0.9), batch_size=8,
        epochs=EPOCHS, engine=engine,
    )  # fmt: skip
    return fit, {key: value.numpy() for key, value in model.state_dict().items()}


@functools.cache
def script_of(name: str) -> Any:
    """Return what a script defines, after it ran with the wing."""
    with contextlib.redirect_stdout(io.StringIO()), settings_kept():
        return executed(f"{CASES[name][0]}.py", WING)


@pytest.mark.parametrize("name", CASES)
def test_a_model_of_a_script_is_fitted_natively(name: str) -> None:
    fit, native = fitted(name, "native")
    assert fit.engine == "native"
    losses = np.reshape(fit.history.loss, (EPOCHS, -1)).mean(axis=1)
    assert losses[-1] < losses[0]
    _, reference = fitted(name, "numpy")
    for key, value in native.items():
        np.testing.assert_allclose(value, reference[key], rtol=1e-4, atol=1e-4, err_msg=key)
