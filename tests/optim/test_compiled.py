"""Every optimizer and transformation is a native loop: nothing in it is called back for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import DATA, OPTIMIZERS, TRANSFORMATIONS, Sample, listed, loss, params
from thalweg import optim

# One of each; what is no optimizer has a rate behind it.
FIRST = {name: row[:1] for name, row in (OPTIMIZERS | TRANSFORMATIONS).items()}
# Compiled in the tests of fits, of recipes and of schedules, or as part of another row.
ELSEWHERE = {"identity", "stateless", "stateless_with_tree_map", "chain", "set_to_zero", "masked"}


# What a mask leaves out is moved along the gradient.
@pytest.mark.filterwarnings("ignore:The loss rose")
@pytest.mark.parametrize("sample", listed({k: v for k, v in FIRST.items() if k not in ELSEWHERE}))
def test_a_native_fit_is_the_reference_engines(sample: Sample) -> None:
    made = sample(optim)
    own = repr(made).partition("(")[0] in OPTIMIZERS
    optimizer = made if own else optim.chain(made, optim.sgd(0.01))
    fits = [
        tw.fit(loss, params(), DATA, optimizer=optimizer, batch_size=4, epochs=3, engine=engine)
        for engine in ("native", "numpy")
    ]
    found, expected = (tw.tree.leaves(fit.params) for fit in fits)
    for ours, reference in zip(found, expected, strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-12)


# Their states have something in them that is no tree of averages: keys, flags, lists, pairs.
OTHER_STATES = ("noisy_sgd", "optimistic_gradient_descent", "sm3", "novograd", "adafactor", "adan")


@pytest.mark.filterwarnings("ignore:The loss rose")
@pytest.mark.parametrize("name", OTHER_STATES)
def test_a_fit_goes_on_from_its_file_bit_for_bit(name: str, tmp_path: Path) -> None:
    optimizer = OPTIMIZERS[name][0](optim)

    def run(steps: int, **settings: Any) -> Any:
        return tw.fit(
            loss, params(), DATA, optimizer=optimizer, batch_size=4, steps=steps, **settings
        )

    run(5).save(tmp_path / "half")
    whole, found = run(9), run(4, resume=tmp_path / "half")
    for one, other in zip(*map(tw.tree.leaves, (whole.params, found.params)), strict=True):
        np.testing.assert_array_equal(one, other)
