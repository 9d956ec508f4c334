import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r=2, alpha=4):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.lora_A = nn.Parameter(base.weight.new_empty(r, base.in_features))
        self.lora_B = nn.Parameter(base.weight.new_zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + (x @ self.lora_A.mT @ self.lora_B.mT) * self.scaling

    @torch.no_grad()
    def merge(self):
        merged = nn.Linear(self.base.in_features, self.base.out_features)
        merged.weight.copy_(self.base.weight + self.scaling * self.lora_B @ self.lora_A)
        merged.bias.copy_(self.base.bias)
        return merged


net = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 2))
for name, module in list(net.named_modules()):
    if isinstance(module, nn.Linear) and name != "4":
        setattr(net, name, LoRALinear(module))
print(net)
trainable = [n for n, p in net.named_parameters() if p.requires_grad]
print(
    trainable,
    f"{sum(p.numel() for p in net.parameters() if p.requires_grad)} / {sum(p.numel() for p in net.parameters())}",
)
X = torch.randn(64, 6)
Y = (X[:, 0] > X[:, 1]).long()
before = net[0].base.weight.clone()
opt = torch.optim.AdamW((p for p in net.parameters() if p.requires_grad), lr=1e-2)
for step in range(12):
    lr = 1e-2 * min((step + 1) / 4, 0.5 * (1 + math.cos(math.pi * step / 12)))
    for group in opt.param_groups:
        group["lr"] = lr
    loss = F.cross_entropy(net(X), Y)
    opt.zero_grad()
    loss.backward()
    grad_norm = torch.nn.utils.clip_grad_norm_(
        [p for p in net.parameters() if p.grad is not None], 1.0
    )
    opt.step()
    if step % 3 == 0:
        print(f"step {step} loss {loss.item():.4f} norm {grad_norm.item():.4f} lr {lr:.5f}")
print(
    torch.equal(before, net[0].base.weight),
    all(p.grad is None for n, p in net.named_parameters() if "base" in n),
)
out = net(X)
net[0], net[2] = net[0].merge(), net[2].merge()
print(torch.allclose(out, net(X), atol=1e-6), net)
lrs = {"head": 1e-2, "body": 1e-3}
opt = torch.optim.SGD(
    [
        {"params": net[4].parameters(), "lr": lrs["head"], "name": "head"},
        {"params": net[0].parameters()},
    ],
    lr=lrs["body"],
    momentum=0.9,
)
opt.add_param_group({"params": list(net[2].parameters()), "lr": 5e-4})
print([(g.get("name"), g["lr"], len(g["params"])) for g in opt.param_groups])
a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
log_vars = nn.Parameter(torch.zeros(2))
losses = torch.stack([(a - 3) ** 2, (b + 1) ** 2])
total = (torch.exp(-log_vars) * losses + log_vars).sum()
total.backward()
print(total, a.grad, b.grad, log_vars.grad)
