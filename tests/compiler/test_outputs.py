import numpy as np
import pytest

import thalweg as tw
from thalweg.optim import GradientTransformation


def keeps(initial, change) -> GradientTransformation:
    """A transformation that leaves the updates alone and changes a state of its own."""
    return GradientTransformation(
        lambda params: initial(params),
        lambda updates, state, params=None, **extra: (updates, change(params, state)),
    )


def run(optimizer, engine):
    fit = tw.fit(
        lambda b: np.sum(b**2),
        np.array([1.0, 2.0, 3.0]),
        optimizer=tw.optim.chain(optimizer, tw.optim.sgd(0.1)),
        steps=3,
        engine=engine,
    )
    return [fit.params, *map(np.asarray, tw.tree.leaves(fit.opt_state))]


@pytest.mark.parametrize(
    ("initial", "change"),
    [
        (lambda p: (np.zeros(3), np.ones(3)), lambda p, s: (s[1], s[0])),
        (lambda p: (p, p), lambda p, s: (p, s[0])),
        (lambda p: np.float64(4.0), lambda p, s: 7.0),
        (lambda p: (np.zeros(3), np.zeros(3)), lambda p, s: (2 * p, 2 * p)),
        (lambda p: np.zeros(3), lambda p, s: s),
    ],
    ids=["exchanged", "the parameters before", "a constant", "one value twice", "unchanged"],
)
def test_states_that_nothing_computes_are_kept_as_the_reference_keeps_them(initial, change) -> None:
    optimizer = keeps(initial, change)
    for native, reference in zip(run(optimizer, "native"), run(optimizer, "numpy"), strict=True):
        np.testing.assert_allclose(native, reference, rtol=1e-15)


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_a_loss_that_is_a_parameter_is_recorded_before_its_update(engine) -> None:
    fit = tw.fit(lambda b: b, 1.0, optimizer=tw.optim.sgd(0.5), steps=4, engine=engine)
    assert fit.history.loss.tolist() == [1.0, 0.5, 0.0, -0.5]
