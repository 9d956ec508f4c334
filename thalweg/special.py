"""Special functions by SciPy's names and arguments, and PyTorch's: `tw.special.ndtr` and its like.

What `scipy.special` calls a function of, with SciPy's default axes; derivatives exist in all
arguments unless a function's documentation says otherwise.
"""

from __future__ import annotations

from thalweg.ops.elementwise.arithmetic import cbrt
from thalweg.ops.elementwise.exponential import exp2, expm1, log1p, logit, sigmoid, xlogy
from thalweg.ops.elementwise.rounding import round
from thalweg.ops.elementwise.trigonometric import sinc
from thalweg.ops.special.bessel import i0, i0e, i1, i1e, j0, j1
from thalweg.ops.special.beta import beta, betaln, gamma, gammasgn, loggamma
from thalweg.ops.special.entropy import huber, kl_div, pseudo_huber, rel_entr
from thalweg.ops.special.error import entr, erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri, xlog1py
from thalweg.ops.special.gamma import digamma, lgamma, mvlgamma
from thalweg.ops.special.incomplete_gamma import gammainc, gammaincc
from thalweg.ops.special.power_transforms import boxcox, boxcox1p, exprel, inv_boxcox, inv_boxcox1p
from thalweg.ops.special.scipy import log_expit, log_softmax, logsumexp, polygamma, softmax, zeta

expit, gammaln, multigammaln, psi = sigmoid, lgamma, mvlgamma, digamma

__all__ = [
    "beta", "betaln", "boxcox", "boxcox1p", "cbrt", "digamma", "entr", "erf", "erfc", "erfcx",
    "erfinv", "exp2", "expit", "expm1", "exprel", "gamma", "gammainc", "gammaincc", "gammaln",
    "gammasgn", "huber", "i0", "i0e", "i1", "i1e", "inv_boxcox", "inv_boxcox1p", "j0", "j1",
    "kl_div", "log1p", "log_expit", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp",
    "multigammaln", "ndtr", "ndtri", "polygamma", "pseudo_huber", "psi", "rel_entr", "round",
    "sinc", "softmax", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
