import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(0)
labels = ["yes", "no", "stop"]
t = torch.linspace(0, 1, 400)
waves, targets = [], []
for i in range(24):
    k = i % 3
    waves.append(
        torch.sin(2 * torch.pi * (10 + 15 * k) * t + torch.rand(1) * 6) + 0.1 * torch.randn(400)
    )
    targets.append(torch.tensor(k))
data, target = torch.stack(waves).unsqueeze(1), torch.stack(targets)


class M5(nn.Module):
    def __init__(self, n_input=1, n_output=3, stride=4, n_channel=8):
        super().__init__()
        self.conv1 = nn.Conv1d(n_input, n_channel, kernel_size=20, stride=stride)
        self.bn1 = nn.BatchNorm1d(n_channel)
        self.pool1 = nn.MaxPool1d(4)
        self.conv2 = nn.Conv1d(n_channel, 2 * n_channel, kernel_size=3, dilation=2, groups=2)
        self.bn2 = nn.BatchNorm1d(2 * n_channel)
        self.fc1 = nn.Linear(2 * n_channel, n_output)

    def forward(self, x):
        x = self.pool1(F.relu(self.bn1(self.conv1(x))))
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.avg_pool1d(x, x.shape[-1])
        x = x.permute(0, 2, 1)
        return F.log_softmax(self.fc1(x), dim=2)


model = M5()
print(model)
n = sum(p.numel() for p in model.parameters() if p.requires_grad)
print("Number of parameters: %s" % n)
optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=0.0001)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.1)
for epoch in range(1, 6):
    output = model(data)
    loss = F.nll_loss(output.squeeze(), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    pred = output.argmax(dim=-1)
    correct = pred.squeeze().eq(target).sum().item()
    print(
        f"Train Epoch: {epoch}\tLoss: {loss.item():.6f}\tAccuracy: {correct}/{len(data)} ({100.0 * correct / len(data):.0f}%)"
    )
window = torch.hann_window(64)
spec = torch.stft(data[0, 0], n_fft=64, hop_length=32, window=window, return_complex=True)
print(spec.shape, spec.abs().mean(), torch.fft.rfft(data[0, 0]).abs().argmax())
