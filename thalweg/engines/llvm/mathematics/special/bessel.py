"""Bessel functions of orders 0 and 1, of the first kind and modified.

Up to 8 a polynomial in x², with the zeros of J taken out, which keeps its digits there; beyond it
the amplitudes of Hankel's expansions, which are smooth in 1/x.

Source:
    DLMF 10.17.3 and 10.40.1, whose coefficients are refitted from 8 on.
"""

import math

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp
from thalweg.engines.llvm.mathematics.polynomials import polynomial
from thalweg.engines.llvm.mathematics.special.pieces import in_double
from thalweg.engines.llvm.mathematics.trigonometric import cos, sin

_FAR = 8.0

# J₀(x) and J₁(x)/x over the product of x² - r², r their zeros up to 8, as polynomials in x² - 64:
# errors 2^-60, 2^-63; r² in two parts.
_NEAR = (
    (
        8.793873470842997e-05,
        -1.1646260988991305e-05,
        3.8928880863775046e-07,
        -6.262015717141726e-09,
        6.0575145730347e-11,
        -3.954481984171266e-13,
        1.8706696564361644e-15,
        -6.7313685797638295e-18,
        1.908867380990512e-20,
        -4.38265279757839e-23,
        8.323961058368465e-26,
        -1.327762662727182e-28,
        1.8430962080865485e-31,
        -1.9044294234333838e-34,
        3.2985174781634177e-37,
    ),
    (
        4.0232757124382825e-05,
        -2.3266977186249897e-06,
        5.189375913321543e-08,
        -6.36209355224928e-10,
        5.008310435304472e-12,
        -2.7671915093747674e-14,
        1.1373503918890133e-16,
        -3.6235291949088226e-19,
        9.228136825755315e-22,
        -1.9240961499498757e-24,
        3.3485454300257074e-27,
        -4.932264397208429e-30,
        6.345600124940695e-33,
        -6.1991272264154e-36,
        9.817297830539816e-39,
    ),
)

_ZEROS = (
    ((5.783185962946784, 4.123247343506204e-16), (30.471262343662087, -2.366534485750659e-16)),
    ((14.681970642123893, -9.858177825793294e-17), (49.2184563216946, 5.086354069436341e-16)),
)

# P and x Q of J = √(2/πx) (P cos χ - Q sin χ), χ = x - π/4 - nπ/2, as polynomials in 1/x² for
# x ≥ 8: errors 2^-58, 2^-54.
_EVEN = (
    (
        1.0,
        -0.0703124999999197,
        0.11215209930768241,
        -0.5725009706371187,
        6.073687290787665,
        -109.84711171628194,
        2983.986479320745,
        -106673.62155106134,
        4209072.792966152,
        -151757696.58511063,
        4222803020.6557145,
        -76043567417.31192,
        645882684908.9927,
    ),
    (
        1.0,
        0.11718749999991515,
        -0.1441955563218301,
        0.67659211257945,
        -6.8835395142205895,
        121.41829850994307,
        -3245.1475390009896,
        114805.62028630271,
        -4502035.557051317,
        161763229.18476513,
        -4492612383.748761,
        80812449608.09976,
        -685919983639.7506,
    ),
)

_ODD = (
    (
        -0.125,
        0.07324218749983463,
        -0.22710800098648776,
        1.7277262453308775,
        -24.37937062005301,
        550.6819700223542,
        -18011.14074829881,
        766636.8042569356,
        -36695609.64208772,
        1678497310.8968086,
        -63627162043.39717,
        1764851846521.618,
        -30876641646984.44,
        251949556610543.06,
    ),
    (
        0.375,
        -0.10253906249982614,
        0.2775764457734361,
        -1.9935304115510892,
        27.247608373989422,
        -603.1564607316235,
        19459.1223682834,
        -820713.6766448405,
        39062132.33704482,
        -1780940236.4182663,
        67386768259.01347,
        -1867152358630.36,
        32645527958600.8,
        -266276150887079.84,
    ),
)

# I₀(x) and 2 I₁(x)/x as polynomials in x² up to 8, and √x e⁻ˣ I(x) in 1/x - 1/16
# beyond: errors 2^-56.
_MODIFIED_NEAR = (
    (
        1.0,
        0.25,
        0.015624999999999977,
        0.0004340277777777949,
        6.781684027771353e-06,
        6.781684027918152e-08,
        4.70950279511846e-10,
        2.4028075677258457e-12,
        9.385965805631355e-15,
        2.896908888769462e-17,
        7.242074666717778e-20,
        1.4967775796614792e-22,
        2.5901898905608042e-25,
        3.933401834277596e-28,
        4.199979625207251e-31,
        8.565208707263263e-34,
    ),
    (
        1.0,
        0.1249999999999999,
        0.00520833333333348,
        0.00010850694444435713,
        1.3563368055819786e-06,
        1.1302806708276481e-08,
        6.727861191665796e-11,
        3.003509034241738e-13,
        1.0428873440771522e-15,
        2.8968243451006033e-18,
        6.5859602148008644e-21,
        1.2430615929266702e-23,
        2.047773835013442e-26,
        2.337502558027492e-29,
        5.177353766741388e-32,
    ),
)

