"""Calls of every public function and method with floating arguments, tried or written by hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch.nn import functional

Array = np.ndarray[Any, Any]
Args = tuple[Any, ...]

_RANDOM = np.random.default_rng(0)


def draw(*shape: int) -> Array:
    """Draw numbers inside the domain of most functions, without ties."""
    return _RANDOM.uniform(0.15, 0.85, shape)


A, B, V, W = draw(3, 3), draw(3, 3), draw(3), draw(3)
S = A @ A.T + np.eye(3)
IMAGES, LINES, CHANNELS = draw(1, 2, 4, 4), draw(2, 4, 6), draw(2, 4, 3, 2)
PLACES, MASK = np.array([0, 2, 1]), A > 0.5
# 3 and above: what wants numbers beyond 1.
FAR = draw(3, 3) + 3.0
FRACTIONS = draw(1, 2, 3)

# Of a call's arguments by position; a dictionary at the end holds those by name.
# Tried in turn where nothing is written by hand.
TRIED: tuple[Args, ...] = (
    (A,), (A, B), (A, B, A + B), (V,), (V, W), (V, W, V + W), (S,), (A, 0), (A, 1), (A, 2),
    (A, 0, 1), (A, (0, 1)), ([V, W],), ((V, W),), (A, V), (V, A), (draw(1, 3, 3),),
    (IMAGES[:, :1],), (draw(2, 4, 3),), (A, (9,)), (A, MASK), (A, MASK, 0.5), (A, 0, PLACES),
    (A, PLACES), (A, PLACES[None], 1), (A, 0, PLACES, B), (A, 1, PLACES[None], B),
)  # fmt: skip


def of_symmetric(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of a symmetric matrix, of which one triangle is read."""
    return lambda x, *rest: function(x @ tw.matrix_transpose(x) + np.diag([1.0, 2.0, 4.0]), *rest)


