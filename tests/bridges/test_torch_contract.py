"""What everything that is called a torch.optim.Optimizer is held to."""

import copy
import functools
import io
import math
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from thalweg import optim

torch = pytest.importorskip("torch")

from thalweg.bridges.torch import Optimizer  # noqa: E402

schedulers = torch.optim.lr_scheduler


def sgd(params: Any, lr: Any = 0.01, **options: Any) -> Any:
    return Optimizer(params, optim.sgd(0.01, momentum=0.9), lr=lr, **options)


def adamw(params: Any, lr: Any = 1e-3, **options: Any) -> Any:
    return Optimizer(params, optim.adamw(1e-3), lr=lr, **options)


def lion(params: Any, lr: Any = 1e-4, **options: Any) -> Any:
    return Optimizer(params, optim.lion(1e-4), lr=lr, **options)


def composed(params: Any, lr: Any = 1e-3, **options: Any) -> Any:
    links = optim.clip_by_global_norm(1.0), optim.adamw(1e-3), optim.ema(0.9)
    return Optimizer(params, optim.chain(*links), lr=lr, **options)


Make = Callable[..., Any]

KINDS = [sgd, adamw, lion, composed]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


def without_decay(make: Make) -> Make:
    """Return an optimizer that leaves alone what has a gradient of zero."""
    return make if make is sgd else functools.partial(make, weight_decay=0.0)


class Line:
    """A weight, a bias, and inputs, of which a loss is made."""

    def __init__(self, dtype: Any = torch.float32, strided: bool = False) -> None:
        random = torch.Generator().manual_seed(7)
        draw = functools.partial(torch.randn, generator=random, dtype=torch.float64)
        drawn = [draw(4, 3, 2), draw(4, 2)]
        cut = [x.to(dtype)[..., 0] for x in drawn]
        self.params = [torch.nn.Parameter(x if strided else x.contiguous()) for x in cut]
        self.inputs = draw(3).to(dtype)

    def loss(self) -> Any:
        weight, bias = self.params
        return (weight @ self.inputs + bias).square().sum()

    def closure(self, optimizer: Any) -> Callable[[], Any]:
        def evaluated() -> Any:
            optimizer.zero_grad()
            loss = self.loss()
            loss.backward()
            return loss

        return evaluated

    def run(self, optimizer: Any, steps: int) -> None:
        for _ in range(steps):
            optimizer.step(self.closure(optimizer))

    def values(self) -> list[Any]:
        return [param.detach().clone() for param in self.params]


def equal(xs: list[Any], ys: list[Any]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(xs, ys, strict=True))


# ---- what is accepted and refused


def test_is_one_of_pytorchs(make: Make) -> None:
    optimizer = make(Line().params)
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert "Parameter Group 0" in repr(optimizer)
    assert "lr: " in repr(optimizer)


def test_parameters_come_from_a_generator_or_with_names(make: Make) -> None:
    line = Line()
    assert make(p for p in line.params).param_groups[0]["params"] == line.params
    named = make(zip("wb", line.params, strict=True))
    line.run(named, 2)
    assert named.param_groups[0]["param_names"] == ["w", "b"]


# All of PyTorch's but Muon and SparseAdam, which refuse what others take: vectors, dense gradients.
REFUSING = (
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam",
    "RAdam", "RMSprop", "Rprop", "SGD",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSING)
def test_what_pytorch_refuses_is_refused_likewise(make: Make, name: str) -> None:
    pytest.importorskip("expecttest")
    found = pytest.importorskip("torch.testing._internal.common_optimizers")
    (info,) = [info for info in found.optim_db if info.optim_cls.__name__ == name]
    for case in info.optim_error_inputs_func("cpu", torch.float32):
        given = case.optimizer_error_input
        ours = {"lr", "betas", "eps", "weight_decay", "momentum"} & make(
            Line().params
        ).defaults.keys()
        later = case.error_on is not found.OptimizerErrorEnum.CONSTRUCTION_ERROR
        pair = isinstance(given.kwargs.get("eps"), tuple)  # Adafactor's two
        if later or pair or not given.kwargs.keys() <= ours:
            continue
        params = [torch.nn.Parameter(torch.ones(2))] if given.params is None else given.params
        if issubclass(case.error_type, Warning):
            with pytest.warns(case.error_type):
                make(params, **given.kwargs)
        else:
            with pytest.raises(case.error_type):
                make(params, **given.kwargs)


