import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(42)


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lambd):
        ctx.lambd = lambd
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.lambd, None


class DeepNN(nn.Module):
    def __init__(self, num_classes=4, width=32):
        super().__init__()
        self.features = nn.Sequential(
            nn.Linear(10, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 16), nn.ReLU()
        )
        self.classifier = nn.Linear(16, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x))


X, y = torch.randn(96, 10), torch.randint(4, (96,))
X[torch.arange(96), y] += 2.0
teacher, student = DeepNN(width=48), nn.Sequential(nn.Linear(10, 8), nn.PReLU(), nn.Linear(8, 4))
opt = optim.Adam(teacher.parameters(), lr=0.01)
for epoch in range(5):
    loss = F.cross_entropy(teacher(X), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(f"teacher {loss.item():.4f}")
teacher.eval()
T, weight = 2, 0.25
ce_loss = nn.CrossEntropyLoss()
optimizer = optim.Adam(student.parameters(), lr=0.01)
for epoch in range(5):
    student.train()
    running = 0.0
    for inputs, labels in zip(X.split(32), y.split(32)):
        optimizer.zero_grad()
        with torch.no_grad():
            teacher_logits = teacher(inputs)
        student_logits = student(inputs)
        soft_targets = nn.functional.softmax(teacher_logits / T, dim=-1)
        soft_prob = nn.functional.log_softmax(student_logits / T, dim=-1)
        soft_targets_loss = (
            torch.sum(soft_targets * (soft_targets.log() - soft_prob))
            / soft_prob.size()[0]
            * (T**2)
        )
        kd = F.kl_div(soft_prob, soft_targets, reduction="batchmean") * T * T
        assert torch.allclose(kd, soft_targets_loss, atol=1e-5)
        loss = weight * soft_targets_loss + (1 - weight) * ce_loss(student_logits, labels)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(f"Epoch {epoch + 1}/5, Loss: {running / 3}")
student.eval()
print("accuracy", (student(X).argmax(1) == y).float().mean().item())
feats = teacher.features(X).detach().requires_grad_()
domain = nn.Linear(16, 1)
d_loss = F.binary_cross_entropy_with_logits(
    domain(GradReverse.apply(feats, 0.5)).squeeze(), (y > 1).float()
)
d_loss.backward()
print(d_loss.item(), feats.grad.norm())
