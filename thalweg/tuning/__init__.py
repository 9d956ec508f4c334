"""The Tuning Playbook as a tool: a space, trials, a log that resumes, and a report.

    space = tw.tuning.Space(
        scientific={"width": tw.tuning.choice(16, 64)},
        nuisance={"learning_rate": tw.tuning.loguniform(1e-4, 1e-1)},
        fixed={"epochs": 20},
    )
    study = tw.tune(train, space, trials=64, log="trials.jsonl")
    study.best.config, study.next_steps()
    study.report("study.html")

Source: Godbole, Dahl, Gilmer, Shallue and Nado, "Deep Learning Tuning Playbook", 2023.
"""

from thalweg.tuning.log import read_log
from thalweg.tuning.optimizers import optimizer_of, optimizer_space
from thalweg.tuning.pruners import Halving, Median
from thalweg.tuning.rates import RateTest, lr_find
from thalweg.tuning.space import Space, choice, integers, loguniform, near_one, uniform
from thalweg.tuning.study import Group, Study
from thalweg.tuning.trial import Result, Trial
from thalweg.tuning.tune import tune

__all__ = [
    "Group",
    "Halving",
    "Median",
    "RateTest",
    "Result",
    "Space",
    "Study",
    "Trial",
    "choice",
    "integers",
    "loguniform",
    "lr_find",
    "near_one",
    "optimizer_of",
    "optimizer_space",
    "read_log",
    "tune",
    "uniform",
]
