import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
X = torch.randn(60, 2)
Y = torch.where(X[:, 0] + 0.5 * X[:, 1] > 0, torch.tensor(1.0), torch.tensor(-1.0))
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(4):
    perm = torch.randperm(60)
    sum_loss = 0
    for i in range(0, 60, 20):
        x, y = X[perm[i : i + 20]], Y[perm[i : i + 20]]
        optimizer.zero_grad()
        output = model(x).squeeze()
        weight = model.weight.squeeze()
        loss = torch.mean(torch.clamp(1 - y * output, min=0)) + 0.01 * (weight.t() @ weight) / 2.0
        loss.backward()
        optimizer.step()
        sum_loss += float(loss.detach())
    print("Epoch: {:4d}\tloss: {}".format(epoch, sum_loss / 3)[:24])
a, b, t = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
losses = {
    "mse": nn.MSELoss()(a, b),
    "l1": nn.L1Loss(reduction="sum")(a, b),
    "huber": nn.HuberLoss(delta=0.5)(a, b),
    "smooth": nn.SmoothL1Loss(beta=0.5)(a, b),
    "ce": nn.CrossEntropyLoss(ignore_index=2)(a, t),
    "soft ce": nn.CrossEntropyLoss(label_smoothing=0.1)(a, b.softmax(1)),
    "nll": nn.NLLLoss(weight=torch.tensor([1.0, 2.0, 3.0]))(F.log_softmax(a, 1), t),
    "kl": nn.KLDivLoss(reduction="batchmean")(F.log_softmax(a, 1), F.softmax(b, 1)),
    "bce": nn.BCELoss()(a.sigmoid(), b.sigmoid()),
    "bcel": nn.BCEWithLogitsLoss()(a, b.sigmoid()),
    "poisson": nn.PoissonNLLLoss()(a, b.abs()),
    "gaussian": nn.GaussianNLLLoss()(a, b, b.abs() + 0.1),
    "margin": nn.MarginRankingLoss(margin=0.2)(
        a[:, 0], b[:, 0], torch.tensor([1.0, -1.0, 1.0, 1.0])
    ),
    "hinge": nn.HingeEmbeddingLoss()(a[:, 0], torch.tensor([1.0, -1.0, 1.0, 1.0])),
    "multi": nn.MultiMarginLoss()(a, t),
    "mlsm": nn.MultiLabelSoftMarginLoss()(a, (b > 0).float()),
    "soft": nn.SoftMarginLoss()(a, b.sign()),
}
for name, loss in losses.items():
    (g,) = torch.autograd.grad(loss, a, retain_graph=True)
    print(f"{name:10s}{loss.item():.5f} {g.norm().item():.5f}")
print(losses["mse"], nn.MSELoss(reduction="none")(a, b).shape)
print(losses["ce"])
print(F.cross_entropy(a.detach(), t, reduction="none"))
log_probs = torch.randn(6, 2, 5).log_softmax(2).requires_grad_()
ctc = nn.CTCLoss(blank=0)(
    log_probs, torch.tensor([[1, 2], [3, 4]]), torch.tensor([6, 5]), torch.tensor([2, 2])
)
ctc.backward()
print("ctc", ctc.item(), log_probs.grad.norm())
