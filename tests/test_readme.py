"""What the README and the pages of docs show, run in order as a reader would."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks_of(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


BLOCKS = blocks_of(README)
COMMANDS = re.findall(r"^thalweg (?:fit|predict) .*$", README, re.MULTILINE)
# A line `expression  # → value` states what it evaluates to.
STATED = re.compile(r"^(\S.*?)  # → (.*)$", re.MULTILINE)


def run(block: str, namespace: dict[str, Any]) -> None:
    """Run a block up to each stated value, and compare it."""
    done = 0
    for stated in STATED.finditer(block):
        exec(block[done : stated.start()], namespace)
        assert str(eval(stated.group(1), namespace)) == stated.group(2), stated.group(0)
        done = stated.end()
    exec(block[done:], namespace)


def test_the_blocks_of_the_readme_run_and_state_the_truth(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    for block in BLOCKS:
        run(block, namespace)
    assert sum(len(STATED.findall(block)) for block in BLOCKS) >= 8


@pytest.mark.singles
def test_the_blocks_of_the_page_for_pytorch_s_users_state_the_truth(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "coming-from-pytorch.md").read_text(encoding="utf-8")
    before, namespace = tw.get_default_dtype(), {}
    try:
        for block in blocks_of(page):
            run(block, namespace)
    finally:
        tw.set_default_dtype(before)
    assert len(page.splitlines()) <= 120


def test_the_blocks_of_the_page_for_optax_s_users_state_the_truth(tmp_path, monkeypatch) -> None:
    for library in ("jax", "optax", "torch"):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "coming-from-optax.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    for block in blocks_of(page):
        run(block, namespace)
    assert sum(len(STATED.findall(block)) for block in blocks_of(page)) >= 8
    assert len(page.splitlines()) <= 140


@pytest.mark.singles
def test_the_blocks_of_the_page_beyond_optax_state_the_truth(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "beyond-optax.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    for block in blocks_of(page):
        run(block, namespace)
    assert sum(len(STATED.findall(block)) for block in blocks_of(page)) >= 14
    assert len(page.splitlines()) <= 170


def test_a_value_that_is_not_true_is_found() -> None:
    with pytest.raises(AssertionError, match="# → 3"):
        run("x = 1\nx + 1  # → 3\n", {})


def write_houses(houses: Path, new: Path) -> None:
    """Write a table of rooms and prices, and one of a room number alone."""
    rng = np.random.default_rng(0)
    rooms = rng.integers(1, 7, 200)
    prices = 50.0 * rooms + 20 + rng.normal(size=200)
    rows = [f"{r},{p:.4f}" for r, p in zip(rooms, prices, strict=True)]
    houses.write_text("\n".join(["rooms,price", *rows]) + "\n", encoding="utf-8")
    new.write_text("rooms\n3\n", encoding="utf-8")


def test_the_commands_of_the_readme_run_on_a_file(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write_houses(Path("houses.csv"), Path("new.csv"))
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        capsys.readouterr()
        assert main(shlex.split(command)[1:]) == 0
    predicted = capsys.readouterr().out.split()
    assert float(predicted[-1].split(",")[-1]) == pytest.approx(170, abs=5)
