"""A Gaussian process: smoothness and noise learnt from the data by marginal likelihood.

You learn that linear algebra is differentiated too, through the Cholesky factor of a matrix that
depends on the parameters; and to keep positive numbers positive by fitting their logarithms.
"""

import numpy as np

import thalweg as tw


def kernel(params, a, b):
    """Return the covariance of the process between two sets of points."""
    distance = (a[:, None] - b[None, :]) / np.exp(params["log_length"])
    return np.exp(2 * params["log_scale"] - 0.5 * distance**2)


def factor(params, x):
    """Return the Cholesky factor of the observations' covariance."""
    noise = np.exp(2 * params["log_noise"]) * np.eye(len(x))
    return np.linalg.cholesky(kernel(params, x, x) + noise)


def negative_log_likelihood(params, x, y):
    """Return −ln p(y): ½ ‖L⁻¹ y‖² + ln |L| + ½ n ln 2π."""
    L = factor(params, x)
    z = np.linalg.solve(L, y)
    return 0.5 * np.sum(z**2) + np.sum(np.log(np.diag(L))) + 0.5 * len(y) * np.log(2 * np.pi)


def predict(params, x, y, new):
    """Return the mean and the standard deviation of the process at new points."""
    L, across = factor(params, x), kernel(params, x, new)
    left = np.linalg.solve(L, across)
    mean = left.T @ np.linalg.solve(L, y)
    return mean, np.sqrt(np.exp(2 * params["log_scale"]) - np.sum(left**2, axis=0))


def main():
    """Learn the process; return how well it does between the observations."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, size=60))
    y = np.sin(x) * np.sqrt(x) + 0.2 * rng.normal(size=60)

    start = {"log_length": 0.0, "log_scale": 0.0, "log_noise": 0.0}
    # Matrices are factored by NumPy's LAPACK, so that this runs on the engine of that name.
    fit = tw.fit(
        negative_log_likelihood,
        start,
        (x, y),
        optimizer=tw.optim.adam(0.05),
        steps=300,
        engine="numpy",
    )
    for name, value in fit.params.items():
        print(f"{name.removeprefix('log_'):>7}: {np.exp(value):.3f}")

    new = np.linspace(0.5, 9.5, 50)
    mean, std = predict(fit.params, x, y, new)
    truth = np.sin(new) * np.sqrt(new)
    inside = float(np.mean(np.abs(mean - truth) < 2 * std))
    rmse = float(np.sqrt(np.mean((mean - truth) ** 2)))
    print(f"RMSE {rmse:.3f}; {inside:.0%} of the curve within two standard deviations")
    return {"noise": float(np.exp(fit.params["log_noise"])), "rmse": rmse, "inside": inside}


if __name__ == "__main__":
    main()
