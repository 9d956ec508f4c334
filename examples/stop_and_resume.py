"""A run that is watched, stopped early, saved and gone on with.

You learn validation and patience, callbacks, checkpoints, and that a resumed run equals one that
was never interrupted, bit for bit.
"""

import tempfile
from pathlib import Path

import numpy as np

import thalweg as tw


def predict(params, X):
    """Return the output of a network with one hidden layer."""
    return np.tanh(X @ params["W"] + params["b"]) @ params["w"]


def loss(params, X, y):
    """Return the mean squared error."""
    return np.mean((predict(params, X) - y) ** 2)


def main():
    """Stop one run early, interrupt and resume another; return what is equal."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, size=(400, 2))
    y = np.sin(X[:, 0] * X[:, 1]) + 0.3 * rng.normal(size=400)
    train, held_out = (X[:200], y[:200]), (X[200:], y[200:])
    start = {"W": rng.normal(size=(2, 30)), "b": np.zeros(30), "w": 0.1 * rng.normal(size=30)}
    run = {"optimizer": tw.optim.adam(0.02), "batch_size": 20, "validation": held_out}

    seen = []
    stopped = tw.fit(loss, start, train, epochs=2000, patience=50, callbacks=seen.append, **run)
    best = float(loss(stopped.best_params, *held_out))
    print(f"stopped after {stopped.epochs:.0f} of 2000 epochs, seen {len(seen)} times on the way")
    print(f"held-out loss: best {best:.3f}, last {stopped.history.validation[-1]:.3f}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.safetensors"
        tw.fit(loss, start, train, epochs=20, checkpoint=path, **run)
        print(f"the checkpoint holds {tw.load(path).steps} steps in {path.stat().st_size} bytes")
        resumed = tw.fit(loss, start, train, epochs=20, resume=path, **run)
    whole = tw.fit(loss, start, train, epochs=40, **run)
    equal = all(np.array_equal(resumed.params[k], whole.params[k]) for k in start)
    print("20 epochs and 20 more are 40, bit for bit:", equal)
    return {"stopped": stopped, "best": best, "equal": equal, "seen": len(seen)}


if __name__ == "__main__":
    main()
