"""A small recommender: dense features, bags of categorical ones, crosses, AUC."""

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(3)
torch.manual_seed(3)
N, TAGS, USERS = 160, 12, 9


class Clicks(torch.utils.data.Dataset):
    def __init__(self, n):
        self.dense = rng.normal(size=(n, 3)).astype("float32")
        self.user = rng.integers(0, USERS, n)
        self.tags = [rng.choice(TAGS, size=rng.integers(0, 4), replace=False) for _ in range(n)]
        w = rng.normal(size=TAGS)
        logit = (
            self.dense[:, 0]
            - 0.5 * self.dense[:, 1]
            + np.array([w[t].sum() for t in self.tags])
            + (self.user % 3 - 1)
        )
        self.label = (logit + 0.3 * rng.normal(size=n) > 0).astype("int64")

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return {
            "dense": self.dense[i],
            "user": self.user[i],
            "tags": self.tags[i],
            "label": self.label[i],
        }


def collate(rows):
    lengths = torch.tensor([len(r["tags"]) for r in rows])
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]])
    tags = torch.from_numpy(np.concatenate([r["tags"] for r in rows])).long()
    return {
        "dense": torch.stack([torch.from_numpy(r["dense"]) for r in rows]),
        "user": torch.as_tensor([int(r["user"]) for r in rows]),
        "tags": tags,
        "offsets": offsets,
        "label": torch.tensor([r["label"] for r in rows], dtype=torch.float32),
    }


class Interaction(nn.Module):
    """All products of pairs of features' vectors."""

    def __init__(self, n):
        super().__init__()
        self.register_buffer("rows", torch.triu_indices(n, n, offset=1)[0], persistent=False)
        self.register_buffer("cols", torch.triu_indices(n, n, offset=1)[1], persistent=False)

    def forward(self, vectors):
        z = torch.stack(vectors, dim=1)
        return torch.bmm(z, z.transpose(1, 2))[:, self.rows, self.cols]


class Recommender(nn.Module):
    def __init__(self, dim=4, mode="mean"):
        super().__init__()
        self.tags = nn.EmbeddingBag(TAGS, dim, mode=mode, sparse=True)
        self.users = nn.Embedding(USERS, dim, sparse=True)
        self.bottom = nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True), nn.Linear(8, dim))
        self.cross = Interaction(3)
        self.top = nn.Sequential(
            nn.Linear(dim + 3, 8), nn.PReLU(), nn.Dropout(0.1), nn.Linear(8, 1)
        )

    def forward(self, batch):
        dense = self.bottom(batch["dense"])
        tags = self.tags(batch["tags"], batch["offsets"])
        users = self.users(batch["user"])
        pairs = self.cross([dense, tags, users])
        return self.top(torch.cat((dense, pairs), dim=1)).squeeze(-1)


def auc(scores, labels):
    order = scores.argsort(descending=True)
    labels = labels[order]
    tp = labels.cumsum(0)
    fp = (1 - labels).cumsum(0)
    return torch.trapezoid(tp / tp[-1], fp / fp[-1]).item()


data = Clicks(N)
train, valid = torch.utils.data.random_split(
    data, [0.75, 0.25], generator=torch.Generator().manual_seed(0)
)
print(len(train), len(valid), valid.indices[:5])
loader = torch.utils.data.DataLoader(train, 24, shuffle=True, collate_fn=collate, drop_last=True)
model = Recommender()
print(model)
sparse = [p for n, p in model.named_parameters() if n.startswith(("tags", "users"))]
dense = [p for n, p in model.named_parameters() if not n.startswith(("tags", "users"))]
optimizers = [torch.optim.SparseAdam(sparse, lr=0.05), torch.optim.AdamW(dense, lr=0.02)]
schedulers = [torch.optim.lr_scheduler.ExponentialLR(o, 0.9) for o in optimizers]
criterion = nn.BCEWithLogitsLoss()
for epoch in range(5):
    model.train()
    seen, running = 0, 0.0
    for batch in loader:
        for o in optimizers:
            o.zero_grad(set_to_none=True)
        loss = criterion(model(batch), batch["label"])
        loss.backward()
        nn.utils.clip_grad_norm_(dense, 1.0)
        for o in optimizers:
            o.step()
        running += loss.detach() * batch["label"].numel()
        seen += batch["label"].numel()
    for s in schedulers:
        s.step()
    model.eval()
    with torch.inference_mode():
        batch = collate([valid[i] for i in range(len(valid))])
        scores = model(batch).sigmoid()
    print(
        f"epoch {epoch}: loss {running.item() / seen:.4f}  auc {auc(scores, batch['label']):.3f}"
        f"  lr {schedulers[0].get_last_lr()[0]:.4f}"
    )

g = model.tags.weight.grad
print(
    g.is_sparse,
    g._nnz() == g._values().size(0),
    g.to_dense().abs().sum(1).gt(0).sum().item() <= TAGS,
)
state = optimizers[0].state[model.tags.weight]
print(sorted(state), state["exp_avg"].shape, bool((state["exp_avg_sq"] >= 0).all()))
empty = model.tags(torch.tensor([1, 2, 3]), torch.tensor([0, 0, 3]))
print(empty[0], empty[2])
for mode in ("sum", "max"):
    torch.manual_seed(0)
    bag = nn.EmbeddingBag(5, 2, mode=mode, padding_idx=0)
    print(mode, bag(torch.tensor([[1, 0, 2], [0, 0, 0]])).detach())
weights = torch.tensor([0.5, 0.25, 1.0], requires_grad=True)
bag = nn.EmbeddingBag.from_pretrained(torch.arange(8.0).view(4, 2), mode="sum", freeze=False)
out = bag(torch.tensor([0, 3, 1]), torch.tensor([0, 2]), per_sample_weights=weights)
out.pow(2).sum().backward()
print(out, weights.grad, bag.weight.grad)
