"""Every optimizer of `contrib` computes what Optax computes, and knows how it was made."""

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.contrib_samples import (
    CONTRIB,
    DESCENDING,
    ROUGH,
    Names,
    along_quartic,
    extra_of,
    params_of,
    quartic,
)
from tests.optim.samples import Sample, params
from tests.optim.test_agreement_with_optax import described
from thalweg import optim
from thalweg.errors import ArgumentError, CallError, DtypeError, ShapeError
from thalweg.optim import contrib

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

pytestmark = pytest.mark.sampled(5)

OURS, THEIRS = Names(optim), Names(optax)
STEPS = 200
NAMED = [
    pytest.param(name, sample, id=f"{name}-{i}")
    for name, samples in CONTRIB.items()
    for i, sample in enumerate(samples)
]


class Exact(Names):
    """Optax, with schedules computed in float64: on an int32 count it computes in float32."""

    def __getattr__(self, name: str) -> Any:
        made = super().__getattr__(name)
        if not name.endswith("_schedule"):
            return made

        def schedule(*args: Any, **kwargs: Any) -> Any:
            function = made(*args, **kwargs)
            return lambda step: function(jax.numpy.asarray(step, jax.numpy.float64))

        return schedule


@pytest.fixture(autouse=True)
def warmup_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = Exact(optax).warmup_constant_schedule
    monkeypatch.setattr(optax.schedules._schedule, "warmup_constant_schedule", exact)


def gradients(tree: Any) -> Any:
    """Return a tree with the gradients of all steps along a new first axis."""
    rng = np.random.default_rng(1)
    return tw.tree.map(lambda p: rng.normal(size=(STEPS, *p.shape)), tree)


def run_optax(transformation: Any, name: str = "") -> tuple[Any, Any, Any]:
    accepting = optax.with_extra_args_support(transformation)
    taken = inspect.signature(accepting.update).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in taken.values())

    def step(carry: Any, inputs: Any) -> Any:
        values, state = carry
        number, gradient = inputs
        # Optax's `sam` takes no others.
        extra = {
            k: v for k, v in extra_of(number, jax.numpy.cos).items() if takes_any or k in taken
        }
        updates, state = accepting.update(gradient, state, values, **extra)
        return (optax.apply_updates(values, updates), state), updates

    start = jax.tree.map(jax.numpy.asarray, params_of(name))
    steps = jax.numpy.arange(STEPS, dtype=jax.numpy.float64), gradients(start)
    (values, state), updates = jax.lax.scan(step, (start, transformation.init(start)), steps)
    return values, state, updates


def words(leaf: Any) -> Any:
    """Return an array; of a key its two words, which are signed here."""
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    found = np.asarray(leaf)
    return found.view(np.int32) if found.dtype == np.uint32 else found


def assert_close(ours: Any, theirs: Any, rtol: float, message: str = "") -> None:
    mine, other = tw.tree.leaves(ours), [*map(words, jax.tree.leaves(theirs))]
    assert len(mine) == len(other)
    for a, b in zip(map(np.asarray, mine), other, strict=True):
        assert a.dtype == b.dtype
        if rtol > 1e-11:  # of singular vectors the signs are free
            a, b = np.abs(a), np.abs(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol / 100, err_msg=message)


