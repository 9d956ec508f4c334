"""Chains of labels: a hidden Markov model, a conditional random field."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum

# ---- hidden states


def _normalized(logits):
    """Logarithms of probabilities along the last axis."""
    return logits - np.logaddexp.reduce(logits, axis=-1)[..., None]


def hidden_markov(params, seen):
    """The negative log posterior, a step, of five normal states by the scaled forward algorithm.

    The chances have Dirichlet(2) priors, so that none becomes 0.
    """
    first, moves = _normalized(params["first"]), _normalized(params["moves"])
    chances, total = np.exp(moves), np.sum(first) + np.sum(moves)
    emit = np.exp(-0.5 * (seen[:, None] - params["means"]) ** 2)
    alpha = np.exp(first) * emit[0]
    for t in range(1, len(seen)):
        scale = np.sum(alpha)
        total = total + np.log(scale)
        alpha = (alpha / scale) @ chances * emit[t]
    return -(total + np.log(np.sum(alpha))) / len(seen)


def hidden_markov_scanned(params, seen):
    """The same by `tw.scan`."""
    first, moves = _normalized(params["first"]), _normalized(params["moves"])
    chances, total = np.exp(moves), np.sum(first) + np.sum(moves)
    emit = np.exp(-0.5 * (seen[:, None] - params["means"]) ** 2)

    def turn(alpha, now):
        scale = np.sum(alpha)
        return (alpha / scale) @ chances * now, np.log(scale)

    alpha, scales = tw.scan(turn, np.exp(first) * emit[0], emit[1:])
    return -(total + np.sum(scales) + np.log(np.sum(alpha))) / len(seen)


def _emissions(n: int) -> Any:
    rng = np.random.default_rng(13)
    means, state, seen = np.array([-6.0, -3.0, 0.0, 3.0, 6.0]), 0, []
    for _ in range(n):
        state = state if rng.uniform() < 0.8 else int(rng.integers(5))
        seen.append(means[state] + rng.normal())
    start = {"first": np.zeros(5), "moves": np.eye(5), "means": np.linspace(-4, 4, 5)}
    return start, (np.array(seen),)


def _posteriors(first: Any, moves: Any, means: Any, seen: Any) -> Any:
    """States' and moves' chances given all that is seen, and the log-likelihood."""
    from scipy.special import logsumexp

    emit = -0.5 * (seen[:, None] - means) ** 2
    alpha, beta = np.zeros_like(emit), np.zeros_like(emit)
    alpha[0] = first + emit[0]
    for t in range(1, len(seen)):
        alpha[t] = logsumexp(alpha[t - 1][:, None] + moves, axis=0) + emit[t]
    for t in reversed(range(len(seen) - 1)):
        beta[t] = logsumexp(moves + emit[t + 1] + beta[t + 1], axis=1)
    total = logsumexp(alpha[-1])
    pairs = alpha[:-1, :, None] + moves + (emit + beta)[1:, None, :] - total
    return np.exp(alpha + beta - total), np.exp(pairs).sum(0), total


def _hidden_value(params: Any, seen: Any) -> float:
    from scipy.special import log_softmax

    first, moves = log_softmax(params["first"]), log_softmax(params["moves"], axis=1)
    total = _posteriors(first, moves, params["means"], seen)[2]
    return float(-(total + first.sum() + moves.sum()) / len(seen))


def _hidden_optimum(seen: Any) -> Optimum:
    """By Baum and Welch's expectations and maximizations."""
    start, _ = _emissions(len(seen))
    before = np.inf
    params = dict(start)
    while (loss := _hidden_value(params, seen)) < before - 1e-14:
        before = loss
        from scipy.special import log_softmax

        first, moves = log_softmax(params["first"]), log_softmax(params["moves"], axis=1)
        states, pairs, _ = _posteriors(first, moves, params["means"], seen)
        params["first"], params["moves"] = np.log(states[0] + 1), np.log(pairs + 1)
        params["means"] = states.T @ seen / states.sum(0)
    return Optimum(loss, None, "Baum–Welch")


# ---- labels of sequences

_PENALTY = 0.01


