import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Gamma, Normal, kl_divergence

torch.manual_seed(0)


class BayesianLinear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.w_mu = nn.Parameter(torch.Tensor(n_out, n_in).normal_(0, 0.1))
        self.w_rho = nn.Parameter(torch.full((n_out, n_in), -3.0))
        self.b_mu = nn.Parameter(torch.zeros(n_out))
        self.b_rho = nn.Parameter(torch.ones(n_out) * -3.0)

    def forward(self, x):
        w = self.w_mu + F.softplus(self.w_rho) * torch.randn_like(self.w_mu)
        b = self.b_mu + F.softplus(self.b_rho) * torch.randn_like(self.b_mu)
        return F.linear(x, w, b)

    def kl(self):
        q = Normal(self.w_mu, F.softplus(self.w_rho))
        return kl_divergence(
            q, Normal(torch.zeros_like(self.w_mu), torch.ones_like(self.w_rho))
        ).sum()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = BayesianLinear(1, 16), BayesianLinear(16, 1)

    def forward(self, x):
        return self.l2(F.elu(self.l1(x)))

    def kl_loss(self):
        return sum(m.kl() for m in self.modules() if isinstance(m, BayesianLinear))


x = torch.linspace(-2, 2, 40).unsqueeze(1)
y = torch.sin(2 * x) + 0.1 * torch.randn_like(x)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(6):
    optimizer.zero_grad()
    nll = -Normal(net(x), 0.1).log_prob(y).mean()
    loss = nll + net.kl_loss() / 400
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch}: loss {loss:.3f} nll {nll:.3f} kl {net.kl_loss().item():.3f}")
preds = torch.stack([net(x).detach() for _ in range(8)])
print(preds.shape, f"{preds.mean().item():.4f} {preds.std(0).mean().item():.4f}")
loc, log_scale = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
q = Normal(loc, log_scale.exp())
z = q.rsample((16,))
elbo = (
    Normal(0.0, 1.0).log_prob(z) + Normal(z, 0.5).log_prob(torch.tensor(1.0)) - q.log_prob(z)
).mean()
elbo.backward()
print(
    elbo.item(), loc.grad.item(), log_scale.grad.item(), Gamma(2.0, 3.0).log_prob(torch.tensor(0.5))
)
