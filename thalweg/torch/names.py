"""PyTorch's names of what NumPy has too: functions, methods and in-place variants."""

from __future__ import annotations

from thalweg.core.operation import OPERATIONS
from thalweg.torch.naming import creating, publish, speaking

# PyTorch's names for operations that have another one below.
_ELSEWHERE = {
    "alias_copy": "clone", "broadcast_tensors": "broadcast_arrays", "cat": "concatenate",
    "clamp": "clip", "concat": "concatenate", "conj_physical": "conj", "detach_copy": "clone",
    "eq": "equal", "ge": "greater_equal", "ger": "outer", "gt": "greater", "inverse": "inv",
    "is_complex": "iscomplexobj", "le": "less_equal", "lt": "less", "mul": "multiply",
    "ne": "not_equal", "neg": "negative", "pinverse": "pinv", "repeat_interleave": "repeat",
    "trapz": "trapezoid", "unsqueeze": "expand_dims",
}  # fmt: skip

# With a method, and a variant `name_` that writes into its first operand.
_WRITTEN = """
abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2
atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil
clamp clip conj_physical copysign cos cosh cumprod cumsum deg2rad digamma eq erf erfc erfinv exp
exp2 expm1 fix float_power floor floor_divide fmod gcd ge greater greater_equal gt heaviside hypot
i0 lcm ldexp le less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or
logical_xor logit lt mul multiply mvlgamma nan_to_num ne neg negative nextafter not_equal pow
rad2deg reciprocal remainder round sgn sigmoid sign sin sinc sinh sqrt square tan tanh tril
triu trunc xlogy
"""

# With a method.
_METHODS = """
all allclose amax amin angle any argmax argmin argwhere atleast_1d atleast_2d atleast_3d
broadcast_to cholesky cholesky_inverse cholesky_solve clone conj contiguous copy_ corrcoef
count_nonzero cov cumprod cumsum det detach detach_ diag diag_embed diagflat diagonal diff dot
dsplit fill_ fill_diagonal_ fliplr flipud fmax fmin ger hsplit inner inverse is_complex
isclose isfinite isinf isnan isneginf isposinf isreal kron log_softmax logaddexp logaddexp2
logcumsumexp logdet logsumexp matmul matrix_exp matrix_power maximum minimum moveaxis
nanquantile nansum outer pinverse positive prod quantile ravel repeat_interleave reshape
roll rot90 signbit slogdet softmax stop_gradient sum swapaxes take tile
unsqueeze vdot vsplit zero_
"""

# Of the default dtype.
_CREATED = """
empty eye full ones zeros
"""

_FUNCTIONS = """
alias_copy block_diag broadcast_shapes broadcast_tensors cat column_stack
concat concatenate cumulative_trapezoid detach_copy dstack einsum empty_like frexp from_dlpack
full_like gradient hstack imag isin ones_like polygamma
real row_stack scatter_add searchsorted stack tensordot trapezoid trapz
tril_indices triu_indices unravel_index vander vstack where zeros_like
"""


for _names, _methods, _inplace in (
    (_CREATED, False, False),
    (_FUNCTIONS, False, False),
    (_METHODS, True, False),
    (_WRITTEN, True, True),
):
    for _name in _names.split():
        _own = OPERATIONS[_ELSEWHERE.get(_name, _name)]
        _spoken = speaking(creating(_own) if _names is _CREATED else _own, _inplace)
        publish(_name, _spoken, _methods, _inplace)
