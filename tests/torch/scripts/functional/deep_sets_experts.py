"""Sets of many sizes: Deep Sets by segments, attention pooling, and a mixture of experts."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(4)


def segment_sum(x, index, n):
    return x.new_zeros(n, x.size(1)).index_add_(0, index, x)


def segment_softmax(x, index, n):
    top = torch.full((n,), -torch.inf).scatter_reduce(0, index, x, reduce="amax", include_self=True)
    e = (x - top[index]).exp()
    return e / torch.zeros(n).scatter_add(0, index, e)[index]


def make_batch(n):
    sizes = torch.randint(1, 6, (n,))
    points = torch.randn(int(sizes.sum()), 2)
    owner = torch.repeat_interleave(torch.arange(n), sizes)
    target = torch.zeros(n).scatter_reduce_(
        0, owner, points.norm(dim=1), "amax", include_self=False
    )
    return points, owner, target[:, None], sizes


class Experts(nn.Module):
    def __init__(self, d, n_experts=4, k=2):
        super().__init__()
        self.gate = nn.Linear(d, n_experts, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d, 2 * d), nn.SiLU(), nn.Linear(2 * d, d))
            for _ in range(n_experts)
        )
        self.k = k
        self.register_buffer("used", torch.zeros(n_experts, dtype=torch.long))

    def forward(self, x):
        probs = F.softmax(self.gate(x), dim=-1)
        weight, chosen = torch.topk(probs, self.k, dim=-1)
        weight = weight / weight.sum(-1, keepdim=True)
        y = torch.zeros_like(x)
        for e, expert in enumerate(self.experts):
            rows, slot = torch.where(chosen == e)
            if rows.numel() == 0:
                continue
            y.index_add_(0, rows, expert(x[rows]) * weight[rows, slot, None])
        load = F.one_hot(chosen, len(self.experts)).sum(1).float().mean(0)
        self.used += torch.bincount(chosen.flatten(), minlength=len(self.experts))
        return x + y, len(self.experts) * (load * probs.mean(0)).sum()


class SetModel(nn.Module):
    def __init__(self, d=12):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(2, d), nn.Mish(), nn.Linear(d, d))
        self.score = nn.Linear(d, 1)
        self.moe = Experts(d)
        self.norm = nn.RMSNorm(d) if hasattr(nn, "RMSNorm") else nn.LayerNorm(d)
        self.rho = nn.Linear(2 * d, 1)

    def forward(self, points, owner, n):
        h = self.phi(points)
        a = segment_softmax(self.score(h).squeeze(-1), owner, n)
        pooled = torch.hstack([segment_sum(h * a[:, None], owner, n), segment_sum(h, owner, n) / 5])
        left, right = pooled.tensor_split(2, dim=1)
        left, aux = self.moe(self.norm(left))
        return self.rho(torch.cat([left, right], 1)), aux


model = SetModel()
print(sum(p.numel() for p in model.parameters()), [n for n, _ in model.named_buffers()])
optimizer = torch.optim.RAdam(model.parameters(), lr=0.02, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.SequentialLR(
    optimizer,
    [
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.2, total_iters=5),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25),
    ],
    milestones=[5],
)
for it in range(30):
    points, owner, target, sizes = make_batch(16)
    prediction, aux = model(points, owner, len(sizes))
    loss = F.smooth_l1_loss(prediction, target) + 0.01 * aux
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if it % 10 == 0:
        print(
            f"{it:3d} loss {loss.item():.4f} aux {aux.item():.4f} lr {optimizer.param_groups[0]['lr']:.5f}"
        )
print("used", model.moe.used, int(model.moe.used.sum()))

# The order of the elements must not matter, nor that of the sets.
points, owner, _, sizes = make_batch(5)
mix = torch.randperm(len(points))
with torch.no_grad():
    first, _ = model(points, owner, 5)
    again, _ = model(points[mix], owner[mix], 5)
print(torch.allclose(first, again, atol=1e-5), torch.split(points, sizes.tolist())[1].shape)
padded = nn.utils.rnn.pad_sequence(points.split(sizes.tolist()), batch_first=True)
mask = torch.arange(padded.shape[1]).expand(5, -1) < sizes.unsqueeze(1)
h = model.phi(padded).masked_fill(~mask.unsqueeze(-1), 0.0).sum(1)
print(torch.allclose(h, segment_sum(model.phi(points), owner, 5), atol=1e-5), mask.long())
print(torch.segment_reduce(points[:, 0], "max", lengths=sizes))
jac = torch.func.vmap(torch.func.jacrev(lambda p: model.phi(p).sum()))(points[:3])
print(jac)
logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
print(F.gumbel_softmax(logits, hard=True).sum(-1), torch.logsumexp(logits, (0, 1)))
