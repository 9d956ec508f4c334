"""Mistakes of users: an exit status, one line that says what to do, never a traceback."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Thalweg
from thalweg.cli import main
from thalweg.estimators import training

ROOT = Path(__file__).resolve().parents[2]


def line(ran: Ran, status: int = 2) -> str:
    """Return the one line on standard error; nothing else was said."""
    assert ran.status == status, ran
    assert ran.out == ""
    assert ran.err.startswith("thalweg: ")
    assert ran.err.count("\n") == 1
    return ran.err


@pytest.fixture
def diabetes(files: Path) -> tuple[object, ...]:
    return ("fit", files / "diabetes.csv", "-y", "target")


def test_no_command_shows_the_help(thalweg: Thalweg) -> None:
    ran = thalweg()
    assert ran.status == 0
    assert "demo" in ran.out


@pytest.mark.parametrize("command", ["fit", "predict", "demo"])
def test_each_command_has_help(thalweg: Thalweg, command: str) -> None:
    ran = thalweg(command, "--help")
    assert ran.status == 0
    assert "Usage" in ran.out


def test_an_unknown_command_is_answered_with_the_nearest(thalweg: Thalweg) -> None:
    assert 'Did you mean "fit"' in line(thalweg("fitt", "x.csv"))


def test_an_unknown_option_is_answered_with_the_nearest(
    thalweg: Thalweg, diabetes: tuple[object, ...]
) -> None:
    assert "--optimizer" in line(thalweg(*diabetes, "--optimiser", "adam(0.1)"))


def test_a_missing_file_is_named(thalweg: Thalweg) -> None:
    assert "nowhere.csv does not exist" in line(thalweg("fit", "nowhere.csv", "-y", "a"))
    assert "No file was given" in line(thalweg("fit"))


def test_an_unknown_column_is_answered_with_the_nearest(
    thalweg: Thalweg, diabetes: tuple[object, ...]
) -> None:
    assert "perhaps 'target'" in line(thalweg(*diabetes[:-1], "taget"))
    assert "perhaps 'bmi'" in line(thalweg(*diabetes, "--drop", "bm"))
    assert "--target" in line(thalweg(*diabetes[:2]))


def test_missing_values_are_named_by_column_and_row(thalweg: Thalweg, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("a,b\n1,2\n,3\n4,5\nNA,7\n")
    said = line(thalweg("fit", "m.csv", "-y", "b"))
    assert "column 'a' is missing in rows 2 and 4" in said
    assert "--missing mean" in said
    assert thalweg("fit", "m.csv", "-y", "b", "--missing", "mean", "--holdout", 0).status == 0


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [
        ("adm(0.1)", "perhaps adam"),
        ("adam(0.1", "no optimizer"),
        ("adam(learning_rat=0.1)", "perhaps learning_rate is meant"),
        ("adam(-1)", "[0, ∞)"),
        ("cosine_decay_schedule(0.1, 10)", "a schedule of learning rates"),
        ("__import__('os')", "there is no '__import__'"),
        ("adam", "learning_rate"),
        ("", "a name was expected"),
    ],
)
def test_an_optimizer_that_means_nothing_is_refused(
    thalweg: Thalweg, diabetes: tuple[object, ...], optimizer: str, said: str
) -> None:
    assert said in line(thalweg(*diabetes, "--optimizer", optimizer))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epochs", "many"), "--epochs"),
        (("--epochs", 0), "--epochs is 0"),
        (("--batch-size", -3), "--batch-size is -3"),
        (("--l2", "nan"), "--l2 is nan"),
        (("--seed", -1), "--seed is -1"),
        (("--seed", 1.5), "--seed: '1.5' is no whole number"),
        (("--epochs", 2.5), "--epochs: '2.5' is no whole number"),
        (("--batch-size", "1e2"), "--batch-size: '1e2' is no whole number"),
        (("--holdout", 1), "--holdout is 1.0"),
        (("--holdout", "0.999"), "at least 2 to train on"),
        (("--missing", "men"), "'mean'"),
        (("--task", "binry"), "'binary'"),
        (("--task", "binary"), "a binary target has two"),
        (("--model", "tree"), "there is no model"),
        (("--model", "mlp:0"), "a layer of size '0'"),
        (("--loss", "squard"), "'squared'"),
        (("--loss", "logistic"), "is for a binary target"),
        (("--loss", "squared(2)"), "takes no number"),
        (("--loss", "huber(-1)"), "a positive number"),
        (("--loss", "quantile(2)"), "between 0 and 1"),
        (("--optimizer", "newton", "--epochs", 3), "stops by itself"),
        (("--optimizer", "newton", "--model", "mlp:4"), "linear models"),
        (("--optimizer", "newton", "--loss", "absolute"), "smooth loss"),
        (("--run", "nowhere.toml"), "nowhere.toml cannot be read"),
    ],
)
def test_an_option_out_of_range_is_refused(
    thalweg: Thalweg, diabetes: tuple[object, ...], options: tuple[object, ...], said: str
) -> None:
    assert said in line(thalweg(*diabetes, *options))


def test_a_target_of_texts_is_no_regression(thalweg: Thalweg, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n3,z\n")
    said = line(thalweg("fit", "t.csv", "-y", "b", "--task", "regression"))
    assert "holds texts such as 'x'" in said


def test_counts_must_not_be_negative(thalweg: Thalweg, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("a,b\n1,0.5\n2,-1\n3,2\n")
    assert "negative" in line(thalweg("fit", "n.csv", "-y", "b", "--loss", "poisson"))


def test_a_folder_that_cannot_be_written_is_refused_before_training(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in line(thalweg(*diabetes, "--out", "file/m"))
    assert "cannot be written" in line(thalweg(*diabetes, "--out", "file"))
    assert "cannot be written" in line(thalweg("demo", "--out", "file"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fit", "no TOML file"),
        ("", "no table [fit]"),
        ("[fit]\ndata = 3\n", "data is 3"),
        ("[fit]\nepoch = 3\n", "Did you mean 'epochs'?"),
        ("[fit]\nseed = 'x'\n", "seed is 'x'"),
        ("[fit]\nseed = true\n", "seed is True"),
    ],
)
def test_a_damaged_run_is_refused(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "run.toml").write_text(text)
    assert said in line(thalweg(*diabetes, "--run", "run.toml"))


def test_no_model_is_named(thalweg: Thalweg, files: Path) -> None:
    assert "nowhere holds no model" in line(thalweg("predict", "nowhere", files / "digits.csv"))


def test_missing_columns_of_a_prediction_are_named(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path
) -> None:
    assert thalweg(*diabetes, "--out", "m").status == 0
    (tmp_path / "new.csv").write_text("age,sex\n1,2\n")
    assert "'bmi'" in line(thalweg("predict", "m", "new.csv"))


def test_a_run_that_diverges_has_a_status_of_its_own(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path
) -> None:
    said = line(thalweg(*diabetes, "--optimizer", "sgd(100)"), status=3)
    assert "learning rate" in said
    assert "`params`" not in said
    assert not [*tmp_path.iterdir()]


@pytest.mark.filterwarnings("ignore:The loss rose")
def test_a_run_too_short_to_diverge_writes_nothing_if_it_ends_far_above_its_start(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path
) -> None:
    said = line(thalweg(*diabetes, "--optimizer", "sgd(100)", "--epochs", 1), status=3)
    assert "no model was written" in said
    assert not [*tmp_path.iterdir()]


def test_an_interrupted_run_leaves_the_model_so_far(
    thalweg: Thalweg, diabetes: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seldom = training._seldom

    def pressed(info: object, *rest: object) -> None:
        seldom(info, *rest)
        if info.step >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "_seldom", pressed)
    ran = thalweg(*diabetes, "--model", "mlp:4", "--epochs", 50, "--out", "m")
    assert ran.status == 130
    assert "Interrupted after 20 steps" in ran.out
    monkeypatch.undo()
    assert main(["predict", str(tmp_path / "m"), str(diabetes[1])]) == 0


# ---- as a process


def process(
    *arguments: object, variables: dict[str, str] | None = None, **more: object
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "thalweg", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def test_the_module_runs_the_program(tmp_path: Path) -> None:
    ran = process("fit", "nowhere.csv", "-y", "a", cwd=tmp_path)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out) == (2, "")
    assert err == "thalweg: nowhere.csv does not exist; check its name and folder.\n"


def test_ctrl_c_ends_a_process_at_once(files: Path, tmp_path: Path) -> None:
    fit = ("fit", files / "digits.csv", "-y", "target", "--model", "mlp:256,256", "--epochs", 10**6)
    ran = process(*fit, cwd=tmp_path, variables={"THALWEG_CACHE_DIR": str(tmp_path / "cache")})
    try:
        # Compiled code is kept when training is about to begin.
        for _ in range(600):
            if any((tmp_path / "cache").glob("**/*")):
                break
            time.sleep(0.05)
        ran.send_signal(signal.SIGINT)
        out, err = ran.communicate(timeout=60)
    finally:
        ran.kill()  # else what does not end keeps a processor busy for ever
    assert ran.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in out + err


def test_a_terminal_of_few_letters_is_enough(files: Path, tmp_path: Path) -> None:
    ran = process(
        "fit",
        files / "diabetes.csv",
        "-y",
        "target",
        cwd=tmp_path,
        variables={"PYTHONIOENCODING": "ascii"},
    )
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (0, "")
    assert "squared loss" in out


def test_a_reader_that_leaves_is_no_error(files: Path, tmp_path: Path) -> None:
    assert (
        main(["fit", str(files / "digits.csv"), "-y", "target", "--out", str(tmp_path / "m")]) == 0
    )
    ran = process("predict", tmp_path / "m", files / "digits.csv")
    assert ran.stdout is not None
    ran.stdout.readline()
    ran.stdout.close()
    assert ran.wait(timeout=60) == 0
    assert ran.stderr is not None
    assert ran.stderr.read() == ""
    ran.stderr.close()
