import torch
import torch.distributions as D
import torch.nn as nn
from torch.distributions.transforms import AffineTransform, SigmoidTransform

torch.manual_seed(0)


class RealNVPLayer(nn.Module):
    def __init__(self, dim, hidden, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(dim // 2, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x):
        x1, x2 = x.chunk(2, dim=1)
        if self.flip:
            x1, x2 = x2, x1
        s, t = self.net(x1).chunk(2, dim=-1)
        s = torch.tanh(s)
        z2 = x2 * s.exp() + t
        z = torch.cat([z2, x1] if self.flip else [x1, z2], dim=1)
        return z, s.sum(dim=1)

    def inverse(self, z):
        x1, z2 = z.chunk(2, dim=1)
        if self.flip:
            x1, z2 = z2, x1
        s, t = self.net(x1).chunk(2, dim=-1)
        x2 = (z2 - t) * (-torch.tanh(s)).exp()
        return torch.cat([x2, x1] if self.flip else [x1, x2], dim=1)


class Flow(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.register_buffer("loc", torch.zeros(2))
        self.register_buffer("cov", torch.eye(2))

    @property
    def prior(self):
        return D.MultivariateNormal(self.loc, self.cov)

    def log_prob(self, x):
        log_det = torch.zeros(x.shape[0])
        for layer in self.layers:
            x, ld = layer(x)
            log_det += ld
        return self.prior.log_prob(x) + log_det

    def sample(self, n):
        z = self.prior.sample((n,))
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z


theta = torch.rand(128) * 3.14
data = torch.stack([theta.cos(), theta.sin()], dim=1) + 0.05 * torch.randn(128, 2)
flow = Flow([RealNVPLayer(2, 16, i % 2 == 1) for i in range(4)])
optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
for step in range(12):
    loss = -flow.log_prob(data).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 3 == 0:
        print(f"step {step:2d} nll {loss.item():.4f}")
with torch.no_grad():
    x = flow.sample(5)
    z = x
    for layer in flow.layers:
        z, _ = layer(z)
    for layer in reversed(flow.layers):
        z = layer.inverse(z)
    print(x.shape, torch.allclose(z, x, atol=1e-4))
logistic = D.TransformedDistribution(
    D.Uniform(torch.zeros(1), torch.ones(1)),
    [SigmoidTransform().inv, AffineTransform(loc=0.5, scale=2.0)],
)
print(logistic.log_prob(torch.tensor([0.3])), logistic.event_shape, logistic.batch_shape)
print(
    D.Normal(0.0, 1.0),
    D.kl_divergence(D.Normal(0.0, 1.0), D.Normal(1.0, 2.0)),
    D.Beta(2.0, 3.0).entropy(),
)
