"""What optimizers refuse, in the situations and with the kinds of error of PyTorch."""

import warnings
from typing import Any

import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import thalweg as tw
from tests.torch.optim.torch_configurations import EVERY
from thalweg import torch as wing


def as_ours(value: Any) -> Any:
    """Return the same with tensors of thalweg."""
    if isinstance(value, torch.Tensor):
        if value.is_sparse:
            return as_ours(value.to_dense()).to_sparse()
        array = value.detach().numpy()
        return wing.tensor(array, requires_grad=value.requires_grad)
    if isinstance(value, dict):
        return {key: as_ours(item) for key, item in value.items()}
    return type(value)(map(as_ours, value)) if isinstance(value, (list, tuple)) else value


def refusals() -> list[Any]:
    """Return every construction that PyTorch lists as refused."""
    rows = []
    for info in (info for info in optim_db if info.name in EVERY):
        for i, row in enumerate(info.optim_error_inputs_func("cpu", torch.float64)):
            given = row.optimizer_error_input
            matrix = [torch.nn.Parameter(torch.randn(2, 3, dtype=torch.float64))]
            params = matrix if given.params is None else given.params
            rows.append(
                pytest.param(
                    info.name,
                    params,
                    given.kwargs,
                    row.error_type,
                    row.error_regex,
                    id=f"{info.name}-{i}",
                )
            )
    return rows


def shared(params: Any) -> Any:
    """Return parameters of ours, the same one where theirs was the same."""
    known: dict[int, Any] = {}

    def one(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return known.setdefault(id(value), as_ours(value))
        if isinstance(value, dict):
            return {key: one(item) for key, item in value.items()}
        return type(value)(map(one, value)) if isinstance(value, (list, tuple)) else value

    return one(params)


@pytest.mark.parametrize(("name", "params", "options", "error", "words"), refusals())
def test_constructions_that_torch_refuses_are_refused_alike(
    name: str, params: Any, options: dict[str, Any], error: Any, words: str
) -> None:
    given = shared(params)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=words):
            getattr(wing.optim, name)(given, **as_ours(options))


def leaf(*shape: int) -> Any:
    return wing.ones(shape or (2,), requires_grad=True)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ([], ValueError, "empty parameter list"),
        (lambda: {leaf(2, 2)}, TypeError, "ordered collections"),
        (lambda: [{"params": {leaf(2, 2)}}], TypeError, "ordered collections"),
        (lambda: [1.0], TypeError, "can only optimize Tensors, but one of the params is float"),
        (lambda: [leaf(2, 2) * 2], ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: 3, TypeError, "iterable of Tensors or dicts"),
    ],
)
def test_parameters_of_other_kinds_are_refused(
    name: str, params: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        getattr(wing.optim, name)(params() if callable(params) else params)


def test_the_warning_of_a_parameter_given_twice_points_at_the_caller() -> None:
    p = leaf()
    with pytest.warns(UserWarning, match="duplicate parameters") as caught:
        wing.optim.SGD([p, p])
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: wing.optim.SGD(p, lr=-1), "Invalid learning rate: -1"),
        (lambda p: wing.optim.SGD(p, lr=float("nan")), "Invalid learning rate: nan"),
        (lambda p: wing.optim.SGD(p, nesterov=True), "Nesterov momentum requires a momentum"),
        (lambda p: wing.optim.SGD(p, foreach=True, fused=True), "cannot be `True` together"),
        (lambda p: wing.optim.SGD(p, fused=True, differentiable=True), "does not support"),
        (lambda p: wing.optim.Adam(p, eps=-1.0), "Invalid epsilon value: -1"),
        (
            lambda p: wing.optim.LBFGS(p, line_search_fn="armijo"),
            "only 'strong_wolfe' is supported",
        ),
        (
            lambda p: wing.optim.LBFGS([{"params": p}, {"params": [leaf()]}]),
            "per-parameter options",
        ),
        (lambda p: wing.optim.Muon([leaf(2, 2)], ns_steps=100), "ns_steps=100"),
    ],
)
def test_options_out_of_range_are_refused(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make([leaf()])


def test_a_group_must_be_a_dict() -> None:
    with pytest.raises(TypeError, match="param_group must be a dict"):
        wing.optim.SGD([leaf()]).add_param_group([leaf()])


def test_named_groups_do_not_mix_with_others() -> None:
    optimizer = wing.optim.SGD([("p", leaf())])
    with pytest.raises(ValueError, match="with/without names"):
        optimizer.add_param_group({"params": [leaf()]})


def test_lbfgs_needs_a_closure() -> None:
    with pytest.raises(TypeError, match="closure"):
        wing.optim.LBFGS([leaf()]).step()


def test_a_transformation_must_be_one() -> None:
    with pytest.raises(ValueError, match=r"Call it first: adam"):
        wing.optim.Optimizer([leaf()], tw.optim.adam)


def test_an_option_without_a_default_must_be_given() -> None:
    from thalweg.torch.optim.optimizer.groups import REQUIRED

    with pytest.raises(ValueError, match="didn't specify a value of required"):
        wing.optim.Optimizer([leaf()], {"lr": REQUIRED})


@pytest.mark.parametrize("lr", [None, "0.1"])
def test_a_learning_rate_that_is_no_number_is_refused_by_name(lr: Any) -> None:
    for lib in (wing, torch):
        with pytest.raises(TypeError, match=f"lr={lr!r}" if lib is wing else None):
            lib.optim.SGD([lib.zeros(1, requires_grad=True)], lr=lr)


def test_a_group_without_parameters_is_refused() -> None:
    for lib in (wing, torch):
        optimizer = lib.optim.SGD([lib.zeros(1, requires_grad=True)], lr=0.1)
        with pytest.raises(KeyError, match="params"):
            optimizer.add_param_group({"lr": 1.0})
        assert len(optimizer.param_groups) == 1
