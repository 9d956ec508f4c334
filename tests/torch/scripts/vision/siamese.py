import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(1, 4, kernel_size=3),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(4),
            nn.ReflectionPad2d(1),
            nn.Conv2d(4, 8, kernel_size=3),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(8),
        )
        self.fc = nn.Sequential(nn.Linear(8 * 8 * 8, 16), nn.ReLU(inplace=True), nn.Linear(16, 5))

    def forward_once(self, x):
        output = self.cnn(x)
        output = output.view(output.size()[0], -1)
        return self.fc(output)

    def forward(self, input1, input2):
        return self.forward_once(input1), self.forward_once(input2)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=2.0):
        super().__init__()
        self.margin = margin

    def forward(self, output1, output2, label):
        euclidean_distance = F.pairwise_distance(output1, output2, keepdim=True)
        return torch.mean(
            (1 - label) * torch.pow(euclidean_distance, 2)
            + label * torch.pow(torch.clamp(self.margin - euclidean_distance, min=0.0), 2)
        )


base = torch.randn(2, 1, 8, 8)
kind1, kind2 = torch.randint(2, (20,)), torch.randint(2, (20,))
img0 = base[kind1] + 0.3 * torch.randn(20, 1, 8, 8)
img1 = base[kind2] + 0.3 * torch.randn(20, 1, 8, 8)
label = (kind1 != kind2).float().unsqueeze(1)
net = SiameseNetwork()
print(net)
criterion = ContrastiveLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.0005)
for epoch in range(8):
    output1, output2 = net(img0, img1)
    optimizer.zero_grad()
    loss_contrastive = criterion(output1, output2, label)
    loss_contrastive.backward()
    optimizer.step()
    print("Epoch number {}\n Current loss {:.4f}\n".format(epoch, loss_contrastive.item()))
triplet = nn.TripletMarginLoss(margin=1.0)
cosine = nn.CosineEmbeddingLoss()
with torch.no_grad():
    a, b = net(img0, img1)
    print(triplet(a, b, a.flip(0)), cosine(a, b, 1 - 2 * label.squeeze()))
    print(F.cosine_similarity(a, b)[:4], torch.cdist(a[:3], b[:3]))
