"""The public functions, found by looking; which of them compute nothing, and why."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import thalweg as tw
from thalweg import torch as wing
from thalweg.torch import settings
from thalweg.torch.nn import functional

# Of functional, what is listed nowhere else.
FOLDS = ["fold", "unfold"]
PLACES = [
    ("", tw),
    ("", tw.losses),
    ("", wing),
    ("", SimpleNamespace(__all__=FOLDS, **{name: getattr(functional, name) for name in FOLDS})),
    ("linalg.", tw.linalg),
    ("fft.", tw.fft),
    ("special.", tw.special),
]

_TRANSFORMS = "takes functions, not numbers"
_DRAWS = "draws random numbers"
_SETTINGS = "sets or tells something of the library, a tensor or a dtype"
_MAKES = "makes a tensor of no other"
_SPOKEN = "a function of the table in PyTorch's form, compared with PyTorch on its own samples"

# Public functions that the walk leaves out.
APART: dict[str, str] = {
    **dict.fromkeys(
        (
            *("torch.add", "torch.argsort", "torch.cross", "div", "torch.equal", "torch.max"),
            *("torch.median", "torch.min", "torch.nanmedian", "torch.nonzero", "slice_along"),
            *("torch.sort", "torch.split", "torch.squeeze", "torch.std", "sub", "to", "type_as"),
            *("torch.unique", "torch.var", "view", "torch.arange", "torch.mean"),
            *("torch.cond", "dsmm", "segment_reduce"),
            *("torch.trace", "torch.nanmean", "torch.bincount", "torch.histogram", "torch.relu"),
        ),
        _SPOKEN,
    ),
    # In the order of `torch`, where they are compared with PyTorch; spectra and cells likewise.
    **dict.fromkeys(
        (
            *("adaptive_max_pool1d", "affine_grid_generator", "batch_norm", "constant_pad_nd"),
            *("binary_cross_entropy_with_logits", "convolution", "cosine_embedding_loss"),
            *("torch.ctc_loss", "detach_copy", "embedding", "embedding_bag", "feature_dropout"),
            *("grid_sampler", "grid_sampler_2d", "grid_sampler_3d", "hinge_embedding_loss"),
            *("instance_norm", "kl_div", "margin_ranking_loss", "native_batch_norm"),
            *("native_channel_shuffle", "native_dropout", "native_group_norm"),
            *("native_layer_norm", "poisson_nll_loss", "slice_copy", "split_copy"),
            *("torch.triplet_margin_loss", "histogramdd", "istft", "stft"),
        ),
        _SPOKEN,
    ),
    "torch.vmap": _TRANSFORMS,
    "convex_kl_divergence": "an old name, which warns of the new one",
    **dict.fromkeys(
        (
            *("fit", "grad", "hessian", "hvp", "jacfwd", "jacobian", "jit", "jvp"),
            *("linearize", "load", "load_state", "pure_callback", "save", "save_state"),
            *("value_and_grad", "vjp", "vmap"),
            *("associative_scan", "checkpoint", "cond", "fori_loop", "map", "scan", "switch"),
            *("while_loop", "make_fenchel_young_loss"),
            *("torch.load", "fixed_point", "least_squares", "minimize", "root", "lr_find", "tune"),
            *("load_model",),
        ),
        _TRANSFORMS,
    ),
    **dict.fromkeys(
        (
            *("alpha_dropout", "dropout", "feature_alpha_dropout", "rrelu", "bernoulli"),
            *(
                "binomial",
                "multinomial",
                "poisson",
                "normal",
                "rand",
                "randint",
                "randn",
                "randperm",
                "rand_like",
                "pca_lowrank",
                "svd_lowrank",
            ),
            *("randint_like", "randn_like", "randperm", "rand_like"),
        ),
        _DRAWS,
    ),
    **dict.fromkeys(
        (
            *("get_default_dtype", "set_default_dtype", "is_grad_enabled", "get_rng_state"),
            *("torch.get_default_dtype", "torch.set_default_dtype", "torch.can_cast"),
            *("torch.promote_types", "torch.result_type", "typename", "set_default_tensor_type"),
            *(name for name in settings.__all__ if name != "version"),
            *("get_default_device", "set_default_device", "is_autocast_enabled"),
            *("compile", "is_anomaly_enabled"),
            *("set_rng_state", "initial_seed", "manual_seed", "seed", "get_printoptions"),
            *("printoptions", "set_printoptions", "get_device", "is_inference", "is_tensor"),
            *(
                "isdtype",
                "promote_types",
                "broadcast_shapes",
                "is_nonzero",
                "from_dlpack",
                "from_numpy",
            ),
        ),
        _SETTINGS,
    ),
    **dict.fromkeys(
        (
            *("bartlett_window", "blackman_window", "empty_permuted", "empty_strided"),
            *("frombuffer", "hamming_window", "hann_window", "kaiser_window", "range"),
            *("arange", "empty", "eye", "full", "ones", "zeros", "tril_indices", "triu_indices"),
            *("fft.fftfreq", "fft.rfftfreq", "sparse_coo_tensor", "sparse_csr_tensor"),
        ),
        _MAKES,
    ),
}


def public_functions() -> dict[str, Callable[..., Any]]:
    """Return each public function once, under the first of its names."""
    found: dict[str, Callable[..., Any]] = {}
    known: set[int] = set()
    for prefix, module in PLACES:
        # Of the wing, what is not a function of the others under PyTorch's words.
        below = known.copy() if module is wing else set()
        for name in dict.fromkeys((*getattr(module, "__all__", ()), *_listed(module))):
            function = getattr(module, name, None)
            plain = callable(function) and not isinstance(function, type) and "." not in name
            if not plain or name.startswith("_") or id(inspect.unwrap(function)) in below:
                continue
            own = id(function) if module is wing else id(inspect.unwrap(function))
            if own not in known:
                known |= {own, id(inspect.unwrap(function))}
                # What PyTorch means by a name of NumPy's is a function of its own.
                key = f"{prefix}{name}"
                found[f"torch.{name}" if key in found else key] = function
    return found


def _listed(module: Any) -> list[str]:
    return dir(module) if module in (tw, wing) else []


def written_in_place(names: dict[str, Callable[..., Any]]) -> dict[str, str]:
    """Return the functions that write into their operand, with the function they are named for."""
    return {name: name[:-1] for name in names if name.endswith("_") and not name.endswith("__")}


def own_methods() -> dict[str, Callable[..., Any]]:
    """Return the methods of tensors that are not the function of their name."""
    found = {}
    for name in dir(tw.Tensor):
        method = vars(tw.Tensor).get(name)
        if callable(method) and not name.startswith("_") and method is not getattr(tw, name, None):
            found[name] = method
    return found
