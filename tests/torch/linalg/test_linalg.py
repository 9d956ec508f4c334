"""PyTorch's further functions of matrices: its values, derivatives, printed results and errors."""

from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated in favor of")


def drawn(lib: Library, *shape: int, complex: bool = False) -> Any:
    """Return the same random numbers in both libraries."""
    generator = np.random.default_rng(3)
    values = generator.normal(size=shape)
    if complex:
        values = values + 1j * generator.normal(size=shape)
    return wing.tensor(values) if lib.nn is wing.nn else torch.from_numpy(values)


def slopes(
    lib: Library, function: Any, *shapes: Any, complex: bool = False, second: bool = True
) -> Any:
    """Return what a function of matrices gives, and derivatives of the first and second order."""
    space = root(lib)
    xs = [drawn(lib, *shape, complex=complex).requires_grad_() for shape in shapes]
    found = function(space, *xs)
    parts = [found] if isinstance(found, space.Tensor) else list(found)
    moving = [p for p in parts if p.requires_grad]
    # Weights that tell elements apart.
    total = sum(((p * (p.detach().real.cos() + 2)).abs() ** 2).sum() for p in moving)
    first = space.autograd.grad(total, xs, create_graph=True)
    squares = sum((g.abs() ** 2).sum() for g in first)
    beyond = space.autograd.grad(squares, xs) if second else ()
    return [_split(p) for p in (*parts, *first, *beyond)]


def _split(x: Any) -> Any:
    x = x.detach().resolve_conj().resolve_neg()
    return [x.real, x.imag] if x.is_complex() else x


SQUARE = [(2, 4, 4)]
FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "lu": (lambda t, x: t.linalg.lu(x), SQUARE),
    "lu tall": (lambda t, x: t.linalg.lu(x), [(2, 5, 3)]),
    "lu wide": (lambda t, x: t.linalg.lu(x), [(3, 5)]),
    "lu_factor": (lambda t, x: t.linalg.lu_factor(x), SQUARE),
    "lu_factor tall": (lambda t, x: t.linalg.lu_factor(x), [(5, 3)]),
    "lu_factor_ex wide": (lambda t, x: t.linalg.lu_factor_ex(x), [(2, 3, 5)]),
    "lu_solve": (
        lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b),
        [(2, 4, 4), (4, 2)],
    ),
    "lu_solve right": (
        lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b, left=False),
        [(2, 4, 4), (3, 4)],
    ),
    "lu_solve adjoint": (
        lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b, adjoint=True),
        [(4, 4), (4, 3)],
    ),
    "lu_solve right adjoint": (
        lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b, adjoint=True, left=False),
        [(4, 4), (2, 3, 4)],
    ),
    "torch.lu_solve": (
        lambda t, x, b: b.lu_solve(*t.linalg.lu_factor(x)), [(2, 4, 4), (2, 4, 1)],
    ),
    "lu_unpack": (lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x)), [(2, 4, 4)]),
    "inv_ex": (lambda t, x: t.linalg.inv_ex(x), SQUARE),
    "solve_ex": (lambda t, x, b: t.linalg.solve_ex(x, b), [(2, 4, 4), (2, 4, 3)]),
    "solve_ex right": (
        lambda t, x, b: t.linalg.solve_ex(x, b, left=False), [(4, 4), (3, 4)],
    ),
    "cholesky_ex": (lambda t, x: t.linalg.cholesky_ex(x @ x.mH + t.eye(4)), SQUARE),
    "triangular_solve": (
        lambda t, b, x: t.triangular_solve(b, x, upper=False, transpose=True),
        [(4, 2), (4, 4)],
    ),
    "householder_product": (
        lambda t, x, tau: t.linalg.householder_product(x, tau), [(2, 5, 4), (2, 3)],
    ),
}  # fmt: skip


