"""Trials: what they are told, what they return, who runs them, when they stop."""

import math
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.tuning.studies import BOWL, LINE, X, Y, bowl, facts, line, squared
from thalweg.errors import ArgumentError
from thalweg.tuning import Halving, Median, Result, Space, Trial, choice, loguniform, uniform


def test_a_fit_is_judged_by_its_least_validation_loss_and_keeps_its_curves() -> None:
    study = tw.tune(line, LINE, trials=8)
    best = study.best
    again = line(best.config, Trial())
    assert best.value == again.history.validation.min()
    assert best.curves["val_loss"][1] == again.history.validation.tolist()
    assert best.reports[-1] == (6.0, again.history.validation[-1])
    assert best.metrics["epochs"] == 6


def test_a_number_of_the_optimizer_compiles_nothing() -> None:
    seconds = []

    def train(config: Any, trial: Trial) -> tw.Fit:
        fit = line(config, trial)
        seconds.append(fit.compile_seconds)
        return fit

    tw.tune(train, LINE, trials=4)
    assert seconds[1:] == [0, 0, 0]


@pytest.mark.parametrize("sampler", ["sobol", "halton", "random"])
def test_a_longer_study_begins_as_a_shorter_one(sampler: str) -> None:
    short = tw.tune(bowl, BOWL, trials=5, sampler=sampler, seed=3)
    long = tw.tune(bowl, BOWL, trials=11, sampler=sampler, seed=3)
    assert facts(long)[:5] == facts(short)
    other = tw.tune(bowl, BOWL, trials=5, sampler=sampler, seed=4)
    assert facts(other) != facts(short)


def test_sobol_fills_the_space_evenly() -> None:
    study = tw.tune(bowl, BOWL, trials=64)
    cells, counts = np.unique(
        [[int(4 * BOWL[k].place(r.config[k])) for k in "xy"] for r in study.results],
        axis=0, return_counts=True,
    )  # fmt: skip
    assert len(cells) == 16
    assert set(counts) == {4}


