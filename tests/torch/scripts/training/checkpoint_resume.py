import os
import tempfile

import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)
PATH = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 8)
        self.bn = nn.BatchNorm1d(8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc2(torch.relu(self.bn(self.fc1(x))))


X = torch.randn(64, 5)
y = X.pow(2).sum(1, keepdim=True)


def train(model, optimizer, scheduler, start, end):
    for epoch in range(start, end):
        model.train()
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(
            "epoch",
            epoch,
            "loss",
            round(loss.item(), 4),
            "lr",
            round(scheduler.get_last_lr()[0], 6),
        )
    return loss


model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.05)
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
print("Model's state_dict:")
for param_tensor in model.state_dict():
    print(param_tensor, "\t", model.state_dict()[param_tensor].size())
print("Optimizer's state_dict:")
for var_name in optimizer.state_dict():
    print(var_name, "\t", optimizer.state_dict()[var_name])
loss = train(model, optimizer, scheduler, 0, 4)
torch.save(
    {
        "epoch": 4,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "scheduler_state_dict": scheduler.state_dict(),
        "loss": loss.item(),
        "rng": torch.get_rng_state(),
    },
    PATH,
)
expected = train(model, optimizer, scheduler, 4, 7)

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
checkpoint = torch.load(PATH, map_location="cpu", weights_only=True)
print(model.load_state_dict(checkpoint["model_state_dict"]))
optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
scheduler.load_state_dict(checkpoint["scheduler_state_dict"])
torch.set_rng_state(checkpoint["rng"])
epoch = checkpoint["epoch"]
resumed = train(model, optimizer, scheduler, epoch, 7)
print(torch.equal(expected, resumed), list(checkpoint.keys()))
try:
    model.load_state_dict({"fc1.weight": torch.zeros(8, 5), "extra": torch.zeros(1)})
except RuntimeError as e:
    print(e)
result = model.load_state_dict(
    {"fc1.weight": torch.zeros(8, 5), "extra": torch.zeros(1)}, strict=False
)
print(result.missing_keys, result.unexpected_keys)
os.remove(PATH)
