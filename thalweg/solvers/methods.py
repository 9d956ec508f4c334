"""The methods of `minimize` by name, ours and SciPy's."""

from __future__ import annotations

from thalweg.errors import ArgumentError, did_you_mean
from thalweg.solvers.constrained.method import AUGMENTED_LAGRANGIAN
from thalweg.solvers.method import Method
from thalweg.solvers.minimization.bfgs import BFGS
from thalweg.solvers.minimization.conjugate_gradient import CONJUGATE_GRADIENT
from thalweg.solvers.minimization.gradient_descent import GRADIENT_DESCENT
from thalweg.solvers.minimization.lbfgs import LBFGS
from thalweg.solvers.minimization.lbfgsb import LBFGSB
from thalweg.solvers.minimization.newton_cg import NEWTON_CG
from thalweg.solvers.minimization.trust_exact import TRUST_EXACT
from thalweg.solvers.minimization.trust_ncg import TRUST_NCG

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        GRADIENT_DESCENT, CONJUGATE_GRADIENT, BFGS, LBFGS, LBFGSB, NEWTON_CG, TRUST_NCG,
        TRUST_EXACT, AUGMENTED_LAGRANGIAN,
    )
}  # fmt: skip

# What SciPy, JAX and jaxopt call them otherwise.
OTHER_NAMES = {
    "cg": "conjugate-gradient",
    "l-bfgs-b": "lbfgsb",
    "l-bfgs": "lbfgs",
    "slsqp": "augmented-lagrangian",
    "trust-constr": "augmented-lagrangian",
    "newton-conjugate-gradient": "newton-cg",
}


def method_of(name: str) -> Method:
    """Return the method of a name, in either case.

    Raises:
        ArgumentError: If there is none.
    """
    low = str(name).lower().replace("_", "-")
    found = METHODS.get(OTHER_NAMES.get(low, low))
    if found is None:
        raise ArgumentError(
            f"method={name!r} was given.{did_you_mean(low, METHODS)} It wants one of "
            f"{', '.join(METHODS)}."
        )
    return found
