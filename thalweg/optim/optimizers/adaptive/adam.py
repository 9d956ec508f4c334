"""Adam and its family: two running moments, and what different papers do with them."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import ones, zeros_like
from thalweg.ops.elementwise.arithmetic import absolute, sqrt
from thalweg.ops.elementwise.comparison import greater_equal, maximum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import (
    correction,
    first_moment,
    in_single,
    leafwise,
    moment,
    root,
    step_each,
    zeros,
)
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain

__all__ = [
    "ScaleByAdamState", "ScaleByAmsgradState", "ScaleByNadamState", "adam", "adamax", "adamaxw",
    "adamw", "amsgrad", "nadam", "nadamw", "radam", "scale_by_adam", "scale_by_adamax",
    "scale_by_amsgrad", "scale_by_nadam", "scale_by_radam",
]  # fmt: skip


# ---- what all have in common


class ScaleByAdamState(NamedTuple):
    """The state of `scale_by_adam`, `scale_by_adamax` and `scale_by_radam`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares; of `scale_by_adamax` their decaying largest size


def _check(b1: Any, b2: Any, **others: Any) -> None:
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(**others)


# ---- scaling


@factory
def scale_by_adam(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Scale updates by Adam's estimates of their first two moments.

        m ← (1 − b1) g + b1 m       m̂ = m / (1 − b1ᵗ)
        v ← (1 − b2) g² + b2 v      v̂ = v / (1 − b2ᵗ)
        u = m̂ / (√(v̂ + eps_root) + eps)

    With `nesterov`, m̂ = b1 m / (1 − b1ᵗ⁺¹) + (1 − b1) g / (1 − b1ᵗ).

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient; positive where one
            differentiates through the optimizer.
        mu_dtype: The dtype of the first moment; by default the parameters'.
        nesterov: Whether to look one step ahead.

    Raises:
        ArgumentError: If `b1` or `b2` is outside [0, 1), or `eps` or `eps_root` negative.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
        arXiv:1412.6980; Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Example:
        >>> import thalweg as tw
        >>> adam = tw.optim.scale_by_adam(eps=0.0)
        >>> updates, _ = adam.update([3.0, -0.1], adam.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    _check(b1, b2, eps=eps, eps_root=eps_root)

    def at(count: Tensor) -> Any:
        first, second = first_moment(b1, count, nesterov), correction(b2, count)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), moment(squared_magnitude(g), v, b2)
            return first(g, m) / (root(second(v), eps_root) + eps), m, v

        return step

    return leafwise(ScaleByAdamState, at, mu=zeros(mu_dtype))


@factory
def scale_by_adamax(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """Scale updates by their average over their decaying largest size.

        m ← (1 − b1) g + b1 m
        v ← max(|g| + eps, b2 v)
        u = m / (1 − b1ᵗ) / v

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the largest size kept each step, in [0, 1).
        eps: Added to the size of each update.

    Raises:
        ArgumentError: If a decay is outside [0, 1) or `eps` negative.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980

    Example:
        >>> import thalweg as tw
        >>> adamax = tw.optim.scale_by_adamax(eps=0.0)
        >>> updates, _ = adamax.update([3.0, -0.1], adamax.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    _check(b1, b2, eps=eps)

    def at(count: Tensor) -> Any:
        corrected = correction(b1, count)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), maximum(absolute(g) + eps, b2 * v)
            return corrected(m) / v, m, v

        return step

    return leafwise(ScaleByAdamState, at)


class ScaleByAmsgradState(NamedTuple):
    """The state of `scale_by_amsgrad`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares
    nu_max: Params  # the largest average of squares so far


@factory
def scale_by_amsgrad(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
    *,
    max_before_correction: bool = False,
) -> GradientTransformation:
    """Scale updates as Adam does, by the largest average of squares so far.

        m̂ and v̂ as in `scale_by_adam`
        w ← max(w, v̂)
        u = m̂ / (√(w + eps_root) + eps)

    With `max_before_correction`, w ← max(w, v), and u has w / (1 − b2ᵗ) for w.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient.
        mu_dtype: The dtype of the first moment; by default the parameters'.
        bias_correction_mu: Whether m is divided by 1 − b1ᵗ.
        bias_correction_nu: Whether v is divided by 1 − b2ᵗ.
        max_before_correction: Whether the maximum is of averages before their correction, as in
            PyTorch.

    Raises:
        ArgumentError: If `b1` or `b2` is outside [0, 1), or `eps` or `eps_root` negative.

    Source:
        Reddi et al., "On the Convergence of Adam and Beyond", 2018, algorithm 2, with Adam's
        corrections. arXiv:1904.09237

    Example:
        >>> import thalweg as tw
        >>> amsgrad = tw.optim.scale_by_amsgrad(eps=0.0)
        >>> updates, _ = amsgrad.update([3.0, -0.1], amsgrad.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    _check(b1, b2, eps=eps, eps_root=eps_root)

    def at(count: Tensor) -> Any:
        first = correction(b1, count, bias_correction_mu)
        early = correction(b2, count, bias_correction_nu and not max_before_correction)
        late = correction(b2, count, bias_correction_nu and max_before_correction)

        def step(g: Tensor, m: Tensor, v: Tensor, w: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), moment(squared_magnitude(g), v, b2)
            w = maximum(w, early(v))
            return first(m) / (root(late(w), eps_root) + eps), m, v, w

        return step

    return leafwise(ScaleByAmsgradState, at, mu=zeros(mu_dtype))


class ScaleByNadamState(NamedTuple):
    """The state of `scale_by_nadam`."""

    count: Any  # int32 scalar: the steps made
    mu_product: Any  # float32 scalar: the product of the momenta so far
    mu: Params  # the average of updates
    nu: Params  # the average of their squares


@factory
def scale_by_nadam(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, momentum_decay: float = 4e-3
) -> GradientTransformation:
    """Scale updates as Adam does, one step ahead along a momentum that warms up.

        μₜ = b1 (1 − ½ 0.96^(t·momentum_decay))       Pₜ = μ₁ μ₂ ⋯ μₜ
        m ← (1 − b1) g + b1 m                         v ← (1 − b2) g² + b2 v
        u = ((1 − μₜ) / (1 − Pₜ) g + μₜ₊₁ / (1 − Pₜ μₜ₊₁) m) / (√(v / (1 − b2ᵗ)) + eps)

    The momentum of `scale_by_adam(nesterov=True)`, and so of `nadam`, is constant. The product is
    kept in float32, as PyTorch keeps it.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        momentum_decay: How fast the momentum warms up, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2.

    Example:
        >>> import thalweg as tw
        >>> nadam = tw.optim.scale_by_nadam()
        >>> updates, _ = nadam.update([3.0], nadam.init([0.0]))
        >>> round(updates[0].item(), 4)
        1.0565
    """
    _check(b1, b2, eps=eps, momentum_decay=momentum_decay)

    def momentum(count: Any) -> Any:
        return b1 * (1.0 - 0.5 * 0.96 ** (astype(count, "float64") * momentum_decay))

    def init(params: Params) -> ScaleByNadamState:
        blank = each(zeros_like, params)
        return ScaleByNadamState(first_count(), ones((), "float32"), blank, blank)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = safe_increment(state.count)
        now, ahead, corrected = momentum(count), momentum(count + 1), correction(b2, count)
        product = state.mu_product * astype(now, "float32")
        whole = astype(product, "float64")
        left, right = (1.0 - now) / (1.0 - whole), ahead / (1.0 - whole * ahead)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), moment(squared_magnitude(g), v, b2)
            towards = astype(left, g.dtype) * g + astype(right, g.dtype) * m
            return towards / (sqrt(corrected(v)) + eps), m, v

        found, mu, nu = step_each(step, updates, state.mu, state.nu)
        return found, ScaleByNadamState(count, product, mu, nu)

    return in_single(init, update)


@factory
def scale_by_radam(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    threshold: float = 5.0,
    *,
    nesterov: bool = False,
    eps_before_correction: bool = False,
) -> GradientTransformation:
    """Scale updates as Adam does, rectified; as momentum alone while their variance is unknown.

        ρ∞ = 2 / (1 − b2) − 1       ρ = ρ∞ − 2 t b2ᵗ / (1 − b2ᵗ)
        r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))
        u = r m̂ / (√(v̂ + eps_root) + eps)  where ρ ≥ threshold, else m̂

    m̂ and v̂ are those of `scale_by_adam`. With `eps_before_correction`, the denominator is
    (√(v + eps_root) + eps) / √(1 − b2ᵗ).

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient.
        threshold: The length ρ of the average from which on its variance counts as known.
        nesterov: Whether to look one step ahead.
        eps_before_correction: Whether `eps` is added before v is corrected, as in PyTorch.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2.
        arXiv:1908.03265

    Example:
        >>> import thalweg as tw
        >>> radam = tw.optim.scale_by_radam()
        >>> updates, _ = radam.update([3.0], radam.init([0.0]))
        >>> round(updates[0].item(), 12)
        3.0
    """
    _check(b1, b2, eps=eps, eps_root=eps_root)
    FINITE.check(threshold=threshold)

    def at(count: Tensor) -> Any:
        t = astype(count, "float64")
        last = 2.0 / (1.0 - b2) - 1.0
        rho = last - 2.0 * t * b2**t / (1.0 - b2**t)
        # Where it is not used, the root must be one of a positive number all the same.
        known = maximum(rho, threshold)
        ratio = (known - 4.0) * (known - 2.0) * last / ((last - 4.0) * (last - 2.0) * known)
        factor = sqrt(ratio) * (sqrt(1.0 - b2**t) if eps_before_correction else 1.0)
        first, adapted = first_moment(b1, count, nesterov), greater_equal(rho, threshold)
        second = correction(b2, count, not eps_before_correction)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), moment(squared_magnitude(g), v, b2)
            scaled = astype(factor, v.dtype) / (root(second(v), eps_root) + eps)
            return first(g, m) * where(adapted, scaled, 1.0), m, v

        return step

    return leafwise(ScaleByAdamState, at)


# ---- optimizers


@factory
def adam(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam: steps of the size of the learning rate, adapted to each parameter.

        u = −learning_rate · m̂ / (√(v̂ + eps_root) + eps),    m̂ and v̂ as in `scale_by_adam`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient.
        mu_dtype: The dtype of the first moment; by default the parameters'.
        nesterov: Whether to look one step ahead, as `nadam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015. arXiv:1412.6980

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.adam(0.1)
        >>> params = tw.Tensor([1.0, -2.0])
        >>> gradient = tw.grad(lambda p: (p**2).sum())(params)
        >>> updates, state = optimizer.update(gradient, optimizer.init(params), params)
        >>> updates
        tensor([-0.1000,  0.1000])
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


@factory
def nadam(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformation:
    """Adam with Nesterov's look ahead.

        u = −learning_rate · m̂ / (√(v̂ + eps_root) + eps)

    Arguments and errors as for `adam`.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.nadam(0.1)
        nadam(learning_rate=0.1)
    """
    return adam(learning_rate, b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov)


@factory
def adamw(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam with decoupled weight decay.

        u = −learning_rate · (m̂ / (√(v̂ + eps_root) + eps) + weight_decay · p)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root`, `mu_dtype` and `nesterov`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        mu_dtype: See `adam`.
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.
        nesterov: See `adam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adamw(0.001, weight_decay=0.01)
        adamw(learning_rate=0.001, weight_decay=0.01)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


@factory
def nadamw(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformation:
    """Adam with Nesterov's look ahead and decoupled weight decay.

        u = −learning_rate · (m̂ / (√(v̂ + eps_root) + eps) + weight_decay · p)

    Arguments and errors as for `adamw`.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016; Loshchilov & Hutter, "Decoupled
        Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> tw.optim.nadamw(0.001)
        nadamw(learning_rate=0.001)
    """
    return adamw(
        learning_rate, b1, b2, eps, eps_root, mu_dtype, weight_decay, mask, nesterov=nesterov
    )


@factory
def adamax(
    learning_rate: ScalarOrSchedule, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """Adam in the infinity norm: steps divided by the decaying largest size of the gradient.

        u = −learning_rate · m̂ / v,    m̂ and v as in `scale_by_adamax`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the largest size kept each step, in [0, 1).
        eps: Added to the size of each gradient.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adamax(0.002)
        adamax(learning_rate=0.002)
    """
    return chain(scale_by_adamax(b1, b2, eps), scale_by_learning_rate(learning_rate))


@factory
def adamaxw(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
) -> GradientTransformation:
    """Adam in the infinity norm with decoupled weight decay.

        u = −learning_rate · (m̂ / v + weight_decay · p),    m̂ and v as in `scale_by_adamax`

    Arguments and errors as for `adamax` and `adamw`.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980; Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019.
        arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adamaxw(0.002)
        adamaxw(learning_rate=0.002)
    """
    return chain(
        scale_by_adamax(b1, b2, eps),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


@factory
def amsgrad(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformation:
    """Adam with a denominator that never shrinks.

        u = −learning_rate · m̂ / (√(w + eps_root) + eps),    m̂ and w as in `scale_by_amsgrad`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root` and `mu_dtype`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        mu_dtype: See `adam`.
        bias_correction_mu: Whether m is divided by 1 − b1ᵗ.
        bias_correction_nu: Whether v is divided by 1 − b2ᵗ.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Reddi et al., "On the Convergence of Adam and Beyond", 2018. arXiv:1904.09237

    Example:
        >>> import thalweg as tw
        >>> tw.optim.amsgrad(0.001)
        amsgrad(learning_rate=0.001)
    """
    return chain(
        scale_by_amsgrad(b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu),
        scale_by_learning_rate(learning_rate),
    )


@factory
def radam(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    threshold: float = 5.0,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Rectified Adam: momentum alone until the variance of the gradient is known.

        u = −learning_rate · r m̂ / (√(v̂ + eps_root) + eps),    r as in `scale_by_radam`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root` and `nesterov`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        threshold: The length of the average from which on its variance counts as known.
        nesterov: See `adam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020.
        arXiv:1908.03265

    Example:
        >>> import thalweg as tw
        >>> tw.optim.radam(0.001)
        radam(learning_rate=0.001)
    """
    return chain(
        scale_by_radam(b1, b2, eps, eps_root, threshold, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )
