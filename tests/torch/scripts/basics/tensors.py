import numpy as np
import torch

x = torch.tensor([[1, 2, 3], [4, 5, 6]])
print(x, x.dtype, x.shape, x.ndim)
print(x.size(), x.size(0), x.numel())
y = torch.arange(6).view(2, 3)
print(x + y, x * y, x / y.clamp(min=1))
print(x @ y.t())
print(torch.zeros(2, 3), torch.ones_like(x), torch.full((2, 2), 7))
print(torch.linspace(0, 1, steps=5), torch.eye(3))
print(x.float().mean(), x.float().std(), x.sum(dim=0), x.sum(dim=1, keepdim=True))
values, indices = torch.max(x, dim=1)
print(values, indices, x.argmax(), torch.min(x))
print(x.max(0))
print(torch.cat([x, y], dim=0).shape, torch.stack([x, y]).shape)
print(x[:, 1], x[0], x[x > 2], x[-1, ::2])
print(
    x.unsqueeze(0).shape,
    x.permute(1, 0).shape,
    x.flatten(),
    x.transpose(0, 1).contiguous().view(-1),
)
a = np.ones((2, 2), dtype=np.float32)
t = torch.from_numpy(a)
t.add_(1)
print(a, t, t.numpy().dtype)
torch.manual_seed(0)
print(torch.rand(2, 3), torch.randn(3), torch.randint(0, 10, (5,)), torch.randperm(6))
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(device, x.to(device).device, x.is_cuda)
z = torch.where(x > 3, x, torch.zeros_like(x))
print(z, (x > 3).sum().item(), torch.nonzero(x > 3))
print(torch.sort(torch.tensor([3.0, 1.0, 2.0]), descending=True))
print(torch.topk(torch.tensor([3.0, 1.0, 2.0]), 2))
print(torch.chunk(torch.arange(7), 3), torch.split(torch.arange(5), 2))
print(
    torch.tensor([1.5, 2.5]).tolist(), torch.tensor(3).item(), isinstance(x, torch.Tensor), x.type()
)
print(
    torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-9])),
    torch.isnan(torch.tensor([1.0, float("nan")])),
)
print(torch.unique(torch.tensor([1, 3, 2, 3, 1]), return_counts=True))
print(torch.einsum("ij,kj->ik", x, y), torch.outer(torch.arange(3), torch.arange(2)))
print(torch.tensor([1e-8, 1.0, 1000.0]), torch.tensor([100000.0, 0.001]), torch.tensor(True))
print(
    torch.cumsum(torch.arange(5), 0),
    torch.diff(torch.tensor([1, 4, 9])),
    5 - x,
    2**x,
    x % 2,
    x // 2,
)
x[0, 0] = 100
x += 1
print(x, x.clone().fill_(3), x.expand(2, 2, 3).shape, x.repeat(2, 1))
print(torch.gather(x, 1, torch.tensor([[0], [2]])), torch.index_select(x, 1, torch.tensor([0, 2])))
print(
    torch.bincount(torch.tensor([0, 1, 1, 3])),
    torch.tril(torch.ones(3, 3)),
    torch.Tensor([1, 2, 3]),
)
