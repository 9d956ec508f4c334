import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2),
            nn.InstanceNorm2d(8, affine=True),
            nn.ELU(),
            nn.AdaptiveMaxPool2d(2),
            nn.Flatten(),
        )
        self.projector = nn.Sequential(
            nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 8, bias=False)
        )

    def forward(self, x):
        return F.normalize(self.projector(self.encoder(x)), dim=-1)


def info_nce_loss(features, temperature=0.2, n_views=2):
    batch = features.shape[0] // n_views
    labels = torch.cat([torch.arange(batch) for i in range(n_views)], dim=0)
    labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
    similarity_matrix = torch.matmul(features, features.T)
    mask = torch.eye(labels.shape[0], dtype=torch.bool)
    labels = labels[~mask].view(labels.shape[0], -1)
    similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
    positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
    negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
    logits = torch.cat([positives, negatives], dim=1)
    labels = torch.zeros(logits.shape[0], dtype=torch.long)
    return logits / temperature, labels


def augment(x):
    x = torch.flip(x, dims=[3])
    x = torch.roll(x, shifts=(1, -1), dims=(2, 3))
    return x + 0.1 * torch.randn_like(x)


def off_diagonal(x):
    n, m = x.shape
    assert n == m
    return x.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


model = SimCLR()
print(model)
images = torch.randn(8, 3, 10, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(5):
    features = model(torch.cat([images, augment(images)], dim=0))
    logits, labels = info_nce_loss(features)
    loss = criterion(logits, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    top1 = (logits.topk(1, dim=1)[1] == 0).float().mean()
    print(f"Epoch: {epoch}\tLoss: {loss}"[:20], f"Top1 accuracy: {top1}")
z1, z2 = features.detach().chunk(2)
z1, z2 = (z1 - z1.mean(0)) / z1.std(0), (z2 - z2.mean(0)) / z2.std(0)
c = z1.T @ z2 / 8
on_diag = torch.diagonal(c).add(-1).pow(2).sum()
print("barlow", on_diag, off_diagonal(c).pow_(2).sum(), logits.shape)
