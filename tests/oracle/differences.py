"""Where thalweg means something else than PyTorch on purpose, and why.

What is measured are the names of `thalweg.torch`, which mean what PyTorch means by them.
"""

from __future__ import annotations

# Against mpmath on the samples, in float64: by how much PyTorch's is off, and this one.
_LESS_EXACT = {
    "airy_ai": ("3e-9", "1.4e-16"), "bessel_j0": ("1.9e-7", "2.3e-16"),
    "bessel_j1": ("3.3e-8", "3.4e-16"), "bessel_y0": ("1.2e-8", "1.2e-16"),
    "bessel_y1": ("3.3e-7", "1.7e-16"),
}  # fmt: skip

# By entry of the data base; they hold for samples that disagree in any of the modes.
DIFFERENCES: dict[str, str] = {
    "linalg.eig": "The derivative of eigenvectors of a matrix that need not be symmetric is "
    "refused: they are defined up to a complex factor each. That of the eigenvalues is there.",
    "as_strided": "A tensor made of part of an array's memory, with gaps, knows no more than its "
    "elements; of a tensor's own parts, the whole memory is known.",
    "as_strided.partial_views": "The samples are parts of a larger memory; a tensor made of an "
    "array knows no more than its elements. Of a tensor's own parts, the whole memory is known.",
    "as_strided_copy": "As of `as_strided`.",
    "as_strided_scatter": "PyTorch's derivative of the first operand is that of the places which "
    "are written; it is that of all others, as differences show.",
    "cholesky_inverse": "PyTorch's derivative fills the triangle that is not read; here it is 0 "
    "there.",
    "nn.functional.hardsigmoid": "PyTorch multiplies the derivative by a sixth of single "
    "precision; here it is one of the tensor's.",
    **{
        f"special.{name}": f"Against mpmath, PyTorch's is off by {theirs}, and this one by {ours}."
        for name, (theirs, ours) in _LESS_EXACT.items()
    },
}

# By entry: why results that agree are not closer than they are.
_TRIGAMMA = "PyTorch's trigamma is off by up to 4e-10; this one by 8e-16, against mpmath."
ROUNDED = {
    "digamma": f"Of the derivative. {_TRIGAMMA}",
    "logcumsumexp": "Of the derivative: against extended precision, PyTorch's loses ten times as "
    "many digits as this one.",
    "nn.functional.normalize": "Rounding of a derivative that is 0 but for cancellation.",
    "nn.functional.scaled_dot_product_attention": "Rounding of small derivatives, differences of "
    "large numbers: against extended precision, both are off by up to 5e-12.",
    "polygamma": _TRIGAMMA,
    "special.polygamma.special_polygamma_n_0": _TRIGAMMA,
}

# Of calls that are errors in PyTorch those that are none here on purpose: what they have in
# common, why they are computed, and the entries of the data base that have such calls.
LENIENCE: dict[str, tuple[str, frozenset[str]]] = {
    "A method of two numbers": (
        "`__radd__` and its like are looked up where the first operand has them, and a number has "
        "Python's; PyTorch's method, taken off its class, refuses a first operand of another.",
        frozenset({"__radd__", "__rmul__", "__rand__", "__ror__", "__rxor__"}),
    ),
    "`out=` of another precision": (
        "What is of the same kind is converted, float64 to float32 or complex64, wherever `out=` "
        "is written; PyTorch does so for some functions, and refuses it for others.",
        frozenset({"aminmax", "complex", "gather"}),
    ),
}


def lenience(name: str) -> str | None:
    """Return what the calls have in common among which an entry's errors belong."""
    return next((what for what, (_, entries) in LENIENCE.items() if name in entries), None)


# Names that mean something else in `tw` than in `thalweg.torch`, which is what is measured.
SPELLED = {
    "argsort, sort, msort": "values and indices; `tw.sort(x)` the values alone.",
    "max, min": "along an axis values and indices; `tw.max(x, 0)` the values alone.",
    "cross": "the first axis of extent 3; `tw.cross(x, y)` the last axis.",
    "histogram": "`weight=`, counts of the tensor's dtype; `tw.histogram(x)` whole numbers.",
    "mean, trace": "of floating numbers, and of one matrix; `tw.mean(x)` of integers too, and "
    "`tw.trace(x)` of a stack.",
    "equal": "one truth value; `tw.equal(x, y)` one for each element.",
    "median, nanmedian": "the lower of two middle elements; `tw.median(x)` their mean.",
    "nonzero": "a matrix of positions; `tw.nonzero(x)` a tuple.",
    "norm": "of all elements; `tw.linalg.norm(x, 2)` of a matrix NumPy's.",
    "split": "parts of n positions; `tw.split(x, n)` n parts.",
    "squeeze": "an axis of another extent is left; `tw.squeeze(x, 0)` refuses it.",
    "std, var": "n - 1 divides; in `tw.std` and `tw.var` n.",
    "unique": "sorted values; `tw.unique_values` and its like are the Array API's.",
}
