"""Models of the command line."""

import numpy as np
from numpy.testing import assert_allclose

from thalweg.cli.models import flat, initial, nested, scores, squared_weights
from thalweg.cli.spec import Model


def test_a_network_is_affine_maps_with_rectifiers_between() -> None:
    params = initial(Model("mlp", (7, 3)), features=4, outputs=2, seed=5)
    params["weights"][-1] = np.random.default_rng(0).normal(size=(3, 2))
    X = np.random.default_rng(1).normal(size=(6, 4))
    (A, B, C), (a, b, c) = params["weights"], params["biases"]
    hidden = np.maximum(np.maximum(X @ A + a, 0) @ B + b, 0)
    assert_allclose(scores(params, X), hidden @ C + c)
    assert squared_weights(params) == sum(np.sum(W**2) for W in (A, B, C))


def test_one_output_gives_one_score_a_row() -> None:
    params = initial(Model("mlp", (7,)), features=4, outputs=1, seed=5)
    assert scores(params, np.ones((6, 4))).shape == (6,)


def test_initial_weights_follow_from_the_seed() -> None:
    first, same, other = (initial(Model("mlp", (50,)), 40, 1, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["weights"][0], same["weights"][0])
    assert not np.array_equal(first["weights"][0], other["weights"][0])
    assert_allclose(first["weights"][0].std(), np.sqrt(2 / 40), rtol=0.1)


def test_parameters_come_back_from_their_names() -> None:
    params = initial(Model("mlp", (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), 3, 1, seed=0)
    back = nested(flat(params))
    for kind in ("weights", "biases"):
        for one, two in zip(params[kind], back[kind], strict=True):
            np.testing.assert_array_equal(one, two)
