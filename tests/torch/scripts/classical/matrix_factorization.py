import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
n_users, n_items = 20, 15
users, items = torch.randint(n_users, (200,)), torch.randint(n_items, (200,))
truth = torch.randn(n_users, 3) @ torch.randn(3, n_items)
ratings = truth[users, items] + 3


class MF(nn.Module):
    def __init__(self, n_users, n_items, emb_size=4):
        super(MF, self).__init__()
        self.user_emb = nn.Embedding(n_users, emb_size)
        self.user_bias = nn.Embedding(n_users, 1)
        self.item_emb = nn.Embedding(n_items, emb_size)
        self.item_bias = nn.Embedding(n_items, 1)
        self.mean = nn.Parameter(torch.FloatTensor([3.0]), False)
        for e in (self.user_emb, self.item_emb):
            e.weight.data.uniform_(0, 0.05)
        self.user_bias.weight.data.uniform_(-0.01, 0.01)
        self.item_bias.weight.data.uniform_(-0.01, 0.01)

    def forward(self, u, v):
        U, V = self.user_emb(u), self.item_emb(v)
        b_u, b_v = self.user_bias(u).squeeze(), self.item_bias(v).squeeze()
        return (U * V).sum(1) + b_u + b_v + self.mean


model = MF(n_users, n_items)
print(model, [n for n, p in model.named_parameters() if not p.requires_grad])
loader = DataLoader(TensorDataset(users, items, ratings), batch_size=50, shuffle=True)
optimizer = torch.optim.Adam(
    filter(lambda p: p.requires_grad, model.parameters()), lr=0.05, weight_decay=1e-5
)
for epoch in range(5):
    total = 0.0
    for u, v, r in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(u, v), r)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} rmse {(total / len(loader)) ** 0.5:.4f}")
scores = model.user_emb.weight @ model.item_emb.weight.t() + model.item_bias.weight.view(-1)
top = torch.topk(scores, k=3, dim=1)
print(top.indices[:3].tolist(), top.values[0].detach())
layer = nn.Bilinear(4, 4, 1)
print(layer(model.user_emb(users[:2]), model.item_emb(items[:2])).shape)
mask = torch.zeros(n_users, n_items).index_put_((users, items), torch.tensor(1.0))
print(int(mask.sum()), mask.bool().any(dim=1).all())