@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_every_transformation_equals_optax_step_by_step(name: str, sample: Sample) -> None:
    rtol = ROUGH.get(name, 1e-12)
    with jax.enable_x64(True):
        expected_values, expected_state, expected = run_optax(sample(Exact(optax)), name)
    transformation, values = sample(OURS), params_of(name)
    state, everything, every = transformation.init(values), gradients(values), []
    for step in range(STEPS):
        gradient = tw.tree.map(lambda g, t=step: g[t], everything)
        updates, state = transformation.update(gradient, state, values, **extra_of(float(step)))
        values = optim.apply_updates(values, updates)
        every.append(tw.tree.leaves(updates))
    for ours, theirs in zip(zip(*every, strict=True), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(np.stack(ours), theirs, rtol=rtol, atol=rtol / 10)
    assert_close(values, expected_values, rtol)
    assert_close(state, expected_state, rtol)


@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_states_have_the_structure_and_field_names_of_optax(name: str, sample: Sample) -> None:
    with jax.enable_x64(True):
        theirs = sample(THEIRS).init(jax.tree.map(jax.numpy.asarray, params_of(name)))
        ours = sample(OURS).init(params_of(name))
        assert described(ours) == described(theirs)
        assert_close(ours, theirs, 1e-15)


def test_contrib_has_the_names_of_optax() -> None:
    theirs = {name for name in vars(optax.contrib) if not name.startswith("_")}
    theirs -= {"annotations"}
    assert theirs <= set(dir(contrib))


# The keywords of ours, after Optax's arguments.
MASKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("dadapt_adamw", "madgrad", "mechanize", "momo", "momo_adam"), ("mask",)),
    **dict.fromkeys(("prodigy", "schedule_free_adamw", "schedule_free_sgd"), ("mask",)),
    "muon": ("adam_weight_decay_mask",),
}


@pytest.mark.parametrize(
    "name", sorted(n for n in dir(optax.contrib) if inspect.isfunction(getattr(optax.contrib, n)))
)
def test_every_function_has_the_arguments_and_defaults_of_optax(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(o.contrib, name)) for o in (optim, optax))

    def told(signature: Any) -> list[Any]:
        return [
            (p.name, p.kind, "made" if callable(p.default) or p.name == "hessian_diagonal_fn"
             else p.default)
            for p in signature.parameters.values()
        ]  # fmt: skip

    further = [(n, inspect.Parameter.KEYWORD_ONLY, None) for n in MASKS.get(name, ())]
    assert told(ours) == told(theirs) + further
    if name != "schedule_free_eval_params":
        assert name in CONTRIB


# ---- what all transformations are


def run(made: Any, steps: int = 4, dtype: Any = np.float64) -> Any:
    values = params(dtype)
    state = made.init(values)
    for step in range(steps):
        gradient = tw.tree.map(lambda p, t=step: p * np.cos(t + p), params(dtype))
        updates, state = made.update(gradient, state, values, **extra_of(float(step)))
        values = optim.apply_updates(values, updates)
    return values, state, updates


