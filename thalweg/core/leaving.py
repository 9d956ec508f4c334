"""Values that leave the tape or a trace as plain numbers: refused, with what to write instead.

What the user's line asks is only looked at when an error is about to be raised: the position of
the running instruction tells which call, index or operator of the line it belongs to.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.operation import OPERATIONS
from thalweg.core.program import Symbol
from thalweg.core.refusals import TRACED, leaves_tape
from thalweg.core.tape import recording
from thalweg.errors import GradientError, ShapeError, TracingError
from thalweg.lines import is_users

if TYPE_CHECKING:
    from thalweg.core.tensor import Tensor


# Where other libraries' functions are found here, if not under their own name.
_ELSEWHERE = {
    "numpy.array": "tw.array",
    "numpy.asarray": "tw.asarray",
    "scipy.linalg.expm": "tw.matrix_exp",
    "math.fsum": "np.sum",
    "math.lgamma": "tw.special.gammaln",
    "math.pow": "np.power",
    "math.prod": "np.prod",
}

# The distributions of `tw.stats`, and what is found of them there.
_DISTRIBUTIONS_TEXT = """
bernoulli beta binom cauchy chi2 dirichlet expon gamma geom invgamma laplace logistic lognorm
multinomial multivariate_normal nbinom norm pareto poisson t uniform vonmises weibull_min wishart
"""

DISTRIBUTIONS = frozenset(_DISTRIBUTIONS_TEXT.split())

_OF_DISTRIBUTIONS = {"pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf"}

# Tables of NumPy's that join what they are indexed with.
_JOINING = {"numpy.c_": "np.column_stack", "numpy.r_": "np.concatenate"}

_LIBRARIES = {"cmath", "jax", "math", "pandas", "scipy", "sklearn", "statsmodels", "torch"}


def what_to_write() -> str:
    """Return a sentence on what the user's line called and what to write; empty if unknown."""
    frame, below = sys._getframe(1), None
    while frame is not None and not is_users(frame):
        frame, below = frame.f_back, frame  # type: ignore[assignment]
    if frame is None:
        return ""
    line = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    node = _running(frame)
    if isinstance(node, ast.Call):
        said = _of_method(node, frame) or _of_call(_name(node.func, frame), ast.unparse(node.func))
    elif isinstance(node, ast.Subscript):
        said = _of_index(node, frame)
    elif isinstance(node, ast.BinOp):
        said = _of_operator(node, frame)
    else:
        name = _library_function(below)
        said = _of_call(name, name) if name else ""
    return f" {line}: {said}" if said else f" It is asked for at {line}."


