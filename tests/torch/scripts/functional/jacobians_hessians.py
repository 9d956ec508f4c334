from functools import partial

import torch
import torch.nn.functional as F
from torch.func import hessian, jacfwd, jacrev, jvp, vjp, vmap

torch.manual_seed(0)


def predict(weight, bias, x):
    return F.linear(x, weight, bias).tanh()


D = 4
weight, bias, x = torch.randn(D, D), torch.randn(D), torch.randn(D)
xp = x.clone().requires_grad_()
unit_vectors = torch.eye(D)


def compute_jac(xp):
    jacobian_rows = [
        torch.autograd.grad(predict(weight, bias, xp), xp, vec)[0] for vec in unit_vectors
    ]
    return torch.stack(jacobian_rows)


jacobian = compute_jac(xp)
print(jacobian.shape)
print(jacobian[0])
_, vjp_fn = vjp(partial(predict, weight, bias), x)
(ft_jacobian,) = vmap(vjp_fn)(unit_vectors)
print(torch.allclose(ft_jacobian, jacobian))
print(
    torch.allclose(jacrev(predict, argnums=2)(weight, bias, x), jacobian),
    torch.allclose(jacfwd(predict, argnums=2)(weight, bias, x), jacobian),
)
ft_jac_weight, ft_jac_bias = jacrev(predict, argnums=(0, 1))(weight, bias, x)
print(ft_jac_weight.shape, ft_jac_bias.shape)
hess = hessian(predict, argnums=2)(weight, bias, x)
print(hess.shape, hess[0, 0])
print(
    torch.allclose(hess, jacfwd(jacfwd(predict, argnums=2), argnums=2)(weight, bias, x), atol=1e-6)
)
out, tangent = jvp(lambda x: x.sin().sum(), (x,), (torch.ones(D),))
print(out, tangent, x.cos().sum())


def hvp(f, primals, tangents):
    return jvp(torch.func.grad(f), primals, tangents)[1]


print(hvp(lambda x: x.sin().sum(), (x,), (torch.ones(D),)))
batch = torch.randn(3, D)
print(vmap(jacrev(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, batch).shape)
print(torch.autograd.functional.vjp(lambda a: a.exp().sum(), x)[1])
y, g = torch.autograd.functional.hvp(lambda a: (a**3).sum(), x, torch.ones(D))
print(y, g)


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


p = torch.tensor([-0.5, 1.0], dtype=torch.float64)
for i in range(5):
    p = p - torch.linalg.solve(hessian(rosenbrock)(p), torch.func.grad(rosenbrock)(p))
    print(i, p, rosenbrock(p).item())
