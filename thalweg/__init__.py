"""thalweg: write a loss in plain NumPy, compose an optimizer, run it as one native loop."""

import importlib
from typing import TYPE_CHECKING, Any

from numpy import bool_, e, float32, float64, inf, int32, int64, nan, newaxis, pi

from thalweg import errors, tree
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp, linearize, value_and_grad, vjp
from thalweg.autodiff.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from thalweg.autodiff.stateful import enable_grad, no_grad
from thalweg.core.tensor import Tensor
from thalweg.ops.activations import (
    elu,
    gelu,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu,
    silu,
    softmax,
    softplus,
)
from thalweg.ops.arranging import (
    atleast_1d,
    atleast_2d,
    diag,
    diagonal,
    diff,
    flatten,
    moveaxis,
    pad,
    ravel,
    repeat,
    roll,
    swapaxes,
    tile,
    trace,
    tril,
    triu,
)
from thalweg.ops.composed import (
    allclose,
    arccos,
    arcsin,
    arctanh,
    clip,
    cosh,
    exp2,
    isclose,
    isfinite,
    isinf,
    isnan,
    log2,
    log10,
    logical_xor,
    nan_to_num,
    positive,
    reciprocal,
    rint,
    round,
    sinh,
    trunc,
)
from thalweg.ops.creation import (
    arange,
    array,
    asarray,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from thalweg.ops.einsum import einsum
from thalweg.ops.elementwise import (
    absolute,
    add,
    arctan,
    ceil,
    cos,
    divide,
    equal,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    log1p,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    power,
    remainder,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    where,
)
from thalweg.ops.elementwise import absolute as abs
from thalweg.ops.indexing import one_hot, scatter_add, take, take_along_axis
from thalweg.ops.joining import (
    array_split,
    broadcast_arrays,
    column_stack,
    hstack,
    meshgrid,
    split,
    stack,
    vstack,
)
from thalweg.ops.linalg import dot, inner, matmul, outer, tensordot, vdot, vecdot
from thalweg.ops.losses import (
    absolute_error,
    hinge_loss,
    huber_loss,
    l2_loss,
    log_cosh,
    poisson_nll,
    quantile_loss,
    sigmoid_binary_cross_entropy,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
    squared_error,
)
from thalweg.ops.norms import norm
from thalweg.ops.reductions import (
    all,
    any,
    argmax,
    argmin,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from thalweg.ops.shaping import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    reshape,
    squeeze,
    stop_gradient,
    transpose,
)
from thalweg.ops.summaries import array_equal, average, count_nonzero, polyval, ptp

__version__ = "0.1.0"

if TYPE_CHECKING:
    from thalweg import optim, testing
    from thalweg.engines.jit import jit
    from thalweg.training.checkpoint import Checkpoint, load
    from thalweg.training.fit import fit
    from thalweg.training.result import Fit

# Imported when first asked for, so that `import thalweg` stays quick.
_LATER = {
    "Checkpoint": "training.checkpoint",
    "Fit": "training.result",
    "fit": "training.fit",
    "jit": "engines.jit",
    "load": "training.checkpoint",
    "optim": "optim",
    "testing": "testing",
}

__all__ = [
    "Checkpoint", "Fit", "Tensor", "abs", "absolute", "absolute_error", "add", "all", "allclose",
    "any", "arange", "arccos", "arcsin", "arctan", "arctanh", "argmax", "argmin", "array",
    "array_equal", "array_split", "asarray", "astype", "atleast_1d", "atleast_2d", "average",
    "bool_", "broadcast_arrays", "broadcast_to", "ceil", "clip", "column_stack", "concatenate",
    "cos", "cosh", "count_nonzero", "cumsum", "diag", "diagonal", "diff", "divide", "dot", "e",
    "einsum", "elu", "enable_grad", "equal", "erf", "errors", "exp", "exp2", "expand_dims",
    "expm1", "eye", "fit", "flatten", "flip", "float32", "float64", "floor", "floor_divide",
    "full", "full_like", "gelu", "grad", "greater", "greater_equal", "hessian", "hinge_loss",
    "hstack", "huber_loss", "hvp", "inf", "inner", "int32", "int64", "isclose", "isfinite",
    "isinf", "isnan", "jacfwd", "jacobian", "jacrev", "jit", "jvp", "l2_loss", "leaky_relu",
    "less", "less_equal", "linearize", "linspace", "load", "log", "log1p", "log2", "log10",
    "log_cosh", "log_sigmoid", "log_softmax", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logsumexp", "matmul", "max", "maximum", "mean", "meshgrid",
    "min", "minimum", "moveaxis", "multiply", "nan", "nan_to_num", "negative", "newaxis",
    "no_grad", "norm", "not_equal", "one_hot", "ones", "ones_like", "optim", "outer", "pad", "pi",
    "poisson_nll", "polyval", "positive", "pow", "power", "prod", "ptp", "quantile_loss", "ravel",
    "reciprocal", "relu", "remainder", "repeat", "reshape", "rint", "roll", "round",
    "scatter_add", "sigmoid", "sigmoid_binary_cross_entropy", "sign", "silu", "sin", "sinh",
    "softmax", "softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels", "softplus",
    "split", "sqrt", "square", "squared_error", "squeeze", "stack", "std", "stop_gradient",
    "subtract", "sum", "swapaxes", "take", "take_along_axis", "tan", "tanh", "tensor",
    "tensordot", "testing", "tile", "trace", "transpose", "tree", "tril", "triu", "trunc",
    "value_and_grad", "var", "vdot", "vecdot", "vjp", "vmap", "vstack", "where", "zeros",
    "zeros_like",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        hint = errors.did_you_mean(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    return globals().setdefault(name, module if _LATER[name] == name else getattr(module, name))


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
