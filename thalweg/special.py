"""Special functions by SciPy's names and arguments, and PyTorch's: `tw.special.ndtr` and its like.

What `scipy.special` calls a function of, with SciPy's default axes; derivatives exist in all
arguments unless a function's documentation says otherwise.
"""

from thalweg.ops import elementwise as _elementwise
from thalweg.ops import special as _special

_PLACES = {
    _elementwise.arithmetic: ["cbrt"],
    _elementwise.exponential: ["exp2", "expm1", "log1p", "logit", "xlogy"],
    _elementwise.rounding: ["round"],
    _elementwise.trigonometric: ["sinc"],
    _special.bessel: ["i0", "i0e", "i1", "i1e", "j0", "j1"],
    _special.error: [
        "entr", "erf", "erfc", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri", "xlog1py",
    ],
    _special.gamma: [
        "beta", "betaln", "digamma", "gamma", "gammasgn", "loggamma",
    ],
    _special.incomplete: ["gammainc", "gammaincc"],
    _special.incomplete_beta: ["betainc"],
    _special.inverse: ["betainccinv", "betaincinv", "gammainccinv", "gammaincinv"],
    _special.scipy: [
        "boxcox", "boxcox1p", "exprel", "huber", "inv_boxcox", "inv_boxcox1p", "kl_div",
        "log_expit", "log_softmax", "logsumexp", "polygamma", "pseudo_huber", "rel_entr",
        "softmax", "zeta",
    ],
}  # fmt: skip
lgamma, mvlgamma = _special.gamma.lgamma, _special.gamma.mvlgamma
sigmoid = _elementwise.exponential.sigmoid
_FUNCTIONS = {name: getattr(place, name) for place, names in _PLACES.items() for name in names}
_FUNCTIONS |= {
    "expit": sigmoid,
    "gammaln": lgamma,
    "multigammaln": mvlgamma,
    "psi": _special.gamma.digamma,
}
__all__ = [*_FUNCTIONS]
globals().update(_FUNCTIONS)
