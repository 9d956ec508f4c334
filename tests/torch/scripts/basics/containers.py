from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(0)


class Polynomial(nn.Module):
    def __init__(self, degree):
        super().__init__()
        self.coefs = nn.ParameterList([nn.Parameter(torch.randn(1)) for _ in range(degree)])
        self.named = nn.ParameterDict(
            {"scale": nn.Parameter(torch.ones(1)), "shift": nn.Parameter(torch.zeros(1))}
        )
        self.choices = nn.ModuleDict({"conv": nn.Conv2d(10, 10, 3), "pool": nn.MaxPool2d(3)})
        self.activations = nn.ModuleDict([["lrelu", nn.LeakyReLU()], ["prelu", nn.PReLU()]])
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("cache", torch.zeros(2), persistent=False)

    def forward(self, x):
        self.count += 1
        out = sum(c * x**i for i, c in enumerate(self.coefs))
        return self.activations["prelu"](self.named["scale"] * out + self.named["shift"])


m = Polynomial(3)
print(m)
print(m(torch.linspace(-1, 1, 4)), m.count)
print([n for n, _ in m.named_parameters()])
print(list(m.state_dict()), [n for n, _ in m.named_buffers()])
net = nn.Sequential(
    OrderedDict(
        [
            ("conv1", nn.Conv1d(1, 4, 3, padding="same", padding_mode="circular")),
            ("act", nn.ReLU6()),
            ("head", nn.Identity()),
        ]
    )
)
net.append(nn.Flatten())
net.add_module("out", nn.LazyLinear(2))
print(net)
print(net(torch.ones(2, 1, 5)).shape, net.out)
print(
    len(net),
    net[0].kernel_size,
    net.conv1.bias is net[0].bias,
    isinstance(net[1], nn.ReLU6),
    net[-1].weight.shape,
    net[1:3],
)
layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(2)])
layers.append(nn.Linear(2, 1))
layers.extend([nn.Tanh()])
print(layers, len(layers))
m.train(False)
print(m.training, m.choices["pool"].training, "conv" in m.choices, list(m.choices.keys()))
for p in m.choices.parameters():
    p.requires_grad_(False)
print(
    sum(p.numel() for p in m.parameters() if p.requires_grad),
    sum(p.numel() for p in m.parameters()),
)
print(
    m.get_parameter("coefs.0").shape,
    m.get_submodule("activations.prelu"),
    hasattr(m, "cache"),
    m.double().coefs[0].dtype,
)
x = nn.Linear(2, 2)
x.weight.data = torch.eye(2)
x.bias.data.fill_(0.5)
with torch.no_grad():
    x.weight[0, 0] = 3
    x.weight *= 2
print(x(torch.ones(1, 2)), x.weight)
try:
    nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1))(torch.ones(1, 2))
except RuntimeError as e:
    print("RuntimeError:", str(e)[:55])
print([type(c).__name__ for c in nn.TransformerDecoderLayer(4, 2, 8).children()])
print(
    nn.init.xavier_uniform_(torch.empty(2, 3)),
    nn.init.orthogonal_(torch.empty(2, 2)).det().abs(),
    nn.init.sparse_(torch.empty(4, 2), sparsity=0.5).eq(0).sum(),
)
print(
    nn.init.kaiming_uniform_(torch.empty(2, 2), a=5**0.5),
    nn.init.eye_(torch.empty(2, 2)),
    nn.init.calculate_gain("leaky_relu", 0.2),
)
