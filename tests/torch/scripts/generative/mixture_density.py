import math

import torch
import torch.nn as nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

torch.manual_seed(0)
n_samples = 100
y = torch.linspace(-10, 10, n_samples)
x = 7 * torch.sin(0.75 * y) + 0.5 * y + torch.randn(n_samples)
x, y = x.unsqueeze(1), y.unsqueeze(1)
ONEOVERSQRT2PI = 1.0 / math.sqrt(2 * math.pi)


class MDN(nn.Module):
    def __init__(self, n_hidden, n_gaussians):
        super(MDN, self).__init__()
        self.z_h = nn.Sequential(nn.Linear(1, n_hidden), nn.Tanh())
        self.z_pi = nn.Linear(n_hidden, n_gaussians)
        self.z_mu = nn.Linear(n_hidden, n_gaussians)
        self.z_sigma = nn.Linear(n_hidden, n_gaussians)

    def forward(self, x):
        z_h = self.z_h(x)
        pi = nn.functional.softmax(self.z_pi(z_h), -1)
        mu = self.z_mu(z_h)
        sigma = torch.exp(self.z_sigma(z_h))
        return pi, mu, sigma


def gaussian_distribution(y, mu, sigma):
    result = (y.expand_as(mu) - mu) * torch.reciprocal(sigma)
    result = -0.5 * (result * result)
    return (torch.exp(result) * torch.reciprocal(sigma)) * ONEOVERSQRT2PI


def mdn_loss_fn(pi, mu, sigma, y):
    result = gaussian_distribution(y, mu, sigma) * pi
    result = torch.sum(result, dim=1)
    result = -torch.log(result)
    return torch.mean(result)


network = MDN(n_hidden=20, n_gaussians=5)
optimizer = torch.optim.Adam(network.parameters())
for epoch in range(30):
    pi, mu, sigma = network(x)
    loss = mdn_loss_fn(pi, mu, sigma, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 9:
        print(epoch, loss.data.tolist())
pi, mu, sigma = network(x)
mix = MixtureSameFamily(Categorical(pi), Normal(mu, sigma))
print(-mix.log_prob(y.squeeze(1)).mean())
print(mix.mean[:3], mix.sample().shape, mix)
k = torch.multinomial(pi, 1).view(-1)
print(k.shape, k.dtype, pi.sum(1)[:4].detach())
