import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(1)


class WindowDataset(Dataset):
    def __init__(self, series, window):
        self.series = torch.FloatTensor(series)
        self.window = window

    def __len__(self):
        return len(self.series) - self.window

    def __getitem__(self, i):
        return self.series[i : i + self.window].unsqueeze(-1), self.series[i + self.window]


series = np.sin(np.arange(120) / 6) + 0.1 * np.cos(np.arange(120) / 2)
series = (series - series.mean()) / series.std()
train_ds = WindowDataset(series[:90], 12)
train_dl = DataLoader(train_ds, batch_size=16, shuffle=True, drop_last=True)


class GRUNet(nn.Module):
    def __init__(self, hidden_dim, n_layers, dropout=0.0):
        super().__init__()
        self.gru = nn.GRU(
            1, hidden_dim, n_layers, batch_first=True, dropout=dropout, bidirectional=True
        )
        self.fc = nn.Linear(2 * hidden_dim, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        out, h = self.gru(x)
        return self.fc(self.relu(out[:, -1])).squeeze(-1), h


model = GRUNet(8, 2)
print(model)
criterion = nn.SmoothL1Loss()
optimizer = torch.optim.NAdam(model.parameters(), lr=0.01)
for epoch in range(3):
    model.train()
    losses = []
    for x, label in train_dl:
        model.zero_grad()
        out, h = model(x.float())
        loss = criterion(out, label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print("Epoch {}/{} Done, Total Loss: {:.5f}".format(epoch, 3, np.mean(losses)))
model.eval()
test_x = torch.tensor(
    np.stack([series[i : i + 12] for i in range(90, 108)]), dtype=torch.float32
).unsqueeze(-1)
test_y = torch.tensor(series[102:120], dtype=torch.float32)
with torch.no_grad():
    out, h = model(test_x)
smape = torch.mean(torch.abs(out - test_y) / (torch.abs(out) + torch.abs(test_y)) / 2) * 100
print("sMAPE: {}%".format(round(smape.item(), 2)), h.shape)
