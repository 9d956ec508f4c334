import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class TiedAutoencoder(nn.Module):
    def __init__(self, inp, out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, inp))
        nn.init.xavier_normal_(self.weight, gain=nn.init.calculate_gain("tanh"))
        self.bias = nn.Parameter(torch.zeros(out))
        self.scale = nn.Parameter(torch.ones(1))
        self.register_parameter("unused", None)

    def forward(self, x):
        h = torch.tanh(F.linear(x, self.weight, self.bias))
        return self.scale * F.linear(h, self.weight.t())

    def extra_repr(self):
        return f"out={self.weight.size(0)}, inp={self.weight.size(1)}"


class TiedLM(nn.Module):
    def __init__(self, ntoken, nhid):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, nhid)
        self.rnn = nn.RNN(nhid, nhid, nonlinearity="relu")
        self.decoder = nn.Linear(nhid, ntoken, bias=False)
        self.decoder.weight = self.encoder.weight

    def forward(self, x):
        out, _ = self.rnn(self.encoder(x))
        return self.decoder(out)


ae = TiedAutoencoder(6, 3)
print(ae, [n for n, _ in ae.named_parameters()])
data = torch.randn(32, 6) @ torch.randn(6, 6)
opt = torch.optim.Adam(ae.parameters(), lr=0.05)
for epoch in range(6):
    loss = F.mse_loss(ae(data), data)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{epoch} {loss.item():.4f}")
lm = TiedLM(10, 8)
print(
    lm.decoder.weight is lm.encoder.weight,
    len(list(lm.parameters())),
    sum(p.numel() for p in lm.parameters()),
)
print(list(lm.state_dict()))
seq = torch.arange(12).remainder(10).unsqueeze(1)
opt = torch.optim.SGD(lm.parameters(), lr=0.1, momentum=0.9)
for epoch in range(5):
    out = lm(seq[:-1])
    loss = F.cross_entropy(out.view(-1, 10), seq[1:].view(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(f"{epoch} {loss.item():.4f} ppl {loss.exp().item():.3f}")
print(
    torch.equal(lm.decoder.weight, lm.encoder.weight),
    torch.allclose(lm.decoder.weight.grad, lm.encoder.weight.grad),
)
shared = nn.Linear(4, 4)
net = nn.Sequential(nn.Linear(2, 4), shared, nn.ReLU(), shared, nn.Linear(4, 1))
print(net)
net(torch.ones(1, 2)).backward()
print(len(list(net.parameters())), shared.weight.grad.shape, shared.weight is net[3].weight)