def random_field(params, X, y):
    """The mean negative log-likelihood, a sequence, of labels in a chain, with an L² penalty."""
    W, A = params["W"], params["A"]
    scores = X @ W
    told = np.sum(np.take_along_axis(scores, y[:, :, None], axis=2)) + np.sum(
        A[y[:, :-1], y[:, 1:]]
    )
    alpha = scores[:, 0]
    for t in range(1, X.shape[1]):
        alpha = np.logaddexp.reduce(alpha[:, :, None] + A, axis=1) + scores[:, t]
    every = np.sum(np.logaddexp.reduce(alpha, axis=1))
    return (every - told) / len(X) + _PENALTY * (np.sum(W**2) + np.sum(A**2))


def random_field_scanned(params, X, y):
    """The same by `tw.scan`."""
    W, A = params["W"], params["A"]
    scores = X @ W
    told = np.sum(np.take_along_axis(scores, y[:, :, None], axis=2)) + np.sum(
        A[y[:, :-1], y[:, 1:]]
    )

    def turn(alpha, now):
        return np.logaddexp.reduce(alpha[:, :, None] + A, axis=1) + now, None

    alpha, _ = tw.scan(turn, scores[:, 0], np.swapaxes(scores, 0, 1)[1:])
    every = np.sum(np.logaddexp.reduce(alpha, axis=1))
    return (every - told) / len(X) + _PENALTY * (np.sum(W**2) + np.sum(A**2))


def _sentences(n: int) -> Any:
    rng = np.random.default_rng(15)
    X, y = rng.normal(size=(20, n, 5)), np.zeros((20, n), dtype=np.int64)
    W = rng.normal(size=(5, 4))
    for t in range(n):
        chances = X[:, t] @ W + (1.5 * np.eye(4)[y[:, t - 1]] if t else 0.0)
        y[:, t] = np.argmax(chances + rng.gumbel(size=(20, 4)), axis=1)
    return {"W": np.zeros((5, 4)), "A": np.zeros((4, 4))}, (X, y)


def _field_optimum(X: Any, y: Any) -> Optimum:
    """By SciPy with the gradient by hand: expected counts less observed ones."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    n, length, k = len(X), X.shape[1], 4
    told = np.eye(k)[y]
    pairs_told = np.einsum("nti,ntj->ij", told[:, :-1], told[:, 1:])

    def negative(flat: Any) -> Any:
        W, A = flat[:20].reshape(5, k), flat[20:].reshape(k, k)
        scores = X @ W
        alpha, beta = scores.copy(), np.zeros_like(scores)
        for t in range(1, length):
            alpha[:, t] += logsumexp(alpha[:, t - 1, :, None] + A, axis=1)
        for t in reversed(range(length - 1)):
            beta[:, t] = logsumexp(A + (scores + beta)[:, t + 1, None, :], axis=2)
        every = logsumexp(alpha[:, -1], axis=1)
        states = np.exp(alpha + beta - every[:, None, None])
        pairs = alpha[:, :-1, :, None] + A + (scores + beta)[:, 1:, None, :]
        pairs = np.exp(pairs - every[:, None, None, None]).sum((0, 1))
        value = every.sum() - np.sum(scores * told) - np.sum(A * pairs_told)
        dW = np.einsum("ntf,ntk->fk", X, states - told) / n + 2 * _PENALTY * W
        dA = (pairs - pairs_told) / n + 2 * _PENALTY * A
        penalty = _PENALTY * np.sum(flat**2)
        return value / n + penalty, np.concatenate([dW.ravel(), dA.ravel()])

    found = minimize(negative, np.zeros(36), jac=True, method="BFGS", options={"gtol": 1e-10})
    params = {"W": found.x[:20].reshape(5, k), "A": found.x[20:].reshape(k, k)}
    return Optimum(found.fun, params, "SciPy")


MODELS = (
    Model(
        "hidden-markov",
        "Hidden Markov model, 5 states, T = 500",
        hidden_markov,
        _emissions,
        size=500,
        quick=8,
        scanned=hidden_markov_scanned,
        value=_hidden_value,
        optimum=_hidden_optimum,
    ),
    Model(
        "random-field",
        "Conditional random field, T = 30, 4 labels, 20 sequences",
        random_field,
        _sentences,
        size=30,
        quick=4,
        scanned=random_field_scanned,
        optimum=_field_optimum,
        steps=20_000,
    ),
)