def _running(frame: FrameType) -> ast.expr | None:
    """Return the expression that a frame is evaluating, where its source is known."""
    positions = itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    first, last, start, stop = next(positions, (None,) * 4)
    if first is None or last is None or start is None or stop is None:
        return None
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)[first - 1 : last]
    if len(lines) != last - first + 1:
        return None
    text = [line.encode() for line in lines]
    text[-1] = text[-1][:stop]
    text[0] = text[0][start:]
    try:
        return ast.parse(b"(" + b"".join(text) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return None


# ---- names


def _value(node: ast.expr, frame: FrameType) -> Any:
    """Return what a plain name in the user's frame stands for; None for all else."""
    if not isinstance(node, ast.Name):
        return None
    return frame.f_locals.get(node.id, frame.f_globals.get(node.id))


def _public(module: Any) -> str:
    parts = str(module or "").split(".")
    return ".".join(part for part in parts if part and not part.startswith("_"))


def _name(function: ast.expr, frame: FrameType) -> str:
    """Return a function's name with the library it is from, as far as the line tells."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    root = _value(function, frame)
    if isinstance(root, ModuleType):
        return ".".join([root.__name__, *parts])
    if root is None or not isinstance(function, ast.Name):
        return ".".join(parts)
    if callable(root) and not parts:
        name = str(getattr(root, "__name__", function.id))
        return ".".join(filter(None, [_public(getattr(root, "__module__", "")), name]))
    module = _public(getattr(root, "__module__", "") or type(root).__module__)
    return ".".join(filter(None, [module, function.id, *parts]))


def _library_function(frame: FrameType | None) -> str:
    if frame is None or frame.f_globals.get("__name__", "").partition(".")[0] == "thalweg":
        return ""
    return f"{_public(frame.f_globals.get('__name__'))}.{frame.f_code.co_name}"


# ---- sentences


def _of_call(name: str, text: str) -> str:
    """Say what a call met, and where it is found here."""
    library, last = name.partition(".")[0], name.rpartition(".")[2]
    if not library or library == "thalweg":
        return ""
    instead = _ELSEWHERE.get(name)
    if instead is None and name.startswith("scipy.stats."):
        return f"{name} is SciPy's, which knows plain arrays alone. {_of_density(name)}"
    if instead is None and (last in OPERATIONS or f"linalg.{last}" in OPERATIONS):
        instead = f"{_room(name)}.{last}"
    if library == "numpy" and instead is not None:
        return f"{name} does not look for tensors in this argument. Write {instead}."
    if library not in _LIBRARIES:
        return f"{name or text} is what asks for them."
    what = f"{name} knows plain numbers and arrays alone."
    if instead is not None:
        return f"{what} Write {instead}."
    return f"{what} Write it with NumPy's functions, or those of tw and tw.special."


def _room(name: str) -> str:
    if name.startswith("scipy.special.") or name in ("math.erf", "math.erfc", "math.gamma"):
        return "tw.special"
    if ".linalg." in name:
        return "tw.linalg"
    return "tw" if name.startswith("numpy.") or name.rpartition(".")[2] not in _numpys() else "np"


def _numpys() -> set[str]:
    return set(dir(sys.modules["numpy"]))


def _of_density(name: str) -> str:
    *_, distribution, method = name.split(".")
    if distribution in DISTRIBUTIONS and method in _OF_DISTRIBUTIONS:
        return f"Write tw.stats.{distribution}.{method}."
    return "Write its formula with NumPy's functions and those of tw.special and tw.stats."


def _of_method(node: ast.Call, frame: FrameType) -> str:
    """Say what a method of the user's own array, frame or sparse matrix met."""
    if not isinstance(node.func, ast.Attribute):
        return ""
    owner, given = node.func.value, ", ".join(map(ast.unparse, node.args))
    value, text, name = _value(owner, frame), ast.unparse(owner), node.func.attr
    if hasattr(value, "tocoo"):
        return _of_sparse(text, given, name == "dot")
    if type(value).__name__ not in ("ndarray", "Series", "DataFrame") or name not in OPERATIONS:
        return ""
    return f"{text} is no tensor. Write tw.asarray({text}).{name}({given})."


def _of_index(node: ast.Subscript, frame: FrameType) -> str:
    table, key = node.value, ast.unparse(node.slice)
    joins = _JOINING.get(_name(table, frame))
    if joins is not None:
        return f"{ast.unparse(node)} joins plain arrays alone. Write {joins} of a list of arrays."
    if isinstance(node.slice, ast.Tuple):
        key = ", ".join(map(ast.unparse, node.slice.elts))
    while isinstance(table, ast.Attribute) and table.attr in ("iloc", "loc", "values"):
        table = table.value
    if isinstance(table, ast.Call) and ast.unparse(table.func).endswith(("asarray", "array")):
        table = table.args[0] if table.args else table
    kind, text = type(_value(table, frame)), ast.unparse(table)
    what = {"ndarray": "a NumPy array", "list": "a list", "tuple": "a tuple"}.get(kind.__name__)
    if kind.__module__.partition(".")[0] == "pandas":
        what = "pandas' own"
    told = f"{text} is {what or 'no tensor'}, which takes positions that are known."
    if isinstance(node.slice, ast.Tuple):
        return f"{told} Write tw.asarray({text})[{key}]."
    return f"{told} Write tw.asarray({text})[{key}], or tw.take({text}, {key}, axis=0)."


def _of_sparse(matrix: str, other: str, is_product: bool) -> str:
    what = f"{matrix} is a sparse matrix of SciPy's, which knows plain arrays alone."
    if not is_product:
        return f"{what} Write tw.asarray({matrix}.toarray()) instead of {matrix}."
    return (
        f"{what} Write {other} @ {matrix}.T for a vector {other}, ({other}.T @ {matrix}.T).T for "
        "a matrix."
    )


def _of_operator(node: ast.BinOp, frame: FrameType) -> str:
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    value = _value(node.left, frame)
    if hasattr(value, "tocoo"):
        return _of_sparse(left, right, isinstance(node.op, ast.MatMult))
    if value is None or type(value).__module__.partition(".")[0] in ("builtins", "thalweg"):
        return ""
    return f"{left} is {type(value).__name__}'s. Write tw.asarray({left}) instead of {left}."


def numbers_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Return the values of a tensor, for a result that has no derivative with respect to them.

    Raises:
        TracingError: While tracing, when there are no values yet.
    """
    if isinstance(tensor.array, Symbol):
        raise TracingError(TRACED + what_to_write())
    return np.asarray(tensor.array)


def number_of(tensor: Tensor) -> Any:
    """Return the only element as a Python number, as `numbers_of` does.

    Raises:
        ShapeError: If there are more elements, or none.
    """
    values = numbers_of(tensor)
    if values.size != 1:
        raise ShapeError(
            f"a Tensor with {values.size} elements cannot be converted to Scalar; item() wants "
            "one element. Index it, or use tolist()."
        )
    return values.item()


def require_no_derivative(tensor: Tensor, called: str) -> None:
    """Refuse to let values go on as constants inside a function that is being differentiated.

    Where `backward()` is going to be called they may go, as PyTorch's users expect of `item()`.

    Raises:
        GradientError: If `grad`, `vjp` or the like want the derivative of these values.
    """
    if recording.functions and recording.enabled:
        if tensor.origin is not None:
            tensor._refresh()
        if tensor.node is not None and tensor.node.is_differentiated():
            raise GradientError(leaves_tape(called) + what_to_write())
