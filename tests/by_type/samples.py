"""One call a public function: a public function without one fails the walk.

Arrays of float64 are the operands, which a walk converts to every dtype; whatever else is given,
positions, masks, shapes and numbers, stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.core.primitive import PRIMITIVES

RANDOM = np.random.default_rng(17)


@dataclass(frozen=True)
class Call:
    """A call by its arguments; `oracle` computes the same with NumPy where no name is shared."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    oracle: Callable[..., Any] | None = None
    hermitian: bool = False


def call(
    *args: Any, oracle: Callable[..., Any] | None = None, hermitian: bool = False, **kwargs: Any
) -> Call:
    return Call(args, kwargs, oracle, hermitian)


def _apart(*shape: int) -> Any:
    """Return numbers in (0.2, 0.9) without ties, no two less than a hundredth apart."""
    size = int(np.prod(shape))
    return (0.2 + 0.7 * (RANDOM.permutation(size) + 0.5) / size).reshape(shape)


def _weights(gates: int) -> list[Any]:
    """Return the weights of a recurrent cell of 3 inputs and 2 states."""
    rows = 2 * gates
    return [_apart(rows, 3), _apart(rows, 2), _apart(rows), _apart(rows)]


X, Y, Z = _apart(3, 4), _apart(3, 4), _apart(3, 4)
V, W, U = _apart(5), _apart(5), _apart(4)
S = _apart(4, 4) + 2 * np.eye(4)
SPD = S @ S.T
LOWER = np.tril(S)
B, B2 = _apart(2, 3, 4), _apart(2, 4, 3)
T3 = _apart(3, 3)
IMAGE, KERNEL = _apart(2, 2, 5, 5), _apart(3, 2, 3, 3)
VOLUME, BLOCK = _apart(1, 2, 3, 4, 3), _apart(2, 2, 2, 2, 2)
STEPS, STATE = _apart(4, 2, 3), _apart(1, 2, 2)
SIGNAL, FILTER = _apart(2, 2, 7), _apart(3, 2, 3)
SIGNED = X * np.where(RANDOM.random((3, 4)) < 0.5, -1, 1)
MASK = RANDOM.random((3, 4)) < 0.5
PLACES = np.array([2, 0])
ALONG = RANDOM.integers(0, 4, (3, 2))
LABELS = np.array([1, 0, 3])
CTC_LABELS = np.array([[1], [2]])


def _largest(row: Any) -> Any:
    return row.max()


def _first_two(x: Any, k: int) -> Any:
    order = 3 - np.argsort(x[:, ::-1], -1, kind="stable")[:, ::-1]
    return np.take_along_axis(x, order, -1)[:, :k], order[:, :k]


def _sums(x: Any, axis: int) -> Any:
    return x.sum(axis)


def _total(x: Any) -> Any:
    return np.sum(x, keepdims=True)


def _solved_by_factor(factor: Any, b: Any) -> Any:
    lower = np.tril(factor[0]) + 0.0
    return np.linalg.solve(lower @ np.conj(lower).T, b)


def _older_svd(x: Any) -> Any:
    u, values, vh = np.linalg.svd(x, full_matrices=False)
    return u, values, np.conj(vh).T


UNARY_TEXT = """
angle conj deg2rad digamma erf erfc erfinv frac imag isfinite isinf isnan isneginf isposinf
special.erfcx
isreal lgamma logit nan_to_num positive rad2deg real reciprocal round rsqrt signbit sgn sinc trunc
invert celu elu gelu hardshrink leaky_relu log_sigmoid relu selu silu softplus special.entr
special.i0e special.i1 special.i1e special.log_ndtr special.ndtr special.ndtri stop_gradient all
any amax amin argmax argmin max min mean prod sum std var nansum nanmean median nanmedian
count_nonzero ptp cumsum cumprod average trace norm linalg.norm linalg.vector_norm ravel flatten
squeeze flipud fliplr rot90 atleast_1d atleast_2d atleast_3d sort argsort msort unique
unique_counts unique_inverse unique_all unique_consecutive argwhere nonzero diag tril triu diagonal
diff gradient cov corrcoef iscomplexobj numel is_floating_point clone contiguous array asarray
tensor as_tensor empty_like ones_like zeros_like detach is_conj is_neg is_signed t adjoint
alias_copy t_copy squeeze_copy squared_error absolute_error l2_loss log_cosh aminmax std_mean
var_mean unbind unbind_copy pdist trapezoid matrix_transpose unstack diag_embed logsumexp frexp
"""
UNARY = UNARY_TEXT.split()

