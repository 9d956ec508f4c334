import torch
import torch.nn as nn
from torch import autograd

torch.manual_seed(0)


def calc_gradient_penalty(netD, real, fake, lam=0.1):
    alpha = torch.rand(real.size(0), 1).expand(real.size())
    interpolates = alpha * real + (1 - alpha) * fake
    interpolates = autograd.Variable(interpolates, requires_grad=True)
    disc = netD(interpolates)
    gradients = autograd.grad(
        outputs=disc,
        inputs=interpolates,
        grad_outputs=torch.ones(disc.size()),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * lam


G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(True), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
optD = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9))
optG = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.9))
one = torch.tensor(1, dtype=torch.float)
mone = one * -1
theta = torch.linspace(0, 6, 32)
real = torch.stack([theta.cos(), theta.sin()], dim=1)
for iteration in range(4):
    for p in D.parameters():
        p.requires_grad = True
    for _ in range(2):
        D.zero_grad()
        D_real = D(real).mean()
        D_real.backward(mone)
        with torch.no_grad():
            fake = G(torch.randn(32, 2))
        D_fake = D(fake).mean()
        D_fake.backward(one)
        gp = calc_gradient_penalty(D, real.data, fake.data)
        gp.backward()
        D_cost = D_fake - D_real + gp
        wasserstein = D_real - D_fake
        optD.step()
    for p in D.parameters():
        p.requires_grad = False
    G.zero_grad()
    cost = D(G(torch.randn(32, 2))).mean()
    cost.backward(mone)
    G_cost = -cost
    optG.step()
    print(
        iteration,
        "D cost",
        D_cost.item(),
        "G cost",
        G_cost.item(),
        "W",
        wasserstein.cpu().data.numpy(),
        "gp %.5f" % gp.item(),
    )