def of_probabilities(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of logarithms of probabilities, whose derivative is that along them."""
    return lambda x, *rest: function(tw.log_softmax(x, -1), *rest)


# Whose derivative is that along symmetric matrices.
OF_SYMMETRIC = {"cho_factor", "cholesky", "eigh", "eigvalsh", "lobpcg"}


def of_cell(gates: int, states: int) -> tuple[Any, ...]:
    """Return the operands of a recurrent cell: inputs, states, weights."""
    state = draw(3, 2) if states == 1 else (draw(3, 2), draw(3, 2))
    return (
        draw(3, 4),
        state,
        draw(2 * gates, 4),
        draw(2 * gates, 2),
        draw(2 * gates),
        draw(2 * gates),
    )


def of_network(gates: int, states: int) -> Args:
    """Return the operands of a recurrent network, of one layer."""
    state = draw(1, 3, 2) if states == 1 else (draw(1, 3, 2), draw(1, 3, 2))
    weights = list(of_cell(gates, states)[2:])
    return draw(5, 3, 4), state, weights, True, 1, 0.0, False, False, False


def in_domain(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of any numbers, where its derivative is that along some of them."""
    if name in OF_SYMMETRIC:
        return of_symmetric(function)
    if name in {"native_batch_norm", "native_layer_norm"}:
        return lambda *args: function(*args)[0]  # PyTorch's statistics are constant
    return of_probabilities(function) if name == "ctc_loss" else function


BY_HAND: dict[str, list[Args]] = {
    "gru": [of_network(3, 1)],
    "gru_cell": [of_cell(3, 1)],
    "lstm": [of_network(4, 2)],
    "lstm_cell": [of_cell(4, 2)],
    "rnn_relu": [of_network(1, 1)],
    "rnn_relu_cell": [of_cell(1, 1)],
    "rnn_tanh": [of_network(1, 1)],
    "rnn_tanh_cell": [of_cell(1, 1)],
    "argpartition": [(draw(5), 2)],
    "partition": [(draw(5), 2), (draw(3, 4), 1)],
    "acosh": [(FAR,)],
    "adaptive_avg_pool2d": [(IMAGES, 2)],
    "adaptive_avg_pool3d": [(draw(1, 2, 2, 2, 2), 1)],
    "addbmm": [(A, draw(2, 3, 3), draw(2, 3, 3))],
    "addmv": [(V, A, W)],
    "adaptive_max_pool2d": [(IMAGES, 2)],
    "adaptive_max_pool2d_with_indices": [(IMAGES, 2)],
    "adaptive_max_pool3d": [(draw(1, 2, 3, 3, 3), 2)],
    "adaptive_max_pool3d_with_indices": [(draw(1, 2, 3, 3, 3), 2)],
    "addr": [(A, V, W)],
    "arccosh": [(FAR,)],
    "apply_along_axis": [(np.sort, 0, A)],
    "apply_over_axes": [(np.sum, A, (0, 1))],
    "as_strided_scatter": [(A, V, (3,), (4,))],
    "affine_grid": [(draw(1, 2, 3), (1, 2, 3, 3), False)],
    "avg_pool3d": [(draw(1, 2, 3, 3, 3), 2)],
    "avg_pool2d": [(IMAGES, 2)],
    "baddbmm": [(draw(2, 3, 3), draw(2, 3, 3), draw(2, 3, 3))],
    "batch_norm": [(A, V, W), (A, None, None, V, W, True)],
    "betainccinv": [(A, B, A)],
    "betaincinv": [(A, B, A)],
    "bilinear": [(A, B, draw(2, 3, 3))],
    "bincount": [(PLACES[[0, 1, 1]], V), (np.array([4, 4, 0]), V, 7)],
    "bmm": [(draw(2, 3, 3), draw(2, 3, 3))],
    "broadcast_to": [(V, (2, 3))],
    "choose": [(PLACES % 2, [V, W])],
    "channel_shuffle": [(CHANNELS, 2)],
    "contract": [(A, B, "ij,jk->ik")],
    "conv1d": [(LINES, draw(3, 4, 2), V)],
    "conv2d": [(IMAGES, draw(3, 2, 2, 2), V)],
    "conv3d": [(draw(1, 2, 3, 3, 3), draw(2, 2, 2, 2, 2), draw(2))],
    "conv_tbc": [(draw(4, 2, 3), draw(2, 3, 2), draw(2))],
    "conv_transpose3d": [(draw(1, 2, 3, 3, 3), draw(2, 2, 2, 2, 2), draw(2))],
    "conv_transpose1d": [(LINES, draw(4, 3, 2), V)],
    "conv_transpose2d": [(IMAGES, draw(2, 3, 2, 2), V)],
    "cosine_embedding_loss": [(A, B, np.array([1, -1, 1]))],
    "cross_entropy": [(A, PLACES), (A, B)],
    "ctc_loss": [(draw(5, 2, 4), np.array([[1, 2], [3, 3]]), (5, 4), (2, 2))],
    "dsplit": [(draw(2, 2, 4), 2)],
    "einsum": [("ij,jk->ik", A, B), ("ii->", A)],
    "embedding": [(PLACES, A)],
    "embedding_bag": [(PLACES, A, PLACES[:1], {"mode": how}) for how in ("sum", "mean", "max")],
    "expand": [(V, (2, 3))],
    "expand_copy": [(V, (2, 3))],
    "fold": [(draw(1, 8, 4), (3, 3), 2)],
    "full": [((2,), np.array(0.3))],
    "full_like": [(A, np.array(0.3))],
    "gather": [(A, 1, PLACES[None])],
    "histogramdd": [(draw(5, 2), 2, {"weight": draw(5)})],
    "index_add": [(A, 0, PLACES[[0, 0, 1]], B)],
    "index_copy": [(A, 0, PLACES, B)],
    "index_fill": [(A, 0, PLACES[:1], 0.5), (A, 0, PLACES[:1], np.array(0.5))],
    "index_put": [(A, (PLACES[:2], PLACES[1:]), W[:2]), (A, (PLACES, PLACES), V, True)],
    "index_reduce": [(A, 0, PLACES[[0, 0, 1]], B, "prod"), (A, 0, PLACES, B, "mean")],
    "grid_sample": [(IMAGES, draw(1, 3, 3, 2) - 0.5, "bilinear", "zeros", False)],
    "interpolate": [(LINES, 12)],
    "layer_norm": [(A, (3,), V, W)],
    "linear_cross_entropy": [(A, B, PLACES), (A, B, draw(3, 3))],
    "lu": [(A,)],
    "lu_solve": [(B[:, :1], S, PLACES.astype(np.int32) + 1)],
    "lu_unpack": [(S, np.array([2, 2, 3], np.int32))],
    "masked_fill": [(A, MASK, 0.5), (A, MASK, np.array(0.5))],
    "masked_scatter": [(A, MASK, B)],
    "masked_select": [(A, MASK)],
    "local_response_norm": [(IMAGES, 2)],
    "lp_pool1d": [(LINES, 2.0, 2)],
    "lp_pool2d": [(IMAGES, 2.0, 2)],
    "lp_pool3d": [(draw(1, 2, 3, 3, 3), 2.0, 2)],
    **{
        f"fractional_max_pool{x.ndim - 2}d{end}": [
            (x, 2, {"output_size": 2, "_random_samples": FRACTIONS[..., : x.ndim - 2]})
        ]
        for x in (IMAGES, draw(1, 2, 3, 3, 3))
        for end in ("", "_with_indices")
    },
    "max_pool2d": [(IMAGES, 2)],
    "max_pool2d_with_indices": [(IMAGES, 2)],
    "max_pool3d": [(draw(1, 2, 3, 3, 3), 2)],
    "max_pool3d_with_indices": [(draw(1, 2, 3, 3, 3), 2)],
    "max_unpool1d": [(draw(1, 2, 2), np.array([[[0, 3], [1, 2]]]), 2)],
    "max_unpool2d": [(draw(1, 1, 1, 2), np.array([[[[0, 7]]]]), 2)],
    "max_unpool3d": [(draw(1, 1, 1, 1, 2), np.array([[[[[0, 9]]]]]), 2)],
    "multi_head_attention_forward": [
        (
            *(draw(3, 2, 4), draw(3, 2, 4), draw(3, 2, 4), 4, 2, draw(12, 4), draw(12)),
            *(None, None, False, 0.0, draw(4, 4), draw(4)),
        )
    ],
    "narrow": [(A, 0, 1, 2)],
    "narrow_copy": [(A, 0, 1, 2)],
    "nll_loss": [(A, PLACES)],
    "norm_except_dim": [(A, 2, 1)],
    "orgqr": [(A, V)],
    "ormqr": [(A, V, B), (A, V, B, False, True)],
    "nonzero_static": [(A, {"size": 4})],
    "overlap_add": [(draw(2, 2), (4,), {"axes": (0,), "stride": (2,)})],
    "pixel_shuffle": [(CHANNELS, 2)],
    "pixel_unshuffle": [(IMAGES, 2)],
    "polygamma": [(2, A)],
    "renorm": [(A, 2.0, 0, 0.5)],
    "reshape": [(A, (9,))],
    "rms_norm": [(A, (3,), V)],
    "scatter": [(A, 1, PLACES[None], B[:1])],
    "scatter_add": [(A, 1, PLACES[None], B[:1])],
    "scatter_reduce": [(A, 0, PLACES[None], B[:1], how) for how in ("prod", "mean", "amax")],
    "cho_solve": [((S, True), B), ((S, False), V)],
    "select_scatter": [(A, V, 0, 1)],
    "softmax_cross_entropy_with_integer_labels": [(A, PLACES)],
    "solve_triangular": [(S, B, {"upper": True}), (S, B, {"upper": False, "left": False})],
    "split_with_sizes": [(A, (1, 2))],
    "split_with_sizes_copy": [(A, (1, 2))],
    "take_along_axis": [(A, PLACES[None], 0)],
    "stft": [(draw(12), 4, 1, 4, draw(4), True, "reflect", False, True, True)],
    "torch.affine_grid_generator": [(draw(1, 2, 3), (1, 2, 3, 3), False)],
    "torch.batch_norm": [(A, V, W, V, W, False, 0.1, 1e-5, False)],
    "torch.convolution": [
        (LINES, draw(3, 4, 2), V, (1,), (0,), (1,), False, (0,), 1),
        (LINES, draw(4, 3, 2), V, (1,), (0,), (1,), True, (0,), 1),
    ],
    "torch.embedding": [(A, PLACES)],
    "torch.embedding_bag": [(A, PLACES, PLACES[:1], False, how) for how in (0, 1)],
    "torch.grid_sampler": [(IMAGES, draw(1, 3, 3, 2) - 0.5, 0, 0, False)],
    "torch.grid_sampler_2d": [(IMAGES, draw(1, 3, 3, 2) - 0.5, 0, 0, False)],
    "torch.grid_sampler_3d": [(draw(1, 2, 3, 3, 3), draw(1, 2, 2, 2, 3) - 0.5, 0, 0, False)],
    "torch.instance_norm": [(LINES, None, None, None, None, True, 0.1, 1e-5, False)],
    "torch.native_batch_norm": [(A, V, W, None, None, True, 0.1, 1e-5)],
    "torch.native_channel_shuffle": [(CHANNELS, 2)],
    "torch.native_group_norm": [(CHANNELS, None, None, 2, 4, 6, 2, 1e-5)],
    "torch.native_layer_norm": [(A, (3,), V, W, 1e-5)],
    "torch.poisson_nll_loss": [(A, B, True, False, 1e-8, 1)],
    "unflatten": [(A.ravel(), 0, (3, 3))],
    "unfold": [(IMAGES, 2)],
    "unfold_copy": [(A, 1, 2, 1)],
    "upsample": [(IMAGES, 7)],
    "upsample_bilinear": [(IMAGES, 7)],
    "upsample_nearest": [(IMAGES, 7)],
    "view_as_complex": [(draw(3, 2),)],
    "view_copy": [(A, (9,))],
    "where": [(MASK, A, B)],
    "windows": [(V, (0,), (2,), (1,), (1,))],
    "zeta": [(2.5, A)],
}

# Refused in words, each with the reason.
REFUSED = {
    "eig": "eigenvectors are defined up to a complex factor each",
    "geqrf": "PyTorch's has no derivative either; that of `qr` is known",
    "gammainc_by_shape": "it is itself a derivative, of which no further one is known",
    "from_dlpack": "other libraries' memory has no history",
    "normal": "its numbers are drawn, and PyTorch's derivative of them is 0",
    "scalar_tensor": "it makes a tensor of a plain number",
    "tensor": "it makes a tensor of plain numbers",
}

# Constant to derivatives though the values depend on the argument, each with the reason.
CONSTANT = {
    "detach": "that is its meaning",
    "stop_gradient": "that is its meaning",
    "detach_": "that is its meaning",
}

# What takes no real floating tensor.
NO_FLOATS_TEXT = """
arange bartlett_window bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor blackman_window broadcast_shapes empty empty_permuted empty_strided
eye fftfreq from_numpy frombuffer gcd get_printoptions get_rng_state hamming_window hann_window
initial_seed invert is_nonzero istft kaiser_window lcm left_shift manual_seed one_hot ones
printoptions rand randint randn randperm range rfftfreq right_shift seed set_printoptions
set_rng_state tril_indices triu_indices unravel_index view_as_real zeros
"""
NO_FLOATS = set(NO_FLOATS_TEXT.split())

# Whose results are of a dtype too coarse for small differences.
COARSE = {"cfloat", "float", "half"}

# What differentiates, traces, trains or draws, and settings: functions of functions and of files.
OTHERS_TEXT = """
fit get_default_dtype grad hessian hvp is_grad_enabled jacfwd jacobian jacrev jit jvp linearize
load load_state save save_state set_default_dtype value_and_grad vjp vmap fixed_point
least_squares minimize root load_model lr_find tune dsmm hsmm spmm segment_reduce
associative_scan checkpoint custom_jvp custom_vjp fori_loop map pure_callback scan switch while_loop
binomial pca_lowrank svd_lowrank sparse_coo_tensor sparse_csr_tensor
"""
OTHERS = {
    *OTHERS_TEXT.split(), *wing.settings.__all__, "get_default_device", "is_anomaly_enabled",
    "is_autocast_enabled", "set_default_device",
}  # fmt: skip

# What gives values away, asks what a tensor is, or changes what is recorded of it.
OTHER_METHODS_TEXT = """
apply_ backward const_data_ptr data_ptr dim dim_order element_size is_contiguous item map_
ndimension nelement new_empty sparse_dim dense_dim to_sparse to_sparse_coo to_sparse_csr
new_tensor numpy register_hook register_post_accumulate_grad_hook requires_grad_ resize_
resize_as_ results retain_grad set_ size storage_offset stride tolist type
"""
OTHER_METHODS = set(OTHER_METHODS_TEXT.split())


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every public function with its name, found in the namespaces themselves."""
    seen: set[int] = set()
    for space in (tw, wing, functional, tw.linalg, tw.fft, tw.special):
        for name in dir(space):
            function = getattr(space, name)
            if name.startswith("_") or name in OTHERS or not callable(function):
                continue
            if function in (tw.cond, wing.cond):
                continue  # a branch; the condition of a matrix has its name
            own = inspect.unwrap(function)
            if isinstance(function, type) or name.endswith("_") or id(own) in seen:
                continue
            seen.add(id(own))
            prefix = "" if space is tw else f"{space.__name__.rpartition('.')[2]}."
            yield prefix + name, function


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every method of tensors, those in place on a copy of what they are called on."""
    for name in dir(wing.Tensor):
        method = getattr(wing.Tensor, name)
        if name.startswith("_") or name in OTHER_METHODS or not callable(method):
            continue
        if name.endswith("_"):
            yield name, lambda x, *rest, name=name: getattr(wing.as_tensor(x).clone(), name)(*rest)
        else:
            yield name, lambda x, *rest, name=name: getattr(wing.as_tensor(x), name)(*rest)
