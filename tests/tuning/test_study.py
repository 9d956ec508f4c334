"""What studies and curves say, their pictures and their report."""

import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.tuning.studies import X, Y, bowl, squared
from thalweg.errors import ArgumentError
from thalweg.tuning import Result, Space, Study, choice, diagnosis, loguniform, plots, uniform
from thalweg.tuning.report import report


def study_of(function: Any, space: Any, trials: int = 32) -> Study:
    return tw.tune(lambda config, trial: function(**config), space, trials=trials)


def test_the_best_at_a_border_is_told_with_its_end() -> None:
    for sign, end, bound in ((1, "lower", 1e-4), (-1, "upper", 1.0)):
        study = study_of(lambda rate, s=sign: s * math.log(rate), {"rate": loguniform(1e-4, 1.0)})
        assert study.border("rate") == end
        assert any(f"{end} end of its range ({bound:.3g})" in step for step in study.next_steps())
    inside = study_of(lambda rate: math.log(rate / 0.01) ** 2, {"rate": loguniform(1e-4, 1.0)})
    assert inside.border("rate") is None
    assert not any("end of its range" in step for step in inside.next_steps())


def test_one_lucky_trial_at_the_end_is_no_border() -> None:
    space = Space.of({"x": uniform(0.0, 1.0)})
    values = [(0.99, 0.0), (0.4, 0.1), (0.45, 0.2), (0.5, 0.3), (0.55, 0.4)]
    results = [Result(i, {"x": x}, "complete", v, 0.0) for i, (x, v) in enumerate(values)]
    assert Study(space, results).border("x") is None


def test_isolation_compares_values_with_the_others_tuned() -> None:
    # On the whole "late" is worse, and better where x is right for it.
    function = lambda kind, x: (x - 0.9) ** 2 * 9 if kind == "late" else 0.5 + (x - 0.2) ** 2
    space = Space({"kind": choice("early", "late")}, {"x": uniform(0.0, 1.0)})
    study = study_of(function, space, 64)
    early, late = study.isolate("kind")
    assert (early.value, late.value) == ("early", "late")
    assert early.trials == late.trials == 32
    for group in (early, late):
        kept = [r.value for r in study.results if r.config["kind"] == group.value]
        assert group.best.value == min(kept)
        assert group.best.value <= group.interval[0] <= group.interval[1]
    assert np.mean([r.value for r in study.results if r.config["kind"] == "late"]) > 1
    (told,) = [step for step in study.next_steps() if step.startswith("kind=")]
    assert told.startswith("kind=late reaches")
    assert "more than the draws' noise" in told


def test_numbers_are_isolated_in_bins() -> None:
    space = Space({"width": uniform(0.0, 1.0)}, {"x": uniform(0.0, 1.0)})
    groups = study_of(lambda width, x: width + x, space, 40).isolate("width")
    assert [round(group.value, 3) for group in groups] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert np.all(np.diff([group.best.value for group in groups]) > 0)


def curve(values: Any) -> tuple[list[float], list[float]]:
    return [float(i + 1) for i in range(len(values))], [float(v) for v in values]


def told(**curves: Any) -> list[str]:
    result = Result(0, {}, "complete", 0.0, 0.0, curves={k: curve(v) for k, v in curves.items()})
    return [text.partition(":")[0] for text in diagnosis.curves(result)]


def test_curves_say_overfitting_instability_and_too_few_epochs() -> None:
    t = np.linspace(0, 5, 60)
    noise = 0.01 * np.random.default_rng(0).normal(size=60)
    assert told(val_loss=np.exp(-t) + 0.03 * t**2) == ["Overfitting"]
    assert told(val_loss=np.exp(-t)) == ["Still improving"]
    settled = np.exp(-2 * t) + noise
    assert told(val_loss=np.maximum(settled, 0.02), loss=settled) == []
    spiked = settled.copy()
    spiked[40:44] += 0.5
    assert told(loss=spiked) == ["Instability"]
    assert told(loss=1 + 5 * noise) == []
    assert told(val_loss=[1.0, math.nan]) == []


def test_real_overfitting_is_told() -> None:
    rng = np.random.default_rng(0)
    W = rng.normal(size=(30, 60))
    y = W @ np.append(np.ones(3), np.zeros(57)) + 3 * rng.normal(size=30)
    V = rng.normal(size=(200, 60))
    held = V @ np.append(np.ones(3), np.zeros(57))

    def train(config: Any, trial: Any) -> tw.Fit:
        return tw.fit(
            squared, np.zeros(60), (W, y), validation=(V, held), batch_size=10, epochs=100,
            optimizer=tw.optim.sgd(config["rate"]),
        )  # fmt: skip

    study = tw.tune(train, {"rate": uniform(0.009, 0.011)}, trials=1)
    assert study.next_steps()[0].startswith("Overfitting")


def test_what_diverges_ends_the_range() -> None:
    function = lambda rate: math.nan if rate > 0.03 else -math.log(rate)
    study = study_of(function, {"rate": loguniform(1e-4, 1.0)})
    step = study.next_steps()[0]
    assert "trials diverged, nearly all with rate above 0.0" in step
    assert len(study.diverged) > 8


