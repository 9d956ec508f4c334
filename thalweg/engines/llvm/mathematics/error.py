"""The error function."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import reduced
from thalweg.engines.llvm.mathematics.polynomials import polynomial, power_of_two

# erf(x)/x - 1 as a polynomial in x², for |x| ≤ 1: errors 2^-55 and 2^-29, relative to erf.
_NEAR = {
    "f64": (
        0.12837916709551256,
        -0.3761263890318352,
        0.11283791670944185,
        -0.02686617064311147,
        0.00522397760611853,
        -0.0008548325929318811,
        0.00012055293577062611,
        -1.4924712305578151e-05,
        1.6447131619599692e-06,
        -1.6206314154620464e-07,
        1.3710982203958857e-08,
        -7.779472005943964e-10,
    ),
    "f32": (
        0.128379166,
        -0.37612626,
        0.112835787,
        -0.0268534329,
        0.00518759433,
        -0.000800443348,
        7.83823853e-05,
    ),
}

# ln(1 - erf x) as a polynomial in x - 1, from 1 up to the bound beyond which erf is 1. Weighted
# by 1 - erf x, which it may be less accurate in the smaller that is: errors 2^-54.6, 2^-26.7.
_FAR = {
    "f64": (
        -1.8496055099332485,
        -2.638967514234732,
        -0.8431072563618548,
        -0.04156109797266225,
        0.010033824605426515,
        -0.0019778975183198377,
        0.0002373011577535848,
        2.633904635882446e-05,
        -2.728275727334247e-05,
        9.789319470755076e-06,
        -2.252709191163586e-06,
        2.9520978452739423e-07,
        8.732615577480753e-09,
        -1.4100584208713175e-08,
        3.250671374877077e-09,
        -3.6855177258446493e-10,
        1.770452114442491e-11,
    ),
    "f32": (
        -1.84960556,
        -2.6389668,
        -0.843117595,
        -0.0415034853,
        0.00989543833,
        -0.0018293655,
        0.000186374338,
    ),
}

_BOUND = {"f64": 5.9375, "f32": 3.9375}


def erf(e: Emitter, x: Value) -> Value:
    """The error function (2/√π)·∫₀ˣ e^(-t²) dt."""
    a = e.absolute(x)
    near = e.fma(x, polynomial(e, e.multiply(x, x), _NEAR[x.type]), x)
    t = e.subtract(e.minimum(a, _BOUND[x.type]), 1.0)
    n, p = reduced(e, polynomial(e, t, _FAR[x.type]))
    scale = power_of_two(e, n, x.type)
    far = e.fma(e.negate(p), scale, e.subtract(1.0, scale))
    return e.select(e.compare("ogt", a, 1.0), e.copysign(far, x), near)
