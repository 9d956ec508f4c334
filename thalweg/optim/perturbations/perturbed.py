"""Functions smoothed by noise, which have derivatives where they had none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg import tree
from thalweg.autodiff.batching import vmap
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.elementwise.conversion import as_floating, stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import beside, drawing, in_any_library, of_users
from thalweg.ops.reduce.sums import mean
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.ranges import POSITIVE
from thalweg.optim.transformation import each
from thalweg.optim.wholes import added
from thalweg.random import normal, split, uniform
from thalweg.tree import Tree

__all__ = ["Gumbel", "Normal", "make_perturbed_fun"]


class Normal:
    """The standard normal distribution, as noise.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.perturbations.Normal().log_prob(tw.Tensor([0.0, 2.0]))
        tensor([-0., -2.])
    """

    @in_any_library
    def sample(self, key: Any, sample_shape: Any = (), dtype: Any = FLOAT64) -> Tensor:
        """Return draws, as `jax.random.normal` to rounding.

        Args:
            key: A key, as `thalweg.random.key` makes them.
            sample_shape: The shape of the draws.
            dtype: float32 or float64.
        """
        return normal(key, sample_shape, dtype)

    @in_any_library
    def log_prob(self, inputs: Any) -> Tensor:
        """Return the logarithm of the density without its constant: -½ x²."""
        return -0.5 * square(as_floating(inputs, None))


class Gumbel:
    """The standard Gumbel distribution, as noise: with it the largest of scores is a softmax.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.perturbations.Gumbel().log_prob(tw.Tensor([0.0]))
        tensor([-1.])
    """

    @in_any_library
    def sample(self, key: Any, sample_shape: Any = (), dtype: Any = FLOAT64) -> Tensor:
        """Return draws, -ln(-ln u) of u uniform in (0, 1), as `jax.random.gumbel` to rounding.

        Args:
            key: A key, as `thalweg.random.key` makes them.
            sample_shape: The shape of the draws.
            dtype: float32 or float64.
        """
        least = float(finfo(dtype).smallest_normal)
        return -log(-log(uniform(key, sample_shape, dtype, least, 1.0)))

    @in_any_library
    def log_prob(self, inputs: Any) -> Tensor:
        """Return the logarithm of the density: -x - e⁻ˣ."""
        x = as_floating(inputs, None)
        return -x - exp(-x)


def make_perturbed_fun(
    fun: Callable[[Tree], Tree],
    num_samples: int = 1000,
    sigma: Any = 0.1,
    noise: Any = Gumbel(),  # noqa: B008 - it has no state
    use_baseline: bool = True,
) -> Callable[[Any, Tree], Tree]:
    """Return a function whose value is the mean of f(x + σ z) over draws of z.

    Its derivatives are those of the expectation, whatever f's are: each draw counts with the
    derivative of the logarithm of its density, the score.

        ∂ E f(x + σ z) = E (f(x + σ z) - f(x)) ∂ ln p((y - x) / σ) at y = x + σ z

    Args:
        fun: f, maps a tree of arrays to a tree of arrays.
        num_samples: How many draws.
        sigma: σ, in (0, ∞).
        noise: What z is drawn from: an object with `sample(key, sample_shape, dtype)` and
            `log_prob(inputs)`, such as `Gumbel()` or `Normal()`.
        use_baseline: Whether f(x) is subtracted, which lessens the variance of derivatives.

    Returns:
        A function of a key and x.

    Raises:
        ArgumentError: If σ is outside its range.

    Source:
        Berthet et al., "Learning with Differentiable Perturbed Optimizers", 2020. arXiv:2002.08676;
        derivatives of all orders as Foerster et al., "DiCE", 2018. arXiv:1802.05098

    Example:
        >>> import numpy as np, thalweg as tw
        >>> best = lambda x: tw.one_hot(tw.argmax(x), 2)
        >>> soft = tw.optim.perturbations.make_perturbed_fun(best, num_samples=2000, sigma=1.0)
        >>> np.round(soft(tw.random.key(0), tw.Tensor([0.0, 0.0])), 1)
        tensor([0.5000, 0.5000])
    """
    POSITIVE.check(sigma=sigma)
    function, log_prob = of_users(fun), of_users(noise.log_prob)

    def perturbed(key: Any, x: Tree, baseline: Tree) -> Tree:
        """Return one draw's value, with the derivative of the expectation."""
        drawn = _like(key, x, noise)
        moved = each(lambda leaf, z: stop_gradient(leaf + sigma * z), x, drawn)
        z = each(lambda leaf, y: (y - leaf) / sigma, x, moved)
        density = added(each(lambda leaf: total(as_tensor(log_prob(leaf))), z))
        one = exp(density - stop_gradient(density))  # its derivative is that of the density
        if baseline is None:
            return each(lambda value: one * value, function(moved))
        return each(lambda value, b: one * value + (1 - one) * b, function(moved), baseline)

    @on_tensors
    def estimator(key: Any, x: Tree) -> Tree:
        """Return the mean over the draws of a key.

        Args:
            key: A key, as `thalweg.random.key` makes them.
            x: A tree of arrays.
        """
        baseline = function(each(stop_gradient, x)) if use_baseline else None
        keys = split(key, num_samples)
        keys = functools.reduce(beside, map(as_tensor, tree.leaves(x)), keys)
        found = vmap(lambda one: perturbed(one, x, baseline))(keys)
        return each(lambda values: mean(values, 0), found)

    return estimator


def _like(key: Any, x: Tree, noise: Any) -> Tree:
    """Return a draw for each leaf, of keys of their own."""
    leaves, definition = tree.flatten(x)
    keys = split(key, len(leaves))
    sample = drawing(noise.sample)
    draws = [
        sample(keys[i], tuple(leaf.shape), leaf.dtype)
        for i, leaf in enumerate(map(as_floating, leaves))
    ]
    return tree.unflatten(definition, draws)
