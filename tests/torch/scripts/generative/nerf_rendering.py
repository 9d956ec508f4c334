import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
np.random.seed(0)


def positional_encoding(x, L=3):
    freqs = 2.0 ** torch.arange(L, dtype=x.dtype)
    spectrum = x[..., None] * freqs * torch.pi
    enc = torch.cat([spectrum.sin(), spectrum.cos()], dim=-1)
    return torch.cat([x, enc.flatten(-2)], dim=-1)


def cumprod_exclusive(tensor):
    cumprod = torch.cumprod(tensor, -1)
    cumprod = torch.roll(cumprod, 1, -1)
    cumprod[..., 0] = 1.0
    return cumprod


def get_rays(h, w, focal, c2w):
    i, j = torch.meshgrid(
        torch.arange(w, dtype=torch.float32), torch.arange(h, dtype=torch.float32), indexing="xy"
    )
    dirs = torch.stack([(i - w * 0.5) / focal, -(j - h * 0.5) / focal, -torch.ones_like(i)], dim=-1)
    rays_d = torch.sum(dirs[..., None, :] * c2w[:3, :3], dim=-1)
    rays_o = c2w[:3, -1].expand(rays_d.shape)
    return rays_o, rays_d


class NeRF(nn.Module):
    def __init__(self, d_in=21, width=32):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(d_in, width)]
            + [
                nn.Linear(width + d_in, width) if i == 1 else nn.Linear(width, width)
                for i in range(3)
            ]
        )
        self.sigma, self.rgb = nn.Linear(width, 1), nn.Linear(width, 3)

    def forward(self, x):
        h = x
        for i, layer in enumerate(self.layers):
            h = F.relu(layer(h))
            if i == 1:
                h = torch.cat([h, x], -1)
        return self.rgb(h).sigmoid(), F.softplus(self.sigma(h)).squeeze(-1)


def render(model, rays_o, rays_d, near=1.0, far=3.0, n=8):
    z = torch.linspace(near, far, n).expand(*rays_o.shape[:-1], n)
    z = z + torch.rand(z.shape) * (far - near) / n
    pts = rays_o[..., None, :] + rays_d[..., None, :] * z[..., None]
    rgb, sigma = model(positional_encoding(pts))
    deltas = torch.cat([z[..., 1:] - z[..., :-1], torch.full_like(z[..., :1], 1e10)], -1)
    alpha = 1.0 - torch.exp(-sigma * deltas)
    weights = alpha * cumprod_exclusive(1.0 - alpha + 1e-10)
    return (weights[..., None] * rgb).sum(dim=-2), (weights * z).sum(dim=-1), weights.sum(-1)


pose = torch.eye(4)
pose[2, 3] = 2.0
rays_o, rays_d = get_rays(6, 6, 5.0, pose)
target = torch.from_numpy(np.random.rand(6, 6, 3).astype(np.float32))
model = NeRF()
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
psnrs = []
for i in range(6):
    rgb, depth, acc = render(model, rays_o, rays_d)
    loss = F.mse_loss(rgb, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    psnrs.append(-10.0 * torch.log10(loss).item())
    print("Loss:", f"{loss.item():.5f}", "PSNR", f"{psnrs[-1]:.3f}")
print(depth.shape, acc.min() > 0.99, rgb[0, 0].detach(), np.array(psnrs).shape)
