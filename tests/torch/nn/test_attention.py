"""Attention and transformers beside PyTorch's, and natively."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import (
    DTYPES,
    function_agrees,
    layer_agrees,
    layer_runs_natively,
    numbers,
    runs_natively,
    same_weights,
    seeded,
    trains_natively,
)  # fmt: skip
from tests.torch.nn.libraries import same_error
from thalweg import torch as wing
from thalweg.torch import nn

both = pytest.mark.parametrize("dtype", DTYPES)

CAUSAL = np.triu(np.ones((5, 5), bool), 1)
PADDING = np.array([[0, 0, 0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
INFINITE = np.where(CAUSAL, -np.inf, 0.0)
# Of each head of each example: the first key is always seen.
HEADS = np.random.default_rng(0).random((12, 5, 5)) < 0.4
HEADS[:, :, 0] = False

X = numbers(5, 3, 8)
KEYS = numbers(6, 3, 8, seed=1)

CALLS: dict[str, tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]] = {
    "plain": ({}, (X, KEYS, KEYS), {}),
    "one head": ({}, (X, KEYS, numbers(6, 3, 8, seed=2)), {"average_attn_weights": False}),
    "without weights": ({}, (X, KEYS, KEYS), {"need_weights": False}),
    "unbatched": ({}, (X[:, 0], KEYS[:, 0], KEYS[:, 0]), {}),
    "unbatched with masks": (
        {}, (X[:, 0], X[:, 0], X[:, 0]),
        {"key_padding_mask": PADDING[1], "attn_mask": HEADS[:4], "average_attn_weights": False},
    ),
    "batch first": ({"batch_first": True}, (X, numbers(5, 6, 8), numbers(5, 6, 8)), {}),
    "other features": (
        {"kdim": 3, "vdim": 5}, (X, numbers(6, 3, 3), numbers(6, 3, 5)), {},
    ),
    "no bias": ({"bias": False}, (X, KEYS, KEYS), {}),
    "more keys": (
        {"add_bias_kv": True, "add_zero_attn": True}, (X, X, X),
        {"attn_mask": CAUSAL, "key_padding_mask": PADDING},
    ),
    "more keys without weights": (
        {"add_bias_kv": True, "add_zero_attn": True}, (X, X, X),
        {"attn_mask": CAUSAL, "key_padding_mask": PADDING, "need_weights": False},
    ),
    "padding": ({}, (X, X, X), {"key_padding_mask": PADDING}),
    "causal": ({}, (X, X, X), {"attn_mask": CAUSAL, "need_weights": False}),
    "causal hint": (
        {}, (X, X, X), {"attn_mask": CAUSAL, "need_weights": False, "is_causal": True},
    ),
    "causal hint with weights": ({}, (X, X, X), {"attn_mask": CAUSAL, "is_causal": True}),
    "a mask a head": ({}, (X, X, X), {"attn_mask": HEADS, "need_weights": False}),
    "added numbers": ({}, (X, X, X), {"attn_mask": numbers(5, 5)}),
    "added numbers a head": (
        {}, (X, X, X), {"attn_mask": numbers(12, 5, 5), "key_padding_mask": numbers(3, 5)},
    ),
    "dropout": ({"dropout": 0.5}, (X, KEYS, KEYS), {}),
    "dropout without weights": ({"dropout": 0.5}, (X, KEYS, KEYS), {"need_weights": False}),
}  # fmt: skip


@both
@pytest.mark.parametrize("name", CALLS)
def test_attention_of_several_heads(name: str, dtype: str) -> None:
    options, args, kwargs = CALLS[name]
    layer_agrees("MultiheadAttention", ((8, 4), options), args, kwargs, dtype)


@pytest.mark.parametrize("need_weights", [True, False])
def test_attention_to_itself_is_one_projection_with_the_same_result(need_weights: bool) -> None:
    seeded(0)
    layer = nn.MultiheadAttention(8, 4, dtype=np.float64)
    x = wing.tensor(X)
    one = layer(x, x, x, need_weights=need_weights)[0]
    apart = layer(x, x.clone(), x.clone(), need_weights=need_weights)[0]
    keys_alone = x.clone()
    two = layer(x, keys_alone, keys_alone, need_weights=need_weights)[0]
    for other in (apart, two):
        np.testing.assert_allclose(
            one.numpy(force=True), other.numpy(force=True), rtol=1e-12, atol=1e-14
        )


@both
def test_attention_in_prediction_drops_nothing(dtype: str) -> None:
    layer_agrees("MultiheadAttention", ((8, 4), {"dropout": 0.5}), (X, X, X), {}, dtype, False)


def test_keys_and_values_can_be_given_for_all_heads() -> None:
    args = (
        X, KEYS, KEYS, 8, 2, numbers(24, 8), numbers(24), None, None, True, 0.0, numbers(8, 8),
        numbers(8),
    )  # fmt: skip
    static = {"static_k": numbers(6, 4, 4), "static_v": numbers(6, 4, 4, seed=1)}
    function_agrees("multi_head_attention_forward", args, static, "float64")


ATTENTION: tuple[dict[str, Any], ...] = (
    {},
    {"is_causal": True},
    {"scale": 0.3},
    {"attn_mask": ~CAUSAL},
    {"attn_mask": np.concatenate([np.zeros((1, 5), bool), ~CAUSAL[1:]])},
    {"attn_mask": numbers(2, 1, 5, 5)},
    {"dropout_p": 0.4},
    {"dropout_p": 0.4, "is_causal": True},
)


@both
@pytest.mark.parametrize("options", ATTENTION)
def test_dot_product_attention(options: dict[str, Any], dtype: str) -> None:
    args = numbers(2, 4, 5, 3), numbers(2, 4, 5, 3, seed=1), numbers(2, 4, 5, 6)
    function_agrees("scaled_dot_product_attention", args, options, dtype)


@both
@pytest.mark.parametrize("causal", [True, False])
def test_heads_of_queries_can_share_keys(causal: bool, dtype: str) -> None:
    args = numbers(2, 6, 5, 4), numbers(2, 3, 7, 4), numbers(2, 3, 7, 4, seed=1)
    options = {"enable_gqa": True, "is_causal": causal}
    function_agrees("scaled_dot_product_attention", args, options, dtype)


# ---- transformers

SMALL = (8, 2, 16)
LAYERS: dict[str, dict[str, Any]] = {
    "plain": {"dropout": 0.0},
    "norm first": {"dropout": 0.0, "norm_first": True, "batch_first": True},
    "gelu, no bias": {"dropout": 0.0, "activation": "gelu", "bias": False},
    "dropout": {"dropout": 0.3},
}


@both
@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_an_encoder(name: str, dtype: str) -> None:
    words = {"src_mask": CAUSAL[:3, :3] if "batch_first" in LAYERS[name] else CAUSAL}
    options = (SMALL, LAYERS[name])
    layer_agrees("TransformerEncoderLayer", options, (X,), words, dtype)


@both
@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_a_decoder(name: str, dtype: str) -> None:
    if "batch_first" in LAYERS[name]:
        args, words = (X, numbers(5, 6, 8)), {"tgt_mask": CAUSAL[:3, :3]}
    else:
        args, words = (X, KEYS), {"tgt_mask": CAUSAL, "tgt_key_padding_mask": PADDING}
    layer_agrees("TransformerDecoderLayer", (SMALL, LAYERS[name]), args, words, dtype)


@both
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}])
def test_whole_transformers(options: dict[str, Any], training: bool, dtype: str) -> None:
    words = {"tgt_mask": CAUSAL, "src_key_padding_mask": np.zeros((3, 6), bool)}
    given = (8, 2, 2, 2, 16), {"dropout": 0.2, **options}
    layer_agrees("Transformer", given, (KEYS, X), words, dtype, training)


@pytest.mark.parametrize("hint", [None, True, False])
def test_stacks_of_layers(hint: bool | None) -> None:
    found = []
    for library in (torch, wing):
        seeded(1)
        kind: Any = library.float64
        layer = library.nn.TransformerEncoderLayer(*SMALL, 0.0, dtype=kind)
        norm = library.nn.LayerNorm(8, dtype=kind)
        stack = library.nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
        mask = library.nn.Transformer.generate_square_subsequent_mask(5, dtype=kind)
        encoded = stack(library.tensor(X), mask, is_causal=hint)
        other = library.nn.TransformerDecoderLayer(*SMALL, 0.0, dtype=kind)
        decoder = library.nn.TransformerDecoder(other, 2)
        decoded = decoder(library.tensor(X), encoded, tgt_mask=mask, tgt_is_causal=hint)
        found.append((stack, decoder, encoded, decoded))
    theirs, ours = found
    for mine, their in zip(ours[:2], theirs[:2], strict=True):
        same_weights(mine, their)
        assert repr(mine) == repr(their)
    for mine, their in zip(ours[2:], theirs[2:], strict=True):
        np.testing.assert_allclose(
            mine.numpy(force=True), their.numpy(force=True), rtol=1e-11, atol=1e-12
        )


def test_parts_of_a_transformer_can_be_one_s_own() -> None:
    model = nn.Transformer(8, 2, custom_encoder=nn.Identity(), custom_decoder=nn.Identity())
    assert list(model.state_dict()) == []
    assert isinstance(model.encoder, nn.Identity)


# ---- natively


@pytest.mark.parametrize("need_weights", [True, False])
def test_attention_and_its_derivatives_run_natively(need_weights: bool) -> None:
    layer = nn.MultiheadAttention(8, 4, add_bias_kv=True, dtype=np.float64)
    words = {"attn_mask": wing.tensor(CAUSAL), "need_weights": need_weights}
    layer_runs_natively(layer, X, X, X, **words)
    runs_natively(
        lambda q, k, v: nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True), X, X, X
    )


@both
def test_transformers_train_natively(dtype: str) -> None:
    seeded(2)
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, dtype=np.dtype(dtype))
    data = numbers(6, 4, 8), numbers(6, 4, 8, seed=1)
    trains_natively(layer, data, nn.MSELoss(), dtype)


def test_a_whole_transformer_trains_natively() -> None:
    class Translator(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = nn.Transformer(
                8, 2, 1, 1, 16, 0.0, batch_first=True, norm_first=True, dtype=np.float64
            )

        def forward(self, source: Any, target: Any) -> Any:
            mask = nn.Transformer.generate_square_subsequent_mask(4, dtype=np.float64)
            return self.model(source, target, tgt_mask=mask)

    seeded(2)
    data = numbers(6, 5, 8), numbers(6, 4, 8), numbers(6, 4, 8, seed=1)
    trains_natively(Translator(), data, nn.MSELoss())


def test_dropout_of_attention_draws_anew_in_each_step_of_a_fit() -> None:
    seeded(2)
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.5, batch_first=True, dtype=np.float64)
    found = tw.fit(
        layer, (numbers(6, 4, 8), numbers(6, 4, 8)), loss=nn.MSELoss(), optimizer=tw.optim.sgd(0.0),
        batch_size=6, steps=4, engine="native", fallback="refuse",
    )  # fmt: skip
    assert len(set(np.asarray(found.history.loss).tolist())) > 1


# ---- refusals


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda lib: lib.nn.MultiheadAttention(0, 1), "must be greater than 0"),
        (lambda lib: lib.nn.TransformerEncoderLayer(8, 2, activation="tanh"), "activation should"),
        (
            lambda lib: lib.nn.Transformer(8, 2, 1, 1, 8, batch_first=True)(
                lib.ones(3, 2, 8), lib.ones(4, 2, 8)
            ),
            "batch number of src and tgt",
        ),
        (
            lambda lib: lib.nn.Transformer(8, 2, 1, 1, 8, batch_first=True)(
                lib.ones(3, 2, 8), lib.ones(3, 2, 6)
            ),
            "feature number of src and tgt",
        ),
        (
            lambda lib: lib.nn.MultiheadAttention(8, 2)(*(lib.ones(3, 2, 8),) * 3, is_causal=True),
            "Need attn_mask",
        ),
        (
            lambda lib: lib.nn.MultiheadAttention(8, 2)(
                *(lib.ones(3, 2, 8),) * 3, attn_mask=lib.ones(2, 2)
            ),
            "shape of the 2D attn_mask",
        ),
    ],
)
def test_what_pytorch_refuses_is_refused(code: Any, text: str) -> None:
    same_error(code, text)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.MultiheadAttention(8, 3), "divisible by num_heads"),
        (lambda: nn.MultiheadAttention(8, 2)(*(wing.ones(8),) * 3), "unbatched 2D or batched 3D"),
        (
            lambda: nn.MultiheadAttention(8, 2)(wing.ones((3, 1, 8)), *(wing.ones((3, 8)),) * 2),
            "`key` and `value` to be 3-D",
        ),
        (lambda: nn.MultiheadAttention(8, 2)(*(wing.ones((3, 1, 6)),) * 3), "embedding dimension"),
    ],
)
def test_shapes_that_pytorch_asserts_are_refused(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()


def test_masks_of_two_kinds_are_warned_of() -> None:
    layer, x = nn.MultiheadAttention(8, 2), wing.ones((5, 3, 8))
    with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask"):
        layer(x, x, x, key_padding_mask=wing.tensor(PADDING), attn_mask=wing.tensor(INFINITE))
