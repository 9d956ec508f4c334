import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class ConvLSTMCell(nn.Module):
    def __init__(self, in_channels, hidden, kernel_size=3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            in_channels + hidden, 4 * hidden, kernel_size, padding=kernel_size // 2
        )

    def forward(self, x, state):
        h, c = state
        i, f, o, g = torch.chunk(self.gates(torch.cat([x, h], dim=1)), 4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class CRNN(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.cnn = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d((2, 1)))
        self.rnn = nn.GRU(8 * 4, 12, bidirectional=True)
        self.fc = nn.Linear(24, n_classes)

    def forward(self, x):
        f = self.cnn(x)
        b, c, h, w = f.shape
        f = f.permute(3, 0, 1, 2).reshape(w, b, c * h)
        out, _ = self.rnn(f)
        return F.log_softmax(self.fc(out), dim=2)


def greedy_decode(log_probs, blank=0):
    best = log_probs.argmax(2).t()
    return [[p.item() for p in torch.unique_consecutive(row) if p != blank] for row in best]


images = torch.rand(4, 1, 8, 10)
targets = torch.tensor([[1, 2, 3], [2, 2, 1], [3, 1, 0], [1, 0, 0]])
target_lengths = torch.tensor([3, 3, 2, 1])
input_lengths = torch.full((4,), 10, dtype=torch.long)
model = CRNN(4)
criterion = nn.CTCLoss(blank=0, zero_infinity=True)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(8):
    log_probs = model(images)
    loss = criterion(log_probs, targets, input_lengths, target_lengths)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    print(f"epoch {epoch} ctc {loss.item():.4f}")
print(greedy_decode(log_probs), log_probs.shape)
cell = ConvLSTMCell(1, 4)
h = c = torch.zeros(2, 4, 6, 6)
frames = torch.rand(5, 2, 1, 6, 6)
for frame in frames.unbind(0):
    h, c = cell(frame, (h, c))
loss = (h.mean(dim=(1, 2, 3)) - torch.tensor([0.1, -0.1])).abs().sum()
loss.backward()
print(loss.item(), cell.gates.weight.grad.norm())
