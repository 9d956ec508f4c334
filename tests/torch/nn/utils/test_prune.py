"""Pruned weights: PyTorch's masks, names, hooks and errors."""

from typing import Any

import pytest

from tests.torch.nn.libraries import Library, fill, same, same_error
from tests.torch.nn.utils.roots import root, trained


def wavy(lib: Library, *shape: int) -> Any:
    """Return numbers of different magnitudes, in no order."""
    return (lib.range(*shape) * 37).sin()


def layer_of(lib: Library) -> Any:
    layer = fill(lib.nn.Conv2d(3, 4, 2), lib)
    with lib.no_grad():
        layer.weight.copy_(wavy(lib, 4, 3, 2, 2))
    return layer


METHODS: list[Any] = [
    lambda p, m: p.identity(m, "weight"),
    lambda p, m: p.random_unstructured(m, "weight", 0.3),
    lambda p, m: p.random_unstructured(m, "weight", 5),
    lambda p, m: p.l1_unstructured(m, "weight", 7),
    lambda p, m: p.l1_unstructured(m, "weight", 0.5),
    lambda p, m: p.l1_unstructured(m, "weight", 0),
    lambda p, m: p.l1_unstructured(m, "weight", 3, importance_scores=-m.weight.exp()),
    lambda p, m: p.random_structured(m, "weight", 2, 0),
    lambda p, m: p.random_structured(m, "weight", 0.4, -1),
    lambda p, m: p.ln_structured(m, "weight", 2, 2, 0),
    lambda p, m: p.ln_structured(m, "weight", 0.4, 1, 1),
    lambda p, m: p.ln_structured(m, "weight", 1, float("inf"), -2),
    lambda p, m: p.custom_from_mask(m, "weight", (m.weight > 0).to(m.weight.dtype)),
]


@pytest.mark.parametrize("number", range(len(METHODS)))
def test_methods_prune_what_pytorchs_do(number: int) -> None:
    def code(lib: Library) -> Any:
        prune, layer = root(lib).nn.utils.prune, layer_of(lib)
        assert METHODS[number](prune, layer) is layer
        before = layer.state_dict(), layer.weight, layer.weight.sum().backward()
        gradient = layer.weight_orig.grad
        hooks = [type(hook).__name__ for hook in layer._forward_pre_hooks.values()]
        prune.remove(layer, "weight")
        return before, gradient, hooks, layer.state_dict(), prune.is_pruned(layer)

    same(code)


@pytest.mark.parametrize("second", range(1, len(METHODS)))
def test_pruning_goes_on_from_what_is_pruned(second: int) -> None:
    def code(lib: Library) -> Any:
        prune, layer = root(lib).nn.utils.prune, layer_of(lib)
        prune.ln_structured(layer, "weight", 1, 2, 0)
        prune.l1_unstructured(layer, "weight", 4)
        METHODS[second](prune, layer)
        (hook,) = layer._forward_pre_hooks.values()
        kinds = [type(method).__name__ for method in hook]
        return kinds, len(hook), type(hook[0]).__name__, layer.weight_mask, layer.weight

    same(code)


def test_pruned_weights_stay_zero_in_training() -> None:
    def code(lib: Library) -> Any:
        space = root(lib)
        layer = fill(lib.nn.Linear(4, 3), lib)
        space.nn.utils.prune.random_unstructured(layer, "weight", 0.5)
        results = trained(lib, layer)
        return results, layer.weight, space.nn.utils.prune.is_pruned(lib.nn.Sequential(layer))

    same(code)


def test_tensors_are_compared_together() -> None:
    def code(lib: Library) -> Any:
        prune = root(lib).nn.utils.prune
        model = lib.nn.Sequential(fill(lib.nn.Linear(4, 3), lib), layer_of(lib))
        pairs = [(model[0], "weight"), (model[1], "weight"), (model[0], "bias")]
        scores = {(model[0], "bias"): -lib.range(3)}
        prune.global_unstructured(pairs, prune.L1Unstructured, scores, amount=0.3)
        prune.global_unstructured(pairs, prune.RandomUnstructured, amount=5)
        return model.state_dict()

    same(code)


def test_a_method_prunes_a_tensor_alone() -> None:
    def code(lib: Library) -> Any:
        prune = root(lib).nn.utils.prune
        x = wavy(lib, 3, 4)
        method = prune.L1Unstructured(amount=5)
        return method.prune(x), method.prune(x, (x > 0).to(x.dtype), x.exp())

    same(code)


def test_a_method_of_ones_own() -> None:
    def code(lib: Library) -> Any:
        prune, layer = root(lib).nn.utils.prune, layer_of(lib)

        class EveryOther(prune.BasePruningMethod):  # type: ignore[name-defined,misc]
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t: Any, default_mask: Any) -> Any:
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        EveryOther.apply(layer, "bias")
        return layer.bias_mask, layer.bias

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda p, m: p.l1_unstructured(m, "weight", "a"), "Invalid type for amount"),
        (lambda p, m: p.l1_unstructured(m, "weight", 1.5), "should either be a float"),
        (lambda p, m: p.l1_unstructured(m, "weight", 100), "should be smaller than"),
        (lambda p, m: p.ln_structured(m, "bias", 1, 2, 0), "Structured pruning can only"),
        (lambda p, m: p.ln_structured(m, "weight", 1, 2, 4), "Invalid index 4"),
        (lambda p, m: p.remove(m, "weight"), "has to be pruned before"),
        (lambda p, m: p.custom_from_mask(m, "weight", m.bias), "default_mask shape"),
        (
            lambda p, m: p.l1_unstructured(m, "weight", 1, importance_scores=m.bias),
            "importance_scores should have the same shape",
        ),
        (lambda p, m: p.global_unstructured([(m, "bias")], p.LnStructured, amount=1, n=2), "Only"),
        (lambda p, m: p.global_unstructured(3, p.L1Unstructured, amount=1), "not an Iterable"),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    same_error(lambda lib: code(root(lib).nn.utils.prune, lib.nn.Linear(3, 2)), text)
