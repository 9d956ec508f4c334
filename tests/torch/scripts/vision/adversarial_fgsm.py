import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(42)
epsilons = [0, 0.1, 0.3]


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2_drop = nn.Dropout2d(0.2)
        self.fc1 = nn.Linear(6 * 9, 4)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv1(x)), 2))
        x = x.view(x.shape[0], -1)
        return F.log_softmax(self.fc1(x), dim=-1)


def fgsm_attack(image, epsilon, data_grad):
    sign_data_grad = data_grad.sign()
    perturbed_image = image + epsilon * sign_data_grad
    return torch.clamp(perturbed_image, 0, 1)


images, labels = torch.rand(32, 1, 8, 8) * 0.5, torch.arange(32) % 4
for i in range(32):
    images[i, :, labels[i] * 2 : labels[i] * 2 + 2] += 0.5
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(8):
    loss = F.nll_loss(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, f"{loss.item():.4f}")
model.eval()
for eps in epsilons:
    correct = 0
    for data, target in zip(images[:12], labels[:12]):
        data, target = data.unsqueeze(0), target.unsqueeze(0)
        data.requires_grad = True
        output = model(data)
        init_pred = output.max(1, keepdim=True)[1]
        if init_pred.item() != target.item():
            continue
        loss = F.nll_loss(output, target)
        model.zero_grad()
        loss.backward()
        perturbed_data = fgsm_attack(data, eps, data.grad.data)
        final_pred = model(perturbed_data).max(1, keepdim=True)[1]
        correct += int(final_pred.item() == target.item())
    print(f"Epsilon: {eps}\tTest Accuracy = {correct} / 12 = {correct / 12}")
delta = torch.zeros_like(images[:4], requires_grad=True)
for _ in range(3):
    loss = F.nll_loss(model(images[:4] + delta), labels[:4])
    loss.backward()
    delta.data = (delta + 0.05 * delta.grad.detach().sign()).clamp(-0.2, 0.2)
    delta.grad.zero_()
print("PGD loss", loss.item(), delta.abs().max().item())