_MODIFIED_FAR = (
    (
        0.4021765094450081,
        0.05376883173868578,
        0.034871315044334834,
        0.045641866407656016,
        0.09724543406650221,
        0.31180441137128867,
        1.4885115057289235,
        10.556450658085158,
        92.54948905043618,
        519.1545292435803,
        -7418.997833947746,
        -235892.2306948356,
        -1521428.4769002586,
        34013849.5586001,
        535494647.5793691,
        -4042121455.9776454,
        -109853661109.30074,
        448653863977.4799,
        17187703685661.598,
        -43188582048918.11,
        -1958577046370180.8,
        2955518451736822.0,
        1.4178561506754859e17,
        -1.0032969748867382e17,
        -4.812888764982329e18,
    ),
    (
        0.38939845902587233,
        -0.1559932350917718,
        -0.056124355541473867,
        -0.06159788933352439,
        -0.12025267047835446,
        -0.36530875384212386,
        -1.67793763558484,
        -11.577400395213031,
        -100.39051502656683,
        -579.1516384732122,
        7404.99781945818,
        246892.90049052087,
        1681308.0835730413,
        -34418257.15157835,
        -568205013.8059176,
        3950167518.366341,
        115072878136.87637,
        -424633391053.4636,
        -17896971300070.297,
        40012022545819.96,
        2033037065604990.5,
        -2710181839971396.5,
        -1.4689989557431728e17,
        9.167972774737005e16,
        4.979954505760275e18,
    ),
)


def _unmodified(e: Emitter, order: int, x: Value) -> Value:
    size = e.absolute(x)
    z = e.minimum(e.multiply(size, size), _FAR * _FAR)
    near = polynomial(e, e.subtract(z, _FAR * _FAR), _NEAR[order])
    for zero, low in _ZEROS[order]:
        near = e.multiply(near, e.subtract(e.subtract(z, zero), low))
    large = e.maximum(size, _FAR)
    inverse = e.divide(1.0, large)
    square = e.multiply(inverse, inverse)
    even = polynomial(e, square, _EVEN[order])
    odd = e.multiply(inverse, polynomial(e, square, _ODD[order]))
    # √2 cos χ and √2 sin χ of the sine and the cosine of x.
    sine, cosine = sin(e, large), cos(e, large)
    plus, minus = e.add(sine, cosine), e.subtract(sine, cosine)
    of_even, of_odd = (plus, minus) if order == 0 else (minus, e.negate(plus))
    wave = e.subtract(e.multiply(even, of_even), e.multiply(odd, of_odd))
    far = e.multiply(wave, e.sqrt(e.multiply(inverse, 1.0 / math.pi)))
    # The odd one takes the sign of x, also of its zero.
    near, far = (e.multiply(near, x), _signed(e, far, x)) if order else (near, far)
    return e.select(e.compare("olt", size, _FAR), near, far)


def _signed(e: Emitter, value: Value, x: Value) -> Value:
    return e.select(e.compare("olt", x, 0.0), e.negate(value), value)


@in_double
def j0(e: Emitter, x: Value) -> Value:
    """The Bessel function of the first kind and order 0."""
    return _unmodified(e, 0, x)


@in_double
def j1(e: Emitter, x: Value) -> Value:
    """The Bessel function of the first kind and order 1."""
    return _unmodified(e, 1, x)


def _modified(e: Emitter, order: int, x: Value, scaled: bool) -> Value:
    size = e.absolute(x)
    z = e.minimum(e.multiply(size, size), _FAR * _FAR)
    near = polynomial(e, z, _MODIFIED_NEAR[order])
    if order:
        near = e.multiply(near, e.multiply(size, 0.5))
    inverse = e.divide(1.0, e.maximum(size, _FAR))
    amplitude = polynomial(e, e.subtract(inverse, 0.5 / _FAR), _MODIFIED_FAR[order])
    far = e.multiply(amplitude, e.sqrt(inverse))
    # The exponential of half of x, twice, as its whole may be too large where the product is not.
    if scaled:
        near = e.multiply(near, exp(e, e.negate(e.minimum(size, _FAR))))
    else:
        # An infinite exponential of nothing is infinite too.
        part = exp(e, e.multiply(size, 0.5))
        far = e.multiply(e.multiply(far, part), part)
        far = e.select(e.compare("oeq", size, math.inf), math.inf, far)
    found = e.select(e.compare("olt", size, _FAR), near, far)
    return e.copysign(found, x) if order else found


@in_double
def i0(e: Emitter, x: Value) -> Value:
    """The modified Bessel function of order 0."""
    return _modified(e, 0, x, False)


@in_double
def i0e(e: Emitter, x: Value) -> Value:
    """The modified Bessel function of order 0, times e^(-|x|)."""
    return _modified(e, 0, x, True)


@in_double
def i1(e: Emitter, x: Value) -> Value:
    """The modified Bessel function of order 1."""
    return _modified(e, 1, x, False)


@in_double
def i1e(e: Emitter, x: Value) -> Value:
    """The modified Bessel function of order 1, times e^(-|x|)."""
    return _modified(e, 1, x, True)