BINARY_TEXT = """
bitwise_and bitwise_or bitwise_xor copysign float_power fmax fmin heaviside logaddexp2 logical_xor
rsub xlogy special.xlog1py allclose isclose array_equal vdot kron dist hinge_loss huber_loss
poisson_nll quantile_loss sigmoid_binary_cross_entropy softmax_cross_entropy vecdot
cosine_distance kl_divergence kl_divergence_with_log_targets generalized_kl_divergence dice_loss
binary_dice_loss multiclass_generalized_dice_loss perceptron_loss sparsemax_loss sigmoid_focal_loss
poly_loss_cross_entropy safe_softmax_cross_entropy ranking_softmax_loss torch.cosine_similarity
pairwise_distance cosine_similarity cdist isin is_same_size view_as reshape_as expand_as
"""
BINARY = BINARY_TEXT.split()

FOURIER = [*("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftshift", "ifftshift")]
FOURIER_OF_MANY = [
    f"{kind}{inner}"
    for inner in ("2", "n")
    for kind in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
]

# Primitives are called with as many operands as they have rules, unless a row below says more.
PUBLIC = {
    name: p for name, p in dict(PRIMITIVES).items() if p.rules and getattr(tw, name, None) is p
}

SAMPLES: dict[str, Call] = {
    **{name: call(*(X, Y, Z)[: len(p.rules)]) for name, p in PUBLIC.items()},
    **{name: call(X) for name in UNARY},
    **{name: call(X, Y) for name in BINARY},
    **{f"fft.{name}": call(U) for name in FOURIER},
    **{f"fft.{name}": call(X) for name in FOURIER_OF_MANY},
    "absolute": call(SIGNED),
    "relu": call(SIGNED),
    "log_softmax": call(X, 1),
    "softmax": call(X, 1),
    "logsumexp": call(X, 1),
    "clamp_max": call(X, 0.4),
    "clamp_min": call(X, 0.4),
    "clip": call(X, 0.35, 0.65),
    "clamp": call(X, 0.35, 0.65),
    "torch.clip": call(X, 0.35, 0.65),
    "threshold": call(SIGNED, 0.1, 7.0),
    "prelu": call(SIGNED, np.array([0.25])),
    "channel_shuffle": call(_apart(1, 4, 2, 2), 2),
    "pixel_shuffle": call(_apart(1, 4, 2, 2), 2),
    "pixel_unshuffle": call(_apart(1, 1, 4, 4), 2),
    "group_norm": call(_apart(2, 4, 3), 2),
    "layer_norm": call(X, (4,)),
    "rms_norm": call(X, (4,)),
    "bilinear": call(_apart(2, 3), _apart(2, 4), _apart(5, 3, 4)),
    "adaptive_avg_pool1d": call(SIGNAL, 3),
    "avg_pool1d": call(SIGNAL, 2),
    "avg_pool2d": call(IMAGE, 2),
    "max_pool1d": call(SIGNAL, 2),
    "max_pool2d": call(IMAGE, 2),
    "conv1d": call(SIGNAL, FILTER),
    "conv2d": call(IMAGE, KERNEL),
    "conv_transpose1d": call(SIGNAL, _apart(2, 3, 3)),
    "conv_transpose2d": call(IMAGE, _apart(2, 3, 3, 3)),
    "max_pool1d_with_indices": call(SIGNAL, 2),
    "max_pool3d": call(VOLUME, 2),
    "conv3d": call(VOLUME, BLOCK),
    "conv_transpose3d": call(VOLUME, BLOCK),
    "gru": call(STEPS, STATE, _weights(3), True, 1, 0.0, False, False, False),
    "gru_cell": call(STEPS[0], STATE[0], *_weights(3)),
    "lstm": call(STEPS, (STATE, STATE), _weights(4), True, 1, 0.0, False, False, False),
    "lstm_cell": call(STEPS[0], (STATE[0], STATE[0]), *_weights(4)),
    "rnn_relu": call(STEPS, STATE, _weights(1), True, 1, 0.0, False, False, False),
    "rnn_relu_cell": call(STEPS[0], STATE[0], *_weights(1)),
    "rnn_tanh": call(STEPS, STATE, _weights(1), True, 1, 0.0, False, False, False),
    "rnn_tanh_cell": call(STEPS[0], STATE[0], *_weights(1)),
    "conv_tbc": call(_apart(5, 2, 2), _apart(3, 2, 2), _apart(2)),
    "addcdiv": call(X, Y, Z),
    "addcmul": call(X, Y, Z),
    "lerp": call(X, Y, 0.3),
    "ldexp": call(X, np.array([1, 2, 0, 3])),
    "pow": call(X, 3),
    "bitwise_left_shift": call(X, Y * 0 + 0.2),
    "bitwise_right_shift": call(X, Y * 0 + 0.2),
    "moveaxis": call(B, 0, 2),
    "movedim": call(B, 0, 2),
    "swapaxes": call(B, 0, 2),
    "swapdims": call(B, 0, 2),
    "permute": call(B, (2, 0, 1)),
    "permute_copy": call(B, (2, 0, 1)),
    "permute_dims": call(B, (2, 0, 1)),
    "transpose_copy": call(X, 0, 1),
    "transpose": call(X),
    "pad": call(X, ((1, 0), (0, 2))),
    "repeat": call(X, 2, 1),
    "roll": call(X, 1, 1),
    "tile": call(X, (2, 1)),
    "fill": call(X, 3.0),
    "full_like": call(X, 3.0),
    "complex": call(X, Y),
    "polar": call(X, Y),
    "view_as_complex": call(_apart(3, 2)),
    "view_as_real": call(X),
    "contract": call(X, Y, labels="ij,kj->ik"),
    "einsum": call("ij,kj->ik", X, Y),
    "astype": call(X, np.complex128),
    "arccosh": call(X + 1.5),
    "cumulative_prod": call(V),
    "cumulative_sum": call(V),
    "cumulative_trapezoid": call(X),
    "logcumsumexp": call(X, 1),
    "cummax": call(X, 1),
    "cummin": call(X, 1),
    "block_diag": call(X, T3),
    "diagflat": call(V),
    "renorm": call(X, 2, 0, 0.5),
    "can_cast": call(X, np.float64, oracle=lambda x, to: np.can_cast(x.dtype, to)),
    "result_type": call(X, np.float32),
    "fold": call(_apart(1, 8, 4), (3, 3), (2, 2)),
    "unfold": call(_apart(1, 2, 3, 3), (2, 2)),
    "unfold_copy": call(V, 0, 3, 1),
    "mvlgamma": call(X + 3, 2),
    "polygamma": call(1, X),
    "index_add": call(X, 0, PLACES, Y[:2]),
    "index_copy": call(X, 0, PLACES, Y[:2]),
    "index_fill": call(X, 0, PLACES, 2.0),
    "index_reduce": call(X, 0, PLACES, Y[:2], "amax"),
    "index_select": call(X, 0, PLACES),
    "one_hot": call(LABELS, 4),
    "take": call(X, PLACES, 1),
    "take_along_axis": call(X, ALONG, 1),
    "take_along_dim": call(X, ALONG, 1),
    "gather": call(X, 1, ALONG),
    "scatter": call(X, 1, np.array([[0, 2], [3, 1], [1, 0]]), Y[:, :2]),
    "scatter_add": call(X, 1, ALONG, Y[:, :2]),
    "scatter_reduce": call(X, 1, ALONG, Y[:, :2], "amax"),
    "put": call(X, np.array([1, 7]), U[:2]),
    "index_put": call(X, (np.array([0, 2]), np.array([1, 3])), U[:2]),
    "array_split": call(X, 2, 1),
    "tensor_split": call(X, 2, 1),
    "split": call(X, 2, 1),
    "chunk": call(X, 2, 1),
    "hsplit": call(X, 2),
    "vsplit": call(S, 2),
    "dsplit": call(B, 2),
    "split_with_sizes": call(X, [1, 3], 1),
    "split_with_sizes_copy": call(X, [1, 3], 1),
    "broadcast_arrays": call(U, X),
    "broadcast_to": call(U, (3, 4)),
    "expand": call(U, (3, 4)),
    "expand_copy": call(U, (3, 4)),
    "expand_dims": call(X, 1),
    "unflatten": call(X, 1, (2, 2)),
    "reshape": call(X, (4, 3)),
    "view_copy": call(X, (4, 3)),
    "sum_to_size": call(X, (1, 4)),
    "as_strided": call(V, (2, 2), (1, 1)),
    "as_strided_copy": call(V, (2, 2), (1, 1)),
    "as_strided_scatter": call(V, T3[:2, :2], (2, 2), (2, 1)),
    "cartesian_prod": call(U, V),
    "combinations": call(U),
    "column_stack": call([X, Y]),
    "dstack": call([X, Y]),
    "hstack": call([X, Y]),
    "vstack": call([X, Y]),
    "stack": call([X, Y]),
    "concatenate": call([X, Y]),
    "meshgrid": call(U, V),
    "torch.flip": call(X, (0, 1)),
    "torch.meshgrid": call(U, V),
    "dot": call(X, U),
    "inner": call(X, U),
    "outer": call(U, V),
    "linalg.outer": call(U, V),
    "matmul": call(X, S),
    "tensordot": call(X, S, 1),
    "mm": call(X, S),
    "mv": call(X, U),
    "bmm": call(B, B2),
    "chain_matmul": call(X, S, S),
    "linalg.multi_dot": call([X, S, S]),
    "addmm": call(T3[:, :1], X, S),
    "addmv": call(U[:3], X, U),
    "addr": call(_apart(4, 5), U, V),
    "addbmm": call(T3, B, B2),
    "baddbmm": call(_apart(2, 3, 3), B, B2),
    "cross": call(T3, T3[::-1].copy()),
    "vander": call(U),
    "linalg.vander": call(U),
    "softmax_cross_entropy_with_integer_labels": call(X, LABELS),
    "multiclass_hinge_loss": call(X, LABELS),
    "multiclass_perceptron_loss": call(X, LABELS),
    "multiclass_sparsemax_loss": call(X, LABELS),
    "ntxent": call(X, np.array([0, 0, 1])),
    "smooth_labels": call(X, 0.1),
    "triplet_margin_loss": call(X, Y, Z),
    "ctc_loss": call(
        B, np.zeros(B.shape[:2]), CTC_LABELS, np.zeros(CTC_LABELS.shape), log_epsilon=-5.0
    ),
    "ctc_loss_with_forward_probs": call(
        B, np.zeros(B.shape[:2]), CTC_LABELS, np.zeros(CTC_LABELS.shape), log_epsilon=-5.0
    ),
    "diagonal_scatter": call(T3, U[:3]),
    "masked_fill": call(X, MASK, 2.0),
    "masked_scatter": call(X, MASK, Y),
    "masked_select": call(X, MASK),
    "select": call(X, 1, 2),
    "select_copy": call(X, 1, 2),
    "select_scatter": call(X, Y[:, 0].copy(), 1, 2),
    "slice_scatter": call(X, Y[:2], 0, 1, 3),
    "nuclear_norm": call(X),
    "frobenius_norm": call(X, (0, 1)),
    "nonzero_static": call(X, size=4),
    "narrow": call(X, 1, 1, 2),
    "narrow_copy": call(X, 1, 1, 2),
    "unravel_index": call(PLACES, (3, 4)),
    "where": call(MASK, X, Y),
    "polyval": call(U, V),
    "quantile": call(X, 0.3),
    "nanquantile": call(X, 0.3),
    "kthvalue": call(X, 2),
    "mode": call(X),
    "topk": call(X, 2),
    "top_k": call(X, 2, oracle=_first_two),
    "partition": call(X, 1, oracle=lambda x, k: np.sort(x, -1)),
    "argpartition": call(X, 1, oracle=lambda x, k: np.argsort(x, -1, kind="stable")),
    "bincount": call(LABELS),
    "bucketize": call(X, np.array([0.3, 0.5, 0.7])),
    # In order backwards too, as examples of a batch are.
    "searchsorted": call(np.array([0.5, 0.5, 0.5]), X),
    "histc": call(X, 4, 0, 1),
    "cholesky": call(SPD, hermitian=True),
    "cholesky_inverse": call(LOWER, oracle=lambda x: np.linalg.inv((x + 0.0) @ np.conj(x).T)),
    "cholesky_solve": call(S, LOWER),
    "det": call(S),
    "logdet": call(SPD, hermitian=True),
    "slogdet": call(SPD),
    "inverse": call(S),
    "pinverse": call(X),
    "matrix_power": call(S, 3),
    "matrix_exp": call(T3),
    "norm": call(X),
    "linalg.cho_factor": call(
        SPD, hermitian=True, oracle=lambda x: (np.conj(np.linalg.cholesky(x + 0.0)).T, False)
    ),
    "linalg.cho_solve": call((LOWER, True), U, oracle=_solved_by_factor),
    "linalg.cond": call(S),
    "linalg.diagonal": call(B),
    "linalg.trace": call(B),
    "linalg.eigh": call(SPD, hermitian=True),
    "linalg.eigvalsh": call(SPD, hermitian=True),
    "linalg.lstsq": call(S, U),
    "linalg.matrix_norm": call(X),
    "linalg.matrix_rank": call(X),
    "linalg.qr": call(S),
    "linalg.solve": call(S, U),
    "linalg.solve_triangular": call(LOWER, X.T.copy(), upper=False),
    "linalg.svd": call(X, full_matrices=False),
    "linalg.svdvals": call(X),
    "linalg.tensorinv": call(
        (_apart(4, 4) + np.triu(np.ones((4, 4))) + np.eye(4)).reshape(4, 2, 2), 1
    ),
    "linalg.tensorsolve": call(_apart(2, 2, 4), T3[:2, :2]),
    "linalg.vector_norm": call(X),
    "windows": call(
        V,
        axes=(0,),
        size=(2,),
        stride=(1,),
        dilation=(1,),
        oracle=lambda x, **_: np.lib.stride_tricks.sliding_window_view(x, 2),
    ),
    "overlap_add": call(
        _apart(4, 2),
        axes=(0,),
        extents=(5,),
        stride=(1,),
        dilation=(1,),
        oracle=lambda g, **_: np.append(g[:, 0], 0).astype(g.dtype) + np.insert(g[:, 1], 0, 0),
    ),
    "unique_values": call(X, oracle=np.unique),
    "scalar_tensor": call(2.5),
    "linspace": call(np.asarray(0.5), 2.0, 5),
    "logspace": call(np.asarray(0.5), 2.0, 5),
    **{
        name: call(X)
        for name in (
            *("fabs", "cbrt", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax"),
            *("nanmin", "nanprod", "nanstd", "nanvar", "copy", "ediff1d", "unwrap", "histogram"),
            *("histogram_bin_edges", "special.exprel", "special.gamma", "special.gammasgn"),
            *("special.j0", "special.j1", "special.loggamma", "special.log_softmax"),
            *("special.logsumexp", "special.softmax"),
        )
    },
    **{
        name: call(X, Y)
        for name in (
            *("append", "special.beta", "special.betaln", "special.boxcox", "special.boxcox1p"),
            *("igamma", "igammac", "special.gammainc", "special.gammaincc", "special.huber"),
            "special.inv_boxcox",
            *("special.inv_boxcox1p", "special.kl_div", "special.pseudo_huber"),
            "special.rel_entr",
        )
    },
    **{f"{name}_indices_from": call(T3) for name in ("diag", "tril", "triu")},
    **{f"special.{name}": call(X, Y, 0.3) for name in ("betainc", "betainccinv", "betaincinv")},
    **{f"special.{name}": call(X, 0.3) for name in ("gammainccinv", "gammaincinv")},
    "special.zeta": call(X + 1.5, Y),
    "special.polygamma": call(1, X),
    "piecewise": call(X, [MASK], [2.0, 3.0]),
    "apply_along_axis": call(_largest, 1, X, oracle=lambda f, axis, x: np.max(x, axis)),
    "apply_over_axes": call(_sums, X, (0, 1), oracle=lambda f, x, axes: _total(x)),
    "block": call([[X, Y], [Y, X]]),
    "choose": call(np.array([0, 1, 0, 1]), [U, Y[0].copy()]),
    "compress": call(np.array([True, False, True]), X, 0),
    "extract": call(MASK, X),
    "delete": call(X, 1, 0),
    "insert": call(X, 1, 0.5, 1),
    "rollaxis": call(B, 2),
    "percentile": call(X, 30.0),
    "nanpercentile": call(X, 30.0),
    "digitize": call(X, np.array([3, 5, 7]) / 10),
    "interp": call(X * 10, np.array([1, 4, 9]), np.array([3, 1, 2])),
    "convolve": call(V, U),
    "correlate": call(V, U),
    "sliding_window_view": call(X, (2, 2), oracle=np.lib.stride_tricks.sliding_window_view),
    "geqrf": call(S),
    "lobpcg": call(
        SPD,
        1,
        hermitian=True,
        oracle=lambda x, k: tuple(part[..., -k:] for part in np.linalg.eigh(x)),
    ),
    "lu": call(S),
    "lu_solve": call(S[:, :1].copy(), LOWER, np.array([2, 2, 3, 4], np.int32)),
    "lu_unpack": call(S, np.array([2, 2, 3, 4], np.int32)),
    "qr": call(S),
    "resolve_conj": call(X),
    "resolve_neg": call(X),
    "svd": call(X, oracle=_older_svd),
    "triangular_solve": call(S, LOWER, False),
    "norm_except_dim": call(X, 2, 1),
    "orgqr": call(S, U),
    "ormqr": call(S, U, S),
    "linalg.eig": call(S),
    "linalg.eigvals": call(S),
}