class Backwards(Executor):
    """An executor of the user's that runs the last first."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.calls.append((future, fn, args, kwargs))
        if len(self.calls) == 8:
            for done, f, a, k in reversed(self.calls):
                done.set_result(f(*a, **k))
            self.calls.clear()
        return future


@pytest.mark.parametrize("pruner", [None, "median"])
def test_trials_are_the_same_whatever_runs_them(pruner: str | None) -> None:
    wanted = facts(tw.tune(bowl, BOWL, trials=24, pruner=pruner))
    with ThreadPoolExecutor(3) as pool:
        assert facts(tw.tune(bowl, BOWL, trials=24, pruner=pruner, executor=pool)) == wanted
    assert facts(tw.tune(bowl, BOWL, trials=24, pruner=pruner, executor=Backwards())) == wanted


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_other_processes_make_the_same_trials() -> None:
    wanted = facts(tw.tune(line, LINE, trials=16, pruner="median"))
    with ProcessPoolExecutor(2) as pool:
        found = facts(tw.tune(line, LINE, trials=16, pruner="median", executor=pool))
        assert found == wanted
        with pytest.raises(ArgumentError, match="top of a module"):
            tw.tune(lambda config, trial: 0.0, LINE, trials=1, executor=pool)


@pytest.mark.parametrize("pruner", ["median", Median(startup=3), "halving", Halving(2, 2)])
def test_pruning_saves_steps_and_keeps_the_best(pruner: Any) -> None:
    whole = tw.tune(bowl, BOWL, trials=48)
    pruned = tw.tune(bowl, BOWL, trials=48, pruner=pruner)
    steps = lambda study: sum(len(r.reports) for r in study.results)
    assert steps(pruned) < 0.8 * steps(whole)
    assert pruned.best.value == whole.best.value
    assert {r.state for r in pruned.results} == {"complete", "pruned"}


def test_a_fit_stops_when_its_trial_is_pruned() -> None:
    study = tw.tune(line, LINE, trials=24, pruner=Median(startup=3))
    pruned = [r for r in study.results if r.state == "pruned"]
    assert pruned
    assert all(r.metrics["epochs"] < 6 for r in pruned)


def test_the_median_is_of_those_that_came_so_far() -> None:
    peers = [Result(i, {}, "complete", v, 0.0, ((1, 9.0), (2, v))) for i, v in enumerate([1, 2, 5])]
    short = Result(3, {}, "pruned", 0.1, 0.0, ((1, 0.1),))
    trial = Trial(pruner=Median(startup=3), peers=[*peers, short])
    trial.report(9.5, 1)
    assert trial.should_prune()  # beside 9, 9, 9 and 0.1
    trial = Trial(pruner=Median(startup=3), peers=[*peers, short])
    trial.report(2.0, 2)
    assert not trial.should_prune()  # beside 1, 2 and 5
    assert Trial(pruner=Median(startup=4), peers=peers).should_prune() is False


def test_rungs_let_the_best_part_pass_and_are_met_once() -> None:
    peers = [Result(i, {}, "complete", v, 0.0, ((3, v),)) for i, v in enumerate(range(1, 9))]
    rule = Halving(least=3, factor=3)
    trial = Trial(pruner=rule, peers=peers)
    trial.report(5.0, 2)  # before the first rung
    assert not trial.should_prune()
    trial.report(3.0, 3)  # among 9: the best three pass, 1, 2 and 3
    assert not trial.should_prune()
    trial.report(3.0, 4)
    assert not trial.should_prune()
    worse = Trial(pruner=rule, peers=peers)
    worse.report(3.5, 3)
    assert worse.should_prune()


@pytest.mark.filterwarnings("ignore:The loss rose")
def test_a_trial_that_diverges_is_noted_and_the_study_goes_on() -> None:
    space = {"learning_rate": loguniform(1e-2, 1e6), "epochs": 6}
    study = tw.tune(line, space, trials=16)
    assert study.diverged
    assert study.finished
    assert all(r.value == math.inf and "The loss became" in r.note for r in study.diverged)
    assert "diverged" in study.next_steps()[0]
    not_a_number = tw.tune(lambda c, t: math.nan, {"x": uniform(0, 1)}, trials=2)
    with pytest.raises(ArgumentError, match="No trial of 2 finished"):
        _ = not_a_number.best


def test_a_dict_gives_a_metric_and_others_beside_it() -> None:
    def train(config: Any, trial: Trial) -> Any:
        return {
            "error": config["x"],
            "accuracy": 1 - config["x"],
            "curves": {"loss": [3.0, 2.0, 1.0]},
        }

    study = tw.tune(train, {"x": uniform(0, 1)}, trials=4, minimize="error")
    assert study.best.metrics["accuracy"] == 1 - study.best.value
    assert study.best.curves["loss"] == ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])


def without_validation(config: Any, trial: Trial) -> tw.Fit:
    return tw.fit(squared, np.zeros(4), (X, Y), optimizer=tw.optim.sgd(config["x"]), steps=3)


@pytest.mark.parametrize(
    ("train", "options", "message"),
    [
        (without_validation, {}, "no validation data: give validation="),
        (lambda c, t: None, {}, "train returned None"),
        (lambda c, t: {"a": 1.0}, {}, "only a"),
        (5, {}, "train is 5"),
        (bowl, {"trials": 0}, "trials"),
        (bowl, {"sampler": "sobel"}, "Did you mean 'sobol'"),
        (bowl, {"pruner": "middle"}, "Choose 'median'"),
        (bowl, {"executor": 4}, "concurrent.futures"),
        (bowl, {"progress": "yes"}, "progress"),
    ],
)
def test_what_does_not_fit_is_refused(train: Any, options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        tw.tune(train, {"x": uniform(0.1, 0.2), "y": 0.0}, **{"trials": 2} | options)
    assert tw.tune(without_validation, {"x": uniform(0.1, 0.2)}, trials=1, minimize="loss").best


def test_an_error_of_train_says_which_trial_it_came_from() -> None:
    def train(config: Any, trial: Trial) -> float:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as caught:
        tw.tune(train, {"x": uniform(0, 1)}, trials=2)
    assert "trial 0" in caught.value.__notes__[0]


def test_ctrl_c_gives_the_study_so_far() -> None:
    def train(config: Any, trial: Trial) -> float:
        if trial.number == 3:
            raise KeyboardInterrupt
        return config["x"]

    with pytest.raises(KeyboardInterrupt) as caught:
        tw.tune(train, {"x": uniform(0, 1)}, trials=8)
    assert [r.number for r in caught.value.study.results] == [0, 1, 2]


def test_reports_must_rise() -> None:
    trial = Trial()
    trial.report(1.0, 2)
    with pytest.raises(ArgumentError, match="rise"):
        trial.report(1.0, 2)


class Greedy:
    """A sampler of the user's: halves the distance to the best so far."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.best = {"x": 0.0, "y": 0.0, "value": math.inf}

    def ask(self, count: int) -> list[dict[str, float]]:
        width = 1.0 if math.isinf(self.best["value"]) else 0.1
        draw = lambda c: float(np.clip(self.best[c] + width * self.random.uniform(-1, 1), -1, 1))
        return [{c: draw(c) for c in "xy"} for _ in range(count)]

    def tell(self, results: Any) -> None:
        for r in results:
            if r.value < self.best["value"]:
                self.best = {**r.config, "value": r.value}


def test_a_sampler_of_the_user_s_learns_wave_by_wave() -> None:
    study = tw.tune(bowl, BOWL, trials=40, sampler=Greedy())
    assert study.best.value < 1e-2
    with ThreadPoolExecutor(2) as pool:
        again = tw.tune(bowl, BOWL, trials=40, sampler=Greedy(), executor=pool)
    assert facts(again) == facts(study)


def test_optuna_s_samplers_learn_and_are_the_same_again() -> None:
    pytest.importorskip("optuna")
    space = Space(
        {"kind": choice("a", "b")},
        {**BOWL, "m": tw.tuning.near_one(0.5, 0.9).when(kind="a"), "n": tw.tuning.integers(1, 3)},
    )
    study = tw.tune(bowl, space, trials=48, sampler="tpe", seed=1, pruner="median")
    assert study.best.value < 0.02
    assert all(("m" in r.config) == (r.config["kind"] == "a") for r in study.results)
    assert all(0.5 <= r.config["m"] <= 0.9 for r in study.results if "m" in r.config)
    with ThreadPoolExecutor(2) as pool:
        again = tw.tune(
            bowl, space, trials=48, sampler="tpe", seed=1, pruner="median", executor=pool
        )
    assert facts(again) == facts(study)


@pytest.mark.filterwarnings("ignore")
def test_dask_s_processes_make_the_same_trials() -> None:
    distributed = pytest.importorskip("distributed")
    wanted = facts(tw.tune(line, LINE, trials=16, pruner="median"))
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as all_,
        distributed.Client(all_) as client,
    ):
        for executor in (client.get_executor(), client):
            found = tw.tune(line, LINE, trials=16, pruner="median", executor=executor)
            assert facts(found) == wanted
