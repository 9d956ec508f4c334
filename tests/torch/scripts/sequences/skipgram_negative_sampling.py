import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
corpus = torch.randint(0, 30, (200,))
freqs = torch.bincount(corpus, minlength=30).float() ** 0.75
pairs = [
    (corpus[i].item(), corpus[j].item())
    for i in range(2, 198)
    for j in (i - 2, i - 1, i + 1, i + 2)
]
pairs = torch.LongTensor(pairs)


class SkipGram(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.in_embed = nn.Embedding(vocab, dim, sparse=False)
        self.out_embed = nn.Embedding(vocab, dim)
        self.in_embed.weight.data.uniform_(-0.5 / dim, 0.5 / dim)
        self.out_embed.weight.data.uniform_(-0.5 / dim, 0.5 / dim)

    def forward(self, center, context, negatives):
        v = self.in_embed(center)
        u = self.out_embed(context)
        pos = F.logsigmoid((v * u).sum(1))
        neg = F.logsigmoid(-torch.bmm(self.out_embed(negatives), v.unsqueeze(2)).squeeze(2)).sum(1)
        return -(pos + neg).mean()


model = SkipGram(30, 8)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
for epoch in range(3):
    perm = torch.randperm(len(pairs))
    running = 0.0
    for idx in perm.split(128):
        batch = pairs[idx]
        negatives = torch.randint(0, 30, (len(idx), 3))
        loss = model(batch[:, 0], batch[:, 1], negatives)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    print(f"epoch {epoch}: {running / len(pairs):.4f}")
emb = F.normalize(model.in_embed.weight.detach(), dim=1)
sims = emb @ emb.T
sims.fill_diagonal_(-1)
best = sims.max(dim=1)
print(best.values[:5], best.indices[:5])
bag = nn.EmbeddingBag(30, 4, mode="mean")
print(bag(torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 3])).detach())
print(F.one_hot(torch.tensor([0, 2, 1]), num_classes=4))
