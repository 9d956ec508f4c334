import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2_drop = nn.Dropout2d()
        self.fc = nn.Linear(6 * 5 * 5, 3)
        self.localization = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=3), nn.MaxPool2d(2, stride=2), nn.ReLU(True)
        )
        self.fc_loc = nn.Sequential(nn.Linear(4 * 5 * 5, 8), nn.ReLU(True), nn.Linear(8, 3 * 2))
        self.fc_loc[2].weight.data.zero_()
        self.fc_loc[2].bias.data.copy_(torch.tensor([1, 0, 0, 0, 1, 0], dtype=torch.float))

    def stn(self, x):
        xs = self.localization(x)
        xs = xs.view(-1, 4 * 5 * 5)
        theta = self.fc_loc(xs)
        theta = theta.view(-1, 2, 3)
        grid = F.affine_grid(theta, x.size(), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        x = self.stn(x)
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = self.conv2_drop(x)
        x = x.view(-1, 6 * 5 * 5)
        return F.log_softmax(self.fc(x), dim=1)


model = Net()
images, labels = torch.rand(24, 1, 12, 12), torch.arange(24) % 3
for i in range(24):
    images[i, 0, labels[i] * 4 : labels[i] * 4 + 4] += 1
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
for epoch in range(6):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(images), labels)
    loss.backward()
    optimizer.step()
    print("Train Epoch: {} \tLoss: {:.5f}".format(epoch, loss.item()))
model.eval()
with torch.no_grad():
    output = model(images)
    test_loss = F.nll_loss(output, labels, reduction="mean").item()
    pred = output.max(1, keepdim=True)[1]
    correct = pred.eq(labels.view_as(pred)).sum().item()
    print("Test set: Average loss: {:.4f}, Accuracy: {}/{}".format(test_loss, correct, len(images)))
    moved = model.stn(images[:2])
    print(moved.shape, moved.mean(), model.fc_loc[2].bias)
