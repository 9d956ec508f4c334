import torch

torch.manual_seed(1)
X = torch.cat(
    [torch.randn(30, 2) * 0.3 + c for c in torch.tensor([[0.0, 0.0], [2.0, 2.0], [0.0, 3.0]])]
)
print(X.shape, X.mean(dim=0), X.min(dim=0).values, X.std(0, unbiased=False))


def kmeans(x, k, iters=10):
    centers = x[torch.randperm(x.size(0))[:k]].clone()
    for it in range(iters):
        d = torch.cdist(x, centers)
        assign = d.argmin(dim=1)
        new = torch.stack(
            [x[assign == j].mean(0) if (assign == j).any() else centers[j] for j in range(k)]
        )
        shift = (new - centers).norm()
        centers = new
        if shift < 1e-6:
            break
    return centers, assign, it


centers, assign, it = kmeans(X, 3)
order = centers.sum(1).argsort()
print(centers[order], it, torch.bincount(assign)[order])

y = torch.arange(3).repeat_interleave(30)
W = torch.zeros(2, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)


def log_softmax(x):
    return x - x.exp().sum(-1).log().unsqueeze(-1)


def nll(input, target):
    return -input[range(target.shape[0]), target].mean()


def accuracy(out, yb):
    preds = torch.argmax(out, dim=1)
    return (preds == yb).float().mean()


bs, lr = 30, 0.5
perm = torch.randperm(90)
xs, ys = X[perm], y[perm]
for epoch in range(3):
    for i in range((90 - 1) // bs + 1):
        start_i = i * bs
        end_i = start_i + bs
        xb, yb = xs[start_i:end_i], ys[start_i:end_i]
        pred = log_softmax(xb @ W + b)
        loss = nll(pred, yb)
        loss.backward()
        with torch.no_grad():
            W -= W.grad * lr
            b -= b.grad * lr
            W.grad.zero_()
            b.grad.zero_()
    print(epoch, loss.item(), accuracy(log_softmax(X @ W + b), y).item())
hist = torch.histc(X[:, 0], bins=4, min=-1, max=3)
print(hist, torch.quantile(X[:, 0], torch.tensor([0.25, 0.5, 0.75])), X[:, 0].median())
grid = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
print(grid[0].flatten(), torch.stack(grid, -1).view(-1, 2).tolist())
inliers = (X - X.mean(0)).abs().lt(2 * X.std(0)).all(dim=1)
print(inliers.sum(), torch.masked_select(X, X > 3)[:3], torch.triu_indices(3, 3, 1))