def test_parameters_that_cannot_be_optimized(make: Make) -> None:
    p = torch.nn.Parameter(torch.ones(2))
    with pytest.raises(ValueError, match="empty parameter list"):
        make([])
    with pytest.raises(ValueError, match="non-leaf"):
        make([p * 2])
    with pytest.raises(TypeError):
        make(p)
    with pytest.raises(TypeError):
        make([[1.0, 2.0]])
    with pytest.raises(ValueError, match="more than one parameter group"):
        make([{"params": [p]}, {"params": [p]}])
    with pytest.raises(ValueError, match="1-element"):
        make([p], lr=torch.tensor([0.1, 0.2]))
    with pytest.raises(ValueError, match="learning_rate"):
        make([p], lr=-1.0)


def test_a_group_that_is_refused_is_not_there(make: Make) -> None:
    line = Line()
    optimizer = make(line.params[:1])
    with pytest.raises(ValueError, match="learning_rate"):
        optimizer.add_param_group({"params": line.params[1:], "lr": -1.0})
    assert len(optimizer.param_groups) == 1
    optimizer.add_param_group({"params": line.params[1:]})


# ---- steps


def test_descends(make: Make) -> None:
    line = Line()
    before = line.loss().item()
    line.run(make(line.params), 30)
    assert math.isfinite(line.loss().item())
    assert line.loss().item() < before


def test_without_a_closure_nothing_is_returned(make: Make) -> None:
    line = Line()
    optimizer, before = make(line.params), line.values()
    line.loss().backward()
    assert optimizer.step() is None
    assert not equal(before, line.values())


def test_a_closure_runs_with_gradients_on_and_its_loss_is_returned(make: Make) -> None:
    line = Line()
    optimizer = make(line.params)
    with torch.no_grad():
        loss = optimizer.step(line.closure(optimizer))
    assert loss.item() > 0
    assert optimizer.step(lambda: "anything") == "anything"


def test_parameters_stay_where_they_are(make: Make) -> None:
    line = Line()
    before = [(id(p), p.data_ptr()) for p in line.params]
    line.run(make(line.params), 2)
    assert [(id(p), p.data_ptr()) for p in line.params] == before
    assert all(p.requires_grad and p.is_leaf for p in line.params)


def test_without_a_gradient_nothing_happens(make: Make) -> None:
    line = Line()
    optimizer, before = make(line.params), line.values()
    optimizer.step()
    assert equal(before, line.values())
    assert not any(optimizer.state.values())
    line.params[0].grad = torch.ones_like(line.params[0])
    optimizer.step()
    assert torch.equal(before[1], line.params[1])
    assert not torch.equal(before[0], line.params[0])


def test_gradients_of_zero_move_nothing(make: Make) -> None:
    line = Line()
    optimizer, before = without_decay(make)(line.params), line.values()
    for _ in range(3):
        for param in line.params:
            param.grad = torch.zeros_like(param)
        optimizer.step()
    assert equal(before, line.values())


def test_each_group_has_its_learning_rate(make: Make) -> None:
    line = Line()
    first, second = line.params
    optimizer = make([{"params": [first]}, {"params": [second], "lr": 0.0}])
    before = line.values()
    line.run(optimizer, 3)
    assert torch.equal(before[1], second)
    assert not torch.equal(before[0], first)


def test_a_changed_learning_rate_is_that_of_the_next_step() -> None:
    for make in (sgd, adamw, lion):
        line = Line()
        optimizer = make(line.params)
        line.run(optimizer, 2)
        optimizer.param_groups[0]["lr"], before = 0.0, line.values()
        line.run(optimizer, 2)
        assert equal(before, line.values())


def test_an_average_of_updates_goes_on_after_the_learning_rate_is_zero() -> None:
    """In this chain the average is the last word, and remembers updates of before."""
    line = Line()
    optimizer = composed(line.params)
    line.run(optimizer, 2)
    optimizer.param_groups[0]["lr"], before = 0.0, line.values()
    line.run(optimizer, 1)
    first = [x - y for x, y in zip(line.values(), before, strict=True)]
    before = line.values()
    line.run(optimizer, 1)
    for x, y, z in zip(line.values(), before, first, strict=True):
        # m ← 0.9 m, corrected by 1 − 0.9ᵗ.
        torch.testing.assert_close(
            x - y, 0.9 * z * (1 - 0.9**3) / (1 - 0.9**4), rtol=1e-3, atol=1e-7
        )


def test_a_group_may_come_later(make: Make) -> None:
    line = Line()
    optimizer = make(line.params[:1])
    line.run(optimizer, 2)
    optimizer.add_param_group({"params": line.params[1]})
    before = line.values()
    line.run(optimizer, 2)
    assert not torch.equal(before[1], line.params[1])


def test_maximizing_is_minimizing_the_negative(make: Make) -> None:
    up, down = Line(), Line()
    climbing, descending = make(up.params, maximize=True), make(down.params)
    for _ in range(4):
        for p, q in zip(up.params, down.params, strict=True):
            q.grad = 0.3 * q.detach() + 1
            p.grad = -q.grad
        climbing.step()
        descending.step()
    assert equal(up.values(), down.values())


