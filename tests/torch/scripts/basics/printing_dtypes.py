import torch

print(torch.zeros(1000))
print(torch.arange(2000).view(40, 50))
print(torch.randn(0, 3), torch.tensor([]), torch.empty(2, 0).shape)
print(torch.tensor([1.0, float("inf"), float("nan"), -2.5]))
print(torch.tensor([1e10, 1.0]), torch.tensor([0.00001, 0.1]), torch.tensor([1.0, 2.0, 3.0]))
print(torch.tensor([True, False]), torch.tensor([1 + 2j, 3 - 1j]), torch.tensor(3.14159265))
print(
    torch.tensor([1, 2], dtype=torch.int8),
    torch.tensor([1, 2], dtype=torch.uint8),
    torch.tensor([1.5], dtype=torch.float16),
)
print(torch.tensor([[0.5, -1.0], [100.25, 3.0]], dtype=torch.float64))
print(
    torch.tensor([1, 2]) + 0.5,
    torch.tensor([1, 2]) / 2,
    torch.tensor([7, -7]) // 2,
    torch.tensor([1, 2]) * torch.tensor([0.5, 0.5]),
)
print(
    torch.tensor(5) + torch.tensor([1.0]),
    (torch.tensor([1]) + torch.tensor(2.5)).dtype,
    torch.result_type(torch.tensor([1]), 1.0),
)
print(
    torch.ones(2, dtype=torch.int32).dtype,
    torch.ones(2).int().dtype,
    torch.ones(2).half().dtype,
    torch.ones(2).bool(),
    torch.ones(2).long(),
)
print(
    torch.float32,
    torch.get_default_dtype(),
    torch.int64.is_floating_point,
    torch.finfo(torch.float32).max,
    torch.iinfo(torch.int32).max,
)
x = torch.arange(24).reshape(2, 3, 4)
print(x)
print(x[0, 1:, ::2], x[..., -1], x[:, [0, 2]], x[x % 2 == 0][:4], x[1][2][3])
print(
    x.stride(),
    x.permute(2, 0, 1).stride(),
    x.is_contiguous(),
    x.permute(2, 0, 1).is_contiguous(),
    x.storage_offset(),
    x[1].storage_offset(),
)
print(x.sum((0, 2)), x.float().mean(dim=(1, 2)), x.max(), x.argmin(dim=-1), x.cumsum(-1)[0])
y = x.clone()
y[0] = -1
y[:, 0, 0] = torch.tensor([7, 8])
y[y < 0] = 0
print(y, (x == y).sum(), torch.equal(x, x.clone()))
torch.set_printoptions(precision=2, sci_mode=False)
print(torch.tensor([3.14159, 1e-4, 12345.678]))
torch.set_printoptions(profile="default")
torch.set_printoptions(threshold=5, edgeitems=1)
print(torch.arange(10), torch.ones(6, 6))
torch.set_printoptions(profile="default")
a = torch.tensor([1.0, 2.0], requires_grad=True)
print(a, a.detach(), a * 2, (a * 2).detach(), a.data, torch.nn.Parameter(torch.ones(2)))
print(
    f"{torch.tensor(0.123456):.3f} {torch.tensor(7)} {torch.tensor([1, 2])} {torch.tensor(2.0).item()}"
)
print(
    len(x),
    x.dim(),
    list(torch.arange(3)),
    [t.shape for t in torch.ones(2, 3)],
    2 in torch.tensor([1, 2]),
    float(torch.tensor(2)),
    int(torch.tensor(3.7)),
)
print(
    torch.tensor([[1, 2], [3, 4]]).tolist(),
    torch.tensor(2.5).numpy(),
    torch.ones(2).numpy(),
    repr(torch.Size([2, 3])),
    torch.Size([2, 3]).numel(),
)
