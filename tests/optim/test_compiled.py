"""Every transformation and schedule is a native loop: nothing in it is called back for."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import (
    DATA,
    OPTIMIZERS,
    OWN_SCHEDULES,
    SCHEDULES,
    Sample,
    listed,
    loss,
    params,
)
from tests.optim.test_other_arrays import CASES, Case, quiet
from thalweg import optim

# The first of each row; what is no optimizer has a rate behind it.
FIRST = [case for case in CASES if not case.number and case.table != "pairs"]

# Its steps across the gradient are long: what rounding changes grows tenfold a step.
ROUGH = {"shampoo": 1e-3}


def makers(namespace: Any) -> set[str]:
    """Return the names of the functions that make transformations."""
    public = [getattr(namespace, name) for name in dir(namespace) if not name.startswith("_")]
    made = "GradientTransformation", "GradientTransformationExtraArgs"
    return {
        function.__name__
        for function in filter(inspect.isfunction, public)
        if inspect.signature(function).return_annotation in made
    }


def test_every_transformation_has_a_row() -> None:
    found = makers(optim) | makers(optim.contrib)
    assert len(found) > 120
    # It changes what an update takes, and nothing that is computed.
    assert found - {case.name for case in CASES} == {"with_extra_args_support"}


# What a mask leaves out is moved along the gradient.
@pytest.mark.sampled(3)
@quiet
@pytest.mark.filterwarnings("ignore:The loss rose")
@pytest.mark.parametrize("case", FIRST, ids=lambda case: case.label)
def test_a_native_fit_is_the_reference_engines(case: Case) -> None:
    made, start = case.made(), case.start("float64")
    steps = case.table in ("optimizers", "contrib", "beyond", "searching")
    optimizer = made if steps else optim.chain(made, optim.sgd(0.01))
    native, reference = (
        tw.fit(
            *(loss, start, DATA),
            optimizer=optimizer,
            batch_size=4,
            epochs=3,
            engine=engine,
            fallback="refuse",
        )
        for engine in ("native", "numpy")
    )
    assert (native.engine, reference.engine) == ("native", "numpy")
    pairs = zip(tw.tree.leaves(native.params), tw.tree.leaves(reference.params), strict=True)
    for ours, expected in pairs:
        assert np.isfinite(ours).all()
        close = ROUGH.get(case.name, 1e-9)
        np.testing.assert_allclose(ours, expected, rtol=close, atol=close / 1000)


@pytest.mark.parametrize("sample", listed(SCHEDULES | OWN_SCHEDULES))
def test_every_schedule_is_computed_in_the_native_loop(sample: Sample) -> None:
    fits = [
        tw.fit(
            *(loss, params(), DATA),
            optimizer=optim.sgd(sample(optim)),
            batch_size=4,
            epochs=3,
            engine=engine,
            fallback="refuse",
        )
        for engine in ("native", "numpy")
    ]
    assert fits[0].engine == "native"
    for ours, expected in zip(*(tw.tree.leaves(fit.params) for fit in fits), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


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
