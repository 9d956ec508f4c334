"""Layers and losses of `nn.functional`."""

from __future__ import annotations

from typing import Any

from benchmarks.functions.given import Call, Case, Given


def _functional(given: Given, name: str) -> Any:
    return getattr(given.lib.nn.functional, name)


def _linear(given: Given) -> Call:
    linear, x = _functional(given, "linear"), given.matrix()
    weight, bias = given.floats(16, given.columns), given.floats(16)
    return lambda: linear(x, weight, bias)


def _dropout(given: Given) -> Call:
    dropout, x = _functional(given, "dropout"), given.vector()
    return lambda: dropout(x, 0.3)


def _embedding(given: Given) -> Call:
    embedding, table = _functional(given, "embedding"), given.floats(100, 16)
    index = given.integers(100, max(2, given.n // 16))
    return lambda: embedding(index, table)


def _embedding_bag(given: Given) -> Call:
    bag, table = _functional(given, "embedding_bag"), given.floats(100, 16)
    index = given.integers(100, max(2, given.n // 64), 4)
    return lambda: bag(index, table, mode="mean")


def _one_hot(given: Given) -> Call:
    one_hot, index = _functional(given, "one_hot"), given.integers(10, max(3, given.n // 10))
    return lambda: one_hot(index, 10)


def _cross_entropy(given: Given) -> Call:
    loss, x = _functional(given, "cross_entropy"), given.floats(max(3, given.n // 10), 10)
    labels = given.integers(10, max(3, given.n // 10))
    return lambda: loss(x, labels)


def _loss(name: str) -> Case:
    def case(given: Given) -> Call:
        loss, x = _functional(given, name), given.vector()
        target = given.constant(given.n).sigmoid()
        return lambda: loss(x, target)

    return case


def _divergence(given: Given) -> Call:
    loss, x, y = _functional(given, "kl_div"), given.matrix(), given.constant(1, given.columns)
    target = y.softmax(1).expand(given.rows, given.columns).contiguous()
    return lambda: loss(x, target, reduction="batchmean")


def _layer_norm(given: Given) -> Call:
    norm, x = _functional(given, "layer_norm"), given.matrix()
    weight, bias = given.floats(given.columns), given.floats(given.columns)
    return lambda: norm(x, (given.columns,), weight, bias)


def _batch_norm(given: Given) -> Call:
    norm, x = _functional(given, "batch_norm"), given.images()
    channels = x.shape[1]
    mean, variance = given.constant(channels), given.constant(channels).abs()
    weight, bias = given.floats(channels), given.floats(channels)
    return lambda: norm(x, mean, variance, weight, bias, training=True)


def _conv1d(given: Given) -> Call:
    conv, (examples, channels, height, width) = _functional(given, "conv1d"), given.image_shape
    x, weight = given.floats(examples, channels, height * width), given.floats(8, channels, 3)
    return lambda: conv(x, weight, None, padding=1)


def _conv2d(given: Given) -> Call:
    conv, x = _functional(given, "conv2d"), given.images()
    weight, bias = given.floats(8, x.shape[1], 3, 3), given.floats(8)
    return lambda: conv(x, weight, bias, padding=1)


def _depthwise(given: Given) -> Call:
    conv, x = _functional(given, "conv2d"), given.images()
    weight = given.floats(x.shape[1], 1, 3, 3)
    return lambda: conv(x, weight, None, padding=1, groups=x.shape[1])


def _pooling(name: str) -> Case:
    def case(given: Given) -> Call:
        pool, x = _functional(given, name), given.images()
        return lambda: pool(x, 2)

    return case


def _interpolate(given: Given) -> Call:
    interpolate, x = _functional(given, "interpolate"), given.images()
    return lambda: interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _attention(given: Given) -> Call:
    attention = _functional(given, "scaled_dot_product_attention")
    shape = {32: (1, 2, 4, 4), 1000: (2, 4, 16, 8)}.get(given.n, (16, 8, 128, 64))
    q, k, v = (given.floats(*shape) for _ in range(3))
    return lambda: attention(q, k, v, is_causal=True)


def _ctc(given: Given) -> Call:
    loss = _functional(given, "ctc_loss")
    steps, batch, classes = {32: (4, 2, 4), 1000: (10, 5, 20)}.get(given.n, (100, 100, 100))
    x = given.floats(steps, batch, classes)
    length = max(1, steps // 4)
    labels = given.integers(classes - 1, batch, length) + 1
    scores = x.log_softmax(2).detach() if not given.leaves else x
    times, lengths = (steps,) * batch, (length,) * batch
    return lambda: loss(scores, labels, times, lengths)


CASES: dict[str, Case] = {
    "linear": _linear,
    "dropout": _dropout,
    "embedding": _embedding,
    "embedding_bag": _embedding_bag,
    "one_hot": _one_hot,
    "cross_entropy": _cross_entropy,
    "mse_loss": _loss("mse_loss"),
    "l1_loss": _loss("l1_loss"),
    "smooth_l1_loss": _loss("smooth_l1_loss"),
    "bce_with_logits": _loss("binary_cross_entropy_with_logits"),
    "kl_div": _divergence,
    "layer_norm": _layer_norm,
    "batch_norm": _batch_norm,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv2d (depthwise)": _depthwise,
    "max_pool2d": _pooling("max_pool2d"),
    "avg_pool2d": _pooling("avg_pool2d"),
    "interpolate (bilinear)": _interpolate,
    "scaled_dot_product_attention": _attention,
    "ctc_loss": _ctc,
}
