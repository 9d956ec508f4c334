import copy
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler, TensorDataset, random_split


def set_seed(seed=42):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True


class EarlyStopping:
    def __init__(self, patience=2, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.counter, self.best_loss, self.early_stop, self.best = 0, None, False, None

    def __call__(self, val_loss, model):
        if self.best_loss is None or val_loss < self.best_loss - self.min_delta:
            self.best_loss, self.counter = val_loss, 0
            self.best = copy.deepcopy(model.state_dict())
        else:
            self.counter += 1
            print(f"EarlyStopping counter: {self.counter} out of {self.patience}")
            self.early_stop = self.counter >= self.patience


set_seed()
X = torch.tensor(np.random.randn(90, 4), dtype=torch.float32)
y = (X[:, 0] * X[:, 1] + 0.1 * torch.randn(90)).unsqueeze(-1)
dataset = TensorDataset(X, y)
train_set, val_set, test_set = random_split(
    dataset, [60, 20, 10], generator=torch.Generator().manual_seed(42)
)
print(len(train_set), len(val_set), test_set.indices)


def make():
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))


def evaluate(model, loader, loss_fn):
    model.eval()
    with torch.inference_mode():
        return sum(loss_fn(model(xb), yb).item() * len(xb) for xb, yb in loader) / len(
            loader.dataset
        )


model, loss_fn = make(), nn.HuberLoss()
opt = torch.optim.Adam(model.parameters(), lr=0.05)
stopper = EarlyStopping(min_delta=0.002)
for epoch in range(15):
    model.train()
    for xb, yb in DataLoader(train_set, batch_size=20, shuffle=True):
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()
    val = evaluate(model, DataLoader(val_set, batch_size=20), loss_fn)
    print(f"epoch {epoch} val {val:.4f}")
    stopper(val, model)
    if stopper.early_stop:
        print("Early stopping")
        break
model.load_state_dict(stopper.best)
print(f"test {evaluate(model, DataLoader(test_set, batch_size=5), loss_fn):.4f}")
folds = np.array_split(np.random.permutation(90), 3)
for fold, val_ids in enumerate(folds):
    train_ids = np.setdiff1d(np.arange(90), val_ids)
    trainloader = DataLoader(dataset, batch_size=10, sampler=SubsetRandomSampler(train_ids))
    testloader = DataLoader(Subset(dataset, val_ids), batch_size=10)
    net = make()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for xb, yb in trainloader:
        optimizer.zero_grad()
        nn.functional.mse_loss(net(xb), yb).backward()
        optimizer.step()
    print(
        f"FOLD {fold}: {evaluate(net, testloader, nn.MSELoss()):.4f}",
        len(trainloader),
        len(testloader),
    )