def test_a_learning_rate_may_be_a_tensor(make: Make) -> None:
    line, other = Line(), Line()
    optimizer = make(line.params, lr=torch.tensor(0.5))
    line.run(optimizer, 2)
    other.run(make(other.params, lr=0.5), 2)
    assert equal(line.values(), other.values())
    optimizer.param_groups[0]["lr"].fill_(0.25)
    line.run(optimizer, 1)


def test_a_sparse_gradient_is_the_dense_one_it_stands_for(make: Make) -> None:
    layers = [torch.nn.Embedding(6, 3, sparse=sparse) for sparse in (True, False)]
    layers[1].load_state_dict(layers[0].state_dict())
    for layer in layers:
        optimizer = make(layer.parameters())
        for _ in range(2):
            optimizer.zero_grad()
            layer(torch.tensor([1, 3, 3])).sum().backward()
            optimizer.step()
    assert torch.equal(layers[0].weight, layers[1].weight)


# ---- kinds of parameters


def test_strides_change_nothing(make: Make) -> None:
    line, strided = Line(), Line(strided=True)
    line.run(make(line.params), 5)
    strided.run(make(strided.params), 5)
    for x, y in zip(line.params, strided.params, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-6)


def test_a_number_may_be_a_parameter(make: Make) -> None:
    p = torch.nn.Parameter(torch.tensor(3.0))
    optimizer = make([p])
    for _ in range(3):
        optimizer.zero_grad()
        p.square().backward()
        optimizer.step()
    assert p.item() < 3.0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_parameters_keep_their_dtype(make: Make, dtype: Any) -> None:
    line = Line(dtype)
    before = line.values()
    line.run(make(line.params, lr=0.05), 3)
    assert all(p.dtype == dtype and p.isfinite().all() for p in line.params)
    assert not equal(before, line.values())


def test_complex_numbers_are_pairs_of_real_ones(make: Make) -> None:
    pairs = torch.randn(4, 4, 2, generator=torch.Generator().manual_seed(0))
    together = torch.nn.Parameter(torch.view_as_complex(pairs.clone()))
    apart = torch.nn.Parameter(pairs.clone())
    first, second = make([together]), make([apart])
    for step in range(3):
        apart.grad = pairs.roll(step) + 0.1
        together.grad = torch.view_as_complex(apart.grad.clone())
        first.step()
        second.step()
    assert torch.equal(torch.view_as_real(together.detach()), apart.detach())


# ---- saving


def test_the_state_is_a_dict_by_position(make: Make) -> None:
    line = Line()
    optimizer = make(line.params)
    line.run(optimizer, 2)
    saved = optimizer.state_dict()
    assert set(saved) == {"state", "param_groups"}
    assert saved["param_groups"][0]["params"] == [0, 1]
    assert set(saved["state"]) == {0, 1}


def saved_and_loaded(optimizer: Any) -> Any:
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_a_run_goes_on_where_it_was_saved(make: Make) -> None:
    line = Line()
    optimizer = make(line.params)
    line.run(optimizer, 7)
    for saved in (copy.deepcopy(optimizer.state_dict()), saved_and_loaded(optimizer)):
        other, here = Line(), copy.deepcopy(line)
        with torch.no_grad():
            for p, q in zip(other.params, line.params, strict=True):
                p.copy_(q)
        resumed = make(other.params)
        resumed.load_state_dict(saved)
        same = make(here.params)
        same.load_state_dict(optimizer.state_dict())
        other.run(resumed, 7)
        here.run(same, 7)
        assert equal(other.values(), here.values())
    line.run(optimizer, 7)
    assert equal(line.values(), other.values())


def test_copies_step_alike(make: Make) -> None:
    line = Line()
    optimizer = make(line.params)
    line.run(optimizer, 3)
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        other = Line()
        other.params = again.param_groups[0]["params"]
        assert again.transformation == optimizer.transformation
        other.run(again, 3)
    line.run(optimizer, 3)
    assert equal(line.values(), other.values())


def test_loaded_floats_take_the_dtype_of_their_parameter_and_counts_stay(make: Make) -> None:
    line = Line(torch.float64)
    optimizer = make(line.params)
    line.run(optimizer, 2)
    narrow = Line(torch.bfloat16)
    other = make(narrow.params)
    saved = optimizer.state_dict()
    for state in saved["state"].values():
        if "count" in state:
            state["count"].fill_(300)
    other.load_state_dict(saved)
    for param in narrow.params:
        for name, value in other.state[param].items():
            wanted = torch.int32 if name.endswith("count") else torch.bfloat16
            assert value.dtype == wanted
            assert name != "count" or value == 300
    narrow.run(other, 2)


