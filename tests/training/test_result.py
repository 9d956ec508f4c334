"""What a fit shows of itself."""

import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

import thalweg as tw
from thalweg.training.result import sparkline

matplotlib.use("agg")


@pytest.fixture
def found(regression):
    def squared(params, X, y):
        return np.mean((y - X @ params["w"] - params["b"]) ** 2)

    return tw.fit(
        squared, {"w": np.zeros(3), "b": 0.0}, regression, optimizer=tw.optim.adam(0.1),
        batch_size=10, epochs=5, validation=regression,
    )  # fmt: skip


def test_it_prints_on_one_screen(found) -> None:
    lines = repr(found).splitlines()
    assert len(lines) == 7
    assert max(map(len, lines)) <= 100
    assert lines[0] == "thalweg fit: squared, batch 10 of 103, 5 epochs (55 steps)"
    assert lines.pop(1) == "  optimizer   adam(learning_rate=0.1)"
    assert re.match(r"  loss +\d\.\d+  \(first \d\.\d+\)  [▁-█]+$", lines[1])
    assert re.match(r"  validation +\d\.\d+  \(best \d\.\d+ at step \d+\)  [▁-█]+$", lines[2])
    assert re.match(
        r"  time +[\d.e-]+ s  \([\d.e+-]+ µs/step, compile .* engine native\)", lines[3]
    )
    assert lines[4].startswith("  params['b']")
    assert lines[5].startswith("  params['w'] float64[3]")


def test_it_stays_on_one_screen_with_many_parameters() -> None:
    params = {f"p{i}": float(i) for i in range(100)}
    fit = tw.fit(lambda p: sum(v**2 for v in p.values()), params, optimizer=tw.optim.sgd(0.1))
    assert len(repr(fit).splitlines()) < 24
    assert "and 92 more" in repr(fit)


def test_it_shows_as_a_table_with_nothing_from_outside(found) -> None:
    shown = found._repr_html_()
    assert shown.startswith("<table>")
    assert "params[&#x27;b&#x27;]" in shown
    assert "http" not in shown
    odd = tw.fit(lambda p: p["<script>"] ** 2, {"<script>": 1.0}, optimizer=tw.optim.sgd(0.1))
    assert "<script>" not in odd._repr_html_()


def test_it_plots_on_axes_and_shows_nothing(found, monkeypatch) -> None:
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("shown"))
    axes = found.plot()
    assert not plt.get_fignums()
    loss, validation, best = axes.get_lines()
    assert np.array_equal(loss.get_ydata(), found.history.loss)
    assert np.array_equal(loss.get_xdata(), found.history.epoch)
    assert np.array_equal(validation.get_xdata(), [1, 2, 3, 4, 5])
    assert np.array_equal(validation.get_ydata(), found.history.validation)
    least = int(np.argmin(found.history.validation))
    assert set(best.get_xdata()) == {found.history.validation_epoch[least]}
    assert axes.get_xlabel() == "epoch"
    figure, own = plt.subplots()
    assert found.plot(own) is own
    plt.close(figure)


def test_many_losses_are_drawn_smoothed_with_themselves_behind() -> None:
    noise = np.random.default_rng(0).normal(size=1000)
    fit = tw.fit(
        lambda m, y: np.mean((y - m) ** 2), 5.0, noise, optimizer=tw.optim.sgd(0.01), batch_size=2
    )
    losses, means = fit.plot().get_lines()
    assert np.array_equal(losses.get_ydata(), fit.history.loss)
    assert np.allclose(means.get_ydata(), fit.history.loss.reshape(100, 5).mean(axis=1))
    assert means.get_label() == "loss, smoothed"
    assert "<img" in fit._repr_html_()


def test_matplotlib_and_safetensors_are_loaded_only_when_needed() -> None:
    script = (
        "import sys, numpy as np, thalweg as tw\n"
        "fit = tw.fit(lambda p: p**2, 1.0, optimizer=tw.optim.sgd(0.1))\n"
        "repr(fit); fit._repr_html_()\n"
        "assert not {'matplotlib', 'safetensors'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_its_values_cannot_be_replaced(found) -> None:
    with pytest.raises(AttributeError):
        found.steps = 3
    with pytest.raises(AttributeError):
        found.record.step = 3


def test_history_is_columns(found) -> None:
    history = found.history
    assert len(history) == 55
    assert history.loss.dtype == np.float64
    assert history.step.tolist() == list(range(55))
    assert history.epoch[-1] == 54 / 11
    assert repr(history) == "History(55 steps, 5 evaluations)"


def test_sparklines_follow_the_series() -> None:
    assert sparkline([1.0, 0.5, 0.0]) == "█▅▁"
    assert sparkline([1.0, 1.0]) == ""
    assert sparkline([]) == ""
    assert sparkline([np.nan, 1.0, np.inf, 2.0]) == "▁█"
    assert sparkline([1.0, 1e3, 1e6]) == "▁▅█"
    assert len(sparkline(np.arange(1000.0))) == 24
