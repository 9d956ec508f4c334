"""An optimizer of your own: a gradient transformation written by hand, and chained with others.

You learn what a transformation is: two functions, `init` and `update`, over trees; that `factory`
makes it a value like the built-in ones; and that the native loop compiles it as it does those.
"""

import numpy as np

import thalweg as tw


@tw.optim.factory
def scale_by_belief(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8):
    """AdaBelief: divide by how far gradients are from what was expected, not by their size."""

    def init(params):
        zeros = tw.tree.map(np.zeros_like, params)
        return {"count": 0.0, "mean": zeros, "surprise": zeros}

    def update(updates, state, params=None):
        count = state["count"] + 1.0
        mean = tw.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state["mean"], updates)
        surprise = tw.tree.map(
            lambda s, m, g: b2 * s + (1 - b2) * (g - m) ** 2, state["surprise"], mean, updates
        )
        scale = np.sqrt(1 - b2**count) / (1 - b1**count)
        updates = tw.tree.map(lambda m, s: scale * m / (np.sqrt(s) + eps), mean, surprise)
        return updates, {"count": count, "mean": mean, "surprise": surprise}

    return tw.optim.GradientTransformation(init, update)


def adabelief(learning_rate, weight_decay=0.0):
    """Chain it: clip first, decay the weights, and go downhill last."""
    return tw.optim.chain(
        tw.optim.clip_by_global_norm(10.0),
        scale_by_belief(),
        tw.optim.add_decayed_weights(weight_decay),
        tw.optim.scale_by_learning_rate(learning_rate),
    )


def rosenbrock(x):
    """Return Rosenbrock's function: a bent valley whose floor falls slowly to (1, …, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def main():
    """Race it down the valley; return where each optimizer came."""
    runs = {
        "sgd": tw.optim.chain(tw.optim.clip_by_global_norm(10.0), tw.optim.sgd(5e-4)),
        "adam": tw.optim.adam(0.02),
        "adabelief": adabelief(0.02),
    }
    print(runs["adabelief"])
    found = {}
    for name, optimizer in runs.items():
        fit = tw.fit(rosenbrock, np.zeros(10), optimizer=optimizer, steps=3000)
        found[name] = {"loss": float(rosenbrock(fit.params)), "engine": fit.engine}
        print(f"{name:>9}: {found[name]['loss']:.2e}, {fit.us_per_step:.2f} µs a step")

    # The same functions step by hand, on any arrays.
    optimizer, x = adabelief(0.02), np.zeros(10)
    state = optimizer.init(x)
    for _ in range(3):
        updates, state = optimizer.update(tw.grad(rosenbrock)(x), state, x)
        x = tw.optim.apply_updates(x, updates)
    three = tw.fit(rosenbrock, np.zeros(10), optimizer=optimizer, steps=3).params
    print("three steps by hand and by fit differ by", np.abs(x - three).max())
    return found | {"difference": float(np.abs(x - three).max())}


if __name__ == "__main__":
    main()
