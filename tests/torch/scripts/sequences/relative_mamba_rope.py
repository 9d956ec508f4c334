import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return (x.float() * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)).type_as(
            x
        ) * self.weight


def precompute_freqs_cis(dim, end, theta=10000.0):
    freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
    t = torch.arange(end, device=freqs.device)
    freqs = torch.outer(t, freqs).float()
    return torch.polar(torch.ones_like(freqs), freqs)


def apply_rotary_emb(xq, freqs_cis):
    xq_ = torch.view_as_complex(xq.float().reshape(*xq.shape[:-1], -1, 2))
    freqs_cis = freqs_cis.view(1, xq_.shape[1], 1, xq_.shape[-1])
    return torch.view_as_real(xq_ * freqs_cis).flatten(3).type_as(xq)


class Attention(nn.Module):
    def __init__(self, dim, heads, kv_heads):
        super().__init__()
        self.h, self.kv, self.d = heads, kv_heads, dim // heads
        self.wq, self.wk = (
            nn.Linear(dim, dim, bias=False),
            nn.Linear(dim, kv_heads * self.d, bias=False),
        )
        self.wv, self.wo = (
            nn.Linear(dim, kv_heads * self.d, bias=False),
            nn.Linear(dim, dim, bias=False),
        )

    def forward(self, x, freqs, mask):
        b, t, _ = x.shape
        q, k, v = (
            self.wq(x).view(b, t, self.h, self.d),
            self.wk(x).view(b, t, self.kv, self.d),
            self.wv(x).view(b, t, self.kv, self.d),
        )
        q, k = apply_rotary_emb(q, freqs), apply_rotary_emb(k, freqs)
        k, v = (
            z[:, :, :, None, :]
            .expand(b, t, self.kv, self.h // self.kv, self.d)
            .reshape(b, t, self.h, self.d)
            for z in (k, v)
        )
        scores = torch.einsum("bthd,bshd->bhts", q, k) / self.d**0.5
        scores = F.softmax(scores + mask, dim=-1)
        return self.wo(torch.einsum("bhts,bshd->bthd", scores, v).contiguous().view(b, t, -1))


class Block(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.attn, self.n1, self.n2 = Attention(dim, 4, 2), RMSNorm(dim), RMSNorm(dim)
        self.w1, self.w2, self.w3 = (
            nn.Linear(dim, 32, bias=False),
            nn.Linear(32, dim, bias=False),
            nn.Linear(dim, 32, bias=False),
        )

    def forward(self, x, freqs, mask):
        h = x + self.attn(self.n1(x), freqs, mask)
        n = self.n2(h)
        return h + self.w2(F.silu(self.w1(n)) * self.w3(n))


def selective_scan(x, dt, A, B, C):
    h, ys = torch.zeros(x.shape[0], x.shape[2], A.shape[1]), []
    dA, dBx = torch.exp(dt.unsqueeze(-1) * A), dt.unsqueeze(-1) * B.unsqueeze(2) * x.unsqueeze(-1)
    for t in range(x.shape[1]):
        h = dA[:, t] * h + dBx[:, t]
        ys.append((h * C[:, t].unsqueeze(1)).sum(-1))
    return torch.stack(ys, dim=1)


emb, block, head = nn.Embedding(12, 16), Block(), nn.Linear(16, 12)
T = 8
mask = torch.full((T, T), float("-inf")).triu(1)
freqs = precompute_freqs_cis(4, T)
print(freqs[:2], mask[0])
params = [*emb.parameters(), *block.parameters(), *head.parameters()]
opt = torch.optim.Adam(params, lr=5e-3)
tokens = torch.arange(4)[:, None] + torch.arange(T + 1)[None] * 3
tokens = tokens % 12
for step in range(5):
    logits = head(block(emb(tokens[:, :-1]), freqs, mask))
    loss = F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"step {step} loss {loss.item():.4f}")
x, dt = torch.randn(2, 5, 3, requires_grad=True), F.softplus(torch.randn(2, 5, 3))
A, B, C = -torch.exp(torch.randn(3, 4)), torch.randn(2, 5, 4), torch.randn(2, 5, 4)
y = selective_scan(x, dt, A, B, C)
y.sum().backward()
print(y[0, -1], x.grad.norm())
probs = F.softmax(logits[0, -1].detach() / 0.8, dim=-1)
sorted_probs, idx = torch.sort(probs, descending=True)
keep = torch.cumsum(sorted_probs, dim=-1) - sorted_probs <= 0.9
probs = torch.zeros_like(probs).scatter(-1, idx, torch.where(keep, sorted_probs, 0.0))
print((probs / probs.sum()).argmax(), torch.multinomial(probs, 1).shape, keep.sum() <= 12)
