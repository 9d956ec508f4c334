import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, vmap

torch.manual_seed(0)


class ThreeLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(1, 20)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(20, 20)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(20, 1)

    def forward(self, x):
        x = self.relu1(self.fc1(x))
        x = self.relu2(self.fc2(x))
        return self.fc3(x)


def mse_loss(x, y):
    return torch.mean((x - y) ** 2)


net = ThreeLayerNet()
params = dict(net.named_parameters())
opt = torch.optim.Adam(params.values(), lr=1e-3)
alpha, K, num_tasks = 0.1, 10, 4


def sample_tasks(outer_batch_size, inner_batch_size):
    As, phases = torch.rand(outer_batch_size) * 4.9 + 0.1, torch.rand(outer_batch_size) * math.pi

    def get_batch():
        xs = torch.rand(outer_batch_size, inner_batch_size, 1) * 10 - 5
        return xs, As[:, None, None] * torch.sin(xs + phases[:, None, None])

    x1, y1 = get_batch()
    x2, y2 = get_batch()
    return x1, y1, x2, y2


def inner_loss(params, x1, y1):
    return mse_loss(functional_call(net, params, (x1,)), y1)


def get_loss_for_task(x1, y1, x2, y2):
    grads = grad(inner_loss)(params, x1, y1)
    new_params = {k: params[k] - alpha * grads[k] for k in params}
    return mse_loss(functional_call(net, new_params, (x2,)), y2)


for it in range(5):
    task = sample_tasks(num_tasks, K)
    inner_losses = vmap(get_loss_for_task)(*task)
    loss2 = sum(inner_losses) / len(inner_losses)
    opt.zero_grad()
    loss2.backward()
    opt.step()
    print("Iteration %d -- Outer Loss: %.4f" % (it, loss2.item()))

# the same with explicit create_graph
theta = {k: p.clone().detach().requires_grad_() for k, p in net.named_parameters()}
x1, y1, x2, y2 = (t[0] for t in sample_tasks(1, K))
loss = F.mse_loss(functional_call(net, theta, x1), y1)
gs = torch.autograd.grad(loss, list(theta.values()), create_graph=True)
fast = {k: w - alpha * g for (k, w), g in zip(theta.items(), gs)}
meta = F.mse_loss(functional_call(net, fast, x2), y2)
meta.backward()
print(loss.item(), meta.item(), [f"{p.grad.norm():.4f}" for p in theta.values()])
