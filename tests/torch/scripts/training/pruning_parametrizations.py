import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils.parametrize as parametrize
import torch.nn.utils.prune as prune
from torch.nn.utils import parametrizations

torch.manual_seed(0)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.fc1 = nn.Linear(4 * 36, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        return self.fc1(x.view(-1, int(x.nelement() / x.shape[0])))


model = LeNet()
module = model.conv1
prune.random_unstructured(module, name="weight", amount=0.3)
print([n for n, _ in module.named_parameters()], [n for n, _ in module.named_buffers()])
print(module.weight_mask.sum().item(), module._forward_pre_hooks.__len__())
prune.l1_unstructured(module, name="bias", amount=2)
print((module.bias == 0).sum())
prune.ln_structured(model.fc1, name="weight", amount=0.5, n=2, dim=0)
print(
    "Sparsity in fc1.weight: {:.2f}%".format(
        100.0 * float(torch.sum(model.fc1.weight == 0)) / float(model.fc1.weight.nelement())
    )
)
prune.remove(module, "weight")
print(prune.is_pruned(model), list(model.state_dict()))
out = model(torch.randn(4, 1, 8, 8))
F.cross_entropy(out, torch.arange(4)).backward()
print(out.shape, model.fc1.weight_orig.grad.norm())


class Symmetric(nn.Module):
    def forward(self, X):
        return X.triu() + X.triu(1).transpose(-1, -2)

    def right_inverse(self, A):
        return A.triu()


layer = nn.Linear(3, 3)
parametrize.register_parametrization(layer, "weight", Symmetric())
A = layer.weight
print(torch.allclose(A, A.T))
print(layer)
print(parametrize.is_parametrized(layer, "weight"), [n for n, _ in layer.named_parameters()])
opt = torch.optim.SGD(layer.parameters(), lr=0.1)
for _ in range(3):
    loss = layer(torch.ones(2, 3)).pow(2).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.item())
parametrize.remove_parametrizations(layer, "weight")
print(layer, torch.equal(layer.weight, layer.weight.t()))
orth = parametrizations.orthogonal(nn.Linear(4, 4))
Q = orth.weight
print(torch.dist(Q.T @ Q, torch.eye(4)) < 1e-5)
sn = nn.utils.spectral_norm(nn.Linear(5, 4))
for _ in range(20):
    sn(torch.zeros(1, 5))
print(torch.linalg.matrix_norm(sn.weight, 2).item() - 1 < 1e-2, [n for n, _ in sn.named_buffers()])
wn = parametrizations.weight_norm(nn.Linear(4, 2))
print(wn, [tuple(p.shape) for p in wn.parameters()])
