"""PyTorch's `torch.fft`: the functions of `thalweg.fft`."""

from thalweg import fft as _below
from thalweg.torch.functions.short.products import spectrum as _spectrum
from thalweg.torch.functions.short.road import trying as _trying
from thalweg.torch.naming import creating, speaking

__all__ = [*_below.__all__]
globals().update({name: speaking(getattr(_below, name)) for name in __all__})
rfft = _trying(_spectrum, globals()["rfft"])
fftfreq, rfftfreq = (speaking(creating(own)) for own in (_below.fftfreq, _below.rfftfreq))
