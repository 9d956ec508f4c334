import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
timesteps = 20
betas = torch.linspace(1e-4, 0.2, timesteps)
alphas = 1.0 - betas
alphas_cumprod = torch.cumprod(alphas, dim=0)
alphas_cumprod_prev = F.pad(alphas_cumprod[:-1], (1, 0), value=1.0)
sqrt_recip_alphas = torch.sqrt(1.0 / alphas)
posterior_variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
print(alphas_cumprod[:4], posterior_variance[-2:])


def extract(a, t, x_shape):
    out = a.gather(-1, t)
    return out.reshape(t.shape[0], *((1,) * (len(x_shape) - 1)))


class SinusoidalPositionEmbeddings(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        half_dim = self.dim // 2
        embeddings = math.log(10000) / (half_dim - 1)
        embeddings = torch.exp(torch.arange(half_dim) * -embeddings)
        embeddings = time[:, None] * embeddings[None, :]
        return torch.cat((embeddings.sin(), embeddings.cos()), dim=-1)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(SinusoidalPositionEmbeddings(8), nn.Linear(8, 16), nn.SiLU())
        self.inp, self.out = nn.Linear(2, 16), nn.Sequential(nn.SiLU(), nn.Linear(16, 2))

    def forward(self, x, t):
        return self.out(self.inp(x) + self.time(t))


def q_sample(x_start, t, noise):
    return (
        extract(alphas_cumprod.sqrt(), t, x_start.shape) * x_start
        + extract((1.0 - alphas_cumprod).sqrt(), t, x_start.shape) * noise
    )


model = Denoiser()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
x0 = torch.randn(64, 2) * torch.tensor([2.0, 0.1])
for step in range(8):
    t = torch.randint(0, timesteps, (64,)).long()
    noise = torch.randn_like(x0)
    loss = F.smooth_l1_loss(model(q_sample(x0, t, noise), t), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 2 == 0:
        print("Loss:", loss.item())


@torch.no_grad()
def p_sample(x, t, t_index):
    mean = extract(sqrt_recip_alphas, t, x.shape) * (
        x
        - extract(betas, t, x.shape)
        * model(x, t)
        / extract((1.0 - alphas_cumprod).sqrt(), t, x.shape)
    )
    if t_index == 0:
        return mean
    return mean + torch.sqrt(extract(posterior_variance, t, x.shape)) * torch.randn_like(x)


img = torch.randn(3, 2)
for i in reversed(range(0, timesteps)):
    img = p_sample(img, torch.full((3,), i, dtype=torch.long), i)
print(img)
