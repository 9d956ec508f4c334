"""Ways to keep less for the backward pass: hooks on saved tensors, checkpoints, reversible blocks."""

import os
import tempfile
import uuid

import torch
import torch.nn as nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

torch.manual_seed(0)
x = torch.randn(16, 8)
y = torch.randn(16, 1)


def build():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    )


def grads(model, context=None, run=None):
    model.zero_grad()
    run = run or (lambda: model(x))
    if context is None:
        out = run()
    else:
        with context:
            out = run()
    nn.functional.mse_loss(out, y).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()])


model = build()
plain = grads(model)
print("plain", plain.norm(), plain[:4])


class SelfDeletingTempFile:
    def __init__(self):
        self.name = os.path.join(tempfile.gettempdir(), str(uuid.uuid4()))

    def __del__(self):
        if os.path.exists(self.name):
            os.remove(self.name)


def pack_to_disk(tensor):
    temp_file = SelfDeletingTempFile()
    torch.save(tensor, temp_file.name)
    return temp_file


def unpack_from_disk(temp_file):
    return torch.load(temp_file.name)


print("disk", torch.equal(grads(model, saved_tensors_hooks(pack_to_disk, unpack_from_disk)), plain))


class Half(saved_tensors_hooks):
    """Keeps what is large in half precision."""

    def __init__(self, at_least):
        def pack(t):
            return t.half() if t.numel() >= at_least and not t.is_leaf else t

        super().__init__(pack, lambda t: t.float() if t.dtype == torch.float16 else t)


rough = grads(model, Half(100))
print("half", torch.allclose(rough, plain, atol=1e-2), bool((rough != plain).any()))
print("cpu", torch.equal(grads(model, torch.autograd.graph.save_on_cpu(pin_memory=False)), plain))
print(
    "checkpoint",
    torch.allclose(
        grads(model, run=lambda: checkpoint_sequential(model, 2, x, use_reentrant=False)), plain
    ),
)
part = lambda: model[4](
    checkpoint(lambda a: model[3](model[2](a)), model[1](model[0](x)), use_reentrant=False)
)
print("part", torch.allclose(grads(model, run=part), plain))

a = torch.ones(3, requires_grad=True)
seen = []
with saved_tensors_hooks(lambda t: seen.append(tuple(t.shape)) or t, lambda t: t):
    b = a.exp() * 2
b.sum().backward()
print(seen, a.grad)
try:
    with torch.autograd.graph.disable_saved_tensors_hooks("hooks are off here"):
        with saved_tensors_hooks(lambda t: t, lambda t: t):
            a * a
except RuntimeError as e:
    print(e)


class Reversible(torch.autograd.Function):
    """Keeps the results alone, and computes the inputs from them."""

    @staticmethod
    def forward(ctx, x1, x2, f, g, *params):
        ctx.f, ctx.g, ctx.n = f, g, len(params)
        with torch.no_grad():
            y1 = x1 + f(x2)
            y2 = x2 + g(y1)
        ctx.save_for_backward(y1, y2, *params)
        return y1, y2

    @staticmethod
    def backward(ctx, d1, d2):
        y1, y2, *params = ctx.saved_tensors
        with torch.enable_grad():
            y1 = y1.detach().requires_grad_()
            g = ctx.g(y1)
            own = torch.autograd.grad(g, [y1, *ctx.g.parameters()], d2)
            x2 = (y2 - g).detach().requires_grad_()
            d1 = d1 + own[0]
            f = ctx.f(x2)
            other = torch.autograd.grad(f, [x2, *ctx.f.parameters()], d1)
        return (d1, d2 + other[0], None, None, *other[1:], *own[1:])


class Block(nn.Module):
    def __init__(self, d, reversible):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(d, d), nn.ELU())
        self.g = nn.Sequential(nn.Linear(d, d), nn.Softsign())
        self.reversible = reversible

    def forward(self, h):
        x1, x2 = h.chunk(2, dim=-1)
        if self.reversible:
            y1, y2 = Reversible.apply(
                x1, x2, self.f, self.g, *self.f.parameters(), *self.g.parameters()
            )
        else:
            y1 = x1 + self.f(x2)
            y2 = x2 + self.g(y1)
        return torch.cat([y1, y2], -1)


found = {}
for reversible in (False, True):
    torch.manual_seed(3)
    net = nn.Sequential(Block(4, reversible), Block(4, reversible), nn.Linear(8, 1))
    found[reversible] = grads(net, run=lambda: net(x))
print("reversible", torch.allclose(found[True], found[False], atol=1e-5), found[True].norm())

optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
for step in range(5):
    optimizer.zero_grad()
    with saved_tensors_hooks(lambda t: t.detach().numpy().copy(), torch.from_numpy):
        loss = nn.functional.huber_loss(net(x), y, delta=0.5)
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.5f}")
