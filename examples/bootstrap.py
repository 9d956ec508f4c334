"""The bootstrap: how much would an estimate vary with other data?

You learn to resample as weights, so that `vmap` fits all resamples at once where there is a
formula; and where there is none, that fits repeated by `tw.fit` compile nothing again.
"""

import time

import numpy as np

import thalweg as tw


def least_squares(weights, X, y):
    """Return the coefficients of weighted least squares."""
    return np.linalg.solve(X.T @ (weights[:, None] * X), X.T @ (weights * y))


def huber(beta, X, y, weight):
    """Return the mean of Huber's loss: no formula gives its minimum."""
    return np.mean(weight * tw.losses.huber_loss(X @ beta, y, delta=1.0))


def fit_robustly(X, y, weight):
    """Return the coefficients where Huber's loss is least."""
    adam = tw.optim.adam(tw.optim.cosine_decay_schedule(0.1, decay_steps=300))
    return tw.fit(huber, np.zeros(X.shape[1]), (X, y, weight), optimizer=adam, steps=300)


def main():
    """Bootstrap both; return the estimates of every resample."""
    rng = np.random.default_rng(0)
    n, resamples = 200, 400
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    y = X @ [1.0, 2.0, -1.0] + rng.standard_t(df=2.5, size=n)  # with outliers

    # How often each row is drawn, in each resample.
    counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    squares = tw.vmap(least_squares, in_axes=(0, None, None))(counts, X, y)

    begin = time.perf_counter()
    fits = [fit_robustly(X, y, weight) for weight in counts]
    seconds = time.perf_counter() - begin
    robust = np.stack([fit.params for fit in fits])
    first, second = (f"{fit.compile_seconds:.2f} s" for fit in fits[:2])
    print(f"{resamples} fits in {seconds:.2f} s; to compile, the first {first}, the next {second}")

    for name, found in (("least squares", squares), ("Huber", robust)):
        print(name)
        for column in found.T:
            low, high = np.quantile(column, [0.025, 0.975])
            print(f"  {column.mean():7.3f} ± {column.std():.3f}, 95 % in {low:.3f} … {high:.3f}")
    recompiled = sum(fit.compile_seconds > 0 for fit in fits)
    return {"squares": squares, "robust": robust, "recompiled": recompiled}


if __name__ == "__main__":
    main()
