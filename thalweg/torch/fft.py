"""PyTorch's `torch.fft`: the functions of `thalweg.fft`."""

from thalweg import fft as _below
from thalweg.torch.functions.short.products import inverse_spectrum as _inverse_spectrum
from thalweg.torch.functions.short.products import spectrum as _spectrum
from thalweg.torch.functions.short.products import whole_spectrum as _whole_spectrum
from thalweg.torch.functions.short.road import trying as _trying
from thalweg.torch.naming import creating, speaking

__all__ = [*_below.__all__]
globals().update({name: speaking(getattr(_below, name)) for name in __all__})
rfft = _trying(_spectrum, globals()["rfft"])
fft = _trying(_whole_spectrum, globals()["fft"])
ifft = _trying(_inverse_spectrum, globals()["ifft"])
fftfreq, rfftfreq = (speaking(creating(own)) for own in (_below.fftfreq, _below.rfftfreq))
