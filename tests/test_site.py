"""The pages of the site: their code runs as a reader would run it, and MkDocs makes them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import thalweg as tw
from tests.test_readme import ROOT, STATED, blocks_of, run

DOCS = ROOT / "docs"
# Tests of their own, with further claims, are in test_readme.py.
ELSEWHERE = {"beyond-optax.md", "coming-from-optax.md", "coming-from-pytorch.md"}
NEEDED = {"coming-from-scikit-learn.md": "sklearn", "coming-from-statsmodels.md": "statsmodels"}


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


PAGES = sorted(
    page
    for path in DOCS.rglob("*.md")
    if blocks_of(text_of(page := path.relative_to(DOCS).as_posix())) and page not in ELSEWHERE
)


@pytest.mark.singles
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run_and_state_the_truth(page: str, tmp_path, monkeypatch) -> None:
    if page in NEEDED:
        pytest.importorskip(NEEDED[page])
    monkeypatch.chdir(tmp_path)
    before, namespace = tw.get_default_dtype(), {}
    try:
        for block in blocks_of(text_of(page)):
            run(block, namespace)
    finally:
        tw.set_default_dtype(before)


def test_every_page_states_values_or_shows_one_beginning() -> None:
    for page in PAGES:
        stated = sum(len(STATED.findall(block)) for block in blocks_of(text_of(page)))
        assert stated or page == "tour.md", page


@pytest.mark.parametrize("other", ["scikit-learn", "statsmodels", "r"])
def test_pages_for_users_of_other_libraries_are_short(other: str) -> None:
    assert len(text_of(f"coming-from-{other}.md").splitlines()) <= 80