def test_a_study_tells_itself_and_refuses_what_was_not_searched() -> None:
    study = study_of(lambda x, y: x * x + y, {"x": uniform(-1.0, 1.0), "y": 2.0}, 16)
    text = repr(study)
    assert text.startswith("thalweg study: 16 trials")
    assert f"val_loss {study.best.value:.5g}  x = {study.best.config['x']:.3g}" in text
    counts, least = study.best_so_far()
    assert counts.tolist() == list(range(1, 17))
    assert least[-1] == study.best.value
    assert "<img" in study._repr_html_()
    for call in (study.border, study.isolate, study.plot):
        with pytest.raises(ArgumentError, match="There are x"):
            call("z")


class Pictures(HTMLParser):
    """Counts a page's images, and the addresses they are from."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.sources += [value for name, value in attrs if tag == "img" and name == "src"]


def test_the_report_holds_a_picture_of_each_question(tmp_path: Path) -> None:
    space = Space(
        {"kind": choice("a", "$b$ <i>")}, {"y": loguniform(1e-3, 1.0).when(kind="a")}, {"epochs": 3}
    )

    def train(config: Any, trial: Any) -> float:
        return bowl({"x": 0.0, "y": config.get("y", 0.5)}, trial)

    study = tw.tune(train, space, trials=16)
    study.report(tmp_path / "study.html")
    page = (tmp_path / "study.html").read_text(encoding="utf-8")
    pictures = Pictures()
    pictures.feed(page)
    # Best so far, one isolation, two axes, curves.
    assert len(pictures.sources) == 5
    assert all(source.startswith("data:image/svg+xml;base64,") for source in pictures.sources)
    assert "<i>" not in page
    assert f"{study.best.value:.5g}" in page
    assert page == report(study)


def test_a_report_of_nothing_finished_says_so() -> None:
    study = study_of(lambda x: math.nan, {"x": uniform(0.0, 1.0)}, 3)
    assert "No trial finished" in report(study)


def test_pictures_draw_the_trials_as_they_are() -> None:
    study = study_of(lambda x: (x - 0.5) ** 2, {"x": uniform(0.0, 1.0)}, 16)
    lines = {line.get_label(): line for line in plots.axis(study, "x").lines}
    at = [r.config["x"] for r in study.results]
    assert lines["complete"].get_xdata().tolist() == at
    assert lines["complete"].get_ydata().tolist() == [r.value for r in study.results]
    step = plots.best_so_far(study).lines[1]
    assert step.get_ydata().tolist() == study.best_so_far()[1].tolist()


# ---- the learning rate


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_the_rate_test_suggests_below_what_diverges(scale: float) -> None:
    # Of f(w) = ½ c w² on average, gradient descent diverges above 2/c.
    data = scale * X, scale * Y
    limit = 2 / (2 * np.linalg.eigvalsh(data[0].T @ data[0] / len(X)).max())
    test = tw.lr_find(
        squared, np.zeros(4), data, optimizer=tw.optim.sgd, batch_size=50, low=1e-6 * limit,
        high=100 * limit,
    )  # fmt: skip
    assert limit / 100 < test.suggestion < test.largest < 1.2 * limit


def test_the_rate_test_takes_optimizers_functions_and_modules() -> None:
    by = lambda optimizer: (
        tw.lr_find(
            squared, np.zeros(4), (X, Y), optimizer=optimizer, batch_size=50, high=1.0
        ).suggestion
    )
    assert by(tw.optim.adam(0.5)) == by(tw.optim.adam) == by(lambda rate: tw.optim.adam(rate))
    nn = tw.torch.nn
    test = tw.lr_find(nn.Linear(4, 1), (X, Y[:, None]), loss=nn.functional.mse_loss, batch_size=50)
    assert 1e-3 < test.suggestion < 10
    with pytest.raises(ArgumentError, match="no learning rate of its own"):
        by(tw.optim.chain(tw.optim.clip(1.0), tw.optim.sgd(0.1)))
    with pytest.raises(ArgumentError, match="lower one first"):
        tw.lr_find(squared, np.zeros(4), (X, Y), low=1.0, high=0.1)


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    test = tw.lr_find(lambda w: np.sum(w), np.zeros(2), optimizer=lambda r: tw.optim.scale(1e-3))
    assert test.suggestion is None
    assert "never falls" in repr(test)


def test_the_playbook_s_optimizers() -> None:
    for name in ("sgd", "adam", "nadam", "adamw"):
        space = tw.tuning.optimizer_space(name, 200)
        config = Space.of({**space, "optimizer": name}).config([0.5] * len(space))
        made = tw.tuning.optimizer_of(config)
        assert made.made_by[0].__name__ == name
        assert all(made.made_by[1][key] == config[key] for key in space)
    with pytest.raises(ArgumentError, match="Did you mean 'adam'"):
        tw.tuning.optimizer_space("adan")
    with pytest.raises(ArgumentError, match="no learning_rate"):
        tw.tuning.optimizer_of({"b1": 0.9})
