"""Data and labels of every dtype are trained on as they are, by both engines alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import nn
from thalweg.torch.nn import functional as F  # noqa: N812 - its name in PyTorch

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (40, 1, 8, 8)).astype(np.uint8)
LABELS = RNG.integers(0, 10, 40)
X, T = RNG.integers(0, 200, (90, 7)), RNG.integers(0, 2, 90)
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        wing.manual_seed(0)
        layers = (nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 10))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Any) -> Any:
        return self.layers(x.to(tw.float32) / 255)


@pytest.mark.singles
@pytest.mark.parametrize("dtype", INTEGERS)
def test_labels_of_every_integer_dtype(dtype: str) -> None:
    options: dict[str, Any] = {"optimizer": tw.optim.adam(0.01), "batch_size": 10, "epochs": 2}
    losses = [
        tw.fit(Pictures(), (IMAGES, y), loss=F.cross_entropy, engine=engine, **options).history.loss
        for y, engine in ((LABELS, "numpy"), (LABELS.astype(dtype), "native"))
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_an_ignored_class_in_small_labels() -> None:
    logits = RNG.normal(size=(6, 3))
    y = np.array([0, 255, 2, 1, 255, 0], np.uint8)
    want = torch.nn.functional.cross_entropy(
        torch.tensor(logits), torch.tensor(y.astype(np.int64)), ignore_index=255
    )
    assert F.cross_entropy(logits, y, ignore_index=255).item() == pytest.approx(want.item())


LOSSES: dict[str, tuple[Callable[..., Any], str, str]] = {
    "a mask": (
        lambda p, x, m: tw.mean(wing.where(m, (x @ p / 200 - 1) ** 2, 0.0)),
        "int64",
        "bool",
    ),
    "Boolean labels": (lambda p, x, m: tw.mean((x @ p / 200 - m) ** 2), "uint8", "bool"),
    "wrapped": (lambda p, x, m: tw.mean(((255 - x) @ p / 200 - m) ** 2), "uint8", "int8"),
    "wrapping": (lambda p, x, m: tw.mean(((x + x) @ p / 200 - m) ** 2), "uint8", "int8"),
    "compared": (lambda p, x, m: tw.mean(((x > 100) @ p - m) ** 2), "uint16", "int16"),
    "one hot": (lambda p, x, m: tw.mean((F.one_hot(m, 7) @ p - x[:, 0]) ** 2), "uint8", "int64"),
    "a table": (lambda p, x, m: tw.mean((tw.take(p, m) * x[:, 1] / 99 - 1) ** 2), "int16", "uint8"),
    "an index": (lambda p, x, m: tw.mean((p[m] - x[:, 1] / 99) ** 2), "uint32", "uint16"),
    "halves": (lambda p, x, m: tw.mean((x @ p / 200 - m) ** 2), "float16", "float16"),
    "equal": (lambda p, x, m: tw.mean((m == 1) * (x @ p / 200 - 1) ** 2), "uint64", "uint64"),
    "a sum": (lambda p, x, m: tw.mean((x.sum(axis=1) / 999 * p[0] - m) ** 2), "uint8", "uint32"),
    "centred": (lambda p, x, m: tw.mean(((x - x.mean(axis=0)) @ p / 99 - m) ** 2), "uint8", "int8"),
    "big-endian": (lambda p, x, m: tw.mean((x @ p / 200 - m) ** 2), ">i2", ">f4"),
    "big-endian halves": (lambda p, x, m: tw.mean((x @ p / 200 - m) ** 2), ">f2", ">u2"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_small_and_unsigned_data_are_native(name: str) -> None:
    loss, data, labels = LOSSES[name]
    arrays = X.astype(data), T.astype(labels)
    for batch_size in (None, 32):
        found = [
            tw.fit(
                loss, np.full(7, 0.1), arrays, optimizer=tw.optim.adam(0.01), epochs=3,
                batch_size=batch_size, engine=engine,
            )
            for engine in ("auto", "numpy")
        ]  # fmt: skip
        assert found[0].engine == "native"
        np.testing.assert_allclose(found[0].history.loss, found[1].history.loss, rtol=1e-12)
        np.testing.assert_allclose(found[0].params, found[1].params, rtol=1e-11)


def test_a_step_reads_bytes_and_not_a_wide_copy() -> None:
    rows = 200_000
    x = RNG.integers(0, 255, (rows, 100), dtype=np.uint8)
    y = RNG.normal(size=rows)
    compiled: list[Any] = []
    found = tw.fit(
        lambda p, x, y: tw.mean((x @ p / 255 - y) ** 2), np.zeros(100), (x, y),
        optimizer=tw.optim.sgd(0.01), batch_size=50, steps=3,
        callbacks=lambda info: compiled.append(info.step),
    )  # fmt: skip
    assert found.engine == "native"
    from thalweg.training.prepare import STEPS

    step = STEPS.values()[-1]
    arena = step.compiled.image.nbytes
    assert arena < 1_000_000  # a batch of float64 takes 40,000


def strided(a: Any) -> Any:
    wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)
    wide[..., ::2] = a
    return wide[..., ::2]


def locked(a: Any) -> Any:
    copy = a.copy()
    copy.flags.writeable = False
    return copy


FORMS: dict[str, Callable[[Any], Any]] = {
    "strided": strided,
    "turned": lambda a: np.asfortranarray(a[None])[0],
    "reversed": lambda a: a[..., ::-1].copy()[..., ::-1],
    "read-only": locked,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(a.dtype),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_arrays_in_any_form(form: str, engine: str) -> None:
    given = FORMS[form]
    y, w = RNG.normal(size=90), np.full(7, 0.1)
    loss = lambda p, x, y: tw.mean((x @ p - y) ** 2)
    run = lambda w, x, y: tw.fit(
        loss, w, (x, y), optimizer=tw.optim.adam(0.01), batch_size=8, epochs=2, engine=engine
    )
    want = run(w, X / 200, y)
    got = run(given(w), (X / 200) if form == "unaligned" else given(X / 200), given(y))
    np.testing.assert_array_equal(got.params, want.params)
    assert got.params.dtype.isnative


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_half_parameters_stay_halves(engine: str) -> None:
    loss = lambda p, x, y: tw.mean((x @ p["w"] - y) ** 2) + 0.1 * tw.sum(p["w"] ** 2)
    w = np.full(7, 0.1, np.float16)
    found = tw.fit(
        loss, {"w": w}, ((X / 200).astype(np.float16), T.astype(np.float16)),
        optimizer=tw.optim.sgd(0.1, momentum=0.9), batch_size=9, epochs=3, engine=engine,
    )  # fmt: skip
    wide = tw.fit(
        loss, {"w": w.astype(float)}, (X / 200, T.astype(float)),
        optimizer=tw.optim.sgd(0.1, momentum=0.9), batch_size=9, epochs=3, engine=engine,
    )  # fmt: skip
    assert found.params["w"].dtype == np.float16
    assert found.engine == engine
    np.testing.assert_allclose(found.params["w"].astype(float), wide.params["w"], atol=0.02)
