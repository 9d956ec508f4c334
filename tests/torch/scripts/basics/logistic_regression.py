import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(42)
N, D = 200, 4
X = torch.randn(N, D)
true_w = torch.tensor([1.5, -2.0, 0.5, 0.0])
y = (X @ true_w + 0.3 * torch.randn(N) > 0).float()


class LogisticRegression(nn.Module):
    def __init__(self, n_features):
        super(LogisticRegression, self).__init__()
        self.linear = nn.Linear(n_features, 1)

    def forward(self, x):
        return torch.sigmoid(self.linear(x)).squeeze(1)


model = LogisticRegression(D)
print(model)
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=1e-4)
for epoch in range(50):
    y_pred = model(X)
    loss = criterion(y_pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        acc = (y_pred.round() == y).float().mean()
        print(f"epoch {epoch:3d} | loss {loss.item():.4f} | accuracy {acc:.3f}")

with torch.no_grad():
    p = model(X)
    pred = (p > 0.5).long()
    tp = ((pred == 1) & (y == 1)).sum().item()
    fp = ((pred == 1) & (y == 0)).sum().item()
    fn = ((pred == 0) & (y == 1)).sum().item()
    print(f"precision {tp / (tp + fp):.3f} recall {tp / (tp + fn):.3f}")
    print(F.binary_cross_entropy(p, y))
for name, param in model.named_parameters():
    print(name, param.data)
