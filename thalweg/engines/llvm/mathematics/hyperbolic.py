"""The hyperbolic tangent."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import reduced
from thalweg.engines.llvm.mathematics.polynomials import polynomial, power_of_two

# (tanh(x)/x - 1) / x² as a polynomial in x², for |x| ≤ 0.55: errors 2^-55 and 2^-29.8.
_SMALL = {
    "f64": (
        -0.3333333333333235,
        0.13333333333173736,
        -0.05396825387837226,
        0.0218694860260744,
        -0.008863195152632685,
        0.0035917246518973847,
        -0.0014532400716009478,
        0.0005792031204812206,
        -0.00021040595731040352,
        5.109032906339058e-05,
    ),
    "f32": (-0.333333194, 0.133326367, -0.0538568608, 0.021088399, -0.00629583094),
}

# Beyond it, tanh is ±1.
_BOUND = {"f64": 20.0, "f32": 10.0}


def tanh(e: Emitter, x: Value) -> Value:
    """The hyperbolic tangent: a polynomial up to 0.55, then 1 - 2/(e²ˣ + 1)."""
    a = e.absolute(x)
    z = e.multiply(a, a)
    near = e.multiply(e.multiply(a, z), polynomial(e, z, _SMALL[x.type]))
    bounded = e.minimum(a, _BOUND[x.type])
    n, p = reduced(e, e.add(bounded, bounded))
    scale = power_of_two(e, n, x.type)
    denominator = e.fma(p, scale, e.add(scale, 1.0))
    far = e.divide(-2.0, denominator)
    small = e.compare("olt", a, 0.55)
    result = e.add(e.select(small, a, 1.0), e.select(small, near, far))
    return e.copysign(result, x)
