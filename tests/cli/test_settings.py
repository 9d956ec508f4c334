"""The file that repeats a run keeps every setting."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.cli.settings import Settings, from_toml, to_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(data=TEXTS, target=TEXTS, drop=st.lists(TEXTS, max_size=3), l2=st.floats(0, 1e300))
def test_any_texts_and_numbers_come_back(
    tmp_path_factory: pytest.TempPathFactory, data: str, target: str, drop: list[str], l2: float
) -> None:
    settings = Settings(data, target, drop=tuple(drop), l2=l2, epochs=3, loss="huber(2.0)")
    path: Path = tmp_path_factory.getbasetemp() / "run.toml"
    path.write_text(to_toml(settings, {"digest": "x"}), encoding="utf-8")
    found, facts = from_toml(path)
    assert Settings(**found) == settings
    assert facts == {"digest": "x"}
