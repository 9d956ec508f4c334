"""Transforms, constraints and what takes one to the other, beside PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.torch.distributions.cases import correlations, definite, positive, real, share, simplex
from thalweg import torch as wing

torch = pytest.importorskip("torch")


Make = Callable[[Any, Any], Any]

# How a transform is made of `distributions` and `tensor`, and what it is given.
TRANSFORMS: dict[str, tuple[Make, Any]] = {
    "Abs": (lambda d, t: d.AbsTransform(), real(3)),
    "Affine": (lambda d, t: d.AffineTransform(1.0, -2.0), real(3)),
    "Affine of tensors": (
        lambda d, t: d.AffineTransform(t([1.0, 2.0]), t([-2.0, 3.0])),
        real(4, 2),
    ),
    "Affine of vectors": (
        lambda d, t: d.AffineTransform(t([1.0, 2.0]), 3.0, event_dim=1),
        real(4, 2),
    ),
    "Cat": (
        lambda d, t: d.CatTransform([d.ExpTransform(), d.TanhTransform()], -1, [1, 2]),
        real(4, 3),
    ),
    "Cat of the first axis": (
        lambda d, t: d.CatTransform([d.ExpTransform(), d.identity_transform], 0, [1, 2]),
        real(3, 2),
    ),
    "Compose": (
        lambda d, t: d.ComposeTransform([d.AffineTransform(1.0, 2.0), d.ExpTransform()]),
        real(3),
    ),
    "Compose to a simplex": (
        lambda d, t: d.ComposeTransform([d.TanhTransform(), d.StickBreakingTransform()]),
        real(4, 3),
    ),
    "CorrCholesky": (lambda d, t: d.CorrCholeskyTransform(), real(2, 6)),
    "CumulativeDistribution": (
        lambda d, t: d.CumulativeDistributionTransform(d.Normal(t(0.5), 2.0)),
        real(3),
    ),
    "Exp": (lambda d, t: d.ExpTransform(), real(3)),
    "identity": (lambda d, t: d.identity_transform, real(3)),
    "Independent": (
        lambda d, t: d.transforms.IndependentTransform(d.ExpTransform(), 1),
        real(4, 3),
    ),
    "LowerCholesky": (lambda d, t: d.LowerCholeskyTransform(), real(2, 3, 3)),
    "PositiveDefinite": (lambda d, t: d.PositiveDefiniteTransform(), real(2, 3, 3)),
    "Power": (lambda d, t: d.PowerTransform(t([2.0, -1.5, 0.5])), positive(4, 3)),
    "Power of a number": (lambda d, t: d.PowerTransform(3.0), positive(4, 3)),
    "Reshape": (lambda d, t: d.ReshapeTransform((4,), (2, 2)), real(3, 4)),
    "Sigmoid": (lambda d, t: d.SigmoidTransform(), np.array([-800.0, -2.0, 0.3, 50.0])),
    "Softmax": (lambda d, t: d.SoftmaxTransform(), real(4, 3)),
    "Softplus": (lambda d, t: d.SoftplusTransform(), np.array([-40.0, -2.0, 0.3, 50.0])),
    "Stack": (lambda d, t: d.StackTransform([d.ExpTransform(), d.TanhTransform()], 1), real(4, 2)),
    "StickBreaking": (lambda d, t: d.StickBreakingTransform(), real(4, 3)),
    "Tanh": (lambda d, t: d.TanhTransform(), real(5)),
}


def of_both(make: Make) -> tuple[Any, Any]:
    return make(wing.distributions, wing.tensor), make(torch.distributions, torch.tensor)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_are_pytorch_s(name: str) -> None:
    make, x = TRANSFORMS[name]
    ours, theirs = of_both(make)
    mine, other = wing.tensor(x).requires_grad_(), torch.tensor(x).requires_grad_()
    y, expected = ours(mine), theirs(other)
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), 1e-12, 1e-300)
    back, before = ours.inv(y), theirs.inv(expected)
    np.testing.assert_allclose(back.detach().numpy(), before.detach().numpy(), 1e-9, 1e-9)
    assert repr(ours) == repr(theirs)
    assert repr(ours.inv) == repr(theirs.inv)
    assert ours.bijective == theirs.bijective
    for domain in ("domain", "codomain"):
        assert getattr(ours, domain).event_dim == getattr(theirs, domain).event_dim
        assert getattr(ours, domain).check(wing.tensor(x)).shape is not None
    try:
        change = theirs.log_abs_det_jacobian(other, expected)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            ours.log_abs_det_jacobian(mine, y)
        return
    found = ours.log_abs_det_jacobian(mine, y)
    np.testing.assert_allclose(found.detach().numpy(), change.detach().numpy(), 1e-11, 1e-12)
    assert tuple(found.shape) == tuple(change.shape)
    if np.isfinite(change.detach().numpy()).all() and change.requires_grad:
        found.sum().backward()
        change.sum().backward()
        np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), 1e-9, 1e-10)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_shapes_signs_and_equality_are_pytorch_s(name: str) -> None:
    make, x = TRANSFORMS[name]
    ours, theirs = of_both(make)
    assert tuple(ours.forward_shape(x.shape)) == tuple(theirs.forward_shape(x.shape))
    after = tuple(theirs.forward_shape(x.shape))
    assert tuple(ours.inverse_shape(after)) == tuple(theirs.inverse_shape(after))
    assert (ours == make(wing.distributions, wing.tensor)) == (
        theirs == make(torch.distributions, torch.tensor)
    )
    assert ours.inv.inv == ours
    try:
        sign = theirs.sign
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            _ = ours.sign
        return
    np.testing.assert_array_equal(np.asarray(ours.sign), np.asarray(sign))


def test_a_cache_gives_back_what_was_transformed() -> None:
    for lib in (wing, torch):
        d = lib.distributions
        for t in (
            d.TanhTransform(cache_size=1),
            d.SigmoidTransform().with_cache(1),
            d.ComposeTransform([d.ExpTransform(), d.AffineTransform(1.0, 2.0)]).with_cache(),
        ):
            x = lib.tensor([0.3, 20.0])
            assert t.inv(t(x)) is x
    with pytest.raises(ValueError, match="cache_size must be 0 or 1"):
        wing.distributions.ExpTransform(cache_size=2)


# How a constraint is made, values that are in its set, and others.
CONSTRAINTS: dict[str, tuple[Make, Any, Any]] = {
    "boolean": (lambda c, t: c.boolean, np.array([0.0, 1.0]), np.array([0.5, 2.0, np.nan])),
    "cat": (
        lambda c, t: c.cat([c.positive, c.real], 0, [1, 2]),
        np.array([1.0, -1.0, 0.0]),
        np.array([-1.0, -1.0, np.nan]),
    ),
    "corr_cholesky": (lambda c, t: c.corr_cholesky, correlations(2, 3), real(2, 3, 3)),
    "greater_than": (lambda c, t: c.greater_than(2.0), np.array([2.5]), np.array([2.0, np.nan])),
    "greater_than_eq": (lambda c, t: c.greater_than_eq(2), np.array([2.0]), np.array([1.9])),
    "half_open_interval": (
        lambda c, t: c.half_open_interval(-1.0, 2.0),
        np.array([-1.0, 1.9]),
        np.array([2.0, -2.0]),
    ),
    "independent": (lambda c, t: c.independent(c.positive, 1), positive(3, 2), real(9, 2)),
    "integer_interval": (
        lambda c, t: c.integer_interval(-1, 2),
        np.array([-1.0, 2]),
        np.array([0.5, 3]),
    ),
    "interval": (
        lambda c, t: c.interval(-1.0, 2.0),
        np.array([-1.0, 2.0]),
        np.array([2.1, np.nan]),
    ),
    "less_than": (lambda c, t: c.less_than(2.0), np.array([1.5]), np.array([2.0])),
    "lower_cholesky": (lambda c, t: c.lower_cholesky, np.tril(positive(2, 3, 3)), real(2, 3, 3)),
    "lower_triangular": (lambda c, t: c.lower_triangular, np.tril(real(2, 3, 3)), real(2, 3, 3)),
    "multinomial": (lambda c, t: c.multinomial(3), np.array([[1.0, 2.0]]), np.array([[4.0, 0.0]])),
    "nonnegative": (lambda c, t: c.nonnegative, np.array([0.0, 1.0]), np.array([-1.0])),
    "nonnegative_integer": (
        lambda c, t: c.nonnegative_integer,
        np.array([0.0, 3]),
        np.array([-1.0, 0.5]),
    ),
    "one_hot": (lambda c, t: c.one_hot, np.eye(3), np.ones((2, 3))),
    "positive": (lambda c, t: c.positive, np.array([0.1]), np.array([0.0, -1.0])),
    "positive_definite": (lambda c, t: c.positive_definite, definite(2, 3), -definite(2, 3)),
    "positive_integer": (lambda c, t: c.positive_integer, np.array([1.0]), np.array([0.0, 1.5])),
    "positive_semidefinite": (
        lambda c, t: c.positive_semidefinite,
        definite(2, 3),
        -definite(2, 3),
    ),
    "real": (lambda c, t: c.real, np.array([0.0, np.inf]), np.array([np.nan])),
    "real_vector": (lambda c, t: c.real_vector, real(2, 3), np.full((2, 3), np.nan)),
    "simplex": (lambda c, t: c.simplex, simplex(4, 3), share(4, 3) / 4),
    "square": (lambda c, t: c.square, real(2, 3, 3), real(2, 3, 2)),
    "stack": (
        lambda c, t: c.stack([c.positive, c.unit_interval], -1),
        share(4, 2),
        -share(4, 2) - 1,
    ),
    "symmetric": (lambda c, t: c.symmetric, definite(2, 3), real(2, 3, 3)),
    "unit_interval": (lambda c, t: c.unit_interval, share(3), np.array([-0.1, 1.1])),
    "of tensors": (
        lambda c, t: c.interval(t([0.0, 1.0]), t([1.0, 2.0])),
        np.array([0.5, 1.5]),
        np.array([1.5, 0.5]),
    ),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_are_pytorch_s(name: str) -> None:
    make, inside, outside = CONSTRAINTS[name]
    ours = make(wing.distributions.constraints, wing.tensor)
    theirs = make(torch.distributions.constraints, torch.tensor)
    for values in (inside, outside):
        found = ours.check(wing.tensor(values)).numpy()
        np.testing.assert_array_equal(found, theirs.check(torch.tensor(values)).numpy())
        assert found.all() == (values is inside)
    if name not in ("cat", "stack", "of tensors"):
        assert repr(ours) == repr(theirs)
    assert ours.is_discrete == theirs.is_discrete
    assert ours.event_dim == theirs.event_dim


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_transforms_of_constraints_are_pytorch_s(name: str, registry: str) -> None:
    make, inside, _ = CONSTRAINTS[name]
    ours = make(wing.distributions.constraints, wing.tensor)
    theirs = make(torch.distributions.constraints, torch.tensor)
    try:
        expected = getattr(torch.distributions, registry)(theirs)
    except NotImplementedError:
        with pytest.raises(NotImplementedError, match="Cannot transform _"):
            getattr(wing.distributions, registry)(ours)
        return
    found = getattr(wing.distributions, registry)(ours)
    x = found.inv(wing.tensor(inside))
    np.testing.assert_allclose(x.numpy(), expected.inv(torch.tensor(inside)).numpy(), 1e-9, 1e-9)
    moved = np.cos(np.arange(x.numel())).reshape(x.shape)
    y = found(wing.tensor(moved))
    np.testing.assert_allclose(y.numpy(), expected(torch.tensor(moved)).numpy(), 1e-12, 1e-14)
    assert ours.check(y).all()


def test_a_user_s_constraint_gets_its_transform() -> None:
    for lib in (wing, torch):
        d = lib.distributions

        class Even(d.constraints.Constraint):  # type: ignore[misc, name-defined]
            def check(self, value: Any) -> Any:
                return value % 2 == 0

        @d.biject_to.register(Even)
        def of_even(constraint: Any, d: Any = d) -> Any:
            return d.AffineTransform(0.0, 2.0)

        assert d.biject_to(Even())(lib.tensor(3.0)) == 6
        with pytest.raises(TypeError, match="Expected constraint to be either a Constraint"):
            d.biject_to.register(3, of_even)


def test_what_depends_on_a_distribution_is_known_by_it_alone() -> None:
    for lib in (wing, torch):
        c = lib.distributions.constraints
        assert c.is_dependent(c.dependent)
        assert c.is_dependent(lib.distributions.Uniform.support)
        assert not c.is_dependent(c.real)
        with pytest.raises(ValueError, match="Cannot determine validity of dependent constraint"):
            c.dependent.check(lib.tensor(1.0))
        with pytest.raises(NotImplementedError, match="cannot be determined statically"):
            _ = c.dependent.event_dim
        assert lib.distributions.Uniform.support.event_dim == 0
        assert c.dependent(is_discrete=True, event_dim=2).event_dim == 2


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda d, t: d.CorrCholeskyTransform().forward_shape((4,)), "Input is not a flattened lo"),
        (lambda d, t: d.CorrCholeskyTransform().inverse_shape((4, 3)), "Input is not square"),
        (lambda d, t: d.StickBreakingTransform().forward_shape(()), "Too few dimensions on input"),
        (lambda d, t: d.ReshapeTransform((4,), (3,)), "in_shape, out_shape have different numbers"),
        (lambda d, t: d.ReshapeTransform((4,), (2, 2)).forward_shape((3,)), "Shape mismatch: expe"),
        (lambda d, t: d.StickBreakingTransform().event_dim and 1 / 0, None),
    ],
)
def test_errors_begin_as_pytorch_s(wrong: Make, text: str | None) -> None:
    for lib in (wing, torch):
        with pytest.raises((ValueError, ZeroDivisionError), match=text):
            wrong(lib.distributions, lib.tensor)


def test_lists_of_triangles() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)[..., :3]
    utils = "thalweg.torch.distributions.utils", "torch.distributions.utils"
    ours, theirs = (pytest.importorskip(name) for name in utils)
    for diagonal in (-2, -1, 0, 1):
        found = ours.tril_matrix_to_vec(wing.tensor(x), diagonal)
        expected = theirs.tril_matrix_to_vec(torch.tensor(x), diagonal)
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
        np.testing.assert_array_equal(
            ours.vec_to_tril_matrix(found, diagonal).numpy(),
            theirs.vec_to_tril_matrix(expected, diagonal).numpy(),
        )
