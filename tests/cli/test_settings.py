"""The file that repeats a run keeps every setting."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.cli.settings import from_toml, options_of, to_toml
from thalweg.errors import ArgumentError
from thalweg.estimators import Settings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    data=TEXTS,
    target=TEXTS,
    drop=st.lists(TEXTS.map(lambda text: text + "!"), max_size=3),
    l2=st.floats(0, 1e300),
)
def test_any_texts_and_numbers_come_back(
    tmp_path_factory: pytest.TempPathFactory, data: str, target: str, drop: list[str], l2: float
) -> None:
    settings = Settings(
        target.replace("!", ""), drop=tuple(drop), l2=l2, epochs=3, loss="huber(2.0)"
    )
    options = {"data": data, **vars(settings)}
    path: Path = tmp_path_factory.getbasetemp() / "run.toml"
    path.write_text(to_toml(options, {"digest": "x"}), encoding="utf-8")
    found, facts = from_toml(path)
    assert found.pop("data") == data
    assert Settings(**found) == settings
    assert facts == {"digest": "x"}


def test_a_run_that_was_edited_or_lost_its_facts_is_told_from_one_as_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.toml"
    options = options_of(Settings("y", l2=1.5, epochs=30, optimizer="newton"), {"data": "a"})
    text = to_toml(options, {"digest": "x"})
    for changed, edited in (
        (text, False),
        (text.replace("\n\n", "\n# mine\n"), False),
        (text.replace("l2 = 1.5", "l2 = 1.50"), False),
        (text.replace("l2 = 1.5", "l2 = 1.7"), True),
        (text.replace("epochs = 30\n", ""), True),
        (text.partition("[facts]")[0], True),
        (text.replace("checksum", "checksun"), True),
        ('[fit]\ndata = "a.csv"\ntarget = "y"\n', False),
    ):
        path.write_text(changed)
        assert from_toml(path)[1].get("edited", False) == edited, changed


@pytest.mark.parametrize("text", ["facts = 5\n[fit]\n", "a = " + "[" * 5000, "\xff", "[fit"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ArgumentError, match=r"run\.toml"):
        from_toml(path)
