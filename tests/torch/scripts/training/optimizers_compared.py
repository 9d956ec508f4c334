import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
X = torch.unsqueeze(torch.linspace(-1, 1, 60), dim=1)
y = X.pow(2) + 0.1 * torch.normal(torch.zeros(*X.size()))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(1, 12)
        self.predict = nn.Linear(12, 1)

    def forward(self, x):
        x = torch.tanh(self.hidden(x))
        return self.predict(x)


start = Net().state_dict()
optimizers = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.05),
    "Momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.1),
    "Nesterov": lambda p: torch.optim.SGD(
        p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=1e-3
    ),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, centered=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99)),
    "AMSGrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "Adamax": lambda p: torch.optim.Adamax(p, lr=0.01),
    "NAdam": lambda p: torch.optim.NAdam(p, lr=0.01),
    "RAdam": lambda p: torch.optim.RAdam(p, lr=0.01),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
    "Adadelta": lambda p: torch.optim.Adadelta(p, lr=1.0),
    "Rprop": lambda p: torch.optim.Rprop(p, lr=0.01),
    "ASGD": lambda p: torch.optim.ASGD(p, lr=0.05),
    "Maximize": lambda p: torch.optim.SGD(p, lr=1e-3, maximize=True),
}
for name, make in optimizers.items():
    net = Net()
    net.load_state_dict(start)
    opt = make(net.parameters())
    history = []
    for epoch in range(10):
        prediction = net(X)
        loss = F.mse_loss(prediction, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        history.append(loss.data.numpy())
    print(
        name,
        "%.5f -> %.5f" % (history[0], history[-1]),
        sorted(opt.state[net.hidden.weight].keys()),
    )
print(opt)
net = Net()
net.load_state_dict(start)
opt = torch.optim.LBFGS(net.parameters(), max_iter=4, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    loss = F.mse_loss(net(X), y)
    loss.backward()
    return loss


for step in range(3):
    print("LBFGS", step, opt.step(closure).item())
