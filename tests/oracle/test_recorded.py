"""What once agreed with PyTorch's operator data base agrees still."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("expecttest")
pytest.importorskip("torch")

from tests.oracle import spelling
from tests.oracle.database import entries
from tests.oracle.differences import DIFFERENCES, LENIENCE
from tests.oracle.judge import MODES, judge
from thalweg import torch as wing

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))
ENTRIES = entries()

# PyTorch warns of functions it deprecates, in the making of its own samples.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

# The others, whose samples are many or slow to make, are left to `make oracle`.
FEW = 30
QUICK = sorted(name for name, agreed in RECORDED.items() if sum(agreed) <= FEW and name in ENTRIES)


@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", QUICK)
def test_an_entry_agrees_as_far_as_it_did(name: str) -> None:
    verdict = judge(name, ENTRIES[name])
    assert verdict is not None, f"{name} has no function any more"
    found = [verdict.agreed[mode] for mode in MODES]
    lost = [m for m, new, old in zip(MODES, found, RECORDED[name], strict=True) if new < old]
    assert not lost, "\n".join(c for c in verdict.complaints if c.startswith(tuple(lost)))


def test_the_record_covers_what_is_claimed() -> None:
    assert len(RECORDED) >= 250
    assert set(RECORDED) <= set(ENTRIES)


def test_a_wrong_function_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.oracle.spelling.function_of", lambda name, info: lambda x: x * 1.0)
    verdict = judge("sin", ENTRIES["sin"])
    assert verdict is not None
    assert verdict.asked["values"] > 0
    assert verdict.agreed["values"] == verdict.agreed["gradients"] == 0


def test_what_pytorch_itself_computes_is_no_error() -> None:
    # The data base says that the second operand is no number; PyTorch takes it.
    verdict = judge("clamp_max", ENTRIES["clamp_max"], ("errors",))
    assert verdict is not None
    assert 0 < verdict.agreed["errors"] == verdict.asked["errors"] < 3


def test_operators_are_those_of_their_first_operand() -> None:
    subtract = spelling.function_of("__rsub__", ENTRIES["__rsub__"])
    assert subtract is not None
    assert subtract(wing.tensor([1.0]), 3.0).tolist() == [2.0]
    with pytest.raises(TypeError, match="unsupported operand types of __rsub__"):
        subtract(3, wing.tensor([1.0]))


def test_every_reason_is_one_of_an_entry() -> None:
    assert DIFFERENCES.keys() <= ENTRIES.keys()
    for _, names in LENIENCE.values():
        assert names <= ENTRIES.keys()
