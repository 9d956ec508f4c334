"""The special functions that kernels compute in vectors, by name."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.special.bessel import i0, i0e, i1, i1e, j0, j1
from thalweg.engines.llvm.mathematics.special.beta_parameters import betainc_by_a, betainc_by_b
from thalweg.engines.llvm.mathematics.special.error import erfc, erfcx, erfinv, ndtri
from thalweg.engines.llvm.mathematics.special.gamma import digamma, gamma, lgamma
from thalweg.engines.llvm.mathematics.special.incomplete import (
    gammainc,
    gammainc_by_shape,
    gammaincc,
)
from thalweg.engines.llvm.mathematics.special.incomplete_beta import betainc
from thalweg.engines.llvm.mathematics.special.inverse import (
    betainccinv,
    betaincinv,
    gammainccinv,
    gammaincinv,
)
from thalweg.engines.llvm.mathematics.special.zeta import zeta, zeta_by_order

# Their errors are a few units in the last place beside what a change of an argument by one makes.
SPECIAL: dict[str, Callable[..., Value]] = {
    function.__name__: function
    for function in (
        *(erfc, erfcx, erfinv, ndtri),
        *(gamma, lgamma, digamma, zeta, zeta_by_order),
        *(gammainc, gammaincc, gammainc_by_shape),
        *(betainc, betainc_by_a, betainc_by_b),
        *(gammaincinv, gammainccinv, betaincinv, betainccinv),
        *(i0, i0e, i1, i1e, j0, j1),
    )
}
