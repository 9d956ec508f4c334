"""The report of a study, as one page: the answer first, then the playbook's pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thalweg.page import Page
from thalweg.training.plots import data_url
from thalweg.tuning import diagnosis, plots
from thalweg.tuning.space import PARTS
from thalweg.tuning.trial import Result, spell

if TYPE_CHECKING:
    from thalweg.tuning.study import Study

MOST_ROWS = 20
MOST_CURVES = 3


def report(study: Study, title: str = "A study of hyperparameters") -> str:
    """Return the report of a study as HTML.

    Args:
        study: What was found.
        title: The title of the page.
    """
    page = Page(title)
    _answer(page, study)
    if study.finished:
        _hyperparameters(page, study)
        _curves(page, study)
    _trials(page, study)
    _setting(page, study)
    return page.text()


def _answer(page: Page, study: Study) -> None:
    states = [result.state for result in study.results]
    if study.finished:
        best = study.best
        page.paragraph(
            f"The least {study.minimize} is {best.value:.7g}, by trial {best.number} of "
            f"{len(states)}: {study.searched(best)}."
        )
    page.paragraph(
        f"{states.count('complete')} trials finished, {states.count('pruned')} were pruned, "
        f"{states.count('diverged')} diverged; {study.seconds:.3g} s of training in all."
    )
    page.heading("What to do next")
    page.listing(study.next_steps())
    if study.finished:
        page.heading("Best so far")
        _draw(page, plots.best_so_far(study), "the best value after each trial")


def _hyperparameters(page: Page, study: Study) -> None:
    if study.space.scientific:
        page.heading("What was asked: the scientific hyperparameters")
        page.paragraph(
            "Each value with the nuisance hyperparameters at their best for it. Bars span what "
            "the best of other draws of as many trials would be, in 8 of 10."
        )
        for name in study.space.scientific:
            _draw(page, plots.isolation(study, name), f"{study.minimize} by {name}")
            _groups(page, study, name)
    page.heading("Is the best inside each range?")
    page.paragraph("The star is the best trial; shaded are the borders of the range.")
    for name in study.space.dimensions:
        _draw(page, plots.axis(study, name), f"{study.minimize} against {name}")


def _groups(page: Page, study: Study, name: str) -> None:
    others = [other for other in study.space.dimensions if other != name]
    rows = []
    for group in study.isolate(name):
        best = group.best
        values = ["–"] * (1 + len(others))
        if best is not None:
            values = [f"{best.value:.7g}", *(_cell(best, other) for other in others)]
        rows.append([spell(group.value), str(group.trials), *values])
    page.table([name, "trials", f"best {study.minimize}", *others], rows)


def _cell(result: Result, name: str) -> str:
    return spell(result.config[name]) if name in result.config else "–"


def _curves(page: Page, study: Study) -> None:
    best = [result for result in study.ranked[:MOST_CURVES] if result.curves]
    if not best:
        return
    page.heading("The training of the best")
    said = diagnosis.curves(best[0])
    page.listing(said or ["The best trial neither overfits nor is it unstable."])
    _draw(page, plots.training(best), "losses during the best trials")


def _trials(page: Page, study: Study) -> None:
    page.heading("Trials")
    shown = [*study.ranked, *(r for r in study.results if r.state != "complete")][:MOST_ROWS]
    names = list(study.space.dimensions)
    rows = [
        [str(r.number), f"{r.value:.7g}", r.state, *(_cell(r, name) for name in names),
         f"{r.seconds:.3g}"]
        for r in shown
    ]  # fmt: skip
    more = len(study.results) - len(shown)
    caption = f"The best first; {more} more are in the log." if more else "The best first."
    page.table(["trial", study.minimize, "state", *names, "seconds"], rows, caption)


def _setting(page: Page, study: Study) -> None:
    page.heading("What was searched")
    rows = []
    for part in PARTS:
        found: dict[str, Any] = getattr(study.space, part)
        rows += [[name, part, str(value)] for name, value in found.items()]
    page.table(["hyperparameter", "part", "range or value"], rows)
    facts = {k: v for k, v in study.facts.items() if k not in ("space", "format")}
    page.paragraph(
        ", ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
    )


def _draw(page: Page, ax: Any, description: str) -> None:
    page.image(data_url(ax.figure), description)
