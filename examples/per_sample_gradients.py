"""Per-sample gradients: one gradient a row, without a loop over rows.

You learn that `vmap` of `grad` gives them; what they are good for: robust standard errors,
clipping each row's influence for private training, and finding the rows that pull hardest.
"""

import numpy as np

import thalweg as tw


def logistic(beta, x, y):
    """Return the negative log-likelihood of one row, or the mean of many."""
    return np.mean(tw.losses.sigmoid_binary_cross_entropy(x @ beta, y))


def private_gradient(rows, noise, limit, rng):
    """Return the mean of the rows' gradients, each clipped to a length, with noise upon it."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    clipped = rows * np.minimum(1.0, limit / lengths)
    return (clipped.sum(axis=0) + noise * limit * rng.normal(size=rows.shape[1])) / len(rows)


def main():
    """Fit, then look at the gradients of the rows; return what they say."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(1000), rng.normal(size=(1000, 3))])
    beta = np.array([-0.5, 1.0, -2.0, 0.0])
    y = (rng.uniform(size=1000) < 1 / (1 + np.exp(-X @ beta))).astype(float)
    y[7], X[7] = 1.0, [1.0, -3.0, 3.0, 0.0]  # mislabelled: all but impossible under the model

    # Newton's method: the whole gradient, and the Hessian.
    found = np.zeros(4)
    for _ in range(8):
        gradient, H = tw.grad(logistic)(found, X, y), tw.hessian(logistic)(found, X, y)
        found = found - np.linalg.solve(H, gradient)

    # None: beta is shared; 0: one row of X and one of y for each gradient.
    per_sample = tw.jit(tw.vmap(tw.grad(logistic), in_axes=(None, 0, 0)))
    rows = per_sample(found, X, y)
    print("one gradient a row:", rows.shape)
    print(f"at the optimum their mean is {np.abs(rows.mean(axis=0)).max():.1e}")

    # Huber and White's sandwich H⁻¹ (Σ g gᵀ / n) H⁻¹ / n.
    bread = np.linalg.inv(tw.hessian(logistic)(found, X, y))
    robust = np.sqrt(np.diag(bread @ (rows.T @ rows / len(y)) @ bread) / len(y))
    for b, e in zip(found, robust, strict=True):
        print(f"  {b:7.3f} ± {e:.3f}")

    hardest = int(np.argmax(np.linalg.norm(rows, axis=1)))
    print("the row that pulls hardest is", hardest)

    private = np.zeros(4)
    for _ in range(150):
        private -= 1.0 * private_gradient(per_sample(private, X, y), noise=1.0, limit=1.0, rng=rng)
    print("private training comes to", private.round(2))
    return {"beta": found, "rows": rows, "robust": robust, "hardest": hardest, "private": private}


if __name__ == "__main__":
    main()
