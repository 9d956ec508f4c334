"""Names of parameters, losses, columns and files are shown, never obeyed, in all that is said."""

from __future__ import annotations

import pickle
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import thalweg as tw
from tests.foreign_texts import TEXTS, commands
from thalweg import errors
from thalweg.data.frames import read_table
from thalweg.data.frames.frame import from_frame
from thalweg.errors import ThalwegError, printable
from thalweg.torch import nn

TEXT = "".join(TEXTS.values())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_shown_on_one_line_and_commands_nothing(text: str) -> None:
    shown = printable(text)
    assert commands(shown) == set()
    assert "\n" not in shown
    assert printable(shown) == shown


def test_ordinary_texts_of_all_languages_stay_as_they_are() -> None:
    for text in ("Größe", "цена", "価格", "سعر", "τ² ≥ 0", "a b", "10\u00a0%", "C:\\x", "😀", ""):
        assert printable(text) == text


ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ThalwegError)
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_no_error_hands_on_a_command(kind: type[ThalwegError]) -> None:
    more = {"step": 1, "params": None} if kind is errors.TrainingDiverged else {}
    error = kind(f"Of {TEXT}\nsecond line", **more)
    assert commands(str(error)) - {"\t"} == set()
    assert commands("".join(traceback.format_exception(error))) - {"\t"} == set()
    assert str(error).startswith("Of a\\x1b[31mred")
    if not more:
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
    # What is said of files and of data is one sentence.
    if issubclass(kind, errors.DataError | errors.CheckpointError | errors.SpecError):
        assert "\n" not in str(error)


def odd_loss(params: Any, x: Any) -> Any:
    return sum(np.mean((x - leaf) ** 2) for leaf in tw.tree.leaves(params))


odd_loss.__name__ = odd_loss.__qualname__ = TEXT


@pytest.fixture(scope="module")
def fit() -> tw.Fit:
    params = dict.fromkeys(TEXTS.values(), 1.0)
    return tw.fit(odd_loss, params, np.ones(8), optimizer=tw.optim.sgd(0.1), batch_size=4, epochs=2)


def test_a_fit_prints_no_command(fit: tw.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit")
    for found in (fit, tw.load(tmp_path / "fit")):
        for shown in (repr(found), str(found), found._repr_html_(), repr(found.history)):
            assert commands(shown) == set()
        page = found._repr_html_()
        assert "<script" not in page
        assert "\n" not in page
        assert repr(found).count("\n") < 16
        assert set(found.params) == set(TEXTS.values())
        labels = [
            text.get_text() for text in found.plot().get_children() if hasattr(text, "get_text")
        ]
        assert commands("".join(labels)) == set()


class Odd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ParameterDict({"w" + TEXT.replace(".", ""): tw.zeros(2)})


SGD = tw.optim.sgd(0.1)
FRAME = pd.DataFrame({TEXT: [1.0, np.nan], "b": [1.0, 2.0]})
PATH = "odd\x1b[31m\n\u202e"


def fitted(params: Any = 0.0, loss: Any = odd_loss, data: Any = None, **more: Any) -> tw.Fit:
    data = np.ones(4) if data is None else data
    return tw.fit(loss, params, data, **{"optimizer": SGD, **more})


def raising(info: Any) -> None:
    raise ThalwegError(TEXT)


raising.__qualname__ = TEXT


def short_row(folder: Path) -> Any:
    path = folder / f"{PATH}.csv"
    quoted = TEXT.replace('"', "").replace("\r", "")
    path.write_text(f'a,"{quoted}"\n1,2\n1,2,"\x1b[31m\x07\x9b"\n')
    return read_table(path)


def lists(folder: Path) -> Any:
    pd.DataFrame({TEXT: [[1], [2]]}).to_parquet(folder / f"{PATH}.parquet")
    return read_table(folder / f"{PATH}.parquet")


MISTAKES: dict[str, Callable[[Path], Any]] = {
    "nan": lambda folder: fitted(np.zeros(2), lambda p, X: np.sum(X * p), FRAME),
    "dtype": lambda folder: fitted({TEXT: 1}),
    "no number": lambda folder: fitted({TEXT: "x"}),
    "structure": lambda folder: tw.tree.map(lambda a, b: a, {TEXT: 1}, {"x": 1}),
    "diverged": lambda folder: fitted({TEXT: 2.0}, optimizer=tw.optim.sgd(1e3), steps=500),
    "shape": lambda folder: fitted({TEXT: np.ones(3)}, lambda p, X: X @ p[TEXT], np.ones((4, 2))),
    "engine": lambda folder: fitted(engine=TEXT),
    "shuffle": lambda folder: fitted(shuffle=TEXT),
    "progress": lambda folder: fitted(progress=TEXT),
    "resume": lambda folder: fitted(resume=folder / PATH),
    "checkpoint": lambda folder: fitted(checkpoint=folder / PATH / "absent"),
    "load": lambda folder: tw.load(folder / PATH),
    "key": lambda folder: fitted({(TEXT, 1): 1.0}).save(folder / "x"),
    "save": lambda folder: tw.save({TEXT: {1}}, folder / "x"),
    "save there": lambda folder: tw.save({TEXT: 1}, folder / PATH / "absent"),
    "state": lambda folder: Odd().load_state_dict({TEXT: np.zeros(2)}),
    "callback": lambda folder: fitted(callbacks=raising),
    "member": lambda folder: nn.Linear(1, 1).get_submodule(TEXT),
    "short row": short_row,
    "absent": lambda folder: read_table(folder / PATH),
    "lists": lists,
    "frame": lambda folder: from_frame(pd.DataFrame({TEXT: [[1], [2]]})),
    "twice": lambda folder: from_frame(pd.DataFrame([[1, 2]], columns=[TEXT, TEXT])),
    "column": lambda folder: from_frame(FRAME, TEXT)[TEXT + "x"],
    "rate": lambda folder: tw.optim.sgd(TEXT),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_without_a_command(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(ThalwegError, match=r".") as caught:
            MISTAKES[name](tmp_path)
    # Line ends and tabs may lay a message out, as those of load_state_dict do.
    said = "".join(traceback.format_exception_only(caught.value))
    assert commands(said) - {"\t"} == set()
    for warning in told:
        assert commands(str(warning.message)) == set()


def test_a_module_prints_no_command() -> None:
    assert commands(repr(Odd())) == set()
    layers = nn.Sequential()
    layers.add_module("x" + TEXT.replace(".", ""), nn.Linear(1, 1))
    assert commands(repr(layers)) == set()
