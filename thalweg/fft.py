"""Discrete Fourier transforms: the Array API's extension.

>>> import thalweg as tw
>>> tw.fft.rfftfreq(4)
tensor([0.0000, 0.2500, 0.5000])
"""

from thalweg.ops.windows import fourier

_NAMES = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2",
    "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft",
    "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip
__all__ = [*_NAMES]
globals().update({name: getattr(fourier, name) for name in _NAMES})
