"""Quantile bands: between which values do 90 % of the observations lie, given x?

You learn to fit several outputs at once with `tw.losses.quantile_loss`, that parameters are a
dict of arrays, and how a decaying learning rate settles a loss that has a kink.
"""

import numpy as np

import thalweg as tw

LEVELS = np.array([0.05, 0.5, 0.95])


def features(x):
    """Return bumps side by side: a smooth basis on [0, 1]."""
    centers = np.linspace(0, 1, 8)
    return np.exp(-0.5 * ((x[:, None] - centers) / 0.12) ** 2)


def predict(params, F):
    """Return the three quantiles of each row, in order: each band has a width above zero."""
    middle = F @ params["middle"] + params["level"]
    below, above = (np.exp(F @ params[side]) for side in ("below", "above"))
    return np.stack([middle - below, middle, middle + above], axis=1)


def pinball(params, F, y):
    """Return the mean loss of the three quantiles."""
    return np.mean(tw.losses.quantile_loss(predict(params, F), y[:, None], LEVELS))


def main():
    """Fit the bands; return the share of fresh observations within them."""
    rng = np.random.default_rng(0)
    x, fresh = rng.uniform(size=2000), rng.uniform(size=2000)

    def observe(x):
        return np.sin(6 * x) + (0.1 + 0.6 * x) * rng.normal(size=len(x))

    y, fresh_y = observe(x), observe(fresh)
    start = {name: np.zeros(8) for name in ("middle", "below", "above")} | {"level": 0.0}
    fit = tw.fit(
        pinball,
        start,
        (features(x), y),
        optimizer=tw.optim.adam(tw.optim.cosine_decay_schedule(0.05, decay_steps=4000)),
        batch_size=100,
        epochs=200,
    )
    low, middle, high = predict(fit.params, features(fresh)).T
    coverage = float(np.mean((low <= fresh_y) & (fresh_y <= high)))
    print(f"{fit.steps} steps of {fit.us_per_step:.1f} µs; pinball loss {fit.history.loss[-1]:.3f}")
    print(f"of fresh observations {coverage:.1%} lie in the 90 % band")
    for at in (0.1, 0.5, 0.9):
        i = np.argmin(np.abs(fresh - at))
        print(f"x = {at}: {low[i]:6.2f} {middle[i]:6.2f} {high[i]:6.2f}")
    widths = [float(np.mean((high - low)[(fresh > a) & (fresh < a + 0.2)])) for a in (0, 0.8)]
    return {"coverage": coverage, "widths": widths}


if __name__ == "__main__":
    main()
