"""Spectra of a signal's pieces, the signal of such spectra, and windows by their names of old."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.creation.creation import ones
from thalweg.ops.elementwise.arithmetic import absolute, square
from thalweg.ops.elementwise.comparison import less
from thalweg.ops.index.pad import pad
from thalweg.ops.reduce.sums import any as any_of
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes
from thalweg.ops.windows.fourier import fft, ifft, irfft, rfft
from thalweg.ops.windows.windows import overlap_add, windows
from thalweg.torch.dtypes import TORCH, of_numpy
from thalweg.torch.functions.pointwise import view_as_real
from thalweg.torch.functions.windows import type_names
from thalweg.torch.naming import as_tensor, function, method, named
from thalweg.torch.signal import windows as shapes

_PADDING = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@method
def stft(
    input: Any,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """Spectra of overlapping pieces of a signal: X[ω, m] = Σ_k w[k] x[m·hop + k] e^(-2πi ω k / n).

    Args:
        input: x, of shape (L,) or (B, L).
        n_fft: n, how long a piece is.
        hop_length: How far pieces are apart; by default n // 4.
        win_length: How long the window is; shorter ones have zeros on both sides.
        window: w, of shape (win_length,); by default ones.
        center: Whether x is widened so that piece m has its middle at m·hop.
        pad_mode: With what it is widened: "reflect", "constant", "replicate" or "circular".
        normalized: Whether the spectra are divided by √n.
        onesided: Whether the frequencies are those from 0 to n // 2, as by default of real ones.
        return_complex: Whether the result is complex, else real and imaginary parts along a last
            axis; must be given for a real signal.
        align_to_window: Without `center`, whether piece m begins where its window does.

    Returns:
        X, of shape (frequencies, pieces), or (B, frequencies, pieces).

    Raises:
        ShapeError: If a shape does not fit.
        DtypeError: If the signal is of integers.
        ArgumentError: If a length is out of its range, or `return_complex` is missing.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.sin(torch.arange(16.0))
        >>> torch.stft(x, 8, window=torch.hann_window(8), return_complex=True).shape
        torch.Size([5, 9])
    """
    x = as_tensor(input)
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if center and align_to_window is not None:
        raise ArgumentError("stft align_to_window should only be set when center = false.")
    if return_complex is None and x.dtype.kind != "c":
        raise ArgumentError(
            "stft requires the return_complex parameter be given for real inputs. Give "
            "return_complex=True."
        )
    if x.dtype.kind not in "fc":
        raise DtypeError(
            f"{_call('stft', x, n_fft)} : expected a tensor of floating point or "
            "complex values. Convert it with .float()."
        )
    if x.ndim not in (1, 2):
        raise ShapeError(f"{_call('stft', x, n_fft)} : expected a 1D or 2D tensor. Reshape it.")
    _require_window(window)
    batched = x.ndim == 2
    x = x if batched else expand_dims(x, 0)
    x = _widened(x, n_fft // 2, pad_mode) if center else x
    _check(_call("stft", x if batched else x[0], n_fft), x.shape[1], n_fft, hop, width, window)
    if align_to_window:
        lead = (n_fft - width) // 2
        x = pad_with_zeros(x, (0, lead), (0, lead), (0, 0))
    pieces = windows(x, (n_fft,), (hop,), (1,), (1,))
    weights = _centred(window, n_fft, width)
    pieces = pieces if weights is None else pieces * weights
    complex_ = pieces.dtype.kind == "c"
    if complex_ and onesided:
        raise ArgumentError("Cannot have onesided output if window or input is complex.")
    norm = "ortho" if normalized else None
    one = not complex_ if onesided is None else onesided
    found = swapaxes((rfft if one else fft)(pieces, axis=-1, norm=norm), 1, 2)
    found = found if batched else found[0]
    return view_as_real(found) if return_complex is False else found


def _call(name: str, x: Tensor, n_fft: int) -> str:
    """Return how a refused call begins in PyTorch's words."""
    return f"{name}(torch.{type_names(x)[0]}Tensor{list(x.shape)}, n_fft={n_fft}, …)"


def _require_window(window: Any) -> None:
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied, which is known to "
            "cause spectral leakage. Give window=torch.hann_window(n_fft), or ones to keep it so.",
            UserWarning,
            stacklevel=level_of_user(),
        )


