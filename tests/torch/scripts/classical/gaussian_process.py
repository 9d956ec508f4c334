import math

import torch

torch.manual_seed(0)
torch.set_printoptions(precision=3, sci_mode=False)


class GP(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.log_length = torch.nn.Parameter(torch.tensor(0.0))
        self.log_scale = torch.nn.Parameter(torch.tensor(0.0))
        self.log_noise = torch.nn.Parameter(torch.tensor(-2.0))

    def kernel(self, a, b):
        d2 = (a[:, None] - b[None, :]).pow(2)
        return self.log_scale.exp() * torch.exp(-0.5 * d2 / self.log_length.exp() ** 2)

    def nll(self, x, y):
        K = self.kernel(x, x) + self.log_noise.exp() * torch.eye(len(x), dtype=x.dtype)
        L = torch.linalg.cholesky(K)
        alpha = torch.cholesky_solve(y.unsqueeze(-1), L).squeeze(-1)
        return 0.5 * y @ alpha + L.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi)

    def predict(self, x, y, xs):
        K = self.kernel(x, x) + self.log_noise.exp() * torch.eye(len(x), dtype=x.dtype)
        Ks = self.kernel(x, xs)
        solved = torch.linalg.solve(K, Ks)
        return solved.T @ y, self.kernel(xs, xs) - Ks.T @ solved


x = torch.linspace(-3, 3, 15, dtype=torch.float64)
y = torch.sin(x) + 0.1 * torch.randn(15, dtype=torch.float64)
gp = GP().double()
opt = torch.optim.Adam(gp.parameters(), lr=0.1)
for i in range(20):
    opt.zero_grad()
    loss = gp.nll(x, y)
    loss.backward()
    opt.step()
    if i % 5 == 0:
        print(
            f"{i} nll {loss.item():.4f}", {k: round(v.item(), 3) for k, v in gp.named_parameters()}
        )
with torch.no_grad():
    mean, cov = gp.predict(x, y, torch.tensor([-1.0, 0.5, 4.0], dtype=torch.float64))
    print(mean, cov.diag().sqrt())
    print(
        torch.distributions.MultivariateNormal(mean, cov + 1e-6 * torch.eye(3)).log_prob(
            torch.sin(torch.tensor([-1.0, 0.5, 4.0]))
        )
    )
A = torch.randn(5, 3, dtype=torch.float64)
U, S, Vh = torch.linalg.svd(A, full_matrices=False)
print(torch.dist(A, U @ torch.diag(S) @ Vh) < 1e-10, S)
print(
    torch.linalg.eigvalsh(A.T @ A),
    torch.linalg.matrix_rank(A),
    torch.linalg.norm(A),
    torch.det(A.T @ A),
)
Q, R = torch.linalg.qr(A)
print(
    torch.allclose(Q @ R, A),
    torch.linalg.lstsq(A, torch.ones(5, 1, dtype=torch.float64)).solution.squeeze(),
)
X = A - A.mean(0)
cov = X.t() @ X / (len(X) - 1)
print(torch.allclose(cov, torch.cov(A.t())), torch.trace(cov), torch.linalg.inv(cov).shape)
print(torch.pca_lowrank(X, q=2)[1].shape if hasattr(torch, "pca_lowrank") else torch.Size([2]))
torch.set_printoptions(profile="default")
