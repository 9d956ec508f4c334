"""Regression of counts: Poisson, and negative binomial where counts scatter more than that.

You learn to write a likelihood in NumPy and `tw.special`, to fit it to its maximum, and to read
standard errors off the Hessian of the same function.
"""

import numpy as np

import thalweg as tw


def poisson(params, X, y):
    """Return the mean negative log-likelihood, the constant ln y! included."""
    return np.mean(tw.losses.poisson_nll(X @ params["beta"], y) + tw.special.gammaln(y + 1))


def negative_binomial(params, X, y):
    """Return the mean negative log-likelihood of counts with mean μ and variance μ + α μ²."""
    size = np.exp(-params["log_alpha"])  # 1/α
    log_rate = X @ params["beta"]
    log_total = np.logaddexp(np.log(size), log_rate)
    gammaln = tw.special.gammaln
    ways = gammaln(y + size) - gammaln(size) - gammaln(y + 1)
    return -np.mean(ways + size * (np.log(size) - log_total) + y * (log_rate - log_total))


def fit_to_maximum(loss, start, data):
    """Return parameters where the gradient vanishes: all rows at each step, ever smaller steps."""
    adam = tw.optim.adam(tw.optim.cosine_decay_schedule(0.05, decay_steps=600))
    # The native engine has no ln Γ; "auto" would say so, and run on this one too.
    return tw.fit(loss, start, data, optimizer=adam, steps=600, engine="numpy").params


def std_errors(loss, params, X, y):
    """Return the standard errors of beta: roots of the diagonal of (n H)⁻¹."""
    H = tw.hessian(lambda beta: loss(params | {"beta": beta}, X, y))(params["beta"])
    return np.sqrt(np.diag(np.linalg.inv(len(y) * H)))


def main():
    """Fit both models to overdispersed counts; return what they find."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(1000), rng.normal(size=(1000, 2))])
    beta, alpha = np.array([1.0, 0.5, -0.3]), 0.8
    mean = np.exp(X @ beta)
    y = rng.poisson(mean * rng.gamma(1 / alpha, alpha, size=1000)).astype(float)

    fits = {}
    for loss, extra in ((poisson, {}), (negative_binomial, {"log_alpha": 0.0})):
        params = fit_to_maximum(loss, {"beta": np.zeros(3), **extra}, (X, y))
        fits[loss.__name__] = params | {
            "loss": float(loss(params, X, y)),
            "slope": float(np.abs(tw.grad(loss)(params, X, y)["beta"]).max()),
            "std_errors": std_errors(loss, params, X, y),
        }
        found = fits[loss.__name__]
        print(f"{loss.__name__}: negative log-likelihood {found['loss']:.4f} a row")
        for name, b, e in zip(("1", "x1", "x2"), found["beta"], found["std_errors"], strict=True):
            print(f"  {name:>2} {b:7.3f} ± {e:.3f}")
    print(f"overdispersion α = {np.exp(fits['negative_binomial']['log_alpha']):.3f}, truly {alpha}")
    return fits


if __name__ == "__main__":
    main()