def _widened(x: Tensor, lead: int, mode: str) -> Tensor:
    if mode not in _PADDING:
        known = ", ".join(map(repr, _PADDING))
        raise ArgumentError(f"Unrecognised padding mode {mode}. Give one of {known}.")
    if mode == "reflect" and lead >= x.shape[1]:
        raise ShapeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but "
            f"got: padding ({lead}, {lead}) at dimension 2 of input {[1, *x.shape]}. Take shorter "
            "pieces."
        )
    return pad(x, ((0, 0), (lead, lead)), _PADDING[mode])


def _check(call: str, extent: int, n_fft: int, hop: int, width: int, window: Any) -> None:
    if not 0 < n_fft <= extent:
        raise ArgumentError(f"{call} : expected 0 < n_fft < {extent}, but got n_fft={n_fft}")
    if hop <= 0:
        raise ArgumentError(f"{call} : expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise ArgumentError(
            f"{call} : expected 0 < win_length <= n_fft, but got win_length={width}"
        )
    if window is not None and as_tensor(window).shape != (width,):
        raise ShapeError(
            f"{call} : expected a 1D window tensor of size equal to win_length={width}, but got "
            f"window with size {list(as_tensor(window).shape)}"
        )


def _centred(window: Any, n_fft: int, width: int) -> Tensor | None:
    """Return a window with zeros on both sides, as long as a piece; None for ones throughout."""
    if window is None and width == n_fft:
        return None
    values = ones(width) if window is None else as_tensor(window)
    lead = (n_fft - width) // 2
    return pad_with_zeros(values, (lead,), (n_fft - width - lead,), (0,))


