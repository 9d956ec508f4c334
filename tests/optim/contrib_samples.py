"""One row an optimizer and transformation of `contrib`: how to make it, in several ways.

Each sample builds its value from a namespace of Optax's names, those of `contrib` among them.
"""

from typing import Any

import numpy as np

import thalweg as tw
from tests.optim.samples import MASK, Sample, deprecated, mask_of, params


def params_of(name: str) -> dict[str, Any]:
    """Return sample parameters; without a None for what Optax fails on with one."""
    values = params()
    return values | {"layer": values["layer"].weights} if "galore" in name else values


class Names:
    """The names of a module and of its `contrib`."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        contrib = self.module.contrib
        return getattr(contrib, name) if hasattr(contrib, name) else getattr(self.module, name)


def quartic(tree: Any) -> Any:
    """Return Σ x⁴ + Σ x² over all elements."""
    return sum((x**4).sum() + (x**2).sum() for x in tw.tree.leaves(tree))


def along_quartic(tree: Any, i: int) -> Any:
    """Return the gradient of the quartic."""
    return tw.tree.map(lambda x: 4 * x**3 + (2 + i) * x, tree)


def extra_of(step: Any, cos: Any = np.cos) -> dict[str, Any]:
    """Return the extra arguments of a step."""
    value = 0.7 + 0.5 * cos(3.0 * step)
    return {"value": value, "obj_fn": quartic, "grad_fn": along_quartic}


def numbered(o: Any, kind: str) -> Any:
    """Return a function to dimension numbers: of three axes the last two, of less none."""
    numbers = getattr(o, kind)(-2, (0, -1) if kind.startswith("GaLore") else -1)

    def chosen(tree: Any) -> Any:
        return tw.tree.map(lambda x: numbers if x.ndim == 3 else None, tree)

    return chosen


CONTRIB: dict[str, list[Sample]] = {
    "schedule_free": [
        lambda o: o.schedule_free(o.sgd(0.1), 0.1),
        lambda o: o.schedule_free(o.adam(0.05, b1=0.0), 0.05, b1=0.7, weight_lr_power=1.0),
        lambda o: o.schedule_free(
            o.sgd(o.warmup_constant_schedule(0.0, 0.1, 30)),
            o.warmup_constant_schedule(0.0, 0.1, 30),
        ),
    ],
    "schedule_free_sgd": [
        lambda o: o.schedule_free_sgd(0.1),
        lambda o: o.schedule_free_sgd(0.1, 20, b1=0.8, weight_decay=0.1, weight_lr_power=1.5),
    ],
    "schedule_free_adamw": [
        lambda o: o.schedule_free_adamw(0.01),
        lambda o: o.schedule_free_adamw(0.01, 20, b1=0.8, b2=0.9, eps=1e-3, weight_decay=0.1),
    ],
    "muon": [
        lambda o: o.muon(0.02),
        lambda o: o.muon(0.02, "dion", nesterov=False, adaptive=True, adam_learning_rate=0.1),
        lambda o: o.muon(
            0.02,
            (3.0, -3.2, 1.2),
            preconditioning="spectral",
            weight_decay=0.1,
            adam_b1=0.5,
            adam_weight_decay=0.1,
            consistent_rms=0.2,
        ),
        lambda o: o.muon(
            0.02,
            preconditioning="schatten",
            muon_weight_dimension_numbers=numbered(o, "MuonDimensionNumbers"),
        ),
        lambda o: o.muon(
            0.02,
            preconditioning="aol",
            muon_weight_dimension_numbers={
                "matrix": o.MuonDimensionNumbers(1, 0),
                "vector": None,
                "scalar": None,
                "layer": None,
            },
        ),
    ],
    "ademamix": [
        lambda o: o.ademamix(0.01),
        lambda o: o.ademamix(0.01, 0.5, 0.9, 0.99, 2.0, 1e-3, 1e-4, weight_decay=0.1, mask=MASK),
        lambda o: o.ademamix(0.01, b3=lambda step: 0.99 - 0.5 * 0.9**step, alpha=lambda s: 0.1 * s),
    ],
    "scale_by_ademamix": [lambda o: o.scale_by_ademamix()],
    "simplified_ademamix": [
        lambda o: o.simplified_ademamix(0.001),
        lambda o: o.simplified_ademamix(0.001, 0.9, 0.8, 2.0, 1e-3, 1e-4, 0.1, mask_of),
        lambda o: o.simplified_ademamix(0.001, alpha=lambda step: 0.1 * step),
    ],
    "scale_by_simplified_ademamix": [lambda o: o.scale_by_simplified_ademamix()],
    "adopt": [
        lambda o: o.adopt(0.01),
        lambda o: o.adopt(0.01, 0.5, 0.9, 1e-3, nesterov=True),
        lambda o: o.adopt(0.01, use_clipping=False, b2=0.9),
        lambda o: o.adopt(0.01, clip_value_fn=lambda step: 0.5 + 0.01 * step),
    ],
    "scale_by_adopt": [lambda o: o.scale_by_adopt()],
    "prodigy": [
        lambda o: o.prodigy(),
        lambda o: o.prodigy(0.5, (0.8, 0.9), 0.7, 1e-4, 1e-3, 2.0, 0.1, safeguard_warmup=True),
        lambda o: o.prodigy(o.linear_schedule(0.1, 1.0, 100), estim_lr0=1e-2),
    ],
    "dog": [
        lambda o: o.dog(),
        lambda o: o.dog(0.5, ("distance", 0.1), 1e-4, weight_decay=0.1, mask=MASK),
        lambda o: o.dog(init_step=("learning_rate", 0.1)),
    ],
    "dowg": [lambda o: o.dowg(), lambda o: o.dowg(0.5, 0.1, 1e-3, 0.1, MASK)],
    "sophia": [
        lambda o: o.sophia(0.01),
        lambda o: o.sophia(
            0.01, 0.5, 0.6, 1e-4, 0.1, MASK, 0.3, None, 3, o.hutchinson_estimator_diag_hessian()
        ),
    ],
    "hutchinson_estimator_diag_hessian": [lambda o: o.hutchinson_estimator_diag_hessian()],
    "momo": [
        lambda o: o.momo(0.1),
        lambda o: o.momo(0.1, 0.7, -1.0, 0.1, adapt_lower_bound=True),
        lambda o: o.momo(o.linear_schedule(1.0, 0.1, 100), lower_bound=2.0, adapt_lower_bound=True),
    ],
    "momo_adam": [
        lambda o: o.momo_adam(),
        lambda o: o.momo_adam(0.1, 0.7, 0.8, 1e-3, -1.0, 0.1, adapt_lower_bound=True),
        lambda o: o.momo_adam(0.1, lower_bound=2.0, adapt_lower_bound=True),
    ],
    "mechanize": [
        lambda o: o.mechanize(o.sgd(0.1)),
        lambda o: o.mechanize(o.adam(0.1), 0.1, 1e-4, 1e-3, 3),
    ],
    "sam": [
        lambda o: o.sam(o.sgd(0.1), o.chain(o.normalize(), o.sgd(0.05))),
        lambda o: o.sam(o.adam(0.1), o.sgd(0.05, momentum=0.5), 3, reset_state=False),
        lambda o: o.sam(o.adam(0.1), o.sgd(0.05, momentum=0.5), 3),
        lambda o: o.sam(o.adam(0.01), o.chain(o.normalize(), o.sgd(0.05)), 3, opaque_mode=True),
    ],
    "normalize": [lambda o: o.normalize()],
    "reduce_on_plateau": [
        lambda o: o.reduce_on_plateau(),
        lambda o: o.reduce_on_plateau(0.5, 3, 0.0, 0.01, 2, 4, 0.1),
    ],
    "madgrad": [
        lambda o: o.madgrad(0.01),
        lambda o: o.madgrad(o.linear_schedule(0.1, 0.0, 300), 0.5, 0.1, 1e-3),
    ],
    "scale_by_madgrad": [lambda o: o.scale_by_madgrad(0.01)],
    "acprop": [lambda o: o.acprop(0.01), lambda o: o.acprop(0.01, 0.5, 0.9, 1e-4, 1e-5, 0.1, MASK)],
    "scale_by_acprop": [lambda o: o.scale_by_acprop()],
    "dadapt_adamw": [
        lambda o: o.dadapt_adamw(),
        lambda o: o.dadapt_adamw(0.5, (0.8, 0.9), 1e-4, 1e-3, 0.1),
    ],
    "cocob": [lambda o: o.cocob(), lambda o: o.cocob(0.5, 10.0, 1e-3, 0.1, MASK)],
    "scale_by_cocob": [lambda o: o.scale_by_cocob()],
    "galore": [
        lambda o: o.galore(0.01, 1, 7, 0.5, weight_decay=0.1),
        lambda o: o.galore(0.01, 2, weight_dimension_numbers=numbered(o, "GaLoreDimensionNumbers")),
    ],
    "scale_by_galore": [lambda o: o.scale_by_galore(1, 5, base_optimizer=o.trace(0.9))],
    "scale_by_muon": [
        lambda o: o.masked(
            o.scale_by_muon(
                weight_dimension_numbers=lambda tree: tw.tree.map(
                    lambda x: o.MuonDimensionNumbers(), tree
                )
            ),
            {"matrix": True, "vector": False, "scalar": False, "layer": False},
        )
    ],
    "split_real_and_imaginary": [lambda o: o.split_real_and_imaginary(o.adam(0.1))],
    "differentially_private_aggregate": [
        lambda o: o.chain(
            o.stateless(one_example), o.differentially_private_aggregate(1.0, 0.5, key=3)
        ),
        lambda o: o.chain(
            o.stateless(one_example), o.differentially_private_aggregate(100.0, 0.0, key=3)
        ),
    ],
    "dpsgd": [
        deprecated(lambda o: o.chain(o.stateless(one_example), o.dpsgd(0.1, 1.0, 0.5, 3))),
        deprecated(
            lambda o: o.chain(
                o.stateless(one_example), o.dpsgd(0.1, 100.0, 0.1, 3, 0.9, nesterov=True)
            )
        ),
    ],
}


def one_example(updates: Any, params: Any) -> Any:
    """Return updates as those of a batch of one example."""
    return tw.tree.map(lambda g: g[None], updates)


# Computed in single precision by Optax, or up to the sign of singular vectors.
ROUGH = {"madgrad": 1e-5, "scale_by_madgrad": 1e-5, "galore": 1e-3, "scale_by_galore": 1e-4}

# Each with numbers that take it down to a minimum in 2,000 steps.
DESCENDING: dict[str, Sample] = {
    "schedule_free_sgd": lambda o: o.schedule_free_sgd(0.01),
    "schedule_free_adamw": lambda o: o.schedule_free_adamw(0.1),
    "muon": lambda o: o.muon(0.02),
    "ademamix": lambda o: o.ademamix(0.01, b3=0.99, alpha=2.0),
    "simplified_ademamix": lambda o: o.simplified_ademamix(0.0005, alpha=1.0),
    "adopt": lambda o: o.adopt(0.02, b2=0.99),
    "prodigy": lambda o: o.prodigy(estim_lr0=1e-3),
    "dog": lambda o: o.dog(init_step=("heuristic", 1e-3)),
    "dowg": lambda o: o.dowg(),
    "sophia": lambda o: o.sophia(0.05, gamma=1.0, weight_decay=0.0),
    "momo": lambda o: o.momo(1.0),
    "momo_adam": lambda o: o.momo_adam(0.1),
    "mechanize": lambda o: o.mechanize(o.adam(0.1), weight_decay=0.0),
    "sam": lambda o: o.sam(o.adam(0.02), o.chain(o.normalize(), o.sgd(0.001))),
    "madgrad": lambda o: o.madgrad(0.02),
    "acprop": lambda o: o.acprop(0.01, eps=1e-8),
    "dadapt_adamw": lambda o: o.dadapt_adamw(),
    "cocob": lambda o: o.cocob(alpha=10.0),
    "galore": lambda o: o.galore(0.02, 1, 10),
    "soap": lambda o: o.soap(0.02, weight_decay=0.0),
    "shampoo": lambda o: o.shampoo(0.5),
    "mars": lambda o: o.mars(0.02),
    "cautious": lambda o: o.cautious(o.adam(0.02)),
}
