"""Gradient transformations as PyTorch's optimizers: the same numbers as everywhere else."""

import copy
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import OPTIMIZERS, TRANSFORMATIONS
from thalweg import optim
from thalweg.errors import ArgumentError, CallError

torch = pytest.importorskip("torch")

from thalweg.bridges.torch import Optimizer  # noqa: E402

WAYS = ["native", "operations", "directly"]


def by(optimizer: Any, way: str) -> Any:
    """Return an optimizer whose steps are made in this way."""
    for position in range(len(optimizer.param_groups)):
        steps = optimizer._steps_of(position)
        if way == "directly":
            steps._pure = False
        elif way == "operations":
            found = steps._ways_of

            def without_native(*given: Any, found: Any = found) -> Any:
                ways = found(*given)
                ways.native = None
                return ways

            steps._ways_of = without_native
    return optimizer


def ways_of(optimizer: Any) -> Any:
    (ways,) = optimizer._steps[0]._ways.values()
    return ways


# ---- against PyTorch's own


MATCHING: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sgd": (lambda p: torch.optim.SGD(p, 0.05), lambda p: Optimizer(p, optim.sgd(0.05))),
    "momentum": (
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
        lambda p: Optimizer(p, optim.sgd(0.05, 0.9, nesterov=True)),
    ),
    "adam": (lambda p: torch.optim.Adam(p, 0.01), lambda p: Optimizer(p, optim.adam(0.01))),
    "adamw": (
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
        lambda p: Optimizer(p, optim.adamw(0.01, weight_decay=0.1)),
    ),
    "climbing": (
        lambda p: torch.optim.AdamW(p, 0.01, maximize=True),
        lambda p: Optimizer(p, optim.adamw(0.01), weight_decay=0.01, maximize=True),
    ),
}


def trained(make: Callable[[Any], Any], dtype: Any, way: str = "") -> list[Any]:
    """Return the parameters of a small network after 30 steps, with a schedule."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    model.to(dtype)
    x = torch.randn(16, 5).to(dtype)
    y = x.sum(1, keepdim=True).sin()
    optimizer = make(model.parameters())
    if way:
        by(optimizer, way)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    if way == "native":
        assert ways_of(optimizer).native._apart
    return [param.detach() for param in model.parameters()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MATCHING)
def test_training_equals_pytorchs(name: str, way: str) -> None:
    theirs, ours = MATCHING[name]
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        wanted, found = trained(theirs, dtype), trained(ours, dtype, way)
        torch.testing.assert_close(found, wanted, rtol=tolerance, atol=10 * tolerance)


# ---- against the same transformation on NumPy's arrays


def drawn(shape: Any, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


SHAPES = {"matrix": (3, 2), "scalar": (), "vector": (4,)}

STEPS = 4


def of_numpy(transformation: Any) -> dict[str, Any]:
    """Return parameters after steps of the transformation itself."""
    params = {name: drawn(shape, 1) for name, shape in SHAPES.items()}
    state = transformation.init(params)
    for step in range(STEPS):
        gradients = {name: drawn(shape, 10 + step) for name, shape in SHAPES.items()}
        updates, state = transformation.update(gradients, state, params, value=0.7)
        params = optim.apply_updates(params, updates)
    return params


def of_pytorch(transformation: Any, way: str = "native") -> tuple[dict[str, Any], Any]:
    """Return parameters after the same steps of PyTorch's optimizer, and that."""
    params = {n: torch.nn.Parameter(torch.tensor(drawn(s, 1))) for n, s in SHAPES.items()}
    optimizer = by(Optimizer(params.items(), transformation), way)
    for step in range(STEPS):
        for name, param in params.items():
            param.grad = torch.tensor(drawn(SHAPES[name], 10 + step))
        optimizer.step(lambda: 0.7)
    return {name: param.detach().numpy() for name, param in params.items()}, optimizer


ROWS = {
    name: samples[0]
    for table in (OPTIMIZERS, TRANSFORMATIONS)
    for name, samples in table.items()
    if name != "inject_hyperparams"
}


