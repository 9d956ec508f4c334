"""Knowledge-graph completion: TransE, DistMult and ComplEx with sparse gradients."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
random.seed(7)

people = ["ann", "bob", "cid", "dee", "eve", "fay", "gus", "hal"]
cities = ["oslo", "rome", "lima"]
entities = people + cities
relations = ["knows", "lives_in", "neighbour_of"]
ent2id = {e: i for i, e in enumerate(entities)}
rel2id = {r: i for i, r in enumerate(relations)}

home = {p: cities[i % len(cities)] for i, p in enumerate(people)}
triples = []
for i, p in enumerate(people):
    triples.append((p, "lives_in", home[p]))
    triples.append((p, "knows", people[(i + 1) % len(people)]))
    for q in people:
        if q != p and home[q] == home[p]:
            triples.append((p, "neighbour_of", q))
ids = torch.tensor([[ent2id[h], rel2id[r], ent2id[t]] for h, r, t in triples])
perm = torch.randperm(ids.size(0))
test, train = ids[perm[:6]], ids[perm[6:]]
print("triples", tuple(ids.shape), "train", len(train), "test", len(test))


class TransE(nn.Module):
    def __init__(self, n_ent, n_rel, dim, margin=1.0, p=1):
        super().__init__()
        self.ent = nn.Embedding(n_ent, dim, sparse=True, max_norm=None)
        self.rel = nn.Embedding(n_rel, dim, sparse=True)
        self.margin, self.p = margin, p
        nn.init.uniform_(self.ent.weight, -6 / dim**0.5, 6 / dim**0.5)
        nn.init.uniform_(self.rel.weight, -6 / dim**0.5, 6 / dim**0.5)
        with torch.no_grad():
            self.rel.weight.div_(self.rel.weight.norm(p=2, dim=1, keepdim=True))

    @torch.no_grad()
    def normalize(self):
        self.ent.weight.copy_(F.normalize(self.ent.weight, p=2, dim=-1))

    def score(self, h, r, t):
        return -(self.ent(h) + self.rel(r) - self.ent(t)).norm(p=self.p, dim=-1)

    def forward(self, pos, neg):
        s_pos, s_neg = self.score(*pos.unbind(1)), self.score(*neg.unbind(1))
        target = torch.ones_like(s_pos)
        return F.margin_ranking_loss(s_pos, s_neg, target, margin=self.margin)


class DistMult(TransE):
    def score(self, h, r, t):
        return (self.ent(h) * self.rel(r) * self.ent(t)).sum(-1)

    def forward(self, pos, neg):
        scores = torch.cat([self.score(*pos.T), self.score(*neg.T)])
        labels = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))])
        return F.binary_cross_entropy_with_logits(scores, labels)


class ComplEx(DistMult):
    def score(self, h, r, t):
        (hr, hi), (rr, ri), (tr, ti) = (
            torch.chunk(e, 2, dim=-1) for e in (self.ent(h), self.rel(r), self.ent(t))
        )
        return (hr * rr * tr + hi * rr * ti + hr * ri * ti - hi * ri * tr).sum(dim=-1)


def corrupt(batch, n_ent):
    neg = batch.clone()
    side = torch.randint(0, 2, (len(batch),)).bool()
    repl = torch.randint(n_ent, (len(batch),))
    neg[side, 0] = repl[side]
    neg[~side, 2] = repl[~side]
    return neg


@torch.no_grad()
def evaluate(model, known, test, n_ent):
    known = {tuple(row) for row in known.tolist()}
    ranks = []
    for h, r, t in test.tolist():
        tails = torch.arange(n_ent)
        scores = model.score(torch.full_like(tails, h), torch.full_like(tails, r), tails)
        for other in range(n_ent):
            if other != t and (h, r, other) in known:
                scores[other] = float("-inf")
        ranks.append(int((scores > scores[t]).sum()) + 1)
    ranks = torch.tensor(ranks, dtype=torch.float)
    return {"mrr": (1 / ranks).mean().item(), "hits@3": (ranks <= 3).float().mean().item()}


for cls, opt in (
    (TransE, torch.optim.SparseAdam),
    (DistMult, torch.optim.Adagrad),
    (ComplEx, torch.optim.SGD),
):
    torch.manual_seed(11)
    model = cls(len(entities), len(relations), 8)
    optimizer = opt(model.parameters(), lr=0.05)
    loader = DataLoader(TensorDataset(train), batch_size=8, shuffle=True)
    for epoch in range(6):
        total = 0.0
        for (batch,) in loader:
            optimizer.zero_grad()
            loss = model(batch, corrupt(batch, len(entities)))
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        if cls is TransE:
            model.normalize()
        if epoch % 2 == 0:
            print(f"{cls.__name__} epoch {epoch} loss {total / len(train):.4f}")
    grad = model.ent.weight.grad
    print(grad.is_sparse, grad.layout, tuple(grad.shape), grad.coalesce().indices().shape[0])
    print(
        cls.__name__, {k: round(v, 3) for k, v in evaluate(model, ids, test, len(entities)).items()}
    )

query = model.ent.weight[ent2id["ann"]].detach()
sim = F.cosine_similarity(query.unsqueeze(0), model.ent.weight.detach(), dim=1)
top = torch.topk(sim, 3)
print([entities[i] for i in top.indices], top.values)
print(sorted(optimizer.state_dict()["param_groups"][0]))
try:
    torch.optim.Adam(model.parameters()).step()
except RuntimeError as error:
    print(str(error)[:72])