def test_what_does_not_fit_is_not_loaded(make: Make) -> None:
    line = Line()
    saved = make(line.params).state_dict()
    with pytest.raises(ValueError, match="doesn't match the size"):
        make(line.params[:1]).load_state_dict(saved)
    with pytest.raises(ValueError, match="different number of parameter groups"):
        make([{"params": p} for p in line.params]).load_state_dict(saved)


# ---- what stands around an optimizer


SCHEDULERS = {
    "StepLR": lambda o: schedulers.StepLR(o, 2, 0.5),
    "LambdaLR": lambda o: schedulers.LambdaLR(o, lambda epoch: 0.9**epoch),
    "SequentialLR": lambda o: schedulers.SequentialLR(
        o, [schedulers.LinearLR(o, 0.5, 1, 2), schedulers.ExponentialLR(o, 0.5)], [2]
    ),
    "ReduceLROnPlateau": lambda o: schedulers.ReduceLROnPlateau(o, patience=1),
    "OneCycleLR": lambda o: schedulers.OneCycleLR(o, 0.1, total_steps=10),
    "CyclicLR": lambda o: schedulers.CyclicLR(o, 1e-3, 0.1, 3),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_change_the_learning_rate_and_nothing_is_compiled_again(
    make: Make, name: str
) -> None:
    line = Line()
    optimizer = make(line.params)
    schedule = SCHEDULERS[name](optimizer)
    rates = []
    for _ in range(6):
        line.run(optimizer, 1)
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step(*([1.0] if name == "ReduceLROnPlateau" else []))
    assert len(set(rates)) > 1
    schedule.load_state_dict(schedule.state_dict())
    assert len(optimizer._steps[0]._ways) == 1


def test_schedulers_cycle_the_momentum() -> None:
    line = Line()
    first, second = sgd(line.params), adamw(line.params)
    for optimizer in (first, second):
        SCHEDULERS["OneCycleLR"](optimizer)
    assert first.param_groups[0]["momentum"] == 0.95
    assert second.param_groups[0]["betas"] == (0.95, 0.999)


def test_hooks_are_called(make: Make) -> None:
    line, called = Line(), list[str]()
    optimizer = make(line.params)
    before = optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))
    line.run(optimizer, 1)
    before.remove()
    line.run(optimizer, 1)
    assert called == ["before", "after", "after"]


def test_hooks_of_saving_are_called_and_see_the_state_as_it_will_be(make: Make) -> None:
    line, called = Line(torch.bfloat16), list[Any]()
    optimizer = make(line.params)
    line.run(optimizer, 1)
    optimizer.register_state_dict_pre_hook(lambda _: called.append("saving"))
    optimizer.register_state_dict_post_hook(lambda *_: called.append("saved"))
    optimizer.register_load_state_dict_pre_hook(lambda *_: called.append("loading"))
    optimizer.register_load_state_dict_post_hook(
        lambda o: called.append({x.dtype for s in o.state.values() for x in s.values()})
    )
    kinds = {x.dtype for s in optimizer.state.values() for x in s.values()}
    optimizer.load_state_dict(optimizer.state_dict())
    assert called == ["saving", "saved", "loading", kinds]


def test_gradients_are_dropped_or_set_to_zero(make: Make) -> None:
    line = Line()
    optimizer = make(line.params)
    line.loss().backward()
    optimizer.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in line.params)
    optimizer.zero_grad()
    assert all(p.grad is None for p in line.params)


def test_scaled_gradients_are_unscaled_and_infinite_ones_skipped(make: Make) -> None:
    line = Line()
    optimizer, scaler = make(line.params), torch.amp.GradScaler("cpu", init_scale=4.0)
    before = line.values()
    scaler.scale(line.loss()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert not equal(before, line.values())
    for param in line.params:
        param.grad = torch.full_like(param, float("inf"))
    before = line.values()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    assert equal(before, line.values())


def test_a_step_may_be_made_in_the_backward_pass(make: Make) -> None:
    line = Line()
    each = {param: make([param]) for param in line.params}

    def stepped(param: Any) -> None:
        each[param].step()
        each[param].zero_grad()

    for param in line.params:
        param.register_post_accumulate_grad_hook(stepped)
    before = line.values()
    line.loss().backward()
    assert not any(map(torch.equal, before, line.params))
    assert all(param.grad is None for param in line.params)


def test_models_are_averaged(make: Make) -> None:
    model = torch.nn.Linear(3, 2)
    optimizer = make(model.parameters())
    average = torch.optim.swa_utils.AveragedModel(model)
    schedule = torch.optim.swa_utils.SWALR(optimizer, 0.01, anneal_epochs=2)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
    assert average.n_averaged == 3


def test_scheduler_before_any_step_warns_as_ever(make: Make) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        schedulers.StepLR(make(Line().params), 1).step()
    assert any("before `optimizer.step()`" in str(warning.message) for warning in told)