EMPTY: dict[str, Any] = {
    "lu_factor_ex": lambda t, x, b: t.linalg.lu_factor_ex(x),
    "lu_solve": lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b),
    "lu_solve adjoint": lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b, adjoint=True),
    "lu_solve right": lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b.mT, left=False),
    "ldl_factor_ex": lambda t, x, b: t.linalg.ldl_factor_ex(x),
    "ldl_solve": lambda t, x, b: t.linalg.ldl_solve(*t.linalg.ldl_factor(x), b),
    "inv_ex": lambda t, x, b: t.linalg.inv_ex(x),
    "solve_ex": lambda t, x, b: t.linalg.solve_ex(x, b),
}


@pytest.mark.parametrize(
    "shapes", [((0, 0), (0, 2)), ((3, 0, 0), (3, 0, 2)), ((0, 2, 2), (0, 2, 3))]
)
@pytest.mark.parametrize("name", EMPTY)
def test_of_no_elements_there_are_none(name: str, shapes: Any) -> None:
    def parts(lib: Library) -> list[Any]:
        found = EMPTY[name](root(lib), *(drawn(lib, *shape) for shape in shapes))
        parts = [found] if isinstance(found, root(lib).Tensor) else [*found]
        return [[tuple(part.shape), str(part.dtype), part.sum()] for part in parts]

    same(parts)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("left", [False, True])
def test_reflections_of_a_wide_matrix_multiply(left: bool, transpose: bool) -> None:
    def product(lib: Library, x: Any, tau: Any, other: Any) -> Any:
        return root(lib).ormqr(x, tau, other if left else other.mT, left, transpose)

    same(
        lambda lib: slopes(
            lib, lambda t, *xs: product(lib, *xs), (2, 5), (2,), (2, 4), second=False
        ),
        rel=1e-10,
    )