@pytest.mark.parametrize("name", ROWS)
def test_every_transformation_steps_as_on_numpys_arrays(name: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        transformation = ROWS[name](optim)
        try:
            wanted = of_numpy(transformation)
        except Exception as error:
            pytest.skip(f"not for such parameters: {error}")
        found, _ = of_pytorch(transformation)
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-10, atol=1e-12, err_msg=key)


MADE = {
    "clipped": optim.chain(optim.clip_by_global_norm(0.5), optim.adamw(0.1), optim.ema(0.9)),
    "clipped late": optim.chain(optim.adam(0.1), optim.clip_by_global_norm(0.01)),
    "several steps": optim.chain(optim.adam(0.1), optim.apply_every(3)),
    "decay where names say so": optim.adamw(
        0.1, mask=lambda params: {n: n != "vector" for n in params}
    ),
    "rules by name": optim.partition(
        {"a": optim.adam(0.1), "b": optim.sgd(0.1)}, {"matrix": "a", "scalar": "b", "vector": "a"}
    ),
    "of the loss": optim.polyak_sgd(),
    "scheduled": optim.sgd(optim.cosine_decay_schedule(0.1, 10)),
    "noisy": optim.chain(optim.add_noise(0.1, 0.5, 3), optim.sgd(0.1)),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MADE)
def test_each_way_gives_the_same(name: str, way: str) -> None:
    found, optimizer = of_pytorch(MADE[name], way)
    for key, value in of_numpy(MADE[name]).items():
        np.testing.assert_allclose(found[key], value, rtol=1e-12, atol=1e-13, err_msg=key)
    if way == "native":
        assert ways_of(optimizer).native is not None
    elif way == "operations":
        assert ways_of(optimizer).operations is not None


# ---- functions of the user's


def test_a_function_of_the_users_is_called_at_every_step_with_tensors_of_pytorch() -> None:
    seen = []

    def update(updates: Any, state: Any, params: Any = None) -> Any:
        seen.append(type(updates["0"]))
        return {name: torch.clamp(u, -0.1, 0.1) for name, u in updates.items()}, state

    clamped = optim.GradientTransformation(lambda params: (), update)
    param = torch.nn.Parameter(torch.zeros(3))
    optimizer = Optimizer([param], optim.chain(clamped, optim.sgd(1.0)))
    for _ in range(3):
        param.grad = torch.tensor([3.0, -2.0, 0.05])
        optimizer.step()
    torch.testing.assert_close(param.detach(), torch.tensor([-0.3, 0.3, -0.15]))
    assert seen == [torch.Tensor] * 3


def test_a_schedule_of_the_users_may_look_at_anything() -> None:
    rates = [1.0]
    param = torch.nn.Parameter(torch.zeros(()))
    optimizer = Optimizer([param], optim.sgd(lambda step: rates[0] if step < 5 else 0.0))
    for rate in (1.0, 2.0):
        rates[0] = rate
        param.grad = torch.ones(())
        optimizer.step()
    assert param.item() == -3.0


def test_anything_with_init_and_update_is_a_transformation() -> None:
    class Halving:
        def init(self, params: Any) -> Any:
            return ()

        def update(self, updates: Any, state: Any, params: Any = None) -> Any:
            return {name: -0.5 * u for name, u in updates.items()}, state

    param = torch.nn.Parameter(torch.zeros(2))
    param.grad = torch.ones(2)
    Optimizer([param], Halving()).step()
    assert param.tolist() == [-0.5, -0.5]
    with pytest.raises(ArgumentError, match="init and update"):
        Optimizer([param], "sgd")


# ---- options


def options_of(transformation: Any, **given: Any) -> dict[str, Any]:
    group = Optimizer([torch.nn.Parameter(torch.ones(2))], transformation, **given).param_groups[0]
    return {name: value for name, value in group.items() if name != "params"}