@method
def istft(
    input: Any,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of spectra: the inverse of `stft`, by least squares.

    Args:
        input: Complex spectra, of shape (frequencies, pieces) or (B, frequencies, pieces).
        n_fft: How long a piece is.
        hop_length: How far pieces are apart; by default n_fft // 4.
        win_length: How long the window is.
        window: The window; by default ones.
        center: Whether piece m has its middle at m·hop.
        normalized: Whether the spectra were divided by √n.
        onesided: Whether the frequencies are those from 0 to n // 2; by default as many tell.
        length: How long the signal is.
        return_complex: Whether the signal is complex.

    Raises:
        DtypeError: If the spectra are not complex.
        ShapeError: If a shape does not fit.
        ArgumentError: If a length is out of its range, or the windows leave gaps.

    Source:
        Griffin & Lim, "Signal estimation from modified short-time Fourier transform", 1984.

    Example:
        >>> import thalweg.torch as torch
        >>> x, w = torch.sin(torch.arange(16.0)), torch.hann_window(8)
        >>> spectra = torch.stft(x, 8, window=w, return_complex=True)
        >>> torch.allclose(torch.istft(spectra, 8, window=w), x, atol=1e-6)
        True
    """
    x = as_tensor(input)
    if x.dtype.kind != "c":
        raise DtypeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True. Use torch.view_as_complex."
        )
    _require_window(window)
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if x.ndim not in (2, 3):
        raise ShapeError(f"{_call('istft', x, n_fft)} : expected a tensor with 2 or 3 dimensions.")
    batched = x.ndim == 3
    x = x if batched else expand_dims(x, 0)
    one = x.shape[1] != n_fft if onesided is None else onesided
    _check_spectra(x, n_fft, hop, width, window, one)
    weights = _centred(window, n_fft, width)
    if return_complex and one:
        raise ArgumentError("Cannot have onesided output if window or input is complex.")
    norm, spectra = "ortho" if normalized else None, swapaxes(x, 1, 2)
    if return_complex:
        pieces = ifft(spectra, None, -1, norm)
    else:  # the frequencies below 0 are those above
        pieces = irfft(spectra[:, :, : n_fft // 2 + 1], n_fft, -1, norm)
    found = _overlapped(pieces, weights, n_fft, hop, center, length)
    return found if batched else found[0]


def _check_spectra(
    x: Tensor, n_fft: int, hop: int, width: int, window: Any, onesided: bool
) -> None:
    call = _call("istft", x, n_fft)
    wanted = n_fft // 2 + 1 if onesided else n_fft
    if not x.size or x.shape[1] != wanted:
        half = "n_fft / 2 + 1 when onesided=True" if onesided else "n_fft when onesided=False"
        raise ShapeError(
            f"{call} : expected the frequency dimension (3rd to the last) of the input tensor to "
            f"match {half}, but got {x.shape[1]}"
        )
    if not 0 < hop <= width:
        raise ArgumentError(f"{call} : expected 0 < hop_length <= win_length; got {hop}, {width}")
    if not 0 < width <= n_fft:
        raise ArgumentError(f"{call} : expected 0 < win_length <= n_fft; got {width}")
    if window is not None and as_tensor(window).shape != (width,):
        raise ShapeError(
            f"{call} : Invalid window shape. window has to be 1D and length of `win_length`, "
            f"{width}; it has shape {tuple(as_tensor(window).shape)}."
        )


def _overlapped(
    pieces: Tensor, weights: Tensor | None, n_fft: int, hop: int, center: bool, length: int | None
) -> Tensor:
    """Add weighted pieces up, and divide by the sums of squares of the weights there."""
    total = n_fft + hop * (pieces.shape[1] - 1)
    own = ones(n_fft, pieces.dtype) if weights is None else weights
    signal = overlap_add(pieces * own, (total,), (hop,), (1,), (1,))
    squares = broadcast_to(square(own), (1, pieces.shape[1], n_fft))
    share = overlap_add(squares, (total,), (hop,), (1,), (1,))
    start = n_fft // 2 if center else 0
    end = total - start if length is None else start + length
    signal, share = signal[:, start : min(end, total)], share[:, start : min(end, total)]
    if not share.is_symbolic and any_of(less(absolute(share), 1e-11)):
        raise ArgumentError(
            "istft: window overlap add min: 1; at some place all windows are 0, so that the signal "
            "there is unknown. Take center=True, a smaller hop_length or another window."
        )
    found = signal / share
    if end <= total:
        return found
    warnings.warn(
        "The length of signal is shorter than the length parameter. Result is being padded with "
        "zeros in the tail. Please check your center and hop_length settings.",
        UserWarning,
        stacklevel=level_of_user(),
    )
    return pad_with_zeros(found, (0, 0), (0, end - total), (0, 0))


# ---- windows by their names of old


def _old(name: str, length: int, dtype: Any) -> Any:
    kind = np.dtype(TORCH.default if dtype is None else dtype)
    if length < 0:
        raise ArgumentError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    if kind.kind != "f":
        raise ArgumentError(f"{name} expects floating point dtypes, got {of_numpy(kind)}.")
    return kind


Shape = Callable[..., Any]


def _of_old(name: str, values: Shape, **defaults: float) -> None:
    """Declare a window of old: its own numbers come by position, behind `periodic`."""
    known = tuple(defaults)

    @named(
        f"{name}_window",
        f"The window `torch.signal.windows.{name}`, by default of a period.\n\n"
        f"    Further arguments are {' and '.join(known) or 'none'}; then `dtype`, `layout`, "
        "`device` and\n    `requires_grad` by name.\n",
    )
    def window(
        window_length: int,
        periodic: bool = True,
        *numbers: float,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **by_name: float,
    ) -> Tensor:
        wrong = [word for word in by_name if word not in known]
        if wrong or len(numbers) > len(known):
            raise TypeError(f"{name}_window() takes {', '.join(known) or 'no'} further arguments")
        kind = _old(f"{name}_window", window_length, dtype)
        given = {**defaults, **dict(zip(known, numbers, strict=False)), **by_name}
        return shapes.finished(values(window_length, not periodic, **given), kind, requires_grad)

    function(window)


_of_old("bartlett", lambda length, sym: shapes.triangle(length, sym))
_of_old("blackman", lambda length, sym: shapes.cosines(length, [0.42, 0.5, 0.08], sym))
_of_old("hann", lambda length, sym: shapes.cosines(length, [0.5, 0.5], sym))
_of_old(
    "hamming",
    lambda length, sym, alpha, beta: shapes.cosines(length, [alpha, beta], sym),
    alpha=0.54,
    beta=0.46,
)
_of_old("kaiser", lambda length, sym, beta: shapes.bessel(length, beta, sym), beta=12.0)