@pytest.mark.parametrize("complex", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_derivatives_are_those_of_pytorch(name: str, complex: bool) -> None:
    function, shapes = FUNCTIONS[name]
    # PyTorch's second derivative of x a = b is not what differences of the first one say.
    second = complex or name != "solve_ex right"
    same(lambda lib: slopes(lib, function, *shapes, complex=complex, second=second), rel=1e-8)


def test_second_derivatives_of_systems_from_the_right_are_those_of_differences() -> None:
    generator = np.random.default_rng(0)
    x, b = generator.normal(size=(4, 4)), generator.normal(size=(3, 4))
    solve = wing.linalg.solve_ex
    tw.testing.check_gradients(lambda x, b: (solve(x, b, left=False)[0] ** 2).sum(), x, b)


REAL: dict[str, tuple[Any, Any]] = {
    "ormqr": (lambda t, x, tau, c: t.ormqr(x, tau, c), [(5, 3), (3,), (5, 2)]),
    "ormqr right transposed": (
        lambda t, x, tau, c: t.ormqr(x, tau, c, False, True), [(5, 3), (3,), (2, 5)],
    ),
    "svd": (lambda t, x: [t.svd(x).S, t.svd(x).U.abs(), t.svd(x).V.abs()], [(4, 3)]),
    "qr": (lambda t, x: t.qr(x), [(2, 4, 3)]),
    "lobpcg": (lambda t, x: t.lobpcg(x + x.mT, 1)[0], [(4, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_those_of_real_matrices_too(name: str) -> None:
    function, shapes = REAL[name]

    def code(lib: Library) -> Any:
        xs = [drawn(lib, *shape).requires_grad_() for shape in shapes]
        found = function(root(lib), *xs)
        parts = [found] if isinstance(found, root(lib).Tensor) else list(found)
        total = sum(((p + 0.3) ** 3).sum() for p in parts)
        return parts, root(lib).autograd.grad(total, xs)

    same(code, rel=1e-7)


@pytest.mark.parametrize("shape", [(2, 6, 6), (1, 1), (7, 7)])
@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("complex", [False, True])
def test_symmetric_factors(shape: Any, hermitian: bool, complex: bool) -> None:
    def code(lib: Library) -> Any:
        linalg, x = root(lib).linalg, drawn(lib, *shape, complex=complex)
        x = x + (x.mH if hermitian else x.mT)
        x = x - 0.9 * root(lib).diag_embed(x.diagonal(dim1=-2, dim2=-1))
        factors = linalg.ldl_factor(x, hermitian=hermitian)
        b = drawn(lib, *shape[:-1], 2, complex=complex)
        solved = linalg.ldl_solve(*factors, b, hermitian=hermitian)
        assert root(lib).allclose(x @ solved, b)
        info = linalg.ldl_factor_ex(x, hermitian=hermitian).info
        return [_split(p) for p in (*factors, solved, info)]

    same(code, rel=1e-9)


@pytest.mark.singles
def test_results_print_as_pytorchs() -> None:
    x, b = [[2.0, 1.0], [1.0, 3.0]], [[1.0], [2.0]]
    calls = [
        lambda t, x, b: t.linalg.lu(x),
        lambda t, x, b: t.linalg.lu_factor(x),
        lambda t, x, b: t.linalg.lu_factor_ex(x),
        lambda t, x, b: t.linalg.ldl_factor(x).pivots,
        lambda t, x, b: t.linalg.inv_ex(x),
        lambda t, x, b: t.linalg.solve_ex(x, b),
        lambda t, x, b: t.linalg.cholesky_ex(x),
        lambda t, x, b: t.lu_unpack(*t.linalg.lu_factor(x)),
        lambda t, x, b: t.triangular_solve(b, x),
        lambda t, x, b: t.geqrf(x),
        lambda t, x, b: t.qr(x),
        lambda t, x, b: t.linalg.qr(x),
        lambda t, x, b: t.linalg.slogdet(x),
        lambda t, x, b: t.lu(x, get_infos=True),
        lambda t, x, b: t.linalg.lstsq(x[:1, :1], x[:1, :1]),
        lambda t, x, b: t.svd(x[:1, :1] * 0 + 2),
    ]
    for call in calls:
        ours = repr(call(wing, wing.tensor(x), wing.tensor(b)))
        assert ours == repr(call(torch, torch.tensor(x), torch.tensor(b)))


def test_failures_are_told() -> None:
    def code(lib: Library) -> Any:
        linalg, x = root(lib).linalg, lib.ones(3, 2, 2) * lib.range(3, 1, 1)
        x = x + root(lib).eye(2) * lib.array([0.0, 1.0, -2.0]).reshape(3, 1, 1)
        infos = linalg.lu_factor_ex(x).info, linalg.inv_ex(x).info, linalg.cholesky_ex(x).info
        return *infos, linalg.solve_ex(x, x).info, linalg.lu(x * 0)

    same(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda t, x: t.linalg.lu_factor(x * 0), "U\\[1,1\\] is zero and using it"),
        (lambda t, x: t.linalg.lu_factor_ex(x * 0, check_errors=True), "is zero and using it"),
        (lambda t, x: t.linalg.inv_ex(x * 0, check_errors=True), "diagonal element 1 is zero"),
        (lambda t, x: t.linalg.solve_ex(x * 0, x, check_errors=True), "matrix is singular"),
        (lambda t, x: t.linalg.cholesky_ex(-x, check_errors=True), "minor of order 1"),
        (lambda t, x: t.linalg.lu(x, pivot=False), "LU without pivoting is not"),
        (lambda t, x: t.linalg.lu_factor(x[0]), "Expected tensor with 2 or more dimensions"),
        (lambda t, x: t.linalg.inv_ex(x[:1]), "must be batches of square matrices"),
        (lambda t, x: t.lobpcg(x, 1), "LOBPCG algorithm is not applicable"),
        (
            lambda t, x: t.linalg.lu_solve(x, t.tensor([1, 2]), x),
            "pivots should be a Tensor of scalar type torch.int32",
        ),
        (
            lambda t, x: t.linalg.lu_solve(*t.linalg.lu_factor(x), x[[0, 1, 0]]),
            "Incompatible shapes of A and B for the equation AX = B",
        ),
        (
            lambda t, x: t.linalg.ldl_solve(*t.linalg.ldl_factor(x), x[[0, 1, 0]]),
            "Incompatible matrix sizes for torch.linalg.ldl_solve",
        ),
        (lambda t, x: t.linalg.lstsq(x, x, driver="fast"), "parameter `driver` should be"),
        (
            lambda t, x: t.linalg.householder_product(x[:1], x[0]),
            "must be greater than or equal to input.shape",
        ),
    ],
)
def test_errors_are_those_of_pytorch(code: Any, text: str) -> None:
    x = np.array([[2.0, 1.0], [1.0, 3.0]])
    for library, given in ((torch, torch.tensor(x)), (wing, wing.tensor(x))):
        with pytest.raises((RuntimeError, ValueError, NotImplementedError), match=text):
            code(library, given)


def test_a_matrix_without_result_is_refused_by_its_class() -> None:
    def code(lib: Library) -> None:
        try:
            root(lib).linalg.inv(lib.ones(2, 2))
        except root(lib).linalg.LinAlgError as error:
            raise error from None

    with pytest.raises(wing.linalg.LinAlgError):
        code(Library(wing.nn, wing.tensor, wing.no_grad))
    assert issubclass(wing.linalg.LinAlgError, RuntimeError)


@pytest.mark.parametrize("name", ["geqrf", "linalg.ldl_factor"])
def test_there_is_no_derivative_where_pytorch_has_none(name: str) -> None:
    def code(lib: Library) -> None:
        space = root(lib)
        function = space.geqrf if name == "geqrf" else space.linalg.ldl_factor
        function((lib.ones(2, 2) + space.eye(2)).requires_grad_())[0].sum().backward()

    with pytest.raises(RuntimeError):
        code(Library(torch.nn, lambda v: torch.tensor(v), torch.no_grad))
    with pytest.raises(tw.errors.GradientError):
        code(Library(wing.nn, wing.tensor, wing.no_grad))


def test_generalized_eigenvalues() -> None:
    def code(lib: Library) -> Any:
        x, b = drawn(lib, 9, 9), drawn(lib, 9, 9) + 3 * root(lib).eye(9)
        x, b = x + x.mT, b @ b.mT
        values, vectors = root(lib).lobpcg(x, 2, b, largest=False, niter=200, tol=1e-12)
        assert root(lib).allclose(x @ vectors, b @ vectors * values, atol=1e-5)
        return values

    same(code, rel=1e-8)


@pytest.mark.parametrize("name", ["lu", "lu tall", "lu_solve", "inv_ex", "householder_product"])
def test_they_compile(name: str) -> None:
    function, shapes = FUNCTIONS[name]
    lib = Library(wing.nn, wing.tensor, wing.no_grad)
    xs = [drawn(lib, *shape).numpy() for shape in shapes]

    def loss(*given: Any) -> Any:
        found = function(wing, *map(wing.as_tensor, given))
        parts = [found] if isinstance(found, tw.Tensor) else list(found)
        return sum((p.double() * p).sum() for p in parts)

    places = tuple(range(len(xs)))
    wanted = tw.grad(loss, argnums=places)(*xs)
    found = tw.jit(tw.grad(loss, argnums=places))(*xs)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


NAMED: dict[str, Any] = {
    "inv": {}, "det": {}, "slogdet": {}, "qr": {"mode": "complete"}, "svdvals": {},
    "svd": {"full_matrices": False}, "lu": {}, "lu_factor": {}, "inv_ex": {}, "solve": {"B": 1},
    "diagonal": {"offset": 1},
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_operands_are_given_by_name(name: str) -> None:
    def code(lib: Library) -> Any:
        given = {k: drawn(lib, 3, 3) if k == "B" else v for k, v in NAMED[name].items()}
        found = getattr(root(lib).linalg, name)(A=drawn(lib, 3, 3), **given)
        return [part.abs() for part in found] if isinstance(found, tuple) else found

    same(code, rel=1e-10)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "zeta", "xlogy"])
def test_operands_of_special_functions_too(name: str) -> None:
    def code(lib: Library) -> Any:
        x, y = lib.range(3).abs() + 1.5, lib.range(3).abs() + 0.2
        special = root(lib).special
        return getattr(special, name)(input=x, other=y), special.logsumexp(input=x, dim=0)

    same(code, rel=1e-12)
