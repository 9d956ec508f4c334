"""The folder of a model: what is saved is loaded, and files of others are left alone."""

import errno
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from thalweg.cli import main
from thalweg.errors import ArgumentError, CheckpointError
from thalweg.estimators import FittedModel, fit_table, read_model, save_model
from thalweg.estimators.folder import write_model
from thalweg.training import storage

LOADERS = {"diabetes": load_diabetes, "cancer": load_breast_cancer, "digits": load_digits}


@pytest.fixture(scope="module")
def model() -> FittedModel:
    return fit_table(load_diabetes(as_frame=True).frame, "target").model


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("diabetes", {}),
        ("diabetes", {"loss": "huber(1.5)"}),
        ("diabetes", {"model": "mlp:8,4", "epochs": 2}),
        ("cancer", {}),
        ("cancer", {"loss": "hinge", "epochs": 2}),
        ("digits", {"epochs": 2, "batch_size": 100}),
    ],
)
def test_a_loaded_model_predicts_bit_for_bit(
    tmp_path: Path, name: str, settings: dict[str, object]
) -> None:
    frame = LOADERS[name](as_frame=True).frame
    fitted = fit_table(frame, "target", progress=False, **settings).model
    save_model(fitted, tmp_path / "deep" / "m")
    loaded = read_model(str(tmp_path / "deep" / "m"))
    assert loaded.encoding == fitted.encoding
    assert loaded.spec == fitted.spec
    np.testing.assert_array_equal(loaded.scores(frame), fitted.scores(frame))
    np.testing.assert_array_equal(loaded.predict(frame), fitted.predict(frame))


def test_the_command_line_writes_what_python_reads(tmp_path: Path) -> None:
    frame = load_diabetes(as_frame=True).frame
    frame.to_csv(tmp_path / "d.csv", index=False)
    assert main(["fit", str(tmp_path / "d.csv"), "-y", "target", "--out", str(tmp_path / "m")]) == 0
    found, expected = read_model(tmp_path / "m"), fit_table(tmp_path / "d.csv", "target").model
    np.testing.assert_array_equal(found.predict(frame), expected.predict(frame))
    np.testing.assert_array_equal(found.coefficients.values, expected.coefficients.values)


def test_an_earlier_model_is_replaced_but_no_other_files(
    tmp_path: Path, model: FittedModel
) -> None:
    write_model(model, tmp_path / "m", {"note.txt": "first"})
    write_model(model, tmp_path / "m", {"note.txt": "second"})
    assert (tmp_path / "m" / "note.txt").read_text() == "second"
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(ArgumentError, match="holds other files"):
        save_model(model, tmp_path / "thesis" / "..")
    assert {path.name for path in tmp_path.iterdir()} >= {"thesis.tex", "m"}
    assert not (tmp_path / "model.json").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, model: FittedModel) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/m"):
        with pytest.raises(CheckpointError, match="cannot be written"):
            save_model(model, tmp_path / folder)


@pytest.mark.parametrize("written", range(3))
def test_a_save_cut_short_leaves_the_earlier_model_whole(
    tmp_path: Path, model: FittedModel, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    write_model(model, tmp_path / "m", {"note.txt": "first"})
    before = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()}
    through, left = storage._write_through, [written]

    def full(path: Path, content: bytes) -> None:
        if not left[0]:
            path.write_bytes(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        through(path, content)

    monkeypatch.setattr(storage, "_write_through", full)
    with pytest.raises(CheckpointError, match="No space"):
        write_model(model, tmp_path / "m", {"note.txt": "second"})
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} == before
    read_model(tmp_path / "m")