def test_numbers_are_options_under_pytorchs_names() -> None:
    assert options_of(optim.sgd(0.1, 0.9)) == {"lr": 0.1, "momentum": 0.9, "maximize": False}
    assert options_of(optim.adam(0.1, eps=1e-6)) == {
        "lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-6, "eps_root": 0.0, "maximize": False,
    }  # fmt: skip
    two = options_of(optim.chain(optim.ema(0.5), optim.ema(0.6), optim.scale(-1.0)))
    assert two == {
        "lr": 1.0, "[0].decay": 0.5, "[1].decay": 0.6, "step_size": -1.0, "maximize": False,
    }  # fmt: skip


def test_options_may_be_given_beside_the_transformation() -> None:
    assert options_of(optim.sgd(0.1), lr=0.5)["lr"] == 0.5
    with pytest.raises(ArgumentError, match="momentun"):
        options_of(optim.sgd(0.1, 0.9), momentun=0.5)
    with pytest.raises(CallError, match="lr='fast'"):
        options_of(optim.sgd(0.1), lr="fast")


def test_numbers_in_the_state_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"Give sgd\(…\)"):
        options_of(optim.chain(optim.inject_hyperparams(optim.sgd)(0.1)))


@pytest.mark.parametrize("way", WAYS)
def test_without_one_learning_rate_lr_is_a_factor(way: str) -> None:
    two = optim.partition({"a": optim.sgd(0.1), "b": optim.sgd(1.0)}, {"0": "a", "1": "b"})
    params = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    optimizer = by(Optimizer(params, two), way)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(2):
        for param in params:
            param.grad = torch.ones(2)
        optimizer.step()
        schedule.step()
    torch.testing.assert_close(params[0].detach(), torch.full((2,), -0.15))
    torch.testing.assert_close(params[1].detach(), torch.full((2,), -1.5))


def test_it_prints_its_rule() -> None:
    made = Optimizer([torch.nn.Parameter(torch.ones(1))], optim.sgd(0.1))
    assert repr(made).startswith("Optimizer of sgd(learning_rate=0.1) (\nParameter Group 0\n")


# ---- states


def test_the_state_is_kept_of_each_parameter_and_what_belongs_to_all_is_one_tensor() -> None:
    first, second = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3))
    optimizer = Optimizer([first, second], optim.adam(0.1))
    for param in (first, second):
        param.grad = torch.ones_like(param)
    optimizer.step()
    assert optimizer.state[first].keys() == {"count", "mu", "nu"}
    assert optimizer.state[second]["mu"].shape == (3,)
    assert optimizer.state[first]["count"] is optimizer.state[second]["count"]


def test_states_of_one_name_go_by_the_way_to_them() -> None:
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([param], optim.chain(optim.ema(0.5), optim.ema(0.6), optim.sgd(0.1)))
    param.grad = torch.ones(2)
    optimizer.step()
    assert optimizer.state[param].keys() == {"0.count", "0.ema", "1.count", "1.ema"}


@pytest.mark.parametrize("way", WAYS)
def test_parameters_that_begin_late_or_pause(way: str) -> None:
    """What belongs to all goes on; what is of a paused parameter waits."""
    params = {name: torch.nn.Parameter(torch.zeros(2)) for name in "abc"}
    optimizer = by(Optimizer(params.items(), optim.adam(0.1)), way)

    def step(names: str) -> None:
        optimizer.zero_grad()
        for name in names:
            params[name].grad = torch.ones(2)
        optimizer.step()

    step("b")
    step("b")
    step("ab")
    step("a")
    counts = {name: optimizer.state[params[name]]["count"] for name in "ab"}
    assert counts["a"] is counts["b"]
    assert counts["a"] == 4
    kept = optimizer.state[params["b"]]["mu"].clone()
    step("ac")
    assert torch.equal(optimizer.state[params["b"]]["mu"], kept)
    assert optimizer.state[params["c"]]["count"] == 5
    torch.testing.assert_close(kept, torch.full((2,), 1 - 0.9**3))


