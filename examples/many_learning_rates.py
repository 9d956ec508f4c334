"""A search for the learning rate: the same program, run with other numbers.

You learn that an optimizer's numbers are inputs of the compiled loop, so that the second fit of a
sweep compiles nothing; and that a rate too large is told, with what to do, and not returned.
"""

import numpy as np

import thalweg as tw


def loss(params, X, y):
    """Return the mean squared error of a linear model."""
    return np.mean((X @ params["w"] + params["b"] - y) ** 2)


def main():
    """Try rates from too small to too large; return what became of each."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 10)) * np.linspace(0.3, 3, 10)
    y = X @ rng.normal(size=10) + 2 + 0.1 * rng.normal(size=2000)
    start = {"w": np.zeros(10), "b": 0.0}

    losses, compiled, advice = {}, 0, ""
    for rate in (0.0001, 0.001, 0.003, 0.01, 0.03, 10.0):
        optimizer = tw.optim.sgd(rate, momentum=0.9)
        try:
            fit = tw.fit(
                loss, start, (X, y), optimizer=optimizer, batch_size=50, epochs=5, progress=False
            )
        except tw.errors.TrainingDiverged as error:
            advice = str(error)
            print(f"{rate:8.4f}  diverged at step {error.step}")
            continue
        losses[rate] = float(loss(fit.params, X, y))
        compiled += fit.compile_seconds > 0
        print(f"{rate:8.4f}  {losses[rate]:9.4f}  compile {fit.compile_seconds:.2f} s")
    best = min(losses, key=losses.get)
    print(f"the best rate is {best:.4f}. Of the last that diverged it was said:\n{advice}")
    return {"losses": losses, "best": best, "compiled": int(compiled), "advice": advice}


if __name__ == "__main__":
    main()
