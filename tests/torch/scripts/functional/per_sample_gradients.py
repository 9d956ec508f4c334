import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, grad_and_value, vmap

torch.manual_seed(0)


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 4, 3, 1)
        self.fc1 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc1(x), dim=1)


def loss_fn(predictions, targets):
    return F.nll_loss(predictions, targets)


data, targets = torch.randn(8, 1, 8, 8), torch.randint(0, 10, (8,))
model = SimpleCNN()
predictions = model(data)
loss_fn(predictions, targets).backward()


def compute_grad(sample, target):
    sample, target = sample.unsqueeze(0), target.unsqueeze(0)
    return torch.autograd.grad(loss_fn(model(sample), target), list(model.parameters()))


sample_grads = list(zip(*[compute_grad(data[i], targets[i]) for i in range(8)]))
per_sample_grads = [torch.stack(shards) for shards in sample_grads]
print(per_sample_grads[0].shape)
params = {k: v.detach() for k, v in model.named_parameters()}
buffers = {k: v.detach() for k, v in model.named_buffers()}


def compute_loss(params, buffers, sample, target):
    batch, targets = sample.unsqueeze(0), target.unsqueeze(0)
    return loss_fn(functional_call(model, (params, buffers), (batch,)), targets)


ft_compute_sample_grad = vmap(grad(compute_loss), in_dims=(None, None, 0, 0))
ft_per_sample_grads = ft_compute_sample_grad(params, buffers, data, targets)
for per_sample_grad, ft_grad in zip(per_sample_grads, ft_per_sample_grads.values()):
    print(torch.allclose(per_sample_grad, ft_grad, atol=3e-3, rtol=1e-5), tuple(ft_grad.shape))
for p, ft_grad in zip(model.parameters(), ft_per_sample_grads.values()):
    assert torch.allclose(p.grad, ft_grad.mean(0), atol=1e-5)
norms = torch.stack([g.flatten(1).norm(dim=1) for g in ft_per_sample_grads.values()]).norm(dim=0)
print(norms)
clip = (1.0 / (norms + 1e-6)).clamp(max=1.0)
dp = {k: torch.einsum("i,i...->...", clip, g) / len(clip) for k, g in ft_per_sample_grads.items()}
print({k: round(v.norm().item(), 4) for k, v in dp.items()})
g, value = grad_and_value(compute_loss)(params, buffers, data[0], targets[0])
print(value, g["fc1.bias"])
