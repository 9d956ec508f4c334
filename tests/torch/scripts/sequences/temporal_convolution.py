"""A temporal convolution network with weight norm: forecasting quantiles of two noisy waves."""

from collections import OrderedDict, deque

import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(6)
t = torch.linspace(0, 20, 240)
series = torch.stack([torch.sin(t), torch.cos(1.7 * t)]) + 0.1 * torch.randn(2, 240)


class Windows(Dataset):
    def __init__(self, series, length, horizon):
        self.windows = series.unfold(-1, length + horizon, 4).transpose(0, 1)
        self.length = length

    def __len__(self):
        return self.windows.shape[0]

    def __getitem__(self, i):
        w = self.windows[i]
        return w[:, : self.length], w[:, self.length :]


class Chomp1d(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def extra_repr(self):
        return f"size={self.size}"

    def forward(self, x):
        return x[:, :, : -self.size].contiguous()


class Block(nn.Module):
    def __init__(self, i, o, dilation, k=3):
        super().__init__()
        pad = (k - 1) * dilation
        self.net = nn.Sequential(
            OrderedDict(
                [
                    ("conv1", weight_norm(nn.Conv1d(i, o, k, padding=pad, dilation=dilation))),
                    ("chomp1", Chomp1d(pad)),
                    ("act1", nn.ReLU6()),
                    ("drop1", nn.Dropout1d(0.1)),
                    ("conv2", weight_norm(nn.Conv1d(o, o, k, padding=pad, dilation=dilation))),
                    ("chomp2", Chomp1d(pad)),
                    ("act2", nn.ReLU6()),
                ]
            )
        )
        self.down = nn.Conv1d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x):
        return torch.relu(self.net(x) + self.down(x))


class TCN(nn.Module):
    def __init__(self, channels, horizon, quantiles):
        super().__init__()
        sizes = [2, *channels]
        self.blocks = nn.Sequential(
            *(Block(a, b, 2**n) for n, (a, b) in enumerate(zip(sizes, channels)))
        )
        self.head = nn.Linear(channels[-1], 2 * horizon * len(quantiles))
        self.shape = (2, horizon, len(quantiles))
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, nn.Linear):
            nn.init.kaiming_uniform_(m.weight, nonlinearity="relu")
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.head(self.blocks(x)[..., -1]).unflatten(-1, self.shape)


def pinball(prediction, target, q):
    error = target.unsqueeze(-1) - prediction
    return torch.maximum(q * error, (q - 1) * error).mean()


q = torch.tensor([0.1, 0.5, 0.9])
data = Windows(series, 24, 6)
loader = DataLoader(data, batch_size=12, shuffle=True, generator=torch.Generator().manual_seed(0))
model = TCN([6, 6], 6, q)
print(model.blocks[0])
print([(k, tuple(v.shape)) for k, v in model.state_dict().items()][:5])
opt = torch.optim.Adamax(model.parameters(), lr=0.02)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=0, threshold=0.1)
recent = deque(maxlen=3)
for epoch in range(5):
    model.train()
    total = torch.tensor(0.0)
    for x, y in loader:
        loss = pinball(model(x), y, q)
        opt.zero_grad()
        loss.backward()
        gnorm = nn.utils.clip_grad_norm_(model.parameters(), 0.5, norm_type=float("inf"))
        opt.step()
        total += loss.detach() * len(x)
    recent.append(total.item() / len(data))
    plateau.step(recent[-1])
    print(
        f"epoch {epoch} pinball {recent[-1]:.4f} lr {plateau.get_last_lr()[0]:.4f} clipped {bool(gnorm > 0.5)}"
    )

model.eval()
with torch.no_grad():
    x, y = next(iter(DataLoader(data, batch_size=len(data))))
    p = model(x)
    inside = ((p[..., 0] <= y) & (y <= p[..., 2])).float().mean()
    crossing = (p.diff(dim=-1) < 0).any(-1).float().mean()
print(p.shape, f"coverage {inside:.2f}", f"crossing {crossing:.2f}")
# What comes later must not change what is said earlier.
x0 = x[:1].clone().requires_grad_()
model.blocks(x0)[0, :, 10].sum().backward()
print("causal", bool((x0.grad[..., 11:] == 0).all()), x0.grad[0, 0].nonzero().max().item())
w = model.blocks[0].net.conv1
nn.utils.parametrize.remove_parametrizations(w, "weight")
print(type(w).__name__, sorted(n for n, _ in w.named_parameters()))
quantile = torch.quantile(y.flatten(), q)
print(quantile, torch.nanquantile(torch.cat([y.flatten(), torch.tensor([float("nan")])]), 0.5))
