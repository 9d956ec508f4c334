"""Data and losses the tests of this room share."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.engines import registry


@pytest.fixture(params=list(registry.ENGINES))
def engine(request):
    return request.param


@pytest.fixture(scope="session")
def regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(103, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=103)
    return X, y


@pytest.fixture
def squared():
    def squared(beta, X, y):
        return np.mean((y - X @ beta) ** 2)

    return squared


@pytest.fixture
def sgd():
    return tw.optim.sgd(0.1)
