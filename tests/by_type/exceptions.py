"""Where a public function is not as its oracle, on purpose: the reason, shown in the table."""

from __future__ import annotations

_FLOATS = "integers are computed with in float64"
_KEPT = "Booleans and integers stay what they are"
_CONSTANT = "constant by definition"
_GAUGE = (
    "vectors of complex matrices have a free phase, and no derivative but of what has none; those "
    "of real ones a free sign, in which engines differ"
)

# By function: the way, the dtypes' codes, and why.
EXCEPTIONS: dict[str, tuple[str, str, str]] = {
    "reciprocal": ("eager", "?bhiqBHIQ", f"{_FLOATS}; NumPy rounds 1/x to zero"),
    "nextafter": ("eager", "?bhBH", f"{_FLOATS}; NumPy's next float16 is further"),
    "cumulative_trapezoid": ("eager", "?", "as SciPy's: Booleans are joined by `or`"),
    "detach": ("sloped", "fdFD", _CONSTANT),
    "stop_gradient": ("sloped", "fdFD", _CONSTANT),
    "cholesky_inverse": ("eager", "FD", "factors have a real diagonal; the sample's is complex"),
    "linalg.eigh": ("sloped", "FD", _GAUGE),
    "linalg.svd": ("sloped", "FD", _GAUGE),
    "lobpcg": ("sloped", "FD", _GAUGE),
    "svd": ("sloped", "FD", _GAUGE),
}

# Whose vectors' signs are each engine's own: what depends on them is another number in a fit.
UP_TO_SIGN = {"linalg.eigh", "linalg.svd", "lobpcg", "svd"}


def is_excepted(name: str, way: str, code: str) -> bool:
    if name in UP_TO_SIGN and way == "fitted":
        return True
    found = EXCEPTIONS.get(name)
    return found is not None and found[0] == way and code in found[1]
