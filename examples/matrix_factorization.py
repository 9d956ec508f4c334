"""Matrix factorization: from some of the ratings of films by people, the rest.

You learn that a loss may look up rows of parameters by index arrays, as recommenders and word
vectors do; that only the rows met are touched; and to stop when held-out rows get no better.
"""

import numpy as np

import thalweg as tw

PEOPLE, FILMS, RANK = 300, 200, 4


def predict(params, person, film):
    """Return the rating of each pair: ⟨Uᵢ, Vⱼ⟩ + bᵢ + cⱼ + μ."""
    tastes = np.sum(params["U"][person] * params["V"][film], axis=1)
    return tastes + params["person"][person] + params["film"][film] + params["mean"]


def loss(params, person, film, rating):
    """Return the squared error with a penalty on what the batch looked up."""
    error = np.mean((predict(params, person, film) - rating) ** 2)
    size = np.mean(params["U"][person] ** 2) + np.mean(params["V"][film] ** 2)
    return error + 0.02 * size


def main():
    """Fit the factors; return the errors on ratings that were not trained on."""
    rng = np.random.default_rng(0)
    U, V = rng.normal(size=(PEOPLE, RANK)), rng.normal(size=(FILMS, RANK))
    truth = 3.5 + 0.5 * U @ V.T + 0.3 * rng.normal(size=FILMS)
    person, film = np.divmod(rng.permutation(PEOPLE * FILMS)[:15_000], FILMS)
    rating = truth[person, film] + 0.2 * rng.normal(size=15_000)
    person, film = person.astype(np.int32), film.astype(np.int32)
    train = {"person": person[:12_000], "film": film[:12_000], "rating": rating[:12_000]}
    held_out = {"person": person[12_000:], "film": film[12_000:], "rating": rating[12_000:]}

    start = {
        "U": 0.1 * rng.normal(size=(PEOPLE, RANK)),
        "V": 0.1 * rng.normal(size=(FILMS, RANK)),
        "person": np.zeros(PEOPLE),
        "film": np.zeros(FILMS),
        "mean": float(train["rating"].mean()),
    }
    fit = tw.fit(
        loss,
        start,
        train,
        optimizer=tw.optim.adam(0.01),
        batch_size=100,
        epochs=100,
        validation=held_out,
        patience=5,
    )
    found = predict(fit.best_params, held_out["person"], held_out["film"])
    rmse = float(np.sqrt(np.mean((found - held_out["rating"]) ** 2)))
    null = float(np.std(held_out["rating"]))
    print(fit)
    print(f"held-out RMSE {rmse:.3f}; of the mean rating {null:.3f}; of the noise alone 0.2")
    return {"rmse": rmse, "null": null, "epochs": fit.epochs}


if __name__ == "__main__":
    main()