@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_rebuilding_with_the_same_numbers_gives_the_same_bits(name: str, sample: Sample) -> None:
    made = sample(OURS)
    again = made.rebuild(list(made.hyperparameters.values()))
    assert again == made
    for a, b in zip(tw.tree.leaves(run(made)), tw.tree.leaves(run(again)), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_float32_parameters_states_and_updates_stay_float32(name: str, sample: Sample) -> None:
    made = sample(OURS)
    wide = made.rebuild([np.float64(v) for v in made.hyperparameters.values()])
    before = wide.init(params(np.float32))
    values, state, updates = run(wide, 3, np.float32)
    for leaf in tw.tree.leaves((values, updates)):
        assert np.asarray(leaf).dtype == np.float32
    for a, b in zip(tw.tree.leaves(state), tw.tree.leaves(before), strict=True):
        assert (np.shape(a), np.asarray(a).dtype) == (np.shape(b), np.asarray(b).dtype)
    assert tw.tree.structure(updates) == tw.tree.structure(params())


@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_transformations_of_plain_arguments_pickle(name: str, sample: Sample) -> None:
    made = sample(OURS)
    if (
        "<" in repr(made)
        or "lambda" in repr(made)
        or "mask_of" in repr(made)
        or "chosen" in repr(made)
    ):
        pytest.skip("it holds a function")
    assert pickle.loads(pickle.dumps(made)) == made


def loss(p: Any, x: Any) -> Any:
    return ((x @ p["w"] + p["b"] - x[:, :2]) ** 2).mean()


FITTED: list[Sample] = [
    lambda o: o.schedule_free_adamw(0.01, 5),
    lambda o: o.muon(0.02),
    lambda o: o.muon(0.02, preconditioning="aol"),
    lambda o: o.ademamix(0.01),
    lambda o: o.simplified_ademamix(0.001),
    lambda o: o.adopt(0.01),
    lambda o: o.prodigy(),
    lambda o: o.dog(),
    lambda o: o.dowg(),
    lambda o: o.momo(0.1, adapt_lower_bound=True),
    lambda o: o.momo_adam(0.1),
    lambda o: o.mechanize(o.adam(0.1)),
    lambda o: o.sam(o.adam(0.1), o.chain(o.normalize(), o.sgd(0.05))),
    lambda o: o.chain(o.adam(0.1), o.reduce_on_plateau(patience=2)),
    lambda o: o.madgrad(0.01),
    lambda o: o.acprop(0.01),
    lambda o: o.dadapt_adamw(),
    lambda o: o.cocob(),
    lambda o: o.galore(0.01, 2, 3),
    lambda o: o.split_real_and_imaginary(o.adam(0.1)),
    lambda o: o.sophia(0.1, gamma=1.0, update_interval=3),
    lambda o: o.sam(o.adam(0.1), o.chain(o.normalize(), o.sgd(0.05)), 3, opaque_mode=True),
]


def fitted(sample: Sample, **kwargs: Any) -> Any:
    rng = np.random.default_rng(2)
    start = {"w": rng.normal(size=(3, 2)), "b": np.zeros(2)}
    x = rng.normal(size=(20, 3))
    return tw.fit(loss, start, x, optimizer=sample(OURS), batch_size=5, **kwargs)


@pytest.mark.parametrize("sample", FITTED)
def test_a_native_fit_without_fallback_equals_the_reference_engine(sample: Sample) -> None:
    native, reference = (fitted(sample, epochs=3, engine=engine) for engine in ("native", "numpy"))
    for a, b in zip(tw.tree.leaves(native.params), tw.tree.leaves(reference.params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def turning(values: Any) -> Any:
    return tw.tree.map(lambda p: p * (1.0 + 0.5j), values)


def halved(values: Any) -> Any:
    return tw.tree.map(lambda p: p.astype(np.float16), values)


def size(values: Any) -> Any:
    return sum((abs(x) ** 2).sum() for x in tw.tree.leaves(values))


@pytest.mark.parametrize("change", [turning, halved])
@pytest.mark.parametrize(("name", "sample"), NAMED)
def test_complex_and_half_leaves_stay_so_and_finite(name: str, sample: Sample, change: Any) -> None:
    made, values = sample(OURS), change(params())
    state = made.init(values)
    specs = [(np.shape(s), np.asarray(s).dtype) for s in tw.tree.leaves(state)]
    extra = {"value": 1.0, "obj_fn": size, "grad_fn": lambda p, i: p}
    for _ in range(3):
        updates, state = made.update(values, state, values, **extra)
        values = optim.apply_updates(values, updates)
    kinds = [leaf.dtype for leaf in tw.tree.leaves(change(params()))]
    assert [leaf.dtype for leaf in tw.tree.leaves(updates)] == kinds
    assert [(np.shape(s), np.asarray(s).dtype) for s in tw.tree.leaves(state)] == specs
    assert all(np.isfinite(leaf).all() for leaf in tw.tree.leaves(values))


@pytest.mark.parametrize("sample", FITTED)
def test_a_resumed_fit_equals_an_uninterrupted_one(sample: Sample, tmp_path: Any) -> None:
    fitted(sample, epochs=1, checkpoint=tmp_path / "half")
    resumed = fitted(sample, epochs=1, resume=tmp_path / "half")
    for a, b in zip(
        tw.tree.leaves(resumed.params), tw.tree.leaves(fitted(sample, epochs=2).params), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def parabola(p: Any, x: Any) -> Any:
    return (p[0, 0] - 1.0) ** 2 + 3.0 * (p[0, 1] + 2.0) ** 2 + x.sum()


def rosenbrock(p: Any, x: Any) -> Any:
    return (1.0 - p[0, 0]) ** 2 + 10.0 * (p[0, 1] - p[0, 0] ** 2) ** 2 + x.sum()


@pytest.mark.parametrize(
    ("function", "minimum"), [(parabola, (1.0, -2.0)), (rosenbrock, (1.0, 1.0))]
)
@pytest.mark.parametrize("name", DESCENDING)
def test_every_optimizer_descends(name: str, function: Any, minimum: Any) -> None:
    start, nothing = np.array([[-0.5, 0.5]]), np.zeros((1, 1))
    fit = tw.fit(
        function, start, nothing, optimizer=DESCENDING[name](OURS), batch_size=1, epochs=2000
    )
    np.testing.assert_allclose(fit.params[0], minimum, atol=0.06)


# ---- single ones


def test_sophia_compiles_with_the_function_that_it_differentiates() -> None:
    made = contrib.sophia(0.1, gamma=0.1)
    x = np.array([1.0, -2.0])
    state = made.init(x)
    extra = {"obj_fn": lambda p: (p**4).sum()}

    def step(x: Any, state: Any) -> Any:
        return made.update(4 * x**3, state, x, **extra)

    for a, b in zip(
        tw.tree.leaves(tw.jit(step)(x, state)), tw.tree.leaves(step(x, state)), strict=True
    ):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12)


def test_sophia_prints_its_win_rate(capfd: Any) -> None:
    made = contrib.sophia(0.1, verbose=True, print_win_rate_every_n_steps=2)
    x = np.array([1.0, -2.0])
    state = made.init(x)
    for _ in range(4):
        _, state = made.update(x, state, x, obj_fn=lambda p: (p**4).sum())
    assert capfd.readouterr().out.count("Sophia optimizer win rate: ") == 2


def test_schedule_free_parameters_for_evaluation_are_those_of_optax() -> None:
    with jax.enable_x64(True):
        values, state, _ = run_optax(optax.contrib.schedule_free_sgd(0.1))
        expected = optax.contrib.schedule_free_eval_params(state, values)
    made, mine = contrib.schedule_free_sgd(0.1), params()
    kept, everything = made.init(mine), gradients(mine)
    for step in range(STEPS):
        updates, kept = made.update(tw.tree.map(lambda g, t=step: g[t], everything), kept, mine)
        mine = optim.apply_updates(mine, updates)
    assert_close(contrib.schedule_free_eval_params(kept, mine), expected, 1e-11)
    with pytest.raises(ArgumentError, match="requires a ScheduleFreeState as input"):
        contrib.schedule_free_eval_params(optim.sgd(0.1).init(mine), mine)


def test_schedule_free_keeps_z_in_the_dtype_asked_for() -> None:
    state = contrib.schedule_free_sgd(0.1, state_dtype="float32").init(params())
    assert {leaf.dtype for leaf in tw.tree.leaves(state.z)} == {np.dtype("float32")}


def test_complex_leaves_are_split_and_joined() -> None:
    z = {"z": np.array([1.0 + 2.0j, -0.5j]), "x": np.array([1.0, 2.0])}
    with jax.enable_x64(True):
        theirs = optax.contrib.split_real_and_imaginary(optax.adam(0.1))
        expected, expected_state = theirs.update(z, theirs.init(z), z)
    made = contrib.split_real_and_imaginary(optim.adam(0.1))
    found, state = made.update(z, made.init(z), z)
    assert_close(found, expected, 1e-12)
    assert_close(state, expected_state, 1e-12)


def test_dpsgd_averages_clipped_gradients_and_adds_the_noise_of_optax() -> None:
    rng = np.random.default_rng(4)
    batch = tw.tree.map(lambda p: rng.normal(size=(6, *p.shape)), params())
    with jax.enable_x64(True):
        with pytest.warns(DeprecationWarning, match="seed"):
            theirs = optax.contrib.dpsgd(0.1, 1.5, 0.7, 5, momentum=0.9, nesterov=True)
        expected, _ = theirs.update(batch, theirs.init(params()))
    made = contrib.dpsgd(0.1, 1.5, 0.7, 5, momentum=0.9, nesterov=True)
    found, _ = made.update(batch, made.init(params()))
    assert_close(found, expected, 1e-12)


def test_private_aggregation_wants_one_key() -> None:
    private = contrib.differentially_private_aggregate
    with pytest.warns(DeprecationWarning, match='"seed" is deprecated'):
        assert private(1.0, 1.0, seed=3).init(0.0).rng_key.tolist() == [0, 3]
    only = pytest.raises(ArgumentError, match="Only one of seed")
    with only, pytest.warns(DeprecationWarning, match="seed"):
        private(1.0, 1.0, 2, seed=3)
    with pytest.warns(UserWarning, match="No key was given"):
        private(1.0, 1.0)


def test_a_gradient_of_zeros_leaves_parameter_free_optimizers_finite() -> None:
    for made in (contrib.prodigy(), contrib.dadapt_adamw(), contrib.momo(), contrib.momo_adam()):
        values = params()
        none = tw.tree.map(np.zeros_like, values)
        updates, state = made.update(none, made.init(values), values, value=1.0)
        assert all(np.isfinite(np.asarray(x)).all() for x in tw.tree.leaves((updates, state)))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: contrib.sam(optim.sgd(1.0), optim.sgd(1.0), 0), ArgumentError, "must be >= 1"),
        (
            lambda: contrib.sam(optim.sgd(1.0), optim.sgd(1.0), batch_axis_name="b"),
            ArgumentError,
            "have no names here",
        ),
        (
            lambda: contrib.sam(optim.sgd(1.0), optim.sgd(1.0), opaque_mode=True).update(
                1.0, contrib.sam(optim.sgd(1.0), optim.sgd(1.0), opaque_mode=True).init(1.0), 1.0
            ),
            ArgumentError,
            "grad_fn must be provided when opaque_mode=True",
        ),
        (
            lambda: contrib.dog(init_step=("distence", 1.0)),
            ArgumentError,
            "Did you mean 'distance'",
        ),
        (lambda: contrib.reduce_on_plateau(1.0), ArgumentError, r"factor=1.0.*\(0, 1\)"),
        (lambda: contrib.reduce_on_plateau(rtol=0.0), ArgumentError, "at least one of rtol"),
        (lambda: contrib.reduce_on_plateau(rtol=1.5), ArgumentError, "rtol=1.5"),
        (
            lambda: contrib.reduce_on_plateau().update(
                1.0, contrib.reduce_on_plateau().init(1.0), 1.0
            ),
            CallError,
            "value=loss",
        ),
        (lambda: contrib.muon(0.1, "standrad"), ArgumentError, "Did you mean 'standard'"),
        (lambda: contrib.scale_by_muon((1.0, 2.0)), ArgumentError, r"shape \(3,\) or \(n, 3\)"),
        (lambda: contrib.muon(0.1, preconditioning="none"), ArgumentError, "frobenius"),
        (lambda: contrib.galore(0.1, 0), ArgumentError, "must be positive, got 0"),
        (lambda: contrib.galore(0.1, 1.5), DtypeError, "must be an int, got float"),
        (
            lambda: contrib.orthogonalize_via_newton_schulz(np.ones(3), (3.0, -3.2, 1.2)),
            ShapeError,
            "must have shape",
        ),
        (
            lambda: contrib.scale_by_galore(
                weight_dimension_numbers=contrib.GaLoreDimensionNumbers(0, 0)
            ).init(np.ones((2, 2))),
            ShapeError,
            "must be disjoint",
        ),
        (lambda: contrib.schedule_free_sgd(b1=0.0), ArgumentError, r"\(0, 1\]"),
        (lambda: contrib.sophia(0.1, update_interval=0), ArgumentError, "update_interval=0"),
        (
            lambda: contrib.sophia(0.1).update(1.0, contrib.sophia(0.1).init(1.0), 1.0),
            ArgumentError,
            "obj_fn must be provided",
        ),
        (lambda: contrib.mechanize(optim.sgd(1.0), num_betas=0), ArgumentError, "num_betas=0"),
    ],
)
def test_errors_say_what_was_given_and_what_is_wanted(
    call: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        call()


def test_the_samples_of_extra_arguments_are_a_function_and_its_gradient() -> None:
    x = np.array([1.0, -2.0])
    np.testing.assert_allclose(along_quartic(x, 0), tw.grad(quartic)(x))
