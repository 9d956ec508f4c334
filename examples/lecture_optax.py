"""The lecture's first half: a loss as a pure function, an optimizer as a value, batches, schedules.

You learn that Optax's loop runs here under Optax's names; that `tw.fit` runs the same loop, with
batches, natively; that a schedule stands where a number stood; and what an epoch costs.
"""

import time

import numpy as np
from sklearn.datasets import make_regression

import thalweg as tw
import thalweg.optim as optax


def lr_loss(beta, X, y):
    """Return the sum of squared residuals: plain NumPy."""
    return np.sum((y - X @ beta) ** 2)


def gradient_descent(X, y, steps=30):
    """Run Optax's loop by hand, on all rows at each step; return the parameters and the losses."""
    optimizer = optax.sgd(learning_rate=0.00001)
    beta, losses = np.zeros(X.shape[1]), []
    state = optimizer.init(beta)
    value_and_grad = tw.jit(tw.value_and_grad(lr_loss))
    for _ in range(steps):
        value, gradient = value_and_grad(beta, X, y)
        updates, state = optimizer.update(gradient, state)
        beta = optax.apply_updates(beta, updates)
        losses.append(float(value))
    return beta, losses


def mini_batches(X, y, optimizer, batch_size, epochs):
    """Run the whole loop in one call: rows are shuffled once, then taken batch by batch."""
    return tw.fit(
        lr_loss,
        np.zeros(X.shape[1]),
        (X, y),
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=epochs,
        shuffle="once",
        seed=1234,
    )


def main():
    """Print the lecture's tables and return the numbers in them."""
    X, y = make_regression(
        n_samples=10000, n_features=20, n_informative=4, bias=3, noise=1, random_state=1234
    )
    X = np.c_[np.ones(len(y)), X]
    lm_loss = float(lr_loss(np.linalg.lstsq(X, y)[0], X, y))
    _, losses = gradient_descent(X, y)
    print(f"least squares {lm_loss:.2f}, gradient descent {losses[-1]:.2f} after 30 steps")

    sgd = {}
    for batch_size, rate in ((10, 0.005), (100, 0.001), (1000, 0.0001), (10000, 0.00001)):
        fit = mini_batches(X, y, optax.sgd(rate), batch_size, epochs=30)
        sgd[batch_size] = float(lr_loss(fit.params, X, y))
        print(f"sgd  (mb={batch_size:5}): {sgd[batch_size]:.2f}")

    schedule = optax.exponential_decay(init_value=1.0, transition_steps=100, decay_rate=0.9)
    print("the learning rate at steps 0, 100, 200:", [float(schedule(t)) for t in (0, 100, 200)])
    adam = {}
    for batch_size in (10, 25, 50, 100):
        fit = mini_batches(X, y, optax.adam(schedule), batch_size, epochs=2)
        adam[batch_size] = float(lr_loss(fit.params, X, y))
        # The loop is compiled by now, so that this is what an epoch costs.
        begin = time.perf_counter()
        mini_batches(X, y, optax.adam(schedule), batch_size, epochs=1)
        ms = 1000 * (time.perf_counter() - begin)
        print(f"adam (mb={batch_size:5}): {adam[batch_size]:.2f}, an epoch takes {ms:.1f} ms")
    return {"lm_loss": lm_loss, "gd_loss": losses[-1], "sgd": sgd, "adam": adam}


if __name__ == "__main__":
    main()
