"""Every scheduler gives the learning rates of PyTorch's, from the start and from a state."""

from typing import Any

import numpy as np
import pytest

from tests.torch.optim.schedulers import Plain, Sample, listed, ours, theirs, walk
from thalweg import torch as wing
from thalweg.torch.optim import lr_scheduler

torch = pytest.importorskip("torch")
oracle = torch.optim.lr_scheduler

STEPS = 40
GROUPS: list[tuple[float, ...]] = [(0.5,), (1e-3, 0.7, 3.0)]
OPTIONS: list[dict[str, Any]] = [{"momentum": 0.9}, {"betas": (0.9, 0.999)}]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("make", [Plain, ours], ids=["rates alone", "optimizer"])
@pytest.mark.parametrize("options", OPTIONS, ids=["momentum", "betas"])
@pytest.mark.parametrize("rates", GROUPS, ids=["one group", "three groups"])
@pytest.mark.parametrize("sample", listed())
def test_a_scheduler_gives_the_rates_and_momenta_of_pytorch(
    sample: Sample, rates: tuple[float, ...], options: dict[str, Any], make: Any
) -> None:
    optimizer, other = make(rates, **options), theirs(rates, **options)
    found = walk(optimizer, sample(lr_scheduler, optimizer), STEPS)
    expected = walk(other, sample(oracle, other), STEPS)
    # PyTorch multiplies rate by rate and rounds each time; here no error gathers.
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-14)


@pytest.mark.parametrize("sample", listed())
def test_a_scheduler_notes_in_groups_what_pytorch_notes_in_its_order(sample: Sample) -> None:
    found, expected = ours((0.5,), momentum=0.9), theirs((0.5,), momentum=0.9)
    known = list(expected.param_groups[0])
    sample(lr_scheduler, found)
    sample(oracle, expected)
    noted = [name for name in expected.param_groups[0] if name not in known]
    assert [name for name in found.param_groups[0] if name not in known] == noted


def train(
    library: Any, kind: str, sample: Sample, module: Any, interrupted: bool
) -> tuple[Any, Any]:
    """Return parameters trained with a scheduler, perhaps saved and restored on the way."""
    double = {} if library is wing else {"dtype": torch.float64}

    def make() -> tuple[Any, Any, Any]:
        w = library.tensor([1.0, -2.0, 3.0], requires_grad=True, **double)
        options = {"momentum": 0.9} if kind == "SGD" else {}
        optimizer = getattr(library.optim, kind)([w], lr=0.05, **options)
        return w, optimizer, sample(module, optimizer)

    w, optimizer, scheduler = make()
    target = library.tensor([0.3, 0.1, -0.2], **double)
    for step in range(STEPS):
        if interrupted and step == 23:
            states = optimizer.state_dict(), scheduler.state_dict()
            before, (w, optimizer, scheduler) = w, make()
            with library.no_grad():
                w.copy_(before)
            optimizer.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
        optimizer.zero_grad()
        ((w - target) ** 2 * (1 + step % 3)).sum().backward()
        optimizer.step()
        scheduler.step()
    return w.detach().numpy(), scheduler.get_last_lr()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("sample", listed())
def test_training_with_a_scheduler_gives_the_parameters_of_pytorch(
    sample: Sample, kind: str
) -> None:
    found = train(wing, kind, sample, lr_scheduler, False)
    expected = train(torch, kind, sample, oracle, False)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-9, atol=1e-12)
    resumed = train(wing, kind, sample, lr_scheduler, True)
    np.testing.assert_array_equal(resumed[0], found[0])
    assert resumed[1] == found[1]


@pytest.mark.parametrize("sample", listed())
def test_the_rates_do_not_depend_on_the_default_dtype(sample: Sample) -> None:
    rates = []
    for dtype in (wing.float64, wing.float32):
        wing.set_default_dtype(dtype)
        try:
            optimizer = ours((0.5, 1e-3), momentum=0.9)
            rates.append(walk(optimizer, sample(lr_scheduler, optimizer), STEPS))
        finally:
            wing.set_default_dtype(wing.float64)
    np.testing.assert_array_equal(rates[0], rates[1])


@pytest.mark.parametrize("options", [{}, {"anneal_strategy": "linear"}, {"three_phase": True}])
def test_one_cycle_has_the_step_that_pytorch_has_beyond_it(options: dict[str, Any]) -> None:
    rates = []
    for lib in (wing, torch):
        optimizer = lib.optim.SGD([lib.ones(1, requires_grad=True)], lr=0.1, momentum=0.9)
        scheduler = lib.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=9, **options)
        for _ in range(9):
            optimizer.step()
            scheduler.step()
        group = optimizer.param_groups[0]
        rates.append((group["lr"], group["momentum"]))
        with pytest.raises(ValueError, match=r"9 steps|total"):
            scheduler.step()
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12)
