"""Special functions by PyTorch's and SciPy's names: `tw.special.ndtr` and its like."""

from __future__ import annotations

from thalweg.ops.activations import log_softmax, softmax
from thalweg.ops.bessel_functions import i0, i0e, i1, i1e
from thalweg.ops.composed import round
from thalweg.ops.elementwise import erf, expm1, log1p, sigmoid
from thalweg.ops.error_functions import (
    entr,
    erfc,
    erfcx,
    erfinv,
    log_ndtr,
    ndtr,
    ndtri,
    xlog1py,
)
from thalweg.ops.exponential_limits import logit, sinc, xlogy
from thalweg.ops.gamma_functions import digamma, lgamma, mvlgamma, polygamma, zeta
from thalweg.ops.reductions import logsumexp
from thalweg.ops.transcendental import exp2

expit, gammaln, multigammaln, psi = sigmoid, lgamma, mvlgamma, digamma

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammaln", "i0",
    "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax", "logit", "logsumexp", "multigammaln",
    "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
