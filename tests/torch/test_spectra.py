"""Spectra of pieces of a signal, the way back, and windows, beside PyTorch's."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import DTYPES, _compare, numbers
from thalweg import torch as wing

SIGNALS = numbers(2, 20)

OPTIONS: dict[str, dict[str, Any]] = {
    "usual": {},
    "far apart": {"hop_length": 3},
    "a short window": {"win_length": 5},
    "not centred": {"center": False},
    "window first": {"center": False, "win_length": 5, "align_to_window": True},
    "normalized": {"normalized": True},
    "both sides": {"onesided": False},
    "zeros around": {"pad_mode": "constant"},
    "the ends around": {"pad_mode": "replicate"},
    "in a circle": {"pad_mode": "circular"},
    "parts": {"return_complex": False},
}


def forward(library: Any, x: Any, window: Any, options: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = library.stft(x, 8, window=window, **{"return_complex": True, **options})
    return library.view_as_real(found) if found.is_complex() else found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("x", [SIGNALS, SIGNALS[0]], ids=["signals", "a signal"])
def test_spectra_and_their_gradients_are_pytorch_s(
    x: Any, options: dict[str, Any], dtype: str
) -> None:
    window = np.abs(numbers(options.get("win_length", 8))) + 0.1
    _compare(
        lambda x, w: forward(wing, x, w, options), lambda x, w: forward(torch, x, w, options),
        (x, window), {}, dtype,
    )  # fmt: skip


def backward(library: Any, parts: Any, window: Any, options: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = library.istft(library.view_as_complex(parts), 8, window=window, **options)
    return library.view_as_real(found) if found.is_complex() else found


BACK: dict[str, tuple[int, dict[str, Any]]] = {
    "usual": (5, {}),
    "short": (5, {"length": 13}),
    "long": (5, {"length": 30}),
    "far apart": (5, {"hop_length": 3}),
    "a short window": (5, {"win_length": 5}),
    "not centred": (5, {"center": False}),
    "normalized": (5, {"normalized": True}),
    "both sides": (8, {}),
    "complex": (8, {"return_complex": True}),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("frequencies", "options"), BACK.values(), ids=BACK)
@pytest.mark.parametrize("lead", [(2,), ()])
def test_signals_of_spectra_are_pytorch_s(
    frequencies: int, options: dict[str, Any], lead: tuple[int, ...], dtype: str
) -> None:
    window = np.abs(numbers(options.get("win_length", 8))) + 0.1
    _compare(
        lambda x, w: backward(wing, x, w, options), lambda x, w: backward(torch, x, w, options),
        (numbers(*lead, frequencies, 9, 2), window), {}, dtype,
    )  # fmt: skip


def test_a_complex_signal_has_frequencies_of_both_signs() -> None:
    found = []
    for library in (torch, wing):
        x, w = (
            library.tensor(SIGNALS + 1j * SIGNALS[::-1]),
            library.hann_window(8, dtype=library.float64),
        )
        found.append(library.stft(x, 8, window=w).numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12, atol=1e-12)


def test_methods_and_back() -> None:
    x, window = wing.tensor(SIGNALS), wing.hamming_window(8)
    spectra = x.stft(8, window=window, return_complex=True)
    np.testing.assert_allclose(spectra.istft(8, window=window).numpy(), SIGNALS, atol=1e-12)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no kind": ({"return_complex": None}, "stft requires the return_complex parameter be given"),
    "aligned": ({"align_to_window": True}, "stft align_to_window should only be set when center"),
    "hop": (
        {"hop_length": 0},
        r"stft\(torch.DoubleTensor\[28\], n_fft=8.* expected hop_length > 0",
    ),
    "width": ({"win_length": 9}, r"stft\(torch.DoubleTensor\[28\].* expected 0 < win_length <= n"),
    "window": ({"win_length": 7}, r"stft\(torch.Dou.* expected a 1D window tensor of size equal"),
    "long": ({"n_fft": 50}, "Argument #4: Padding size should be less than the corresponding"),
    "longer": ({"n_fft": 30, "center": False}, "expected 0 < n_fft < 20, but got n_fft=30"),
}


@pytest.mark.parametrize(("options", "text"), REFUSED.values(), ids=REFUSED)
def test_what_stft_refuses(options: dict[str, Any], text: str) -> None:
    given = {"n_fft": 8, "return_complex": True, **options}
    for library in (torch, wing):
        x, w = library.tensor(SIGNALS[0]), library.hann_window(8).double()
        with pytest.raises(RuntimeError, match=text if library is wing else None):
            library.stft(x, window=w, **given)


BACK_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "hop": ({"hop_length": 9}, "expected 0 < hop_length <= win_length"),
    "gaps": ({"hop_length": 8}, "window overlap add min: 1"),
    "start": ({"center": False}, "window overlap add min: 1"),
    "sides": ({"onesided": False}, "expected the frequency dimension"),
    "complex": ({"return_complex": True}, "Cannot have onesided output if window or input is"),
    "width": ({"win_length": 12}, "expected 0 < win_length <= n_fft"),
    "window": ({"win_length": 7}, "Invalid window shape"),
}


@pytest.mark.parametrize(("options", "text"), BACK_REFUSED.values(), ids=BACK_REFUSED)
def test_what_istft_refuses(options: dict[str, Any], text: str) -> None:
    for library in (torch, wing):
        spectra, w = library.ones(5, 11) + 0j, library.hann_window(8)
        with pytest.raises(RuntimeError, match=text):
            library.istft(spectra, 8, window=w, **options)
        with pytest.raises(RuntimeError, match="istft requires a complex-valued input tensor"):
            library.istft(library.ones(5, 11), 8, window=w)


def test_a_missing_window_and_a_tail_warn() -> None:
    with pytest.warns(UserWarning, match="A window was not provided"):
        spectra = wing.stft(wing.tensor(SIGNALS), 8, return_complex=True)
    with pytest.warns(UserWarning, match="The length of signal is shorter"):
        wing.istft(spectra, 8, window=wing.ones(8), length=50)


# ---- windows

WINDOWS: dict[str, dict[str, Any]] = {
    "bartlett": {},
    "blackman": {},
    "cosine": {},
    "exponential": {"tau": 2.5},
    "gaussian": {"std": 1.7},
    "general_cosine": {"a": [0.4, 0.3, 0.2, 0.1]},
    "general_hamming": {"alpha": 0.6},
    "hamming": {},
    "hann": {},
    "kaiser": {"beta": 7.0},
    "nuttall": {},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sym", [True, False])
@pytest.mark.parametrize(("name", "words"), WINDOWS.items())
def test_windows_are_pytorch_s(name: str, words: dict[str, Any], sym: bool, dtype: str) -> None:
    for length in (0, 1, 2, 7, 8):
        mine = getattr(wing.signal.windows, name)(length, **words, sym=sym, dtype=dtype)
        kind = getattr(torch, dtype)
        their = getattr(torch.signal.windows, name)(length, **words, sym=sym, dtype=kind)
        assert str(mine.dtype) == str(their.dtype)
        rtol = 1e-13 if dtype == "float64" else 1e-4
        np.testing.assert_allclose(mine.numpy(), their.numpy(), rtol=rtol, atol=rtol / 10)


OLD: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("bartlett_window", ()),
    ("blackman_window", ()),
    ("hann_window", ()),
    ("hann_window", (False,)),
    ("hamming_window", ()),
    ("hamming_window", (True, 0.5, 0.4)),
    ("kaiser_window", ()),
    ("kaiser_window", (False, 5.0)),
)


@pytest.mark.parametrize(("name", "args"), OLD)
def test_windows_by_their_names_of_old_are_pytorch_s(name: str, args: Any) -> None:
    for length in (0, 1, 2, 7, 8):
        mine = getattr(wing, name)(length, *args, dtype=wing.float64)
        their = getattr(torch, name)(length, *args, dtype=torch.float64)
        np.testing.assert_allclose(mine.numpy(), their.numpy(), rtol=1e-13, atol=1e-14)
    assert getattr(wing, name)(4, *args, requires_grad=True).requires_grad


@pytest.mark.singles
def test_windows_are_of_the_default_dtype() -> None:
    assert wing.hann_window(4).dtype == wing.signal.windows.hann(4).dtype == wing.float32


def test_numbers_of_windows_by_name() -> None:
    mine, their = (lib.hamming_window(5, True, alpha=0.5, beta=0.3) for lib in (wing, torch))
    np.testing.assert_allclose(mine.numpy(), their.numpy(), rtol=1e-6)
    with pytest.raises(TypeError, match="takes alpha, beta further arguments"):
        wing.hamming_window(5, gamma=1)
    with pytest.raises(TypeError, match="takes no further arguments"):
        wing.hann_window(5, True, 0.5)


MISTAKES: dict[str, tuple[Any, str]] = {
    "length": (lambda lib: lib.signal.windows.hann(-2), "requires non-negative window length, got"),
    "old length": (lambda lib: lib.hann_window(-1), "hann_window requires non-negative window_len"),
    "dtype": (
        lambda lib: lib.signal.windows.bartlett(4, dtype=lib.int32),
        "bartlett expects float32 or float64 dtypes, got: torch.int32",
    ),
    "old dtype": (
        lambda lib: lib.hann_window(4, dtype=lib.int64), "hann_window expects floating point",
    ),
    "std": (lambda lib: lib.signal.windows.gaussian(4, std=-1), "Standard deviation must be posit"),
    "tau": (lambda lib: lib.signal.windows.exponential(4, tau=-1), "Tau must be positive, got: -1"),
    "beta": (lambda lib: lib.signal.windows.kaiser(4, beta=-1), "beta must be non-negative, got:"),
    "center": (
        lambda lib: lib.signal.windows.exponential(4, center=3), "Center must be None for symm",
    ),
    "none": (lambda lib: lib.signal.windows.general_cosine(4, a=[]), "Coefficients cannot be em"),
    "number": (lambda lib: lib.signal.windows.general_cosine(4, a=3), "Coefficients must be a l"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), MISTAKES.values(), ids=MISTAKES)
def test_what_windows_refuse(code: Any, text: str) -> None:
    for library in (torch, wing):
        with pytest.raises((ValueError, RuntimeError, TypeError), match=text):
            code(library)


def test_a_centre_of_ones_own() -> None:
    mine, their = (lib.signal.windows.exponential(6, center=2, sym=False) for lib in (wing, torch))
    np.testing.assert_allclose(mine.numpy(), their.numpy(), rtol=1e-6)


def test_spectra_are_differentiated_inside_of_functions() -> None:
    window = wing.hann_window(8)

    def energy(x: Any) -> Any:
        return tw.sum(tw.abs(wing.stft(x, 8, window=window, return_complex=True)) ** 2)

    found = tw.grad(energy)(wing.tensor(SIGNALS[0]))
    leaf = torch.tensor(SIGNALS[0], requires_grad=True)
    spectra = torch.stft(leaf, 8, window=torch.tensor(window.numpy()), return_complex=True)
    (spectra.abs() ** 2).sum().backward()
    np.testing.assert_allclose(found.numpy(), leaf.grad.numpy(), rtol=1e-10, atol=1e-12)
