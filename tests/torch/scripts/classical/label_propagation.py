"""Sparse graphs: PageRank, label propagation, a SAGE layer and APPNP with a sparse adjacency."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
n, classes = 24, 3
labels = torch.arange(n) % classes
rows, cols = [], []
for i in range(n):
    for j in range(i + 1, n):
        p = 0.5 if labels[i] == labels[j] else 0.04
        if torch.rand(()).item() < p:
            rows += [i, j]
            cols += [j, i]
edge_index = torch.tensor([rows, cols])
A = torch.sparse_coo_tensor(edge_index, torch.ones(edge_index.shape[1]), (n, n)).coalesce()
print(A.shape, A._nnz(), A.is_sparse, A.layout, A.dtype)
degree = torch.sparse.sum(A, dim=1).to_dense()
print(degree.min(), degree.max(), int(degree.sum()))


def normalized(adj, self_loops=True):
    if self_loops:
        index = torch.arange(n).repeat(2, 1)
        adj = (adj + torch.sparse_coo_tensor(index, torch.ones(n), (n, n))).coalesce()
    d = torch.sparse.sum(adj, dim=1).to_dense().pow(-0.5)
    r, c = adj.indices()
    return torch.sparse_coo_tensor(adj.indices(), d[r] * adj.values() * d[c], adj.shape)


S = normalized(A).coalesce()
dense = S.to_dense()
print(torch.allclose(dense, dense.t()), torch.linalg.eigvalsh(dense).abs().max() <= 1 + 1e-5)

P = torch.sparse_coo_tensor(A.indices().flip(0), A.values() / degree[A.indices()[0]], A.shape)
rank = torch.full((n, 1), 1 / n)
for step in range(50):
    new = 0.85 * torch.sparse.mm(P, rank) + 0.15 / n
    if torch.linalg.norm(new - rank, ord=1) < 1e-6:
        break
    rank = new
print("pagerank", step < 50, f"{rank.sum().item():.4f}", rank.squeeze().topk(3).indices)

known = torch.zeros(n, dtype=torch.bool)
for c in range(classes):
    known[torch.nonzero(labels == c, as_tuple=True)[0][:2]] = True
Y = F.one_hot(labels, classes).float() * known[:, None]
Fm = Y.clone()
for _ in range(20):
    Fm = 0.8 * (S @ Fm) + 0.2 * Y
print("propagated", (Fm.argmax(1) == labels)[~known].float().mean())


class SAGE(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.own, self.other = nn.Linear(i, o), nn.Linear(i, o, bias=False)

    def forward(self, x, adj, degree):
        mean = torch.sparse.mm(adj, x) / degree.clamp(min=1).unsqueeze(1)
        return F.normalize(self.own(x) + self.other(mean), dim=-1)


class APPNP(nn.Module):
    def __init__(self, d, classes, k=4, alpha=0.2):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(d, 8), nn.LeakyReLU(0.1), nn.Linear(8, classes))
        self.k, self.alpha = k, nn.Parameter(torch.tensor(alpha))

    def forward(self, x, S):
        z = h = self.mlp(x)
        for _ in range(self.k):
            z = torch.sparse.addmm(self.alpha * h, S, z, beta=1.0, alpha=1.0)
        return z


x = torch.cat([torch.eye(n)[:, :6], torch.randn(n, 4)], 1)
for name in ("sage", "appnp"):
    torch.manual_seed(0)
    if name == "sage":
        one, two = SAGE(10, 8), SAGE(8, classes)
        net = nn.ModuleList([one, two])
        run = lambda: 5 * two(F.relu(one(x, A, degree)), A, degree)
    else:
        net = APPNP(10, classes)
        run = lambda: net(x, S)
    opt = torch.optim.Adam(net.parameters(), lr=0.05, weight_decay=5e-4)
    for epoch in range(21):
        opt.zero_grad()
        loss = F.cross_entropy(run()[known], labels[known])
        loss.backward()
        opt.step()
        if epoch % 10 == 0:
            with torch.no_grad():
                accuracy = (run().argmax(-1) == labels)[~known].float().mean().item()
            print(f"{name} {epoch} loss {loss.item():.4f} accuracy {accuracy:.3f}")

# Weights on the edges are learnt through the sparse product.
w = nn.Parameter(torch.zeros(A._nnz()))
adam = torch.optim.Adam([w], lr=0.1)
for _ in range(5):
    adam.zero_grad()
    M = torch.sparse_coo_tensor(A.indices(), torch.sigmoid(w), A.shape)
    loss = F.mse_loss(torch.sparse.mm(M, x), x)
    loss.backward()
    adam.step()
print(f"{loss.item():.5f}", w.detach()[:4])
csr = S.to_sparse_csr()
print(csr.crow_indices()[:4], csr.values().shape, torch.allclose(csr @ x, dense @ x, atol=1e-6))
print(A.t().coalesce().indices()[:, :5], (2 * A).sum(), (A + A).coalesce().values().unique())
print(torch.eye(3).to_sparse())