def test_a_loaded_state_is_nobody_elses_and_what_belongs_to_all_is_one_again() -> None:
    param, other = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([param, other], optim.adam(0.1))
    for each in (param, other):
        each.grad = torch.ones(2)
    optimizer.step()
    again = Optimizer(
        [torch.nn.Parameter(p.detach().clone()) for p in (param, other)], optim.adam(0.1)
    )
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    again.load_state_dict(optimizer.state_dict())
    ours, theirs = again.param_groups[0]["params"], optimizer.state[param]
    assert again.state[ours[0]]["count"] is again.state[ours[1]]["count"]
    assert again.state[ours[0]]["mu"].data_ptr() != theirs["mu"].data_ptr()


def test_moments_keep_a_dtype_of_their_own_when_loaded() -> None:
    param = torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
    make = functools.partial(Optimizer, transformation=optim.adam(0.1, mu_dtype="float32"))
    optimizer = make([param])
    param.grad = torch.full((2,), 0.3, dtype=torch.bfloat16)
    optimizer.step()
    other = torch.nn.Parameter(param.detach().clone())
    again = make([other])
    again.load_state_dict(optimizer.state_dict())
    assert again.state[other]["mu"].dtype == torch.float32
    assert torch.equal(again.state[other]["mu"], optimizer.state[param]["mu"])


def test_a_loss_that_is_no_number_is_returned_and_not_used() -> None:
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([param], optim.sgd(0.1))
    param.grad = torch.ones(2)
    assert optimizer.step(lambda: (1.0, 2.0)) == (1.0, 2.0)


def test_the_state_of_another_optimizer_is_refused_and_nothing_is_changed() -> None:
    param = torch.nn.Parameter(torch.ones(2))
    theirs, ours = torch.optim.Adam([param], 0.5), Optimizer([param], optim.adam(0.1))
    param.grad = torch.ones(2)
    theirs.step()
    ours.step()
    with pytest.raises(ArgumentError, match=r"exp_avg.* remembers count, mu, nu"):
        ours.load_state_dict(theirs.state_dict())
    assert ours.param_groups[0]["lr"] == 0.1
    assert ours.state[param]["count"] == 1


def test_options_that_were_not_saved_are_those_of_now() -> None:
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([param], optim.adam(0.1, eps=1e-3))
    saved = optimizer.state_dict()
    del saved["param_groups"][0]["eps"]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["eps"] == 1e-3


def test_names_tell_parameters_apart() -> None:
    params = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    with pytest.raises(ArgumentError, match="the name 'w'"):
        Optimizer([("w", params[0]), ("w", params[1])], optim.sgd(0.1))


def test_a_step_runs_inside_a_compiled_function() -> None:
    param = torch.nn.Parameter(torch.ones(2))
    optimizer = Optimizer([param], optim.sgd(0.5))
    param.grad = torch.ones(2)
    torch.compile(optimizer.step, backend="eager")()
    assert param.tolist() == [0.5, 0.5]


# ---- closures


@pytest.mark.parametrize("name", ["lbfgs", "backtracking"])
def test_line_searches_run_the_closure(name: str) -> None:
    made = {
        "lbfgs": optim.lbfgs(),
        "backtracking": optim.chain(optim.sgd(1.0), optim.scale_by_backtracking_linesearch(40)),
    }[name]

    def rosenbrock(p: Any) -> Any:
        return 10.0 * (p["y"] - p["x"] ** 2) ** 2 + (1.0 - p["x"]) ** 2

    start = {"x": np.array(-1.0), "y": np.array(1.5)}
    params = {n: torch.nn.Parameter(torch.tensor(v)) for n, v in start.items()}
    optimizer = Optimizer(params.items(), made)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = rosenbrock(params)
        loss.backward()
        return loss

    wanted, state = start, made.init(start)
    for _ in range(6):
        value, gradient = tw.value_and_grad(rosenbrock)(wanted)
        updates, state = made.update(
            gradient, state, wanted, value=value, grad=gradient, value_fn=rosenbrock
        )
        wanted = optim.apply_updates(wanted, updates)
        optimizer.step(closure)
        for key, param in params.items():
            np.testing.assert_allclose(param.item(), wanted[key], rtol=1e-9)
    assert closure() < 5.0  # from 6.5
